//! What changed the target, so that a finding that stands on it can be kept with what led there. Main type: [`Lineage`].
//!
//! A request that names a thing of the run, or tells of one, shows what it shows only where that thing is. It sends
//! nothing: what might have to come first is told by [`Known::leads`], and whether it does is for a proof to say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use crate::api::OperationId;
use crate::import::{free, last_name, replaced, scalars, values};
use crate::resource::{Action, Graph, harvest};
use crate::scenario::{Capture, Scenario, Source, Step, placeholder};
use crate::wire::{Exchange, Headers, Outcome, Request, Response};

/// How many changes by one operation are remembered: valid ones before others, and the newest of them.
const MOST: usize = 512;
/// The largest answer that is looked at for names.
const LARGEST: usize = 16 << 10;
/// The most steps that come first.
const STEPS: usize = 6;
/// How many sets of steps are told for one finding.
const SETS: usize = 8;

/// The requests of the run that changed something, as far as they can be sent again as they are.
pub(super) struct Lineage {
    graph: Arc<Graph>,
    count: u64,
    changes: BTreeMap<OperationId, VecDeque<Change>>,
}

/// A request that was answered 2xx and was no read.
#[derive(Clone)]
struct Change {
    /// In which order they were answered.
    number: u64,
    step: Step,
    answer: Response,
    /// Whether a finding may stand on it.
    is_wanted: bool,
}

impl Change {
    /// What the target calls the things that the answer is about, and where it says so.
    fn names(&self, graph: &Graph) -> Vec<(String, String, Source)> {
        let Some(role) = graph.role(&self.step.operation) else { return Vec::new() };
        let own = harvest(graph, role, &self.answer).into_iter().filter(|found| found.is_subject);
        let named = own.flat_map(|found| found.fields.into_iter().map(move |field| (Arc::clone(&found.kind), field)));
        named.filter_map(|(kind, (field, held))| Some((held.text(), format!("{kind}_{field}"), held.from?))).collect()
    }

    fn is_valid(&self) -> bool {
        self.step.case.as_deref().is_some_and(|case| case.intent.is_valid())
    }

    /// The names that it gave: those of what it made, or the new ones of what it renamed.
    fn given(&self, graph: &Graph) -> Vec<String> {
        let Some(role) = graph.role(&self.step.operation) else { return Vec::new() };
        let names = self.names(graph).into_iter().map(|(text, ..)| text);
        match role.action {
            Action::Create | Action::Replace => names.collect(),
            Action::Delete => Vec::new(),
            _ => {
                let own = last_name(&self.step.request);
                names.filter(|text| own.as_ref().is_some_and(|own| own != text)).collect()
            }
        }
    }
}

impl Lineage {
    pub(super) fn new(graph: Arc<Graph>) -> Self {
        Self { graph, count: 0, changes: BTreeMap::new() }
    }

    /// How many changes there were.
    pub(super) fn now(&self) -> u64 {
        self.count
    }

    /// Takes in what a scenario of the run gave.
    pub(super) fn observe(&mut self, steps: &[Step], exchanges: &[Exchange]) {
        for (step, exchange) in steps.iter().zip(exchanges) {
            let Outcome::Response(response) = &exchange.outcome else { continue };
            // What stands in a placeholder is another one the next time.
            let is_literal = exchange.request.target == step.request.target && step.fresh.is_empty();
            if step.request.is_safe() || !is_literal || !response.is_success() {
                continue;
            }
            self.count += 1;
            let kept = self.changes.entry(step.operation.clone()).or_default();
            if kept.len() == MOST {
                // What valid requests made others stand on more likely.
                let odd = kept.iter().position(|change| !change.is_wanted && !change.is_valid());
                let old = || kept.iter().position(|change| !change.is_wanted);
                let dropped = odd.or_else(old).unwrap_or_default();
                kept.remove(dropped);
            }
            let (number, answer) = (self.count, outline(response));
            kept.push_back(Change { number, step: step.clone(), answer, is_wanted: false });
        }
    }

    /// Remembers, as long as there is room, what was done where these requests of a finding go, and above.
    pub(super) fn want(&mut self, requests: &[Arc<Request>]) {
        for change in self.changes.values_mut().flatten() {
            let place = change.step.request.path();
            let is_there = |path: &[u8]| path.strip_prefix(place).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
            change.is_wanted |= requests.iter().any(|request| is_there(request.path()));
        }
    }

