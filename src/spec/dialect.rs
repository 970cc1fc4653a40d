//! Schemas of every dialect to JSON Schema 2020-12, in place. Main function: [`convert`].
//!
//! What older dialects say in other words is said in today's: `nullable`, boolean bounds, tuples, `dependencies`.
//! What no dialect allows is mended by [`super::tidy`]. Annotations stay as they are, the discriminator among them.

use serde_json::{Map, Value, json};

use super::draft::{Draft, Notebook};
use super::kind::Kind;
use super::tidy;

/// Keywords that only tell, and so stay outside when a schema is wrapped.
const ANNOTATIONS: [&str; 12] = [
    "title",
    "description",
    "default",
    "example",
    "examples",
    "readOnly",
    "writeOnly",
    "deprecated",
    "externalDocs",
    "xml",
    "nullable",
    "x-nullable",
];

/// What beside a `$ref` of an old dialect is read although its text says that it is ignored: authors mean it.
const KEPT_BESIDE_REFERENCES: [&str; 5] = ["$ref", "readOnly", "writeOnly", "nullable", "x-nullable"];

/// Converts every schema of the draft. `keeps_siblings` tells whether keywords beside a `$ref` count at a pointer.
pub(super) fn convert(draft: &mut Draft, keeps_siblings: &dyn Fn(&str) -> bool) {
    draft.walk(&mut |kind, at, value, notebook| {
        if kind == Kind::Schema {
            tidy::shape(at, value, notebook);
            if let Value::Object(map) = value {
                Dialect { at, map, notebook }.convert(keeps_siblings(at));
            }
        }
    });
}

struct Dialect<'a> {
    at: &'a str,
    map: &'a mut Map<String, Value>,
    notebook: &'a mut Notebook,
}

