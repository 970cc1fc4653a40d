//! What is to be told of a file that is kept from run to run. Main type: [`Problem`].

use std::io;

/// A file that is passed over, or could not be read or written: it stops nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The store failed.
    #[error("failed to read or write {file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// The system's words.
        source: io::Error,
    },
    /// The file is not what stands under such a name in this version.
    #[error("{file} is passed over, since {lack}: {reason}; delete it if nobody needs it")]
    Unreadable {
        /// The file.
        file: String,
        /// What it is not, such as `it is no entry of a corpus`.
        lack: &'static str,
        /// Why.
        reason: String,
    },
    /// There are more entries than are kept.
    #[error("{count} entries of {folder} are passed over, since a corpus holds at most {most}; delete some")]
    TooMany {
        /// The folder.
        folder: String,
        /// How many.
        count: usize,
        /// The bound.
        most: usize,
    },
}
