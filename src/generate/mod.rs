//! Ways to make a case.
//!
//! Main type: trait [`Generator`]. One file per way: the document's examples, enumerated boundaries, random valid
//! values, malformed ones. A generator is a pure function of operation, index and seed; it sends and judges nothing.

mod tape;
mod value;

use std::sync::Arc;

pub use value::valid_value;

use crate::api::Operation;
use crate::scenario::{Case, GeneratorId};
use crate::seed::Seed;

/// Makes cases for an operation.
pub trait Generator: Send + Sync {
    /// Its stable name.
    fn id(&self) -> GeneratorId;

    /// How many different cases it has for the operation; `None` if it never runs out.
    fn count(&self, operation: &Arc<Operation>) -> Option<u64>;

    /// The case of this index, or `None` if it has none such (an index past its end, or a draw that did not
    /// become what was meant). `seed` is the run's seed; the same arguments give the same case.
    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case>;
}
/// TEMP
pub fn standard() -> Vec<Arc<dyn Generator>> {
    vec![]
}
