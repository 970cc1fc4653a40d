//! The integration tests, one binary: what the built command does, and what the sources promise.

#![expect(clippy::unwrap_used, reason = "a test fails by unwrapping, in its helpers as well")]

#[cfg(feature = "demo")]
mod bring;
mod clean;
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
mod hung;
#[cfg(feature = "demo")]
mod kill;
mod lasting;
mod layers;
#[cfg(feature = "demo")]
mod learned;
mod life;
mod memory;
mod named;
mod noise;
#[cfg(feature = "demo")]
mod order;
mod races;
mod report;
#[cfg(feature = "demo")]
mod runs;
#[cfg(feature = "demo")]
mod shelf;
#[cfg(feature = "demo")]
mod small;
mod sources;
#[cfg(feature = "demo")]
mod spared;
mod state;
mod supervised;
mod support;
mod tidy;
