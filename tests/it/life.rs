//! Servers that do with things what they do for good reasons: no law about the life of things may call that a bug.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use gadfly::scenario::Law;
use serde_json::{Value, json};

use crate::support::{self, Project};

/// Notes are folded, counted and deleted softly; jobs are made later; moulds are a mock that answers anything alike.
fn document() -> String {
    let body = |schema: &str| json!({"required": true, "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}});
    let answers = |codes: &[&str]| -> Value {
        codes
            .iter()
            .map(|code| ((*code).to_owned(), json!({"description": "an answer"})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let all = answers(&["200", "201", "202", "204", "400", "404", "422"]);
    let plain = || json!({ "responses": all });
    let with = |schema: &str| json!({"requestBody": body(schema), "responses": all});
    let item = |name: &str, example: &str, schema: &str| {
        let parameter =
            json!([{"name": name, "in": "path", "required": true, "schema": {"type": "string"}, "example": example}]);
        json!({"parameters": parameter, "get": plain(), "put": with(schema), "patch": with(&format!("{schema}Change")), "delete": plain()})
    };
    let members = json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 30}, "color": {"type": "string", "enum": ["Red", "Green", "Blue"]},
        "size": {"type": "number", "minimum": 0, "maximum": 100}, "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3}
    });
    let whole =
        json!({"type": "object", "additionalProperties": false, "required": ["name", "color"], "properties": members});
    let change = json!({"type": "object", "additionalProperties": false, "minProperties": 1, "properties": members});
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "Quirks", "version": "1"},
        "paths": {
            "/notes": {"post": with("Note"), "get": plain()},
            "/notes/{note_id}": item("note_id", "1", "Note"),
            "/jobs": {"post": with("Note")},
            "/jobs/{job_id}": {
                "parameters": [{"name": "job_id", "in": "path", "required": true, "schema": {"type": "string"}, "example": "done"}],
                "get": plain()
            },
            "/moulds": {"post": with("Note"), "get": plain()},
            "/moulds/{mould_id}": item("mould_id", "m", "Note")
        },
        "components": {"schemas": {"Note": whole, "NoteChange": change}}
    });
    document.to_string()
}

#[derive(Default)]
struct Notes {
    all: BTreeMap<String, Value>,
    next: u64,
    reads_of_deleted: usize,
    refused: usize,
    replaced: usize,
}

type Shared = Arc<Mutex<Notes>>;

fn refused() -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": "invalid"}))).into_response()
}

/// The members as this server keeps them; none if one is invalid.
fn folded(body: Option<&Value>, is_whole: bool) -> Option<serde_json::Map<String, Value>> {
    let members = body?.as_object().filter(|members| !members.is_empty())?;
    let mut kept = serde_json::Map::new();
    for (name, value) in members {
        let value = match name.as_str() {
            "name" => {
                json!(value.as_str().filter(|text| (1..=30).contains(&text.chars().count()))?.trim().to_lowercase())
            }
            "color" => json!(value.as_str().filter(|text| ["Red", "Green", "Blue"].contains(text))?.to_lowercase()),
            "size" => json!(value.as_f64().filter(|size| (0.0..=100.0).contains(size))?.round().min(10.0)),
            "tags" => {
                let tags = value.as_array().filter(|tags| tags.len() <= 3 && tags.iter().all(Value::is_string))?;
                tags.iter().map(|tag| json!({"text": tag})).collect()
            }
            _ => return None,
        };
        kept.insert(name.clone(), value);
    }
    (!is_whole || kept.contains_key("name") && kept.contains_key("color")).then_some(kept)
}

async fn make_note(State(notes): State<Shared>, body: Option<Json<Value>>) -> Response {
    let mut notes = notes.lock().unwrap();
    let Some(mut note) = folded(body.as_deref(), true) else {
        notes.refused += 1;
        return refused();
    };
    notes.next += 1;
    let id = format!("{}", notes.next);
    note.extend([("id".to_owned(), json!(id)), ("version".to_owned(), json!(1)), ("views".to_owned(), json!(0))]);
    notes.all.insert(id.clone(), note.clone().into());
    // As a server behind a proxy says it.
    let location = format!("https://notes.example.com/{id}");
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(note)).into_response()
}

