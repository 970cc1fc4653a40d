//! Which case is sent next. Main type: [`Planner`].
//!
//! Work is cut into epochs. An epoch is planned from what was folded when it is planned, and nothing else, so the
//! same seed gives the same cases whatever the concurrency. Operations share an epoch by stride scheduling: each
//! has a weight that grows where answers are new, and none starves. What operations need to exist is made first, and
//! again when it is used up.

use std::cmp::Reverse;
use std::sync::Arc;

use super::acts::Ground;
use super::ahead::Ahead;
use super::arm::{Making, hash};
use super::bind::Known;
use super::held::Held;
use super::index::Index;
use super::lane::Lane;
use super::made::told;
use super::recorded::Waiting;
use super::seen::Seen;
use super::trials::{Trial, Trials};
use super::{Glimpse, novelty, told};
use crate::api::Operation;
use crate::generate::Generators;
use crate::learn::{self, Complaint, Learned};
use crate::oracle;
use crate::resource::{Found, Graph, Kind, Pool, Use};
use crate::scenario::{Case, GeneratorId, IdentityName, Intent, Scenario, Step, encode};
use crate::seed::Seed;
use crate::wire::{Exchange, Request, is_load};

/// How many things of a kind that others need are kept ready.
const READY: usize = 4;
/// How many operations that make a kind are asked in one epoch.
const MAKERS: usize = 2;

/// A case that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What to send.
    pub scenario: Scenario,
    /// Makes the new unique values of its steps.
    pub fresh: Seed,
    /// The things that it uses.
    pub(super) uses: Vec<Use>,
    pub(super) lane: usize,
    /// For a recorded scenario: whether its last request is valid.
    pub(super) recorded: Option<bool>,
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
    /// What it said, if a valid request was refused.
    said: Option<String>,
    /// What it found wrong with a valid request.
    complaints: Vec<Complaint>,
    /// The same of the steps before the last one.
    before: Vec<(Glimpse, Vec<Found>)>,
}

impl Lesson {
    /// What the steps before the last one were answered.
    pub fn before(&self) -> impl Iterator<Item = Glimpse> {
        self.before.iter().map(|(glimpse, _)| *glimpse)
    }
}

/// Plans epochs of cases.
pub struct Planner {
    pub(super) making: Making,
    ahead: Ahead,
    pub(super) identity: IdentityName,
    pub(super) generators: Generators,
    share: fn(GeneratorId) -> u64,
    pub(super) lanes: Vec<Lane>,
    pub(super) seen: Seen,
    pub(super) graph: Arc<Graph>,
    pub(super) pool: Pool,
    /// What earlier runs found worth keeping, until it is sent.
    pub(super) waiting: Waiting,
    pub(super) held: Held,
    /// Requests that were folded.
    folded: u64,
    pub(super) learned: Learned,
    /// The kinds that paths name, each with the lanes that make it.
    needed: Vec<(Kind, Vec<usize>)>,
    trials: Trials,
    epochs: u32,
    /// Whether what may ruin the target has its turn.
    pub(super) is_late: bool,
    /// Whether nothing but what is remembered is sent.
    pub(super) only_remembered: bool,
}

impl Planner {
    /// Plans for these operations, whose graph this is, with these generators; `share` says how often each of them has its
    /// turn.
    pub fn new(
        operations: Vec<Arc<Operation>>,
        graph: Arc<Graph>,
        generators: Generators,
        share: fn(GeneratorId) -> u64,
        seed: Seed,
        identity: IdentityName,
        base_path: &str,
    ) -> Self {
        let lane = |operation: Arc<Operation>| {
            let role = graph.role(&operation.id);
            Lane::new(operation, role)
        };
        let lanes: Vec<Lane> = operations.into_iter().map(lane).collect();
        let index = Index::of(&lanes);
        let makers = |kind: &Kind| (Arc::clone(kind), index.all(graph.creators(kind)).collect::<Vec<_>>());
        let needed = graph.needed().into_iter().map(makers).filter(|(_, lanes)| !lanes.is_empty()).collect();
        let trials = Trials::new(&index, &graph);
        Self {
            trials,
            making: Making { seed, base_path: base_path.into() },
            ahead: Ahead::new(),
            identity,
            generators,
            share,
            pool: told::documented(&lanes, &graph),
            lanes,
            seen: Seen::new(),
            graph,
            waiting: Waiting::default(),
            held: Held::default(),
            folded: 0,
            learned: Learned::default(),
            needed,
            epochs: 0,
            is_late: false,
            only_remembered: false,
        }
    }

    /// Tries races as well: requests that go out at once.
    pub fn add_races(&mut self) {
        self.trials.add_races(&Index::of(&self.lanes), &self.graph);
    }

