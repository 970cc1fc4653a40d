//! Bodies by media type.

use std::borrow::Cow;

use super::media::{Kind, kind};
use super::{form, multipart, xml};
use crate::api::{MediaType, Operation};
use crate::scenario::{Body, Content, Datum};

/// A body as it goes out.
pub(super) struct Written {
    /// What `Content-Type` says; empty means that there is none.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// Writes a body.
pub(super) fn write(operation: &Operation, body: &Body) -> Written {
    let media_type = body.media_type.clone();
    let value = match &body.content {
        Content::Raw(bytes) => return Written { media_type, bytes: bytes.to_vec() },
        Content::Value(value) => value,
    };
    let declared = declared(operation, &body.media_type);
    let encoding = declared.map_or(&[][..], |declared| &declared.encoding);
    match kind(&media_type) {
        Kind::Form => Written { media_type, bytes: form::write(encoding, value) },
        Kind::Multipart => {
            let (boundary, bytes) = multipart::write(encoding, value);
            Written { media_type: format!("{media_type}; boundary={boundary}"), bytes }
        }
        Kind::Xml => {
            let schema = declared.and_then(|declared| declared.schema.as_ref());
            Written { bytes: xml::write(schema, value), media_type }
        }
        _ => Written { bytes: text(&media_type, value).into_owned(), media_type },
    }
}

/// What the operation says of a body of this media type.
pub(crate) fn declared<'a>(operation: &'a Operation, media_type: &str) -> Option<&'a MediaType> {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let contents = &operation.body.as_ref()?.contents;
    let exact = contents.iter().find(|media| media.essence() == essence);
    exact.or_else(|| contents.iter().find(|media| media.matches(&essence)))
}

/// A value as the text of a media type that needs no more to be written.
pub(super) fn text<'a>(media_type: &str, value: &'a Datum) -> Cow<'a, [u8]> {
    match (kind(media_type), value) {
        (Kind::Json, value) => value.to_json().into(),
        (Kind::JsonLines, Datum::Array(items)) => each(items, |item, out| {
            item.write_json(out);
            out.push(b'\n');
        }),
        (Kind::JsonSequence, Datum::Array(items)) => each(items, |item, out| {
            out.push(0x1E);
            item.write_json(out);
            out.push(b'\n');
        }),
        (Kind::EventStream, Datum::Array(items)) => each(items, event),
        (Kind::Form, value) => form::write(&[], value).into(),
        (_, Datum::String(text)) => text.as_bytes().into(),
        (_, Datum::RawString(raw)) => raw[..].into(),
        (_, Datum::Number(text)) => text.as_bytes().into(),
        (_, other) => other.to_json().into(),
    }
}

fn each<'a>(items: &[Datum], write: impl Fn(&Datum, &mut Vec<u8>)) -> Cow<'a, [u8]> {
    let mut out = Vec::new();
    for item in items {
        write(item, &mut out);
    }
    out.into()
}

/// One server-sent event: the members of an object are its fields, anything else is its data.
fn event(item: &Datum, out: &mut Vec<u8>) {
    let field = |name: &str, value: &Datum, out: &mut Vec<u8>| {
        let text = text("text/plain", value);
        for line in text.split(|byte| *byte == b'\n') {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    };
    match item {
        Datum::Object(members) => members.iter().for_each(|(name, value)| field(name, value, out)),
        other => field("data", other, out),
    }
    out.push(b'\n');
}
