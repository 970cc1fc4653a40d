//! One request, read strictly: path, query, header and cookie parameters, and bodies by media type.
//!
//! Main type: [`Call`], the only extractor of the handlers. axum's own extractors answer their rejections in plain
//! text and are lenient where the document is not. It judges no value: the checks come from `validate`.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts as _, RawPathParams, Request};
use axum::http::{HeaderName, StatusCode, header, request::Parts};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::reply::Problem;
use super::validate::Checked;
use super::{json, multipart};

/// Largest body that is looked at. The document promises 413 beyond it.
const BODY_LIMIT: usize = 256 * 1024;
/// Largest body that is read to its end before it is refused: a client that is still sending would see a reset
/// connection in place of the answer.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(3);

/// A request whose body has arrived.
#[derive(Debug)]
pub(crate) struct Call {
    parts: Parts,
    path: Result<Vec<(String, String)>, Problem>,
    body: Result<Bytes, Problem>,
}

/// Decoded `name=value` pairs of a query or of a form.
#[derive(Debug)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let path = match RawPathParams::from_request_parts(&mut parts, state).await {
            Ok(path) => Ok(path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()),
            Err(_) => Err(Problem::bad_request("the path is not percent-encoded UTF-8")),
        };
        // Whatever is wrong with the request, its body is read first, so that the answer arrives.
        let body = receive(body).await;
        Ok(Self { parts, path, body })
    }
}

impl Call {
    /// A path parameter that passes `check`.
    pub(crate) fn path<T>(&self, name: &str, check: impl FnOnce(&str) -> Checked<T>) -> Result<T, Problem> {
        self.path.as_ref().map_err(Problem::clone)?;
        check(self.path_text(name)).map_err(|invalid| Problem::parameter(name, invalid))
    }

    /// A path parameter as it is, empty if it cannot be decoded.
    pub(crate) fn path_text(&self, name: &str) -> &str {
        let pairs = self.path.as_deref().unwrap_or_default();
        pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn query(&self) -> Result<Pairs, Problem> {
        Pairs::parse(self.parts.uri.query().unwrap_or_default())
    }

    /// The only value of a header, if it was sent. Values are visible ASCII by the patterns of the document.
    pub(crate) fn header(&self, name: &HeaderName) -> Result<Option<&str>, Problem> {
        let mut values = self.parts.headers.get_all(name).iter();
        let (first, second) = (values.next(), values.next());
        let unusable = || Problem::bad_request(format!("{name}: must be sent once, in visible ASCII"));
        if second.is_some() {
            return Err(unusable());
        }
        first.map(|value| value.to_str()).transpose().map_err(|_| unusable())
    }

    /// The `name=value` pairs of all Cookie headers. A piece without `=` is a nameless cookie, as in browsers.
    fn cookies(&self) -> Result<Vec<(&str, &str)>, Problem> {
        let mut cookies = Vec::new();
        for line in self.parts.headers.get_all(header::COOKIE) {
            let line = line.to_str().map_err(|_| Problem::bad_request("Cookie: must be visible ASCII"))?;
            cookies.extend(line.split(';').map(|piece| piece.trim().split_once('=').unwrap_or(("", piece))));
        }
        Ok(cookies)
    }

    /// A cookie that passes `check`, if it was sent.
    pub(crate) fn cookie<T>(&self, name: &str, check: impl FnOnce(&str) -> Checked<T>) -> Result<Option<T>, Problem> {
        let cookies = self.cookies()?;
        let mut values = cookies.iter().filter(|(key, _)| *key == name).map(|(_, value)| *value);
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(Problem::bad_request(format!("{name}: must be sent once")));
        }
        first.map(check).transpose().map_err(|invalid| Problem::parameter(name, invalid))
    }

    /// The body, if it was sent as `media_type`.
    pub(crate) fn body(&self, media_type: &str) -> Result<&Bytes, Problem> {
        let body = self.body.as_ref().map_err(Problem::clone)?;
        let mut declared = self.parts.headers.get_all(header::CONTENT_TYPE).iter();
        let (first, second) = (declared.next(), declared.next());
        if first.is_none() && body.is_empty() {
            return Err(Problem::bad_request("a body is required"));
        }
        let fits = first.and_then(|value| value.to_str().ok()).is_some_and(|value| is_media_type(value, media_type));
        if !fits || second.is_some() || self.is_encoded() {
            return Err(Problem::unsupported(format!("the body must be sent as {media_type}")));
        }
        Ok(body)
    }

