//! A schema with everything it refers to, standing alone: what a validator compiles and a fixture carries.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::{Document, pointer_of};
use super::{Clause, Schema, View};

impl Schema {
    /// This schema as a document of its own: reachable schemas under `$defs`, references rewritten to them, and
    /// the view's requirements (`readOnly` members are not required of a request, `writeOnly` ones not of an answer).
    pub fn bundle(&self, view: View) -> Value {
        bundle(self.document(), self.value(), view)
    }

    /// The same without what one of the schema's clauses asks for.
    pub(crate) fn bundle_without(&self, clause: &Clause, view: View) -> Value {
        bundle(self.document(), &clause.removed_from(self.value()), view)
    }
}

fn bundle(document: &Document, schema: &Value, view: View) -> Value {
    let mut bundler = Bundler { document, view, around: Vec::new(), names: BTreeMap::new(), pending: Vec::new() };
    let mut root = bundler.rewrite(schema);
    let mut definitions = Map::new();
    while let Some((pointer, name)) = bundler.pending.pop() {
        let target = document.at(&pointer).unwrap_or(&Value::Bool(true));
        let schema = bundler.rewrite(target);
        definitions.insert(name, schema);
    }
    if !definitions.is_empty() && root.is_object() {
        definitions.sort_keys();
        root["$defs"] = Value::Object(definitions);
    }
    root
}

/// How far a property is looked for in members of members of `allOf`.
const MAX_DEPTH: usize = 6;

struct Bundler<'a> {
    document: &'a Document,
    view: View,
    /// The schemas of which the one at hand is a member by `allOf`, the outermost first.
    around: Vec<&'a Value>,
    names: BTreeMap<String, String>,
    pending: Vec<(String, String)>,
}

impl<'a> Bundler<'a> {
    fn rewrite(&mut self, schema: &'a Value) -> Value {
        let Value::Object(map) = schema else { return schema.clone() };
        let mut out = Map::new();
        for (key, value) in map {
            if key.starts_with("x-") {
                continue;
            }
            out.insert(key.clone(), self.below(schema, key, value));
        }
        self.relax(schema, &mut out);
        Value::Object(out)
    }

    /// A keyword's value; only the members of `allOf` judge the same value and stand in the schema's surroundings.
    fn below(&mut self, schema: &'a Value, key: &str, value: &'a Value) -> Value {
        let around = if key == "allOf" { self.around.clone() } else { Vec::new() };
        let outer = std::mem::replace(&mut self.around, around);
        if key == "allOf" {
            self.around.push(schema);
        }
        let out = self.keyword(key, value);
        self.around = outer;
        out
    }

    /// Only places where schemas stand are descended into: a `default` or an `enum` member may look like one.
    fn keyword(&mut self, key: &str, value: &'a Value) -> Value {
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

    /// Drops from `required` what this view does not ask for. The property may be declared beside it, in a member of
    /// `allOf`, or in the schema that this one is a member of.
    fn relax(&self, schema: &Value, out: &mut Map<String, Value>) {
        let Some(Value::Array(required)) = out.get_mut("required") else { return };
        required.retain(|name| {
            let mut holders = self.around.iter().copied().chain([schema]);
            !name.as_str().is_some_and(|name| holders.any(|holder| self.declares(holder, name, 0)))
        });
    }

    /// Whether a schema declares a property that this view does not ask for.
    fn declares(&self, schema: &Value, name: &str, depth: usize) -> bool {
        let own = schema.get("properties").and_then(|properties| properties.get(name));
        if depth > MAX_DEPTH || own.is_some_and(|property| self.flagged(property)) {
            return own.is_some_and(|property| self.flagged(property));
        }
        let members = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        members.chain(self.target(schema)).any(|member| self.declares(member, name, depth + 1))
    }

    fn flagged(&self, property: &Value) -> bool {
        let flag = match self.view {
            View::Request => "readOnly",
            View::Response => "writeOnly",
        };
        let is_set = |schema: &Value| schema.get(flag) == Some(&Value::Bool(true));
        is_set(property) || self.target(property).is_some_and(is_set)
    }

    fn target(&self, schema: &Value) -> Option<&Value> {
        self.document.target(schema.get("$ref")?.as_str()?)
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
    fn what_a_view_does_not_ask_for_is_found_through_all_of() {
        let document = Document::new(json!({
            "base": {"properties": {"id": {"$ref": "#/read"}, "n": {}}},
            "read": {"readOnly": true},
            "outer": {"allOf": [{"$ref": "#/base"}], "required": ["id", "n"]},
            "inner": {"properties": {"id": {"readOnly": true}}, "allOf": [{"required": ["id", "n"]}]},
            "other": {"properties": {"id": {"readOnly": true}, "sub": {"required": ["id"]}}}
        }));
        let required =
            |pointer: &str, at: &str| document.schema(pointer).unwrap().bundle(View::Request).pointer(at).cloned();
        assert_eq!(required("/outer", "/required"), Some(json!(["n"])));
        assert_eq!(required("/inner", "/allOf/0/required"), Some(json!(["n"])));
        assert_eq!(required("/other", "/properties/sub/required"), Some(json!(["id"])));
    }

    #[test]
    fn data_that_looks_like_a_schema_is_left_alone() {
        let schema = Schema::standalone(json!({"enum": [{"$ref": "#/x"}], "default": {"x-a": 1}}));
        assert_eq!(schema.bundle(View::Request), *schema.value());
    }
}
