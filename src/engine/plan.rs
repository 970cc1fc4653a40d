//! Which case is sent next. Main type: [`Planner`].
//!
//! Work is cut into epochs. An epoch is planned from what was folded when it is planned, and nothing else, so the
//! same seed gives the same cases whatever the concurrency. Operations share an epoch by stride scheduling: each
//! has a weight that grows where answers are new, and none starves. What operations need to exist is made first, and
//! again when it is used up.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use super::bind::Known;
use super::lane::{Drawn, Lane, LaneReport, Making, hash};
use super::seen::Seen;
use super::{Account, Glimpse};
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::learn::{self, Complaint, Learned, LearnedRule};
use crate::oracle;
use crate::resource::{self, Action, Found, Graph, Kind, Maker, Pool, Setting, Use};
use crate::scenario::{Case, GeneratorId, IdentityName, Intent, Scenario, Step, encode};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind, Outcome, Request, is_load};

/// How many things of a kind that others need are kept ready.
const READY: usize = 4;
/// How many operations that make a kind are asked in one epoch.
const MAKERS: usize = 2;

/// How many cases of one epoch may ask the target to wait: several at once take all the threads that it has, and then
/// nothing else is answered.
const WAITS: usize = 1;
/// How many such cases may stand in line; more are not sent.
const MOST_WAITING: usize = 256;
/// After so many of an operation's waits that were answered in time, its waits are nothing special.
const SHORT_WAITS: u32 = 3;

/// How many cases of one operation are sent once more because the target was busy.
const REPEATS: u32 = 16;

/// A case that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What to send.
    pub scenario: Scenario,
    /// The things that it uses.
    uses: Vec<Use>,
    lane: usize,
}

/// What an answer showed, as far as later cases are concerned.
#[derive(Debug)]
pub struct Lesson {
    /// Status or fault, and what kind of answer it was.
    pub glimpse: Glimpse,
    /// The things it told of.
    found: Vec<Found>,
    /// What it found wrong with a valid request.
    complaints: Vec<Complaint>,
}

/// Plans epochs of cases.
pub struct Planner {
    seed: Seed,
    identity: IdentityName,
    base_path: String,
    generators: Generators,
    share: fn(GeneratorId) -> u64,
    lanes: Vec<Lane>,
    seen: Seen,
    graph: Graph,
    pool: Pool,
    learned: Learned,
    /// The kinds that paths name, each with the lanes that make it.
    needed: Vec<(Kind, Vec<usize>)>,
    /// Cases that ask the target to wait, until it is their turn.
    waiting: VecDeque<Planned>,
    /// Valid cases that a busy target turned away, to be sent once more.
    again: VecDeque<Planned>,
    epochs: u32,
    /// Whether what may ruin the target has its turn.
    is_late: bool,
}

impl Planner {
    /// Plans for these operations with these generators; `share` says how often each has its turn.
    pub fn new(
        operations: Vec<Arc<Operation>>,
        generators: Generators,
        share: fn(GeneratorId) -> u64,
        seed: Seed,
        identity: IdentityName,
        base_path: &str,
    ) -> Self {
        let graph = Graph::new(&operations);
        let lane = |operation: Arc<Operation>| {
            let role = graph.role(&operation.id);
            Lane::new(operation, role)
        };
        let lanes: Vec<Lane> = operations.into_iter().map(lane).collect();
        let makers = |kind: &Kind| {
            let creators = graph.creators(kind).iter();
            let lanes = creators.filter_map(|id| lanes.iter().position(|lane| lane.operation.id == *id));
            (Arc::clone(kind), lanes.collect::<Vec<_>>())
        };
        let needed = graph.needed().into_iter().map(makers).filter(|(_, lanes)| !lanes.is_empty()).collect();
        Self {
            seed,
            identity,
            base_path: base_path.to_owned(),
            generators,
            share,
            lanes,
            seen: Seen::new(),
            graph,
            pool: Pool::default(),
            learned: Learned::default(),
            needed,
            waiting: VecDeque::new(),
            again: VecDeque::new(),
            epochs: 0,
            is_late: false,
        }
    }

    /// How many cases an epoch should have: some for each operation, within bounds that keep feedback fresh and the
    /// pipeline full. Independent of the concurrency, on which no case may depend.
    pub fn epoch_size(&self) -> usize {
        (self.lanes.len() * 2).clamp(64, 256)
    }