    /// The name that a request's path ends with, if the run gave something that name: it may be there still, whatever was ended.
    pub(super) fn given_name(&self, step: &Step) -> Option<String> {
        let is_parameter = step.operation.as_str().ends_with('}');
        let text = last_name(&step.request).filter(|_| is_parameter)?;
        let gives = |change: &Change| values(&change.step.request).contains(&text);
        self.changes.values().flatten().any(gives).then_some(text)
    }

    /// The changes up to some moment.
    pub(super) fn known(&self, until: u64) -> Known<'_> {
        Known::of(self, until)
    }
}

/// The changes up to some moment, by what they are called.
pub(super) struct Known<'a> {
    graph: &'a Graph,
    all: BTreeMap<u64, &'a Change>,
    /// By a name that the target gave.
    named: BTreeMap<String, Vec<u64>>,
    /// By their own path.
    placed: BTreeMap<&'a [u8], Vec<u64>>,
}

impl<'a> Known<'a> {
    fn of(lineage: &'a Lineage, until: u64) -> Self {
        let changes = lineage.changes.values().flatten().filter(|change| change.number <= until);
        let all: BTreeMap<u64, &Change> = changes.map(|change| (change.number, change)).collect();
        let mut named: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut placed: BTreeMap<&[u8], Vec<u64>> = BTreeMap::new();
        for change in all.values() {
            placed.entry(change.step.request.path()).or_default().push(change.number);
            for text in change.given(&lineage.graph) {
                named.entry(text).or_default().push(change.number);
            }
        }
        Self { graph: &lineage.graph, all, named, placed }
    }

    /// Scenarios that may show what these steps showed, which sent these requests: they end with the same steps, after what
    /// the requests stand on. The likeliest first.
    pub(super) fn leads(&self, steps: &[Step], sent: &[Arc<Request>]) -> Vec<Scenario> {
        let things = self.chain(sent, BTreeSet::new());
        let is_end = |number: &u64| self.all.get(number).is_some_and(|change| change.step.request.method == "DELETE");
        let kept = things.iter().copied().filter(|number| !is_end(number)).collect();
        self.scenarios(vec![kept, things], steps)
    }

    /// Whether these requests name something that the run made, or go below something that it put.
    pub(super) fn is_behind(&self, sent: &[Arc<Request>]) -> bool {
        sent.iter().any(|request| !self.behind(request).is_empty())
    }

    /// The same for one request, with things that its answer told of, and with what was done to others of their kind.
    pub(super) fn more_leads(&self, last: &Step, answer: Option<&Response>) -> Vec<Scenario> {
        let told = answer.map(told).unwrap_or_default();
        let told: BTreeSet<u64> = told.iter().filter_map(|text| self.named.get(text)).flatten().copied().collect();
        let kind = |operation: &OperationId| self.graph.role(operation).and_then(|role| role.kind.clone());
        let own = kind(&last.operation);
        let is_alike = |change: &&&Change| own.is_some() && kind(&change.step.operation) == own;
        let alike = self.all.values().rev().filter(is_alike).map(|change| change.number).take(STEPS * SETS);
        let (told, alike): (Vec<u64>, Vec<u64>) = (told.into_iter().rev().collect(), alike.collect());
        let groups = told.chunks(STEPS).chain(alike.chunks(STEPS));
        let sent = [Arc::clone(&last.request)];
        let sets = groups.map(|group| self.chain(&sent, group.iter().copied().collect())).collect();
        self.scenarios(sets, std::slice::from_ref(last))
    }

    fn scenarios(&self, mut sets: Vec<BTreeSet<u64>>, steps: &[Step]) -> Vec<Scenario> {
        sets.retain(|set| !set.is_empty());
        sets.dedup();
        let changes = |set: &BTreeSet<u64>| -> Vec<&Change> {
            set.iter().filter_map(|number| self.all.get(number).copied()).collect()
        };
        sets.iter().take(SETS).map(|set| self.scenario(&changes(set), steps)).collect()
    }

