//! Entries and a document for tests.

use std::sync::Arc;

use super::entry::{Entry, Reason};
use crate::api::{Api, OperationId};
use crate::scenario::file::StepRecord;
use crate::scenario::{ANONYMOUS, Capture, IdentityName, Scenario, Source, Step};
use crate::spec;
use crate::wire::Request;

const DOCUMENT: &str = r"
openapi: 3.1.0
info: {title: Notes, version: '1'}
paths:
  /notes:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses: {'200': {description: ok}}
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, properties: {text: {type: string}}}}}
      responses: {'201': {description: made}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {description: ok}}}
    delete: {responses: {'204': {description: gone}}}
";

/// Notes that can be made, listed, read and deleted.
pub(super) fn api() -> Arc<Api> {
    spec::load_bytes("notes.yaml", DOCUMENT.as_bytes()).unwrap().api
}

/// A step of the form `POST /notes {"text":"a"} > note_id`: body and capture of `/id` may be left out.
fn step(text: &str) -> Step {
    let (request, capture) = text.split_once(" > ").map_or((text, None), |(request, name)| (request, Some(name)));
    let mut words = request.splitn(3, ' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut sent = Request::new(method, target.to_owned());
    if let Some(body) = words.next() {
        sent.headers.push("Content-Type", "application/json");
        sent.body = body.to_owned().into();
    }
    let path = target.split('?').next().unwrap();
    let path = if path.starts_with("/notes/") { "/notes/{id}" } else { path };
    Step {
        operation: OperationId::new(method, path),
        identity: IdentityName::new(ANONYMOUS),
        request: Arc::new(sent),
        fresh: vec![],
        captures: capture
            .map(|name| Capture { name: name.into(), from: Source::Body("/id".into()) })
            .into_iter()
            .collect(),
        case: None,
        at_once: false,
    }
}

/// A scenario of such steps.
pub(super) fn scenario(steps: &[&str]) -> Scenario {
    Scenario::plain(steps.iter().map(|text| step(text)).collect())
}

/// An entry of such steps.
pub(super) fn entry(intent: Option<&str>, steps: &[&str]) -> Entry {
    let steps = scenario(steps).steps.iter().map(|step| StepRecord::of(step, "")).collect();
    Entry::new(&reason("answered 200 in a new way", None), intent, steps)
}

/// A reason in these words, with the status in them.
pub(super) fn reason(words: &str, kind: Option<&str>) -> Reason {
    let status = words.split(' ').nth(1).and_then(|word| word.parse().ok());
    Reason { words: words.to_owned(), status, kind: kind.map(str::to_owned), reaches: false, alone: false }
}
