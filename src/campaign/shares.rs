//! How often each generator's turn comes. Main function: [`generators`].

use std::sync::Arc;

use crate::generate::{self, Generator, UserValues};
use crate::scenario::GeneratorId;

/// All generators, each with its share.
pub(super) fn generators(values: &Arc<UserValues>) -> Vec<(u64, Arc<dyn Generator>)> {
    generate::standard(values).into_iter().map(|generator| (share(generator.id()), generator)).collect()
}

/// How often a generator's turn comes, among those that still have cases: what finds most with least comes most.
fn share(generator: GeneratorId) -> u64 {
    match generator.0 {
        "examples" => 8,
        "malformed" | "wire" => 4,
        "boundary" | "dictionary" => 3,
        "hostile" | "valid" => 2,
        _ => 1,
    }
}
