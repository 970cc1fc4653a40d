//! Which media types of a body we write, in which order, and under which name.

use crate::api::{MediaType, is_json};
use crate::scenario::encode::{Kind, kind};

/// The media type as it is sent: concrete where the document has a wildcard.
pub(super) fn concrete(media: &MediaType) -> String {
    let written = media.name.trim();
    let visible = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    match media.essence().as_str() {
        _ if !visible => "application/json".to_owned(),
        "*/*" | "application/*" | "application/*+json" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        "image/*" => "image/png".to_owned(),
        "multipart/*" => "multipart/form-data".to_owned(),
        essence if essence.ends_with("/*") => format!("{}octet-stream", essence.trim_end_matches('*')),
        _ => written.to_owned(),
    }
}

/// Where a media type stands in the order of trying: what says most about the handler first.
pub(super) fn rank(media_type: &str) -> u8 {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind(&essence) {
        // YAML that is offered beside JSON is mostly there for tools, and few servers read it in earnest.
        Kind::Json if is_json(&essence) => 0,
        Kind::Form => 1,
        Kind::Multipart => 2,
        Kind::JsonLines | Kind::JsonSequence => 3,
        Kind::Xml | Kind::Json => 4,
        Kind::EventStream | Kind::Text | Kind::Binary => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_tried_before_yaml_and_forms_before_bytes() {
        let mut types =
            ["image/png", "application/apply-patch+yaml", "multipart/form-data", "Application/JSON; charset=utf-8"];
        types.sort_by_key(|media_type| rank(media_type));
        let expected =
            ["Application/JSON; charset=utf-8", "multipart/form-data", "application/apply-patch+yaml", "image/png"];
        assert_eq!(types, expected);
    }
}
