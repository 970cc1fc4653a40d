//! Ends what was made at the target. Main functions: [`clean_up`], [`clean_up_since`]. What that is,
//! [`Ledger::left`](super::Ledger::left) tells.
//!
//! What lies below something is ended before it, and what is refused because of something else is asked once more when that
//! is gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::{Error, Executor};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::wire::Request;

/// Sends what ends things: one list after the other, within it the deepest paths first, those of one depth in this order and
/// so many at once, each after a pause. Gives the number of requests that each took. Once `stop` says so nothing more is sent:
/// whoever has no more time reads what is under way, since an answer that nobody reads may be of something that is gone.
pub fn clean_up(
    executor: &Executor,
    lists: Vec<Vec<Scenario>>,
    seed: Seed,
    width: usize,
    pause: Duration,
    stop: &Arc<AtomicBool>,
) -> impl Stream<Item = Result<u64, Error>> + use<> {
    let (executor, stop) = (executor.clone(), Arc::clone(stop));
    let ending = Ending { executor, seed, pause, stop, refused: Arc::default() };
    let again = ending.clone();
    let first = ending.rounds(lists, width);
    let second = stream::once(future::lazy(move |_| again.take_refused()));
    first.chain(second.flat_map(move |refused| ending.rounds(vec![refused], width)))
}

/// Ends what the executor's ledger knows to be made after so many other things, one after the other; without a ledger
/// nothing. Gives the number of requests that it took.
pub async fn clean_up_since(executor: &Executor, made: u64, seed: Seed) -> Result<u64, Error> {
    let left = executor.ledger.as_ref().map(|ledger| ledger.left_since(made)).unwrap_or_default();
    let ends = clean_up(executor, vec![left], seed, 1, Duration::ZERO, &Arc::default());
    ends.try_fold(0, |sum, requests| async move { Ok(sum + requests) }).await
}

/// How things are ended, and those that could not be yet.
#[derive(Clone)]
struct Ending {
    executor: Executor,
    seed: Seed,
    pause: Duration,
    stop: Arc<AtomicBool>,
    refused: Arc<Mutex<Vec<Scenario>>>,
}

impl Ending {
    fn rounds(&self, lists: Vec<Vec<Scenario>>, width: usize) -> impl Stream<Item = Result<u64, Error>> + use<> {
        let ending = self.clone();
        stream::iter(lists.into_iter().flat_map(by_depth)).flat_map(move |round| {
            let ending = ending.clone();
            stream::iter(round).map(move |scenario| ending.clone().end(scenario)).buffer_unordered(width)
        })
    }

    async fn end(self, scenario: Scenario) -> Result<u64, Error> {
        let ledger = self.executor.ledger.clone();
        let is_there = |request: &Request| ledger.as_ref().is_none_or(|ledger| ledger.has(request));
        if self.stop.load(Ordering::Relaxed) || !scenario.steps.iter().all(|step| is_there(&step.request)) {
            return Ok(0);
        }
        tokio::time::sleep(self.pause).await;
        let exchanges = self.executor.run(&scenario, self.seed).await?.exchanges;
        for exchange in &exchanges {
            match (exchange.outcome.status(), &ledger) {
                (Some(404), Some(ledger)) => ledger.missing(&exchange.request),
                // Somebody else ended it: nothing of it is left.
                (Some(410), Some(ledger)) => ledger.gone(&exchange.request),
                // Something else stands on it.
                (Some(409 | 423), _) => self.refused().push(scenario.clone()),
                _ => {}
            }
        }
        Ok(exchanges.len() as u64)
    }

    fn take_refused(&self) -> Vec<Scenario> {
        std::mem::take(&mut *self.refused())
    }

    fn refused(&self) -> MutexGuard<'_, Vec<Scenario>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// These by the lengths of their paths, the longest first; those of one length in their order.
fn by_depth(things: Vec<Scenario>) -> Vec<Vec<Scenario>> {
    let depth = |scenario: &Scenario| {
        scenario.steps.last().map_or(0, |step| step.request.path().split(|byte| *byte == b'/').count())
    };
    let mut rounds: BTreeMap<usize, Vec<Scenario>> = BTreeMap::new();
    for thing in things {
        rounds.entry(depth(&thing)).or_default().push(thing);
    }
    rounds.into_values().rev().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use serde_json::{Value, json};

    use super::*;
    use crate::api::OperationId;
    use crate::engine::Ledger;
    use crate::generate::standard;
    use crate::identity::Identities;
    use crate::resource::Graph;
    use crate::scenario::{ANONYMOUS, IdentityName, Step};
    use crate::spec::load_bytes;
    use crate::transport::{Canned, Options, canned};

    const NOTES: &str = "\
openapi: 3.1.0
info: {title: Notes, version: '1'}
paths:
  /notes:
    post: {responses: {'201': {description: made}}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {description: it}}}
    delete: {responses: {'204': {description: gone}}}
";
    const SHELVES: &str = "\
openapi: 3.1.0
info: {title: Shelves, version: '1'}
paths:
  /shelves:
    post: {responses: {'201': {description: made}}}
  /shelves/{shelf}:
    parameters: [{name: shelf, in: path, required: true, schema: {type: string}}]
    delete: {responses: {'204': {description: gone}}}
  /shelves/{shelf}/books:
    parameters: [{name: shelf, in: path, required: true, schema: {type: string}}]
    post: {responses: {'201': {description: made}}}
  /shelves/{shelf}/books/{book}:
    parameters: [{name: shelf, in: path, required: true, schema: {type: string}}, {name: book, in: path, required: true, schema: {type: string}}]
    delete:
      parameters: [{name: reason, in: query, required: true, schema: {enum: [why]}}, {name: how, in: query, schema: {type: string}}]
      responses: {'204': {description: gone}}
  /tags:
    post: {responses: {'201': {description: made}}}
  /tags/{tag}:
    parameters: [{name: tag, in: path, required: true, schema: {type: string}}]
    delete: {responses: {'204': {description: gone}}}
";

