//! What is proved of requests, as cases.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without references")]

use serde_json::{Value, json};

use super::{proves_malformed, proves_valid};
use crate::scenario::encode::samples::{case, operation, with_body, with_raw};
use crate::scenario::{Case, Datum};

#[derive(Debug, PartialEq)]
enum Proof {
    Valid,
    Malformed,
    Neither,
}

fn proof(case: &Case) -> Proof {
    match (proves_valid(case), proves_malformed(case)) {
        (true, false) => Proof::Valid,
        (false, true) => Proof::Malformed,
        (false, false) => Proof::Neither,
        (true, true) => panic!("proved both ways"),
    }
}

/// The parameter `p` in this place with this schema and this value.
#[track_caller]
fn check(place: &str, schema: Value, value: Value, expected: Proof) {
    let path = if place == "path" { "/x/{p}" } else { "/x" };
    let described = json!({"parameters": [{"name": "p", "in": place, "required": true, "schema": schema}]});
    let case = case(&operation("GET", path, described), &[("p", Datum::from(&value))]);
    assert_eq!(proof(&case), expected, "{place} {schema} {value}");
}

#[test]
fn text_that_reads_as_the_type_is_valid() {
    for place in ["path", "query", "header", "cookie"] {
        check(place, json!({"type": "integer"}), json!("12"), Proof::Valid);
        check(place, json!({"type": "integer"}), json!("x1"), Proof::Malformed);
        check(place, json!({"type": "boolean"}), json!(true), Proof::Valid);
        check(place, json!({"type": "boolean"}), json!(1), Proof::Neither);
        check(place, json!({"type": "boolean"}), json!("maybe"), Proof::Malformed);
        check(place, json!({"type": "string"}), json!(12), Proof::Valid);
        check(place, json!({"type": "string", "maxLength": 2}), json!("abc"), Proof::Malformed);
        check(place, json!({"type": "integer", "maximum": 9}), json!(10), Proof::Malformed);
        check(place, json!({"type": "array", "items": {"type": "integer"}}), json!([1, 2]), Proof::Valid);
        check(place, json!({"type": "array", "items": {"type": "integer"}}), json!(["a", "b"]), Proof::Malformed);
        check(place, json!({"enum": ["a", "b"]}), json!("c"), Proof::Malformed);
    }
}

#[test]
fn tolerant_readings_are_not_malformed() {
    check("query", json!({"type": "integer"}), json!("+1_000"), Proof::Neither);
    check("query", json!({"type": "integer"}), json!(["x", 7]), Proof::Neither);
    check("query", json!({"type": "integer"}), json!([7]), Proof::Valid);
    check("query", json!({"type": "array", "items": {"type": "integer"}}), json!("1"), Proof::Valid);
    check("query", json!({"type": "array", "items": {"type": "integer"}}), json!("1,2"), Proof::Neither);
    check("query", json!({"type": ["integer", "null"]}), json!(""), Proof::Neither);
    check("path", json!({"type": "string"}), json!(".."), Proof::Neither);
    check("path", json!({"type": "string", "minLength": 1}), json!(""), Proof::Neither);
}

#[test]
fn an_empty_optional_value_counts_as_absent() {
    let described = json!({"parameters": [{"name": "p", "in": "query", "schema": {"type": "integer"}}]});
    let operation = operation("GET", "/x", described);
    assert_eq!(proof(&case(&operation, &[("p", Datum::string(""))])), Proof::Neither);
    assert_eq!(proof(&case(&operation, &[])), Proof::Valid);
}

#[test]
fn a_missing_required_parameter_is_malformed_unless_it_has_a_default() {
    for (schema, expected) in
        [(json!({"type": "integer"}), Proof::Malformed), (json!({"type": "integer", "default": 1}), Proof::Neither)]
    {
        let described = json!({"parameters": [{"name": "p", "in": "query", "required": true, "schema": schema}]});
        assert_eq!(proof(&case(&operation("GET", "/x", described), &[])), expected);
    }
}

#[test]
fn a_value_that_is_called_like_its_parameter_is_read_back() {
    let schema = json!({"type": "array", "items": {"type": "string", "minLength": 1}});
    for (style, explode) in [("matrix", true), ("matrix", false), ("label", true), ("simple", false)] {
        let described = json!({"parameters": [
            {"name": "p", "in": "path", "required": true, "style": style, "explode": explode, "schema": schema}
        ]});
        let operation = operation("GET", "/x/{p}", described);
        assert_eq!(proof(&case(&operation, &[("p", Datum::from(&json!(["p", "q"])))])), Proof::Valid, "{style}");
    }
}

