//! Plans, executes and folds: what to send next, sending it, and what was learned from the answers.
//!
//! Main types: [`Planner`] (epochs of cases), [`Executor`] (one scenario), [`Health`] (is the run worth its time).
//! It knows no report, no disk and no proof: the campaign puts the parts in order.

mod acts;
mod ahead;
mod alarm;
mod arm;
mod bind;
mod book;
mod coverage;
mod ender;
mod ending;
mod execute;
mod foreign;
mod forms;
mod ground;
mod health;
mod heard;
mod held;
mod index;
mod lane;
mod learning;
mod ledger;
mod made;
mod novelty;
mod past;
mod plan;
mod races;
mod recorded;
mod renew;
mod ruin;
mod seen;
mod standing;
mod supervised;
#[cfg(test)]
mod tests;
mod told;
mod trials;
mod written;

pub use alarm::{Alarm, repeated};
pub use bind::References;
pub use book::Tally;
pub use coverage::{Account, RuleCounts};
pub use ending::{clean_up, clean_up_since};
pub use execute::{Error, Execution, Executor, SetupBroken, preparations};
pub use health::Health;
pub use lane::LaneReport;
pub use ledger::Ledger;
pub use novelty::{Glimpse, Latency, Novelty};
pub use past::Fall;
pub use plan::{Lesson, Planned, Planner};
pub use recorded::Remembered;
pub(crate) use renew::names as renewable;
pub use ruin::may_ruin;
pub use supervised::{Manner, Supervised, Watch};
