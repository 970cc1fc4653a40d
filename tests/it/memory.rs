//! The corpus from run to run: a second run reaches in few requests what the first one took many for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use gadfly::campaign::{self, Options, Target};
use gadfly::report::Summary;
use gadfly::spec;
use gadfly::store::{Memory, Store};
use serde_json::{Value, json};

use crate::support;

/// Things in things in things. That a number must be one of a few is written nowhere, so it takes a while to make one.
fn document() -> String {
    let parameter = |name: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
    let body = json!({"required": true, "content": {"application/json": {"schema": {
        "type": "object", "additionalProperties": false, "required": ["name", "number"],
        "properties": {"name": {"type": "string", "minLength": 1}, "number": {"type": "integer", "minimum": 1, "maximum": 99}}
    }}}});
    let made = json!({"201": {"description": "made"}, "409": {"description": "taken"}, "422": {"description": "no"}});
    let found = json!({"200": {"description": "it"}, "404": {"description": "no"}});
    let gone = json!({"204": {"description": "gone"}, "404": {"description": "no"}});
    let (team, board, card) = (parameter("team_id"), parameter("board_id"), parameter("card_id"));
    json!({
        "openapi": "3.1.0", "info": {"title": "Teams", "version": "1"},
        "paths": {
            "/teams": {"post": {"requestBody": body, "responses": made}},
            "/teams/{team_id}": {"parameters": [team], "get": {"responses": found}, "delete": {"responses": gone}},
            "/teams/{team_id}/boards": {"parameters": [team], "post": {"requestBody": body, "responses": made}},
            "/teams/{team_id}/boards/{board_id}": {"parameters": [team, board], "get": {"responses": found}},
            "/teams/{team_id}/boards/{board_id}/cards":
                {"parameters": [team, board], "post": {"requestBody": body, "responses": made}},
            "/teams/{team_id}/boards/{board_id}/cards/{card_id}":
                {"parameters": [team, board, card], "get": {"responses": found}, "delete": {"responses": gone}}
        }
    })
    .to_string()
}

/// Names by the whole path of each thing, such as `t1/b2`.
#[derive(Default)]
struct Things {
    names: BTreeMap<String, String>,
    /// So that ids are others on each server.
    next: usize,
}

type Shared = Arc<Mutex<Things>>;