impl Dialect<'_> {
    fn convert(&mut self, keeps_siblings: bool) {
        if self.map.contains_key("$ref") && !keeps_siblings {
            self.drop_siblings();
        }
        self.map
            .retain(|key, _| !matches!(key.as_str(), "$schema" | "$id" | "$anchor" | "$dynamicAnchor" | "$vocabulary"));
        if self.map.get("id").is_some_and(Value::is_string) {
            self.map.remove("id");
        }
        self.file();
        tidy::keywords(self.at, self.map, self.notebook);
        self.exclusive_bound("exclusiveMinimum", "minimum");
        self.exclusive_bound("exclusiveMaximum", "maximum");
        self.tuple();
        self.dependencies();
        self.discriminator();
        self.nullable();
    }

    /// Before 3.1 what stands beside a `$ref` is ignored.
    fn drop_siblings(&mut self) {
        // The target says its own type; repeating it is a habit, not a constraint.
        let constrains = |key: &String| {
            key != "type"
                && !KEPT_BESIDE_REFERENCES.contains(&key.as_str())
                && !ANNOTATIONS.contains(&key.as_str())
                && !key.starts_with("x-")
        };
        let lost: Vec<String> = self.map.keys().filter(|key| constrains(key)).cloned().collect();
        if !lost.is_empty() {
            let message = format!("`{}` beside `$ref` is ignored before OpenAPI 3.1", lost.join("`, `"));
            self.notebook.assumed(self.at, message);
        }
        self.map.retain(|key, _| KEPT_BESIDE_REFERENCES.contains(&key.as_str()));
    }

    /// `type: file` of 2.0.
    fn file(&mut self) {
        if self.map.get("type").is_some_and(|name| name == "file") {
            self.notebook.lifted(self.at, "`type: file` is read as binary content");
            self.map.insert("type".into(), "string".into());
            self.map.insert("format".into(), "binary".into());
        }
    }

    /// Draft 4: `exclusiveMinimum: true` sharpens `minimum`.
    fn exclusive_bound(&mut self, exclusive: &str, bound: &str) {
        let Some(Value::Bool(is_exclusive)) = self.map.get(exclusive) else { return };
        self.notebook.lifted(self.at, "an exclusive limit that is true or false is read as the limit itself");
        if !*is_exclusive {
            self.map.shift_remove(exclusive);
        } else if let Some(limit) = self.map.shift_remove(bound) {
            self.map.insert(exclusive.to_owned(), limit);
        } else {
            self.map.shift_remove(exclusive);
        }
    }

    /// Before 2020: `items` as a list, and `additionalItems` for the rest.
    fn tuple(&mut self) {
        let rest = self.map.shift_remove("additionalItems");
        if !self.map.get("items").is_some_and(Value::is_array) {
            return;
        }
        if let Some(items) = self.map.shift_remove("items") {
            self.notebook.lifted(self.at, "`items` that is a list is read as `prefixItems`");
            self.notebook.moved(&format!("{}/items", self.at), format!("{}/prefixItems", self.at));
            self.map.insert("prefixItems".into(), items);
        }
        if let Some(rest) = rest {
            self.notebook.moved(&format!("{}/additionalItems", self.at), format!("{}/items", self.at));
            self.map.insert("items".into(), rest);
        }
    }

    /// Before 2019: `dependencies` of both kinds.
    fn dependencies(&mut self) {
        let Some(Value::Object(dependencies)) = self.map.shift_remove("dependencies") else { return };
        self.notebook.lifted(self.at, "`dependencies` is read as `dependentRequired` and `dependentSchemas`");
        let (required, schemas): (Map<_, _>, Map<_, _>) =
            dependencies.into_iter().partition(|(_, value)| value.is_array());
        for (keyword, members) in [("dependentRequired", required), ("dependentSchemas", schemas)] {
            if !members.is_empty() && !self.map.contains_key(keyword) {
                self.notebook.moved(&format!("{}/dependencies", self.at), format!("{}/{keyword}", self.at));
                self.map.insert(keyword.to_owned(), Value::Object(members));
            }
        }
    }

    /// 2.0 names only the property.
    fn discriminator(&mut self) {
        if let Some(Value::String(property)) = self.map.get("discriminator") {
            let object = json!({ "propertyName": property });
            self.map.insert("discriminator".into(), object);
        }
    }

    fn nullable(&mut self) {
        let flags = ["nullable", "x-nullable"].map(|key| self.map.shift_remove(key) == Some(Value::Bool(true)));
        if !flags.contains(&true) {
            return;
        }
        self.notebook.lifted(self.at, "`nullable: true` is read as the type `null` beside the others");
        if ["$ref", "allOf", "anyOf", "oneOf", "not", "const"].iter().any(|key| self.map.contains_key(*key)) {
            return self.wrap_nullable();
        }
        if let Some(Value::Array(members)) = self.map.get_mut("enum")
            && !members.contains(&Value::Null)
        {
            members.push(Value::Null);
        }
        if let Some(types) = self.map.get_mut("type") {
            let mut names = match types.take() {
                Value::Array(names) => names,
                name => vec![name],
            };
            if !names.iter().any(|name| name == "null") {
                names.push("null".into());
            }
            *types = Value::Array(names);
        }
    }

    /// A composition does not admit null by adding a type, so null becomes an alternative to it.
    fn wrap_nullable(&mut self) {
        let (outside, inside): (Map<_, _>, Map<_, _>) =
            std::mem::take(self.map).into_iter().partition(|(key, _)| ANNOTATIONS.contains(&key.as_str()));
        *self.map = outside;
        self.map.insert("anyOf".into(), json!([inside, {"type": "null"}]));
        self.notebook.moved(self.at, format!("{}/anyOf/0", self.at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(schema: &Value, keeps_siblings: bool) -> (Value, Draft) {
        let mut draft = Draft::new(json!({"components": {"schemas": {"A": schema}}}));
        convert(&mut draft, &|_| keeps_siblings);
        (draft.root["components"]["schemas"]["A"].clone(), draft)
    }

    #[track_caller]
    fn check(schema: &Value, expected: &Value) {
        assert_eq!(converted(schema, false).0, *expected);
    }

    #[test]
    fn null_is_admitted_where_it_is_said() {
        check(&json!({"type": "string", "nullable": true}), &json!({"type": ["string", "null"]}));
        check(&json!({"type": "string", "nullable": false}), &json!({"type": "string"}));
        check(
            &json!({"type": "string", "x-nullable": true, "enum": ["a"]}),
            &json!({
                "type": ["string", "null"], "enum": ["a", null]
            }),
        );
        check(&json!({"nullable": true, "description": "any"}), &json!({"description": "any"}));
        check(
            &json!({"nullable": true, "readOnly": true, "allOf": [{"$ref": "#/b"}]}),
            &json!({
                "readOnly": true, "anyOf": [{"allOf": [{"$ref": "#/b"}]}, {"type": "null"}]
            }),
        );
        check(&json!({"$ref": "#/b", "nullable": true}), &json!({"anyOf": [{"$ref": "#/b"}, {"type": "null"}]}));
    }

    #[test]
    fn nested_schemas_know_where_they_stood() {
        let (_, draft) = converted(&json!({"nullable": true, "oneOf": [{"type": "int"}], "items": {}}), false);
        let remark = &draft.notebook.remarks[0];
        assert_eq!(remark.place.pointer, "/components/schemas/A/oneOf/0/type");
    }

    #[test]
    fn old_words_become_new_ones() {
        check(&json!({"minimum": 1, "exclusiveMinimum": true}), &json!({"exclusiveMinimum": 1}));
        check(&json!({"maximum": 1, "exclusiveMaximum": false}), &json!({"maximum": 1}));
        check(&json!({"exclusiveMaximum": true}), &json!({}));
        check(&json!({"exclusiveMaximum": 3}), &json!({"exclusiveMaximum": 3}));
        check(&json!({"type": "file"}), &json!({"type": "string", "format": "binary"}));
        check(
            &json!({"items": [{"type": "string"}], "additionalItems": false}),
            &json!({
                "prefixItems": [{"type": "string"}], "items": false
            }),
        );
        check(
            &json!({"dependencies": {"a": ["b"], "c": {"type": "object"}}}),
            &json!({
                "dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"type": "object"}}
            }),
        );
        check(
            &json!({"discriminator": "kind", "id": "x", "$schema": "y"}),
            &json!({
                "discriminator": {"propertyName": "kind"}
            }),
        );
        check(&json!({"properties": {"id": {"type": "string"}}}), &json!({"properties": {"id": {"type": "string"}}}));
    }

    #[test]
    fn siblings_of_references_count_from_3_1_on() {
        let schema = || json!({"$ref": "#/b", "description": "d", "maxLength": 2, "readOnly": true});
        let (old, draft) = converted(&schema(), false);
        assert_eq!(old, json!({"$ref": "#/b", "readOnly": true}));
        assert!(draft.notebook.remarks[0].message.contains("`maxLength` beside `$ref`"));
        let (new, draft) = converted(&schema(), true);
        assert_eq!(new, schema());
        assert!(draft.notebook.remarks.is_empty());
    }
}
