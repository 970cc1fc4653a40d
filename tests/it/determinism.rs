//! Same specification, seed and request budget: same cases, at any concurrency.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use gadfly::campaign::{self, Options, Target};
use gadfly::learn::LearnedRule;
use gadfly::scenario::Unique;
use gadfly::seed::Seed;
use gadfly::spec;

use crate::support;

type Log = Arc<Mutex<Vec<Vec<u8>>>>;
/// What a server makes of a body.
type Answer = fn(&[u8]) -> (StatusCode, &'static str);

fn alike(_body: &[u8]) -> (StatusCode, &'static str) {
    (StatusCode::OK, "{}")
}

/// Asks for what the document does not say, by the request alone.
fn demanding(body: &[u8]) -> (StatusCode, &'static str) {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) if value["title"].as_str().is_some_and(|title| title.len() < 60) => (
            StatusCode::BAD_REQUEST,
            r#"{"errors": [{"field": "title", "message": "must have at least 60 characters"}]}"#,
        ),
        _ => (StatusCode::OK, "{}"),
    }
}

/// A server that answers like this and writes down what it was sent.
async fn recording_server(answer: Answer) -> (String, Log) {
    let log = Log::default();
    let kept = Arc::clone(&log);
    let app = Router::new().fallback(move |request: Request| {
        let kept = Arc::clone(&kept);
        async move {
            let (head, body) = request.into_parts();
            let body: Bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap_or_default();
            let mut line = format!("{} {} {:?} ", head.method, head.uri, head.headers).into_bytes();
            line.extend_from_slice(&body);
            kept.lock().unwrap().push(line);
            let (status, told) = answer(&body);
            (status, [("content-type", "application/json")], told)
        }
    });
    (support::serve(app).await, log)
}

/// All requests of a run, sorted: the order of arrival is the network's. The host differs from run to run.
async fn cases(seed: u64, concurrency: usize) -> Vec<Vec<u8>> {
    answered(seed, concurrency, alike).await.0
}

/// The same from a server that answers like this, and what it taught.
async fn answered(seed: u64, concurrency: usize, answer: Answer) -> (Vec<Vec<u8>>, Vec<LearnedRule>) {
    let (origin, log) = recording_server(answer).await;
    let loaded = spec::load_bytes("demo.yaml", gadfly::demo::DOCUMENT.as_bytes()).unwrap();
    let target = Target { origin: origin.parse().unwrap(), base_path: "/v1".to_owned() };
    let mut options = Options::new("demo", target);
    options.seed = Seed::new(seed);
    options.requests = Some(700);
    options.time = None;
    options.concurrency = concurrency;
    // What is left to be ended depends on what arrived first: what makes a thing, or what ends it.
    options.protection.clean_up = false;
    let summary = campaign::run(&loaded, options, &mut ()).await.unwrap();
    assert_eq!(summary.ended, "requests");
    let host = origin.trim_start_matches("http://").to_owned();
    let mut cases: Vec<_> = log.lock().unwrap().iter().map(|line| unnamed(&without(line, host.as_bytes()))).collect();
    cases.sort();
    (cases, summary.learned)
}

/// The same with one word in place of each that may be a name: what is made smaller is sent under names that are new in each
/// run, so that no run stands in the way of the next one.
fn unnamed(line: &[u8]) -> Vec<u8> {
    let is_end = |one: &u8, other: &u8| one.is_ascii_alphanumeric() == other.is_ascii_alphanumeric();
    let words = line.chunk_by(is_end);
    let is_name = |word: &[u8]| std::str::from_utf8(word).is_ok_and(Unique::is_word);
    words.flat_map(|word| if is_name(word) { &b"NAME"[..] } else { word }).copied().collect()
}

fn without(line: &[u8], host: &[u8]) -> Vec<u8> {
    match line.windows(host.len()).position(|window| window == host) {
        Some(at) => [&line[..at], &line[at + host.len()..]].concat(),
        None => line.to_vec(),
    }
}

#[tokio::test]
async fn the_cases_do_not_depend_on_the_concurrency() {
    let alone = cases(7, 1).await;
    let together = cases(7, 32).await;
    assert!(alone.len() >= 700, "{}", alone.len());
    let first = alone.iter().zip(&together).find(|(left, right)| left != right);
    let shown = first.map(|(l, r)| (String::from_utf8_lossy(l), String::from_utf8_lossy(r)));
    assert!(shown.is_none() && alone.len() == together.len(), "{shown:?}");
}

#[tokio::test]
async fn what_refusals_teach_does_not_depend_on_the_concurrency() {
    let (alone, learned) = answered(7, 1, demanding).await;
    let (together, again) = answered(7, 32, demanding).await;
    assert!(learned.iter().any(|rule| rule.place.to_string() == "body/title"), "{learned:?}");
    assert_eq!(learned, again);
    let is_heeded = |line: &&Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        let title = text.split_once("\"title\":\"").and_then(|(_, rest)| rest.split_once('"'));
        title.is_some_and(|(title, _)| title.chars().count() == 60)
    };
    assert!(alone.iter().any(|line| is_heeded(&line)), "no title was made longer");
    assert!(alone == together, "{} and {} requests", alone.len(), together.len());
}

#[tokio::test]
async fn another_seed_gives_other_cases() {
    assert_ne!(cases(7, 8).await, cases(8, 8).await);
}
