//! Which laws about the life of things are tried, on which things, and when. Main type: [`Trials`].
//!
//! A trial makes a thing of its own, so it ends or changes nothing that others use. It is due once every operation that it
//! asks has answered 2xx in this run and the run has made such a thing: a bounded number of times, each time with other
//! values, and within a small share of an epoch. How its requests are made is for `acts`.

use std::collections::BTreeSet;

use super::acts::{Acts, Ground};
use super::index::Index;
use super::lane::Lane;
use crate::api::Location;
use crate::resource::{Action, Graph, Kind};
use crate::scenario::{Law, Scenario};
use crate::seed::Seed;

/// How often a law is tried on the things of one path.
const MOST: u32 = 8;
/// One request in so many of an epoch may be a trial's.
const SHARE: usize = 8;
/// How many trials that can't be made are passed over in one epoch, and of one law on the things of one path in all: there may
/// be other things in a later epoch.
const VAIN: usize = 32;
const MOST_VAIN: u32 = 64;

/// The things that have a path of their own, and the operations over their lives.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    /// The path parameter that names it.
    pub(super) parameter: String,
    /// By what it is named.
    pub(super) field: String,
    /// The lanes: what makes it, and whether it does so in the collection right above.
    pub(super) create: usize,
    pub(super) is_direct: bool,
    pub(super) list: Option<usize>,
    pub(super) read: Option<usize>,
    pub(super) replace: Option<usize>,
    pub(super) change: Option<usize>,
    pub(super) delete: Option<usize>,
    /// What reads a part of it.
    pub(super) parts: Vec<usize>,
}

/// A trial that is ready to be sent.
pub(super) struct Trial {
    pub(super) scenario: Scenario,
    /// The lane of its last step.
    pub(super) lane: usize,
    /// Makes its new names. Each trial has its own: a server may take a name only once.
    pub(super) fresh: Seed,
}

/// The laws and the things on which they are tried.
#[derive(Debug)]
pub(super) struct Trials {
    tries: Vec<Try>,
    /// How many trials were planned.
    planned: u64,
}

/// One law on the things of one path.
#[derive(Debug)]
struct Try {
    thing: Thing,
    law: Law,
    /// All that must have answered 2xx.
    needs: Vec<usize>,
    /// How many trials were planned, and how many could not be made.
    count: u32,
    vain: u32,
}

impl Trials {
    /// What can be tried on these operations.
    pub(super) fn new(index: &Index<'_>, graph: &Graph) -> Self {
        Self { tries: tries(|law| !law.is_race(), index, graph), planned: 0 }
    }

    /// Tries races as well.
    pub(super) fn add_races(&mut self, index: &Index<'_>, graph: &Graph) {
        self.tries.extend(tries(Law::is_race, index, graph));
    }

    /// The trials of an epoch of so many requests.
    pub(super) fn plan(&mut self, size: usize, ground: Ground<'_>) -> Vec<Trial> {
        let mut trials = Vec::new();
        let mut steps = 0;
        let mut vain = BTreeSet::new();
        while vain.len() < VAIN {
            let is_due = |(index, each): &(usize, &mut Try)| !vain.contains(index) && each.is_due(ground);
            let due = self.tries.iter_mut().enumerate().filter(is_due);
            let Some((index, next)) = due.min_by_key(|(index, each)| (each.turn(), *index)) else { break };
            let made = Acts { ground, thing: &next.thing, turn: next.turn() }.scenario(next.law);
            let Some((scenario, lane)) = made else {
                next.vain += 1;
                vain.insert(index);
                continue;
            };
            let length = scenario.steps.len();
            // The first one may be longer than the share, never longer than the epoch.
            let room = if trials.is_empty() { size } else { size / SHARE };
            if steps + length > room {
                break;
            }
            next.count += 1;
            steps += length;
            self.planned += 1;
            trials.push(Trial { scenario, lane, fresh: ground.seed.child("trial", self.planned) });
        }
        trials
    }
}

