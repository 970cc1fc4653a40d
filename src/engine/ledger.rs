//! What a run made and what of it is left, so that it can be cleaned up. Main type: [`Ledger`].
//!
//! It sees every exchange: those of the run, of proofs and of the search for smaller requests. It sends nothing: what is
//! to be sent to end the things is told by [`Ledger::left`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::ruin::names_more;
use crate::api::{Location, Operation, OperationId, StatusPattern};
use crate::resource::{Action, Found, Graph, Held, Need, Role, harvest};
use crate::scenario::{IdentityName, Scenario, Step};
use crate::wire::{Exchange, Outcome, Request, Response};

/// How many things are remembered at most.
const MOST: usize = 50_000;

/// Things that were made, and how each of them is ended.
pub struct Ledger {
    makers: BTreeMap<OperationId, Maker>,
    namers: BTreeMap<OperationId, Namer>,
    enders: BTreeSet<OperationId>,
    graph: Arc<Graph>,
    book: Mutex<Book>,
}

/// An operation that makes things.
struct Maker {
    role: Role,
    /// Whether the document says that what is new is answered by 201: another 2xx then tells of what was there.
    declares_created: bool,
    /// The operation that ends them, and where it is called; none if there is no such operation.
    end: Option<(OperationId, Place)>,
}

/// An operation on a thing that may give it another name, or leave another one beside it: a rename, a copy.
struct Namer {
    role: Role,
    /// The operation that ends such things, where they are.
    end: OperationId,
    /// By this field.
    field: String,
}

