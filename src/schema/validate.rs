//! Whether a value conforms, and where it does not. Main type: [`Validation`], a compiled validator.

use std::fmt;

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::Schema;

/// From which side a schema is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What a client sends: `readOnly` members are not required.
    Request = 0,
    /// What a server answers: `writeOnly` members are not required.
    Response = 1,
}

/// One way in which a value breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the value.
    pub instance: String,
    /// JSON pointer into the bundled schema, the keyword last.
    pub schema: String,
    /// The keyword that was broken, such as `maxLength`.
    pub keyword: String,
    /// The validator's sentence.
    pub message: String,
}

/// A compiled validator. A schema that can't be compiled accepts everything and says why.
pub struct Validation {
    compiled: Result<Validator, String>,
}

impl Validation {
    pub(super) fn compile(schema: &Schema, view: View) -> Self {
        Self::of(&schema.bundle(view))
    }

    /// Compiles a schema that stands alone.
    pub fn of(schema: &Value) -> Self {
        let compiled = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(schema)
            .map_err(|error| error.to_string());
        Self { compiled }
    }

    /// Whether the value conforms.
    pub fn accepts(&self, value: &Value) -> bool {
        self.compiled.as_ref().map_or(true, |validator| validator.is_valid(value))
    }

    /// How the value breaks the schema, at most `limit` ways.
    pub fn violations(&self, value: &Value, limit: usize) -> Vec<Violation> {
        let Ok(validator) = &self.compiled else { return Vec::new() };
        validator
            .iter_errors(value)
            .take(limit)
            .map(|error| Violation {
                instance: error.instance_path().to_string(),
                schema: error.schema_path().to_string(),
                keyword: error.kind().keyword().to_owned(),
                message: error.to_string(),
            })
            .collect()
    }

    /// Why the schema could not be compiled, if so.
    pub fn problem(&self) -> Option<&str> {
        self.compiled.as_ref().err().map(String::as_str)
    }
}

impl fmt::Debug for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validation({})", self.problem().unwrap_or("compiled"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn violations_name_value_and_keyword() {
        let schema = Schema::standalone(json!({"properties": {"n": {"maximum": 3}}}));
        assert!(schema.conforms(View::Request, &json!({"n": 3})));
        let found = schema.validation(View::Request).violations(&json!({"n": 4}), 9);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].instance.as_str(), found[0].keyword.as_str()), ("/n", "maximum"));
    }

    #[test]
    fn an_impossible_schema_accepts_everything_and_says_so() {
        let schema = Schema::standalone(json!({"type": 7}));
        assert!(schema.conforms(View::Request, &json!(1)));
        assert!(schema.validation(View::Request).problem().is_some());
    }
}
