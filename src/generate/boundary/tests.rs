//! Which edges are found, and that they are legal.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without references")]

use serde_json::{Value, json};

use super::*;
use crate::scenario::encode;
use crate::scenario::encode::samples::operation;

/// The JSON bodies of all boundary cases for this schema.
fn bodies(schema: Value) -> Vec<Value> {
    let operation = operation("POST", "/x", json!({"body": {"application/json": {"schema": schema}}}));
    let boundary = Boundary::new(Arc::default());
    let count = boundary.count(&operation).unwrap();
    let cases = (0..count).filter_map(|index| boundary.case(&operation, index, Seed::new(1)));
    cases.map(|case| serde_json::from_slice(&encode(&case, "").body).unwrap()).collect()
}

#[track_caller]
pub(super) fn check(schema: Value, expected: &[Value]) {
    let found = bodies(schema.clone());
    for value in expected {
        assert!(found.contains(value), "{value} is missing for {schema}: {found:#?}");
    }
    let validation = crate::schema::Validation::of(&schema);
    assert!(found.iter().all(|value| validation.accepts(value)), "{schema}");
}

#[test]
fn limits_of_scalars() {
    check(json!({"type": "integer", "minimum": 3, "maximum": 9}), &[json!(3), json!(9)]);
    check(
        json!({"type": "integer"}),
        &[json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN), json!(2_147_483_648_u64)],
    );
    check(json!({"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}), &[json!(0.5), json!(1e-9)]);
    check(json!({"type": "string", "minLength": 2, "maxLength": 4}), &[json!("aa"), json!("aaaa")]);
    check(json!({"type": "string"}), &[json!(""), json!(" a "), json!("e\u{301}\u{302}\u{303}")]);
    check(json!({"enum": ["a", "b", null]}), &[json!("a"), json!("b"), json!(null)]);
    check(json!({"type": ["string", "null"]}), &[json!(null)]);
    check(json!({"type": "boolean", "default": true}), &[json!(true), json!(false)]);
    check(json!({"type": "string", "format": "date"}), &[json!("2024-02-29"), json!("9999-12-31")]);
}

#[test]
fn unique_items_of_a_pattern_are_as_many_as_there_may_be() {
    let items = json!({"type": "string", "pattern": "^(0|[1-9][0-9]*)$"});
    let all = bodies(json!({"type": "array", "items": items, "uniqueItems": true, "maxItems": 50}));
    assert!(all.iter().any(|value| value.as_array().is_some_and(|items| items.len() == 50)));
}

#[test]
fn sizes_and_absences_of_composites() {
    let list = json!({"type": "array", "items": {"type": "integer"}, "maxItems": 3});
    check(list, &[json!([]), json!([1, 1, 1]), json!([1, 1])]);
    let object = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "integer", "maximum": 7}
    }});
    check(
        object,
        &[json!({"a": 1}), json!({"a": 1, "c": 1}), json!({"a": 1, "b": 1}), json!({"a": 1, "b": 1, "c": 7})],
    );
    check(
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 2}),
        &[json!({}), json!({"key0": 1, "key1": 1})],
    );
}

#[test]
fn every_alternative_is_entered() {
    let schema = json!({"type": "object", "required": ["shape"], "properties": {"shape": {"oneOf": [
        {"type": "object", "required": ["r"], "properties": {"r": {"type": "integer", "minimum": 5}}},
        {"type": "object", "required": ["w"], "properties": {"w": {"type": "integer", "minimum": 6}}},
        {"type": "string", "minLength": 3}
    ]}}});
    check(schema, &[json!({"shape": {"r": 5}}), json!({"shape": {"w": 6}}), json!({"shape": "aaa"})]);
}

#[test]
fn parameters_have_edges_too_and_stay_valid_as_text() {
    let operation = operation(
        "GET",
        "/x/{id}",
        json!({"parameters": [
            {"name": "id", "in": "path", "schema": {"type": "string", "minLength": 1}},
            {"name": "n", "in": "query", "schema": {"type": "integer", "maximum": 9}},
            {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2}}
        ]}),
    );
    let boundary = Boundary::new(Arc::default());
    let cases: Vec<Case> = (0..boundary.count(&operation).unwrap())
        .filter_map(|index| boundary.case(&operation, index, Seed::new(1)))
        .collect();
    let targets: Vec<String> = cases.iter().map(|case| encode(case, "").target_text().into_owned()).collect();
    for expected in ["/x/a?n=9", "/x/a?n=-9223372036854775808", "/x/a?tags=b", "/x/a?tags=a&tags=a"] {
        assert!(targets.iter().any(|target| target == expected), "{expected} is missing: {targets:#?}");
    }
    assert!(cases.iter().all(proves_valid));
    assert!(cases.iter().all(|case| matches!(&case.intent, Intent::Boundary(rule) if rule.place.contains('/'))));
}
