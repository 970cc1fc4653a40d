//! Makes a proved finding as small as it can be while it stays the same bug.
//!
//! Main type: [`Minimizer`]. It works on requests, not on how they were generated, so any captured failure can be
//! made smaller. It proves nothing: the result is handed to `triage` again.

mod bisect;
mod draft;
mod json;
mod names;
mod number;
mod rule;
mod search;
mod shrink;
mod simpler;
mod steps;
#[cfg(test)]
mod tests;
mod units;

pub use draft::Draft;
pub use names::{renewed, under_new_names};
pub use shrink::Minimizer;
