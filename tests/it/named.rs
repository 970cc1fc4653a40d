//! A server that names what it makes in ten ways, takes two things of a kind at once, and sets a cookie: all of its operations are
//! reached.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use gadfly::campaign::{self, Options, Target};
use gadfly::report::Summary;
use gadfly::spec;
use gadfly::store::{Memory, Store};
use serde_json::{Value, json};

use crate::support;

/// The collections, and what each answers to what it makes under a name.
const COLLECTIONS: [&str; 11] =
    ["widgets", "gadgets", "invoices", "tickets", "cars", "boats", "planes", "robots", "bolts", "trucks", "accounts"];

fn made(collection: &str, name: &str) -> Value {
    match collection {
        "widgets" => json!({"uid": name, "color": "red"}),
        "gadgets" => json!({"guid": name, "color": "red"}),
        "invoices" => json!({"number": name, "color": "red"}),
        "tickets" => json!({"reference": name, "color": "red"}),
        "cars" => json!({"self": format!("/cars/{name}"), "color": "red"}),
        "boats" => json!({"status": "ok", "code": 0, "result": {"item": {"id": name}}}),
        "planes" => json!({"a": 1, "b": 2, "c": 3, "d": 4, "data": {"id": name}}),
        "robots" => json!({"displayName": "x", "namedToken": name}),
        "bolts" => json!({"key": format!("k-{}", name.len()), "state": "new"}),
        "trucks" => json!({"id": 7, "plate": name}),
        _ => json!({"id": name}),
    }
}

#[derive(Default)]
struct Things {
    next: usize,
    names: BTreeSet<String>,
}

type Shared = Arc<Mutex<Things>>;

