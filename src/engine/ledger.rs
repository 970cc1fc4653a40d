//! What a run made and what of it is left, so that it can be cleaned up. Main type: [`Ledger`].
//!
//! It sees every exchange: those of the run, of proofs and of the search for smaller requests. It sends nothing: what is
//! to be sent to end the things is told by [`Ledger::left`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::book::{Book, Tally, Thing};
use super::ender::{Form, Maker, Namer, segment};
use super::foreign::names_what_is_new;
use super::made::made;
use super::ruin::names_more;
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::resource::{Action, Graph, Held, harvest};
use crate::scenario::{Scenario, Source, Step};
use crate::wire::{Exchange, Outcome, Request, Response};

/// Things that were made, and how each of them is ended.
pub struct Ledger {
    makers: BTreeMap<OperationId, Maker>,
    namers: BTreeMap<OperationId, Namer>,
    enders: BTreeMap<OperationId, Arc<Operation>>,
    graph: Arc<Graph>,
    generators: Generators,
    book: Mutex<Book>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("makers", &self.makers.len()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// A ledger for these operations, whose graph this is; `base_path` stands before every path. What ends things is asked
    /// with what is required of it, made by these generators.
    pub fn new(operations: &[Arc<Operation>], graph: Arc<Graph>, generators: Generators, base_path: &str) -> Self {
        let ends =
            |operation: &&Arc<Operation>| graph.role(&operation.id).is_some_and(|role| role.action == Action::Delete);
        let enders: Vec<&Arc<Operation>> = operations.iter().filter(ends).collect();
        let maker = |operation: &Arc<Operation>| {
            Some((operation.id.clone(), Maker::of(operation, &enders, &graph, base_path)?))
        };
        let makers = operations.iter().filter_map(maker).collect();
        let namer = |operation: &Arc<Operation>| Some((operation.id.clone(), Namer::of(operation, &enders, &graph)?));
        let namers = operations.iter().filter_map(namer).collect();
        let enders = enders.into_iter().map(|operation| (operation.id.clone(), Arc::clone(operation))).collect();
        Self { makers, namers, enders, graph, generators, book: Mutex::default() }
    }

    /// Takes an exchange in.
    pub fn observe(&self, step: &Step, exchange: &Exchange) {
        let response = match &exchange.outcome {
            Outcome::Response(response) if response.is_success() => response,
            Outcome::Response(response) if response.status < 500 => return,
            _ => return self.perhaps_made(step, &exchange.request),
        };
        if self.enders.contains_key(&step.operation) {
            self.gone(&exchange.request);
        } else if let Some(maker) = self.makers.get(&step.operation) {
            // A replacement of what is there makes nothing; where nothing can be, it does.
            let is_put = maker.role.action == Action::Replace;
            let may_be_old = if is_put {
                !names_what_is_new(&step.operation, exchange.request.path())
            } else {
                maker.declares_created
            };
            if response.status == 201 {
                self.book().creates(&step.operation);
            }
            if response.status == 201 || !may_be_old {
                self.enter(step, maker, &exchange.request, response);
            }
        } else if let Some(namer) = self.namers.get(&step.operation) {
            self.named_anew(step, namer, exchange);
        }
        // Any path is known to what only asks what may be done.
        let says_more = exchange.request.method != "OPTIONS";
        if says_more {
            self.book().seen(exchange.request.path());
        }
    }

    /// Whether an answer is about what was there before: of an operation that answers 201 where it makes something, as the
    /// document says and as it has done, with another 2xx.
    pub(super) fn tells_of_old(&self, step: &Step, exchange: &Exchange) -> bool {
        let may_tell = self.makers.get(&step.operation).is_some_and(|maker| maker.declares_created);
        let is_other = exchange.outcome.status().is_some_and(|status| status / 100 == 2 && status != 201);
        may_tell && is_other && self.book().has_created(&step.operation)
    }

    fn enter(&self, step: &Step, maker: &Maker, request: &Request, response: &Response) {
        let all = made(&self.graph, &maker.role, request, response);
        let mut book = self.book();
        for found in &all {
            let place = maker.end.as_ref();
            let located = || beside(request.path(), &Source::Location.take(response)?);
            let end = place.and_then(|(end, place)| {
                let target = place.target(request.path(), found.as_ref())?;
                Some((end, if names_more(&target) { located()? } else { target }))
            });
            // What would end more than the thing itself is no way to clean up.
            match end.filter(|(_, target)| !names_more(target) && !book.is_full()) {
                Some((end, target)) => book.open(target, end, &step.identity, true),
                None => book.endless(&step.operation),
            }
        }
    }

    /// Who failed may have made something first. Where nothing has that name, it is the run's.
    fn perhaps_made(&self, step: &Step, request: &Request) {
        let Some(maker) = self.makers.get(&step.operation) else { return };
        let is_put = maker.role.action == Action::Replace && names_what_is_new(&step.operation, request.path());
        let end = maker.end.as_ref().filter(|_| is_put);
        let target = end.and_then(|(end, place)| Some((end, place.target(request.path(), None)?)));
        let mut book = self.book();
        if let Some((end, target)) = target.filter(|(_, target)| !names_more(target) && !book.is_full()) {
            book.open(target, end, &step.identity, false);
        }
    }

    /// What the run made is called otherwise now, or there is one more of it.
    fn named_anew(&self, step: &Step, namer: &Namer, exchange: &Exchange) {
        let here = exchange.request.path();
        let harvested = exchange.outcome.response().map(|response| harvest(&self.graph, &namer.role, response));
        let found = harvested.into_iter().flatten().find(|found| found.is_subject);
        let name = found.as_ref().and_then(|found| found.fields.get(&namer.field)).map(Held::text);
        let Some(target) = name.and_then(|name| beside(here, &name)) else { return };
        let mut book = self.book();
        if names_more(&target) {
            book.out_of_reach(here, &step.operation);
            return;
        }
        if book.has(&target) || book.is_full() {
            return;
        }
        let is_copy = exchange.outcome.status() == Some(201);
        if is_copy || !book.moved(here, &target) && book.had(here) {
            // Answers come in another order than what they tell of happened: where the run had put something it may have done so
            // again.
            book.open(target, &namer.end, &step.identity, is_copy);
        }
    }

    /// How many things were entered: what is entered from now on is told by [`Ledger::left_since`].
    pub fn made(&self) -> u64 {
        self.book().entered()
    }

    /// What is left, what was made for sure first and of that the newest, each as the request that ends it; without what was
    /// not found where it should be.
    pub fn left(&self) -> Vec<Scenario> {
        self.left_since(0)
    }

    /// What is left of what was made after so many other things.
    pub fn left_since(&self, made: u64) -> Vec<Scenario> {
        let mut forms: BTreeMap<&OperationId, Form> = BTreeMap::new();
        let scenario = |thing: &Thing| {
            let (end, operation) = self.enders.get_key_value(&thing.end)?;
            let form = forms.entry(end).or_insert_with(|| Form::of(operation, &self.generators));
            Some(Scenario::single(Step {
                operation: end.clone(),
                identity: thing.identity.clone(),
                request: Arc::new(form.request(end, &thing.target)),
                fresh: Vec::new(),
                captures: Vec::new(),
                case: None,
                at_once: false,
            }))
        };
        let due = self.book().due(made);
        due.iter().filter_map(scenario).collect()
    }

    /// Whether what this request would end is still there, as far as is known.
    pub(super) fn has(&self, request: &Request) -> bool {
        self.book().has(request.path())
    }

    /// The thing that this request would end is gone already, with what lies below it.
    pub(super) fn gone(&self, request: &Request) {
        self.book().gone(request.path());
    }

    /// The thing that this request was to end is not there. It is gone if it was seen there before; otherwise its path was but
    /// guessed, and nobody knows where it is.
    pub(super) fn missing(&self, request: &Request) {
        self.book().missing(request.path());
    }

    /// What became of all that was made.
    pub fn tally(&self) -> Tally {
        self.book().tally()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path of what has this name beside what is here.
fn beside(here: &[u8], name: &str) -> Option<Vec<u8>> {
    let cut = here.iter().rposition(|byte| *byte == b'/')?;
    Some([&here[..=cut], segment(name).as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::generate::standard;
    use crate::scenario::ANONYMOUS;
    use crate::scenario::IdentityName;
    use crate::scenario::encode::samples::operation;
    use crate::transport::canned;
    use crate::wire::Headers;

    fn ledger() -> Ledger {
        let path = |names: &[&str]| {
            let parameter =
                |name: &&str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
            json!({"parameters": names.iter().map(parameter).collect::<Vec<_>>()})
        };
        let operations = [
            operation("POST", "/flows/", json!({})),
            operation("DELETE", "/flows/{id}", path(&["id"])),
            operation("POST", "/shelves/{shelf}/books", path(&["shelf"])),
            operation("DELETE", "/shelves/{shelf}/books/{book}", path(&["shelf", "book"])),
            operation("PUT", "/tags/{tag}", path(&["tag"])),
            operation("DELETE", "/tags/{tag}", path(&["tag"])),
            operation("PATCH", "/tags/{tag}", path(&["tag"])),
            operation("POST", "/tags/{tag}", path(&["tag"])),
            operation("POST", "/silences", json!({})),
            operation("DELETE", "/silence/{silenceID}", path(&["silenceID"])),
            operation("POST", "/notes", json!({})),
            operation("GET", "/notes/{id}", path(&["id"])),
        ];
        let graph = Arc::new(Graph::new(&operations));
        Ledger::new(&operations, graph, standard(&Arc::default()), "/api")
    }

    /// What is left after these exchanges.
    #[track_caller]
    fn check(exchanges: &[(&str, &str, u16, Value)], left: &[&str]) -> Tally {
        let ledger = ledger();
        for (operation, target, status, body) in exchanges {
            let (method, path) = operation.split_once(' ').unwrap();
            let request = Arc::new(Request::new(method, (*target).to_owned()));
            let step = Step {
                operation: OperationId::new(method, path),
                identity: IdentityName::new(ANONYMOUS),
                request: Arc::clone(&request),
                fresh: vec![],
                captures: vec![],
                case: None,
                at_once: false,
            };
            let outcome = canned::json(*status, body);
            ledger.observe(
                &step,
                &Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: std::time::Duration::ZERO },
            );
        }
        let open: Vec<String> = ledger
            .left()
            .iter()
            .map(|scenario| String::from_utf8_lossy(&scenario.steps[0].request.target).into_owned())
            .collect();
        assert_eq!(open, left);
        ledger.tally()
    }

    #[test]
    fn what_was_made_is_ended_where_it_is() {
        let made = [
            ("POST /flows/", "/api/flows/?a=1", 201, json!({"id": "a b"})),
            ("POST /shelves/{shelf}/books", "/api/shelves/s1/books", 201, json!({"book": {"id": 7}})),
            ("PUT /tags/{tag}", "/api/tags/x", 201, json!({})),
            ("PUT /tags/{tag}", "/api/tags/y", 200, json!({})),
            ("PUT /tags/{tag}", "/api/tags/.", 201, json!({})),
            ("POST /silences", "/api/silences", 200, json!({"silenceID": "s-9"})),
            ("POST /flows/", "/api/flows/", 409, json!({"id": "taken"})),
        ];
        let tally = check(&made, &["/api/silence/s-9", "/api/tags/x", "/api/shelves/s1/books/7", "/api/flows/a%20b"]);
        assert_eq!((tally.made, tally.ended), (5, 0));
        assert_eq!(tally.endless, BTreeMap::from([("PUT /tags/{tag}".to_owned(), 1)]));
    }

    #[test]
    fn what_the_run_ended_is_not_left() {
        let exchanges = [
            ("POST /flows/", "/api/flows/", 201, json!({"id": "f1"})),
            ("DELETE /flows/{id}", "/api/flows/f2", 204, json!(null)),
            ("DELETE /flows/{id}", "/api/flows/%661?a=b", 204, json!(null)),
        ];
        let tally = check(&exchanges, &[]);
        assert_eq!((tally.made, tally.ended), (1, 1));
    }

    #[test]
    fn what_is_called_otherwise_is_ended_by_its_name() {
        let exchanges = [
            ("PUT /tags/{tag}", "/api/tags/x", 201, json!({"tag": "x"})),
            ("PUT /tags/{tag}", "/api/tags/y", 201, json!({"tag": "y"})),
            ("PATCH /tags/{tag}", "/api/tags/y", 200, json!({"tag": "y"})),
            ("PATCH /tags/{tag}", "/api/tags/x", 200, json!({"tag": "a/b"})),
            // What the run did not make is not the run's to end.
            ("PATCH /tags/{tag}", "/api/tags/theirs", 200, json!({"tag": "z"})),
            ("POST /tags/{tag}", "/api/tags/y", 201, json!({"tag": "copy"})),
            ("POST /tags/{tag}", "/api/tags/theirs", 200, json!({"tag": "same"})),
            ("PUT /tags/{tag}", "/api/tags/z", 201, json!({"tag": "z"})),
            ("PATCH /tags/{tag}", "/api/tags/z", 200, json!({"tag": "*"})),
        ];
        let tally = check(&exchanges, &["/api/tags/copy", "/api/tags/y", "/api/tags/a%2Fb"]);
        assert_eq!((tally.made, tally.ended), (4, 0));
        assert_eq!(tally.endless, BTreeMap::from([("PATCH /tags/{tag}".to_owned(), 1)]));
    }

    #[test]
    fn what_was_put_where_nothing_was_is_made_once() {
        let path = "/api/tags/gk3w9abc2def";
        let made = [
            ("PUT /tags/{tag}", path, 200, json!({})),
            ("PUT /tags/{tag}", path, 200, json!({})),
            ("POST /flows/", "/api/flows/", 201, json!({"id": "one"})),
        ];
        let tally = check(&made, &["/api/flows/one", path]);
        assert_eq!((tally.made, tally.ended), (2, 0));
    }

    #[test]
    fn what_was_put_where_many_may_be_is_ended_where_the_answer_says() {
        let observed = |headers: &[(&'static str, &'static str)]| {
            let ledger = ledger();
            let request = Arc::new(Request::new("PUT", "/api/tags/%2F"));
            let step = Step {
                operation: OperationId::new("PUT", "/tags/{tag}"),
                identity: IdentityName::new(ANONYMOUS),
                request: Arc::clone(&request),
                fresh: vec![],
                captures: vec![],
                case: None,
                at_once: false,
            };
            let mut all = Headers::new();
            for (name, value) in headers {
                all.push(*name, *value);
            }
            let outcome = Outcome::Response(Response::new(201, all, ""));
            let elapsed = std::time::Duration::ZERO;
            ledger.observe(&step, &Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed });
            let targets =
                ledger.left().iter().map(|scenario| scenario.steps[0].request.target_text().into_owned()).collect();
            (targets, ledger.tally().endless.len())
        };
        assert_eq!(observed(&[("Location", "/api/tags/new%20one")]), (vec!["/api/tags/new%20one".to_owned()], 0));
        assert_eq!(observed(&[("Location", "/api/tags/..")]), (vec![], 1));
        assert_eq!(observed(&[]), (vec![], 1));
    }

    #[test]
    fn what_failed_may_have_made_something() {
        let new = "/api/tags/gk3w9abc2def";
        let failed = [
            ("PUT /tags/{tag}", new, 500, json!({})),
            ("PUT /tags/{tag}", "/api/tags/theirs", 500, json!({})),
            ("POST /flows/", "/api/flows/", 500, json!({"id": "f1"})),
            ("PUT /tags/{tag}", "/api/tags/sure", 201, json!({})),
        ];
        let tally = check(&failed, &["/api/tags/sure", new]);
        assert_eq!((tally.made, tally.left.values().sum::<u64>()), (1, 1), "nobody knows");
        let then = |operation: &'static str, status: u16, left: &[&str]| {
            let tally = check(&[failed[0].clone(), (operation, new, status, json!({"tag": "other"}))], left);
            (tally.made, tally.ended)
        };
        assert_eq!(then("DELETE /tags/{tag}", 204, &[]), (1, 1));
        assert_eq!(then("PUT /tags/{tag}", 201, &[new]), (1, 0));
        assert_eq!(then("PATCH /tags/{tag}", 200, &["/api/tags/other"]), (0, 0));
    }

    #[test]
    fn what_is_moved_from_where_the_run_had_put_something_is_the_runs() {
        let exchanges = [
            ("PUT /tags/{tag}", "/api/tags/x", 201, json!({"tag": "x"})),
            ("PATCH /tags/{tag}", "/api/tags/x", 200, json!({"tag": "y"})),
            ("PATCH /tags/{tag}", "/api/tags/x", 200, json!({"tag": "z"})),
        ];
        let tally = check(&exchanges, &["/api/tags/y", "/api/tags/z"]);
        assert_eq!((tally.made, tally.ended), (1, 0));
    }

    #[test]
    fn what_nothing_can_end_is_counted() {
        let tally = check(&[("POST /notes", "/api/notes", 201, json!({"id": "n1"}))], &[]);
        assert_eq!(tally.endless, BTreeMap::from([("POST /notes".to_owned(), 1)]));
    }
}
