//! `gadfly accept`.

use clap::Args;

use super::{Context, Error, Exit, Ui};

/// Arguments of `gadfly accept`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// Text of the file, the test name, the operation or the id of pending fixtures
    #[arg(value_name = "PATTERN", required_unless_present = "all")]
    patterns: Vec<String>,
    /// Accept all pending fixtures
    #[arg(long, conflicts_with = "patterns")]
    all: bool,
}

pub(super) fn run(flags: &Flags, _context: &Context, _ui: &mut Ui<'_>) -> Result<Exit, Error> {
    Err(Error::Usage(format!("this build can't accept fixtures yet: {:?} {}", flags.patterns, flags.all)))
}
