//! What a replay concludes. Main type: [`Verdict`].

use std::fmt;

/// The outcome of replaying one fixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What the fixture requires holds.
    Pass,
    /// It does not: the bug is there. The reason in plain words.
    Fail {
        /// Why.
        reason: String,
    },
    /// The bug is there, but accepted until a date, with a reason.
    Known {
        /// Why it is accepted.
        reason: String,
    },
    /// What the fixture requires holds although it was marked as known: time to remove the mark.
    UnexpectedPass,
    /// A step that prepares the fixture no longer works: neither pass nor fail.
    Stale {
        /// Which step, and how.
        reason: String,
    },
    /// The target did not take a connection.
    Unreachable {
        /// The system's words.
        reason: String,
    },
}

impl Verdict {
    /// The word for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail { .. } => "fail",
            Self::Known { .. } => "known",
            Self::UnexpectedPass => "unexpected pass",
            Self::Stale { .. } => "stale",
            Self::Unreachable { .. } => "unreachable",
        }
    }

    /// Whether a run with this verdict must not end green.
    pub fn is_red(&self) -> bool {
        matches!(self, Self::Fail { .. } | Self::Stale { .. } | Self::Unreachable { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Pass | Self::UnexpectedPass => Ok(()),
            Self::Fail { reason } | Self::Known { reason } | Self::Stale { reason } | Self::Unreachable { reason } => {
                write!(f, ": {reason}")
            }
        }
    }
}
