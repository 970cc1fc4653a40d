//! Real documents: every operation is read, and everything that is told has a place.

use std::path::PathBuf;

use super::*;
use crate::api::{Operation, SchemeKind};
use crate::schema::Schema;

fn document(name: &str) -> Loaded {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/documents").join(name);
    load_file(&path).unwrap()
}

fn schemas(operation: &Operation) -> Vec<Schema> {
    let bodies = operation.body.iter().flat_map(|body| &body.contents);
    let answers = operation.responses.0.iter().flat_map(|(_, response)| &response.contents);
    let media = bodies.chain(answers).flat_map(|media| [media.schema.clone(), media.item_schema.clone()]).flatten();
    operation.parameters.iter().map(|parameter| parameter.schema.clone()).chain(media).collect()
}

#[track_caller]
fn check(name: &str, version: &str, operations: usize, notes: usize) -> Loaded {
    let loaded = document(name);
    assert_eq!((loaded.api.spec_version.as_str(), loaded.api.operations.len()), (version, operations), "{name}");
    assert_eq!(loaded.notes.len(), notes, "{name}: {:#?}", loaded.notes);
    assert!(loaded.notes.iter().all(|note| note.level == Level::Assumed && note.position.is_some()), "{name}");
    check_sound(&loaded);
    for operation in &loaded.api.operations {
        for schema in schemas(operation) {
            let validation = schema.validation(View::Response);
            assert_eq!(validation.problem(), None, "{name} {} {schema:?}", operation.id);
        }
    }
    loaded
}

#[test]
fn alertmanager() {
    let api = check("alertmanager.yaml", "2.0", 9, 0).api;
    assert_eq!(api.servers, ["/api/v2/"]);
    let alerts = api.operation(&OperationId::new("GET", "/alerts")).unwrap();
    let filter = alerts.parameters.iter().find(|parameter| parameter.name == "filter").unwrap();
    assert_eq!((filter.style, filter.explode), (Style::Form, true));
    let post = api.operation(&OperationId::new("POST", "/alerts")).unwrap();
    let body = post.body.as_ref().unwrap();
    assert_eq!((body.required, body.contents[0].name.as_str()), (true, "application/json"));
    let schema = body.contents[0].schema.as_ref().unwrap();
    assert!(schema.conforms(View::Request, &json!([{"labels": {"a": "b"}}])));
    assert!(!schema.conforms(View::Request, &json!([{"labels": {"a": 1}}])));
    assert_eq!(post.pointer, "/paths/~1alerts/post");
}

#[test]
fn rekor_has_its_schemas_in_other_files() {
    let api = check("rekor/openapi.yaml", "2.0", 8, 0).api;
    let files = api.document.root()["x-gadfly-files"].as_object().unwrap();
    assert!(files.keys().any(|key| key == "pkg/types/alpine/v0.0.1/alpine_v0_0_1_schema.json"), "{files:?}");
}

#[test]
fn nexmo() {
    let api = check("nexmo-sms.yml", "3.0.0", 1, 0).api;
    let names: Vec<_> =
        api.operations[0].body.as_ref().unwrap().contents.iter().map(|media| media.name.as_str()).collect();
    assert_eq!(names, ["application/x-www-form-urlencoded"]);
}

#[test]
fn adyen_has_webhooks_only() {
    let loaded = check("adyen-transaction-webhooks.json", "3.1.0", 0, 1);
    assert!(loaded.notes[0].message.contains("no operation"));
}

#[test]
fn matrix_refers_to_whole_files_far_away() {
    let api = check("matrix/api/client-server/rooms.yaml", "3.1.0", 5, 0).api;
    assert_eq!(api.servers, ["https://localhost:8008/_matrix/client/v3"]);
    assert!(matches!(&api.schemes[0].kind, SchemeKind::ApiKey { .. } | SchemeKind::Http { .. }));
    check("matrix/api/client-server/to_device.yaml", "3.1.0", 1, 0);
}

#[test]
fn redocly_shows_what_3_2_adds() {
    check("redocly-cafe-3.2.yaml", "3.2.0", 12, 0);
    let lint = check("redocly-lint-3.2.yaml", "3.2.0", 5, 2).api;
    let stream = lint.operation(&OperationId::new("GET", "/stream")).unwrap();
    let events = &stream.responses.0[0].1.contents[0];
    assert!(events.schema.is_none());
    assert!(!events.item_schema.as_ref().unwrap().conforms(View::Response, &json!({"id": 1})));
    let ids: Vec<_> = lint.operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(ids, ["GET /giftcards", "QUERY /products", "TEST /products", "GET /stream", "GET /thing"]);
}
