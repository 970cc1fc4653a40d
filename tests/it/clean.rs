//! Bugs that show only on what the run made, and those that it made itself: fixtures are red on a server that nobody has used.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::Project;

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
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (origin, state)
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