    /// The steps in order, each with what the target names in place of what it named then.
    fn scenario(&self, changes: &[&Change], last: &[Step]) -> Scenario {
        let mut steps: Vec<Step> = changes.iter().map(|change| &change.step).chain(last).cloned().collect();
        let names = last.iter().flat_map(|step| step.captures.iter().map(|capture| &capture.name).chain(&step.fresh));
        let mut taken: BTreeSet<String> = names.cloned().collect();
        for (index, change) in changes.iter().enumerate() {
            // What the request says itself is named so the next time as well.
            let said: BTreeSet<String> = values(&change.step.request).into_iter().collect();
            for (text, wanted, from) in change.names(self.graph) {
                let users = steps.iter_mut().skip(index + 1).filter(|_| !said.contains(&text));
                let mut users = users.filter(|later| values(&later.request).contains(&text)).peekable();
                if users.peek().is_none() {
                    continue;
                }
                let name = free(&wanted, &mut taken);
                for later in users {
                    if let Some(request) = replaced(&later.request, &text, &placeholder(&name)) {
                        later.request = Arc::new(request);
                    }
                }
                steps[index].captures.push(Capture { name, from });
            }
        }
        Scenario::plain(steps)
    }

    /// These changes, and those that made what they and these requests name, as far as there is room.
    fn chain(&self, requests: &[Arc<Request>], mut chosen: BTreeSet<u64>) -> BTreeSet<u64> {
        chosen.extend(requests.iter().flat_map(|request| self.there(request)));
        let mut open = requests.to_vec();
        open.extend(chosen.iter().filter_map(|number| Some(Arc::clone(&self.all.get(number)?.step.request))));
        while let Some(request) = open.pop() {
            for number in self.behind(&request) {
                if chosen.len() < STEPS && chosen.insert(number) {
                    open.extend(self.all.get(&number).map(|change| Arc::clone(&change.step.request)));
                }
            }
        }
        chosen
    }

    /// What a request stands on: what first made each thing that it names, and what was first put on the way to its path.
    fn behind(&self, request: &Request) -> Vec<u64> {
        let by_name = values(request).into_iter().filter_map(|text| self.plainest(self.named.get(&text)?));
        let whole = request.path();
        let ends = (1..whole.len()).filter(|end| whole.get(*end) == Some(&b'/'));
        let put = ends.filter_map(|end| {
            let put: Vec<u64> = self.placed.get(&whole[..end])?.iter().copied().filter(|at| self.is_put(*at)).collect();
            self.plainest(&put)
        });
        by_name.chain(put).collect()
    }

    /// What was last put where a request goes, and what was last done there.
    fn there(&self, request: &Request) -> impl Iterator<Item = u64> {
        let there = self.placed.get(request.path()).map_or(&[][..], Vec::as_slice);
        let put = there.iter().rev().copied().find(|number| self.is_put(*number));
        put.into_iter().chain(there.last().copied())
    }

    /// The first of these that was a valid request, or else the first.
    fn plainest(&self, numbers: &[u64]) -> Option<u64> {
        let is_valid = |number: &&u64| self.all.get(number).is_some_and(|change| change.is_valid());
        numbers.iter().find(is_valid).or(numbers.first()).copied()
    }

    fn is_put(&self, number: u64) -> bool {
        self.all.get(&number).is_some_and(|change| change.step.request.method == "PUT")
    }
}

/// The texts and numbers of an answer that may be names.
fn told(answer: &Response) -> BTreeSet<String> {
    serde_json::from_slice(&answer.body).map(|value| scalars(&value).into_iter().collect()).unwrap_or_default()
}

