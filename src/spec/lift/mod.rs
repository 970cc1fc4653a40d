//! Swagger 2.0 to the shape of 3.x, at JSON level. Main function: [`lift`].
//!
//! Bodies and forms become request bodies, `consumes` and `produces` media types, `collectionFormat` a style, and the
//! root's maps components. Schemas stay as they are: `dialect` converts them.

mod body;
mod document;
mod parameter;

pub(super) use document::{lift, mend};
