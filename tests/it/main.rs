//! The integration tests, one binary: what the built command does, and what the sources promise.

mod cli;
#[cfg(feature = "demo")]
mod demo;
#[cfg(feature = "demo")]
mod determinism;
#[cfg(feature = "demo")]
mod fixtures;
mod layers;
mod report;
mod sources;
mod support;
mod tidy;
