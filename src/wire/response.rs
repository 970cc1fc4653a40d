//! One answer, read once and shared by all who judge it. Main type: [`Response`].

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Value;

use super::Headers;

/// How the reading of a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The whole body is here.
    Complete,
    /// The body is longer than the bound; the rest was counted or cut off.
    Bounded,
    /// Bytes were still coming when the time was up: a stream.
    Streaming,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Fields in order.
    pub headers: Headers,
    /// The body up to the bound.
    pub body: Bytes,
    /// The body's length as far as it was read or declared.
    pub length: u64,
    /// Whether the body is whole.
    pub ending: Ending,
    /// What the process under test reported meanwhile although it lives on, such as undefined behaviour: told by its
    /// supervisor, never by a connection.
    pub reported: Option<Arc<str>>,
    json: OnceLock<Option<Value>>,
}

impl Response {
    /// An answer whose body is whole.
    pub fn new(status: u16, headers: Headers, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let length = body.len() as u64;
        Self::ended(status, headers, body, length, Ending::Complete)
    }

    /// An answer whose reading ended in this way.
    pub fn ended(status: u16, headers: Headers, body: Bytes, length: u64, ending: Ending) -> Self {
        Self { status, headers, body, length, ending, reported: None, json: OnceLock::new() }
    }

    /// The body as JSON if it is whole and is JSON, whatever the content type says; parsed once.
    pub fn json(&self) -> Option<&Value> {
        self.json
            .get_or_init(|| {
                let whole = self.ending == Ending::Complete && !self.body.is_empty();
                whole.then(|| serde_json::from_slice(&self.body).ok()).flatten()
            })
            .as_ref()
    }

    /// The body as text; bytes that are no UTF-8 show as U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The essence of the content type in lower case, without parameters: `application/json`.
    pub fn media_type(&self) -> Option<String> {
        let value = self.headers.text("content-type")?;
        let essence = value.split(';').next().unwrap_or(value).trim();
        (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        self.status / 100 == 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_lose_case_and_parameters() {
        let headers = [("Content-Type", "Application/JSON; charset=utf-8")].into_iter().collect();
        let response = Response::new(200, headers, "{\"a\":1}");
        assert_eq!(response.media_type().as_deref(), Some("application/json"));
        assert_eq!(response.json().unwrap()["a"], 1);
    }

    #[test]
    fn a_cut_body_is_not_taken_for_json() {
        let cut = Response::ended(200, Headers::new(), "[1]".into(), 9, Ending::Bounded);
        assert!(cut.json().is_none());
    }
}