/// The status, the body, and a header.
type Answer = (StatusCode, Value, Option<(&'static str, String)>);

async fn answer(State(state): State<Shared>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let body: Value = serde_json::from_slice(&to_bytes(body, 100_000).await.unwrap()).unwrap_or_default();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (status, body, header) = decide(&state, head.method.as_str(), &segments, &head.headers, &body);
    let mut response = Response::builder().status(status).header("Content-Type", "application/json");
    if let Some((name, value)) = header {
        response = response.header(name, value);
    }
    response.body(Body::from(body.to_string())).unwrap()
}

fn decide(state: &Shared, method: &str, path: &[&str], headers: &HeaderMap, body: &Value) -> Answer {
    let mut state = state.lock().unwrap();
    let plain = |status: StatusCode| (status, json!({"error": status.as_u16()}), None);
    let found = |is_there: bool| plain(if is_there { StatusCode::OK } else { StatusCode::NOT_FOUND });
    match (method, path) {
        ("POST", ["login"]) => {
            state.next += 1;
            let sid = format!("s{}", state.next);
            state.names.insert(sid.clone());
            (StatusCode::OK, json!({"ok": true}), Some(("Set-Cookie", format!("sid={sid}; Path=/"))))
        }
        ("GET", ["cart"]) => {
            let cookie = headers.get("cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let is_known = cookie.strip_prefix("sid=").is_some_and(|sid| state.names.contains(sid));
            if is_known { found(true) } else { plain(StatusCode::UNAUTHORIZED) }
        }
        ("POST", ["transfers"]) => {
            let account = |name: &str| body[name].as_str().map(|id| format!("accounts/{id}")).unwrap_or_default();
            let (from, to) = (account("from_account_id"), account("to_account_id"));
            let are_there = state.names.contains(&from) && state.names.contains(&to);
            if are_there && from != to { plain(StatusCode::CREATED) } else { plain(StatusCode::UNPROCESSABLE_ENTITY) }
        }
        ("GET", ["accounts", one, "compare", other]) => {
            let is_there = |id: &str| state.names.contains(&format!("accounts/{id}"));
            found(is_there(one) && is_there(other) && one != other)
        }
        ("GET", ["parts", "P-77"] | ["parts", "P-77", "price"] | ["suppliers", "S-88"] | ["suppliers"]) => found(true),
        ("POST", [collection]) => {
            state.next += 1;
            let name = format!("n{}", state.next);
            state.names.insert(format!("{collection}/{name}"));
            let location = (*collection == "bolts").then(|| ("Location", format!("/bolts/{name}?x=1")));
            (StatusCode::CREATED, made(collection, &name), location)
        }
        ("GET", [collection, name]) => found(state.names.contains(&format!("{collection}/{name}"))),
        _ => found(false),
    }
}

fn document() -> String {
    let parameter =
        |name: &str, place: &str| json!({"name": name, "in": place, "required": true, "schema": {"type": "string"}});
    let answers = json!({"2XX": {"description": "done"}, "4XX": {"description": "no"}});
    let get = |parameters: Value| json!({"get": {"parameters": parameters, "responses": answers}});
    let post = |members: &[&str]| {
        let properties: serde_json::Map<String, Value> =
            members.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        let schema = json!({"type": "object", "properties": properties, "required": members});
        let body = json!({"content": {"application/json": {"schema": schema}}, "required": true});
        json!({"post": {"requestBody": body, "responses": answers}})
    };
    let mut paths = serde_json::Map::new();
    for collection in COLLECTIONS {
        let id = format!("{}Id", collection.trim_end_matches('s'));
        paths.insert(format!("/{collection}"), post(&["color"]));
        paths.insert(format!("/{collection}/{{{id}}}"), get(json!([parameter(&id, "path")])));
    }
    let mut part = parameter("partId", "path");
    part["example"] = json!("P-77");
    let two = json!([parameter("accountId", "path"), parameter("otherAccountId", "path")]);
    let example = json!({"application/json": {"example": [{"id": "S-88"}], "schema": {"type": "array"}}});
    let list = json!({"get": {"responses": {"200": {"description": "all", "content": example}}}});
    for (path, item) in [
        ("/login", json!({"post": {"responses": answers}})),
        ("/cart", get(json!([parameter("sid", "cookie")]))),
        ("/transfers", post(&["from_account_id", "to_account_id"])),
        ("/accounts/{accountId}/compare/{otherAccountId}", get(two)),
        ("/parts/{partId}", get(json!([part]))),
        ("/parts/{partId}/price", get(json!([parameter("partId", "path")]))),
        ("/suppliers", list),
        ("/suppliers/{supplierId}", get(json!([parameter("supplierId", "path")]))),
    ] {
        paths.insert(path.to_owned(), item);
    }
    json!({"openapi": "3.1.0", "info": {"title": "Names", "version": "1"}, "paths": paths}).to_string()
}

/// A run against a server of its own.
async fn fuzz(store: &Arc<Memory>, requests: u64, concurrency: usize) -> Summary {
    let app = Router::new().fallback(answer).with_state(Shared::default());
    let origin = support::serve(app).await;
    let mut options = Options::new("names", Target { origin: origin.parse().unwrap(), base_path: String::new() });
    options.requests = Some(requests);
    options.time = None;
    options.concurrency = concurrency;
    options.corpus = Some(Arc::clone(store) as Arc<dyn Store>);
    let loaded = spec::load_bytes("names.json", document().as_bytes()).unwrap();
    campaign::run(&loaded, options, &mut ()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_names_what_was_made_it_is_found_and_found_again() {
    let store = Arc::new(Memory::default());
    let first = fuzz(&store, 1_500, 8).await;
    assert_eq!(first.operations_with_2xx, first.operations, "{:#?}", first.never_2xx);
    let references = first.references;
    assert!(references.bound > references.of / 2 && references.bound < references.of, "{references:?}");
    let alone = fuzz(&Arc::new(Memory::default()), 1_500, 1).await;
    assert_eq!(alone.reached_at, first.reached_at, "the order does not depend on the concurrency");
    // The names are others on another server.
    let second = fuzz(&store, 300, 8).await;
    assert_eq!(second.operations_with_2xx, first.operations, "{:#?}", second.never_2xx);
}
