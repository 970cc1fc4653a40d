//! From a fixture to a verdict, and from the fixtures of a folder to named tests.
//!
//! Main type: [`Replayer`]. Main functions: [`run()`] (sends and judges one fixture), [`explain()`] (what a person needs to
//! know of it), [`harness::run`] (all of them under `cargo test`). It needs no specification; one that is given tells of
//! operations that were removed. It reads no environment and writes nothing to the disk.

mod conclude;
mod explain;
mod gone;
pub mod harness;
mod replayer;
mod run;
#[cfg(test)]
mod testing;

pub use explain::{View, describe, explain};
pub use replayer::{Replayer, Target, takes_away};
pub use run::{Conditions, Error, Replayed, run};
