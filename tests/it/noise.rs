//! What a server answers differently each time, through the built command: it is no difference between two versions, and no
//! change of an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use gadfly::seed::Seed;
use serde_json::{Value, json};

use crate::support::{self, Project};

const DOCUMENT: &str = r#"{"openapi":"3.1.0","info":{"title":"Noisy","version":"1"},"paths":{
    "/flip":{"get":{"responses":{"200":{"description":"ok"}}}},
    "/rand":{"get":{"responses":{"200":{"description":"ok"}}}},
    "/notes":{"post":{"responses":{"201":{"description":"made"}},"requestBody":{"required":true,"content":
        {"application/json":{"schema":{"type":"object","required":["text"],"properties":{"text":{"type":"string","maxLength":30}}}}}}}}}}"#;

/// A server whose answers come from a lottery.
struct Lottery {
    seed: Seed,
    asked: AtomicU64,
    /// Whether it does more than its twin.
    is_other: bool,
    version: &'static str,
}

impl Lottery {
    fn below(&self, bound: u64) -> u64 {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.seed.child("lot", asked).below(bound)
    }
}

type Shared = State<Arc<Lottery>>;

async fn flip(State(lottery): Shared) -> StatusCode {
    if lottery.below(4) == 0 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

async fn random(State(lottery): Shared) -> Json<Value> {
    let mut body = json!({"asked": lottery.below(u64::MAX), "tags": ["a", "b"]});
    if lottery.below(2) == 0 {
        body["opt"] = lottery.below(9).into();
    }
    if lottery.below(2) == 0 {
        body["tags"] = json!(["b", "a"]);
    }
    if !lottery.is_other {
        body["price"] = 10.into();
    }
    Json(body)
}

async fn note(State(lottery): Shared, Json(body): Json<Value>) -> Response {
    let id = lottery.asked.fetch_add(1, Ordering::Relaxed);
    let text = body["text"].as_str().unwrap_or_default();
    let request = format!("{:016x}", lottery.below(u64::MAX));
    if text.chars().count() > 20 {
        let body = json!({"error": "boom", "id": id, "request": request, "version": lottery.version});
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response();
    }
    let status =
        if lottery.is_other && text.is_empty() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::CREATED };
    (status, Json(json!({"id": id, "text": text}))).into_response()
}

async fn serve(number: u64, first: u64, is_other: bool, version: &'static str) -> String {
    let lottery = Lottery { seed: Seed::new(number), asked: AtomicU64::new(first), is_other, version };
    let app = Router::new()
        .route("/flip", get(flip))
        .route("/rand", get(random))
        .route("/notes", post(note))
        .with_state(Arc::new(lottery));
    support::serve(app).await
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_that_answer_at_random_are_the_same_and_others_are_not() {
    for number in 0..4 {
        let base = serve(2 * number, 0, false, "1").await;
        let (twin, other) = (serve(2 * number + 1, 50, false, "1").await, serve(100 + number, 50, true, "1").await);
        let checked = tokio::task::spawn_blocking(move || {
            let project = Project::new(&[("noisy.json", DOCUMENT)]);
            let seed = number.to_string();
            let compare = |head: &str| {
                let flags = ["compare", "noisy.json", "--base", &base, "--head", head, "--json"];
                project.gadfly(&[&flags[..], &["--requests", "150", "--seed", &seed]].concat())
            };
            let same = compare(&twin);
            assert_eq!((same.code, &same.object()["differences"]), (Some(0), &json!([])), "seed {seed}: {same:?}");
            let ran = compare(&other);
            let object = ran.object();
            let differences = object["differences"].as_array().unwrap().iter();
            let mut found: Vec<_> = differences.map(|one| (one["operation"].clone(), one["class"].clone())).collect();
            found.sort_by_key(|(operation, _)| operation.to_string());
            let expected = [("GET /rand", "member_gone"), ("POST /notes", "status_class")];
            assert_eq!(found, expected.map(|(operation, class)| (json!(operation), json!(class))), "{object:#}");
            assert_eq!(ran.code, Some(1));
        });
        checked.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_each_time_is_learned_at_proof_and_left_out_of_diffs() {
    let (found, same, changed) =
        (serve(1, 0, false, "1").await, serve(2, 700, false, "1").await, serve(3, 900, false, "2").await);
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("noisy.json", DOCUMENT)]);
        let fuzz = ["fuzz", "noisy.json", "--url", &found, "--include", "POST /notes", "--requests", "300", "--json"];
        let summary = project.gadfly(&[&fuzz[..], &["--accept-all"]].concat()).object();
        let findings = summary["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["oracle"] == "server_error").unwrap();
        let fixture: Value = serde_json::from_str(&project.read(finding["fixture"].as_str().unwrap())).unwrap();
        assert_eq!(fixture["observed"]["volatile"]["body"], json!(["/id", "/request"]), "{fixture:#}");

        let shown = project.gadfly(&["show", finding["signature"].as_str().unwrap()]);
        assert!(shown.code == Some(0) && shown.out.contains("differs each time: /id, /request"), "{shown:?}");
        let again = project.gadfly(&["replay", "server_error", "--url", &same]);
        assert!(again.code == Some(1) && again.out.contains("the answer, the same as at discovery:"), "{again:?}");
        let other = project.gadfly(&["replay", "server_error", "--url", &changed]);
        let (_, diff) = other.out.split_once("how the answer changed:").unwrap_or_else(|| panic!("{other:?}"));
        let signs = |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
        let lines: Vec<_> = diff.lines().map(str::trim_start).filter(signs).collect();
        assert_eq!(lines, [r#"-  "version": "1""#, r#"+  "version": "2""#], "{diff}");
    });
    checked.await.unwrap();
}