impl Try {
    /// Whether all that it needs has answered 2xx, the run itself has made a thing of the kind, and it was not tried often
    /// enough.
    fn is_due(&self, ground: Ground<'_>) -> bool {
        let maker = &ground.lanes[self.thing.create].operation.id;
        let is_reached = |lane: &usize| ground.lanes[*lane].report.reached;
        let is_open = self.count < MOST && self.vain < MOST_VAIN;
        is_open && self.needs.iter().all(is_reached) && ground.pool.has_made(&self.thing.kind, maker)
    }

    /// Another thing and other values each time.
    fn turn(&self) -> u32 {
        self.count + self.vain
    }
}

/// The laws among these, each on all things that have the operations for it.
fn tries(is_wanted: fn(Law) -> bool, index: &Index<'_>, graph: &Graph) -> Vec<Try> {
    let paths: BTreeSet<&str> = index.lanes.iter().map(|lane| lane.operation.path.as_str()).collect();
    let things: Vec<Thing> = paths.into_iter().filter_map(|path| Thing::of(path, index, graph)).collect();
    let of_law = |law: Law| {
        let tried = things.iter().filter_map(move |thing| Some((thing.clone(), thing.needs(law)?)));
        tried.map(move |(thing, needs)| Try { thing, law, needs, count: 0, vain: 0 })
    };
    Law::ALL.into_iter().filter(|law| is_wanted(*law)).flat_map(of_law).collect()
}

impl Thing {
    fn of(path: &str, index: &Index<'_>, graph: &Graph) -> Option<Self> {
        let lanes = index.lanes;
        let here = |action: Action| {
            index.at(path, |lane| {
                let is_it = lane.operation.path == path && lane.role().is_some_and(|role| role.action == action);
                is_it && !lane.is_ruinous && lane.operation.method != "HEAD"
            })
        };
        let (read, replace) = (here(Action::Read), here(Action::Replace));
        let (change, delete) = (here(Action::Change), here(Action::Delete));
        let any = &lanes[read.or(delete).or(change).or(replace)?];
        let role = any.role()?;
        let kind = role.kind.clone()?;
        let (above, end) = path.trim_end_matches('/').rsplit_once('/')?;
        let parameter = end.strip_prefix('{')?.strip_suffix('}')?.to_owned();
        let is_named = |index: usize| {
            let declared = &any.operation.parameters[index];
            declared.location == Location::Path && declared.name == parameter
        };
        let field = role.needs.iter().find(|need| is_named(need.parameter))?.field.clone();
        let is_maker = |lane: &Lane| lane.role().is_some_and(|role| role.action == Action::Create) && !lane.is_ruinous;
        let makers: BTreeSet<usize> =
            index.all(graph.creators(&kind)).filter(|maker| is_maker(&lanes[*maker])).collect();
        let is_above = |maker: &usize| lanes[*maker].operation.path.trim_end_matches('/') == above;
        let direct = makers.iter().copied().find(is_above);
        let create = direct.or_else(|| makers.first().copied())?;
        let lists =
            |lane: &Lane| lane.operation.method == "GET" && lane.role().is_some_and(|role| role.action == Action::List);
        let below = format!("{}/", path.trim_end_matches('/'));
        let is_part = |lane: &Lane| {
            let rest = lane.operation.path.strip_prefix(&below).filter(|_| lane.operation.method == "GET");
            rest.is_some_and(|rest| !rest.contains('{') && !outlives(rest))
        };
        let parts = index.below(&below, is_part);
        let (is_direct, list) = (direct.is_some(), index.at(above, lists));
        Some(Self { kind, parameter, field, create, is_direct, list, read, replace, change, delete, parts })
    }

