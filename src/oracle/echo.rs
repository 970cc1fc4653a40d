//! What a request carried, decoded, so that an answer's echo of it is told from the answer's own words.
//!
//! Main type: [`Echo`]. It is built only when something suspicious was seen, never for each answer.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::names;
use crate::scenario::Trace;
use crate::wire::Request;

/// Bodies beyond this are looked at up to here.
const BODY_BOUND: usize = 256 * 1024;

/// Words of error messages that are also common values: removing them from a text would make two signatures of
/// one bug. In quotes they go anyway.
const VOCABULARY: &str = "null none true false string number integer int float boolean bool object array list dict map str type value \
    name error invalid not and the for key data text json html body path query user test request internal server \
    expected got missing unknown undefined nan infinity";

/// One scalar that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The name it was sent under: a query name, a member name, a header name; empty for path segments.
    pub(super) name: String,
    /// The value, decoded.
    pub(super) value: String,
    /// Where it stood.
    pub(super) part: Part,
}

/// Parts of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Query,
    Header,
    Body,
}

/// The decoded values of one request or of all requests of a trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Echo {
    items: Vec<Sent>,
    /// Whole parts as text, raw and decoded, for values that span several items.
    texts: Vec<String>,
}

impl Echo {
    /// What all requests of the trace carried.
    pub(super) fn of(trace: &Trace<'_>) -> Self {
        let mut echo = Self::default();
        for exchange in trace.exchanges {
            echo.add(&exchange.request);
            echo.texts.extend(host_as_written(&exchange.sent));
        }
        echo
    }

    /// What one request carried.
    pub(super) fn of_request(request: &Request) -> Self {
        let mut echo = Self::default();
        echo.add(request);
        echo
    }

    /// Every scalar that was sent.
    pub(super) fn items(&self) -> &[Sent] {
        &self.items
    }

    /// Whether this text was sent: as a value, or, if it is longer than a few characters, as a part of one.
    pub(super) fn holds(&self, text: &str) -> bool {
        let text = text.trim();
        if text.is_empty() {
            return true;
        }
        let long = text.chars().count() >= 4;
        self.items.iter().any(|sent| sent.value == text)
            || (long && self.items.iter().any(|sent| sent.value.contains(text)))
            || (long && self.texts.iter().any(|sent| sent.contains(text)))
    }

    /// The text with every value that was sent replaced by a digit, which [`crate::finding::normalised`] folds.
    pub(super) fn removed_from(&self, text: &str) -> String {
        let mut values: Vec<&str> = self.items.iter().filter(|s| s.part != Part::Header).map(removable).collect();
        values.extend(self.texts.iter().map(String::as_str).filter(|text| text.len() < 512));
        values.retain(|value| !value.is_empty());
        values.sort_unstable_by_key(|value| (std::cmp::Reverse(value.len()), *value));
        values.dedup();
        values.into_iter().fold(text.to_owned(), |text, value| without(&text, value))
    }

    fn add(&mut self, request: &Request) {
        let target = request.target_text();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            self.push(Part::Path, "", &decoded(segment));
        }
        self.add_form(Part::Query, query);
        self.texts.push(decoded(&target));
        self.texts.push(decoded(path));
        self.texts.push(target.into_owned());
        for header in &request.headers {
            let value = String::from_utf8_lossy(&header.value);
            self.push(Part::Header, &String::from_utf8_lossy(&header.name), &value);
        }
        self.add_body(request);
    }

    fn add_form(&mut self, part: Part, text: &str) {
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            self.push(part, &name, &value);
        }
    }

    fn add_body(&mut self, request: &Request) {
        if request.body.is_empty() {
            return;
        }
        let body = &request.body[..request.body.len().min(BODY_BOUND)];
        let text = String::from_utf8_lossy(body);
        let media_type = request.headers.text("content-type").unwrap_or_default();
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            self.add_json("", &value);
        } else if media_type.starts_with("application/x-www-form-urlencoded") {
            self.add_form(Part::Body, &text);
        } else {
            let between = |c: char| c.is_whitespace() || "\"',:{}[]<>=&;".contains(c);
            for word in text.split(between).filter(|word| word.len() >= 3) {
                self.push(Part::Body, "", word);
            }
        }
        self.texts.push(text.into_owned());
    }

    fn add_json(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.push(Part::Body, name, &value.to_string()),
            Value::String(text) => self.push(Part::Body, name, text),
            Value::Array(items) => items.iter().for_each(|item| self.add_json(name, item)),
            Value::Object(members) => members.iter().for_each(|(name, value)| self.add_json(name, value)),
        }
    }

    fn push(&mut self, part: Part, name: &str, value: &str) {
        self.items.push(Sent { name: name.to_owned(), value: value.to_owned(), part });
    }
}

/// The value if it may be removed from a text, else nothing.
fn removable(sent: &Sent) -> &str {
    let value = sent.value.trim();
    let is_number = value.parse::<f64>().is_ok();
    let is_word = names::lists(VOCABULARY, value);
    if is_number || (value.chars().count() >= 3 && !is_word) { value } else { "" }
}

/// Replaces the value by `0`; a short one only where it stands as a word of its own.
fn without(text: &str, value: &str) -> String {
    let whole_words = value.len() < 6;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let inside =
            joins(before.chars().next_back().or_else(|| out.chars().next_back())) || joins(after.chars().next());
        out.push_str(before);
        out.push_str(if whole_words && inside { value } else { "0" });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The host that the transport wrote: the target's own address is no news to the caller.
fn host_as_written(sent: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&sent[..sent.len().min(16 * 1024)]);
    let host = head.lines().skip(1).take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
    });
    host.filter(|host| !host.is_empty())
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        let mut request = Request::new("POST", "/orders/a%20b/7?tag=x%2By&n=-12");
        request.headers.push("Content-Type", "application/json");
        request.headers.push("X-Trace", "trace-me-77");
        request.body = r#"{"password":"hunter2","deep":[{"note":"caf\u00e9 noir"}],"ok":true}"#.into();
        request
    }

    #[test]
    fn values_of_every_part_are_known_decoded() {
        let echo = Echo::of_request(&request());
        for sent in ["a b", "x+y", "hunter2", "café noir", "trace-me-77", "/orders/a b/7", "unter", "7", ""] {
            assert!(echo.holds(sent), "{sent:?} was sent");
        }
        for other in ["hunter3", "orders7", "z"] {
            assert!(!echo.holds(other), "{other:?} was not sent");
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Echo::of_request(&request()).removed_from(text), expected);
    }

    #[test]
    fn what_was_sent_is_removed_from_a_text() {
        check("no order a b", "no order 0");
        check("value -12 at café noir!", "value 0 at 0!");
        check("cannot GET /orders/a b/7", "cannot GET 0");
        check("x+y and x+yz", "0 and x+yz");
        check("true is not a number", "true is not a number");
    }

    #[test]
    fn bodies_of_other_kinds_are_read_too() {
        let mut form = Request::new("POST", "/");
        form.headers.push("Content-Type", "application/x-www-form-urlencoded");
        form.body = "pass=a+b%21&x=1".into();
        assert!(Echo::of_request(&form).holds("a b!"));
        let mut broken = Request::new("POST", "/");
        broken.body = r#"{"name":"zaphod","#.into();
        assert!(Echo::of_request(&broken).items().iter().any(|sent| sent.value == "zaphod"));
    }
}
