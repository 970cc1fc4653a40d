//! `application/x-www-form-urlencoded` bodies (OpenAPI 3.1 section 4.8.15.3).

use super::percent::{Keep, push};
use super::style::Pairs;
use super::{body, media};
use crate::api::{Encoding, Style};
use crate::scenario::Datum;

/// Writes the members of an object as pairs; any other value as it is.
pub(super) fn write(encoding: &[(String, Encoding)], value: &Datum) -> Vec<u8> {
    let Datum::Object(members) = value else { return body::text("text/plain", value).into_owned() };
    let mut out = Vec::new();
    for (name, value) in members {
        let own = encoding.iter().find(|(known, _)| known == name).map(|(_, encoding)| encoding);
        member(&mut out, own, name, value);
    }
    out
}

fn member(out: &mut Vec<u8>, encoding: Option<&Encoding>, name: &str, value: &Datum) {
    let style = encoding.and_then(|encoding| encoding.style);
    let explode = encoding.and_then(|encoding| encoding.explode).unwrap_or(matches!(style, None | Some(Style::Form)));
    let keep = if encoding.is_some_and(|encoding| encoding.allow_reserved) { Keep::Reserved } else { Keep::Unreserved };
    let pairs = Pairs { style: style.unwrap_or(Style::Form), explode, keep, between: "&" };
    let media_type = encoding.and_then(|encoding| encoding.content_type.as_deref());
    match (value, style, media_type) {
        // Without a style a nested object is written as its content type says, which is JSON by default.
        (Datum::Object(_), None, media_type) => {
            let text = body::text(media_type.unwrap_or("application/json"), value);
            pairs.pair(out, name.as_bytes(), |_, out| push(out, &text, Keep::Unreserved));
        }
        (_, None, Some(media_type)) if media::kind(media_type) == media::Kind::Json => {
            let text = body::text(media_type, value);
            pairs.pair(out, name.as_bytes(), |_, out| push(out, &text, Keep::Unreserved));
        }
        _ => pairs.push(out, name, value),
    }
}
