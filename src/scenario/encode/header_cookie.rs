//! Header fields: what is accepted, header parameters, the one `Cookie` field, the body's type, and the case's own.

use super::percent::{Keep, push};
use super::style::{self, Pairs};
use super::{arguments, body};
use crate::api::{Location, Operation, Style};
use crate::scenario::Case;
use crate::wire::Headers;

/// How many documented media types are named in `Accept`.
const MOST_ACCEPTED: usize = 6;

/// Appends the case's fields. A field that the case itself has is not written for it.
pub(super) fn push_all(case: &Case, media_type: Option<&str>, headers: &mut Headers) {
    let own = |name: &str| case.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    for (parameter, value) in arguments(case, Location::Header) {
        if own(&parameter.name)
            || !is_sendable(&parameter.name)
            || media_type.is_some() && parameter.name.eq_ignore_ascii_case("content-type")
        {
            continue;
        }
        let mut text = Vec::new();
        match &parameter.content {
            Some(media_type) => push(&mut text, &body::text(media_type, value), Keep::Field),
            None => style::simple(&mut text, value, parameter.explode, Keep::Field),
        }
        headers.push(parameter.name.clone(), text);
    }
    if !own("accept") && !headers.contains("accept") {
        headers.push("Accept", accept(&case.operation));
    }
    let cookie = cookie(case);
    if !cookie.is_empty() && !own("cookie") {
        headers.push("Cookie", cookie);
    }
    if let Some(media_type) = media_type.filter(|media_type| !media_type.is_empty() && !own("content-type")) {
        headers.push("Content-Type", media_type.to_owned());
    }
    for (name, value) in &case.headers {
        headers.push(name.clone(), value.clone());
    }
}

/// Whether a documented header is ours to send: its name is one (RFC 9110 section 5.1), and it says nothing about how
/// the message ends or what the connection becomes, which is the transport's business.
pub(crate) fn is_sendable(name: &str) -> bool {
    const TRANSPORT: [&str; 9] = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "expect",
        "upgrade",
        "te",
        "trailer",
    ];
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token) && !TRANSPORT.contains(&name.to_ascii_lowercase().as_str())
}

/// The documented media types of all answers, and anything else with less wish (RFC 9110 section 12.5.1).
fn accept(operation: &Operation) -> String {
    let mut accept = String::new();
    let mut named: Vec<&str> = Vec::new();
    for media in operation.responses.0.iter().flat_map(|(_, response)| &response.contents) {
        let name = media.name.split(';').next().unwrap_or_default().trim();
        let is_plain = name.contains('/') && name.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain && name != "*/*" && !named.contains(&name) && named.len() < MOST_ACCEPTED {
            named.push(name);
            accept.push_str(name);
            accept.push_str(", ");
        }
    }
    accept.push_str(if named.is_empty() { "*/*" } else { "*/*;q=0.1" });
    accept
}

/// All cookie parameters in one field (RFC 6265 section 5.4).
fn cookie(case: &Case) -> Vec<u8> {
    let mut out = Vec::new();
    for (parameter, value) in arguments(case, Location::Cookie) {
        let pairs = Pairs { style: Style::Form, explode: parameter.explode, keep: Keep::Cookie, between: "; " };
        match &parameter.content {
            None => pairs.push(&mut out, &parameter.name, value),
            Some(media_type) => {
                let text = body::text(media_type, value);
                pairs.pair(&mut out, parameter.name.as_bytes(), |_, out| push(out, &text, Keep::Cookie));
            }
        }
    }
    out
}
