//! A walk over an answer together with the schema that documents it. Main types: [`Walk`], [`Place`].
//!
//! It follows `$ref`, `allOf`, `anyOf`, `oneOf`, `if` and their like and takes what any of them declares as
//! declared: in doubt a property is declared. It does not validate.

use serde_json::{Map, Value};

use crate::schema::Schema;

/// How deep schemas are expanded.
const DEPTH: usize = 48;

/// How the document stands to a place in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A schema describes it.
    Declared,
    /// The object around it is described, and this member is not.
    Undeclared,
    /// Anything may stand here, or nothing is described.
    Free,
}

/// One value of an answer, and where it stands.
pub(super) struct Place<'w> {
    /// JSON pointer, with `*` for items of arrays and members of maps.
    pub(super) pointer: &'w str,
    /// The name of the nearest member.
    pub(super) name: &'w str,
    /// The value.
    pub(super) value: &'w Value,
    /// Whether it is documented.
    pub(super) standing: Standing,
    /// Whether what documents it says `writeOnly`.
    pub(super) write_only: bool,
    /// Its documented format, if any.
    pub(super) format: Option<&'w str>,
}

/// A schema that applies to a value; one behind `anyOf` or `oneOf` may or may not.
#[derive(Clone, Copy)]
struct Applied<'a> {
    schema: &'a Value,
    alternative: bool,
}

/// Walks answers of one schema.
pub(super) struct Walk<'a> {
    schema: Option<&'a Schema>,
}

impl<'a> Walk<'a> {
    /// Over answers that this schema documents; without one everything is free.
    pub(super) fn new(schema: Option<&'a Schema>) -> Self {
        Self { schema }
    }

    /// Visits every value, parents first.
    pub(super) fn visit(&self, value: &Value, visitor: &mut dyn FnMut(&Place<'_>)) {
        let (applied, standing) = match self.schema {
            Some(schema) => {
                (self.expanded([Applied { schema: schema.value(), alternative: false }]), Standing::Declared)
            }
            None => (Vec::new(), Standing::Free),
        };
        let mut path = String::new();
        self.step(value, &applied, standing, "", &mut path, visitor);
    }

    /// The schemas that may apply below the root, by names of members and indices of items.
    pub(super) fn schemas(&self, tokens: &[&str]) -> Vec<&'a Value> {
        let root = self.schema.map(|schema| Applied { schema: schema.value(), alternative: false });
        let mut applied = self.expanded(root);
        for token in tokens {
            let (members, _, _) = self.below_object(&applied, Standing::Declared, token);
            let is_index = !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
            let as_item = members.is_empty() && is_index;
            applied = if as_item { self.below_array(&applied, Standing::Declared).0 } else { members };
        }
        applied.into_iter().map(|applied| applied.schema).collect()
    }

