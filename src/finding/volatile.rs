//! What is another one each time the same is asked: ids, times, request ids. Main type: [`Volatile`].
//!
//! It is learned from answers to equal requests, and tells people which changes of an answer mean nothing. What a finding
//! requires is not touched by it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::redact::Redactor;
use crate::schema::{escape_token, push_token};
use crate::wire::{Outcome, Response};

/// How many places of each kind are remembered.
const MOST: usize = 64;
/// Numbers that look like seconds since 1970 in our century.
const EPOCH: std::ops::Range<i64> = 1_000_000_000..4_000_000_000;
/// What stands where a value differs each time.
const MARK: &str = "(differs each time)";

/// The places at which answers to the same request differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volatile {
    /// JSON pointers into the body.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub body: BTreeSet<String>,
    /// The lines of a body that is no JSON, from 1.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lines: BTreeSet<usize>,
    /// Names of headers, in small letters.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub headers: BTreeSet<String>,
}

impl Volatile {
    /// What differs between these outcomes of the same request. Of answers of several statuses only those that are as the
    /// last one count.
    pub fn between<'a>(outcomes: impl DoubleEndedIterator<Item = &'a Outcome>) -> Self {
        let mut responses = outcomes.rev().filter_map(Outcome::response);
        let mut volatile = Self::default();
        let Some(last) = responses.next() else { return volatile };
        for response in responses.filter(|response| response.status == last.status) {
            volatile.compare(response, last);
        }
        volatile
    }

    /// What differs between two answers because it tells the time.
    pub fn times(one: &Value, other: &Value) -> Self {
        let mut all = BTreeSet::new();
        differences(one, other, &mut String::new(), &mut all);
        let time = |value: Option<&Value>| match value? {
            Value::String(text) => seconds(text),
            Value::Number(number) => seconds(&number.to_string()),
            _ => None,
        };
        all.retain(|place| time(one.pointer(place)).is_some() && time(other.pointer(place)).is_some());
        Self { body: all, ..Self::default() }
    }

    /// Whether nothing is known to differ.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The places of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.body.extend(other.body);
        self.lines.extend(other.lines);
        self.headers.extend(other.headers);
        self
    }

    /// The same without secrets: the name of a member may hold one.
    #[must_use]
    pub fn redacted(&self, redactor: &Redactor) -> Self {
        let texts = |texts: &BTreeSet<String>| texts.iter().map(|text| redactor.text(text)).collect();
        Self { body: texts(&self.body), lines: self.lines.clone(), headers: texts(&self.headers) }
    }

    /// The body with a mark in place of the values that differ.
    pub fn marked(&self, body: &Value) -> Value {
        let mut marked = body.clone();
        for pointer in &self.body {
            if let Some(place) = marked.pointer_mut(pointer) {
                *place = MARK.into();
            }
        }
        marked
    }

    /// The body without the members that differ and that only one of two answers has.
    pub fn common(&self, body: &Value, other: &Value) -> Value {
        let mut common = body.clone();
        for pointer in self.body.iter().filter(|pointer| other.pointer(pointer).is_none()) {
            let Some((above, name)) = pointer.rsplit_once('/') else { continue };
            if let Some(Value::Object(members)) = common.pointer_mut(above) {
                members.retain(|member, _| escape_token(member) != name);
            }
        }
        common
    }

    /// The text with a mark in place of the lines that differ.
    pub fn marked_lines(&self, text: &str) -> String {
        if self.lines.is_empty() {
            return text.to_owned();
        }
        let mark = |(index, line)| if self.lines.contains(&(index + 1)) { MARK } else { line };
        text.lines().enumerate().map(mark).collect::<Vec<_>>().join("\n")
    }

    /// All of it for a person's eyes; `None` if there is nothing.
    pub fn shown(&self) -> Option<String> {
        let root = |pointer: &String| if pointer.is_empty() { "the whole body".to_owned() } else { pointer.clone() };
        let body = self.body.iter().map(root);
        let lines = self.lines.iter().map(|line| format!("line {line}"));
        let headers = self.headers.iter().map(|name| format!("header {name}"));
        let all: Vec<String> = body.chain(lines).chain(headers).collect();
        // A server chose the names.
        let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        (!all.is_empty()).then(|| all.join(", ").chars().map(plain).collect())
    }

    fn compare(&mut self, one: &Response, other: &Response) {
        match (one.json(), other.json()) {
            (Some(one), Some(other)) => differences(one, other, &mut String::new(), &mut self.body),
            (None, None) => self.compare_lines(&one.text(), &other.text()),
            _ => _ = self.body.insert(String::new()),
        }
        let both = [one, other].map(|response| {
            let field = |header: &crate::wire::Header| {
                (String::from_utf8_lossy(&header.name).to_ascii_lowercase(), header.value.clone())
            };
            response.headers.iter().map(field).collect::<BTreeSet<_>>()
        });
        let names = both[0].symmetric_difference(&both[1]).map(|(name, _)| name.clone());
        self.headers.extend(names.take(MOST));
    }

    fn compare_lines(&mut self, one: &str, other: &str) {
        // Of texts of other lengths it is not known which line is which.
        if one.lines().count() == other.lines().count() {
            let pairs = one.lines().zip(other.lines()).enumerate();
            let changed = pairs.filter(|(_, (one, other))| one != other);
            self.lines.extend(changed.map(|(index, _)| index + 1).take(MOST));
        }
    }
}