    /// The next `size` cases; fewer or none when the generators run out.
    pub fn plan(&mut self, size: usize) -> Vec<Planned> {
        let mut epoch = Vec::with_capacity(size);
        self.refill(size, &mut epoch);
        epoch.extend(self.again.drain(..self.again.len().min(size - epoch.len())));
        epoch.extend(self.waiting.drain(..WAITS.min(self.waiting.len()).min(size - epoch.len())));
        let mut tries = 0;
        while epoch.len() < size && tries < 4 * size {
            tries += 1;
            let Some(index) = self.next_lane() else { break };
            self.lanes[index].begin(&self.generators, self.share);
            self.lanes[index].advance();
            let valid = if self.lanes[index].is_to_be_reached() { self.valid(index) } else { None };
            match valid.or_else(|| self.next(index)) {
                Some(planned) if self.waits_long(&planned) => {
                    if self.waiting.len() < MOST_WAITING {
                        self.waiting.push_back(planned);
                    }
                }
                Some(planned) => epoch.push(planned),
                None => self.lanes[index].rest(),
            }
        }
        epoch
    }

    fn waits_long(&self, planned: &Planned) -> bool {
        let asks = |step: &Step| oracle::to_wait_long(step, &step.request);
        self.lanes[planned.lane].may_wait && planned.scenario.steps.last().is_some_and(asks)
    }

    /// The next case of any intent.
    fn next(&mut self, index: usize) -> Option<Planned> {
        let making = Making { seed: self.seed, base_path: &self.base_path };
        let drawn = self.lanes[index].draw(making, &mut self.seen)?;
        Some(self.finished(drawn, index))
    }

    /// A drawn case with what was learned and what exists. One that becomes a request that was sent already goes out as it
    /// was drawn.
    fn finished(&mut self, drawn: Drawn, index: usize) -> Planned {
        let Drawn { mut case, mut request } = drawn;
        if self.learned.concerns(&case) {
            let mut shaped = case.clone();
            let is_changed = self.learned.shape(&mut shaped, &self.generators);
            let new = encode(&shaped, &self.base_path);
            if is_changed && self.seen.insert(hash(&new)) {
                (case, request) = (shaped, new);
            }
        }
        let uses = self.bind(&mut case, index);
        let request = if uses.is_empty() { request } else { encode(&case, &self.base_path) };
        self.planned(case, request, uses, index)
    }

    /// The next valid case: the usual one with other names and other things, or a random one if that was sent already.
    fn valid(&mut self, index: usize) -> Option<Planned> {
        if let Some(mut case) = self.lanes[index].usual(&self.generators, self.seed) {
            self.learned.shape(&mut case, &self.generators);
            let uses = self.bind(&mut case, index);
            let request = encode(&case, &self.base_path);
            if self.seen.insert(hash(&request)) {
                return Some(self.planned(case, request, uses, index));
            }
        }
        let making = Making { seed: self.seed, base_path: &self.base_path };
        let drawn = self.lanes[index].draw_valid(making, &mut self.seen)?;
        Some(self.finished(drawn, index))
    }

    fn bind(&mut self, case: &mut Case, index: usize) -> Vec<Use> {
        let known = Known { graph: &self.graph, generators: &self.generators };
        self.lanes[index].binder.bind(case, known, &mut self.pool)
    }

    /// Lets operations that may ruin the target have their turn; before that they wait.
    pub fn release(&mut self) {
        self.is_late = true;
    }

    /// A valid case of each operation that got no request.
    pub fn last_turns(&mut self) -> Vec<Planned> {
        let left: Vec<_> = (0..self.lanes.len()).filter(|index| self.lanes[*index].report.requests == 0).collect();
        let turn = |index: &usize| {
            self.lanes[*index].begin(&self.generators, self.share);
            self.valid(*index).or_else(|| self.next(*index))
        };
        left.iter().filter_map(turn).collect()
    }

