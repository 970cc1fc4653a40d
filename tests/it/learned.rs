//! A server that demands what its document does not say: it is reached, and what it taught is kept and shown.

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{self, Project};

const DOCUMENT: &str = r##"{
  "openapi": "3.1.0", "info": {"title": "Strict", "version": "1"},
  "paths": {
    "/tenants": {"post": {
      "parameters": [{"$ref": "#/components/parameters/version"}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {
        "type": "object", "required": ["name", "plan", "seats", "owner"],
        "properties": {
          "name": {"type": "string"}, "plan": {"type": "string"}, "seats": {"type": "integer", "maximum": 900},
          "owner": {"type": "string"}, "region": {"type": "string"}, "legacy": {"type": "string"}
        },
        "example": {"name": "a", "plan": "b", "seats": 1, "owner": "c", "legacy": "d"}
      }}}},
      "responses": {"201": {"description": "made"}, "422": {"description": "no"}}}},
    "/ping": {"post": {
      "parameters": [{"$ref": "#/components/parameters/version"}],
      "responses": {"204": {"description": "pong"}, "400": {"description": "no"}}}}
  },
  "components": {"parameters": {
    "version": {"name": "X-Api-Version", "in": "header", "schema": {"type": "string"}}
  }}
}"##;

/// Each complaint in the words of another framework; all of them must be heeded before the first 201.
fn complaint(body: &Value) -> Option<Value> {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let is_uuid = |text: &str| text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    if body.get("region").is_none() {
        return Some(json!({"detail": [{"type": "missing", "loc": ["body", "region"], "msg": "Field required"}]}));
    }
    if !["gold", "silver"].contains(&text("plan")) {
        return Some(json!({"message": ["plan must be one of the following values: gold, silver"]}));
    }
    if body["seats"].as_i64().is_none_or(|seats| seats < 500) {
        return Some(json!({"errors": {"Seats": ["must be greater than or equal to 500"]}}));
    }
    if !is_uuid(text("owner")) {
        return Some(json!({"errors": [{"pointer": "#/owner", "detail": "must be a valid UUID"}]}));
    }
    body.get("legacy").map(|_| json!({"message": "json: unknown field \"legacy\""}))
}

async fn make(headers: HeaderMap, body: Option<Json<Value>>) -> (StatusCode, Json<Value>) {
    if headers.contains_key("x-api-version") {
        return (StatusCode::BAD_REQUEST, Json(json!({"oops": 1})));
    }
    let complaint = body.map_or(Some(json!({})), |Json(body)| complaint(&body));
    complaint
        .map_or((StatusCode::CREATED, Json(json!({"id": 1}))), |told| (StatusCode::UNPROCESSABLE_ENTITY, Json(told)))
}

async fn ping(headers: HeaderMap) -> StatusCode {
    if headers.contains_key("x-api-version") { StatusCode::BAD_REQUEST } else { StatusCode::NO_CONTENT }
}

async fn serve() -> String {
    let app = Router::new().route("/tenants", post(make)).route("/ping", post(ping));
    support::serve(app).await
}

fn places(learned: &Value) -> Vec<String> {
    let lessons = learned.as_array().unwrap().iter();
    lessons
        .map(|lesson| format!("{} {}", lesson["operation"].as_str().unwrap(), lesson["place"].as_str().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_demands_what_its_document_does_not_say_is_reached() {
    let origin = serve().await;
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("strict.json", DOCUMENT)]);
        let fuzz = |requests: &str| {
            let arguments = ["fuzz", "strict.json", "--url", &origin, "--requests", requests, "--seed", "1", "--json"];
            project.gadfly(&arguments).object()
        };
        let first = fuzz("900");
        assert_eq!(first["operations_with_2xx"], 2, "{first:#}");
        let learned = places(&first["learned"]);
        for member in ["region", "plan", "seats", "owner", "legacy"] {
            assert!(learned.contains(&format!("POST /tenants body/{member}")), "{member}: {learned:?}");
        }
        assert!(learned.contains(&"POST /ping header/X-Api-Version".to_owned()), "{learned:?}");

        let shown = project.gadfly(&["spec", "strict.json"]);
        assert!(shown.out.contains("learned from answers"), "{shown:?}");
        let line = shown.out.lines().find(|line| line.contains("body/seats")).unwrap_or_else(|| panic!("{shown:?}"));
        assert!(line.trim_start().starts_with("POST /tenants") && line.ends_with("is at least 500"), "{line}");
        assert_eq!(places(&project.gadfly(&["spec", "strict.json", "--json"]).object()["learned"]), learned);

        // The next run begins with it: without the corpus, whose inputs would be sent again, a few requests are enough,
        // and without what was learned they are not.
        std::fs::remove_dir_all(project.path("corpus/strict")).unwrap();
        let second = fuzz("12");
        assert_eq!(second["operations_with_2xx"], 2, "{second:#}");
        std::fs::remove_dir_all(project.path("corpus")).unwrap();
        let anew = fuzz("12");
        assert_eq!(anew["never_2xx"][0]["operation"], "POST /tenants", "{anew:#}");
    });
    checked.await.unwrap();
}
