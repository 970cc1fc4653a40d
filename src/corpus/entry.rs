//! One entry as a file. Main type: [`Entry`].

use std::io;

use serde::{Deserialize, Serialize};

use crate::scenario::file::{StepRecord, pretty};

/// The version of the format.
const FORMAT: u32 = 1;

/// A scenario with the reason for which it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    format: u32,
    /// What it reached, in words.
    pub(super) novelty: String,
    /// What is sent.
    pub(super) steps: Vec<StepRecord>,
}

/// A file of the corpus that is passed over, or could not be written.
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
    /// The file is no entry of this version.
    #[error("{file} is passed over, since it is no entry of a corpus: {reason}; delete it if nobody needs it")]
    Unreadable {
        /// The file.
        file: String,
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

impl Entry {
    pub(super) fn new(novelty: &str, steps: Vec<StepRecord>) -> Self {
        Self { format: FORMAT, novelty: novelty.to_owned(), steps }
    }

    /// By what two entries are the same: a hash of what is sent, not of why it is kept.
    pub(super) fn hash(&self) -> String {
        let canonical = serde_json::to_vec(&self.steps).expect("steps are always written to memory");
        blake3::hash(&canonical).to_hex()[..16].to_owned()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).expect("all keys of an entry are strings");
        pretty(&value).into_bytes()
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        /// What all versions have in common.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if head.format != FORMAT {
            return Err(format!("it is of format {}, and this gadfly reads format {FORMAT}", head.format));
        }
        let entry: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if entry.steps.is_empty() { Err("it has no step".to_owned()) } else { Ok(entry) }
    }
}
