//! Steps as they stand in files: what fixtures and corpus entries share.
//!
//! Main type: [`StepRecord`]. It keeps the bytes of a request exactly and shows them as readably as that allows. It
//! touches no disk and knows no versions of formats.

mod folder;
mod pretty;
mod secret;
mod step;
mod text;

#[cfg(test)]
pub(crate) use step::tests as testing;

pub(crate) use folder::folder_name;
pub use pretty::pretty;
pub(crate) use secret::find_secret;
pub(crate) use step::is_shallow;
pub use step::{BodyRecord, StepRecord};
pub use text::ByteText;
