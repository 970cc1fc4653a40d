//! What refusals teach: a valid request that is answered 4xx shows what the document does not say.
//!
//! Main types: [`Complaint`] (what one answer says), [`Learned`] (what was said twice and not contradicted). Answers of
//! the common frameworks are read into rules, and valid cases are changed to keep them, as long as they still conform to
//! the document. Nothing here decides what is valid or malformed: a learned rule shapes cases and judges none.

mod complaint;
mod file;
mod lesson;
mod memory;
mod refusal;
mod resolve;
mod rule;
mod shape;
mod tally;

#[cfg(test)]
mod tests;

pub use complaint::{Complaint, Place};
pub use file::Kept;
pub use lesson::{LearnedRule, Spot};
pub use memory::Learned;
pub use refusal::{complaints, is_refusal};
pub use rule::{Bound, Kind, Rule};
pub use shape::Ground;