/// Where the operation that ends a thing is called.
enum Place {
    /// Where it was made: `PUT /a/{id}` and `DELETE /a/{id}`.
    Same,
    /// Below: `POST /a` and `DELETE /a/{id}`, by this field.
    Below(String),
    /// Elsewhere, by this field: the template with its only parameter filled.
    Elsewhere { before: String, after: String, field: String },
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
    /// How many nothing can end, by the operation that made them.
    pub endless: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
struct Book {
    tally: Tally,
    /// By the target that ends it: in which order it was made, what ends it, and who made it.
    open: BTreeMap<Vec<u8>, (u64, OperationId, IdentityName)>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("makers", &self.makers.len()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// A ledger for these operations, whose graph this is; `base_path` stands before every path.
    pub fn new(operations: &[Arc<Operation>], graph: Arc<Graph>, base_path: &str) -> Self {
        let role = |operation: &Operation| graph.role(&operation.id).cloned();
        let ends = |operation: &&Arc<Operation>| role(operation).is_some_and(|role| role.action == Action::Delete);
        let enders: Vec<&Arc<Operation>> = operations.iter().filter(ends).collect();
        let maker = |operation: &Arc<Operation>| {
            let role = role(operation)?;
            if !matches!(role.action, Action::Create | Action::Replace) {
                return None;
            }
            let end = end(operation, &role, &enders, &graph, base_path);
            let declares_created = operation.responses.0.iter().any(|(status, _)| *status == StatusPattern::Exact(201));
            Some((operation.id.clone(), Maker { role, declares_created, end }))
        };
        let makers = operations.iter().filter_map(maker).collect();
        let namers = operations.iter().filter_map(|operation| namer(operation, &enders, &graph)).collect();
        let enders = enders.iter().map(|operation| operation.id.clone()).collect();
        Self { makers, namers, enders, graph, book: Mutex::default() }
    }

    /// Takes an exchange in.
    pub fn observe(&self, step: &Step, exchange: &Exchange) {
        let Outcome::Response(response) = &exchange.outcome else { return };
        if !response.is_success() {
            return;
        }
        if self.enders.contains(&step.operation) {
            self.gone(&exchange.request);
        } else if let Some(maker) = self.makers.get(&step.operation) {
            // A replacement of what is there makes nothing.
            let may_be_old = maker.role.action == Action::Replace || maker.declares_created;
            if response.status == 201 || !may_be_old {
                self.enter(step, maker, exchange);
            }
        } else if let Some(namer) = self.namers.get(&step.operation) {
            self.named_anew(step, namer, exchange);
        }
    }

    fn enter(&self, step: &Step, maker: &Maker, exchange: &Exchange) {
        let target = maker.end.as_ref().and_then(|(operation, place)| {
            let response = exchange.outcome.response()?;
            let here = exchange.request.path();
            let target = match place {
                Place::Same => here.to_vec(),
                Place::Below(field) => {
                    let here = here.strip_suffix(b"/").unwrap_or(here);
                    [here, b"/", segment(&self.name(maker, response, field)?).as_bytes()].concat()
                }
                Place::Elsewhere { before, after, field } => {
                    format!("{before}{}{after}", segment(&self.name(maker, response, field)?)).into_bytes()
                }
            };
            // What would end more than the thing itself is no way to clean up.
            (!names_more(&target)).then_some((target, operation))
        });
        let mut book = self.book();
        book.tally.made += 1;
        let number = book.tally.made;
        match target {
            Some((target, operation)) if book.open.len() < MOST => {
                book.open.insert(target, (number, operation.clone(), step.identity.clone()));
            }
            _ => *book.tally.endless.entry(step.operation.to_string()).or_default() += 1,
        }
    }

    /// What the run made is called otherwise now, or there is one more of it.
    fn named_anew(&self, step: &Step, namer: &Namer, exchange: &Exchange) {
        let here = exchange.request.path();
        let found = exchange.outcome.response().and_then(|response| self.subject(&namer.role, response));
        let name = found.as_ref().and_then(|found| found.fields.get(&namer.field)).map(Held::text);
        let cut = here.iter().rposition(|byte| *byte == b'/');
        let (Some(name), Some(cut)) = (name, cut) else { return };
        let target = [&here[..=cut], segment(&name).as_bytes()].concat();
        let mut book = self.book();
        if names_more(&target) || book.open.contains_key(&target) || book.open.len() >= MOST {
            return;
        }
        if exchange.outcome.status() == Some(201) {
            book.tally.made += 1;
            let number = book.tally.made;
            book.open.insert(target, (number, namer.end.clone(), step.identity.clone()));
        } else if let Some(thing) = book.open.remove(here) {
            book.open.insert(target, thing);
        }
    }

    /// What an answer is about.
    fn subject(&self, role: &Role, response: &Response) -> Option<Found> {
        harvest(&self.graph, role, response).into_iter().find(|found| found.is_subject)
    }

    /// What the thing is called that an answer tells of.
    fn name(&self, maker: &Maker, response: &Response, field: &str) -> Option<String> {
        self.subject(&maker.role, response)?.sure(field).map(Held::text)
    }

    /// How many things were made.
    pub fn made(&self) -> u64 {
        self.book().tally.made
    }

    /// What is left, the newest first, each as the request that ends it.
    pub fn left(&self) -> Vec<Scenario> {
        self.left_since(0)
    }

    /// What is left of what was made after so many other things.
    pub fn left_since(&self, made: u64) -> Vec<Scenario> {
        let book = self.book();
        let mut open: Vec<_> = book.open.iter().filter(|(_, (number, ..))| *number > made).collect();
        open.sort_by_key(|(_, (number, ..))| std::cmp::Reverse(*number));
        let scenario = |(target, (_, operation, identity)): (&Vec<u8>, &(u64, OperationId, IdentityName))| {
            let method = operation.as_str().split(' ').next().unwrap_or("DELETE");
            Scenario::single(Step {
                operation: operation.clone(),
                identity: identity.clone(),
                request: Arc::new(Request::new(method, target.clone())),
                fresh: Vec::new(),
                captures: Vec::new(),
                case: None,
                at_once: false,
            })
        };
        open.into_iter().map(scenario).collect()
    }

    /// The thing that this request would end is gone already.
    pub fn gone(&self, request: &Request) {
        let mut book = self.book();
        if book.open.remove(request.path()).is_some() {
            book.tally.ended += 1;
        }
    }

    /// What became of all that was made.
    pub fn tally(&self) -> Tally {
        let book = self.book();
        let mut tally = book.tally.clone();
        for (_, operation, _) in book.open.values() {
            *tally.left.entry(operation.to_string()).or_default() += 1;
        }
        tally
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operation that ends what this one makes.
fn end(
    maker: &Operation,
    role: &Role,
    enders: &[&Arc<Operation>],
    graph: &Graph,
    base_path: &str,
) -> Option<(OperationId, Place)> {
    let here = maker.path.trim_end_matches('/');
    let fits = |operation: &&&Arc<Operation>| graph.role(&operation.id).is_some_and(|end| end.kind == role.kind);
    let fitting: Vec<_> = enders.iter().filter(fits).collect();
    let field = |operation: &Operation| field(operation, graph);
    let same = fitting.iter().find(|operation| operation.path.trim_end_matches('/') == here);
    if let Some(operation) = same {
        return (role.action == Action::Replace).then(|| (operation.id.clone(), Place::Same));
    }
    let below = fitting.iter().find(|operation| {
        let rest = operation.path.strip_prefix(here).and_then(|rest| rest.strip_prefix("/{"));
        rest.is_some_and(|rest| rest.trim_end_matches('/').strip_suffix('}').is_some_and(|name| !name.contains('}')))
    });
    if let Some(operation) = below {
        return Some((operation.id.clone(), Place::Below(field(operation))));
    }
    fitting.iter().find_map(|operation| {
        let (before, rest) = operation.path.split_once('{')?;
        let (_, after) = rest.split_once('}')?;
        let (before, after) = (format!("{base_path}{before}"), after.to_owned());
        (!after.contains('{'))
            .then(|| (operation.id.clone(), Place::Elsewhere { before, after, field: field(operation) }))
    })
}

/// What this operation may do to the name of a thing that is ended where it is.
fn namer(operation: &Operation, enders: &[&Arc<Operation>], graph: &Graph) -> Option<(OperationId, Namer)> {
    let role = graph.role(&operation.id)?;
    let here = operation.path.trim_end_matches('/');
    let end = enders.iter().find(|end| end.path.trim_end_matches('/') == here && here.ends_with('}'))?;
    let namer = Namer { role: role.clone(), end: end.id.clone(), field: field(end, graph) };
    matches!(role.action, Action::Change | Action::Call).then(|| (operation.id.clone(), namer))
}

/// The field of a thing that the operation's path ends with.
fn field(operation: &Operation, graph: &Graph) -> String {
    let needs = graph.role(&operation.id).map(|role| role.needs.as_slice()).unwrap_or_default();
    let in_path = |need: &&Need| operation.parameters[need.parameter].location == Location::Path;
    needs.iter().rfind(in_path).map_or_else(|| "id".to_owned(), |need| need.field.clone())
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2D", "-").replace("%5F", "_").replace("%2E", ".")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
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
        Ledger::new(&operations, Arc::new(Graph::new(&operations)), "/api")
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
            ("DELETE /flows/{id}", "/api/flows/f1", 204, json!(null)),
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
    fn what_nothing_can_end_is_counted() {
        let tally = check(&[("POST /notes", "/api/notes", 201, json!({"id": "n1"}))], &[]);
        assert_eq!(tally.endless, BTreeMap::from([("POST /notes".to_owned(), 1)]));
    }
}
