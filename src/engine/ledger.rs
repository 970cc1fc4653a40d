//! What a run made and what of it is left, so that it can be cleaned up. Main type: [`Ledger`].
//!
//! It sees every exchange: those of the run, of proofs and of the search for smaller requests. It sends nothing: what is
//! to be sent to end the things is told by [`Ledger::left`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::book::{Book, Tally, Thing, plain};
use super::ender::{Form, Maker, Namer, Place, segment};
use super::foreign::names_what_is_new;
use super::made::made;
use super::ruin::names_more;
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::resource::{Action, Graph, Held, harvest};
use crate::scenario::{Scenario, Step};
use crate::wire::{Exchange, Outcome, Request, Response, target_of};

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
            // Who failed may have given it another name first.
            _ if self.namers.contains_key(&step.operation) => return self.book().doubt(exchange.request.path()),
            _ => return,
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
            self.book().seen(exchange.request.path());
            return self.named_anew(step, namer, exchange);
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
            let end = place.and_then(|(end, place)| {
                let target = place.target(request.path(), found.as_ref())?;
                let is_elsewhere = matches!(place, Place::Same) && names_more(&target);
                Some((end, if is_elsewhere { located(request, response)? } else { target }))
            });
            // What would end more than the thing itself is no way to clean up.
            match end.filter(|(_, target)| !names_more(target) && !book.is_full()) {
                Some((end, target)) => book.open(target, end, &step.identity),
                None => book.endless(&step.operation),
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
        let is_copy = exchange.outcome.status() == Some(201);
        let mut book = self.book();
        if names_more(&target) {
            // Nothing can end what is called so.
            if is_copy { book.endless(&step.operation) } else { book.doubt(here) }
        } else if !book.has(&target) && !book.is_full() {
            // Answers come in another order than what they tell of happened: from where something was moved away, it may have been
            // another thing of the run that was moved.
            if is_copy || !book.moved(here, &target) && book.was_left(here) {
                book.open(target, &namer.end, &step.identity);
            }
        }
    }

    /// How many things were made.
    pub fn made(&self) -> u64 {
        self.book().made()
    }

    /// What is left, the newest first, each as the request that ends it; without what was not found where it should be.
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

    /// The thing that this request was to end is not there.
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

/// Where a thing is that was put at a path which may be that of more than one: where the answer says, if that is beside it.
fn located(request: &Request, response: &Response) -> Option<Vec<u8>> {
    let path = target_of(response.headers.text("location")?).split('?').next()?;
    let folder = |path: &[u8]| path.iter().rposition(|byte| *byte == b'/').map(|cut| plain(&path[..cut]));
    (folder(path.as_bytes())? == folder(request.path())?).then(|| path.as_bytes().to_vec())
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

    fn observe(
        ledger: &Ledger,
        operation: &str,
        target: &str,
        status: u16,
        body: &Value,
        headers: &[(&'static str, &str)],
    ) {
        let (method, path) = operation.split_once(' ').unwrap();
        let request = Arc::new(Request::new(method, target.to_owned()));
        let step = Step {
            operation: OperationId::new(method, path),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::clone(&request),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        };
        let mut outcome = canned::json(status, body);
        if let Outcome::Response(response) = &mut outcome {
            for (name, value) in headers {
                response.headers.push(*name, (*value).to_owned());
            }
        }
        let elapsed = std::time::Duration::ZERO;
        ledger.observe(&step, &Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed });
    }

    /// What is left after these exchanges.
    #[track_caller]
    fn check(exchanges: &[(&str, &str, u16, Value)], left: &[&str]) -> Tally {
        let ledger = ledger();
        for (operation, target, status, body) in exchanges {
            observe(&ledger, operation, target, *status, body, &[]);
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
    fn what_was_put_where_many_may_be_is_ended_where_the_answer_says() {
        let observed = |location: &str| {
            let ledger = ledger();
            observe(&ledger, "PUT /tags/{tag}", "/api/tags/%2F", 201, &json!({}), &[("Location", location)]);
            let target = |scenario: &Scenario| scenario.steps[0].request.target_text().into_owned();
            (ledger.left().iter().map(target).collect::<Vec<_>>(), ledger.tally().endless.len())
        };
        let there = || (vec!["/api/tags/new%20one".to_owned()], 0);
        assert_eq!(observed("/api/tags/new%20one"), there());
        assert_eq!(observed("http://127.0.0.1:8080/api/tags/new%20one?a=b"), there());
        for elsewhere in ["/api/tags/..", "/api/tags/", "/api/flows/7", "/7", "7", ""] {
            assert_eq!(observed(elsewhere), (vec![], 1), "{elsewhere}");
        }
    }

    #[test]
    fn what_is_moved_from_where_the_run_had_put_something_is_the_runs() {
        let exchanges = [
            ("PUT /tags/{tag}", "/api/tags/x", 201, json!({"tag": "x"})),
            ("PATCH /tags/{tag}", "/api/tags/x", 200, json!({"tag": "y"})),
            ("PATCH /tags/{tag}", "/api/tags/x", 200, json!({"tag": "z"})),
        ];
        let tally = check(&exchanges, &["/api/tags/z", "/api/tags/y"]);
        assert_eq!((tally.made, tally.ended), (2, 0));
        // What others made there since is theirs.
        let ended = ("DELETE /tags/{tag}", "/api/tags/x", 204, json!(null));
        check(&[exchanges[0].clone(), exchanges[1].clone(), ended.clone(), exchanges[2].clone()], &["/api/tags/y"]);
        check(&[exchanges[0].clone(), ended, exchanges[2].clone()], &[]);
    }

    #[test]
    fn what_may_be_called_otherwise_is_lost_if_it_is_not_there() {
        let ledger = |status: u16, name: &str| {
            let ledger = ledger();
            let all = [("PUT", 201, "x"), ("GET", 200, "x"), ("PATCH", status, name)];
            for (method, status, name) in all {
                observe(&ledger, &format!("{method} /tags/{{tag}}"), "/api/tags/x", status, &json!({"tag": name}), &[]);
            }
            ledger.missing(&Request::new("DELETE", "/api/tags/x"));
            let tally = ledger.tally();
            (tally.ended, tally.lost.len())
        };
        assert_eq!(ledger(500, "y"), (0, 1));
        assert_eq!(ledger(404, "y"), (1, 0));
        assert_eq!(ledger(200, "x"), (1, 0));
        assert_eq!(ledger(200, "*"), (0, 1));
    }

    #[test]
    fn what_nothing_can_end_is_counted() {
        let tally = check(&[("POST /notes", "/api/notes", 201, json!({"id": "n1"}))], &[]);
        assert_eq!(tally.endless, BTreeMap::from([("POST /notes".to_owned(), 1)]));
    }
}
