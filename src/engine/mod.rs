//! Plans, executes and folds: what to send next, sending it, and what was learned from the answers.
//!
//! Main types: [`Planner`] (epochs of cases), [`Executor`] (one scenario), [`Health`] (is the run worth its time).
//! It knows no report, no disk and no proof: the campaign puts the parts in order.

mod bind;
mod coverage;
mod execute;
mod ground;
mod health;
mod lane;
mod novelty;
mod plan;
mod seen;

pub use coverage::{Account, RuleCounts};
pub use execute::{Error, Execution, Executor, SetupBroken};
pub use health::Health;
pub use lane::LaneReport;
pub use novelty::{Glimpse, Novelty};
pub use plan::{Lesson, Planned, Planner};
