//! What of a recorded request is left out. Main type: [`Cleaner`].
//!
//! Credentials never get further than this: whoever replays sends those of a configured identity. What only belonged to the
//! connection or to the browser goes as well. Passwords in bodies are replaced by texts of the same form.

use std::collections::BTreeSet;

use percent_encoding::percent_decode;
use serde::Serialize;
use serde_json::Value;

use crate::api::{Api, Location, Operation, SchemeKind};
use crate::wire::Request;

/// Headers of the connection, of the browser and of proxies.
const TRANSPORT: &str = "host connection content-length transfer-encoding accept-encoding user-agent referer origin \
    keep-alive te trailer upgrade upgrade-insecure-requests expect dnt via forwarded priority pragma cache-control \
    accept-language traceparent tracestate baggage postman-token http2-settings purpose";

/// Words in the names of credentials.
const WORDS: [&str; 12] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "passw",
    "session",
    "signature",
    "apikey",
    "accesskey",
    "credential",
    "csrf",
    "jwt",
];

/// Names that stand for a credential even where the document declares them as a plain parameter.
const SURE: [&str; 10] = [
    "token",
    "accesstoken",
    "authtoken",
    "apikey",
    "xapikey",
    "xauthtoken",
    "authorization",
    "password",
    "secret",
    "clientsecret",
];

/// What was left out of recorded requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Headers, query parameters and cookies that are credentials.
    pub credentials: usize,
    /// Passwords and the like in bodies, which were replaced.
    pub replaced: usize,
}

/// Knows what of an API's requests is a credential.
pub(super) struct Cleaner {
    /// Names of keys by their place, in lower case.
    keys: BTreeSet<(Location, String)>,
}

impl Cleaner {
    pub(super) fn new(api: &Api) -> Self {
        let key = |kind: &SchemeKind| match kind {
            SchemeKind::ApiKey { location, name } => Some((*location, name.to_ascii_lowercase())),
            _ => None,
        };
        Self { keys: api.schemes.iter().filter_map(|scheme| key(&scheme.kind)).collect() }
    }

    /// The request without them; it goes to this operation.
    pub(super) fn clean(&self, operation: &Operation, request: &Request, dropped: &mut Dropped) -> Request {
        let mut clean = Request::new(request.method.clone(), self.target(operation, request, dropped));
        for header in &request.headers {
            let name = String::from_utf8_lossy(&header.name).to_ascii_lowercase();
            if name == "cookie" {
                let kept = self.cookies(operation, &header.value, dropped);
                if !kept.is_empty() {
                    clean.headers.push(header.name.clone(), kept);
                }
            } else if self.is_credential(operation, Location::Header, &name) || is_filtered(&header.value) {
                dropped.credentials += 1;
            } else if !says_nothing(&name, &header.value) || declares(operation, Location::Header, &name) {
                clean.headers.push(header.name.clone(), header.value.clone());
            }
        }
        clean.body = request.body.clone();
        without_passwords(&mut clean, dropped);
        compact(&mut clean);
        clean
    }

    fn target(&self, operation: &Operation, request: &Request, dropped: &mut Dropped) -> Vec<u8> {
        let mut parts = request.target.splitn(2, |byte| *byte == b'?');
        let mut target = parts.next().unwrap_or_default().to_vec();
        let Some(query) = parts.next() else { return target };
        let is_kept = |pair: &&[u8]| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            let name = percent_decode(name).decode_utf8_lossy().to_ascii_lowercase();
            let is_kept = !self.is_credential(operation, Location::Query, &name);
            dropped.credentials += usize::from(!is_kept);
            is_kept
        };
        let pairs: Vec<&[u8]> = query.split(|byte| *byte == b'&').filter(is_kept).collect();
        if !pairs.is_empty() {
            target.push(b'?');
            target.extend(pairs.join(&b'&'));
        }
        target
    }

    /// The cookies that the operation declares and that are no credentials: any other may be one.
    fn cookies(&self, operation: &Operation, value: &[u8], dropped: &mut Dropped) -> Vec<u8> {
        let is_kept = |cookie: &&[u8]| {
            let name = String::from_utf8_lossy(cookie.split(|byte| *byte == b'=').next().unwrap_or_default());
            let name = name.trim().to_ascii_lowercase();
            let is_kept =
                declares(operation, Location::Cookie, &name) && !self.is_credential(operation, Location::Cookie, &name);
            dropped.credentials += usize::from(!is_kept);
            is_kept
        };
        let kept: Vec<&[u8]> = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(is_kept).collect();
        kept.join(&b"; "[..])
    }

    fn is_credential(&self, operation: &Operation, location: Location, name: &str) -> bool {
        let plain = plain(name);
        let is_key = self.keys.contains(&(location, name.to_owned()));
        is_key || SURE.contains(&plain.as_str()) || (says_credential(&plain) && !declares(operation, location, name))
    }
}

