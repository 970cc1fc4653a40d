//! Requests that are never answered: those that hang by themselves, and those that hang for what the run had made.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{self, Project};

const DOCUMENT: &str = r#"{
  "openapi": "3.1.0", "info": {"title": "Notes", "version": "1"},
  "paths": {
    "/notes": {"post": {"responses": {"201": {"description": "made"}}}},
    "/notes/{note_id}": {
      "parameters": [{"name": "note_id", "in": "path", "required": true, "schema": {"type": "integer"}}],
      "delete": {"responses": {"204": {"description": "gone"}, "404": {"description": "no"}}}
    },
    "/found": {"get": {"responses": {"200": {"description": "all"}}}},
    "/stuck": {"get": {"responses": {"200": {"description": "never"}}}}
  }
}"#;

#[derive(Default)]
struct Notes {
    made: AtomicUsize,
    there: Mutex<BTreeSet<usize>>,
}

async fn make(State(notes): State<Arc<Notes>>) -> (StatusCode, Json<Value>) {
    let id = notes.made.fetch_add(1, Ordering::SeqCst);
    notes.there.lock().unwrap().insert(id);
    (StatusCode::CREATED, Json(json!({"id": id})))
}

async fn end(State(notes): State<Arc<Notes>>, Path(id): Path<usize>) -> StatusCode {
    if notes.there.lock().unwrap().remove(&id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Hangs as long as there is a note.
async fn find(State(notes): State<Arc<Notes>>) -> Json<Value> {
    if !notes.there.lock().unwrap().is_empty() {
        pending::<()>().await;
    }
    Json(json!([]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_that_does_not_show_on_the_clean_target_has_no_fixture() {
    let app = Router::new()
        .route("/notes", post(make))
        .route("/notes/{note_id}", delete(end))
        .route("/found", get(find))
        .route("/stuck", get(pending::<()>))
        .with_state(Arc::<Notes>::default());
    let origin = support::serve(app).await;
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("notes.json", DOCUMENT)]);
        let ran = project.gadfly(&[
            "fuzz",
            "notes.json",
            "--url",
            &origin,
            "--requests",
            "150",
            "--timeout",
            "500ms",
            "--json",
            "--accept-all",
        ]);
        let object = ran.object();
        let of = |operation: &str| {
            let is_it = |one: &&Value| one["oracle"] == "hang" && one["operation"] == operation;
            object["findings"].as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{ran:?}")).clone()
        };
        let (stuck, found) = (of("GET /stuck"), of("GET /found"));
        assert_eq!((&stuck["stable"], &stuck["clean"]), (&true.into(), &json!({"hits": 1, "tries": 1})), "{stuck}");
        assert!(project.read(stuck["fixture"].as_str().unwrap()).contains("hang"));
        assert_eq!((&found["stable"], &found["fixture"]), (&false.into(), &Value::Null), "{found}");
        assert_eq!(found["clean"]["hits"], 0, "{found}");
    });
    checked.await.unwrap();
}