    /// Recorded scenarios as cases of their operations; those of operations that are not in the run are left out.
    pub fn recorded(&mut self, scenarios: Vec<Scenario>) -> Vec<Planned> {
        let mut cases = Vec::new();
        for mut scenario in scenarios {
            let Some(operation) = scenario.steps.last().map(|step| step.operation.clone()) else { continue };
            let Some(lane) = self.lanes.iter().position(|lane| lane.report.operation == operation) else { continue };
            for step in &mut scenario.steps {
                step.identity = self.identity.clone();
                self.seen.insert(hash(&step.request));
            }
            cases.push(Planned { scenario, uses: Vec::new(), lane });
        }
        cases
    }

    /// What matters of the answer to a case; to be folded in order.
    pub fn look(&self, planned: &Planned, exchange: &Exchange) -> Lesson {
        let role = self.lanes[planned.lane].binder.role();
        let case = planned.scenario.steps.last().and_then(|step| step.case.as_ref());
        // What a request led to that should have been refused is no ground to build on.
        let is_telling = case.is_some_and(|case| case.intent.is_valid());
        let found = match (&exchange.outcome, role) {
            (Outcome::Response(response), Some(role)) if is_telling => resource::harvest(&self.graph, role, response),
            _ => Vec::new(),
        };
        let complaints = match &exchange.outcome {
            Outcome::Response(response) if is_telling => learn::complaints(response),
            _ => Vec::new(),
        };
        Lesson { glimpse: Glimpse::of(exchange), found, complaints }
    }

    /// Takes in what a case led to.
    pub fn fold(&mut self, planned: &Planned, lesson: Lesson, is_novel: bool) {
        let Lesson { glimpse, found, complaints } = lesson;
        let last = planned.scenario.steps.last();
        let case = last.and_then(|step| step.case.as_ref());
        let lane = &mut self.lanes[planned.lane];
        lane.fold(case.map(AsRef::as_ref), glimpse, is_novel, &self.generators);
        if let (Some(case), Ok(status)) = (case, glimpse.outcome) {
            self.learned.fold(case, status, &complaints);
        }
        let action = lane.binder.role().map(|role| role.action);
        if lane.may_wait && last.is_some_and(|step| oracle::to_wait_long(step, &step.request)) {
            lane.short_waits = if glimpse.is_fault(FaultKind::TimedOut) { 0 } else { lane.short_waits + 1 };
            lane.may_wait = lane.short_waits < SHORT_WAITS;
        }
        let is_valid = case.is_some_and(|case| case.intent == Intent::Valid);
        if is_valid && !lane.report.reached && glimpse.outcome.is_ok_and(is_load) && lane.repeats < REPEATS {
            lane.repeats += 1;
            self.again.push_back(planned.clone());
        }
        let in_path = planned.uses.iter().filter(|used| used.parameter.is_some());
        match (glimpse.outcome, action) {
            (Ok(200..=299), Some(Action::Delete)) => {
                if let Some(ended) = in_path.min_by_key(|used| std::cmp::Reverse(used.parameter)) {
                    self.pool.remove(&ended.entry);
                }
            }
            (Ok(200..=299), _) => in_path.for_each(|used| self.pool.hit(&used.entry)),
            (Ok(404 | 410), _) if is_valid => in_path.for_each(|used| self.pool.miss(&used.entry)),
            _ => {}
        }
        if let Some((case, step)) = case.zip(last).filter(|_| !found.is_empty()) {
            lane.refills = 0;
            let is_ours = match action {
                Some(Action::Create) => true,
                Some(Action::Replace) => glimpse.outcome == Ok(201),
                _ => false,
            };
            let (operation, uses) = (step.operation.clone(), planned.uses.clone());
            self.pool.learn(found, &Arc::new(Maker { operation, case: Arc::clone(case), uses }), is_ours);
        }
    }

    /// The scenario of a case that replays anywhere: what it uses is made first, as it was made in the run.
    pub fn replayable(&self, planned: &Planned) -> Scenario {
        self.prepared(planned, &|_| None)
    }

