//! How often each generator's turn comes. Main function: [`share`].

use crate::scenario::GeneratorId;

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
