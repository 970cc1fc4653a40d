//! What a target has from the start is left alone until the last tenth of a run; what the run makes is not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::support::{self, Project};

const REQUESTS: usize = 1_000;
/// Of these none may touch what was there.
const BEFORE: usize = REQUESTS - REQUESTS / 10;
/// How many things there are from the start, of each kind.
const SEEDS: u64 = 12;

fn document() -> Value {
    let named = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let body = json!({"required": true, "content": {"application/json": {"schema": named}}});
    let passwords =
        json!({"type": "object", "required": ["newPassword"], "properties": {"newPassword": {"type": "string"}}});
    let passwords = json!({"required": true, "content": {"application/json": {"schema": passwords}}});
    let answers = |status: &str| json!({status: {"description": "done"}, "404": {"description": "no"}, "422": {"description": "no"}});
    let id = json!({"name": "id", "in": "path", "required": true, "example": 3, "schema": {"type": "integer"}});
    let item = |with_example: bool| {
        let mut id = id.clone();
        if !with_example {
            id.as_object_mut().unwrap().remove("example");
        }
        json!({"parameters": [id], "get": {"responses": answers("200")}, "delete": {"responses": answers("204")},
            "put": {"requestBody": body, "responses": answers("200")}, "patch": {"requestBody": body, "responses": answers("200")}})
    };
    let all = json!({"get": {"responses": answers("200")}, "post": {"requestBody": body, "responses": answers("201")}});
    json!({"openapi": "3.1.0", "info": {"title": "Seeded", "version": "1"}, "paths": {
        "/items": all, "/items/{id}": item(true), "/tags": all, "/tags/{id}": item(false),
        "/me/changePassword": {"post": {"requestBody": passwords, "responses": answers("204")}},
        "/logout": {"get": {"responses": answers("204")}}, "/session": {"delete": {"responses": answers("204")}}}})
}

/// Names by kind and id.
#[derive(Default)]
struct Shop {
    things: BTreeMap<(String, u64), String>,
    requests: usize,
    made: u64,
    /// What was ended or changed that was there from the start, and what shuts the caller out: by which request.
    taken: Vec<(usize, String)>,
    /// How many of its own things the run ended or changed by then.
    own: BTreeMap<String, usize>,
}

type Shared = Arc<Mutex<Shop>>;

async fn answer(State(shop): State<Shared>, method: Method, uri: Uri, body: Bytes) -> Response {
    let mut shop = shop.lock().unwrap();
    shop.requests += 1;
    let number = shop.requests;
    let request = format!("{method} {}", uri.path());
    let name = || serde_json::from_slice::<Value>(&body).ok().and_then(|body| body["name"].as_str().map(str::to_owned));
    let mut path = uri.path().trim_start_matches('/').split('/');
    let (kind, id) = (path.next().unwrap_or_default().to_owned(), path.next().map(str::parse::<u64>));
    match (method.as_str(), kind.as_str(), id) {
        ("POST", "me", _) | ("GET", "logout", _) | ("DELETE", "session", _) => {
            shop.taken.push((number, request));
            StatusCode::NO_CONTENT.into_response()
        }
        ("GET", "items" | "tags", None) => {
            let all = shop
                .things
                .iter()
                .filter(|((of, _), _)| *of == kind)
                .map(|((_, id), name)| json!({"id": id, "name": name}));
            axum::Json(all.collect::<Vec<_>>()).into_response()
        }
        ("POST", "items" | "tags", None) => {
            let Some(name) = name() else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
            shop.made += 1;
            // Each third tag is one that was there, and told of by 200.
            let is_old = kind == "tags" && shop.made % 3 == 0;
            let id = if is_old { 1 + shop.made % SEEDS } else { 100 + shop.made };
            if !is_old {
                shop.things.insert((kind, id), name.clone());
            }
            let status = if is_old { StatusCode::OK } else { StatusCode::CREATED };
            (status, axum::Json(json!({"id": id, "name": name}))).into_response()
        }
        (verb, "items" | "tags", Some(Ok(id))) if shop.things.contains_key(&(kind.clone(), id)) => {
            let key = (kind, id);
            if verb == "GET" {
                return axum::Json(json!({"id": id, "name": shop.things[&key]})).into_response();
            }
            if verb != "DELETE" && name().is_none() {
                return StatusCode::UNPROCESSABLE_ENTITY.into_response();
            }
            if id <= SEEDS {
                shop.taken.extend((verb == "DELETE").then_some((number, request)));
            } else if number <= BEFORE {
                *shop.own.entry(verb.to_owned()).or_default() += 1;
            }
            if verb == "DELETE" {
                shop.things.remove(&key);
                return StatusCode::NO_CONTENT.into_response();
            }
            axum::Json(json!({"id": id, "name": name()})).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn serve() -> (String, Shared) {
    let mut shop = Shop::default();
    for kind in ["items", "tags"] {
        shop.things.extend((1..=SEEDS).map(|id| ((kind.to_owned(), id), format!("seed {id}"))));
    }
    let shop = Arc::new(Mutex::new(shop));
    let app = Router::new().fallback(answer).with_state(Arc::clone(&shop));
    (support::serve(app).await, shop)
}

/// What a run against such a server came to, and the server.
async fn run(more: &'static [&'static str]) -> (Value, Shared) {
    let (origin, shop) = serve().await;
    let ran = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("seeded.json", &document().to_string())]);
        let requests = REQUESTS.to_string();
        let arguments = ["fuzz", "seeded.json", "--url", &origin, "--requests", &requests, "--json"];
        project.gadfly(&[&arguments[..], more].concat()).object()
    });
    (ran.await.unwrap(), shop)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_left_alone_until_the_end_and_then_has_its_turn() {
    let (object, shop) = run(&[]).await;
    let shop = shop.lock().unwrap();
    let early: Vec<_> = shop.taken.iter().filter(|(number, _)| *number <= BEFORE).collect();
    assert!(early.is_empty(), "{early:?}");
    assert_eq!(object["never_2xx"], json!([]), "each operation has its turn");
    for (verb, least) in [("DELETE", 10), ("PUT", 10), ("PATCH", 10)] {
        assert!(shop.own.get(verb).is_some_and(|count| *count >= least), "{verb}: {:?}", shop.own);
    }
    let made = &object["made"];
    assert!(made["made"].as_u64().unwrap() > 50 && made["lost"] == json!({}), "{made}");
    let left = shop.things.keys().filter(|(_, id)| *id > SEEDS).count();
    assert_eq!(left as u64, made["made"].as_u64().unwrap() - made["ended"].as_u64().unwrap(), "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_not_left_alone_if_that_is_asked_for() {
    let (_, shop) = run(&["--destructive"]).await;
    let shop = shop.lock().unwrap();
    assert!(shop.taken.iter().any(|(number, _)| *number <= BEFORE), "{:?}", shop.taken);
}
