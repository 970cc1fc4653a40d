//! Bugs behind things that must exist first: they are reached, and their fixtures make the things anew on a fresh server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{self, Project};

const DOCUMENT: &str = r##"{
  "openapi": "3.1.0", "info": {"title": "Shelves", "version": "1"},
  "paths": {
    "/shelves": {"post": {
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Named"}}}},
      "responses": {"201": {"description": "made"}, "400": {"description": "no"}, "409": {"description": "taken"}}}},
    "/shelves/{shelf_id}/books": {"post": {
      "parameters": [{"$ref": "#/components/parameters/shelf"}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Named"}}}},
      "responses": {"201": {"description": "made"}, "400": {"description": "no"}, "404": {"description": "no"}}}},
    "/shelves/{shelf_id}/books/{book_id}": {
      "parameters": [{"$ref": "#/components/parameters/shelf"}, {"$ref": "#/components/parameters/book"}],
      "get": {"responses": {"200": {"description": "it"}, "404": {"description": "no"}}},
      "delete": {"responses": {"204": {"description": "gone"}, "404": {"description": "no"}}}}
  },
  "components": {
    "parameters": {
      "shelf": {"name": "shelf_id", "in": "path", "required": true, "schema": {"type": "string"}},
      "book": {"name": "book_id", "in": "path", "required": true, "schema": {"type": "string"}}
    },
    "schemas": {"Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}}}
  }
}"##;

#[derive(Default)]
struct Library {
    /// Names of shelves by their ids; no name twice.
    shelves: BTreeMap<String, String>,
    books: BTreeMap<(String, String), String>,
    /// So that ids are others on each server.
    offset: usize,
    /// Books that were deleted though they were never made by a client.
    stolen: usize,
}

type Shared = Arc<Mutex<Library>>;

async fn make_shelf(State(state): State<Shared>, body: Option<Json<Value>>) -> (StatusCode, Json<Value>) {
    let name = body.as_ref().and_then(|body| body["name"].as_str()).filter(|name| !name.is_empty());
    let Some(name) = name else { return (StatusCode::BAD_REQUEST, Json(json!({}))) };
    let mut state = state.lock().unwrap();
    if state.shelves.values().any(|known| known == name) {
        return (StatusCode::CONFLICT, Json(json!({})));
    }
    let id = format!("s{}", state.offset + state.shelves.len());
    state.shelves.insert(id.clone(), name.to_owned());
    (StatusCode::CREATED, Json(json!({"id": id, "name": name})))
}

async fn make_book(
    State(state): State<Shared>,
    Path(shelf): Path<String>,
    body: Option<Json<Value>>,
) -> (StatusCode, Json<Value>) {
    let name = body.as_ref().and_then(|body| body["name"].as_str()).filter(|name| !name.is_empty());
    let Some(name) = name else { return (StatusCode::BAD_REQUEST, Json(json!({}))) };
    let mut state = state.lock().unwrap();
    if !state.shelves.contains_key(&shelf) {
        return (StatusCode::NOT_FOUND, Json(json!({})));
    }
    let id = format!("b{}", state.offset * 3 + state.books.len());
    state.books.insert((shelf, id.clone()), name.to_owned());
    (StatusCode::CREATED, Json(json!({"book": {"id": id}})))
}

/// The bug: a book that exists can't be read.
async fn read_book(State(state): State<Shared>, Path(key): Path<(String, String)>) -> StatusCode {
    let exists = state.lock().unwrap().books.contains_key(&key);
    if exists { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NOT_FOUND }
}

async fn delete_book(State(state): State<Shared>, Path(key): Path<(String, String)>) -> StatusCode {
    let mut state = state.lock().unwrap();
    match state.books.remove(&key) {
        Some(name) => {
            state.stolen += usize::from(name == "old");
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

/// A server of its own; answers its origin and its state.
async fn serve(offset: usize) -> (String, Shared) {
    let mut shelves = Library { offset, ..Library::default() };
    shelves.shelves.insert("old".into(), "old".into());
    shelves.books.insert(("old".into(), "old".into()), "old".into());
    let state = Arc::new(Mutex::new(shelves));
    let app = Router::new()
        .route("/shelves", post(make_shelf))
        .route("/shelves/{shelf}/books", post(make_book))
        .route("/shelves/{shelf}/books/{book}", get(read_book).delete(delete_book))
        .with_state(Arc::clone(&state));
    (support::serve(app).await, state)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_behind_two_things_is_reached_and_replays_on_a_fresh_server() {
    let (origin, state) = serve(10).await;
    let (fresh, _) = serve(500).await;
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("shelves.json", DOCUMENT)]);
        let ran =
            project.gadfly(&["fuzz", "shelves.json", "--url", &origin, "--requests", "1500", "--json", "--accept-all"]);
        let object = ran.object();
        let is_it = |finding: &&Value| finding["operation"] == "GET /shelves/{shelf_id}/books/{book_id}";
        let finding = object["findings"].as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{ran:?}"));
        assert_eq!((&finding["oracle"], &finding["stable"]), (&"server_error".into(), &true.into()), "{finding}");
        let fixture: Value = serde_json::from_str(&project.read(finding["fixture"].as_str().unwrap())).unwrap();
        let steps = fixture["scenario"]["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 3, "{fixture:#}");
        assert!(steps[2]["target"].as_str().unwrap().ends_with("/books/{{book_id}}"), "{fixture:#}");
        // Twice, since names may be taken only once; without the specification.
        std::fs::remove_file(project.path("shelves.json")).unwrap();
        for _ in 0..2 {
            let replayed = project.gadfly(&["replay", "--url", &fresh, "server_error"]);
            assert_eq!(replayed.code, Some(1), "{replayed:?}");
            assert!(replayed.out.contains("500"), "{replayed:?}");
        }
    });
    checked.await.unwrap();
    let state = state.lock().unwrap();
    assert_eq!(state.stolen, 0, "what the run did not make was deleted");
    assert!(state.shelves.len() > 3, "nothing was made");
    assert_eq!(state.books.len(), 1, "what the run made is deleted when it is over: {:?}", state.books);
}