    /// With all generators alike.
    #[cfg(test)]
    pub(super) fn plain(operations: Vec<Arc<Operation>>, identity: &str, base_path: &str) -> Self {
        let graph = Arc::new(Graph::new(&operations));
        let generators = crate::generate::standard(&Arc::default());
        Self::new(operations, graph, generators, |_| 1, Seed::new(1), IdentityName::new(identity), base_path)
    }

    /// How many cases an epoch should have: some for each operation, within bounds that keep feedback fresh and the
    /// pipeline full. Independent of the concurrency, on which no case may depend.
    pub fn epoch_size(&self) -> usize {
        (self.lanes.len() * 2).clamp(64, 256)
    }

    /// The next cases, of `size` requests at most; fewer or none when the generators run out. What is remembered comes
    /// first.
    pub fn plan(&mut self, size: usize) -> Vec<Planned> {
        let mut all = self.take(size, self.is_late);
        let room = size - all.iter().map(Planned::requests).sum::<usize>();
        if !self.only_remembered {
            all.extend(self.draw(room));
            self.lanes.iter_mut().for_each(|lane| lane.order(&self.making, &self.ahead));
        }
        // Nothing else is left to do: what waits for the end has its turn.
        if all.is_empty() && !self.is_late {
            self.is_late = true;
            return self.plan(size);
        }
        all
    }

    fn draw(&mut self, size: usize) -> Vec<Planned> {
        let mut epoch = Vec::with_capacity(size);
        self.refill(size, &mut epoch);
        let ground = Ground {
            lanes: &self.lanes,
            pool: &self.pool,
            generators: &self.generators,
            seed: self.making.seed,
            identity: &self.identity,
            base_path: &self.making.base_path,
        };
        let trials = self.trials.plan(size - epoch.len(), ground);
        let size = size + trials.len() - trials.iter().map(|trial| trial.scenario.steps.len()).sum::<usize>();
        epoch.extend(trials.into_iter().map(|Trial { scenario, lane, fresh }| Planned {
            scenario,
            fresh,
            uses: Vec::new(),
            lane,
            recorded: None,
        }));
        epoch.extend(self.held.take(size.saturating_sub(epoch.len()), self.is_late));
        let mut tries = 0;
        while epoch.len() < size && tries < 4 * size {
            tries += 1;
            let Some(index) = self.next_lane() else { break };
            if self.is_stuck(index) {
                self.lanes[index].pass_over();
                continue;
            }
            self.lanes[index].begin(&self.generators, self.share);
            self.lanes[index].advance();
            let valid = if self.lanes[index].is_to_be_reached() { self.valid(index) } else { None };
            match valid.or_else(|| self.next(index)) {
                Some(planned) => epoch.extend(self.admit(planned)),
                None => self.lanes[index].rest(),
            }
        }
        epoch
    }

    /// The next case of any intent.
    fn next(&mut self, index: usize) -> Option<Planned> {
        let drawn = self.lanes[index].draw(&self.making, &mut self.seen)?;
        Some(self.finished(drawn, index))
    }

    /// The next valid case: the usual one with other names and other things, or a random one if that was sent already.
    fn valid(&mut self, index: usize) -> Option<Planned> {
        if let Some(mut case) = self.lanes[index].usual(&self.generators, &self.making, &mut self.seen) {
            self.learned.shape(&mut case, &self.generators);
            let uses = self.bind(&mut case, index);
            let request = encode(&case, &self.making.base_path);
            if self.seen.insert(hash(&request)) {
                return Some(self.planned(case, request, uses, index));
            }
        }
        let drawn = self.lanes[index].draw_valid(&self.making, &mut self.seen)?;
        Some(self.finished(drawn, index))
    }

    pub(super) fn bind(&mut self, case: &mut Case, index: usize) -> Vec<Use> {
        let known = Known { graph: &self.graph, generators: &self.generators, least: self.least(index) };
        self.lanes[index].binder.bind(case, known, &mut self.pool)
    }

    /// Lets operations that may ruin the target have their turn; before that they wait.
    pub fn release(&mut self) {
        self.is_late = true;
    }

    /// A valid case of each operation that got no request, those with the deepest paths first: what ends all that lies below
    /// something takes its time, and leaves nothing to others.
    pub fn last_turns(&mut self) -> Vec<Planned> {
        let is_left = |index: &usize| !self.only_remembered && self.lanes[*index].report.requests == 0;
        let mut left: Vec<_> = (0..self.lanes.len()).filter(is_left).collect();
        left.sort_by_key(|index| Reverse(self.lanes[*index].depth()));
        let turn = |index: &usize| {
            self.lanes[*index].begin(&self.generators, self.share);
            self.valid(*index).or_else(|| self.next(*index))
        };
        left.iter().filter_map(turn).collect()
    }

