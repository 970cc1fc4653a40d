//! Why a command could not be carried out. Main type: [`Error`]. Each has its exit code.

use std::io;

use super::Exit;
use crate::{campaign, config, fixture, replay, spec, target};

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
    #[error("{}", located(.0))]
    Spec(#[from] spec::Error),
    /// The specification could not be fetched.
    #[error("failed to read the specification {url}: {reason}")]
    Fetch {
        /// Its URL.
        url: String,
        /// Why.
        reason: String,
    },
    /// The run could not be made.
    #[error(transparent)]
    Campaign(#[from] campaign::Error),
    /// The target that is to be run under gadfly does not get up.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// Fixtures can't be read or moved.
    #[error(transparent)]
    Fixture(#[from] fixture::Error),
    /// A fixture can't be replayed.
    #[error("failed to replay {file}: {source}")]
    Replay {
        /// The fixture's file.
        file: String,
        /// Why.
        #[source]
        source: Box<replay::Error>,
    },
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
            // A file that is not there was named wrong; one that can't be understood is wrong itself.
            Self::Spec(error) if error.is_io => Exit::USAGE,
            Self::Spec(_) | Self::Fetch { .. } => Exit::SPECIFICATION,
            Self::Campaign(campaign::Error::Unreachable { .. }) | Self::Target(_) => Exit::UNREACHABLE,
            Self::Usage(_)
            | Self::Config(_)
            | Self::Campaign(_)
            | Self::Fixture(_)
            | Self::Replay { .. }
            | Self::Io { .. } => Exit::USAGE,
        }
    }
}

/// The place first, as editors and people expect it.
fn located(error: &spec::Error) -> String {
    match &error.position {
        Some(at) => format!("{at}: {}", error.message),
        None => error.to_string(),
    }
}
