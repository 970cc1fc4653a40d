//! Bodies by the media type that they claim. Main function: [`read`].

use serde_json::Value;

use super::Reading;
use super::multipart;
use super::readings::{Prefer, Reader, Texts, delimiter};
use super::received::{Received, pairs, percent_decoded};
use crate::api::{Encoding, MediaType, Operation, Style};
use crate::scenario::encode::{Kind, kind};
use crate::schema::{Document, NodeId, Schema};

/// What the received body may be, and as which of the declared media types.
pub(super) fn read<'a>(
    operation: &'a Operation,
    received: &Received<'_>,
    reader: Reader,
) -> (Reading, Option<&'a MediaType>) {
    let bytes = &received.request.body[..];
    let claimed = received.request.headers.text("content-type").unwrap_or_default();
    if bytes.is_empty() && claimed.is_empty() {
        return (Reading::Absent, None);
    }
    let essence = claimed.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let declared = operation.body.as_ref().map_or(&[][..], |body| &body.contents);
    let exact = declared.iter().find(|media| media.essence() == essence);
    let Some(media) = exact.or_else(|| declared.iter().find(|media| media.matches(&essence))) else {
        return (Reading::Unknown, None);
    };
    let schema = media.schema.as_ref();
    let reading = match (kind(&essence), schema) {
        (Kind::Json, _) => Reading::Values(serde_json::from_slice(bytes).into_iter().collect(), bytes.is_empty()),
        (Kind::Form, Some(schema)) => form(schema.document(), schema.node(), &media.encoding, bytes, reader),
        (Kind::Multipart, Some(schema)) => parts(schema, claimed, bytes, reader),
        _ => other(bytes, reader),
    };
    (reading, Some(media))
}

/// Text and bytes are what they are; a tolerant server may take any bytes for anything.
fn other(bytes: &[u8], reader: Reader) -> Reading {
    match (reader, std::str::from_utf8(bytes)) {
        (Reader::Strict, Ok(text)) => Reading::Values(super::text::scalars(text, reader).0, false),
        _ => Reading::Unknown,
    }
}

/// The pairs of a urlencoded form as an object.
pub(super) fn form(
    document: &Document,
    node: NodeId,
    encoding: &[(String, Encoding)],
    bytes: &[u8],
    reader: Reader,
) -> Reading {
    let view = Texts { document, node, reader };
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in pairs(bytes, b'&') {
        let name = String::from_utf8_lossy(&name).into_owned();
        let own = encoding.iter().find(|(known, _)| *known == name).map(|(_, encoding)| encoding);
        match own.and_then(|encoding| encoding.style.filter(|_| !encoding.explode.unwrap_or(false))) {
            // Without being spread, the items of a list stand in one value.
            Some(style) if style != Style::DeepObject => {
                let pieces = value.split(|byte| *byte == delimiter(style));
                members.extend(pieces.map(|piece| (name.clone(), piece.to_vec())));
            }
            _ => members.push((name, value)),
        }
    }
    let mut values = view.objects(&members);
    if reader == Reader::Tolerant {
        let filled: Vec<(String, Vec<u8>)> = members.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
        values.extend(view.objects(&filled));
        let commas = |(name, value): &(String, Vec<u8>)| {
            let decoded = percent_decoded(value);
            decoded.split(|byte| *byte == b',').map(|piece| (name.clone(), piece.to_vec())).collect::<Vec<_>>()
        };
        values.extend(view.objects(&members.iter().flat_map(commas).collect::<Vec<_>>()));
    }
    Reading::Values(values, bytes.is_empty())
}

/// The parts of a multipart body as an object.
fn parts(schema: &Schema, claimed: &str, bytes: &[u8], reader: Reader) -> Reading {
    let Some(parts) = multipart::read(claimed, bytes) else { return Reading::Values(Vec::new(), false) };
    let view = Texts { document: schema.document(), node: schema.node(), reader };
    // The texts of parts are not percent-encoded; writing them so lets both kinds of form share one reader.
    let encode =
        |content: &[u8]| percent_encoding::percent_encode(content, percent_encoding::NON_ALPHANUMERIC).to_string();
    let members: Vec<(String, Vec<u8>)> =
        parts.into_iter().map(|part| (part.name, encode(&part.content).into_bytes())).collect();
    let mut values = view.objects(&members);
    if reader == Reader::Tolerant {
        let filled: Vec<(String, Vec<u8>)> = members.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
        values.extend(view.objects(&filled));
    }
    if let ([(_, single)], Reader::Tolerant) = (&members[..], reader) {
        let text = String::from_utf8_lossy(&percent_decoded(single)).into_owned();
        values.push(view.coerce(view.node, &text, Prefer::Typed));
    }
    values.dedup_by(|one: &mut Value, other: &mut Value| one == other);
    Reading::Values(values, false)
}
