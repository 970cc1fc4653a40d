//! From a suspicion to a proved finding.
//!
//! Main type: [`Confirmed`]. It re-sends and counts; it writes nothing and shows nothing.

// They live below, since fixtures are made of them and have the same rank as this module.
pub use crate::finding::{Confirmed, Ratio};
