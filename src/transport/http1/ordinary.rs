//! Tells requests that leave a connection in a known state from those that may not. It changes no request.

use crate::wire::{Headers, Request};

/// Whether every server that keeps to RFC 9112 must read this request to the same end. After any other one, the
/// server may take left-over bytes for the next request, whose sender would get the wrong answer: such requests
/// get a connection of their own.
pub(super) fn is_ordinary(request: &Request) -> bool {
    let line = is_token(request.method.as_bytes()) && request.target.iter().all(u8::is_ascii_graphic);
    line && request.method != "CONNECT" && has_usual_body(request) && has_usual_headers(request)
}

/// Servers that expect no body with a method may leave it unread on the connection.
fn has_usual_body(request: &Request) -> bool {
    request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "QUERY")
}

fn has_usual_headers(request: &Request) -> bool {
    let Request { headers, body, .. } = request;
    headers.iter().all(|header| is_token(&header.name) && header.value.iter().copied().all(is_value_byte))
        && !["connection", "expect", "transfer-encoding", "upgrade"].iter().any(|name| headers.contains(name))
        && has_true_length(headers, body.len())
}

fn has_true_length(headers: &Headers, length: usize) -> bool {
    let mut given = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(b"content-length"));
    match (given.next(), given.next()) {
        (None, _) => true,
        (Some(only), None) => only.value == length.to_string().as_bytes(),
        (Some(_), Some(_)) => false,
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(bytes: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_tchar)
}

fn is_value_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, target: &'static str, headers: &[(&'static str, &'static str)], body: &'static str) -> bool {
        let headers = headers.iter().copied().collect();
        is_ordinary(&Request { method: method.to_owned(), target: target.into(), headers, body: body.into() })
    }

    #[test]
    fn usual_requests_may_share_a_connection() {
        assert!(check("GET", "/a/%00/../b?c=d", &[("X-A", "\u{e4}\t1"), ("Host", "h")], ""));
        assert!(check("POST", "/", &[("content-length", "2")], "{}"));
        assert!(check("PATCH", "/", &[], "{}"));
    }

    #[test]
    fn odd_requests_may_not() {
        assert!(!check("GE T", "/", &[], ""));
        assert!(!check("", "/", &[], ""));
        assert!(!check("CONNECT", "a:1", &[], ""));
        assert!(!check("GET", "/a b", &[], ""));
        assert!(!check("GET", "/\u{e4}", &[], ""));
        assert!(!check("GET", "/", &[], "{}"));
        assert!(!check("GET", "/", &[("X A", "1")], ""));
        assert!(!check("GET", "/", &[("X", "1\r\nY: 2")], ""));
        assert!(!check("GET", "/", &[("Expect", "100-continue")], ""));
        assert!(!check("POST", "/", &[("Transfer-Encoding", "chunked")], "0\r\n\r\n"));
        assert!(!check("POST", "/", &[("Content-Length", "3")], "{}"));
        assert!(!check("POST", "/", &[("Content-Length", "2"), ("content-length", "2")], "{}"));
    }
}
