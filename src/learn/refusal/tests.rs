//! Bodies as the frameworks write them, and bytes that nobody wrote.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::wire::Headers;

fn read(status: u16, body: &[u8]) -> Vec<String> {
    let response = Response::new(status, Headers::new(), body.to_vec());
    complaints(&response).iter().map(ToString::to_string).collect()
}

/// Bodies as the frameworks write them, and what is to be read in them.
#[test]
fn the_bodies_of_common_frameworks_are_read() {
    let cases: Value = serde_json::from_str(include_str!("cases.json")).unwrap();
    let mut failures = Vec::new();
    for (framework, cases) in cases.as_object().unwrap() {
        let cases = cases.as_array().unwrap();
        assert!(cases.len() >= 3, "{framework} has {} bodies", cases.len());
        for case in cases {
            let body = case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned);
            let expected: Vec<&str> = case["read"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let found = read(422, body.as_bytes());
            if found != expected {
                failures.push(format!("{framework}: {body}\n  read     {found:?}\n  expected {expected:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn only_refusals_are_read() {
    let body = br#"{"name": ["This field is required."]}"#;
    assert_eq!(read(400, body), ["somewhere/name must be there"]);
    for status in [200, 401, 403, 404, 409, 412, 429, 500] {
        assert!(read(status, body).is_empty(), "{status}");
    }
}

#[test]
fn work_is_bounded() {
    let many: Vec<String> = (0..5_000).map(|index| format!("\"f{index}\": [\"This field is required.\"]")).collect();
    assert!(read(400, format!("{{{}}}", many[..900].join(",")).as_bytes()).len() <= MOST);
    assert!(read(400, format!("{{{}}}", many.join(",")).as_bytes()).is_empty(), "it is longer than what is read");
    let deep = format!("{}\"name is required\"{}", "[".repeat(100), "]".repeat(100));
    assert!(read(400, deep.as_bytes()).is_empty());
}

/// Bodies that look like errors, with anything in them.
fn body() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "loc",
        "msg",
        "type",
        "ctx",
        "errors",
        "field",
        "message",
        "detail",
        "path",
        "params",
        "keyword",
        "instancePath",
        "missing",
        "body",
        "name",
        "source",
        "pointer",
        "code",
        "too_small",
        "minimum",
        "limit",
        "enum",
        "expected",
        "must be one of 'a', 'b'",
        "at least 99999999999999999 characters",
        "between 1 and -2",
        "is required",
        "constraints",
    ]);
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        prop_assert!(read(400, &bytes).len() <= MOST);
        prop_assert!(read(400, text.as_bytes()).len() <= MOST);
    }

    #[test]
    fn no_shape_panics(body in body()) {
        let found = read(422, body.to_string().as_bytes());
        prop_assert!(found.len() <= MOST);
    }
}
