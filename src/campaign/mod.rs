//! The library's front door: one fuzzing run from a specification to a summary.
//!
//! Main types: [`Options`], [`Error`], function [`run`]. It owns the order of things; each thing is done elsewhere.

mod book;
mod budget;
mod keep;
mod options;
mod pipeline;
mod proof;
mod run;
mod summary;

pub use options::{Filter, Options, Target, TransportKind};
pub(crate) use run::executor;
pub use run::{Error, run};
