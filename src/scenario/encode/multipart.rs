//! `multipart/form-data` and its kin (RFC 7578, OpenAPI 3.1 section 4.8.15.4).

use super::body;
use super::percent::{Keep, push};
use crate::api::Encoding;
use crate::scenario::Datum;

/// The boundary, unless the content holds it.
const BOUNDARY: &str = "gadfly-7MA4YWxkTrZu0gW";

/// The boundary and the bytes.
pub(super) fn write(encoding: &[(String, Encoding)], value: &Datum) -> (String, Vec<u8>) {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    match value {
        Datum::Object(members) => {
            for (name, value) in members {
                let own = encoding.iter().find(|(known, _)| known == name).map(|(_, encoding)| encoding);
                match value {
                    // Each item of an array is a part of its own with the same name.
                    Datum::Array(items) => items.iter().for_each(|item| parts.push(part(own, Some(name), item))),
                    single => parts.push(part(own, Some(name), single)),
                }
            }
        }
        Datum::Array(items) => items.iter().for_each(|item| parts.push(part(None, None, item))),
        single => parts.push(part(None, None, single)),
    }
    let mut boundary = BOUNDARY.to_owned();
    while parts.iter().any(|part| holds(part, boundary.as_bytes())) {
        boundary.push('x');
    }
    let mut out = Vec::new();
    for part in &parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (boundary, out)
}

fn holds(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

/// One part: its fields, an empty line, its content.
fn part(encoding: Option<&Encoding>, name: Option<&str>, value: &Datum) -> Vec<u8> {
    let media_type = media_type(encoding, value);
    let mut out = Vec::new();
    if let Some(name) = name {
        out.extend_from_slice(b"Content-Disposition: form-data; name=\"");
        quoted(&mut out, name);
        out.push(b'"');
        if is_file(media_type) {
            out.extend_from_slice(b"; filename=\"file\"");
        }
        out.extend_from_slice(b"\r\n");
    }
    if media_type != "text/plain" {
        out.extend_from_slice(b"Content-Type: ");
        push(&mut out, media_type.as_bytes(), Keep::Field);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&body::text(media_type, value));
    out
}

/// The part's type: the first that is declared without a wildcard, else by the value.
fn media_type<'a>(encoding: Option<&'a Encoding>, value: &Datum) -> &'a str {
    let declared = encoding.and_then(|encoding| encoding.content_type.as_deref());
    let plain = declared.into_iter().flat_map(|list| list.split(',')).map(str::trim).find(|name| !name.contains('*'));
    match (plain, value) {
        (Some(name), _) => name,
        (None, Datum::Object(_) | Datum::Array(_)) => "application/json",
        (None, Datum::RawString(_)) => "application/octet-stream",
        (None, _) if declared.is_some() => "application/octet-stream",
        (None, _) => "text/plain",
    }
}

/// Whether servers should see a file: anything that is neither text nor JSON.
fn is_file(media_type: &str) -> bool {
    !media_type.starts_with("text/plain") && !media_type.contains("json")
}

/// A name within quotes (WHATWG HTML, multipart/form-data encoding algorithm).
fn quoted(out: &mut Vec<u8>, name: &str) {
    for byte in name.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            byte => out.push(byte),
        }
    }
}
