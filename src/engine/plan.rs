//! Which case is sent next. Main type: [`Planner`].
//!
//! Work is cut into epochs. An epoch is planned from what was folded when it is planned, and nothing else, so the
//! same seed gives the same cases whatever the concurrency. Operations share an epoch by stride scheduling: each
//! has a weight that grows where answers are new, and none starves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Glimpse;
use super::seen::Seen;
use crate::api::{Operation, OperationId};
use crate::generate::Generator;
use crate::scenario::{IdentityName, Scenario, Step, encode};
use crate::seed::Seed;
use crate::wire::{FaultKind, Request};

/// A unit of progress: a lane of weight 1 moves on by this much with each case.
const STRIDE: u64 = 840;
/// The largest weight of a lane, as a multiple of the smallest.
const MAX_WEIGHT: u64 = 6;
/// For how many turns an operation rests after its first timeout, twice as many after the second, and so on: a case that
/// times out costs as much time as thousands of others.
const REST: u64 = 20;
/// How many indices of one generator may give nothing new before the next generator gets its turn.
const MAX_BARREN: u32 = 12;

/// A case that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What to send.
    pub scenario: Scenario,
    lane: usize,
}

/// What became of one operation so far.
#[derive(Clone, Debug)]
pub struct LaneReport {
    /// The operation.
    pub operation: OperationId,
    /// Requests that were folded.
    pub requests: u64,
    /// Outcomes by status or fault.
    pub outcomes: BTreeMap<String, u64>,
    /// Whether it answered 2xx at least once.
    pub reached: bool,
}

/// Plans epochs of cases.
pub struct Planner {
    seed: Seed,
    identity: IdentityName,
    base_path: String,
    lanes: Vec<Lane>,
    seen: Seen,
}

/// One operation and its generators.
struct Lane {
    operation: Arc<Operation>,
    arms: Vec<Arm>,
    pass: u64,
    interest: u64,
    timeouts: u64,
    report: LaneReport,
}

/// One generator's position in one operation.
struct Arm {
    generator: Arc<dyn Generator>,
    weight: u64,
    pass: u64,
    next: u64,
    count: Option<u64>,
    barren: u32,
}

impl Planner {
    /// Plans for these operations with these generators, each with its share.
    pub fn new(
        operations: Vec<Arc<Operation>>,
        generators: &[(u64, Arc<dyn Generator>)],
        seed: Seed,
        identity: IdentityName,
        base_path: &str,
    ) -> Self {
        let lanes = operations.into_iter().map(|operation| Lane::new(operation, generators)).collect();
        Self { seed, identity, base_path: base_path.to_owned(), lanes, seen: Seen::new() }
    }

    /// How many cases an epoch should have: some for each operation, within bounds that keep feedback fresh and the
    /// pipeline full. Independent of the concurrency, on which no case may depend.
    pub fn epoch_size(&self) -> usize {
        (self.lanes.len() * 4).clamp(64, 256)
    }

