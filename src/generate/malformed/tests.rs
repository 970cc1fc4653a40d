//! Which rules are broken, and that nothing else is.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without references")]

use serde_json::{Value, json};

use super::*;
use crate::scenario::encode;
use crate::scenario::encode::samples::operation;

fn cases(described: Value, path: &str, drawn: u64) -> Vec<Case> {
    let operation = operation("POST", path, described);
    let malformed = Malformed::new(Arc::default());
    let count = malformed.list(&operation).items.len() as u64 + drawn;
    (0..count).filter_map(|index| malformed.case(&operation, index, Seed::new(1))).collect()
}

fn body(case: &Case) -> Value {
    serde_json::from_slice(&encode(case, "").body).unwrap()
}

#[track_caller]
pub(super) fn check(schema: Value, expected: &[(&str, Value)]) {
    let all = cases(json!({"body": {"application/json": {"schema": schema}}}), "/x", 0);
    for (keyword, value) in expected {
        let found = all.iter().any(|case| {
            matches!(&case.intent, Intent::Malformed(rule) if rule.keyword == *keyword)
                && case.body.is_some()
                && body(case) == *value
        });
        let known: Vec<Value> = all.iter().filter(|case| case.body.is_some()).map(body).collect();
        assert!(found, "{keyword} {value} is missing for {schema}: {known:?}");
    }
}

#[test]
fn every_rule_of_a_scalar_can_be_broken() {
    check(
        json!({"type": "integer", "minimum": 3, "maximum": 9}),
        &[
            ("minimum", json!(2)),
            ("maximum", json!(10)),
            ("type", json!(null)),
            ("type", json!(1.5)),
            ("type", json!([])),
        ],
    );
    check(
        json!({"type": "string", "minLength": 2, "maxLength": 3}),
        &[("minLength", json!("a")), ("maxLength", json!("aaaa")), ("type", json!(0)), ("type", json!({}))],
    );
    check(json!({"type": "string", "pattern": "^[a-z]+$"}), &[("pattern", json!("")), ("pattern", json!("A"))]);
    check(json!({"type": "number", "exclusiveMaximum": 1}), &[("maximum", json!(1))]);
    check(json!({"type": "integer", "multipleOf": 5}), &[("multipleOf", json!(1))]);
    check(json!({"enum": ["a", "b"]}), &[("enum", json!("gadfly")), ("enum", json!("A"))]);
    check(
        json!({"type": "string", "format": "date-time"}),
        &[("format", json!("2024-02-30T00:00:00Z")), ("format", json!("0000-00-00T00:00:00Z"))],
    );
}

#[test]
fn every_rule_of_a_composite_can_be_broken() {
    check(
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2, "uniqueItems": true}),
        &[("minItems", json!([])), ("uniqueItems", json!([1, 1])), ("type", json!([null])), ("type", json!({}))],
    );
    check(
        json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
            "a": {"type": "object", "required": ["b"], "properties": {"b": {"type": "boolean"}}}
        }}),
        &[
            ("required", json!({})),
            ("required", json!({"a": {}})),
            ("type", json!({"a": null})),
            ("type", json!({"a": {"b": null}})),
            ("type", json!({"a": []})),
            ("type", json!([])),
            ("type", json!([{"a": {"b": true}}])),
            ("additionalProperties", json!({"a": {"b": true}, "gadfly_undeclared": "x"})),
        ],
    );
}

#[test]
fn null_in_a_list_and_in_a_member_are_among_the_first() {
    let schema = json!({"type": "object", "properties": {
        "tags": {"type": "array", "items": {"type": "integer"}}, "flag": {"type": "boolean"}
    }});
    let all = cases(json!({"body": {"application/json": {"schema": schema}}}), "/x", 0);
    let early: Vec<Value> = all.iter().filter(|case| case.body.is_some()).take(8).map(body).collect();
    assert!(early.contains(&json!({"tags": [null], "flag": true})), "{early:?}");
    assert!(early.contains(&json!({"tags": [1], "flag": null})), "{early:?}");
}

#[test]
fn parameters_are_broken_where_text_can_tell() {
    let described = json!({"parameters": [
        {"name": "id", "in": "path", "schema": {"type": "integer"}},
        {"name": "q", "in": "query", "required": true, "schema": {"type": "string"}},
        {"name": "on", "in": "query", "schema": {"type": "string", "format": "date"}}
    ]});
    let all = cases(described, "/x/{id}", 50);
    let targets: Vec<String> = all.iter().map(|case| encode(case, "").target_text().into_owned()).collect();
    for expected in ["/x/abc?q=a", "/x/1.5?q=a", "/x/1", "/x/1?q=a&on=2024-02-30"] {
        assert!(targets.iter().any(|target| target == expected), "{expected} is missing: {targets:#?}");
    }
    assert!(!targets.iter().any(|target| target == "/x/1?q=a"), "a text for a text breaks nothing");
}

#[test]
fn whatever_is_made_is_proved_and_named() {
    let described = json!({
        "parameters": [{"name": "h", "in": "header", "required": true, "schema": {"type": "integer", "minimum": 1}}],
        "body": {"application/json": {"schema": {"type": "object", "required": ["n"], "properties": {
            "n": {"type": "integer", "maximum": 5}, "s": {"type": "string", "maxLength": 3}, "f": {"type": "boolean"}
        }}}}
    });
    let all = cases(described, "/x", 200);
    assert!(all.len() > 100, "{}", all.len());
    for case in &all {
        assert!(proves_malformed(case), "{:?}", case.intent);
        assert!(matches!(&case.intent, Intent::Malformed(rule) if !rule.place.is_empty()));
    }
    assert!(all.iter().any(|case| case.body.is_none()), "the whole body is left out once");
}

#[test]
fn nothing_is_malformed_where_nothing_is_known_to_be_valid() {
    let schema = json!({"type": "string", "enum": [1]});
    assert!(cases(json!({"body": {"application/json": {"schema": schema}}}), "/x", 20).is_empty());
}
