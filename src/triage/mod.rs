//! From a suspicion to a proved finding.
//!
//! Main types: [`Prover`], [`Confirmed`]. It re-sends and counts; it writes nothing and shows nothing.

mod prove;

pub use prove::{Proved, Prover, Suspicion};

// They live below, since fixtures are made of them and have the same rank as this module.
pub use crate::finding::{Confirmed, Ratio};
