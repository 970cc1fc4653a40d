//! Bytes of a specification to an [`Api`](crate::api::Api), with diagnostics.
//!
//! Main types: [`Loaded`], functions [`load_file`] and [`load_bytes`]. Versions 2.0, 3.0, 3.1 and 3.2 go through one
//! canonical form. Nothing is fetched from the network here: the caller brings the bytes.
//!
//! The way of a document: `text` makes a value of it, `version` looks what it is, `files` brings in what it refers
//! to, `lift` turns 2.0 into 3.x, `dialect` and `tidy` turn schemas into JSON Schema 2020-12, `read` makes the
//! [`Api`](crate::api::Api) of it through `openapiv3`'s types. `draft` keeps where everything came from.

mod anchors;
mod circles;
mod dialect;
mod digest;
mod digits;
mod draft;
mod envelope;
mod examples;
mod excerpt;
mod files;
mod kind;
mod lift;
mod load;
mod locate;
mod model;
mod note;
mod overview;
mod read;
mod satisfiable;
mod security;
mod servers;
mod settle;
mod text;
mod tidy;
mod tree;
mod version;

pub use files::Fetch;
pub use load::{Error, Loaded, load_bytes, load_file, load_with};
pub use note::{Level, Note, Position};
pub use overview::{OperationOverview, Overview, ParameterOverview};
pub(crate) use text::read_value;

#[cfg(test)]
mod tests;
