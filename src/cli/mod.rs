//! The command line: arguments, one file per subcommand, exit codes.
//!
//! Main functions: [`main`], [`report_panics`]. Main types: [`Context`] (all that is read of the process), [`Streams`],
//! [`Exit`]. It decides what to run and where to write; what a run does is `campaign`'s business, and what it looks
//! like is `report`'s.

mod accept;
mod args;
mod compare;
mod compared;
mod context;
mod corpus;
#[cfg(feature = "demo")]
mod demo;
mod dispatch;
mod error;
mod exit;
mod fetch;
mod fuzz;
pub mod harness;
mod import;
mod kept;
mod list;
mod project;
mod replay;
mod review;
mod run;
mod sample;
mod sender;
mod shelf;
mod shift;
mod show;
mod site;
mod spec;
mod stand_in;
mod supervise;
mod target;
mod trials;
mod ui;
mod values;

use error::Error;
use ui::Ui;

pub use context::{Context, Streams};
pub use dispatch::{main, report_panics};
pub use exit::Exit;