/// The deepest places at which two values differ.
fn differences(one: &Value, other: &Value, pointer: &mut String, found: &mut BTreeSet<String>) {
    if one == other || found.len() >= MOST {
        return;
    }
    let length = pointer.len();
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                push_token(pointer, name);
                differences(one.get(name).unwrap_or(&ABSENT), other.get(name).unwrap_or(&ABSENT), pointer, found);
                // A member that is null in one and absent in the other is there only now and then.
                if one.contains_key(name) != other.contains_key(name) {
                    found.insert(pointer.clone());
                }
                pointer.truncate(length);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                push_token(pointer, &index.to_string());
                differences(one, other, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => _ = found.insert(pointer.clone()),
    }
}

const ABSENT: Value = Value::Null;

/// A time in seconds: RFC 3339, HTTP dates, seconds or milliseconds since 1970.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    if let Ok(number) = text.split('.').next()?.parse::<i64>() {
        let seconds = if EPOCH.contains(&(number / 1000)) { number / 1000 } else { number };
        return EPOCH.contains(&seconds).then_some(seconds);
    }
    let timestamp = text.parse::<jiff::Timestamp>().ok();
    let without_zone = || format!("{text}Z").parse::<jiff::Timestamp>().ok();
    let http = || Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp());
    timestamp.or_else(without_zone).or_else(http).map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::redact::Secret;
    use crate::transport::canned;
    use crate::wire::{FaultKind, Headers};

    #[track_caller]
    fn check(bodies: &[Value], expected: &[&str]) {
        let outcomes: Vec<Outcome> = bodies.iter().map(|body| canned::json(500, body)).collect();
        let found = Volatile::between(outcomes.iter());
        assert_eq!(found.body.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{bodies:?}");
        assert!(found.headers.is_empty() && found.lines.is_empty(), "{found:?}");
    }

    #[test]
    fn places_that_differ_are_pointers() {
        let body = |id: u32, at: &str| json!({"error": "boom", "id": id, "list": [{"a/b": at}, 1]});
        check(&[body(1, "x"), body(1, "x"), body(1, "x")], &[]);
        check(&[body(1, "x"), body(2, "x"), body(2, "x")], &["/id"]);
        check(&[body(1, "x"), body(2, "x"), body(2, "y")], &["/id", "/list/0/a~1b"]);
        check(&[json!({"a": 1, "b": null}), json!({"a": 1})], &["/b"]);
        check(&[json!({"a": [1]}), json!({"a": [1, 2]})], &["/a"]);
        check(&[json!({"a": 1}), json!([1])], &[""]);
        check(&[json!({"a": 1})], &[]);
    }

    #[test]
    fn only_answers_of_one_status_are_compared() {
        let answers =
            [canned::json(200, &json!({"x": 1})), canned::fault(FaultKind::Closed), canned::json(500, &json!({}))];
        assert!(Volatile::between(answers.iter()).is_empty());
    }

    fn text(id: &'static str, body: &'static str) -> Outcome {
        let headers: Headers = [("Content-Type", "text/plain"), ("X-Request-Id", id)].into_iter().collect();
        Outcome::Response(Response::new(500, headers, body))
    }

    #[test]
    fn headers_by_name_and_texts_by_line() {
        let found = Volatile::between([text("1", "oops\nrequest 1\nend"), text("2", "oops\nrequest 2\nend")].iter());
        assert_eq!(found.shown().unwrap(), "line 2, header x-request-id");
        assert_eq!(found.marked_lines("oops\nrequest 9\nend"), "oops\n(differs each time)\nend");
        let longer = Volatile::between([text("1", "oops"), text("1", "oops\nmore")].iter());
        assert!(longer.is_empty(), "{longer:?}");
    }

    #[test]
    fn what_differs_is_marked_and_what_only_one_has_is_left_out() {
        let volatile = Volatile { body: ["/id", "/opt", "/l/0"].map(str::to_owned).into(), ..Volatile::default() };
        let (one, other) = (json!({"id": 1, "opt": 2, "l": [3], "e": 0}), json!({"id": 9, "l": [8], "e": 0}));
        let both = [volatile.marked(&volatile.common(&one, &other)), volatile.marked(&volatile.common(&other, &one))];
        assert_eq!(both[0], both[1]);
        assert_eq!(both[0], json!({"id": MARK, "l": [MARK], "e": 0}));
    }

    #[test]
    fn of_two_times_it_is_the_time_that_differs() {
        let body = |at: &str, n: u32| json!({"at": at, "epoch": 1_767_323_045 + n, "n": n});
        let found = Volatile::times(&body("2026-01-02T03:04:05Z", 1), &body("2026-09-02T03:04:05Z", 2));
        assert_eq!(found.shown().unwrap(), "/at, /epoch");
        assert!(Volatile::times(&body("today", 1), &body("2026-09-02T03:04:05Z", 1)).is_empty());
    }

    #[test]
    fn a_secret_in_a_name_is_taken_out() {
        let volatile = Volatile { body: ["/tok-123/id".to_owned()].into(), ..Volatile::default() };
        let redacted = volatile.redacted(&Redactor::new([&Secret::new("tok-123")]));
        assert_eq!(redacted.shown().unwrap(), "/[redacted]/id");
    }
}
