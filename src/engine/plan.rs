//! Which case is sent next. Main type: [`Planner`].
//!
//! Work is cut into epochs. An epoch is planned from what was folded when it is planned, and nothing else, so the
//! same seed gives the same cases whatever the concurrency. Operations share an epoch by stride scheduling: each
//! has a weight that grows where answers are new, and none starves. What operations need to exist is made first, and
//! again when it is used up.

use std::sync::Arc;

use super::acts::Ground;
use super::bind::Known;
use super::lane::{Drawn, Lane, LaneReport, Making, hash};
use super::seen::Seen;
use super::trials::{Trial, Trials};
use super::{Account, Glimpse};
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::resource::{self, Action, Found, Graph, Kind, Maker, Pool, Use};
use crate::scenario::{Case, GeneratorId, IdentityName, Intent, Scenario, Step, encode};
use crate::seed::Seed;
use crate::wire::{Exchange, Outcome, Request};

/// How many things of a kind that others need are kept ready.
const READY: usize = 4;
/// How many operations that make a kind are asked in one epoch.
const MAKERS: usize = 2;

/// A case that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What to send.
    pub scenario: Scenario,
    /// The things that it uses.
    uses: Vec<Use>,
    lane: usize,
}

impl Planned {
    /// Whether it tries a law: it is judged as a whole, and nothing else is learned from it.
    pub fn is_trial(&self) -> bool {
        self.scenario.law.is_some()
    }

    /// How many requests it is.
    pub fn requests(&self) -> usize {
        self.scenario.steps.len()
    }
}

/// What an answer showed, as far as later cases are concerned.
#[derive(Debug)]
pub struct Lesson {
    /// Status or fault, and what kind of answer it was.
    pub glimpse: Glimpse,
    /// The things it told of.
    found: Vec<Found>,
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
    /// The kinds that paths name, each with the lanes that make it.
    needed: Vec<(Kind, Vec<usize>)>,
    trials: Trials,
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
        let trials = Trials::new(&lanes, &graph);
        Self {
            trials,
            seed,
            identity,
            base_path: base_path.to_owned(),
            generators,
            share,
            lanes,
            seen: Seen::new(),
            graph,
            pool: Pool::default(),
            needed,
            epochs: 0,
            is_late: false,
        }
    }

    /// How many cases an epoch should have: some for each operation, within bounds that keep feedback fresh and the
    /// pipeline full. Independent of the concurrency, on which no case may depend.
    pub fn epoch_size(&self) -> usize {
        (self.lanes.len() * 2).clamp(64, 256)
    }

    /// The next cases, of `size` requests together; fewer or none when the generators run out.
    pub fn plan(&mut self, size: usize) -> Vec<Planned> {
        let mut epoch = Vec::with_capacity(size);
        self.refill(size, &mut epoch);
        let ground = Ground {
            lanes: &self.lanes,
            pool: &self.pool,
            generators: &self.generators,
            seed: self.seed,
            identity: &self.identity,
            base_path: &self.base_path,
        };
        let trials = self.trials.plan(size - epoch.len(), ground);
        let size = size + trials.len() - trials.iter().map(|trial| trial.scenario.steps.len()).sum::<usize>();
        epoch.extend(trials.into_iter().map(|Trial { scenario, lane }| Planned { scenario, uses: Vec::new(), lane }));
        while epoch.len() < size {
            let Some(index) = self.next_lane() else { break };
            self.lanes[index].begin(&self.generators, self.share);
            self.lanes[index].advance();
            let valid = if self.lanes[index].is_to_be_reached() { self.valid(index) } else { None };
            match valid.or_else(|| self.next(index)) {
                Some(planned) => epoch.push(planned),
                None => self.lanes[index].rest(),
            }
        }
        epoch
    }

    /// The next case of any intent.
    fn next(&mut self, index: usize) -> Option<Planned> {
        let making = Making { seed: self.seed, base_path: &self.base_path };
        let Drawn { mut case, request } = self.lanes[index].draw(making, &mut self.seen)?;
        let uses = self.bind(&mut case, index);
        let request = if uses.is_empty() { request } else { encode(&case, &self.base_path) };
        Some(self.planned(case, request, uses, index))
    }

    /// The next valid case: the usual one with other names and other things, or a random one if that was sent already.
    fn valid(&mut self, index: usize) -> Option<Planned> {
        if let Some(mut case) = self.lanes[index].usual(&self.generators, self.seed) {
            let uses = self.bind(&mut case, index);
            let request = encode(&case, &self.base_path);
            if self.seen.insert(hash(&request)) {
                return Some(self.planned(case, request, uses, index));
            }
        }
        let making = Making { seed: self.seed, base_path: &self.base_path };
        let Drawn { mut case, request } = self.lanes[index].draw_valid(making, &mut self.seen)?;
        let uses = self.bind(&mut case, index);
        let request = if uses.is_empty() { request } else { encode(&case, &self.base_path) };
        Some(self.planned(case, request, uses, index))
    }

    fn bind(&mut self, case: &mut Case, index: usize) -> Vec<Use> {
        let known = Known { graph: &self.graph, generators: &self.generators };
        self.lanes[index].binder.bind(case, known, &mut self.pool)
    }

    /// Lets operations that may ruin the target have their turn; before that they wait.
    pub fn release(&mut self) {
        self.is_late = true;
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
        Lesson { glimpse: Glimpse::of(exchange), found }
    }

    /// Takes in what a case led to.
    pub fn fold(&mut self, planned: &Planned, lesson: Lesson, is_novel: bool) {
        let Lesson { glimpse, found } = lesson;
        let last = planned.scenario.steps.last();
        let case = last.and_then(|step| step.case.as_ref());
        let lane = &mut self.lanes[planned.lane];
        lane.fold(case.map(AsRef::as_ref), glimpse, is_novel, &self.generators);
        let action = lane.binder.role().map(|role| role.action);
        let is_valid = case.is_some_and(|case| case.intent == Intent::Valid);
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
            // A name may be taken only once, so what made this thing makes the next one under another name.
            let is_bound =
                |pointer: &str| uses.iter().any(|used| used.parameter.is_none() && *used.pointer == *pointer);
            let case = if is_ours { self.generators.renewed(case, &is_bound) } else { Arc::clone(case) };
            self.pool.learn(found, &Arc::new(Maker { operation, case, uses }), is_ours);
        }
    }

    /// The scenario of a case that replays anywhere: what it uses is made first.
    pub fn replayable(&self, planned: &Planned) -> Scenario {
        match planned.scenario.steps.as_slice() {
            [Step { operation, case: Some(case), .. }] if !planned.uses.is_empty() => {
                resource::scenario(operation, case, &planned.uses, &self.identity, &self.base_path)
            }
            _ => planned.scenario.clone(),
        }
    }

    /// The request of such a case without the steps that make what it uses: for things that do not exist, and for those
    /// that it used.
    pub fn alone(&self, planned: &Planned) -> Vec<Scenario> {
        let absent = planned.scenario.steps.last().and_then(|step| {
            let mut case = step.case.as_deref()?.clone();
            planned.uses.iter().for_each(|used| used.forget(&mut case));
            let request = Arc::new(encode(&case, &self.base_path));
            Some(Scenario::single(Step { request, case: Some(Arc::new(case)), ..step.clone() }))
        });
        absent.into_iter().chain([planned.scenario.clone()]).collect()
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
