//! What holds of every request that is encoded, whatever the values.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::samples::{case, operation};
use crate::api::Operation;
use crate::scenario::{Body, Content, Datum, encode};

/// Any value, also such as JSON can't hold.
fn datum() -> impl Strategy<Value = Datum> {
    let leaf = prop_oneof![
        Just(Datum::Null),
        any::<bool>().prop_map(Datum::Bool),
        "[-0-9.eE+]{1,20}|NaN".prop_map(|text| Datum::Number(text.into())),
        any::<String>().prop_map(Datum::String),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Datum::RawString(Bytes::from(bytes))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Datum::Array),
            proptest::collection::vec((any::<String>(), inner), 0..4).prop_map(Datum::Object),
        ]
    })
}

/// One parameter in each place and style.
fn everywhere() -> Arc<Operation> {
    let place = |place: &'static str, styles: &'static [&'static str]| {
        styles.iter().flat_map(move |style| {
            [true, false].map(|explode| {
                json!({"name": format!("{place}-{style}-{explode}"), "in": place, "style": style, "explode": explode})
            })
        })
    };
    let parameters: Vec<serde_json::Value> = place("path", &["simple", "label", "matrix"])
        .chain(place("query", &["form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"]))
        .chain(place("header", &["simple"]))
        .chain(place("cookie", &["form"]))
        .collect();
    let path = "/{path-simple-true}/{path-simple-false}/{path-label-true}/{path-label-false}\
                /{path-matrix-true}/{path-matrix-false}";
    operation("PUT", path, json!({"parameters": parameters}))
}

proptest! {
    #[test]
    fn no_value_changes_the_structure_of_a_request(value in datum()) {
        let operation = everywhere();
        let names: Vec<&str> = operation.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let arguments: Vec<(&str, Datum)> = names.iter().map(|name| (*name, value.clone())).collect();
        let request = encode(&case(&operation, &arguments), "/v1");
        prop_assert!(request.target.starts_with(b"/v1/"));
        prop_assert!(request.target.iter().all(u8::is_ascii_graphic), "{}", request.target_text());
        let path = request.target.split(|byte| *byte == b'?').next().unwrap();
        prop_assert_eq!(path.split(|byte| *byte == b'/').count(), 8);
        prop_assert!(request.target.split(|byte| *byte == b'?').count() <= 2);
        for header in &request.headers {
            let is_clean = header.value.iter().all(|byte| *byte == b'\t' || *byte >= 0x20 && *byte != 0x7F);
            prop_assert!(is_clean, "{:?}", header);
        }
        prop_assert!(request.headers.iter().filter(|header| header.name == "Cookie").count() <= 1);
    }

    #[test]
    fn every_value_can_be_a_body_of_every_type(value in datum(), media_type in prop_oneof![
        Just("application/json"), Just("application/x-www-form-urlencoded"), Just("multipart/form-data"),
        Just("application/xml"), Just("text/plain"), Just("text/event-stream"), Just("application/x-ndjson")
    ]) {
        let operation = operation("POST", "/", json!({"body": {media_type: {}}}));
        let mut case = case(&operation, &[]);
        case.body = Some(Body { media_type: media_type.to_owned(), content: Content::Value(value.clone()) });
        let request = encode(&case, "");
        prop_assert!(request.headers.text("content-type").is_some_and(|text| text.starts_with(media_type)));
        if media_type == "application/json" {
            prop_assert_eq!(request.body.to_vec(), value.to_json());
        }
    }
}
