//! Scenarios worth keeping because they reached something new: the fuzzer's memory from run to run.
//!
//! Main type: [`Corpus`]. It keeps what it is given; what is new is decided elsewhere, and nothing is sent here.

mod collection;
mod entry;

pub use collection::{Corpus, Settings};
pub use entry::Problem;