    /// Other forms of such a case: for things that do not exist; with things that are made as usual, since the names
    /// that they were made with may be taken; and for the very things that it used.
    pub fn alone(&self, planned: &Planned) -> Vec<Scenario> {
        let absent = planned.scenario.steps.last().and_then(|step| {
            let mut case = step.case.as_deref()?.clone();
            planned.uses.iter().for_each(|used| used.forget(&mut case));
            let request = Arc::new(encode(&case, &self.base_path));
            Some(Scenario::single(Step { request, case: Some(Arc::new(case)), ..step.clone() }))
        });
        let count = Cell::new(0);
        let usual = |operation: &OperationId| {
            count.set(count.get() + 1);
            let lane = self.lanes.iter().find(|lane| lane.operation.id == *operation)?;
            let mut case = self.generators.usual(&lane.operation, count.get(), self.seed)?;
            self.learned.obey(&mut case, &self.generators);
            Some(case)
        };
        let renewed = self.prepared(planned, &usual);
        absent.into_iter().chain([renewed, planned.scenario.clone()]).collect()
    }

    fn prepared(&self, planned: &Planned, usual: &dyn Fn(&OperationId) -> Option<Case>) -> Scenario {
        match planned.scenario.steps.as_slice() {
            [Step { operation, case: Some(case), .. }] if !planned.uses.is_empty() => {
                let setting = Setting { identity: &self.identity, base_path: &self.base_path, usual };
                resource::scenario(operation, case, &planned.uses, setting)
            }
            _ => planned.scenario.clone(),
        }
    }

    /// Takes up what an earlier run learned.
    pub fn remember(&mut self, rules: Vec<LearnedRule>) {
        self.learned.remember(rules);
    }

    /// What refusals taught, in this run and in earlier ones.
    pub fn learned(&self) -> Vec<LearnedRule> {
        self.learned.rules()
    }

    /// How far each operation is.
    pub fn reports(&self) -> impl Iterator<Item = &LaneReport> {
        self.lanes.iter().map(|lane| &lane.report)
    }

    /// How many operations answered 2xx.
    pub fn reached(&self) -> usize {
        self.reports().filter(|report| report.reached).count()
    }

    /// The rules of each operation that got a request, and which of them were exercised.
    pub fn accounts(&self) -> impl Iterator<Item = (&OperationId, Account)> {
        self.lanes.iter().filter_map(|lane| Some((&lane.operation.id, lane.settled()?)))
    }

    /// Valid requests to what makes the things that are needed and short. What fails is asked less and less often.
    fn refill(&mut self, size: usize, epoch: &mut Vec<Planned>) {
        let number = self.epochs;
        self.epochs += 1;
        let short = |(kind, _): &&(Kind, Vec<usize>)| self.pool.ours(kind) < READY;
        let makers: Vec<usize> =
            self.needed.iter().filter(short).flat_map(|(_, lanes)| lanes.iter().take(MAKERS)).copied().collect();
        for index in makers {
            let lane = &mut self.lanes[index];
            let is_due = number.is_multiple_of(1 + lane.refills / 4) && !lane.is_ruinous;
            if epoch.len() >= size || !is_due {
                continue;
            }
            lane.refills += 1;
            lane.begin(&self.generators, self.share);
            epoch.extend(self.valid(index));
        }
    }

    fn next_lane(&self) -> Option<usize> {
        let is_due = |lane: &Lane| !lane.is_exhausted() && (self.is_late || !lane.is_ruinous);
        let alive = self.lanes.iter().enumerate().filter(|(_, lane)| is_due(lane));
        let next = alive.min_by_key(|(index, lane)| (lane.pass, *index)).map(|(index, _)| index);
        // Nothing else is left to do: what waits for the end has its turn.
        next.or_else(|| self.lanes.iter().position(|lane| !lane.is_exhausted()))
    }

