//! Why a run could not be made. Main type: [`Error`].

use std::io;

use crate::{engine, fixture, transport};

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody listens.
    #[error("failed to reach {base_url}: {reason}. Start the service, or pass its address with --url")]
    Unreachable {
        /// The base URL in use.
        base_url: String,
        /// The system's words.
        reason: String,
    },
    /// No operation is left to fuzz.
    #[error("no operation to fuzz: {0}")]
    NoOperation(String),
    /// A request could not be sent, or an identity is unknown.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The first request could not be sent.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// The transport could not be set up.
    #[error(transparent)]
    SetUp(#[from] transport::SetUpError),
    /// The fixtures can't be read.
    #[error(transparent)]
    Fixture(Box<fixture::Error>),
    /// A report could not be written.
    #[error("failed to write the report: {0}")]
    Io(#[from] io::Error),
}

impl From<fixture::Error> for Error {
    fn from(error: fixture::Error) -> Self {
        Self::Fixture(Box::new(error))
    }
}
