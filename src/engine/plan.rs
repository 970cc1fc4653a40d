//! Which case is sent next. Main type: [`Planner`].
//!
//! Work is cut into epochs. An epoch is planned from what was folded when it is planned, and nothing else, so the
//! same seed gives the same cases whatever the concurrency. Operations share an epoch by stride scheduling: each
//! has a weight that grows where answers are new, and none starves.

use std::sync::Arc;

use super::lane::{Drawn, Lane, LaneReport, Making, hash};
use super::seen::Seen;
use super::{Account, Glimpse};
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::scenario::{GeneratorId, IdentityName, Scenario, Step};
use crate::seed::Seed;

/// A case that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What to send.
    pub scenario: Scenario,
    lane: usize,
}

/// Plans epochs of cases.
pub struct Planner {
    seed: Seed,
    identity: IdentityName,
    base_path: String,
    generators: Generators,
    lanes: Vec<Lane>,
    seen: Seen,
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
        let lanes = operations.into_iter().map(|operation| Lane::new(operation, &generators, share)).collect();
        Self { seed, identity, base_path: base_path.to_owned(), generators, lanes, seen: Seen::new() }
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
            let making = Making { seed: self.seed, base_path: &self.base_path };
            let lane = &mut self.lanes[index];
            match lane.draw(making, &mut self.seen) {
                Some(drawn) => epoch.push(self.planned(drawn, index)),
                None => lane.rest(),
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
        let case = planned.scenario.steps.last().and_then(|step| step.case.as_deref());
        self.lanes[planned.lane].fold(case, glimpse, is_novel, &self.generators);
    }

    /// How far each operation is.
    pub fn reports(&self) -> impl Iterator<Item = &LaneReport> {
        self.lanes.iter().map(|lane| &lane.report)
    }

    /// How many operations answered 2xx.
    pub fn reached(&self) -> usize {
        self.reports().filter(|report| report.reached).count()
    }

    /// The rules of each operation, and which of them were exercised.
    pub fn accounts(&self) -> impl Iterator<Item = (&OperationId, Account)> {
        self.lanes.iter().map(|lane| (&lane.operation.id, lane.settled(&self.generators)))
    }

    fn next_lane(&self) -> Option<usize> {
        let alive = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.is_exhausted());
        alive.min_by_key(|(index, lane)| (lane.pass, *index)).map(|(index, _)| index)
    }

    fn planned(&self, drawn: Drawn, lane: usize) -> Planned {
        let step = Step {
            operation: self.lanes[lane].operation.id.clone(),
            identity: self.identity.clone(),
            request: Arc::new(drawn.request),
            fresh: Vec::new(),
            captures: Vec::new(),
            case: Some(Arc::new(drawn.case)),
        };
        Planned { scenario: Scenario::single(step), lane }
    }
}
