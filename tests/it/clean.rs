//! Bugs that show only on what the run made, and those that it made itself: fixtures are red on a server that nobody has used.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{self, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{self, Project};

/// Nothing says that a note which was put can be got.
const DOCUMENT: &str = r#"{
  "openapi": "3.1.0", "info": {"title": "Notes", "version": "1"},
  "paths": {"/notes/{title}": {
    "parameters": [{"name": "title", "in": "path", "required": true, "schema": {"type": "string"}}],
    "get": {"responses": {"200": {"description": "it"}, "404": {"description": "no"}}},
    "put": {"responses": {"201": {"description": "made"}, "200": {"description": "kept"}}},
    "delete": {"responses": {"204": {"description": "gone"}, "404": {"description": "no"}}}
  }}
}"#;

#[derive(Default)]
struct Notes {
    titles: BTreeSet<String>,
    /// The place of all notes is gone.
    is_ruined: bool,
    /// How many notes were put before that.
    before: usize,
}

type Shared = Arc<Mutex<Notes>>;

/// The bug: a note that exists can't be read.
async fn read(State(state): State<Shared>, Path(title): Path<String>) -> StatusCode {
    let exists = state.lock().unwrap().titles.contains(&title);
    if exists { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NOT_FOUND }
}

async fn put(State(state): State<Shared>, Path(title): Path<String>) -> StatusCode {
    let mut state = state.lock().unwrap();
    if state.is_ruined {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    state.before += 1;
    if state.titles.insert(title) { StatusCode::CREATED } else { StatusCode::OK }
}

/// As on a real server, some names lead to the place of all notes.
async fn delete(State(state): State<Shared>, Path(title): Path<String>) -> StatusCode {
    let mut state = state.lock().unwrap();
    let is_place = title.split(['/', '\\']).any(|part| part == "..");
    state.is_ruined |= is_place;
    if state.titles.remove(&title) || is_place { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn serve() -> (String, Shared) {
    let state = Shared::default();
    let methods = get(read).put(put).delete(delete);
    let app = Router::new().route("/notes/{title}", methods).with_state(Arc::clone(&state));
    (support::serve(app).await, state)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fixture_is_red_on_a_server_that_nobody_has_used() {
    let (origin, state) = serve().await;
    let (fresh, _) = serve().await;
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("notes.json", DOCUMENT)]);
        let ran =
            project.gadfly(&["fuzz", "notes.json", "--url", &origin, "--requests", "5000", "--json", "--accept-all"]);
        let object = ran.object();
        let findings = object["findings"].as_array().unwrap();
        let errors: Vec<&Value> = findings.iter().filter(|finding| finding["oracle"] == "server_error").collect();
        let of = |operation: &str| {
            errors.iter().find(|finding| finding["operation"] == operation).unwrap_or_else(|| panic!("{ran:?}"))
        };
        let read = of("GET /notes/{title}");
        assert_eq!((&read["stable"], &read["clean"]), (&true.into(), &json!({"hits": 1, "tries": 1})), "{read}");
        let fixture: Value = serde_json::from_str(&project.read(read["fixture"].as_str().unwrap())).unwrap();
        let methods: Vec<_> =
            fixture["scenario"]["steps"].as_array().unwrap().iter().map(|step| step["method"].clone()).collect();
        assert_eq!(methods, ["PUT", "GET"], "{fixture:#}");
        assert_eq!(fixture["clean"], json!({"hits": 1, "tries": 1}));
        // What the run ruined fails for everybody: that is told, and no fixture says that one request does it.
        let ruined = of("PUT /notes/{title}");
        assert_eq!((&ruined["stable"], &ruined["fixture"]), (&false.into(), &Value::Null), "{ruined}");
        assert!(object["notices"].to_string().contains("does not show on the clean target"), "{object:#}");
        let replayed = project.gadfly(&["replay", "--url", &fresh, "--json"]);
        let verdicts: BTreeSet<String> = replayed.object()["fixtures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fixture| fixture["verdict"].to_string())
            .collect();
        assert_eq!(verdicts, BTreeSet::from(["\"fail\"".to_owned()]), "{replayed:?}");
    });
    checked.await.unwrap();
    let state = state.lock().unwrap();
    assert!(state.is_ruined && state.before > 100, "what may ruin the target comes last: {}", state.before);
}

/// Labels, whose names are each given once.
const LABELS: &str = r#"{
  "openapi": "3.1.0", "info": {"title": "Labels", "version": "1"},
  "paths": {
    "/labels": {
      "post": {
        "requestBody": {"required": true, "content": {"application/json": {"schema": {
          "type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 3}}
        }}}},
        "responses": {"201": {"description": "made"}, "409": {"description": "taken"}, "400": {"description": "no"}}
      }
    },
    "/labels/{label_id}": {
      "parameters": [{"name": "label_id", "in": "path", "required": true, "schema": {"type": "integer"}}],
      "delete": {"responses": {"204": {"description": "gone"}, "404": {"description": "no"}}}
    }
  }
}"#;

/// Names that were ever given, and the ids of what is there.
#[derive(Default)]
struct Labels {
    given: BTreeSet<String>,
    ids: BTreeSet<usize>,
}

/// The bug: there is room for one label.
async fn label(State(state): State<Arc<Mutex<Labels>>>, body: Option<Json<Value>>) -> (StatusCode, Json<Value>) {
    let mut state = state.lock().unwrap();
    let name = body.as_ref().and_then(|Json(body)| body["name"].as_str()).filter(|name| name.chars().count() >= 3);
    let Some(name) = name else { return (StatusCode::BAD_REQUEST, Json(json!({}))) };
    if !state.given.insert(name.to_owned()) {
        return (StatusCode::CONFLICT, Json(json!({})));
    }
    if !state.ids.is_empty() {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "IndexError: no room"})));
    }
    let id = state.given.len();
    state.ids.insert(id);
    (StatusCode::CREATED, Json(json!({"id": id, "name": name})))
}

async fn serve_labels() -> String {
    let end = async |State(state): State<Arc<Mutex<Labels>>>, Path(id): Path<usize>| {
        if state.lock().unwrap().ids.remove(&id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
    };
    let app = Router::new().route("/labels", post(label)).route("/labels/{id}", routing::delete(end));
    support::serve(app.with_state(Arc::default())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_another_of_its_kind_is_found_under_names_that_are_new() {
    let (origin, fresh) = (serve_labels().await, serve_labels().await);
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("labels.json", LABELS)]);
        let arguments = ["fuzz", "labels.json", "--url", &origin, "--requests", "600", "--json", "--accept-all"];
        let ran = project.gadfly(&arguments);
        let object = ran.object();
        let mut findings = object["findings"].as_array().unwrap().iter();
        let found = findings.find(|finding| finding["oracle"] == "server_error").unwrap_or_else(|| panic!("{ran:?}"));
        let fixture: Value = serde_json::from_str(&project.read(found["fixture"].as_str().unwrap())).unwrap();
        let steps = fixture["scenario"]["steps"].as_array().unwrap();
        let methods: Vec<_> = steps.iter().map(|step| step["method"].as_str().unwrap()).collect();
        assert_eq!(methods, ["POST", "POST"], "{fixture:#}");
        let replayed = project.gadfly(&["replay", "--url", &fresh, "--json"]);
        assert_eq!(replayed.object()["counts"], json!({"fail": 1}), "{replayed:?}");
    });
    checked.await.unwrap();
}
