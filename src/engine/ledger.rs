//! What a run made and what of it is left, so that it can be cleaned up. Main type: [`Ledger`].
//!
//! It sees every exchange: those of the run, of proofs and of the search for smaller requests. It sends nothing: what is
//! to be sent to end the things is told by [`Ledger::left`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, percent_encode};
use serde::Serialize;

use super::ender::{Form, Maker, Namer, segment};
use super::foreign::names_what_is_new;
use super::made::made;
use super::ruin::names_more;
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::resource::{Action, Graph, Held, harvest};
use crate::scenario::{IdentityName, Scenario, Step};
use crate::wire::{Exchange, Outcome, Request, Response};

/// How many things are remembered at most.
const MOST: usize = 50_000;

/// Things that were made, and how each of them is ended.
pub struct Ledger {
    makers: BTreeMap<OperationId, Maker>,
    namers: BTreeMap<OperationId, Namer>,
    enders: BTreeMap<OperationId, Arc<Operation>>,
    graph: Arc<Graph>,
    generators: Generators,
    book: Mutex<Book>,
}

/// What the run made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many things were made.
    pub made: u64,
    /// How many of them the run ended.
    pub ended: u64,
    /// How many are left, by the operation that would end them.
    pub left: BTreeMap<String, u64>,
    /// How many were not where they should be when they were to be ended, though nobody ended them: nobody knows whether they
    /// are left. By the operation that would end them.
    pub lost: BTreeMap<String, u64>,
    /// How many nothing can end, by the operation that made them.
    pub endless: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
struct Book {
    tally: Tally,
    /// Operations that have answered 201.
    creating: BTreeSet<OperationId>,
    /// By the path at which it is ended, in one spelling.
    open: BTreeMap<Vec<u8>, Thing>,
}

/// A thing that was made and not ended.
#[derive(Clone, Debug)]
struct Thing {
    /// The path as it is asked for.
    target: Vec<u8>,
    /// In which order it was made.
    number: u64,
    /// What ends it.
    end: OperationId,
    /// Who made it.
    identity: IdentityName,
    /// Whether its path was answered 2xx: only then does a later 404 mean that it is gone.
    was_seen: bool,
    /// Whether it was not there when it was to be ended.
    is_lost: bool,
}

impl Book {
    /// Enters a thing, unless it is known: what is made twice at one place is one thing.
    fn open(&mut self, target: Vec<u8>, end: &OperationId, identity: &IdentityName) {
        let key = plain(&target);
        if self.open.contains_key(&key) {
            return;
        }
        self.tally.made += 1;
        let number = self.tally.made;
        let (end, identity) = (end.clone(), identity.clone());
        self.open.insert(key, Thing { target, number, end, identity, was_seen: false, is_lost: false });
    }

