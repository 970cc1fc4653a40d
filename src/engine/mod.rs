//! Plans, executes and folds: what to send next, sending it, and what was learned from the answers.
//!
//! Main types: [`Planner`] (epochs of cases), [`Executor`] (one scenario), [`Health`] (is the run worth its time).
//! It knows no report, no disk and no proof: the campaign puts the parts in order.

mod acts;
mod ahead;
mod arm;
mod bind;
mod coverage;
mod ending;
mod execute;
mod forms;
mod ground;
mod health;
mod held;
mod lane;
mod learning;
mod ledger;
mod novelty;
mod plan;
mod recorded;
mod renew;
mod seen;
mod standing;
mod supervised;
#[cfg(test)]
mod tests;
mod trials;

pub use coverage::{Account, RuleCounts};
pub use ending::clean_up;
pub use execute::{Error, Execution, Executor, SetupBroken};
pub use health::Health;
pub use lane::LaneReport;
pub use ledger::{Ledger, Tally};
pub use novelty::{Glimpse, Novelty};
pub use plan::{Lesson, Planned, Planner};
pub use recorded::Remembered;
pub(crate) use renew::names as renewable;
pub use supervised::{Fall, Manner, Supervised, Watch};
