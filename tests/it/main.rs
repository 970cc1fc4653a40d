//! The integration tests, one binary: what the built command does, and what the sources promise.

#![expect(clippy::unwrap_used, reason = "a test fails by unwrapping, in its helpers as well")]

#[cfg(feature = "demo")]
mod bring;
mod cli;
#[cfg(feature = "demo")]
mod corpus;
#[cfg(feature = "demo")]
mod demo;
#[cfg(feature = "demo")]
mod determinism;
#[cfg(feature = "demo")]
mod fixtures;
#[expect(unreachable_pub, reason = "it is a library of its own for libFuzzer")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;
mod fuzzed;
mod layers;
#[cfg(feature = "demo")]
mod learned;
mod life;
mod memory;
mod report;
#[cfg(feature = "demo")]
mod runs;
mod sources;
#[cfg(feature = "demo")]
mod state;
mod support;
mod tidy;