    /// What matters of the answers to a case, those of all its steps; to be folded in order.
    pub fn look(&self, planned: &Planned, exchanges: &[Exchange]) -> Option<Lesson> {
        let (last, before) = exchanges.split_last()?;
        let steps = &planned.scenario.steps;
        let case = steps.last().and_then(|step| step.case.as_ref());
        // What a request led to that should have been refused is no ground to build on.
        let is_telling = planned.recorded.unwrap_or_else(|| case.is_some_and(|case| case.intent.is_valid()));
        let is_valid = case.is_some_and(|case| case.intent == Intent::Valid);
        let refused = last.outcome.response().filter(|response| is_valid && !response.is_success());
        let of_step = |(step, exchange): (&Step, &Exchange)| {
            (Glimpse::of(exchange), told(&self.graph, &step.operation, exchange))
        };
        Some(Lesson {
            glimpse: Glimpse::of(last),
            found: if is_telling {
                told(&self.graph, &self.lanes[planned.lane].operation.id, last)
            } else {
                Vec::new()
            },
            said: refused.and_then(novelty::said),
            complaints: last.outcome.response().filter(|_| is_telling).map(learn::complaints).unwrap_or_default(),
            // Only valid requests prepare others.
            before: steps.iter().zip(before).map(of_step).collect(),
        })
    }

    /// Takes in what a case led to.
    pub fn fold(&mut self, planned: &Planned, lesson: Lesson, is_novel: bool) {
        let Lesson { glimpse, found, said, complaints, before } = lesson;
        for (step, (glimpse, _)) in planned.scenario.steps.iter().zip(&before) {
            self.folded += 1;
            let number = self.folded;
            if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.operation.id == step.operation) {
                lane.count(*glimpse, number);
            }
        }
        self.folded += 1;
        let case = planned.known_case();
        let lane = &mut self.lanes[planned.lane];
        lane.count(glimpse, self.folded);
        lane.fold(case.as_deref(), glimpse, is_novel, &self.generators);
        lane.hear(said);
        if lane.may_wait && planned.scenario.steps.last().is_some_and(|step| oracle::to_wait_long(step, &step.request))
        {
            lane.waited(glimpse);
        }
        let is_valid = case.as_ref().is_some_and(|case| case.intent == Intent::Valid);
        if is_valid && glimpse.outcome.is_ok_and(is_load) && lane.repeats() {
            self.held.repeat(planned.clone());
        }
        if let (Some(case), Ok(status)) = (&case, glimpse.outcome) {
            self.learned.fold(case, status, &complaints);
        }
        if planned.recorded.is_some() {
            let lessons = before.into_iter().chain([(glimpse, found)]).collect();
            self.fold_steps(planned, lessons);
        } else if let Some(case) = case {
            self.fold_case(planned, &case, glimpse, found);
        }
    }

    /// Valid requests to what makes the things that are needed and short. What fails is asked less and less often.
    fn refill(&mut self, size: usize, epoch: &mut Vec<Planned>) {
        let number = self.epochs;
        self.epochs += 1;
        // What an earlier run made can be used, and nothing can be tried on its life.
        let is_ours = |kind: &Kind, lane: &usize| self.pool.has_made(kind, &self.lanes[*lane].operation.id);
        let short = |(kind, lanes): &&(Kind, Vec<usize>)| {
            self.pool.ours(kind) < READY || !lanes.iter().take(MAKERS).any(|lane| is_ours(kind, lane))
        };
        let makers: Vec<usize> =
            self.needed.iter().filter(short).flat_map(|(_, lanes)| lanes.iter().take(MAKERS)).copied().collect();
        for index in makers {
            let lane = &mut self.lanes[index];
            let is_due = number.is_multiple_of(1 + lane.refills / 4) && !lane.is_ruinous && !lane.is_set_aside();
            if epoch.len() >= size || !is_due {
                continue;
            }
            lane.refills += 1;
            lane.begin(&self.generators, self.share);
            let planned = self.valid(index);
            epoch.extend(planned.and_then(|planned| self.admit(planned)));
        }
    }

    fn next_lane(&self) -> Option<usize> {
        let is_due = |(_, lane): &(usize, &Lane)| !lane.is_exhausted() && (self.is_late || !lane.is_ruinous);
        let alive = self.lanes.iter().enumerate().filter(is_due);
        alive.min_by_key(|(index, lane)| (lane.pass, *index)).map(|(index, _)| index)
    }

    pub(super) fn planned(&self, case: Case, request: Request, uses: Vec<Use>, lane: usize) -> Planned {
        let step = Step {
            operation: self.lanes[lane].operation.id.clone(),
            identity: self.identity.clone(),
            request: Arc::new(request),
            fresh: Vec::new(),
            captures: Vec::new(),
            case: Some(Arc::new(case)),
            at_once: false,
        };
        Planned { scenario: Scenario::single(step), fresh: self.making.seed, uses, lane, recorded: None }
    }
}
