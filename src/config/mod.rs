//! What a user settled beforehand: `gadfly.toml`, the environment and the flags, layered.
//!
//! Main types: [`File`] (what stands in `gadfly.toml`), [`Layer`] (the options of one source), [`Settings`] (the
//! options that hold in the end, each with its source). It reads no environment itself, opens nothing but the
//! file it is told to open, and knows no campaign: `cli` makes options of the settings.

mod duration;
mod error;
mod file;
mod identity;
mod layer;
mod link;
mod settings;
mod size;
mod table;
mod template;
mod values;

use std::collections::BTreeMap;

pub use duration::Span;
pub use error::Error;
pub use file::{ApiTable, FILE_NAME, File};
pub use identity::IdentityTable;
pub use layer::{FailOn, HeaderField, Layer, Transport};
pub use link::LinkTable;
pub use settings::{Settings, Source, without_password};
pub use size::Size;
pub use values::{FixedValue, Written};

/// Environment variables by name, as they were when the process started.
pub type Environment = BTreeMap<String, String>;
