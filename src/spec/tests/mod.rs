//! Whole documents through the whole reader.

mod documents;
mod properties;
mod several;
mod torture;

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::api::{Location, OperationId, StatusPattern, Style};
use crate::schema::View;

#[track_caller]
fn load(text: &str) -> Loaded {
    load_bytes("api.yaml", text.as_bytes()).unwrap()
}

/// What everybody may rely on, whatever the document was like.
#[track_caller]
fn check_sound(loaded: &Loaded) {
    let api = &loaded.api;
    references(api.document.root(), &mut |reference| {
        assert!(api.document.target(reference).is_some(), "{reference} leads nowhere");
    });
    let mut ids = std::collections::BTreeSet::new();
    for operation in &api.operations {
        assert!(ids.insert(&operation.id), "{} twice", operation.id);
        assert!(operation.path.starts_with('/'), "{}", operation.path);
        let in_path = operation.parameters.iter().filter(|parameter| parameter.location == Location::Path);
        for parameter in in_path {
            let template = format!("{{{}}}", parameter.name);
            assert!(parameter.required && operation.path.contains(&template), "{parameter:?} in {}", operation.id);
        }
        for parameter in &operation.parameters {
            parameter.schema.conforms(View::Request, &json!([1, {"a": null}]));
        }
        let bodies = operation.body.iter().flat_map(|body| &body.contents);
        let answers = operation.responses.0.iter().flat_map(|(_, response)| &response.contents);
        for schema in bodies.chain(answers).filter_map(|media| media.schema.as_ref()) {
            schema.conforms(View::Response, &json!({"a": [null], "name": "x", "k": {}}));
        }
    }
    for note in &loaded.notes {
        assert!(note.excerpt("").contains(&note.message));
    }
}

/// Each `$ref` below schemas of the canonical document. Data may hold any.
fn references(value: &Value, visit: &mut dyn FnMut(&str)) {
    let mut draft = draft::Draft::new(value.clone());
    draft.walk(&mut |kind, _, value, _| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str).filter(|_| kind == kind::Kind::Schema) {
            visit(reference);
        }
    });
}

const PETS: &str = r"
openapi: 3.0.3
info: {title: Pets, version: 1}
servers: [{url: 'http://{host}/v1', variables: {host: {default: localhost}}}]
security: [{key: []}]
paths:
  /pets/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: int}}
    get:
      operationId: getPet
      tags: [pets]
      parameters:
        - {name: tags, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: string}}, example: [a]}
        - {$ref: '#/components/parameters/Trace'}
        - {name: Accept, in: header, schema: {type: string}}
      responses:
        200:
          description: fine
          headers: {ETag: {required: true, schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}, examples: {one: {value: {name: Rex}}}}}
          links: {again: {operationId: getPet, parameters: {id: $response.body#/id}}}
        4xx: {description: bad}
        default: {}
    put:
      security: []
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'204': {description: done}}
components:
  parameters:
    Trace: {name: X-Trace, in: header, schema: {type: string, nullable: true}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        parent: {nullable: true, allOf: [{$ref: '#/components/schemas/Pet'}]}
";

#[test]
fn a_whole_document_becomes_a_model() {
    let api = load(PETS).api;
    assert_eq!((api.title.as_str(), api.version.as_str(), api.spec_version.as_str()), ("Pets", "1", "3.0.3"));
    assert_eq!(api.servers, ["http://localhost/v1"]);
    let ids: Vec<_> = api.operations.iter().map(|operation| operation.id.to_string()).collect();
    assert_eq!(ids, ["GET /pets/{id}", "PUT /pets/{id}"]);
    let get = &api.operations[0];
    assert_eq!((get.name.as_deref(), get.tags.as_slice()), (Some("getPet"), &["pets".to_owned()][..]));
    assert_eq!(get.security[0].schemes, ["key"]);
    assert!(api.operations[1].security.is_empty());
    let parameters: Vec<_> = get.parameters.iter().map(|p| (p.name.as_str(), p.location, p.style, p.explode)).collect();
    assert_eq!(
        parameters,
        [
            ("tags", Location::Query, Style::PipeDelimited, false),
            ("X-Trace", Location::Header, Style::Simple, false),
            ("id", Location::Path, Style::Simple, false),
        ]
    );
    assert_eq!(get.parameters[0].examples, [json!(["a"])]);
    assert_eq!(get.parameters[1].pointer, "/components/parameters/Trace");
    let patterns: Vec<_> = get.responses.0.iter().map(|(pattern, _)| *pattern).collect();
    assert_eq!(patterns, [StatusPattern::Exact(200), StatusPattern::Class(4), StatusPattern::Default]);
    let ok = get.responses.for_status(200).unwrap();
    assert_eq!(ok.contents[0].examples, [json!({"name": "Rex"})]);
    assert_eq!((ok.headers[0].name.as_str(), ok.headers[0].required), ("ETag", true));
    assert_eq!((ok.links[0].operation.as_str(), ok.links[0].parameters.len()), ("getPet", 1));
    let body = api.operations[1].body.as_ref().unwrap();
    let schema = body.contents[0].schema.as_ref().unwrap();
    assert!(body.required && schema.conforms(View::Request, &json!({"name": "a", "parent": null})));
    assert!(!schema.conforms(View::Request, &json!({"name": "a", "parent": {"name": 1}})));
}

#[test]
fn each_tolerance_is_told_with_its_place() {
    let notes = load(PETS).notes;
    let told: Vec<_> = notes
        .iter()
        .map(|note| {
            (note.position.as_ref().unwrap().line, note.pointer.as_str(), note.message.split(':').next().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            (9, "/paths/~1pets~1{id}/parameters/0/schema/type", "`type"),
            (
                16,
                "/paths/~1pets~1{id}/get/parameters/2",
                "header parameter `Accept` is ignored, as OpenAPI asks; it is described elsewhere"
            ),
            (24, "/paths/~1pets~1{id}/get/responses/default", "the answer has no `description`; an empty one is taken"),
        ]
    );
}