    fn step(
        &self,
        value: &Value,
        applied: &[Applied<'a>],
        standing: Standing,
        name: &str,
        path: &mut String,
        visitor: &mut dyn FnMut(&Place<'_>),
    ) {
        let format = applied.iter().find_map(|applied| applied.schema.get("format")?.as_str());
        let write_only = flagged(applied, "writeOnly");
        visitor(&Place { pointer: path, name, value, standing, write_only, format });
        let length = path.len();
        match value {
            Value::Array(items) => {
                let (below, standing) = self.below_array(applied, standing);
                path.push_str("/*");
                for item in items {
                    self.step(item, &below, standing, name, path, visitor);
                }
            }
            Value::Object(members) => {
                for (member, value) in members {
                    let (below, standing, token) = self.below_object(applied, standing, member);
                    path.push('/');
                    path.push_str(&escaped(token));
                    self.step(value, &below, standing, member, path, visitor);
                    path.truncate(length);
                }
            }
            _ => {}
        }
        path.truncate(length);
    }

    fn below_array(&self, applied: &[Applied<'a>], standing: Standing) -> (Vec<Applied<'a>>, Standing) {
        let items = applied.iter().flat_map(|applied| {
            let single = applied.schema.get("items").into_iter();
            let prefix = applied.schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
            single.chain(prefix).map(|schema| Applied { schema, ..*applied })
        });
        let below = self.expanded(items);
        let standing = match standing {
            Standing::Declared if below.is_empty() => Standing::Free,
            other => other,
        };
        (below, standing)
    }

    /// What applies to a member, how it stands, and the token of the pointer for it.
    fn below_object<'m>(
        &self,
        applied: &[Applied<'a>],
        standing: Standing,
        member: &'m str,
    ) -> (Vec<Applied<'a>>, Standing, &'m str) {
        if standing != Standing::Declared {
            return (Vec::new(), standing, member);
        }
        let declaring = applied.iter().filter_map(|applied| {
            let schema = properties(applied.schema)?.get(member)?;
            Some(Applied { schema, ..*applied })
        });
        let below = self.expanded(declaring);
        if !below.is_empty() {
            return (below, Standing::Declared, member);
        }
        let mut open = Vec::new();
        let mut is_open = false;
        for applied in applied {
            for keyword in ["additionalProperties", "unevaluatedProperties"] {
                match applied.schema.get(keyword) {
                    Some(Value::Bool(true)) => is_open = true,
                    Some(schema @ Value::Object(_)) => {
                        is_open = true;
                        open.push(Applied { schema, ..*applied });
                    }
                    _ => {}
                }
            }
            is_open |=
                applied.schema.get("patternProperties").is_some_and(|schemas| schemas != &Value::Object(Map::new()));
        }
        let is_described = applied.iter().any(|a| properties(a.schema).is_some_and(|members| !members.is_empty()));
        match (is_open, is_described) {
            (true, _) if !open.is_empty() => (self.expanded(open), Standing::Declared, "*"),
            (true, _) | (false, false) => (Vec::new(), Standing::Free, member),
            (false, true) => (Vec::new(), Standing::Undeclared, member),
        }
    }

    /// The schemas with all that they refer to or are composed of.
    fn expanded(&self, schemas: impl IntoIterator<Item = Applied<'a>>) -> Vec<Applied<'a>> {
        let mut out = Vec::new();
        schemas.into_iter().for_each(|applied| self.expand(applied, DEPTH, &mut out));
        out
    }

    fn expand(&self, applied: Applied<'a>, depth: usize, out: &mut Vec<Applied<'a>>) {
        let seen = out.iter().any(|known| std::ptr::eq(known.schema, applied.schema));
        if seen || depth == 0 {
            return;
        }
        out.push(applied);
        let target = self.schema.zip(applied.schema.get("$ref").and_then(Value::as_str));
        if let Some(schema) = target.and_then(|(schema, reference)| schema.document().target(reference)) {
            self.expand(Applied { schema, ..applied }, depth - 1, out);
        }
        for (keyword, alternative) in [("allOf", false), ("anyOf", true), ("oneOf", true)] {
            let parts = applied.schema.get(keyword).and_then(Value::as_array);
            for schema in parts.into_iter().flatten() {
                let alternative = applied.alternative || alternative;
                self.expand(Applied { schema, alternative }, depth - 1, out);
            }
        }
        for keyword in ["if", "then", "else"] {
            if let Some(schema) = applied.schema.get(keyword) {
                self.expand(Applied { schema, alternative: true }, depth - 1, out);
            }
        }
    }
}

/// Whether a flag is set for sure: by a schema that applies whatever the value is, or by all alternatives.
fn flagged(applied: &[Applied<'_>], flag: &str) -> bool {
    let is_set = |applied: &Applied<'_>| applied.schema.get(flag) == Some(&Value::Bool(true));
    // A schema that is only a container of others says nothing by itself.
    let speaks = |applied: &&Applied<'_>| {
        let container = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|key| applied.schema.get(key).is_some());
        !container && applied.schema.get("type").and_then(Value::as_str) != Some("null")
    };
    let mut alternatives = applied.iter().filter(|applied| applied.alternative).filter(speaks).peekable();
    applied.iter().any(|applied| !applied.alternative && is_set(applied))
        || (alternatives.peek().is_some() && alternatives.all(is_set))
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// All values at a pointer with `*` for any item or member.
pub(super) fn at<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    let mut here = vec![value];
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        here = here.into_iter().flat_map(|value| below(value, &name)).collect();
    }
    here
}

fn below<'v>(value: &'v Value, token: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(items) if token == "*" => items.iter().collect(),
        Value::Object(members) => match members.get(token) {
            Some(member) => vec![member],
            None if token == "*" => members.values().collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Document;

    #[track_caller]
    fn check(schema: &Value, value: &Value, expected: &[&str]) {
        let document = Document::new(json!({
            "root": schema,
            "Base": {"properties": {"id": {}, "password": {"type": "string", "writeOnly": true}}},
            "Node": {"properties": {"next": {"$ref": "#/Node"}, "label": {}}}
        }));
        let schema = document.schema("/root").unwrap();
        let mut found = Vec::new();
        Walk::new(Some(&schema)).visit(value, &mut |place| {
            if !place.pointer.is_empty() {
                let mark = if place.write_only { "!" } else { "" };
                found.push(format!("{} {:?}{mark}", place.pointer, place.standing));
            }
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn members_are_declared_through_references_and_compositions() {
        check(
            &json!({"$ref": "#/Base"}),
            &json!({"id": 1, "password": "x", "extra": {"deep": 1}}),
            &["/id Declared", "/password Declared!", "/extra Undeclared", "/extra/deep Undeclared"],
        );
        check(
            &json!({"type": "array", "items": {"allOf": [{"$ref": "#/Base"}, {"properties": {"n": {}}}]}}),
            &json!([{"n": 1, "password": "x", "z": 0}]),
            &["/* Declared", "/*/n Declared", "/*/password Declared!", "/*/z Undeclared"],
        );
        check(
            &json!({"$ref": "#/Node"}),
            &json!({"next": {"next": {"x": 1}}}),
            &["/next Declared", "/next/next Declared", "/next/next/x Undeclared"],
        );
    }

    #[test]
    fn alternatives_flag_only_together() {
        let one = json!({"oneOf": [{"$ref": "#/Base"}, {"properties": {"password": {"type": "string"}}}]});
        check(&one, &json!({"password": "x"}), &["/password Declared"]);
        let nullable = json!({"anyOf": [{"$ref": "#/Base"}, {"type": "null"}]});
        check(&nullable, &json!({"password": "x"}), &["/password Declared!"]);
    }

    #[test]
    fn open_and_empty_schemas_leave_members_free() {
        check(&json!({"type": "object"}), &json!({"a": {"b": 1}}), &["/a Free", "/a/b Free"]);
        check(&json!({}), &json!([{"b": 1}]), &["/* Free", "/*/b Free"]);
        check(&json!({"properties": {"a": {}}, "additionalProperties": true}), &json!({"b": 1}), &["/b Free"]);
        check(
            &json!({"additionalProperties": {"$ref": "#/Base"}}),
            &json!({"k1": {"password": "x"}}),
            &["/* Declared", "/*/password Declared!"],
        );
        check(&json!({"properties": {"a": {}}, "additionalProperties": false}), &json!({"b": 1}), &["/b Undeclared"]);
    }

    #[test]
    fn patterns_of_pointers_find_values() {
        let value = json!({"items": [{"k": 1}, {"k": 2}, {}], "a/b": {"~": 3}});
        assert_eq!(at(&value, "/items/*/k"), [&json!(1), &json!(2)]);
        assert_eq!(at(&value, "/a~1b/~0"), [&json!(3)]);
        assert_eq!(at(&value, "/*/*/k").len(), 2);
        assert!(at(&value, "/absent").is_empty());
        assert_eq!(at(&value, ""), [&value]);
    }
}
