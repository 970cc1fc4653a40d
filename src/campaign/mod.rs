//! The library's front door: one fuzzing run from a specification to a summary.
//!
//! Main types: [`Options`], function [`run`] (in `run.rs`). It owns the order of things; each thing is done elsewhere.

mod options;

pub use options::{Filter, Options, Target, TransportKind};
