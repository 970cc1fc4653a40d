//! Whether a value conforms, and where it does not. Main type: [`Validation`], a compiled validator.

use std::borrow::Cow;
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

/// How many keywords of a schema may be left out before it counts as impossible.
const MAX_REPAIRS: usize = 64;

/// A compiled validator. Keywords that can't be compiled, such as a pattern that is no regular expression, are left
/// out and told; a schema that can't be compiled even so accepts everything.
pub struct Validation {
    compiled: Option<Validator>,
    problem: Option<String>,
}

impl Validation {
    pub(super) fn compile(schema: &Schema, view: View) -> Self {
        Self::of(&schema.bundle(view))
    }

    /// Compiles a schema that stands alone.
    pub fn of(schema: &Value) -> Self {
        let mut repaired = Cow::Borrowed(schema);
        let mut problems = Vec::new();
        for _ in 0..MAX_REPAIRS {
            let (at, message) = match build(&repaired) {
                Ok(validator) => return Self { compiled: Some(validator), problem: joined(&problems) },
                Err(failure) => failure,
            };
            problems.push(format!("{at}: {message}"));
            if !remove(repaired.to_mut(), &at) {
                break;
            }
        }
        Self { compiled: None, problem: joined(&problems) }
    }

    /// Whether the value conforms.
    pub fn accepts(&self, value: &Value) -> bool {
        self.compiled.as_ref().is_none_or(|validator| validator.is_valid(value))
    }

    /// How the value breaks the schema, at most `limit` ways.
    pub fn violations(&self, value: &Value, limit: usize) -> Vec<Violation> {
        let Some(validator) = &self.compiled else { return Vec::new() };
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

    /// What of the schema could not be compiled, if anything.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

/// The validator, or where the schema is at fault and why.
fn build(schema: &Value) -> Result<Validator, (String, String)> {
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true);
    options.build(schema).map_err(|error| (error.instance_path().to_string(), error.to_string()))
}

/// Removes what stands at a pointer; whether something did.
fn remove(schema: &mut Value, at: &str) -> bool {
    let Some((parent, token)) = at.rsplit_once('/') else { return false };
    let token = token.replace("~1", "/").replace("~0", "~");
    match schema.pointer_mut(parent) {
        Some(Value::Object(map)) => map.shift_remove(&token).is_some(),
        Some(Value::Array(items)) => {
            let index = token.parse().ok().filter(|index| *index < items.len());
            index.map(|index: usize| items.remove(index)).is_some()
        }
        _ => false,
    }
}

fn joined(problems: &[String]) -> Option<String> {
    if problems.is_empty() { None } else { Some(problems.join("; ")) }
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

    #[track_caller]
    fn check_repaired(schema: &Value, accepted: &Value, refused: &Value, problem: &str) {
        let validation = Validation::of(schema);
        assert!(validation.accepts(accepted) && !validation.accepts(refused));
        assert!(validation.problem().is_some_and(|told| told.contains(problem)), "{:?}", validation.problem());
    }

    #[test]
    fn a_keyword_that_cannot_be_compiled_costs_only_itself() {
        check_repaired(&json!({"pattern": "[z-a]", "maxLength": 2}), &json!("ab"), &json!("abc"), "/pattern");
        check_repaired(
            &json!({"properties": {"a/b": {"pattern": "(("}, "c": {"pattern": "(?<x"}}, "maxProperties": 2}),
            &json!({"a/b": "x"}),
            &json!({"a/b": 1, "c": 2, "d": 3}),
            "/properties/c/pattern",
        );
        check_repaired(&json!({"type": 7, "maximum": 3}), &json!(1), &json!(4), "/type");
        check_repaired(
            &json!({"patternProperties": {"[z-a]": false}, "minProperties": 1}),
            &json!({"z": 1}),
            &json!({}),
            "[z-a]",
        );
    }

    #[test]
    fn an_impossible_schema_accepts_everything_and_says_so() {
        let schema = Schema::standalone(json!({"$ref": "https://example.org/elsewhere"}));
        assert!(schema.conforms(View::Request, &json!(1)));
        assert!(schema.validation(View::Request).problem().is_some());
    }
}
