//! Why a command could not be carried out. Main type: [`Error`]. Each has its exit code.

use std::io;

use super::Exit;
use crate::{config, spec};

/// What stops a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Error {
    /// The arguments do not fit together, or not to what is there.
    #[error("{0}")]
    Usage(String),
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The specification can't be used.
    #[error(transparent)]
    Spec(#[from] spec::Error),
    /// The specification could not be fetched.
    #[error("failed to read the specification {url}: {reason}")]
    Fetch {
        /// Its URL.
        url: String,
        /// Why.
        reason: String,
    },
    /// The target does not take connections.
    #[error("{0}")]
    Unreachable(String),
    /// A file, a socket or a stream of our own failed.
    #[error("failed to {what}: {source}")]
    Io {
        /// What was tried, after "failed to".
        what: String,
        /// The system's words.
        #[source]
        source: io::Error,
    },
}

impl Error {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io { what: what.into(), source }
    }

    /// The exit code that tells scripts what to do.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Config(_) | Self::Io { .. } => Exit::USAGE,
            Self::Spec(_) | Self::Fetch { .. } => Exit::SPECIFICATION,
            Self::Unreachable(_) => Exit::UNREACHABLE,
        }
    }
}
