//! Requests that were answered, by which it is told whether the target answers at all, and whether an operation still does
//! what it did. Main type: [`Witnesses`].

use std::collections::BTreeMap;

use crate::api::OperationId;
use crate::engine::Glimpse;
use crate::oracle;
use crate::scenario::Scenario;

/// How many operations are remembered: one that is not the suspect itself is enough.
const MOST: usize = 2;
/// How many successes of an operation are remembered: the first may have been luck.
const SUCCESSES: usize = 4;

/// The first successful reads of different operations, and the first successes of each.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    reads: Vec<Scenario>,
    successes: BTreeMap<OperationId, Vec<Scenario>>,
}

impl Witnesses {
    /// Remembers the request if it may be sent again at any time and was answered with a 2xx.
    pub(super) fn observe(&mut self, scenario: &Scenario, glimpse: Glimpse) {
        let [step] = scenario.steps.as_slice() else { return };
        let is_wanted = self.reads.len() < MOST && glimpse.is_success() && &*step.request.method == "GET";
        let is_known = || self.reads.iter().any(|read| read.steps[0].operation == step.operation);
        if is_wanted && !is_known() && !oracle::to_wait_long(step, &step.request) {
            self.reads.push(scenario.clone());
        }
    }

    /// Whether few requests to the operation were answered with a 2xx yet.
    pub(super) fn wants_success_of(&self, operation: &OperationId) -> bool {
        self.successes.get(operation).is_none_or(|known| known.len() < SUCCESSES)
    }

    /// Remembers what was answered with a 2xx, in the form that can be sent again.
    pub(super) fn succeeded(&mut self, scenario: Scenario) {
        if let Some(operation) = scenario.steps.last().map(|step| step.operation.clone()) {
            self.successes.entry(operation).or_default().push(scenario);
        }
    }

    /// The first success of the operation.
    pub(super) fn success_of(&self, operation: &OperationId) -> Option<&Scenario> {
        self.successes.get(operation)?.first()
    }

    /// The first successes of each operation.
    pub(super) fn successes(&self) -> Vec<Vec<Scenario>> {
        self.successes.values().cloned().collect()
    }

    /// One of another operation, if there is one.
    pub(super) fn other_than(&self, operation: &OperationId) -> Option<&Scenario> {
        self.reads.iter().find(|read| read.steps[0].operation != *operation)
    }
}
