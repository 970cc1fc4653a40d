//! Makes a proved finding as small as it can be while it stays the same bug.
//!
//! Main type: [`Minimizer`]. It works on requests, not on how they were generated, so any captured failure can be
//! made smaller. It proves nothing: the result is handed to `triage` again.

mod draft;
mod json;
mod rule;
mod shrink;

pub use draft::Draft;
pub use shrink::Minimizer;
