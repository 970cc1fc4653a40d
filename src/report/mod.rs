//! What a run tells, and to whom.
//!
//! Main types: [`Event`], trait [`Reporter`], [`Summary`]. A reporter formats; it decides nothing.

mod event;

pub use event::{Event, FindingRecord, Progress, Reporter, Summary, Unreached};