    fn planned(&self, case: Case, request: Request, uses: Vec<Use>, lane: usize) -> Planned {
        let step = Step {
            operation: self.lanes[lane].operation.id.clone(),
            identity: self.identity.clone(),
            request: Arc::new(request),
            fresh: Vec::new(),
            captures: Vec::new(),
            case: Some(Arc::new(case)),
        };
        Planned { scenario: Scenario::single(step), uses, lane }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generate::{UserValues, standard};
    use crate::scenario::ANONYMOUS;
    use crate::scenario::encode::samples::operation;
    use crate::wire::Response;

    fn planner() -> Planner {
        let path = json!([{"name": "delay", "in": "path", "required": true, "schema": {"type": "integer"}}]);
        let operations = vec![
            operation("GET", "/delay/{delay}", json!({"parameters": path, "responses": {"200": {}}})),
            operation("GET", "/items/{delay}", json!({"parameters": path, "responses": {"200": {}}})),
        ];
        let identity = IdentityName::new(ANONYMOUS);
        Planner::new(operations, standard(&Arc::new(UserValues::default())), |_| 1, Seed::new(1), identity, "")
    }

    fn is_long(planned: &Planned) -> bool {
        planned.scenario.steps.last().is_some_and(|step| oracle::to_wait_long(step, &step.request))
    }

    /// How many long waits an epoch has after all of those before were answered like this.
    fn waits(outcome: &Outcome, epochs: usize) -> usize {
        let mut planner = planner();
        let mut epoch = planner.plan(32);
        for _ in 1..epochs {
            for planned in &epoch {
                let request = Arc::clone(&planned.scenario.steps[0].request);
                let outcome = outcome.clone();
                let exchange =
                    Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: std::time::Duration::ZERO };
                let lesson = planner.look(planned, &exchange);
                planner.fold(planned, lesson, false);
            }
            epoch = planner.plan(32);
        }
        epoch.iter().filter(|planned| is_long(planned)).count()
    }

    #[test]
    fn requests_that_ask_to_wait_go_out_one_at_a_time() {
        let timed_out = crate::transport::canned::fault(FaultKind::TimedOut);
        for epochs in 2..8 {
            assert_eq!(waits(&timed_out, epochs), WAITS, "epoch {epochs}");
        }
    }

    #[test]
    fn what_got_no_request_has_a_last_turn() {
        let mut planner = planner();
        let last = planner.last_turns();
        let operations: Vec<_> = last.iter().map(|planned| planned.scenario.steps[0].operation.to_string()).collect();
        assert_eq!(operations, ["GET /delay/{delay}", "GET /items/{delay}"]);
        assert!(last.iter().all(|planned| planned.scenario.steps[0].case.as_ref().unwrap().intent == Intent::Valid));
    }

    #[test]
    fn waits_that_are_none_are_nothing_special() {
        let answered = Outcome::Response(Response::new(200, crate::wire::Headers::new(), ""));
        assert!(waits(&answered, 8) > WAITS);
    }

    /// What a server that demands more than its document says answers: the sentence, and whether it names the field.
    fn strict(request: &Request) -> Response {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let told = if body.get("region").is_none() {
            "region is required"
        } else if body["plan"] != "gold" {
            "plan must be one of 'gold'"
        } else if body["seats"].as_i64().is_none_or(|seats| seats < 500) {
            "seats must be at least 500"
        } else {
            return Response::new(201, crate::wire::Headers::new(), "");
        };
        Response::new(422, crate::wire::Headers::new(), format!("{{\"message\": \"{told}\"}}"))
    }

    /// How many of so many cases were sent before the strict server accepted one, if it did; with a memory or without.
    fn reached(requests: usize, is_learning: bool) -> Option<usize> {
        let member = |name: &str| json!({"type": name});
        let schema = json!({"type": "object", "required": ["plan", "seats"], "properties": {
            "plan": member("string"), "seats": {"type": "integer", "maximum": 900}, "region": member("string")}});
        let operations = vec![operation("POST", "/tenants", json!({"body": {"application/json": {"schema": schema}}}))];
        let identity = IdentityName::new(ANONYMOUS);
        let mut planner =
            Planner::new(operations, standard(&Arc::new(UserValues::default())), |_| 1, Seed::new(1), identity, "");
        let mut sent = 0;
        while sent < requests {
            for planned in planner.plan(16) {
                sent += 1;
                let request = Arc::clone(&planned.scenario.steps[0].request);
                let outcome = Outcome::Response(strict(&request));
                let exchange =
                    Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: std::time::Duration::ZERO };
                let lesson = planner.look(&planned, &exchange);
                planner.fold(&planned, lesson, false);
                if planner.reached() > 0 {
                    return Some(sent);
                }
                if !is_learning {
                    planner.learned = Learned::default();
                }
            }
        }
        None
    }

    #[test]
    fn a_strict_server_is_reached_by_what_its_refusals_teach_and_not_without() {
        let with = reached(400, true);
        assert!(with.is_some(), "what was refused taught nothing");
        assert_eq!(with, reached(400, true), "the same cases each time");
        assert_eq!(reached(4_000, false), None);
    }
}