async fn read_note(State(notes): State<Shared>, Path(id): Path<String>) -> Response {
    let mut notes = notes.lock().unwrap();
    let Some(note) = notes.all.get_mut(&id) else { return StatusCode::NOT_FOUND.into_response() };
    note["views"] = json!(note["views"].as_u64().unwrap_or(0) + 1);
    let note = note.clone();
    notes.reads_of_deleted += usize::from(note.get("deleted_at").is_some());
    Json(note).into_response()
}

fn change_note(notes: &Shared, id: &str, body: Option<&Value>, is_whole: bool) -> Response {
    let mut notes = notes.lock().unwrap();
    let Some(changed) = folded(body, is_whole) else {
        notes.refused += 1;
        return refused();
    };
    let Some(note) = notes.all.get_mut(id) else { return StatusCode::NOT_FOUND.into_response() };
    let members = note.as_object_mut().unwrap();
    members.extend(changed);
    members["version"] = json!(members["version"].as_u64().unwrap_or(0) + 1);
    let note = note.clone();
    notes.replaced += usize::from(is_whole);
    Json(note).into_response()
}

async fn put_note(State(notes): State<Shared>, Path(id): Path<String>, body: Option<Json<Value>>) -> Response {
    change_note(&notes, &id, body.as_deref(), true)
}

async fn patch_note(State(notes): State<Shared>, Path(id): Path<String>, body: Option<Json<Value>>) -> Response {
    change_note(&notes, &id, body.as_deref(), false)
}

async fn delete_note(State(notes): State<Shared>, Path(id): Path<String>) -> StatusCode {
    let mut notes = notes.lock().unwrap();
    let Some(note) = notes.all.get_mut(&id) else { return StatusCode::NOT_FOUND };
    note["deleted_at"] = json!("2030-01-01T00:00:00Z");
    StatusCode::NO_CONTENT
}

async fn list_notes(State(notes): State<Shared>) -> Json<Value> {
    Json(json!({"items": notes.lock().unwrap().all.values().rev().take(20).collect::<Vec<_>>()}))
}

async fn make_job(State(notes): State<Shared>) -> Response {
    let mut notes = notes.lock().unwrap();
    notes.next += 1;
    let (id, is_odd) = (notes.next, !notes.next.is_multiple_of(2));
    let status = if is_odd { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    (status, Json(json!({"id": format!("j{id}"), "status": "queued"}))).into_response()
}

async fn read_job(Path(id): Path<String>) -> Response {
    if id == "done" {
        Json(json!({"id": id, "status": "done"})).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

async fn mould() -> Json<Value> {
    Json(json!({"id": "m", "name": "string", "color": "Red", "size": 0, "tags": []}))
}

async fn make_mould() -> Response {
    (StatusCode::CREATED, [(header::LOCATION, "/moulds/m")], mould().await).into_response()
}

async fn serve() -> (String, Shared) {
    let notes = Shared::default();
    let app = Router::new()
        .route("/notes", get(list_notes).post(make_note))
        .route("/notes/{id}", get(read_note).put(put_note).patch(patch_note).delete(delete_note))
        .route("/jobs", axum::routing::post(make_job))
        .route("/jobs/{id}", get(read_job))
        .route("/moulds", get(mould).post(make_mould))
        .route("/moulds/{id}", get(mould).put(mould).patch(mould).delete(StatusCode::NO_CONTENT))
        .with_state(Arc::clone(&notes));
    (support::serve(app).await, notes)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_servers_do_for_good_reasons_is_no_bug() {
    let (origin, notes) = serve().await;
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("quirks.json", &document())]);
        let ran = project.gadfly(&["fuzz", "quirks.json", "--url", &origin, "--requests", "4000", "--json"]);
        let object = ran.object();
        assert_eq!(object["never_2xx"], json!([]), "{ran:?}");
        let findings = object["findings"].as_array().unwrap();
        let laws: Vec<_> =
            findings.iter().filter(|finding| Law::named(finding["oracle"].as_str().unwrap()).is_some()).collect();
        assert!(laws.is_empty(), "{laws:#?}");
    });
    checked.await.unwrap();
    let notes = notes.lock().unwrap();
    // The laws were tried: things that were deleted were read, changes were refused, things were replaced.
    assert!(notes.reads_of_deleted > 0 && notes.refused > 0 && notes.replaced > 0);
}
