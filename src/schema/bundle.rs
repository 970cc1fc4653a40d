//! A schema with everything it refers to, standing alone: what a validator compiles and a fixture carries.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::{Document, pointer_of};
use super::{Schema, View};

impl Schema {
    /// This schema as a document of its own: reachable schemas under `$defs`, references rewritten to them, and
    /// the view's requirements (`readOnly` members are not required of a request, `writeOnly` ones not of an answer).
    pub fn bundle(&self, view: View) -> Value {
        let mut bundler = Bundler { document: self.document(), view, names: BTreeMap::new(), pending: Vec::new() };
        let mut root = bundler.rewrite(self.value());
        let mut definitions = Map::new();
        while let Some((pointer, name)) = bundler.pending.pop() {
            let target = self.document().root().pointer(&pointer).unwrap_or(&Value::Bool(true));
            let schema = bundler.rewrite(target);
            definitions.insert(name, schema);
        }
        if !definitions.is_empty() {
            definitions.sort_keys();
            if !root.is_object() {
                return root;
            }
            root["$defs"] = Value::Object(definitions);
        }
        root
    }
}

struct Bundler<'a> {
    document: &'a Document,
    view: View,
    names: BTreeMap<String, String>,
    pending: Vec<(String, String)>,
}

impl Bundler<'_> {
    fn rewrite(&mut self, schema: &Value) -> Value {
        let Value::Object(map) = schema else { return schema.clone() };
        let mut out = Map::new();
        for (key, value) in map {
            if key.starts_with("x-") {
                continue;
            }
            out.insert(key.clone(), self.keyword(key, value));
        }
        self.relax(map, &mut out);
        Value::Object(out)
    }

    /// Only places where schemas stand are descended into: a `default` or an `enum` member may look like one.
    fn keyword(&mut self, key: &str, value: &Value) -> Value {
        match (key, value) {
            ("$ref" | "$dynamicRef", Value::String(reference)) => self.reference(reference),
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(members),
            ) => Value::Object(members.iter().map(|(name, schema)| (name.clone(), self.rewrite(schema))).collect()),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                Value::Array(schemas.iter().map(|schema| self.rewrite(schema)).collect())
            }
            (
                "items"
                | "additionalProperties"
                | "not"
                | "contains"
                | "propertyNames"
                | "if"
                | "then"
                | "else"
                | "unevaluatedItems"
                | "unevaluatedProperties",
                schema,
            ) => self.rewrite(schema),
            _ => value.clone(),
        }
    }

    fn reference(&mut self, reference: &str) -> Value {
        let Some(pointer) = pointer_of(reference) else { return Value::String(reference.to_owned()) };
        let next = self.names.len();
        let pending = &mut self.pending;
        let name = self.names.entry(pointer).or_insert_with_key(|pointer| {
            let last = pointer.rsplit('/').next().unwrap_or_default();
            let plain: String = last.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let name = format!("{plain}.{next}");
            pending.push((pointer.clone(), name.clone()));
            name
        });
        json!(format!("#/$defs/{name}"))
    }

    /// Drops from `required` what this view does not ask for.
    fn relax(&self, schema: &Map<String, Value>, out: &mut Map<String, Value>) {
        let Some(Value::Array(required)) = out.get_mut("required") else { return };
        let Some(Value::Object(properties)) = schema.get("properties") else { return };
        let flag = match self.view {
            View::Request => "readOnly",
            View::Response => "writeOnly",
        };
        required.retain(|name| {
            let property = name.as_str().and_then(|name| properties.get(name));
            !property.is_some_and(|property| self.flagged(property, flag))
        });
    }

    fn flagged(&self, property: &Value, flag: &str) -> bool {
        let is_set = |schema: &Value| schema.get(flag) == Some(&Value::Bool(true));
        let target = property.get("$ref").and_then(Value::as_str).and_then(|r| self.document.target(r));
        is_set(property) || target.is_some_and(is_set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_stands_alone_even_when_circular() {
        let document = Document::new(json!({"components": {"schemas": {
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}, "x-own": 1}
        }}}));
        let bundle = document.schema("/components/schemas/Node").unwrap().bundle(View::Request);
        assert_eq!(
            bundle,
            json!({
                "type": "object", "properties": {"next": {"$ref": "#/$defs/Node.0"}},
                "$defs": {"Node.0": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node.0"}}}}
            })
        );
    }

    #[test]
    fn views_differ_in_what_they_require() {
        let schema = Schema::standalone(json!({
            "required": ["id", "password", "name"],
            "properties": {"id": {"readOnly": true}, "password": {"writeOnly": true}, "name": {}}
        }));
        assert_eq!(schema.bundle(View::Request)["required"], json!(["password", "name"]));
        assert_eq!(schema.bundle(View::Response)["required"], json!(["id", "name"]));
    }

    #[test]
    fn data_that_looks_like_a_schema_is_left_alone() {
        let schema = Schema::standalone(json!({"enum": [{"$ref": "#/x"}], "default": {"x-a": 1}}));
        assert_eq!(schema.bundle(View::Request), *schema.value());
    }
}
