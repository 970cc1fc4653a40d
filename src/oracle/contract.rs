//! What a document says about an answer, prepared once for each schema. Main types: [`Contracts`], [`Contract`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value};

use crate::api::{MediaType, ResponseSpec};
use crate::scenario::Case;
use crate::schema::{Schema, Validation, View};
use crate::wire::{Request, Response};

/// The formats whose violation counts: the others are read in too many ways.
const TRUSTED_FORMATS: &[&str] = &["date-time", "date", "uuid"];

/// A response schema with what oracles need of it.
pub(super) struct Contract {
    schema: Schema,
    validation: OnceLock<(Value, Validation)>,
    write_only: OnceLock<Vec<String>>,
}

impl Contract {
    /// The schema as the document has it.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema standing alone, as a requirement carries it: untrusted formats are left out.
    pub(super) fn bundle(&self) -> &Value {
        &self.prepared().0
    }

    /// The validator of [`Self::bundle`].
    pub(super) fn validation(&self) -> &Validation {
        &self.prepared().1
    }

    /// Whether the body may hold a property that is somewhere declared `writeOnly`.
    pub(super) fn may_hold_write_only(&self, body: &[u8]) -> bool {
        let names = self.write_only.get_or_init(|| {
            let mut names = Vec::new();
            write_only_names(&self.schema.bundle(View::Request), &mut names);
            names
        });
        names.iter().any(|name| body.windows(name.len()).any(|window| window == name.as_bytes()))
    }

    fn prepared(&self) -> &(Value, Validation) {
        self.validation.get_or_init(|| {
            let bundle = without_formats(&self.schema.bundle(View::Response));
            let validation = Validation::of(&bundle);
            (bundle, validation)
        })
    }
}

/// Contracts by schema. It remembers what is costly to compile and nothing else.
#[derive(Default)]
pub(super) struct Contracts {
    known: Mutex<BTreeMap<(usize, String), Arc<Contract>>>,
}

impl Contracts {
    /// The contract of a schema.
    pub(super) fn of(&self, schema: &Schema) -> Arc<Contract> {
        // The contract keeps its document alive, so that no other document can get the same address.
        let key = (Arc::as_ptr(schema.document()) as usize, schema.pointer().to_owned());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Contract { schema: schema.clone(), validation: OnceLock::new(), write_only: OnceLock::new() };
        Arc::clone(known.entry(key).or_insert_with(|| Arc::new(fresh())))
    }
}

/// What the document says about an answer of this status.
pub(super) fn documented<'a>(case: &'a Case, response: &Response) -> Option<&'a ResponseSpec> {
    case.operation.responses.for_status(response.status)
}

/// The documented media type of this answer: the one of its name, else one that covers it, else any JSON for JSON.
pub(super) fn media_type<'a>(spec: &'a ResponseSpec, response: &Response) -> Option<&'a MediaType> {
    let answered = response.media_type();
    let Some(answered) = answered.as_deref() else {
        return spec.contents.iter().find(|content| content.is_json());
    };
    let exact = spec.contents.iter().find(|content| content.essence() == answered);
    let covering = || spec.contents.iter().find(|content| content.matches(answered));
    let json = || spec.contents.iter().find(|content| content.is_json() && is_json(answered));
    exact.or_else(covering).or_else(json)
}

/// Whether a media type's essence means one JSON text.
pub(super) fn is_json(essence: &str) -> bool {
    let is_stream = || ["stream", "ndjson", "jsonl", "lines", "seq"].iter().any(|word| essence.contains(word));
    let is_named = || essence.ends_with("/json") || essence.ends_with("+json");
    essence == "application/json" || is_named() && !is_stream()
}

/// Whether a body belongs to the answer at all (RFC 9110 sections 6.4.1 and 15).
pub(super) fn has_body(request: &Request, response: &Response) -> bool {
    let bodiless = matches!(response.status, 100..=199 | 204 | 205 | 304) || request.method == "HEAD";
    !bodiless && !response.body.is_empty()
}

/// The schema without formats that are not trusted; data that looks like a schema is changed in copies only.
fn without_formats(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, value)| match (name.as_str(), value) {
                ("format", Value::String(format)) => TRUSTED_FORMATS.contains(&format.as_str()),
                _ => true,
            });
            Value::Object(kept.map(|(name, value)| (name.clone(), below(name, value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn below(keyword: &str, value: &Value) -> Value {
    match (keyword, value) {
        ("enum" | "const" | "default" | "examples" | "example" | "required", _) => value.clone(),
        ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(members)) => {
            Value::Object(members.iter().map(|(name, schema)| (name.clone(), without_formats(schema))).collect())
        }
        (_, Value::Array(items)) => Value::Array(items.iter().map(without_formats).collect()),
        (_, other) => without_formats(other),
    }
}

/// The names of properties that may be `writeOnly`: those that say so, and, where any says so, those that refer to
/// other schemas.
fn write_only_names(bundle: &Value, names: &mut Vec<String>) {
    let is_flagged = |schema: &Value| schema.get("writeOnly") == Some(&Value::Bool(true));
    let refers =
        |schema: &Value| ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some());
    collect(bundle, &is_flagged, names);
    // A flag may stand in a schema that is no property: one that properties refer to.
    if !names.is_empty() || bundle.to_string().contains("\"writeOnly\":true") {
        collect(bundle, &refers, names);
    }
}

fn collect(schema: &Value, picks: &dyn Fn(&Value) -> bool, names: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                let picked = properties.iter().filter(|(_, property)| picks(property));
                names.extend(picked.map(|(name, _)| name.clone()).filter(|name| !name.is_empty()));
            }
            members.values().for_each(|value| collect(value, picks, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, picks, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_trusted_formats_are_kept() {
        let schema = json!({"properties": {
            "format": {"type": "string", "format": "email"}, "at": {"format": "date-time"}
        }, "items": [{"format": "uri"}], "enum": [{"format": "x"}]});
        assert_eq!(
            without_formats(&schema),
            json!({"properties": {
            "format": {"type": "string"}, "at": {"format": "date-time"}
        }, "items": [{}], "enum": [{"format": "x"}]})
        );
    }

    #[test]
    fn a_contract_is_made_once() {
        let contracts = Contracts::default();
        let schema = Schema::standalone(json!({"properties": {"password": {"writeOnly": true}, "name": {}}}));
        let contract = contracts.of(&schema);
        assert!(Arc::ptr_eq(&contract, &contracts.of(&schema.clone())));
        assert!(contract.may_hold_write_only(br#"{"password":1}"#));
        assert!(!contract.may_hold_write_only(br#"{"name":1}"#));
    }

    #[test]
    fn json_lines_are_not_one_json_text() {
        assert!(is_json("application/json") && is_json("application/problem+json") && is_json("text/json"));
        assert!(!is_json("application/x-ndjson") && !is_json("application/stream+json") && !is_json("text/plain"));
    }
}
