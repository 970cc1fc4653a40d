//! Parameters and headers of Swagger 2.0: what they say about their value becomes a schema. Main function: [`lift`].

use serde_json::{Map, Value};

use crate::spec::draft::Notebook;

/// What a parameter keeps; everything else describes its value.
const KEPT: [&str; 12] = [
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "example",
    "examples",
    "schema",
    "content",
    "style",
    "explode",
];

/// Lifts a parameter that stood at `from` and stands at `to`. Bodies and forms are not touched: their operations
/// hold copies.
pub(super) fn lift(from: &str, to: &str, parameter: &mut Map<String, Value>, notebook: &mut Notebook) {
    let location = parameter.get("in").and_then(Value::as_str).unwrap_or_default().to_owned();
    if parameter.contains_key("$ref") || matches!(location.as_str(), "body" | "formData") {
        return;
    }
    if let Some((style, explode)) = style(to, &location, parameter, notebook) {
        parameter.insert("style".into(), style.into());
        parameter.insert("explode".into(), explode.into());
    }
    let place = notebook.place(to);
    take_schema(parameter);
    notebook.moved_from(&format!("{from}/schema"), place, format!("{to}/schema"));
}

/// Lifts a header of an answer.
pub(super) fn lift_header(at: &str, header: &mut Map<String, Value>, notebook: &mut Notebook) {
    let place = notebook.place(at);
    take_schema(header);
    notebook.moved_from(&format!("{at}/schema"), place, format!("{at}/schema"));
}

/// Moves the words about the value below `schema`, unless there is one.
fn take_schema(parameter: &mut Map<String, Value>) {
    if parameter.contains_key("schema") || parameter.contains_key("content") {
        return;
    }
    let schema = value_schema(parameter);
    parameter.retain(|key, _| is_kept(key));
    parameter.insert("schema".into(), Value::Object(schema));
}

/// What a parameter says about its value.
pub(super) fn value_schema(parameter: &Map<String, Value>) -> Map<String, Value> {
    let words = parameter.iter().filter(|(key, _)| !is_kept(key) && *key != "collectionFormat");
    words.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn is_kept(key: &str) -> bool {
    KEPT.contains(&key) || (key.starts_with("x-") && key != "x-nullable")
}

/// Style and explode that write a list as `collectionFormat` asks (2.0, "Parameter Object").
fn style(
    at: &str,
    location: &str,
    parameter: &Map<String, Value>,
    notebook: &mut Notebook,
) -> Option<(&'static str, bool)> {
    if !parameter.get("type").is_some_and(|kind| kind == "array") {
        return None;
    }
    let format = parameter.get("collectionFormat").and_then(Value::as_str).unwrap_or("csv");
    match (location, collection_style(format)) {
        ("query", Some(style)) => Some(style),
        (_, Some(("form", false))) => Some(("simple", false)),
        _ => {
            let message = format!("`collectionFormat: {format}` is none for a parameter in {location}; csv is taken");
            notebook.assumed(at, message);
            Some((if location == "query" { "form" } else { "simple" }, false))
        }
    }
}

/// Style and explode of a list in a query or form.
pub(super) fn collection_style(format: &str) -> Option<(&'static str, bool)> {
    match format {
        "csv" => Some(("form", false)),
        "multi" => Some(("form", true)),
        "ssv" => Some(("spaceDelimited", false)),
        "pipes" => Some(("pipeDelimited", false)),
        "tsv" => Some(("tabDelimited", false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(parameter: Value, expected: &Value, remarks: usize) {
        let Value::Object(mut map) = parameter else { panic!("an object is needed") };
        let mut notebook = Notebook::default();
        lift("/a", "/b", &mut map, &mut notebook);
        assert_eq!(Value::Object(map), *expected);
        assert_eq!(notebook.remarks.len(), remarks);
    }

    fn list(location: &str, format: &str) -> Value {
        json!({"in": location, "type": "array", "items": {"type": "string"}, "collectionFormat": format})
    }

    fn lifted(location: &str, style: &str, explode: bool) -> Value {
        json!({
            "in": location, "style": style, "explode": explode,
            "schema": {"type": "array", "items": {"type": "string"}}
        })
    }

    #[test]
    fn lists_keep_their_way_of_writing() {
        check(list("query", "multi"), &lifted("query", "form", true), 0);
        check(list("query", "csv"), &lifted("query", "form", false), 0);
        check(list("query", "ssv"), &lifted("query", "spaceDelimited", false), 0);
        check(list("query", "pipes"), &lifted("query", "pipeDelimited", false), 0);
        check(list("query", "tsv"), &lifted("query", "tabDelimited", false), 0);
        check(list("path", "csv"), &lifted("path", "simple", false), 0);
        check(list("header", "pipes"), &lifted("header", "simple", false), 1);
        check(list("query", "comma"), &lifted("query", "form", false), 1);
    }

    #[test]
    fn words_about_the_value_become_a_schema() {
        check(
            json!({"name": "n", "in": "query", "required": true, "type": "int", "default": 1, "x-example": 2, "x-nullable": true}),
            &json!({"name": "n", "in": "query", "required": true, "x-example": 2, "schema": {"type": "int", "default": 1, "x-nullable": true}}),
            0,
        );
        let body = json!({"name": "b", "in": "body", "schema": {}});
        check(body.clone(), &body, 0);
        let modern = json!({"name": "b", "in": "query", "schema": {"type": "string"}});
        check(modern.clone(), &modern, 0);
    }

    #[test]
    fn messages_name_the_parameter() {
        let mut notebook = Notebook::default();
        notebook.moved("/old/3", "/new/1".into());
        let Value::Object(mut map) = json!({"in": "query", "type": "int"}) else { unreachable!() };
        lift("/old/3", "/new/1", &mut map, &mut notebook);
        assert_eq!(notebook.place("/new/1/schema/type").pointer, "/old/3/type");
    }
}