    /// The lanes that a law asks, if there are all of them.
    fn needs(&self, law: Law) -> Option<Vec<usize>> {
        let mut needs = vec![self.create];
        match law {
            Law::DeleteWithoutEffect => needs.extend([self.read?, self.delete?]),
            Law::UseAfterDelete => {
                needs.extend([self.delete?, self.change.or_else(|| self.parts.first().copied())?]);
                needs.extend(self.read);
            }
            Law::CreatedObjectMissing | Law::WrongLocation if self.is_direct => needs.push(self.read?),
            Law::CreatedObjectMissing | Law::WrongLocation => return None,
            Law::RefusedUpdateStored | Law::LostUpdate => needs.extend([self.read?, self.change.or(self.replace)?]),
            Law::PartialPut | Law::PutNotIdempotent => needs.extend([self.read?, self.replace?]),
            Law::PatchNotMerging => needs.extend([self.read?, self.change?]),
            Law::RefusedCreateStored => needs.push(self.list.filter(|_| self.is_direct)?),
            Law::DoubleCreate => needs.push(self.read?),
        }
        Some(needs)
    }
}

/// Whether a part of a thing is meant to be there when the thing is gone: what tells of its past.
fn outlives(part: &str) -> bool {
    const WORDS: [&str; 12] = [
        "history", "audit", "log", "event", "activit", "version", "revision", "trail", "archive", "deleted", "trash",
        "status",
    ];
    let part = part.to_ascii_lowercase();
    WORDS.iter().any(|word| part.contains(word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::api::Operation;
    use crate::engine::{Planned, Planner, Remembered};
    use crate::scenario::Step;
    use crate::scenario::encode::samples::operation;
    use crate::wire::{Exchange, Headers, Outcome, Response};

    const EPOCH: usize = 64;

    fn operations() -> Vec<Arc<Operation>> {
        let path = json!([{"name": "thing_id", "in": "path", "required": true, "schema": {"type": "string"}}]);
        let members =
            json!({"name": {"type": "string"}, "color": {"enum": ["red", "blue"]}, "size": {"type": "integer"}});
        let whole = json!({"application/json": {"schema": {"type": "object", "required": ["name", "color", "size"], "properties": members}}});
        let change =
            json!({"application/json": {"schema": {"type": "object", "minProperties": 1, "properties": members}}});
        let item = json!({ "parameters": path });
        vec![
            operation("POST", "/things", json!({ "body": whole })),
            operation("GET", "/things", json!({})),
            operation("GET", "/things/{thing_id}", item.clone()),
            operation("DELETE", "/things/{thing_id}", item.clone()),
            operation("GET", "/things/{thing_id}/part", item.clone()),
            operation("GET", "/things/{thing_id}/history", item),
            operation("PUT", "/things/{thing_id}", json!({"parameters": path, "body": whole})),
            operation("PATCH", "/things/{thing_id}", json!({"parameters": path, "body": change})),
        ]
    }

    /// The answer of a server that makes things and says yes to the rest, unless it is told to say no.
    fn answer(step: &Step, count: usize, refuses: &str) -> Exchange {
        let request = Arc::clone(&step.request);
        let status = if request.method == refuses { 403 } else { 200 };
        let body = if request.method == "POST" { json!({"id": format!("t{count}")}) } else { json!({}) };
        let outcome = Outcome::Response(Response::new(status, Headers::new(), body.to_string()));
        Exchange { request, sent: Bytes::new(), outcome, elapsed: Duration::ZERO }
    }

    /// The trials of so many epochs.
    fn trials(epochs: usize, refuses: &str) -> Vec<Planned> {
        planned(Planner::plain(operations(), "alice", "/v1"), epochs, refuses)
    }

    fn planned(mut planner: Planner, epochs: usize, refuses: &str) -> Vec<Planned> {
        let (mut found, mut count) = (Vec::new(), 0);
        for _ in 0..epochs {
            let epoch = planner.plan(EPOCH);
            let requests: usize = epoch.iter().map(Planned::requests).sum();
            assert!(requests <= EPOCH, "{requests}");
            for planned in epoch {
                if planned.is_trial() {
                    found.push(planned);
                    continue;
                }
                count += 1;
                let answers: Vec<_> = planned.scenario.steps.iter().map(|step| answer(step, count, refuses)).collect();
                let lesson = planner.look(&planned, &answers).unwrap();
                planner.fold(&planned, lesson, false);
            }
        }
        found
    }

    /// Methods and paths of the steps.
    fn course(planned: &Planned) -> String {
        let steps = planned.scenario.steps.iter();
        steps.map(|step| step.operation.to_string().replace("/things/{thing_id}", "x")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_law_is_tried_a_bounded_number_of_times_in_its_order() {
        let found = trials(120, "");
        let mut counts: BTreeMap<Law, u32> = BTreeMap::new();
        let mut courses: BTreeMap<Law, BTreeSet<String>> = BTreeMap::new();
        for planned in &found {
            let law = planned.scenario.law.unwrap();
            *counts.entry(law).or_default() += 1;
            courses.entry(law).or_default().insert(course(planned));
        }
        assert!(counts.values().all(|count| *count <= MOST), "{counts:?}");
        let expected: [(Law, &[&str]); 9] = [
            (Law::DeleteWithoutEffect, &["POST /things, GET x, GET x, GET x, DELETE x, GET x"]),
            (
                Law::UseAfterDelete,
                &[
                    "POST /things, GET x/part, GET x/part, DELETE x, GET x, GET x/part",
                    "POST /things, PATCH x, PATCH x, DELETE x, GET x, PATCH x",
                ],
            ),
            (Law::CreatedObjectMissing, &["POST /things, GET x"]),
            (Law::WrongLocation, &["POST /things, GET x, GET x"]),
            (Law::RefusedUpdateStored, &["POST /things, GET x, PATCH x, GET x", "POST /things, GET x, PUT x, GET x"]),
            (Law::PartialPut, &["POST /things, GET x, PUT x, GET x"]),
            (Law::PutNotIdempotent, &["POST /things, PUT x, GET x, GET x, PUT x, GET x"]),
            (Law::PatchNotMerging, &["POST /things, GET x, PATCH x, GET x"]),
            (Law::RefusedCreateStored, &["POST /things, GET /things"]),
        ];
        for (law, all) in expected {
            let found: Vec<_> = courses.get(&law).into_iter().flatten().map(String::as_str).collect();
            assert_eq!(found, all, "{law:?}");
        }
    }

    /// The races on things whose makers and changers take these headers: their courses, with `&` before what goes out at
    /// once and the number of its entity tag behind a change under a condition.
    fn races(headers: &[&str]) -> BTreeMap<Law, BTreeSet<String>> {
        let add = |operation: Arc<Operation>| {
            let takes =
                |name: &&&str| operation.body.is_some() && (**name == "If-Match") == (operation.method != "POST");
            let header = |name: &&str| json!({"name": name, "in": "header", "schema": {"type": "string"}});
            let all: Vec<_> = headers.iter().filter(takes).map(header).collect();
            let path = json!({"name": "thing_id", "in": "path", "required": true, "schema": {"type": "string"}});
            let path = operation.path.contains('{').then_some(path);
            let schema = operation.body.as_ref().map(|body| body.contents[0].schema.as_ref().unwrap().value().clone());
            let body = schema.map(|schema| json!({"application/json": {"schema": schema}}));
            let parameters: Vec<_> = path.into_iter().chain(all).collect();
            let mut described = json!({"parameters": parameters});
            described.as_object_mut().unwrap().extend(body.map(|body| ("body".to_owned(), body)));
            operation_of(&operation, described)
        };
        let mut planner = Planner::plain(operations().into_iter().map(add).collect(), "alice", "/v1");
        planner.add_races();
        let mut courses: BTreeMap<Law, BTreeSet<String>> = BTreeMap::new();
        for planned in planned(planner, 160, "").into_iter().filter(|one| one.scenario.law.unwrap().is_race()) {
            courses.entry(planned.scenario.law.unwrap()).or_default().insert(raced(&planned));
        }
        courses
    }

    fn operation_of(operation: &Operation, described: serde_json::Value) -> Arc<Operation> {
        crate::scenario::encode::samples::operation(&operation.method, &operation.path, described)
    }

    fn raced(planned: &Planned) -> String {
        let word = |step: &Step| {
            let request = &step.request;
            let mark = |name: &str| request.headers.text(name).unwrap_or_default().replace(['{', '}'], "");
            let text = format!("{} {}{}", request.method, mark("If-Match"), mark("Idempotency-Key"));
            let before = if step.at_once { "& " } else { "" };
            format!("{before}{}", text.trim_end().replace("entity_tag_", "#").replace("idempotency_key", "key"))
        };
        planned.scenario.steps.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn races_are_tried_if_that_is_asked_for_with_the_same_one_after_the_other_before() {
        let twice = "POST, POST, POST, & POST, GET, GET";
        let members = "POST, PATCH, PATCH, GET, PATCH, PATCH, GET, PATCH, & PATCH, GET";
        let keyed = "POST key, POST key, POST key, & POST key, GET, GET";
        let conditional = "POST, GET, PATCH #1, PATCH #1, GET, PATCH #2, GET, PATCH #3, & PATCH #3, GET";
        let check = |headers: &[&str], creations: &[&str], changes: &[&str]| {
            let found = races(headers);
            let shown = |law: Law| found[&law].iter().map(String::as_str).collect::<Vec<_>>();
            assert_eq!(shown(Law::DoubleCreate), creations, "{headers:?}");
            assert_eq!(shown(Law::LostUpdate), changes, "{headers:?}");
        };
        check(&[], &[twice], &[members]);
        check(&["Idempotency-Key", "If-Match"], &[keyed, twice], &[conditional, members]);
        assert!(trials(120, "").iter().all(|planned| !planned.scenario.law.unwrap().is_race()), "nobody asked");
    }

    #[test]
    fn each_trial_has_new_names() {
        let found = trials(60, "");
        let names: BTreeSet<u64> = found.iter().map(|planned| planned.fresh.number()).collect();
        assert!(names.len() == found.len() && found.len() > 8, "{} of {}", names.len(), found.len());
    }

    #[test]
    fn a_trial_touches_what_it_made_and_nothing_else() {
        for planned in trials(60, "") {
            let [first, rest @ ..] = &planned.scenario.steps[..] else { panic!("{planned:?}") };
            assert!(first.request.body.windows(7).any(|window| window == b"{{fresh"), "{first:?}");
            for step in rest {
                let target = step.request.target_text();
                let is_own = ["{{thing_id}}", "gadfly-absent", "{{location}}"].iter().any(|own| target.contains(own));
                assert!(is_own || target == "/v1/things", "{target}");
            }
        }
    }

    #[test]
    fn what_an_earlier_run_made_keeps_no_law_from_being_tried() {
        let counts = |all: &[Planned]| {
            let mut counts: BTreeMap<Law, u32> = BTreeMap::new();
            for planned in all {
                *counts.entry(planned.scenario.law.unwrap()).or_default() += 1;
            }
            counts
        };
        let mut planner = Planner::plain(operations(), "alice", "/v1");
        let fresh = trials(120, "");
        // As they are read from files: the bytes of lives that reach every operation.
        let lives = fresh.iter().map(|planned| {
            let step = |step: &Step| Step { case: None, ..step.clone() };
            let scenario = Scenario::plain(planned.scenario.steps.iter().map(step).collect());
            Remembered { scenario, is_valid: true, reaches: true, alone: true }
        });
        planner.remember(lives.collect(), usize::MAX);
        let later = counts(&planned(planner, 120, ""));
        for (law, count) in counts(&fresh).into_iter().filter(|(_, count)| *count > 1) {
            assert!(later.contains_key(&law), "{law:?} was tried {count} times");
        }
    }

    #[test]
    fn what_was_not_reached_is_not_tried() {
        let found = trials(60, "DELETE");
        assert!(!found.is_empty());
        let deletes = found.iter().filter(|planned| course(planned).contains("DELETE"));
        assert_eq!(deletes.count(), 0);
        assert!(trials(60, "POST").is_empty());
    }
}
