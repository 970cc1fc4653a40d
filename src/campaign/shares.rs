//! How often each generator's turn comes. Main function: [`share`]; and the planner of a run that has none of its own.

use std::sync::Arc;

use crate::api::Operation;
use crate::engine::Planner;
use crate::generate::Generators;
use crate::resource::Graph;
use crate::scenario::{GeneratorId, IdentityName};
use crate::seed::Seed;

/// How often a generator's turn comes, among those that still have cases: what finds most with least comes most.
pub(super) fn share(generator: GeneratorId) -> u64 {
    match generator.0 {
        "examples" => 8,
        "malformed" | "wire" => 4,
        "boundary" | "dictionary" => 3,
        "hostile" | "valid" => 2,
        _ => 1,
    }
}

/// A planner whose generators have their usual shares.
pub(crate) fn planner(
    operations: Vec<Arc<Operation>>,
    graph: Arc<Graph>,
    generators: Generators,
    seed: Seed,
    identity: IdentityName,
    base_path: &str,
) -> Planner {
    Planner::new(operations, graph, generators, share, seed, identity, base_path)
}
