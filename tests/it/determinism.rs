//! Same specification, seed and request budget: same cases, at any concurrency.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use gadfly::campaign::{self, Options, Target};
use gadfly::seed::Seed;
use gadfly::spec;

type Log = Arc<Mutex<Vec<Vec<u8>>>>;

/// A server that answers everything alike and writes down what it was sent.
async fn recording_server() -> (String, Log) {
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
            (axum::http::StatusCode::OK, [("content-type", "application/json")], "{}")
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (origin, log)
}

/// All requests of a run, sorted: the order of arrival is the network's. The host differs from run to run.
async fn cases(seed: u64, concurrency: usize) -> Vec<Vec<u8>> {
    let (origin, log) = recording_server().await;
    let loaded = spec::load_bytes("demo.yaml", gadfly::demo::DOCUMENT.as_bytes()).unwrap();
    let target = Target { origin: origin.parse().unwrap(), base_path: "/v1".to_owned() };
    let mut options = Options::new("demo", target);
    options.seed = Seed::new(seed);
    options.requests = Some(700);
    options.time = None;
    options.concurrency = concurrency;
    let summary = campaign::run(&loaded, options, &mut ()).await.unwrap();
    assert_eq!(summary.ended, "requests");
    let host = origin.trim_start_matches("http://").to_owned();
    let mut cases: Vec<_> = log.lock().unwrap().iter().map(|line| without(line, host.as_bytes())).collect();
    cases.sort();
    cases
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
async fn another_seed_gives_other_cases() {
    assert_ne!(cases(7, 8).await, cases(8, 8).await);
}
