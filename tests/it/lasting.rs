//! What findings come down to on a server that lasts: it keeps all that it was told, and gives each name once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{self, Project};

fn document() -> String {
    let order = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 60}, "n": {"type": "integer"}, "note": {"type": "string"}
    }});
    let body = |schema: Value| json!({"required": true, "content": {"application/json": {"schema": schema}}});
    let answers = json!({"200": {"description": "x"}, "201": {"description": "x"}, "404": {"description": "x"},
        "409": {"description": "x"}, "422": {"description": "x"}});
    let id = json!([{"name": "orderId", "in": "path", "required": true, "schema": {"type": "integer"}}]);
    let text = body(json!({"type": "object", "properties": {"text": {"type": "string"}}}));
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "Orders", "version": "1"},
        "paths": {
            "/orders": {"post": {"requestBody": body(order.clone()), "responses": answers}},
            "/orders/{orderId}": {
                "parameters": id, "get": {"responses": answers}, "put": {"requestBody": text, "responses": answers}
            },
            "/orders/{orderId}/notes": {"parameters": id, "post": {"requestBody": text, "responses": answers}},
            "/orders/{orderId}/summary": {"parameters": id, "get": {"responses": answers}},
        }
    });
    document.to_string()
}

/// An order, a note on it, a change of it, and a summary that fails.
fn session() -> String {
    let entry = |method: &str, path: &str, body: Option<&str>, status: u16, answer: Value| {
        json!({
            "request": {
                "method": method, "url": format!("https://live.invalid{path}"), "headers": [],
                "postData": body.map(|body| json!({"mimeType": "application/json", "text": body})),
            },
            "response": {"status": status, "headers": [], "content": {"mimeType": "application/json", "text": answer.to_string()}},
        })
    };
    let entries = [
        entry("POST", "/orders", Some(r#"{"name": "Ann", "n": 4}"#), 201, json!({"id": 4711})),
        entry("POST", "/orders/4711/notes", Some(r#"{"text": "hi"}"#), 201, json!({"note": 1})),
        entry("PUT", "/orders/4711", Some(r#"{"text": "new"}"#), 200, json!({"id": 4711})),
        entry("GET", "/orders/4711/summary", None, 500, json!({"error": "Internal Server Error"})),
    ];
    json!({"log": {"version": "1.2", "entries": entries}}).to_string()
}

/// The names of all orders.
type Names = Arc<Mutex<BTreeSet<String>>>;
type Answer = (StatusCode, Json<Value>);

fn failed(what: &str) -> Answer {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": what})))
}

async fn make(State(names): State<Names>, body: Option<Json<Value>>) -> Answer {
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let Some(name) = body["name"].as_str() else {
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": "no name"})));
    };
    let mut names = names.lock().unwrap();
    if names.contains(name) {
        return (StatusCode::CONFLICT, Json(json!({"error": "taken"})));
    }
    if body["n"].as_i64().is_some_and(|n| n < 0) {
        return failed("no such tax");
    }
    names.insert(name.to_owned());
    (StatusCode::CREATED, Json(json!({"id": names.len()})))
}

/// Answers for an order that is there.
fn about(names: &Names, id: usize, status: StatusCode) -> Answer {
    let is_there = (1..=names.lock().unwrap().len()).contains(&id);
    (if is_there { status } else { StatusCode::NOT_FOUND }, Json(json!({"id": id})))
}

async fn read(State(names): State<Names>, Path(id): Path<usize>) -> Answer {
    about(&names, id, StatusCode::OK)
}

async fn note(State(names): State<Names>, Path(id): Path<usize>) -> Answer {
    about(&names, id, StatusCode::CREATED)
}

async fn sum(State(names): State<Names>, Path(id): Path<usize>) -> Answer {
    let (status, answer) = about(&names, id, StatusCode::OK);
    if status == StatusCode::OK { failed("division by zero") } else { (status, answer) }
}

async fn serve() -> String {
    let app = Router::new()
        .route("/orders", post(make))
        .route("/orders/{id}", get(read).put(read))
        .route("/orders/{id}/notes", post(note))
        .route("/orders/{id}/summary", get(sum))
        .with_state(Names::default());
    support::serve(app).await
}

/// The steps of the only fixture whose file's name begins so: method, target, headers and body.
#[track_caller]
fn steps(project: &Project, name: &str) -> Vec<String> {
    let files = project.files("regressions");
    let is_it = |file: &&std::path::PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with(name);
    let [file] = files.iter().filter(is_it).collect::<Vec<_>>()[..] else { panic!("{name}: {files:?}") };
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let shown = |step: &Value| {
        let text = |key: &str| step[key].as_str().unwrap().to_owned();
        let body = step.get("body").map_or_else(String::new, Value::to_string);
        let headers = step.get("headers").map_or_else(String::new, Value::to_string);
        format!("{} {} {headers} {body}", text("method"), text("target"))
    };
    fixture["scenario"]["steps"].as_array().unwrap().iter().map(shown).collect()
}

const CRASH: &str =
    "curl -X POST http://live.invalid/orders -H 'Content-Type: application/json' -H 'X-Trace: abc' -d '{
  \"name\": \"Ann from the shop around the corner\",
  \"n\": -15, \"note\": \"hello world, this is long\"
}'";

#[tokio::test(flavor = "multi_thread")]
async fn what_others_recorded_comes_down_to_what_is_needed() {
    let origin = serve().await;
    let checked = tokio::task::spawn_blocking(move || {
        let files = [("orders.json", &*document()), ("s.har", &*session()), ("c.txt", CRASH)];
        let project = Project::new(&files);
        let ran = project.gadfly(&["import", "s.har", "c.txt", "--spec", "orders.json", "--url", &origin]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let made = r#"POST /orders [["Content-Type","application/json"]] {"json":{"name":"{{fresh}}"}}"#;
        assert_eq!(
            steps(&project, "get_orders_orderid_summary-server_error"),
            [made, "GET /orders/{{order_id}}/summary  "]
        );
        let crash = r#"POST /orders [["Content-Type","application/json"]] {"json":{"name":"{{fresh}}","n":-1}}"#;
        assert_eq!(steps(&project, "post_orders-server_error"), [crash]);

        // The server has had all these names by now, and the fixtures are red all the same, as often as they are sent.
        let ran = project.gadfly(&["accept", "--all"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for _ in 0..2 {
            let ran = project.gadfly(&["replay", "--url", &origin]);
            assert_eq!(ran.code, Some(1), "{ran:?}");
            assert!(ran.out.contains("2 fixtures: 2 fail"), "{ran:?}");
        }
    });
    checked.await.unwrap();
}
