//! One request as bytes-to-be. Main type: [`Request`]. It is free of any operation and any credentials policy.

use bytes::Bytes;

use super::{Headers, Origin, RunId};

/// A request: what to send, whoever sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, any token and also what is none.
    pub method: String,
    /// The request target: path with base path, and query, encoded as it is to be sent (RFC 9112 section 3.2).
    pub target: Bytes,
    /// Fields in order. `Host`, `Content-Length` and `Connection` are added when sending if absent.
    pub headers: Headers,
    /// The body; empty means none.
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, target: impl Into<Bytes>) -> Self {
        Self { method: method.into(), target: target.into(), headers: Headers::new(), body: Bytes::new() }
    }

    /// Whether its method is one that asks for no change (RFC 9110 section 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// The target up to its query.
    pub fn path(&self) -> &[u8] {
        self.target.split(|byte| *byte == b'?').next().unwrap_or(&self.target)
    }

    /// The target as text; bytes that are no UTF-8 show as U+FFFD.
    pub fn target_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.target)
    }

    /// The bytes of this request in HTTP/1.1 (RFC 9112): exactly what the wire client sends.
    pub fn to_http1(&self, origin: &Origin) -> Vec<u8> {
        self.to_http1_as(origin, None)
    }

    /// The same with the id that a run gives it, unless the request has a field of that name. It stands before the fields
    /// of the request: what those do to each other stays as it is.
    pub fn to_http1_as(&self, origin: &Origin, run_id: Option<&RunId>) -> Vec<u8> {
        let mut out = Vec::with_capacity(192 + self.target.len() + 64 * self.headers.len() + self.body.len());
        out.extend_from_slice(self.method.as_bytes());
        out.push(b' ');
        out.extend_from_slice(&self.target);
        out.extend_from_slice(b" HTTP/1.1\r\n");
        if !self.headers.contains("host") {
            push_field(&mut out, b"Host", origin.authority().as_bytes());
        }
        if let Some(run_id) = run_id.filter(|run_id| !self.headers.contains(run_id.header())) {
            push_field(&mut out, run_id.header().as_bytes(), run_id.of(self).as_str().as_bytes());
        }
        for header in &self.headers {
            push_field(&mut out, &header.name, &header.value);
        }
        if self.needs_length() {
            push_field(&mut out, b"Content-Length", self.body.len().to_string().as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        out
    }

    /// A length is sent for every body, and as 0 where the method expects one (RFC 9110 section 8.6).
    fn needs_length(&self) -> bool {
        let framed = self.headers.contains("content-length") || self.headers.contains("transfer-encoding");
        !framed && (!self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH"))
    }
}

fn push_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// The path and query of a URL, or of a reference to something on the same server (RFC 3986 sections 4.1 and 4.2).
pub(crate) fn target_of(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::RunHeader;

    #[track_caller]
    fn check(request: &Request, expected: &str) {
        let origin = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(String::from_utf8(request.to_http1(&origin)).unwrap(), expected);
    }

    #[test]
    fn requests_are_written_byte_for_byte() {
        check(&Request::new("GET", "/a?b=%00"), "GET /a?b=%00 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
        let mut post = Request::new("POST", "/../\\ raw");
        post.headers.push("x-ODD", "1");
        post.headers.push("x-ODD", "2");
        post.body = "{}".into();
        check(
            &post,
            "POST /../\\ raw HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nx-ODD: 1\r\nx-ODD: 2\r\nContent-Length: 2\r\n\r\n{}",
        );
    }

    #[test]
    fn an_id_stands_before_the_fields_of_the_request_unless_it_has_its_own() {
        let run_id = RunHeader::Always("X-Id".into()).of_run(7, false).unwrap();
        let origin = "http://127.0.0.1:8080".parse().unwrap();
        let mut request = Request::new("GET", "/");
        request.headers.push("X-A", "1");
        let sent = String::from_utf8(request.to_http1_as(&origin, Some(&run_id))).unwrap();
        let id = run_id.of(&request);
        let expected = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Id: {}\r\nX-A: 1\r\n\r\n", id.as_str());
        assert_eq!(sent, expected);
        request.headers.push("x-id", "mine");
        assert_eq!(request.to_http1_as(&origin, Some(&run_id)), request.to_http1(&origin));
    }

    #[test]
    fn own_framing_and_host_are_respected() {
        let mut request = Request::new("POST", "/");
        request.headers.push("host", "elsewhere");
        request.headers.push("Transfer-Encoding", "chunked");
        request.body = "0\r\n\r\n".into();
        check(&request, "POST / HTTP/1.1\r\nhost: elsewhere\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    }
}