/// Whether whoever recorded it left something out here.
fn is_filtered(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    matches!(text.trim(), "[filtered]" | "[redacted]" | "<redacted>" | "redacted" | "***" | "<filtered>")
}

/// The name without marks between its words.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn says_credential(plain: &str) -> bool {
    WORDS.iter().any(|word| plain.contains(word)) || plain == "key" || plain == "sig"
}

fn declares(operation: &Operation, location: Location, name: &str) -> bool {
    operation.parameters.iter().any(|known| known.location == location && known.name.eq_ignore_ascii_case(name))
}

/// Whether a header is of the connection or of the client, and not of what is asked.
fn says_nothing(name: &str, value: &[u8]) -> bool {
    is_of_transport(name) || (name == "accept" && value == b"*/*")
}

fn is_of_transport(name: &str) -> bool {
    let starts = ["sec-", "proxy-", "x-forwarded-", "x-schemathesis-", "x-gadfly-", "cf-", "x-b3-", ":"];
    TRANSPORT.split_whitespace().any(|known| known == name) || starts.iter().any(|start| name.starts_with(start))
}

/// Replaces what stands in members of a body that are called like secrets.
fn without_passwords(request: &mut Request, dropped: &mut Dropped) {
    let before = dropped.replaced;
    let media_type = request.headers.text("content-type").unwrap_or_default().to_ascii_lowercase();
    if media_type.starts_with("application/x-www-form-urlencoded") {
        let pairs: Vec<Vec<u8>> =
            request.body.split(|byte| *byte == b'&').map(|pair| form_pair(pair, dropped)).collect();
        if dropped.replaced > before {
            request.body = pairs.join(&b'&').into();
        }
    } else if let Ok(mut value) = serde_json::from_slice::<Value>(&request.body) {
        in_value(&mut value, false, dropped);
        if dropped.replaced > before {
            request.body = value.to_string().into();
        }
    }
}

/// Takes the blanks out of JSON, so that a body can be made smaller member by member.
fn compact(request: &mut Request) {
    if serde_json::from_slice::<serde::de::IgnoredAny>(&request.body).is_err() {
        return;
    }
    let (mut is_text, mut is_escaped) = (false, false);
    let is_kept = |byte: &u8| {
        let is_blank = !is_text && byte.is_ascii_whitespace();
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ => {}
        }
        !is_blank
    };
    request.body = request.body.iter().copied().filter(is_kept).collect();
}

fn form_pair(pair: &[u8], dropped: &mut Dropped) -> Vec<u8> {
    let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let name = percent_decode(&pair[..at]).decode_utf8_lossy();
    let text = String::from_utf8_lossy(pair.get(at + 1..).unwrap_or_default());
    match masked(&text).filter(|_| is_secret(&name)) {
        Some(mask) => {
            dropped.replaced += 1;
            [&pair[..at], b"=", mask.as_bytes()].concat()
        }
        None => pair.to_vec(),
    }
}

