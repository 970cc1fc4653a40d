//! What was understood, in a form to print. Main type: [`Overview`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Level, Loaded};
use crate::api::{MediaType, Operation, OperationId, Parameter};
use crate::schema::{Schema, pointer_of};

/// A specification at a glance.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// `info.title`.
    pub title: String,
    /// `info.version`.
    pub version: String,
    /// The specification's own version as written.
    pub spec_version: String,
    /// Base URLs.
    pub servers: Vec<String>,
    /// The operations in the document's order.
    pub operations: Vec<OperationOverview>,
    /// How many kinds of things were read in the form of a newer version.
    pub lifted: usize,
    /// How many things were read tolerantly.
    pub assumed: usize,
    /// How many things can't be used.
    pub skipped: usize,
}

/// One operation at a glance.
#[derive(Clone, Debug, Serialize)]
pub struct OperationOverview {
    /// Its id, such as `GET /orders/{id}`.
    pub id: String,
    /// `operationId`.
    pub name: Option<String>,
    /// Its parameters.
    pub parameters: Vec<ParameterOverview>,
    /// The media types of its body: name and what it holds.
    pub body: Vec<(String, String)>,
    /// Documented statuses.
    pub responses: Vec<String>,
    /// Alternatives of schemes, such as `key + token`; `-` for none needed.
    pub security: Vec<String>,
    /// How many notes concern it.
    pub notes: usize,
}

/// One parameter at a glance.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterOverview {
    /// Its name.
    pub name: String,
    /// `path`, `query`, `header`, `cookie` or `querystring`.
    pub location: &'static str,
    /// Whether it must be sent.
    pub required: bool,
    /// What it holds, such as `array of string`.
    pub holds: String,
}

impl Loaded {
    /// What was understood, to print.
    pub fn overview(&self) -> Overview {
        let mut notes: BTreeMap<&OperationId, usize> = BTreeMap::new();
        for operation in self.notes.iter().filter_map(|note| note.operation.as_ref()) {
            *notes.entry(operation).or_default() += 1;
        }
        let count = |level| self.notes.iter().filter(|note| note.level == level).count();
        Overview {
            title: self.api.title.clone(),
            version: self.api.version.clone(),
            spec_version: self.api.spec_version.clone(),
            servers: self.api.servers.clone(),
            operations: self
                .api
                .operations
                .iter()
                .map(|operation| overview(operation, notes.get(&operation.id).copied().unwrap_or_default()))
                .collect(),
            lifted: self.lifted.len(),
            assumed: count(Level::Assumed),
            skipped: count(Level::Skipped),
        }
    }
}

fn overview(operation: &Operation, notes: usize) -> OperationOverview {
    let contents = operation.body.iter().flat_map(|body| &body.contents);
    let security = operation.security.iter().map(|requirement| match requirement.schemes.as_slice() {
        [] => "-".to_owned(),
        schemes => schemes.join(" + "),
    });
    OperationOverview {
        id: operation.id.to_string(),
        name: operation.name.clone(),
        parameters: operation.parameters.iter().map(parameter).collect(),
        body: contents.map(|media| (media.name.clone(), media_holds(media))).collect(),
        responses: operation.responses.patterns(),
        security: security.collect(),
        notes,
    }
}

fn parameter(parameter: &Parameter) -> ParameterOverview {
    ParameterOverview {
        name: parameter.name.clone(),
        location: parameter.location.word(),
        required: parameter.required,
        holds: holds(parameter.schema.value()),
    }
}

fn media_holds(media: &MediaType) -> String {
    let of_items = || media.item_schema.as_ref().map(|schema| format!("stream of {}", holds(schema.value())));
    media.schema.as_ref().map(Schema::value).map(holds).or_else(of_items).unwrap_or_else(|| "anything".to_owned())
}

/// A schema in a few words.
fn holds(schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(pointer_of) {
        return target.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    }
    for (keyword, word) in [("allOf", " and "), ("oneOf", " or "), ("anyOf", " or ")] {
        if let Some(Value::Array(members)) = schema.get(keyword) {
            return members.iter().take(4).map(holds).collect::<Vec<_>>().join(word);
        }
    }
    let types = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if schema.get("enum").is_some() => "enum".to_owned(),
        _ if schema.get("properties").is_some() => "object".to_owned(),
        _ => "anything".to_owned(),
    };
    let items = schema.get("items").filter(|_| types.contains("array")).map(|items| format!(" of {}", holds(items)));
    let format = schema.get("format").and_then(Value::as_str).map(|format| format!(" ({format})"));
    let choices = schema.get("enum").and_then(Value::as_array).map(|members| format!(" of {} values", members.len()));
    [Some(types), items, format, choices].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &str) {
        assert_eq!(holds(schema), expected);
    }

    #[test]
    fn schemas_in_a_few_words() {
        check(&json!({"type": "string", "format": "uuid"}), "string (uuid)");
        check(
            &json!({"type": ["array", "null"], "items": {"$ref": "#/components/schemas/A~1b"}}),
            "array or null of A/b",
        );
        check(&json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), "string or null");
        check(&json!({"type": "string", "enum": ["a", "b"]}), "string of 2 values");
        check(&json!(true), "anything");
    }

    #[test]
    fn an_overview_tells_what_was_understood() {
        let text = "openapi: 3.0.0\ninfo: {title: T, version: '1'}\nsecurity: [{a: [], b: []}, {}]\npaths:\n  /x:\n    \
                    post:\n      parameters: [{name: q, in: query, schema: {type: int}}]\n      requestBody: \
                    {content: {text/plain: {schema: {type: string}}}}\n      responses: {200: {description: fine}}\n";
        let overview = super::super::load_bytes("a.yaml", text.as_bytes()).unwrap().overview();
        let told = serde_json::to_value(&overview).unwrap();
        assert_eq!(
            told["operations"][0],
            json!({
                "id": "POST /x", "name": null,
                "parameters": [{"name": "q", "location": "query", "required": false, "holds": "integer"}],
                "body": [["text/plain", "string"]], "responses": ["200"], "security": ["a + b", "-"], "notes": 1
            })
        );
        assert_eq!((overview.assumed, overview.skipped), (3, 0));
    }
}