    /// The next `size` cases; fewer or none when the generators run out.
    pub fn plan(&mut self, size: usize) -> Vec<Planned> {
        let mut epoch = Vec::with_capacity(size);
        while epoch.len() < size {
            let Some(index) = self.next_lane() else { break };
            match self.draw(index) {
                Some(planned) => epoch.push(planned),
                // Nothing new is to be had here: the lane rests, and comes to an end after a while.
                None => self.lanes[index].pass += STRIDE * 8,
            }
        }
        epoch
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
            cases.push(Planned { scenario, lane });
        }
        cases
    }

    /// Takes in what a case led to.
    pub fn fold(&mut self, planned: &Planned, glimpse: Glimpse, is_novel: bool) {
        let lane = &mut self.lanes[planned.lane];
        lane.report.requests += 1;
        *lane.report.outcomes.entry(glimpse.to_string()).or_default() += 1;
        lane.report.reached |= glimpse.is_success();
        if glimpse.is_fault(FaultKind::TimedOut) {
            lane.timeouts += 1;
            lane.pass += STRIDE * REST * lane.timeouts;
        }
        // A moving average over about eight cases, scaled by 64.
        lane.interest = lane.interest * 7 / 8 + if is_novel { 64 } else { 0 };
    }

    /// How far each operation is.
    pub fn reports(&self) -> impl Iterator<Item = &LaneReport> {
        self.lanes.iter().map(|lane| &lane.report)
    }

    /// How many operations answered 2xx.
    pub fn reached(&self) -> usize {
        self.reports().filter(|report| report.reached).count()
    }

    fn next_lane(&self) -> Option<usize> {
        let alive = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.is_exhausted());
        alive.min_by_key(|(index, lane)| (lane.pass, *index)).map(|(index, _)| index)
    }

    fn draw(&mut self, index: usize) -> Option<Planned> {
        let lane = &mut self.lanes[index];
        lane.pass += STRIDE / lane.weight();
        for _ in 0..lane.arms.len() {
            let arm = lane.arms.iter_mut().filter(|arm| !arm.is_exhausted()).min_by_key(|arm| arm.pass)?;
            arm.pass += STRIDE / arm.weight;
            if let Some(step) = arm.draw(&lane.operation, self.seed, &self.identity, &self.base_path, &mut self.seen) {
                return Some(Planned { scenario: Scenario::single(step), lane: index });
            }
        }
        None
    }
}

impl Lane {
    fn new(operation: Arc<Operation>, generators: &[(u64, Arc<dyn Generator>)]) -> Self {
        let arms = generators
            .iter()
            .map(|(weight, generator)| Arm {
                count: generator.count(&operation),
                generator: Arc::clone(generator),
                weight: (*weight).clamp(1, STRIDE),
                pass: 0,
                next: 0,
                barren: 0,
            })
            .collect();
        let report =
            LaneReport { operation: operation.id.clone(), requests: 0, outcomes: BTreeMap::new(), reached: false };
        Self { operation, arms, pass: 0, interest: 0, timeouts: 0, report }
    }

    /// At least 1; more where answers are new.
    fn weight(&self) -> u64 {
        (1 + self.interest / 64).min(MAX_WEIGHT)
    }

    fn is_exhausted(&self) -> bool {
        self.arms.iter().all(Arm::is_exhausted)
    }
}

impl Arm {
    /// Exhausted when its enumeration is over, or when it has long given nothing but what was sent already.
    fn is_exhausted(&self) -> bool {
        self.count.is_some_and(|count| self.next >= count) || self.barren >= 16 * MAX_BARREN
    }

    fn draw(
        &mut self,
        operation: &Arc<Operation>,
        seed: Seed,
        identity: &IdentityName,
        base_path: &str,
        sent: &mut Seen,
    ) -> Option<Step> {
        for _ in 0..MAX_BARREN {
            if self.is_exhausted() {
                return None;
            }
            let index = self.next;
            self.next += 1;
            let case = self.generator.case(operation, index, seed);
            let drawn = case.map(|case| (encode(&case, base_path), case));
            match drawn {
                Some((request, case)) if sent.insert(hash(&request)) => {
                    self.barren = 0;
                    return Some(Step {
                        operation: operation.id.clone(),
                        identity: identity.clone(),
                        request: Arc::new(request),
                        fresh: Vec::new(),
                        captures: Vec::new(),
                        case: Some(Arc::new(case)),
                    });
                }
                _ => self.barren += 1,
            }
        }
        None
    }
}

/// By which a request counts as sent already.
fn hash(request: &Request) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    request.method.hash(&mut hasher);
    request.target.hash(&mut hasher);
    for header in &request.headers {
        header.name.hash(&mut hasher);
        header.value.hash(&mut hasher);
    }
    request.body.hash(&mut hasher);
    hasher.finish()
}