/// What of an answer tells what is called how.
fn outline(response: &Response) -> Response {
    let location = response.headers.get("location").cloned();
    let headers: Headers = location.map(|text| (Bytes::from_static(b"location"), text)).into_iter().collect();
    // A copy: what was read of a connection at once is kept as long as any piece of it.
    let body = if response.body.len() <= LARGEST { Bytes::copy_from_slice(&response.body) } else { Bytes::new() };
    Response::new(response.status, headers, body)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::encode::samples::operation;
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::transport::canned;

    fn graph() -> Arc<Graph> {
        let path = |names: &[&str]| {
            let parameter =
                |name: &&str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
            json!({"parameters": names.iter().map(parameter).collect::<Vec<_>>()})
        };
        let operations = [
            operation("POST", "/shelves", json!({})),
            operation("DELETE", "/shelves/{shelf}", path(&["shelf"])),
            operation("POST", "/shelves/{shelf}/books", path(&["shelf"])),
            operation("GET", "/shelves/{shelf}/books/{book}", path(&["shelf", "book"])),
            operation("PUT", "/tags/{tag}", path(&["tag"])),
            operation("PATCH", "/tags/{tag}", path(&["tag"])),
            operation("DELETE", "/tags/{tag}", path(&["tag"])),
            operation("GET", "/tags/{tag}", path(&["tag"])),
        ];
        Arc::new(Graph::new(&operations))
    }

    fn step(operation: &str, target: &str) -> Step {
        let (method, path) = operation.split_once(' ').unwrap();
        Step {
            operation: OperationId::new(method, path),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new(method, target.to_owned())),
            fresh: vec![],
            captures: vec![],
            at_once: false,
            case: None,
        }
    }

    /// What leads to this request after these changes, the likeliest first.
    #[track_caller]
    fn check(changes: &[(&str, &str, u16, Value)], last: (&str, &str), expected: &[&[&str]]) {
        let mut lineage = Lineage::new(graph());
        for (operation, target, status, body) in changes {
            let step = step(operation, target);
            let exchange = Exchange {
                request: Arc::clone(&step.request),
                sent: Bytes::new(),
                outcome: canned::json(*status, body),
                elapsed: Duration::ZERO,
            };
            lineage.observe(&[step], &[exchange]);
        }
        let last = step(last.0, last.1);
        let leads = lineage.known(lineage.now()).leads(std::slice::from_ref(&last), &[Arc::clone(&last.request)]);
        let shown = |scenario: &Scenario| -> Vec<String> {
            scenario.steps.iter().map(|step| step.request.target_text().into_owned()).collect()
        };
        assert_eq!(leads.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_made_the_things_of_a_request_comes_first() {
        let changes = [
            ("POST /shelves", "/shelves", 201, json!({"id": "s7"})),
            ("POST /shelves", "/shelves", 201, json!({"id": "s8"})),
            ("POST /shelves/{shelf}/books", "/shelves/s7/books", 201, json!({"id": "b1"})),
            ("POST /shelves/{shelf}/books", "/shelves/s9/books", 404, json!({"id": "b2"})),
        ];
        let last = ("GET /shelves/{shelf}/books/{book}", "/shelves/s7/books/b1");
        check(
            &changes,
            last,
            &[&["/shelves", "/shelves/{{shelve_id}}/books", "/shelves/{{shelve_id}}/books/{{book_id}}"]],
        );
        check(&changes, ("GET /shelves/{shelf}/books/{book}", "/shelves/s9/books/b2"), &[]);
    }

    #[test]
    fn what_was_put_and_done_where_the_request_goes_comes_first() {
        let put = ("PUT /tags/{tag}", "/tags/x?a=1", 201, json!({}));
        let patch = ("PATCH /tags/{tag}", "/tags/x", 200, json!({}));
        let end = ("DELETE /tags/{tag}", "/tags/x", 204, json!(null));
        let last = ("GET /tags/{tag}", "/tags/x?b=2");
        let other = ("PUT /tags/{tag}", "/tags/y", 201, json!({}));
        check(&[put.clone(), patch, other.clone()], last, &[&["/tags/x?a=1", "/tags/x", "/tags/x?b=2"]]);
        // Whether it shows on what is there or on what was there is for a proof to say.
        check(&[put, end], last, &[&["/tags/x?a=1", "/tags/x?b=2"], &["/tags/x?a=1", "/tags/x", "/tags/x?b=2"]]);
        check(&[other], last, &[]);
    }

    #[test]
    fn what_an_answer_tells_of_may_come_first_as_well() {
        let mut lineage = Lineage::new(graph());
        let made = step("POST /shelves", "/shelves");
        let outcome = canned::json(201, &json!({"id": "s7"}));
        let exchange =
            Exchange { request: Arc::clone(&made.request), sent: Bytes::new(), outcome, elapsed: Duration::ZERO };
        lineage.observe(&[made], &[exchange]);
        let last = step("GET /tags/{tag}", "/tags/x");
        let told = |id: &str| Response::new(200, Headers::default(), json!([{"of": {"shelf": id}}]).to_string());
        let leads = |id: &str| lineage.known(lineage.now()).more_leads(&last, Some(&told(id))).len();
        assert_eq!((leads("s7"), leads("s8")), (1, 0));
    }
}
