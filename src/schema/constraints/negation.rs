//! What a value must not be, as far as that is easily said. Main functions: [`against`], [`exclude`].
//!
//! A value that is made for `else` must not meet `if`, nor any value what `not` holds, and the intersection of schemas that
//! a node is knows no negation. What is usual is about a type, about some values, or about one member.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::clauses::is_idle;
use super::part::Part;
use super::{Constraints, Types};
use crate::schema::Document;
use crate::schema::document::escape_token;

/// A part with which the condition at this pointer is not met.
pub(super) fn against(condition: Option<&Value>, pointer: &str) -> Option<Part> {
    let condition = condition?.as_object()?;
    let properties = condition.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut told = properties.filter(|(_, schema)| schema.as_object().is_some_and(|schema| values(schema).is_some()));
    if let Some((name, _)) = told.next() {
        let pointer = format!("{pointer}/properties/{}", escape_token(name));
        return Some(Part::Differ(name.as_str().into(), pointer.into()));
    }
    let mut required = condition.get("required").and_then(Value::as_array).into_iter().flatten();
    required.find_map(Value::as_str).map(|name| Part::Forbid(name.into()))
}

/// Takes the values that the schema at this pointer asks for from those that are allowed.
pub(super) fn exclude(document: &Document, pointer: &Arc<str>, of: &mut Constraints) {
    let Some(values) = document.at(pointer).and_then(Value::as_object).and_then(values) else { return };
    if of.enumeration.is_none() && of.types == Types::BOOLEAN {
        of.enumeration = Some(vec![json!(true), json!(false)]);
    }
    if let Some(members) = &mut of.enumeration {
        members.retain(|member| !values.contains(member));
    }
}

/// Whether [`exclude`] takes more away than `not` does, since that is about other things as well.
pub(super) fn is_rough(schema: &Map<String, Value>) -> bool {
    let held = schema.get("not").and_then(Value::as_object);
    let is_known = |key: &String| matches!(key.as_str(), "enum" | "const") || is_idle(key);
    held.is_some_and(|held| values(held).is_some() && !held.keys().all(is_known))
}

/// The types that `not` forbids, if it is about nothing else.
pub(super) fn types(schema: &Map<String, Value>) -> Types {
    let keyword = schema.get("not").and_then(|not| alone(not, "type"));
    keyword.map(Types::of_keyword).filter(|types| *types != Types::ANY).unwrap_or_default()
}

/// The member that `not` forbids, if it is about nothing else.
pub(super) fn member(schema: &Map<String, Value>) -> Option<&str> {
    match alone(schema.get("not")?, "required")?.as_array()?.as_slice() {
        [name] => name.as_str(),
        _ => None,
    }
}

/// What stands under a keyword, if a schema has no other.
fn alone<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Value> {
    let schema = schema.as_object()?;
    schema.get(keyword).filter(|_| schema.keys().all(|key| key == keyword || is_idle(key)))
}

/// The values that a schema names.
fn values(schema: &Map<String, Value>) -> Option<&[Value]> {
    let several = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    schema.get("const").map(std::slice::from_ref).or(several)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::{NodeId, Schema, Types};

    /// The member's values where the condition is not met, and whether it must be there.
    #[track_caller]
    fn check(
        properties: &serde_json::Value,
        condition: &serde_json::Value,
        expected: Option<&(Option<Vec<serde_json::Value>>, bool)>,
    ) {
        let schema =
            Schema::standalone(json!({"properties": properties, "if": condition, "then": {"required": ["b"]}}));
        let document = schema.document();
        let unmet: NodeId = schema.constraints().alternatives[1];
        let found = document.constraints(unmet).object.property("a");
        let found = found.map(|a| (document.constraints(a.node).enumeration.clone(), a.required));
        assert_eq!(found.as_ref(), expected, "{condition}");
    }

    #[test]
    fn what_not_forbids_is_left_out() {
        let letters = Schema::standalone(json!({"enum": ["x", "y"], "not": {"const": "x"}}));
        assert_eq!(letters.constraints().enumeration, Some(vec![json!("y")]));
        let open = Schema::standalone(json!({"not": {"type": ["string", "null"]}}));
        assert!(!open.constraints().types.overlaps(Types::STRING.or(Types::NULL)));
        let object = Schema::standalone(json!({"properties": {"a": {}, "b": {}}, "not": {"required": ["a"]}}));
        assert!(
            object.constraints().object.property("a").is_none() && object.constraints().object.property("b").is_some()
        );
        let both = Schema::standalone(json!({"properties": {"a": {}}, "not": {"required": ["a"], "maxProperties": 1}}));
        assert!(both.constraints().object.property("a").is_some());
    }

    #[test]
    fn usual_conditions_are_kept_from_being_met() {
        let letters = json!({"a": {"enum": ["x", "y", "z"]}});
        check(
            &letters,
            &json!({"properties": {"a": {"const": "x"}}}),
            Some(&(Some(vec![json!("y"), json!("z")]), true)),
        );
        check(&letters, &json!({"properties": {"a": {"enum": ["x", "z"]}}}), Some(&(Some(vec![json!("y")]), true)));
        let flag = json!({"a": {"type": "boolean"}});
        check(&flag, &json!({"properties": {"a": {"const": true}}}), Some(&(Some(vec![json!(false)]), true)));
        check(&flag, &json!({"required": ["a"]}), None);
        check(&flag, &json!({"minProperties": 2}), Some(&(None, false)));
    }
}
