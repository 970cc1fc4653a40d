//! XML bodies by the `xml` object of their schemas (OpenAPI 3.1 section 4.8.26).

use serde_json::Value;

use super::body;
use crate::scenario::Datum;
use crate::schema::Schema;

/// How deep elements may nest: values are finite, schemas may circle.
const NESTING: u32 = 64;

/// The value as a document. Without a name for the root it is called as its component is, else `root`.
pub(super) fn write(schema: Option<&Schema>, value: &Datum) -> Vec<u8> {
    if let Datum::String(_) | Datum::RawString(_) = value {
        // A string is a document already.
        return body::text("text/plain", value).into_owned();
    }
    let resolved = schema.map(Schema::resolved);
    let component = resolved.as_ref().and_then(|schema| schema.pointer().rsplit('/').next().map(str::to_owned));
    let is_component = resolved.as_ref().is_some_and(|schema| schema.pointer().starts_with("/components/schemas/"));
    let name = component.filter(|_| is_component).unwrap_or_else(|| "root".to_owned());
    let mut out = br#"<?xml version="1.0" encoding="UTF-8"?>"#.to_vec();
    element(&mut out, resolved.as_ref(), &name, value, NESTING);
    out
}

/// Appends an element, or a wrapped or bare list of them.
fn element(out: &mut Vec<u8>, schema: Option<&Schema>, name: &str, value: &Datum, depth: u32) {
    let schema = schema.map(Schema::resolved);
    let own = name_of(schema.as_ref(), name);
    if depth == 0 {
        return;
    }
    match value {
        Datum::Array(items) => {
            let item_schema = schema.as_ref().and_then(|schema| schema.below(&["items"]));
            let wrapped = xml(schema.as_ref(), "wrapped") == Some(Value::Bool(true)) || depth == NESTING;
            let write = |out: &mut Vec<u8>| {
                for item in items {
                    element(out, item_schema.as_ref(), name, item, depth - 1);
                }
            };
            if wrapped { tag(out, schema.as_ref(), &own, &[], write) } else { write(out) }
        }
        Datum::Object(members) => {
            let property = |name: &str| schema.as_ref().and_then(|schema| schema.below(&["properties", name]));
            let is_attribute = |name: &str| xml(property(name).as_ref(), "attribute") == Some(Value::Bool(true));
            let (attributes, elements): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| is_attribute(name));
            let attributes: Vec<(String, &Datum)> =
                attributes.into_iter().map(|(name, value)| (name_of(property(name).as_ref(), name), value)).collect();
            tag(out, schema.as_ref(), &own, &attributes, |out| {
                for (name, value) in elements {
                    element(out, property(name).as_ref(), name, value, depth - 1);
                }
            });
        }
        Datum::Null => tag(out, schema.as_ref(), &own, &[], |_| {}),
        scalar => tag(out, schema.as_ref(), &own, &[], |out| escaped(out, &body::text("text/plain", scalar))),
    }
}

fn tag(
    out: &mut Vec<u8>,
    schema: Option<&Schema>,
    name: &str,
    attributes: &[(String, &Datum)],
    content: impl FnOnce(&mut Vec<u8>),
) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    if let Some(namespace) = xml(schema, "namespace").as_ref().and_then(Value::as_str) {
        let prefix = xml(schema, "prefix").as_ref().and_then(Value::as_str).map(|prefix| format!(":{prefix}"));
        out.extend_from_slice(format!(" xmlns{}=\"", prefix.unwrap_or_default()).as_bytes());
        escaped(out, namespace.as_bytes());
        out.push(b'"');
    }
    for (name, value) in attributes {
        out.extend_from_slice(format!(" {name}=\"").as_bytes());
        escaped(out, &body::text("text/plain", value));
        out.push(b'"');
    }
    out.push(b'>');
    content(out);
    out.extend_from_slice(format!("</{name}>").as_bytes());
}

/// The element's name with its prefix; characters that no name may hold become `_`.
fn name_of(schema: Option<&Schema>, name: &str) -> String {
    let own = xml(schema, "name").as_ref().and_then(Value::as_str).unwrap_or(name).to_owned();
    let mut plain: String =
        own.chars().map(|c| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '_' }).collect();
    if !plain.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        plain.insert(0, '_');
    }
    match xml(schema, "prefix").as_ref().and_then(Value::as_str) {
        Some(prefix) => format!("{prefix}:{plain}"),
        None => plain,
    }
}

fn xml(schema: Option<&Schema>, key: &str) -> Option<Value> {
    schema?.value().get("xml")?.get(key).cloned()
}

/// Character data; what XML 1.0 cannot hold even as a reference is written as it is, so that the server meets it.
fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            byte => out.push(*byte),
        }
    }
}
