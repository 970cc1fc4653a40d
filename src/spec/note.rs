//! What the reader has to say about a document. Main type: [`Note`].

use std::fmt;

use serde::Serialize;

use crate::api::OperationId;

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What an older version of the specification says was read in the form of the newest; nothing is lost.
    Lifted,
    /// Something was read in a tolerant way.
    Assumed,
    /// A part can't be used; the rest goes on.
    Skipped,
}

/// A place in the user's file; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The file as the user named it.
    pub file: String,
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something that was lifted, assumed or skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// What, in plain words.
    pub message: String,
    /// JSON pointer in the user's own document.
    pub pointer: String,
    /// Where that is, if known.
    pub position: Option<Position>,
    /// The operation that it concerns, such as `GET /orders/{id}`.
    #[serde(serialize_with = "as_text")]
    pub operation: Option<OperationId>,
}

#[expect(clippy::ref_option, reason = "serde passes the field as it is")]
fn as_text<S: serde::Serializer>(operation: &Option<OperationId>, serializer: S) -> Result<S::Ok, S::Error> {
    operation.as_ref().map(OperationId::as_str).serialize(serializer)
}
