//! Scenarios worth keeping because they reached something new: the fuzzer's memory from run to run.
//!
//! Main type: [`Corpus`]. It keeps what it is given; what is new is decided elsewhere. Nothing is sent here but by
//! [`Corpus::replay`], and nothing is removed but by [`Corpus::remove`].

mod collection;
mod distil;
mod entry;
mod fit;
mod survey;
#[cfg(test)]
mod testing;

pub use collection::{Corpus, Settings};
pub use distil::{Merged, Shown, Surplus};
pub use entry::Reason;
pub use survey::{Against, Aside, Kept, Survey};
