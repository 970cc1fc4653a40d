//! JSON Schema 2020-12 as a value: where a schema stands in its document, what it resolves to, what conforms.
//!
//! Main type: [`Schema`], a handle into a shared [`Document`]. Specifications of older versions are converted
//! before they come here (`spec`); this module knows the 2020-12 form only. It does not generate values.

mod bundle;
mod constraints;
mod document;
mod format;
mod literal;
mod pattern;
mod validate;

pub use constraints::{
    ArrayRules, Clause, Constraints, Contradiction, Limit, NodeId, NumberRules, ObjectRules, Property, StringRules,
    Types,
};
pub(crate) use constraints::{Variation, fits, settle};
pub use document::{Document, Schema};
pub(crate) use document::{escape_token, pointer_of, push_token, tokens};
pub use format::Format;
pub(crate) use format::is_uuid;
pub use literal::{Digits, Literal};
pub use pattern::Pattern;
pub use validate::{Validation, View, Violation};