    /// A ledger and a way to a target that answers so, and what it was asked.
    fn target(
        text: &str,
        answer: impl Fn(&Request) -> (u16, Value) + Send + Sync + 'static,
    ) -> (Executor, Arc<Ledger>, Arc<Mutex<Vec<String>>>) {
        let api = load_bytes("notes.yaml", text.as_bytes()).unwrap().api;
        let graph = Arc::new(Graph::with_links(&api.operations, &[]));
        let ledger = Arc::new(Ledger::new(&api.operations, graph, standard(&Arc::default()), ""));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let answer = move |request: &Request| {
            noted.lock().unwrap().push(format!("{} {}", request.method, request.target_text()));
            let (status, body) = answer(request);
            canned::json(status, &body)
        };
        let executor = Executor {
            transport: Arc::new(Canned::new(answer)),
            identities: Arc::new(Identities::new()),
            options: Options { timeout: Duration::from_secs(1), fresh_connection: false },
            ledger: Some(Arc::clone(&ledger)),
            process: None,
        };
        (executor, ledger, asked)
    }

    /// Sends these requests, each of the operation of this template, and cleans up.
    fn run(executor: &Executor, requests: &[(&str, &str)], width: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for (template, request) in requests {
                let (method, target) = request.split_once(' ').unwrap();
                let step = Step {
                    operation: OperationId::from_text(template),
                    identity: IdentityName::new(ANONYMOUS),
                    request: Arc::new(Request::new(method, target.to_owned())),
                    fresh: vec![],
                    captures: vec![],
                    case: None,
                    at_once: false,
                };
                executor.run(&Scenario::single(step), Seed::new(1)).await.unwrap();
            }
            let left = executor.ledger.as_ref().unwrap().left();
            let ends = clean_up(executor, vec![left], Seed::new(1), width, Duration::ZERO, &Arc::default());
            ends.try_for_each(|_| async { Ok(()) }).await.unwrap();
        });
    }

    /// Makes a note, reads it if that is asked for, and cleans up where a deletion is answered like this.
    #[track_caller]
    fn check(is_read: bool, answer: u16, ended: u64, lost: usize, left: usize) {
        let (executor, ledger, _) = target(NOTES, move |request| match &*request.method {
            "POST" => (201, json!({"id": 7})),
            "GET" => (200, json!({"id": 7})),
            _ => (answer, json!({})),
        });
        let read = ("GET /notes/{id}", "GET /notes/7");
        let all = [("POST /notes", "POST /notes"), read];
        run(&executor, &all[..=usize::from(is_read)], 2);
        let tally = ledger.tally();
        assert_eq!((tally.ended, tally.lost.len(), ledger.left().len()), (ended, lost, left), "{answer} {is_read}");
    }

    #[test]
    fn what_was_deleted_or_is_not_there_any_more_is_not_left() {
        check(false, 204, 1, 0, 0);
        check(true, 404, 1, 0, 0);
        check(false, 410, 1, 0, 0);
        check(true, 403, 0, 0, 1);
    }

    #[test]
    fn what_nobody_saw_where_it_is_not_is_told_as_lost() {
        check(false, 404, 0, 1, 0);
    }

    #[test]
    fn what_is_below_goes_first_with_what_is_required_and_what_was_refused_once_more() {
        let refusals = AtomicUsize::new(0);
        let (executor, ledger, asked) =
            target(SHELVES, move |request| match (&*request.method, &*request.target_text()) {
                ("POST", "/shelves") => (201, json!({"id": "s"})),
                ("POST", "/tags") => (201, json!({"id": "t"})),
                ("POST", _) => (201, json!([{"id": "b1"}])),
                ("DELETE", "/tags/t") if refusals.fetch_add(1, Ordering::SeqCst) == 0 => (409, json!({})),
                _ => (204, json!({})),
            });
        let books = ("POST /shelves/{shelf}/books", "POST /shelves/s/books");
        run(&executor, &[("POST /tags", "POST /tags"), books, ("POST /shelves", "POST /shelves")], 1);
        let deleted: Vec<_> = asked.lock().unwrap().split_off(3);
        let book = "DELETE /shelves/s/books/b1?reason=why";
        assert_eq!(deleted, [book, "DELETE /shelves/s", "DELETE /tags/t", "DELETE /tags/t"]);
        assert_eq!(ledger.tally().ended, 3);
    }

    #[test]
    fn what_lies_below_what_is_gone_is_not_asked_for() {
        let (executor, ledger, asked) = target(SHELVES, |request| match (&*request.method, &*request.target_text()) {
            ("POST", "/shelves") => (201, json!({"id": "s"})),
            ("POST", _) => (201, json!({"id": "b"})),
            _ => (204, json!({})),
        });
        let books = ("POST /shelves/{shelf}/books", "POST /shelves/s/books");
        let delete = ("DELETE /shelves/{shelf}", "DELETE /shelves/s");
        run(&executor, &[("POST /shelves", "POST /shelves"), books, delete], 1);
        assert_eq!(asked.lock().unwrap().len(), 3);
        assert_eq!((ledger.tally().made, ledger.tally().ended), (2, 2));
    }
}