fn in_value(value: &mut Value, is_named: bool, dropped: &mut Dropped) {
    match value {
        Value::Object(members) => {
            let before = members.len();
            members.retain(|_, member| !member.as_str().is_some_and(|text| is_filtered(text.as_bytes())));
            dropped.replaced += before - members.len();
            members.iter_mut().for_each(|(name, member)| in_value(member, is_secret(name), dropped));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_value(item, is_named, dropped)),
        Value::String(text) if is_named => {
            if let Some(mask) = masked(text) {
                *text = mask;
                dropped.replaced += 1;
            }
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let plain = plain(name);
    let ends = ["token", "apikey", "privatekey", "accesskey", "cvv", "pwd"];
    ["passw", "passphrase", "secret"].iter().any(|word| plain.contains(word))
        || ends.iter().any(|end| plain.ends_with(end))
}

/// A text of the same form: letters and digits become others. `None` for what nobody would choose as a secret.
fn masked(text: &str) -> Option<String> {
    let is_ordinary = text.len() >= 4 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let other = |c: char| match c {
        'a'..='z' => 'g',
        'A'..='Z' => 'G',
        '0'..='9' => '1',
        other => other,
    };
    let mask: String = text.chars().map(other).collect();
    (is_ordinary && mask != text).then_some(mask)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode::samples::operation;
    use crate::spec::load_bytes;

    const SHOP: &str = "\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths: {}
components:
  securitySchemes:
    a: {type: apiKey, in: header, name: X-Shop}
    b: {type: apiKey, in: query, name: shop}
";

    fn cleaned(change: impl FnOnce(&mut Request)) -> (Request, Dropped) {
        let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
        let parameters = json!([
            {"name": "Idempotency-Key", "in": "header", "schema": {}},
            {"name": "X-Session-Kind", "in": "header", "schema": {}},
            {"name": "page_token", "in": "query", "schema": {}},
            {"name": "theme", "in": "cookie", "schema": {}},
        ]);
        let operation = operation("POST", "/a", json!({"parameters": parameters}));
        let mut request = Request::new("POST", "/a");
        change(&mut request);
        let mut dropped = Dropped::default();
        let clean = Cleaner::new(&api).clean(&operation, &request, &mut dropped);
        (clean, dropped)
    }

    #[track_caller]
    fn check_header(name: &str, value: &str, kept: Option<&str>) {
        let (clean, dropped) = cleaned(|request| request.headers.push(name.to_owned(), value.to_owned()));
        assert_eq!(clean.headers.text(name), kept, "{name}");
        let is_transport = is_of_transport(&name.to_ascii_lowercase());
        assert_eq!(dropped.credentials > 0, kept != Some(value) && !is_transport, "{name}: {dropped:?}");
    }

    #[test]
    fn credentials_are_left_out_wherever_they_stand() {
        check_header("Authorization", "Bearer tok", None);
        check_header("X-Shop", "key", None);
        check_header("X-Api-Key", "key", None);
        check_header("x-csrf-token", "t", None);
        check_header("Cookie", "sid=1; theme=dark; x=2", Some("theme=dark"));
        check_header("Cookie", "sid=1", None);
        check_header("Idempotency-Key", "k", Some("k"));
        check_header("Idempotency-Key", "[Filtered]", None);
        check_header("X-Session-Kind", "k", Some("k"));
        check_header("X-Tenant", "main", Some("main"));
        check_header("Content-Type", "a/b", Some("a/b"));
        check_header("User-Agent", "x", None);
        check_header("Accept", "text/csv", Some("text/csv"));
        check_header("sec-ch-ua", "x", None);
    }

    #[track_caller]
    fn check_target(target: &str, kept: &str, credentials: usize) {
        let (clean, dropped) = cleaned(|request| request.target = target.to_owned().into());
        assert_eq!((clean.target_text().as_ref(), dropped.credentials), (kept, credentials));
    }

    #[test]
    fn keys_are_taken_out_of_the_query() {
        check_target("/a?shop=1&b=2", "/a?b=2", 1);
        check_target("/a?access_token=x", "/a", 1);
        check_target("/a?page_token=x&api%5Fkey=y&sig=z", "/a?page_token=x", 2);
        check_target("/a?b=?c", "/a?b=?c", 0);
    }

    #[track_caller]
    fn check_body(media_type: &str, body: &str, expected: &str) {
        let (clean, dropped) = cleaned(|request| {
            request.headers.push("Content-Type", media_type.to_owned());
            request.body = body.to_owned().into();
        });
        assert_eq!(String::from_utf8_lossy(&clean.body), expected);
        assert_eq!(dropped.replaced > 0, body != expected);
    }

    #[test]
    fn passwords_become_others_of_the_same_form() {
        let json = "application/json";
        check_body(json, r#"{"user":"ann","password":"Hunter2!"}"#, r#"{"user":"ann","password":"Gggggg1!"}"#);
        check_body(json, r#"{"a":[{"refreshToken":"ab-cd"}]}"#, r#"{"a":[{"refreshToken":"gg-gg"}]}"#);
        check_body(json, r#"{"a":1,"cardToken":"[Filtered]"}"#, r#"{"a":1}"#);
        let unlikely = r#"{"password":"","secret":1,"clientSecret":"é€€"}"#;
        check_body(json, unlikely, unlikely);
        check_body(json, "{\"password\":", "{\"password\":");
        check_body("application/x-www-form-urlencoded", "a=b&password=abc1", "a=b&password=ggg1");
    }

    #[test]
    fn json_is_written_without_blanks() {
        let compacted = |body: &'static str| {
            let (clean, _) = cleaned(|request| request.body = body.into());
            String::from_utf8_lossy(&clean.body).into_owned()
        };
        assert_eq!(compacted("{ \"a b\" : [ 1.50,\n \"c \\\" d\" ] }"), "{\"a b\":[1.50,\"c \\\" d\"]}");
        assert_eq!(compacted("{ \"a\": "), "{ \"a\": ");
        assert_eq!(compacted("a b"), "a b");
    }
}
