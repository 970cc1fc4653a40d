//! What goes out.

use serde_json::{Value, json};

use super::*;
use crate::scenario::encode;
use crate::scenario::encode::samples::operation;
use crate::wire::Request;

fn sent(described: Value, path: &str) -> Vec<Request> {
    let operation = operation("POST", path, described);
    let wire = Wire::new(Arc::default());
    let count = wire.count(&operation).unwrap();
    (0..count).filter_map(|index| wire.case(&operation, index, Seed::new(1))).map(|case| encode(&case, "")).collect()
}

#[test]
fn bodies_are_broken_in_every_way() {
    let schema = json!({"type": "object", "required": ["s", "n"], "properties": {"s": {"type": "string", "format": "binary"}, "n": {"type": "number"}}});
    let all = sent(json!({"body": {"application/json": {"schema": schema}}}), "/x");
    let has = |body: &[u8]| all.iter().any(|request| request.body == body);
    for expected in [
        &b"{"[..],
        b"",
        b"{\"s\":\"a",
        b"{\"s\":\"a\xff\xfeb\",\"n\":1}",
        b"{\"s\":\"a\\ud800b\",\"n\":1}",
        b"{\"s\":\"a\",\"n\":1e400}",
        b"{\"s\":\"a\",\"n\":-0}",
        b"{\"s\":\"a\",\"n\":1,\"s\":null}",
        b"\xef\xbb\xbf{\"s\":\"a\",\"n\":1}",
    ] {
        assert!(has(expected), "{}", String::from_utf8_lossy(expected));
    }
    assert!(all.iter().any(|request| request.body.starts_with(b"[[[[") && request.body.len() == 4_000));
    let typed = |name: &str| all.iter().any(|request| request.headers.text("content-type") == Some(name));
    assert!(typed("text/plain") && typed("application/xml"));
    assert!(all.iter().any(|request| !request.body.is_empty() && !request.headers.contains("content-type")));
}

#[test]
fn targets_and_headers_are_odd() {
    let described = json!({"parameters": [
        {"name": "id", "in": "path", "schema": {"type": "integer"}},
        {"name": "page", "in": "query", "schema": {"type": "integer"}}
    ]});
    let all = sent(described, "/x/{id}/y");
    let target = |text: &str| all.iter().any(|request| request.target == text);
    for expected in ["/x/%/y", "/x/%00/y", "/x/%ff/y", "/x//y", "/x/1/y?page=%", "/x/1/y?page=%ff", "/x/1/y?page[a]=1"]
    {
        assert!(target(expected), "{expected}");
    }
    let header = |name: &str, value: &[u8]| {
        all.iter().any(|request| {
            request.headers.iter().any(|h| h.name.eq_ignore_ascii_case(name.as_bytes()) && h.value == value)
        })
    };
    assert!(
        header("Authorization", b"Digest x")
            && header("If-None-Match", b"W/")
            && header("Range", b"bytes=9-1")
            && header("If-Modified-Since", b"x")
    );
}

#[test]
fn an_operation_without_a_valid_case_is_called_all_the_same() {
    let all = sent(json!({"body": {"application/json": {"schema": {"type": "string", "enum": [1]}}}}), "/x");
    assert!(!all.is_empty());
}

/// The index of the first request with this header, where an operation answers so and declares these parameters.
fn first(header: &str, status: &str, parameters: &Value) -> u64 {
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/x": {
        "get": {"parameters": parameters, "responses": {status: {"description": "x"}}}
    }}});
    let loaded = crate::spec::load_bytes("a.json", document.to_string().as_bytes()).unwrap();
    let (wire, operation) = (Wire::new(Arc::default()), &loaded.api.operations[0]);
    let is_it = |index: &u64| {
        let case = wire.case(operation, *index, Seed::new(1));
        case.is_some_and(|case| encode(&case, "").headers.contains(header))
    };
    (0..wire.count(operation).unwrap()).find(is_it).unwrap()
}

#[test]
fn who_reads_a_header_gets_odd_ones_first() {
    assert!(first("authorization", "401", &json!([])) < first("authorization", "200", &json!([])));
    let declared = json!([{"name": "if-match", "in": "header", "schema": {"type": "string"}}]);
    assert!(first("if-match", "200", &declared) < first("if-match", "200", &json!([])));
}

#[test]
fn an_operation_without_a_body_gets_one() {
    let all = sent(json!({}), "/x");
    assert!(all.iter().any(|request| !request.body.is_empty()));
    let claims_form = |request: &Request| request.headers.text("content-type") == Some("multipart/form-data");
    assert!(all.iter().any(|request| request.body.is_empty() && claims_form(request)));
}
