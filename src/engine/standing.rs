//! How far a run is. Part of [`Planner`].

use super::lane::{Lane, LaneReport};
use super::{Account, Planner};
use crate::api::OperationId;

impl Planner {
    /// The target died of this operation after others; what leads there is found again and again.
    pub fn blame(&mut self, operation: &OperationId) {
        self.lanes.iter_mut().filter(|lane| lane.operation.id == *operation).for_each(Lane::blame);
    }

    /// Whether the target died of this operation so often that it gets no more requests.
    pub fn is_set_aside(&self, operation: &OperationId) -> bool {
        self.lanes.iter().any(|lane| lane.operation.id == *operation && lane.is_set_aside())
    }

    /// How far each operation is.
    pub fn reports(&self) -> impl Iterator<Item = &LaneReport> {
        self.lanes.iter().map(|lane| &lane.report)
    }

    /// The kinds of things that an operation needs, that other operations could make, and that are not known to exist.
    pub fn missing(&self, operation: &OperationId) -> Vec<&str> {
        let needs = self.graph.role(operation).map(|role| role.needs.as_slice()).unwrap_or_default();
        let is_missing = |kind: &&str| self.pool.is_empty(kind) && !self.graph.creators(kind).is_empty();
        needs.iter().map(|need| &*need.kind).filter(is_missing).collect()
    }

    /// Whether the operation answered 2xx.
    pub fn is_reached(&self, operation: &OperationId) -> bool {
        self.reports().any(|report| report.operation == *operation && report.reached)
    }

    /// How many operations answered 2xx.
    pub fn reached(&self) -> usize {
        self.reports().filter(|report| report.reached).count()
    }

    /// The rules of each operation that got a request, and which of them were exercised.
    pub fn accounts(&self) -> impl Iterator<Item = (&OperationId, Account)> {
        self.lanes.iter().filter_map(|lane| Some((&lane.operation.id, lane.settled()?)))
    }
}