    /// What is at this path is gone, and what lies below it with it.
    fn gone(&mut self, path: &[u8]) {
        let path = &*plain(path);
        let below = [path.strip_suffix(b"/").unwrap_or(path), b"/"].concat();
        let with_it = self.open.range(below.clone()..).take_while(|(target, _)| target.starts_with(&below));
        let mut all: Vec<Vec<u8>> = with_it.map(|(target, _)| target.clone()).collect();
        all.push(path.to_vec());
        let ended = all.iter().filter(|target| self.open.remove(*target).is_some()).count();
        self.tally.ended += ended as u64;
    }
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
        let Outcome::Response(response) = &exchange.outcome else { return };
        if !response.is_success() {
            return;
        }
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
                self.book().creating.insert(step.operation.clone());
            }
            if response.status == 201 || !may_be_old {
                self.enter(step, maker, &exchange.request, response);
            }
        } else if let Some(namer) = self.namers.get(&step.operation) {
            self.named_anew(step, namer, exchange);
        }
        // Any path is known to what only asks what may be done.
        let says_more = exchange.request.method != "OPTIONS";
        if let Some(thing) = self.book().open.get_mut(&plain(exchange.request.path())).filter(|_| says_more) {
            (thing.was_seen, thing.is_lost) = (true, false);
        }
    }

    /// Whether an answer is about what was there before: of an operation that answers 201 where it makes something, as the
    /// document says and as it has done, with another 2xx.
    pub(super) fn tells_of_old(&self, step: &Step, exchange: &Exchange) -> bool {
        let may_tell = self.makers.get(&step.operation).is_some_and(|maker| maker.declares_created);
        let is_other = exchange.outcome.status().is_some_and(|status| status / 100 == 2 && status != 201);
        may_tell && is_other && self.book().creating.contains(&step.operation)
    }

    fn enter(&self, step: &Step, maker: &Maker, request: &Request, response: &Response) {
        let all = made(&self.graph, &maker.role, request, response);
        let mut book = self.book();
        for found in &all {
            let place = maker.end.as_ref();
            let end = place.and_then(|(end, place)| Some((end, place.target(request.path(), found.as_ref())?)));
            if let Some((end, target)) = end.filter(|(_, target)| !names_more(target) && book.open.len() < MOST) {
                book.open(target, end, &step.identity);
            } else {
                // What would end more than the thing itself is no way to clean up.
                book.tally.made += 1;
                *book.tally.endless.entry(step.operation.to_string()).or_default() += 1;
            }
        }
    }

    /// What the run made is called otherwise now, or there is one more of it.
    fn named_anew(&self, step: &Step, namer: &Namer, exchange: &Exchange) {
        let here = exchange.request.path();
        let harvested = exchange.outcome.response().map(|response| harvest(&self.graph, &namer.role, response));
        let found = harvested.into_iter().flatten().find(|found| found.is_subject);
        let name = found.as_ref().and_then(|found| found.fields.get(&namer.field)).map(Held::text);
        let cut = here.iter().rposition(|byte| *byte == b'/');
        let (Some(name), Some(cut)) = (name, cut) else { return };
        let target = [&here[..=cut], segment(&name).as_bytes()].concat();
        let mut book = self.book();
        if names_more(&target) || book.open.contains_key(&plain(&target)) || book.open.len() >= MOST {
            return;
        }
        if exchange.outcome.status() == Some(201) {
            book.open(target, &namer.end, &step.identity);
        } else if let Some(thing) = book.open.remove(&plain(here)) {
            book.open.insert(plain(&target), Thing { target, was_seen: false, ..thing });
        }
    }

    /// How many things were made.
    pub fn made(&self) -> u64 {
        self.book().tally.made
    }

    /// What is left, the newest first, each as the request that ends it; without what was not found where it should be.
    pub fn left(&self) -> Vec<Scenario> {
        self.left_since(0)
    }

    /// What is left of what was made after so many other things.
    pub fn left_since(&self, made: u64) -> Vec<Scenario> {
        let is_due = |thing: &&Thing| thing.number > made && !thing.is_lost;
        let mut open: Vec<Thing> = self.book().open.values().filter(is_due).cloned().collect();
        open.sort_by_key(|thing| std::cmp::Reverse(thing.number));
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
        open.iter().filter_map(scenario).collect()
    }

    /// Whether what this request would end is still there, as far as is known.
    pub(super) fn has(&self, request: &Request) -> bool {
        self.book().open.contains_key(&plain(request.path()))
    }

    /// The thing that this request would end is gone already, with what lies below it.
    pub(super) fn gone(&self, request: &Request) {
        self.book().gone(request.path());
    }

    /// The thing that this request was to end is not there. It is gone if it was seen there before; otherwise its path was but
    /// guessed, and nobody knows where it is.
    pub(super) fn missing(&self, request: &Request) {
        let mut book = self.book();
        match book.open.get_mut(&plain(request.path())) {
            Some(thing) if !thing.was_seen => thing.is_lost = true,
            _ => book.gone(request.path()),
        }
    }

    /// What became of all that was made.
    pub fn tally(&self) -> Tally {
        let book = self.book();
        let mut tally = book.tally.clone();
        for thing in book.open.values() {
            let by_operation = if thing.is_lost { &mut tally.lost } else { &mut tally.left };
            *by_operation.entry(thing.end.to_string()).or_default() += 1;
        }
        tally
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path in one spelling: what is escaped need not be, and where it must be it is.
fn plain(path: &[u8]) -> Vec<u8> {
    let segment =
        |segment: &[u8]| percent_encode(&percent_decode(segment).collect::<Vec<u8>>(), NON_ALPHANUMERIC).to_string();
    path.split(|byte| *byte == b'/').map(segment).collect::<Vec<_>>().join("/").into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::generate::standard;
    use crate::scenario::ANONYMOUS;
    use crate::scenario::encode::samples::operation;
    use crate::transport::canned;

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
        ];
        let tally = check(&exchanges, &["/api/tags/copy", "/api/tags/y", "/api/tags/a%2Fb"]);
        assert_eq!((tally.made, tally.ended), (3, 0));
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
    fn what_nothing_can_end_is_counted() {
        let tally = check(&[("POST /notes", "/api/notes", 201, json!({"id": "n1"}))], &[]);
        assert_eq!(tally.endless, BTreeMap::from([("POST /notes".to_owned(), 1)]));
    }
}
