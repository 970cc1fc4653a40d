//! From a suspicion to a proved finding.
//!
//! Main types: [`Suspicion`], [`Prover`], [`Confirmed`]. It re-sends and counts; it writes nothing and shows nothing.

mod prove;
mod suspicion;

pub use prove::{Proved, Prover};
pub use suspicion::{Suspicion, Trying};

// They live below, since fixtures are made of them and have the same rank as this module.
pub use crate::finding::{Confirmed, Ratio};
