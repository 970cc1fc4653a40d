//! Plans, executes and folds: what to send next, sending it, and what was learned from the answers.
//!
//! Main types: [`Executor`] (one scenario). It knows no report and no disk.

mod execute;

pub use execute::{Error, Execution, Executor, SetupBroken};
