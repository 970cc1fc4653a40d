//! Placeholders in requests. Main function: [`substitute`].
//!
//! A placeholder is `{{name}}` for a name that the scenario itself declares. Text of the same form with any other
//! name is data: a template-injection payload goes out as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::step::Source;
use super::{Capture, Step};
use crate::wire::{Request, Response, target_of};

/// Values by the name of their placeholder.
pub type Values = BTreeMap<String, String>;

/// The text that stands for a name.
pub fn placeholder(name: &str) -> String {
    format!("{{{{{name}}}}}")
}

/// The step's request with every known placeholder filled in.
pub fn substitute<'a>(step: &'a Step, values: &Values) -> Cow<'a, Request> {
    if values.is_empty() {
        return Cow::Borrowed(&step.request);
    }
    let request = &step.request;
    let as_it_is: Written = |value| Cow::Borrowed(value);
    let headers =
        request.headers.iter().map(|header| (header.name.clone(), fill(&header.value, values, as_it_is))).collect();
    let media_type = request.headers.text("content-type").unwrap_or_default().to_ascii_lowercase();
    let in_body = match () {
        () if media_type.contains("json") => in_json,
        () if media_type.starts_with("application/x-www-form-urlencoded") => percent_encoded,
        () => as_it_is,
    };
    Cow::Owned(Request {
        method: request.method.clone(),
        target: whole_target(&request.target, values).unwrap_or_else(|| fill(&request.target, values, percent_encoded)),
        headers,
        body: fill(&request.body, values, in_body),
    })
}

/// How a value is written where its placeholder stands, so that it never changes the structure around it.
type Written = fn(&str) -> Cow<'_, str>;

/// The target that is nothing but one placeholder: the path and query of the URL that was captured, such as from
/// `Location`, wherever it is said to be.
fn whole_target(target: &Bytes, values: &Values) -> Option<Bytes> {
    let url = values.iter().find(|(name, _)| placeholder(name).as_bytes() == target).map(|(_, value)| value)?;
    Some(Bytes::copy_from_slice(target_of(url).as_bytes()))
}

/// As one segment of a path, or one value of a query (RFC 3986 section 2.3).
fn percent_encoded(value: &str) -> Cow<'_, str> {
    const RESERVED: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(value, RESERVED).into()
}

/// Between the quotes of a JSON string (RFC 8259 section 7).
fn in_json(value: &str) -> Cow<'_, str> {
    let quoted = Value::String(value.to_owned()).to_string();
    Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
}

fn fill(bytes: &Bytes, values: &Values, written: Written) -> Bytes {
    let mut out: Cow<'_, [u8]> = Cow::Borrowed(bytes);
    for (name, value) in values {
        let mark = placeholder(name);
        if find(&out, mark.as_bytes()).is_some() {
            out = Cow::Owned(replace(&out, mark.as_bytes(), written(value).as_bytes()));
        }
    }
    match out {
        Cow::Borrowed(_) => bytes.clone(),
        Cow::Owned(filled) => filled.into(),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn replace(text: &[u8], mark: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, mark) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(value);
        rest = &rest[at + mark.len()..];
    }
    out.extend_from_slice(rest);
    out
}

impl Capture {
    /// The value in this answer, as text.
    pub fn take(&self, response: &Response) -> Option<String> {
        self.from.take(response)
    }
}

impl Source {
    /// The value there in this answer, as text.
    pub fn take(&self, response: &Response) -> Option<String> {
        match self {
            Self::Body(pointer) => match response.json()?.pointer(pointer)? {
                Value::String(text) => Some(text.clone()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
                scalar => Some(scalar.to_string()),
            },
            Self::Header(name) => response.headers.text(name).map(str::to_owned),
            Self::Location => last_segment(response.headers.text("location")?),
            Self::Link(pointer) => last_segment(response.json()?.pointer(pointer)?.as_str()?),
            Self::Cookie(name) => response
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(b"set-cookie"))
                .filter_map(|header| std::str::from_utf8(&header.value).ok())
                .filter_map(|value| value.split(';').next()?.split_once('='))
                .find(|(set, _)| set.trim() == name)
                .map(|(_, value)| value.trim().to_owned()),
        }
    }
}

/// What the path of a URL ends with.
fn last_segment(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?.trim_end_matches('/');
    let segment = path.rsplit('/').next().filter(|segment| !segment.is_empty())?;
    Some(percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::OperationId;
    use crate::scenario::IdentityName;

    fn step(request: Request) -> Step {
        Step {
            operation: OperationId::new("get", "/"),
            identity: IdentityName::new("alice"),
            request: Arc::new(request),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        }
    }

    #[test]
    fn declared_names_are_filled_in_and_others_are_data() {
        let mut request = Request::new("PUT", "/orders/{{id}}?q={{7*7}}");
        request.headers.push("X-Id", "{{id}}-{{id}}");
        request.body = "{\"id\":\"{{id}}\"}".into();
        let step = step(request);
        let filled = substitute(&step, &Values::from([("id".to_owned(), "42".to_owned())]));
        assert_eq!(filled.target_text(), "/orders/42?q={{7*7}}");
        assert_eq!(filled.headers.text("x-id"), Some("42-42"));
        assert_eq!(filled.body, "{\"id\":\"42\"}");
    }

    #[test]
    fn values_never_change_the_structure_around_them() {
        let mut request = Request::new("PUT", "/files/{{name}}?q={{name}}");
        request.headers.push("Content-Type", "application/json");
        request.body = "{\"name\":\"{{name}}\"}".into();
        let filled =
            substitute(&step(request), &Values::from([("name".to_owned(), "a/b?\"c".to_owned())])).into_owned();
        assert_eq!(filled.target_text(), "/files/a%2Fb%3F%22c?q=a%2Fb%3F%22c");
        assert_eq!(filled.body, "{\"name\":\"a/b?\\\"c\"}");
    }

    #[test]
    fn a_target_that_is_one_placeholder_is_a_url_that_was_captured() {
        for (url, target) in [
            ("/v1/orders/a%20b?x=1#y", "/v1/orders/a%20b?x=1"),
            ("http://127.0.0.1:80/v1/orders/7", "/v1/orders/7"),
            ("http://127.0.0.1", "/"),
        ] {
            let values = Values::from([("where".to_owned(), url.to_owned())]);
            let filled = substitute(&step(Request::new("GET", "{{where}}")), &values).into_owned();
            assert_eq!(filled.target_text(), target);
        }
    }

    #[track_caller]
    fn check(from: Source, expected: Option<&str>) {
        let headers =
            [("Location", "/orders/7"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "sid=x")].into_iter().collect();
        let body = r#"{"id":7,"name":"n","tags":[],"self":"http://127.0.0.1/orders/a%20b/?x=1"}"#;
        let response = Response::new(201, headers, body);
        let capture = Capture { name: "n".into(), from };
        assert_eq!(capture.take(&response).as_deref(), expected);
    }

    #[test]
    fn values_are_taken_from_anywhere_in_an_answer() {
        check(Source::Body("/id".into()), Some("7"));
        check(Source::Body("/name".into()), Some("n"));
        check(Source::Body("/tags".into()), None);
        check(Source::Header("location".into()), Some("/orders/7"));
        check(Source::Cookie("sid".into()), Some("x"));
        check(Source::Cookie("absent".into()), None);
        check(Source::Location, Some("7"));
        check(Source::Link("/self".into()), Some("a b"));
        check(Source::Link("/id".into()), None);
    }
}
