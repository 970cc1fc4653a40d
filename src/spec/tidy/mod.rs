//! Keywords with values that no dialect allows, mended in place so that the rest of the schema still counts.
//!
//! Main functions: [`shape`], [`keywords`]. One keyword of a wrong type would keep a validator from compiling, and so
//! would cost the whole answer or body. Each mending that changes what is accepted is told.

mod keyword;
mod pattern;
mod types;
mod values;

pub(super) use keyword::{keywords, shape};
