//! Bytes of a specification to an [`Api`], with diagnostics.
//!
//! Main types: [`Loaded`], functions [`load_file`] and [`load_bytes`]. Versions 2.0, 3.0 and 3.1 go through one
//! canonical form. Nothing is fetched from the network here: the caller brings the bytes.

mod note;

use std::path::Path;
use std::sync::Arc;

pub use note::{Level, Note, Position};

use crate::api::Api;

/// A specification as understood.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub api: Arc<Api>,
    /// What was assumed, lifted or skipped.
    pub notes: Vec<Note>,
}

/// A document that can't be used at all.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {file}: {message}")]
pub struct Error {
    /// The file or URL as given.
    pub file: String,
    /// Where in the file, if known.
    pub position: Option<Position>,
    /// What is wrong, and how to mend it.
    pub message: String,
    /// Whether the file itself could not be read (it is missing, say).
    pub is_io: bool,
}

/// Reads a specification and the files it refers to.
pub fn load_file(path: &Path) -> Result<Loaded, Error> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Error {
        file: file.clone(),
        position: None,
        message: error.to_string(),
        is_io: true,
    })?;
    load_bytes(&file, &bytes)
}

/// Reads a specification that stands alone; `name` is used in messages.
pub fn load_bytes(name: &str, _bytes: &[u8]) -> Result<Loaded, Error> {
    Err(Error { file: name.to_owned(), position: None, message: "not built yet".to_owned(), is_io: false })
}