#[test]
fn objects_are_put_together_again() {
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}});
    for (style, explode) in [("form", true), ("form", false), ("deepObject", true)] {
        let described = json!({"parameters": [
            {"name": "p", "in": "query", "required": true, "style": style, "explode": explode, "schema": schema}
        ]});
        let operation = operation("GET", "/x", described);
        let prove = |value: Value| proof(&case(&operation, &[("p", Datum::from(&value))]));
        assert_eq!(prove(json!({"a": 1, "b": "2"})), Proof::Valid, "{style}");
        assert_eq!(prove(json!({"a": "x", "b": "2"})), Proof::Malformed, "{style}");
    }
}

#[test]
fn what_a_server_does_not_look_for_is_not_malformed() {
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {"a": {"type": "integer"}}});
    let described = json!({"parameters": [{"name": "p", "in": "query", "style": "deepObject", "schema": schema}]});
    let operation = operation("GET", "/x", described);
    let prove = |value: Value| proof(&case(&operation, &[("p", Datum::from(&value))]));
    assert_eq!(prove(json!({"a": 1})), Proof::Valid);
    assert_eq!(prove(json!({"a": "x"})), Proof::Malformed);
    assert_eq!(prove(json!({"a": 1, "b": 2})), Proof::Neither);
    assert_eq!(prove(json!("abc")), Proof::Neither);
    let described =
        json!({"parameters": [{"name": "p", "in": "header", "schema": {"type": "string", "pattern": "^a$"}}]});
    let operation = self::operation("GET", "/x", described);
    assert_eq!(proof(&case(&operation, &[("p", Datum::string(" "))])), Proof::Neither);
    assert_eq!(proof(&case(&operation, &[("p", Datum::string("b"))])), Proof::Malformed);
}

#[test]
fn json_bodies_are_judged_by_their_types() {
    let schema = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    let operation = operation("POST", "/", json!({"body": {"application/json": {"schema": schema}}}));
    let prove = |value: Value| proof(&with_body(case(&operation, &[]), "application/json", &value));
    assert_eq!(prove(json!({"n": 1})), Proof::Valid);
    assert_eq!(prove(json!({"n": "1"})), Proof::Malformed);
    assert_eq!(prove(json!([{"n": 1}])), Proof::Malformed);
    assert_eq!(proof(&case(&operation, &[])), Proof::Malformed);
    assert_eq!(proof(&with_raw(case(&operation, &[]), "application/json", b"{\"n\":1,}")), Proof::Malformed);
    assert_eq!(proof(&with_body(case(&operation, &[]), "text/csv", &json!("a"))), Proof::Neither);
}

#[test]
fn form_bodies_are_judged_as_text() {
    let schema = json!({"type": "object", "required": ["n"], "properties": {
        "n": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}
    }});
    for media_type in ["application/x-www-form-urlencoded", "multipart/form-data"] {
        let operation = operation("POST", "/", json!({"body": {media_type: {"schema": schema}}}));
        let prove = |value: Value| proof(&with_body(case(&operation, &[]), media_type, &value));
        assert_eq!(prove(json!({"n": 1, "tags": ["a"]})), Proof::Valid, "{media_type}");
        assert_eq!(prove(json!({"n": "1"})), Proof::Valid, "{media_type}");
        assert_eq!(prove(json!({"n": "x"})), Proof::Malformed, "{media_type}");
        assert_eq!(prove(json!({"tags": ["x"]})), Proof::Malformed, "{media_type}");
    }
}

#[test]
fn a_required_form_without_a_byte_proves_nothing() {
    let form = "application/x-www-form-urlencoded";
    let operation = operation("POST", "/", json!({"body": {form: {"schema": {"type": "object"}}}}));
    let prove = |value: Value| proof(&with_body(case(&operation, &[]), form, &value));
    assert_eq!(prove(json!({"a": "1"})), Proof::Valid);
    assert_ne!(prove(json!({})), Proof::Valid);
}

#[test]
fn text_and_binary_bodies_prove_little() {
    for media_type in ["text/plain", "application/octet-stream", "application/xml"] {
        let described = json!({"body": {media_type: {"schema": {"type": "string", "maxLength": 1}}}});
        let operation = operation("POST", "/", described);
        let body = with_body(case(&operation, &[]), media_type, &json!("long"));
        assert_eq!(proof(&body), Proof::Neither, "{media_type}");
    }
}
