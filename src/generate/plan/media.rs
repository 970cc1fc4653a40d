//! Which media types of a body we write, in which order, and under which name.

use crate::api::MediaType;
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
    match kind(media_type) {
        Kind::Json => 0,
        Kind::Form => 1,
        Kind::Multipart => 2,
        Kind::JsonLines | Kind::JsonSequence => 3,
        Kind::Xml => 4,
        Kind::EventStream | Kind::Text | Kind::Binary => 5,
    }
}
