//! A tiny HTTP client over TCP that sends bytes as they are, one request a connection.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::demo::{Demo, Options};

/// How long an answer may take before the handler counts as hung.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) const ALICE: &str = "Authorization: Bearer demo-alice-token";
pub(super) const ADMIN: &str = "Authorization: Bearer demo-admin-token";

#[derive(Debug)]
pub(super) enum Outcome {
    Answer(Answer),
    Dropped,
    Hung,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        pairs.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn text(&self) -> String {
        format!("{}\n{}", self.head, String::from_utf8_lossy(&self.body))
    }
}

pub(super) async fn start(clean: bool) -> Demo {
    Demo::start(Options { clean, ..Options::default() }).await.unwrap()
}

/// A request to a target below the base path, with a Content-Length if it has a body.
pub(super) fn request(line: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let (method, target) = line.split_once(' ').unwrap();
    let mut head = format!("{method} /v1{target} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n");
    for header in headers.iter().filter(|header| !header.is_empty()) {
        head.push_str(header);
        head.push_str("\r\n");
    }
    if !body.is_empty() {
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

pub(super) async fn send(demo: &Demo, request: &[u8]) -> Outcome {
    exchange(demo, request, PATIENCE).await
}

/// Sends and expects an answer.
pub(super) async fn answer(demo: &Demo, request: &[u8]) -> Answer {
    match send(demo, request).await {
        Outcome::Answer(answer) => answer,
        outcome => panic!("{outcome:?} to {}", String::from_utf8_lossy(request)),
    }
}

pub(super) async fn exchange(demo: &Demo, request: &[u8], patience: Duration) -> Outcome {
    let mut stream = TcpStream::connect(demo.address()).await.unwrap();
    // A server that drops the connection may do so before everything is sent.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    match timeout(patience, stream.read_to_end(&mut bytes)).await {
        Err(_) => Outcome::Hung,
        Ok(_) if bytes.is_empty() => Outcome::Dropped,
        Ok(_) => Outcome::Answer(parse(&bytes)),
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}
