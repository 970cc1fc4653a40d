//! What a run tells, and to whom.
//!
//! Main types: [`Event`], trait [`Reporter`], [`Summary`], [`Console`], [`Diagram`]. A reporter formats; it decides
//! nothing.

mod console;
mod diagram;
mod event;
mod finding;
mod live;
mod paint;
mod summary;
mod table;
mod text;

pub use console::{Console, Look, Pace, Screen};
pub use diagram::Diagram;
pub use event::{Effort, Event, FindingRecord, Progress, Reached, Reporter, RuleCoverage, Summary, Unreached};
pub use paint::Paint;
pub use summary::made;
pub use table::Table;
pub use text::{line, visible};
