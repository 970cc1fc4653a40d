//! Which family of writing a media type belongs to. Main function: [`kind`].

use crate::api::is_json;

/// A family of media types that are written alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JSON, also `+json`.
    Json,
    /// One JSON text per line.
    JsonLines,
    /// JSON texts after record separators (RFC 7464).
    JsonSequence,
    /// Server-sent events.
    EventStream,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/*`.
    Multipart,
    /// XML, also `+xml`.
    Xml,
    /// Text.
    Text,
    /// Anything else: bytes.
    Binary,
}

/// The family of a media type, parameters ignored.
pub(crate) fn kind(media_type: &str) -> Kind {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/json-lines"
        | "application/ndjson" => Kind::JsonLines,
        "application/json-seq" => Kind::JsonSequence,
        "text/event-stream" => Kind::EventStream,
        "application/x-www-form-urlencoded" => Kind::Form,
        "application/xml" | "text/xml" => Kind::Xml,
        essence if is_json(essence) => Kind::Json,
        essence if essence.starts_with("multipart/") => Kind::Multipart,
        essence if essence.ends_with("+xml") => Kind::Xml,
        // YAML reads JSON, and what has no name is most likely JSON.
        "application/yaml" | "application/x-yaml" | "text/yaml" | "*/*" | "application/*" | "" => Kind::Json,
        essence if essence.ends_with("+yaml") => Kind::Json,
        essence if essence.starts_with("text/") => Kind::Text,
        _ => Kind::Binary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_apart() {
        for (media_type, expected) in [
            ("application/vnd.api+json; charset=utf-8", Kind::Json),
            ("Application/JSON", Kind::Json),
            ("application/apply-patch+yaml", Kind::Json),
            ("application/x-ndjson", Kind::JsonLines),
            ("text/event-stream", Kind::EventStream),
            ("text/csv", Kind::Text),
            ("image/svg+xml", Kind::Xml),
            ("multipart/mixed", Kind::Multipart),
            ("image/png", Kind::Binary),
        ] {
            assert_eq!(kind(media_type), expected, "{media_type}");
        }
    }
}
