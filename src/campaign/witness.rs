//! Requests that were answered, by which it is told whether the target answers at all. Main type: [`Witnesses`].

use crate::api::OperationId;
use crate::engine::Glimpse;
use crate::oracle;
use crate::scenario::Scenario;

/// How many operations are remembered: one that is not the suspect itself is enough.
const MOST: usize = 2;

/// The first successful reads of different operations.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    reads: Vec<Scenario>,
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

    /// One of another operation, if there is one.
    pub(super) fn other_than(&self, operation: &OperationId) -> Option<&Scenario> {
        self.reads.iter().find(|read| read.steps[0].operation != *operation)
    }
}
