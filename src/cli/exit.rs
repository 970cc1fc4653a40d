//! Exit codes. Main type: [`Exit`]. Scripts rely on them: a change is a breaking change.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// Nothing to complain of.
    pub const CLEAN: Self = Self(0);
    /// Findings of the severity that `--fail-on` names or worse, a target that died of nobody knows what, or a fixture that
    /// failed its replay.
    pub const FINDINGS: Self = Self(1);
    /// The arguments or the configuration can't be used.
    pub const USAGE: Self = Self(2);
    /// The specification can't be used.
    pub const SPECIFICATION: Self = Self(3);
    /// The target does not take connections.
    pub const UNREACHABLE: Self = Self(4);
    /// A bug of ours.
    pub const BUG: Self = Self(70);

    /// The number.
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// The exit codes as the help shows them.
pub(super) const HELP: &str = "\
Exit codes:
  0   nothing to complain of
  1   findings of the severity that --fail-on names or worse, a target under --run that died of nobody knows what,
      or a fixture that failed its replay
  2   the arguments or the configuration can't be used
  3   the specification can't be used
  4   the target does not take connections
  70  a bug of gadfly's; please report it

Output: reports go to standard output; progress, notices and errors go to standard error. With --json, standard
output holds exactly one JSON object, and the report for people goes to standard error.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_code() {
        let all = [Exit::CLEAN, Exit::FINDINGS, Exit::USAGE, Exit::SPECIFICATION, Exit::UNREACHABLE, Exit::BUG];
        for exit in all {
            assert!(HELP.contains(&format!("\n  {:<4}", exit.code())), "{exit:?}");
        }
    }
}