fn make(state: &Shared, parent: &str, body: Option<Json<Value>>) -> (StatusCode, Json<Value>) {
    let refused = |status| (status, Json(json!({})));
    let Some(Json(body)) = body else { return refused(StatusCode::UNPROCESSABLE_ENTITY) };
    let (Some(name), Some(number)) = (body["name"].as_str(), body["number"].as_u64()) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    let mut state = state.lock().unwrap();
    if !parent.is_empty() && !state.names.contains_key(parent) {
        return refused(StatusCode::NOT_FOUND);
    }
    if name.is_empty() || number % 5 != 4 || number > 99 {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if state.names.values().any(|known| known == name) {
        return refused(StatusCode::CONFLICT);
    }
    state.next += 1;
    let id = format!("x{}", state.next);
    let path = format!("{parent}/{id}");
    state.names.insert(path, name.to_owned());
    (StatusCode::CREATED, Json(json!({"id": id, "name": name})))
}

fn read(state: &Shared, path: &str) -> (StatusCode, Json<Value>) {
    match state.lock().unwrap().names.get(path) {
        Some(name) => (StatusCode::OK, Json(json!({"id": path.rsplit('/').next(), "name": name}))),
        None => (StatusCode::NOT_FOUND, Json(json!({}))),
    }
}

fn end(state: &Shared, path: &str) -> StatusCode {
    let is_gone = state.lock().unwrap().names.remove(path).is_some();
    if is_gone { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// A server of its own; answers its origin.
async fn serve(next: usize) -> String {
    type One = Path<String>;
    type Two = Path<(String, String)>;
    type Three = Path<(String, String, String)>;
    type Body = Option<Json<Value>>;
    let teams = async |State(state): State<Shared>, body: Body| make(&state, "", body);
    let boards = async |State(state): State<Shared>, Path(t): One, body: Body| make(&state, &format!("/{t}"), body);
    let cards =
        async |State(state): State<Shared>, Path((t, b)): Two, body: Body| make(&state, &format!("/{t}/{b}"), body);
    let team = async |State(state): State<Shared>, Path(t): One| read(&state, &format!("/{t}"));
    let board = async |State(state): State<Shared>, Path((t, b)): Two| read(&state, &format!("/{t}/{b}"));
    let card = async |State(state): State<Shared>, Path((t, b, c)): Three| read(&state, &format!("/{t}/{b}/{c}"));
    let end_team = async |State(state): State<Shared>, Path(t): One| end(&state, &format!("/{t}"));
    let end_card = async |State(state): State<Shared>, Path((t, b, c)): Three| end(&state, &format!("/{t}/{b}/{c}"));
    let app = Router::new()
        .route("/teams", post(teams))
        .route("/teams/{team}", get(team).delete(end_team))
        .route("/teams/{team}/boards", post(boards))
        .route("/teams/{team}/boards/{board}", get(board))
        .route("/teams/{team}/boards/{board}/cards", post(cards))
        .route("/teams/{team}/boards/{board}/cards/{card}", get(card).delete(end_card))
        .with_state(Arc::new(Mutex::new(Things { next, ..Things::default() })));
    support::serve(app).await
}

/// A run against a server of its own.
async fn run(store: &Arc<Memory>, requests: u64, concurrency: usize, next: usize) -> Summary {
    fuzz(&document(), serve(next).await, store, requests, concurrency).await
}

/// A run against what listens there.
async fn fuzz(document: &str, origin: String, store: &Arc<Memory>, requests: u64, concurrency: usize) -> Summary {
    let mut options = Options::new("teams", Target { origin: origin.parse().unwrap(), base_path: String::new() });
    options.requests = Some(requests);
    options.time = None;
    options.concurrency = concurrency;
    options.corpus = Some(Arc::clone(store) as Arc<dyn Store>);
    let loaded = spec::load_bytes("teams.json", document.as_bytes()).unwrap();
    campaign::run(&loaded, options, &mut ()).await.unwrap()
}

/// The number of the request by which all operations were reached that ever were.
fn last(summary: &Summary) -> u64 {
    summary.reached_at.iter().map(|reached| reached.request).max().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_reaches_the_same_in_a_quarter_of_the_requests() {
    let store = Arc::new(Memory::default());
    // One after the other: what is deleted while others use it is another thing each time.
    let first = run(&store, 3000, 1, 100).await;
    assert_eq!(first.operations_with_2xx, first.operations, "{:#?}", first.never_2xx);
    let quarter = last(&first) / 4;
    // The ids are others on each server, and no name is taken twice.
    let second = run(&copy(&store), quarter, 16, 7000).await;
    assert_eq!(second.operations_with_2xx, first.operations_with_2xx, "{quarter}: {:#?}", second.never_2xx);
    assert!(second.notices.is_empty(), "{:?}", second.notices);
    let alone = run(&copy(&store), quarter, 1, 300).await;
    assert_eq!(alone.reached_at, second.reached_at, "the order does not depend on the concurrency");
}

/// Colors that are there once they are put, and copies that are made of those that are there.
async fn colors() -> String {
    type Names = Arc<Mutex<BTreeSet<String>>>;
    let put = async |State(names): State<Names>, Path(name): Path<String>| {
        let is_new = names.lock().unwrap().insert(name.clone());
        (if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(json!({"id": name})))
    };
    let end = async |State(names): State<Names>, Path(name): Path<String>| {
        if names.lock().unwrap().remove(&name) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
    };
    let copy = async |State(names): State<Names>, Json(body): Json<Value>| {
        let is_there = body["of"].as_str().is_some_and(|name| names.lock().unwrap().contains(name));
        if is_there { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
    };
    let app = Router::new()
        .route("/colors/{color}", axum::routing::put(put).delete(end))
        .route("/copies", post(copy))
        .with_state(Names::default());
    support::serve(app).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reached_an_operation_by_luck_is_kept_with_what_it_stood_on() {
    let color = json!({"type": "string", "enum": ["red", "blue", "green", "white", "black", "pink"]});
    let answers = json!({"201": {"description": "new"}, "200": {"description": "old"}, "204": {"description": "done"},
        "404": {"description": "no"}});
    let body = json!({"required": true, "content": {"application/json": {"schema": {
        "type": "object", "required": ["of"], "properties": {"of": color}}}}});
    let parameters = json!([{"name": "color", "in": "path", "required": true, "schema": color}]);
    let document = json!({"openapi": "3.1.0", "info": {"title": "Colors", "version": "1"}, "paths": {
        "/colors/{color}": {"parameters": parameters, "put": {"responses": answers}, "delete": {"responses": answers}},
        "/copies": {"post": {"requestBody": body, "responses": answers}}
    }});
    let store = Arc::new(Memory::default());
    let first = fuzz(&document.to_string(), colors().await, &store, 1500, 1).await;
    assert_eq!(first.operations_with_2xx, 3, "{:#?}", first.never_2xx);
    let entries = store.list("").unwrap().into_iter().filter_map(|key| store.get(&key).unwrap());
    let steps = entries.filter_map(|entry| serde_json::from_slice::<Value>(&entry).ok()?["steps"].as_array().cloned());
    let methods = steps.map(|steps| steps.iter().map(|step| step["method"].to_string()).collect::<Vec<_>>().join(" "));
    let methods: Vec<String> = methods.collect();
    let is_led = |methods: &String| methods.starts_with("\"PUT\"") && methods.ends_with("\"POST\"");
    assert!(methods.iter().any(is_led), "{methods:?}");
}

/// The same entries in a store of their own: a run adds to its corpus.
fn copy(store: &Memory) -> Arc<Memory> {
    let copy = Memory::default();
    for key in store.list("").unwrap() {
        copy.put(&key, &store.get(&key).unwrap().unwrap()).unwrap();
    }
    Arc::new(copy)
}