    pub(crate) fn json(&self) -> Result<Value, Problem> {
        let body = self.body("application/json")?;
        json::parse(body).map_err(|_| Problem::bad_request("the body is not JSON"))
    }

    pub(crate) fn form(&self) -> Result<Pairs, Problem> {
        let body = self.body("application/x-www-form-urlencoded")?;
        let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the form is not UTF-8"))?;
        Pairs::parse(text)
    }

    pub(crate) fn multipart(&self) -> Result<Vec<multipart::Part>, Problem> {
        let body = self.body("multipart/form-data")?;
        let boundary = self.content_type().and_then(|value| parameter(value, "boundary"));
        let parts = boundary.and_then(|boundary| multipart::parse(body, &boundary));
        parts.ok_or_else(|| Problem::bad_request("the body is not multipart/form-data"))
    }

    fn content_type(&self) -> Option<&str> {
        self.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    }

    fn is_encoded(&self) -> bool {
        let encodings = self.parts.headers.get_all(header::CONTENT_ENCODING);
        encodings.iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    }
}

impl Pairs {
    fn parse(text: &str) -> Result<Self, Problem> {
        let pieces = text.split('&').filter(|piece| !piece.is_empty());
        let pairs = pieces.map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs = pairs.collect::<Option<_>>();
        pairs.map(Self).ok_or_else(|| Problem::bad_request("a name or value is not percent-encoded UTF-8"))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of a parameter that may be sent at most once.
    pub(crate) fn optional<T>(&self, name: &str, check: impl FnOnce(&str) -> Checked<T>) -> Result<Option<T>, Problem> {
        if self.all(name).nth(1).is_some() {
            return Err(Problem::bad_request(format!("{name}: must be sent once")));
        }
        self.get(name).map(check).transpose().map_err(|invalid| Problem::parameter(name, invalid))
    }

    pub(crate) fn required<T>(&self, name: &str, check: impl FnOnce(&str) -> Checked<T>) -> Result<T, Problem> {
        self.optional(name, check)?.ok_or_else(|| Problem::bad_request(format!("{name}: is required")))
    }
}

/// Reads a body to its end, keeping it only as far as it is within the limit.
async fn receive(body: Body) -> Result<Bytes, Problem> {
    let reading = tokio::time::timeout(BODY_TIMEOUT, drain(body));
    reading.await.unwrap_or_else(|_| Err(Problem::bad_request("the body did not arrive in time")))
}

async fn drain(body: Body) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("the body is incomplete"))?;
        length += chunk.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&chunk);
        } else if length > DRAIN_LIMIT {
            break;
        }
    }
    if length > BODY_LIMIT {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is larger than 256 KiB"));
    }
    Ok(kept.into())
}

/// Percent-decodes a query or form component. A lone `%` and bytes that are not UTF-8 are errors.
fn decode(text: &str) -> Option<String> {
    let mut encoded = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = encoded.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hexadecimal(encoded.next()?)? * 16 + hexadecimal(encoded.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether a Content-Type names this media type, in UTF-8 if it says anything about that.
fn is_media_type(value: &str, media_type: &str) -> bool {
    let named = value.split(';').next().unwrap_or_default().trim();
    let charset = parameter(value, "charset");
    let utf8 = charset.is_none_or(|name| name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii"));
    named.eq_ignore_ascii_case(media_type) && utf8
}

/// A parameter of a Content-Type or Content-Disposition, without its quotes.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (content, next) = content(after.trim_start());
        // An empty piece before the name is legal: `multipart/form-data; ; boundary=x`.
        if key.rsplit(';').next().is_some_and(|key| key.trim().eq_ignore_ascii_case(name)) {
            return Some(content);
        }
        rest = next;
    }
}

/// A token or a quoted string, and what follows its semicolon.
fn content(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_once(';').unwrap_or((text, ""));
        return (token.trim_end().to_owned(), rest);
    };
    let mut content = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (content, quoted[at + 1..].split_once(';').map_or("", |(_, rest)| rest)),
            '\\' => content.extend(characters.next().map(|(_, escaped)| escaped)),
            other => content.push(other),
        }
    }
    (content, "")
}
