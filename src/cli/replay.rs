//! `gadfly replay`.

use clap::Args;

use super::args::TargetFlags;
use super::{Context, Error, Exit, Ui};

/// Arguments of `gadfly replay`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// Text of the file, the test name, the operation or the id of fixtures [default: all accepted ones]
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    #[command(flatten)]
    target: TargetFlags,
}

pub(super) fn run(flags: &Flags, _context: &Context, _ui: &mut Ui<'_>) -> Result<Exit, Error> {
    Err(Error::Usage(format!("this build can't replay fixtures yet: {:?} {:?}", flags.patterns, flags.target.url)))
}
