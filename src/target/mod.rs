//! The process under test: start it, wait until it is ready, watch it, and start it anew when it died.
//!
//! Main types: [`Supervisor`] (one target over all its lives), [`Launch`] (how it is started), [`Death`] (how a life
//! ended), [`CrashReport`] (what the process wrote about that). It sends no case and judges nothing: which request is to
//! blame is found out by `engine`, and whether it is a finding is an oracle's matter.

mod exit;
mod group;
mod launch;
mod leak;
mod lives;
mod output;
mod process;
mod ready;
mod report;
mod supervisor;
mod usage;

pub use exit::{Death, Exit};
pub use launch::{Launch, Ready};
pub use leak::{Leak, Leaks, asks_for_leaks};
pub use lives::Lives;
pub use report::CrashReport;
pub use supervisor::{Error, Supervisor};
pub use usage::Usage;
