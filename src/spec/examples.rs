//! The document's own examples of values. Main functions: [`of_parameter`], [`of_media`].
//!
//! They are read from the canonical document and not checked: documents hold examples that break their own schemas.

use std::sync::Arc;

use serde_json::Value;

use crate::schema::{Document, Schema, escape_token};

/// How many references from one example to another are followed.
const MAX_HOPS: usize = 8;

/// Examples of a parameter at this pointer: its own, its media type's, its schema's, and the default.
pub(super) fn of_parameter(document: &Arc<Document>, at: &str, schema: &Schema, content: Option<&str>) -> Vec<Value> {
    let mut found = Gathered { document, values: Vec::new() };
    if let Some(parameter) = document.at(at) {
        found.own(parameter);
        if let Some(media) = content.and_then(|name| parameter.pointer(&format!("/content/{}", escape_token(name)))) {
            found.own(media);
        }
    }
    found.schema(schema);
    found.values
}

/// Examples of a whole body: the media type's and the schema's.
pub(super) fn of_media(document: &Arc<Document>, at: &str, schema: Option<&Schema>) -> Vec<Value> {
    let mut found = Gathered { document, values: Vec::new() };
    if let Some(media) = document.at(at) {
        found.own(media);
    }
    if let Some(schema) = schema {
        found.schema(schema);
    }
    found.values
}

struct Gathered<'a> {
    document: &'a Arc<Document>,
    values: Vec<Value>,
}

impl Gathered<'_> {
    fn add(&mut self, value: &Value) {
        if !self.values.contains(value) {
            self.values.push(value.clone());
        }
    }

    /// `example` and `examples` of a parameter or media type.
    fn own(&mut self, owner: &Value) {
        if let Some(example) = owner.get("example").or_else(|| owner.get("x-example")) {
            self.add(example);
        }
        match owner.get("examples") {
            Some(Value::Object(named)) => {
                for example in named.values() {
                    self.named(example);
                }
            }
            Some(Value::Array(listed)) => {
                for example in listed {
                    self.named(example);
                }
            }
            _ => {}
        }
    }

    /// An Example Object, or a value that stands where one should.
    fn named(&mut self, example: &Value) {
        let mut example = example;
        for _ in 0..MAX_HOPS {
            let Some(reference) = example.get("$ref").and_then(Value::as_str) else { break };
            let Some(target) = self.document.target(reference) else { return };
            example = target;
        }
        match example {
            Value::Object(map) => {
                let value = map.get("value").or_else(|| map.get("dataValue"));
                let describes = ["summary", "description", "externalValue", "serializedValue", "$ref"];
                match value {
                    Some(value) => self.add(value),
                    None if describes.iter().any(|key| map.contains_key(*key)) => {}
                    None => self.add(example),
                }
            }
            plain => self.add(plain),
        }
    }

    /// `example`, `examples` and `default` of a schema, and of the one that it refers to.
    fn schema(&mut self, schema: &Schema) {
        let resolved = schema.resolved();
        for map in [schema.value(), resolved.value()].into_iter().filter_map(Value::as_object) {
            if let Some(example) = map.get("example") {
                self.add(example);
            }
            if let Some(Value::Array(examples)) = map.get("examples") {
                for example in examples {
                    self.add(example);
                }
            }
            if let Some(default) = map.get("default").filter(|default| !default.is_null()) {
                self.add(default);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(owner: &Value, schema: &Value, expected: &Value) {
        let document = Document::new(json!({
            "owner": owner, "schema": schema, "shared": {"value": "from afar"}, "loop": {"$ref": "#/loop"}
        }));
        let schema = document.schema("/schema").unwrap();
        assert_eq!(Value::Array(of_parameter(&document, "/owner", &schema, Some("a/b"))), *expected);
    }

    #[test]
    fn examples_are_gathered_from_everywhere_once() {
        check(
            &json!({"example": 1, "examples": {"a": {"value": 2}, "b": {"value": 1}}}),
            &json!({"default": 3}),
            &json!([1, 2, 3]),
        );
        check(&json!({"content": {"a/b": {"example": "x"}}}), &json!({"examples": ["y"]}), &json!(["x", "y"]));
        check(
            &json!({"examples": {"a": {"$ref": "#/shared"}, "b": {"$ref": "#/loop"}, "c": {"$ref": "#/no"}}}),
            &json!(true),
            &json!(["from afar"]),
        );
        check(&json!({"examples": {"a": {"externalValue": "u"}, "b": {"id": 1}}}), &json!({}), &json!([{"id": 1}]));
        check(&json!({"examples": ["a", {"value": "b"}]}), &json!({}), &json!(["a", "b"]));
    }

    #[test]
    fn a_schema_speaks_for_the_one_that_refers_to_it() {
        let document = Document::new(json!({"s": {"$ref": "#/t"}, "t": {"example": {"a": 1}, "default": null}}));
        let schema = document.schema("/s").unwrap();
        assert_eq!(of_media(&document, "/none", Some(&schema)), [json!({"a": 1})]);
    }
}
