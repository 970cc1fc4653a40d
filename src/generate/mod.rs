//! Ways to make a case.
//!
//! Main type: trait [`Generator`]; [`standard`] is the set that a campaign uses. One file per way: the document's
//! examples, enumerated boundaries, random valid values, malformed ones, hostile payloads, bytes that no client
//! sends. A generator is a pure function of operation, index and seed; it sends and judges nothing.

mod boundary;
mod dictionary;
mod examples;
mod hostile;
mod list;
mod malformed;
mod payloads;
mod plan;
pub mod strategy;
mod tape;
mod user;
mod valid;
mod value;
mod wire;

use std::sync::Arc;

pub use user::{Mistake, UserValues, words};
pub use value::valid_value;

use crate::api::Operation;
use crate::scenario::{Case, GeneratorId};
use crate::seed::Seed;

use plan::{Plan, Plans};

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

/// All generators, the most telling first. They share what they know of the operations and what the user has to say.
pub fn standard(values: &Arc<UserValues>) -> Vec<Arc<dyn Generator>> {
    let plans = Arc::new(Plans::new(Arc::clone(values)));
    vec![
        Arc::new(examples::Examples::new(Arc::clone(&plans))),
        Arc::new(dictionary::Dictionary::new(Arc::clone(&plans))),
        Arc::new(malformed::Malformed::new(Arc::clone(&plans))),
        Arc::new(hostile::Hostile::new(Arc::clone(&plans))),
        Arc::new(wire::Wire::new(Arc::clone(&plans))),
        Arc::new(boundary::Boundary::new(Arc::clone(&plans))),
        Arc::new(valid::Valid::new(plans)),
    ]
}

/// Why no valid case of the operation can be made, one sentence for each part; empty if all is well. Its other
/// cases are still made, around a likely value that is never called valid.
pub fn unbuildable(operation: &Arc<Operation>, values: &UserValues) -> Vec<String> {
    Plan::with_values(operation, values).problems
}

#[cfg(test)]
mod tests;
