//! What can be wrong with a user's settings. Main type: [`Error`].

use std::io;
use std::path::PathBuf;

use crate::spec::Position;

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is there but can't be read.
    #[error("failed to read {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error("{at}: {message}")]
    File {
        /// Where.
        at: Position,
        /// What, and how to mend it.
        message: String,
    },
    /// A `GADFLY_*` variable holds what its option does not take.
    #[error("the environment variable {variable}: {message}")]
    Variable {
        /// The variable's name.
        variable: String,
        /// What is wrong with its value.
        message: String,
    },
    /// The file asks for a variable that is not set.
    #[error(
        "{at}: {owner} needs the environment variable {variable}, which is not set; export it, or write ${{{variable}:-default}}"
    )]
    Unset {
        /// Where the file asks for it.
        at: Position,
        /// Whose setting it is, such as "`bearer` of identity \"alice\"".
        owner: String,
        /// The variable's name.
        variable: String,
    },
    /// A value that was fixed with a flag can't be used.
    #[error("--set {assignment:?}: {message}")]
    Value {
        /// The flag's value.
        assignment: String,
        /// What is wrong.
        message: String,
    },
    /// No API is named so.
    #[error("{message}")]
    Api {
        /// What was asked for and what there is.
        message: String,
    },
}
