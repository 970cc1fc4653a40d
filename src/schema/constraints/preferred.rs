//! Which types a sensible value has where a schema names none. Main function: [`preferred`].

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Constraints, Types};
use crate::schema::format::Format;

/// What a schema without a `type` is about, by the keywords that it has.
pub(super) fn preferred(out: &Constraints, schemas: &[(Arc<str>, &Map<String, Value>)]) -> Types {
    let has =
        |keywords: &[&str]| schemas.iter().any(|(_, schema)| keywords.iter().any(|word| schema.contains_key(*word)));
    if out.types != Types::ANY {
        return out.types;
    }
    let mut hinted = Types::NONE;
    let of_objects = ["additionalProperties", "patternProperties", "minProperties", "maxProperties", "propertyNames"];
    if !out.object.properties.is_empty() || has(&of_objects) || has(&["dependentRequired", "dependentSchemas"]) {
        hinted = hinted.or(Types::OBJECT);
    }
    if has(&["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"]) {
        hinted = hinted.or(Types::ARRAY);
    }
    if has(&["minLength", "maxLength", "pattern"]) || out.string.format.is_some_and(Format::is_text) {
        hinted = hinted.or(Types::STRING);
    }
    if has(&["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"])
        || out.string.format.is_some_and(|format| !format.is_text())
    {
        hinted = hinted.or(Types::NUMBER);
    }
    if hinted.is_empty() { Types::ANY } else { hinted }
}
