//! Where the lanes are. Main type: [`Index`].

use std::collections::BTreeMap;

use super::lane::Lane;
use crate::api::OperationId;

/// The lanes by their paths and operations: a large document has a thousand of them.
pub(super) struct Index<'a> {
    pub(super) lanes: &'a [Lane],
    /// By the path without a slash at its end.
    placed: BTreeMap<&'a str, Vec<usize>>,
    named: BTreeMap<&'a OperationId, usize>,
}

impl<'a> Index<'a> {
    pub(super) fn of(lanes: &'a [Lane]) -> Self {
        let mut placed: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, lane) in lanes.iter().enumerate() {
            placed.entry(lane.operation.path.trim_end_matches('/')).or_default().push(index);
        }
        let named = lanes.iter().enumerate().map(|(index, lane)| (&lane.operation.id, index)).collect();
        Self { lanes, placed, named }
    }

    /// The lanes of these operations, as far as there are any.
    pub(super) fn all<'b>(&'b self, operations: &'b [OperationId]) -> impl Iterator<Item = usize> + 'b {
        operations.iter().filter_map(|id| self.named.get(id).copied())
    }

    /// The first lane at this path that is so.
    pub(super) fn at(&self, path: &str, is_it: impl Fn(&Lane) -> bool) -> Option<usize> {
        let lanes = self.placed.get(path.trim_end_matches('/'))?;
        lanes.iter().copied().find(|index| is_it(&self.lanes[*index]))
    }

    /// Those at paths that begin so, in order.
    pub(super) fn below<'b>(&'b self, start: &'b str, is_it: impl Fn(&Lane) -> bool) -> Vec<usize> {
        let paths = self.placed.range(start..).take_while(|(path, _)| path.starts_with(start));
        let mut lanes: Vec<usize> = paths.flat_map(|(_, lanes)| lanes).copied().collect();
        lanes.retain(|index| is_it(&self.lanes[*index]));
        lanes.sort_unstable();
        lanes
    }
}
