//! Where two answers differ. Main types: [`Spot`], [`Difference`]; main function: [`spots`].

use std::fmt;

use serde::{Serialize, Serializer};

use super::noise::by_nature;
use super::outline::{Node, Outline};
use crate::api::OperationId;
use crate::scenario::Scenario;
use crate::wire::{Exchange, Headers, Outcome, Response};

/// Headers of which any change matters: what may be cached, embedded, shared and done.
const TELLING: [&str; 14] = [
    "cache-control",
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-resource-policy",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "vary",
    "allow",
    "deprecation",
];
/// Headers of which only matters whether they are there.
const PRESENT: [&str; 5] = ["location", "etag", "last-modified", "www-authenticate", "retry-after"];
/// By how many times and at least how many milliseconds an answer must be later to be called slower.
const SLOWER: u128 = 3;
const LATER_MILLIS: u128 = 50;
/// What stands between the types of one place.
pub(super) const KINDS: &str = " or ";

/// A class of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A status of another class, or no answer where there was one.
    StatusClass,
    /// Another status of the same class.
    Status,
    /// The answer breaks its documented schema in a way in which it did not.
    Schema,
    /// A member is gone.
    MemberGone,
    /// A member is new.
    MemberNew,
    /// A value is of another type.
    Type,
    /// A value is another one, where it is the same each time.
    Value,
    /// A header that matters is another one.
    Header,
    /// It takes several times as long; only if that is asked for.
    Slower,
}

impl Class {
    /// The word for tables and objects.
    pub fn word(self) -> &'static str {
        match self {
            Self::StatusClass => "status_class",
            Self::Status => "status",
            Self::Schema => "schema",
            Self::MemberGone => "member_gone",
            Self::MemberNew => "member_new",
            Self::Type => "type",
            Self::Value => "value",
            Self::Header => "header",
            Self::Slower => "slower",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// A place at which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// How.
    pub class: Class,
    /// Where: a JSON pointer with `*` for indices, a header, or what became of the status.
    pub place: String,
    /// What the first target has there.
    pub base: String,
    /// What the second one has.
    pub head: String,
}

/// A proved difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The operation whose answer differs.
    pub operation: OperationId,
    /// Where.
    pub spot: Spot,
    /// The requests; the answer to the one of this index differs.
    pub scenario: Scenario,
    /// The index.
    pub step: usize,
    /// Where the requests come from, in words.
    pub source: String,
    /// What the first target answered.
    pub base: Exchange,
    /// What the second one answered.
    pub head: Exchange,
    /// How often it showed: fewer times than it was to be asked for only if the request ended the target.
    pub hits: u32,
    /// How often it was to show.
    pub tries: u32,
    /// How many more requests showed it.
    pub again: u64,
}

/// Where the answers differ, as far as they can be told from what was sent alone.
pub(super) fn spots(base: &Exchange, head: &Exchange, outlines: (&Outline, &Outline), timing: bool) -> Vec<Spot> {
    let mut spots = Vec::new();
    match (&base.outcome, &head.outcome) {
        (Outcome::Response(one), Outcome::Response(other)) if one.status == other.status => {
            headers(one, other, &mut spots);
            bodies(one.status, outlines, &mut spots);
        }
        (one, other) => spots.extend(statuses(one, other)),
    }
    let (before, now) = (base.elapsed.as_millis(), head.elapsed.as_millis());
    if timing && is_slower(before, now) {
        let (base, head) = (format!("{before} ms"), format!("{now} ms"));
        spots.push(Spot { class: Class::Slower, place: "time".to_owned(), base, head });
    }
    spots
}

/// Whether so many milliseconds are of another order than those.
pub(super) fn is_slower(before: u128, now: u128) -> bool {
    now > SLOWER * before && now > before + LATER_MILLIS
}

fn statuses(base: &Outcome, head: &Outcome) -> Option<Spot> {
    let kind = |outcome: &Outcome| match outcome.status() {
        Some(status) => format!("{}xx", status / 100),
        None => outcome.to_string(),
    };
    let (one, other) = (kind(base), kind(head));
    let (base, head) = (base.to_string(), head.to_string());
    if base == head {
        return None;
    }
    let (class, place) = if one == other {
        (Class::Status, format!("{base} -> {head}"))
    } else {
        (Class::StatusClass, format!("{one} -> {other}"))
    };
    Some(Spot { class, place, base, head })
}

fn headers(base: &Response, head: &Response, spots: &mut Vec<Spot>) {
    let mut push = |name: &str, base: Option<String>, head: Option<String>| {
        if base != head {
            let shown = |value: Option<String>| value.unwrap_or_else(|| "(none)".to_owned());
            let place = format!("header {name}");
            spots.push(Spot { class: Class::Header, place, base: shown(base), head: shown(head) });
        }
    };
    push("content-type", base.media_type(), head.media_type());
    let all = |headers: &Headers, name: &str| {
        let named = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name.as_bytes()));
        let values: Vec<_> = named.map(|header| String::from_utf8_lossy(&header.value).into_owned()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    for name in TELLING {
        push(name, all(&base.headers, name), all(&head.headers, name));
    }
    for name in PRESENT {
        let is_there = |response: &Response| response.headers.contains(name).then(|| "(set)".to_owned());
        push(name, is_there(base), is_there(head));
    }
}

fn bodies(status: u16, (base, head): (&Outline, &Outline), spots: &mut Vec<Spot>) {
    for (place, one) in &base.nodes {
        let Some(other) = head.nodes.get(place) else { continue };
        let at = |below: &str| format!("{status} {place}{below}");
        let mut push = |class, place, base: &str, head: &str| {
            spots.push(Spot { class, place, base: base.to_owned(), head: head.to_owned() });
        };
        for name in one.members.difference(&other.members).filter(|_| other.objects > 0) {
            push(Class::MemberGone, at(&format!("/{name}")), "(there)", "(gone)");
        }
        for name in other.members.difference(&one.members).filter(|_| one.objects > 0) {
            push(Class::MemberNew, at(&format!("/{name}")), "(none)", "(there)");
        }
        if other.kinds.is_subset(&one.kinds) {
            if let Some((base, head)) = changed(one, other) {
                push(Class::Value, at(""), &base, &head);
            }
        } else {
            push(Class::Type, at(""), &kinds(one), &kinds(other));
        }
    }
}

fn kinds(node: &Node) -> String {
    node.kinds.iter().copied().collect::<Vec<_>>().join(KINDS)
}

/// The first values that differ and are not of a sort that differs by nature. Where there are more or fewer of them, the
/// length of their list has changed, and says it.
fn changed(base: &Node, head: &Node) -> Option<(String, String)> {
    if base.values.len() != head.values.len() {
        return None;
    }
    let pairs = base.values.iter().zip(&head.values);
    let mut others = pairs.filter(|(one, other)| one != other && !by_nature(one, other));
    others.next().map(|(one, other)| (one.clone(), other.clone()))
}

/// What two answers of one target differ in: where it is no ground for a difference between two.
pub(super) fn unstable(one: &Exchange, other: &Exchange, outlines: (&Outline, &Outline)) -> Vec<Spot> {
    let mut found = spots(one, other, outlines, false);
    // Seen from both sides: what is gone in one is new in the other.
    found.extend(spots(other, one, (outlines.1, outlines.0), false));
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::compare::outline::Local;
    use crate::transport::canned;
    use crate::wire::{FaultKind, Request};

    fn exchange(outcome: Outcome, millis: u64) -> Exchange {
        let request = Arc::new(Request::new("GET", "/a"));
        Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: Duration::from_millis(millis) }
    }

    fn found(base: &Exchange, head: &Exchange, timing: bool) -> Vec<String> {
        let outline = |exchange: &Exchange| Outline::of(exchange, &Local::default());
        let spots = spots(base, head, (&outline(base), &outline(head)), timing);
        spots.iter().map(|spot| format!("{} {}: {} / {}", spot.class, spot.place, spot.base, spot.head)).collect()
    }

    #[track_caller]
    fn check(base: &Value, head: &Value, expected: &[&str]) {
        let answer = |body: &Value| exchange(canned::json(200, body), 0);
        assert_eq!(found(&answer(base), &answer(head), false), expected, "{base} {head}");
    }

    #[test]
    fn members_types_and_values_are_compared_at_their_places() {
        let base = json!({"id": 1, "items": [{"a": "x", "b": 1}], "note": null});
        let with = |pointer: &str, value: Value| {
            let mut changed = base.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            changed
        };
        check(&base, &base, &[]);
        check(&base, &with("/items", json!([{"a": "x"}])), &["member_gone 200 body/items/*/b: (there) / (gone)"]);
        check(&with("/items", json!([{"a": "x"}])), &base, &["member_new 200 body/items/*/b: (none) / (there)"]);
        check(&base, &with("/id", json!("1")), &["type 200 body/id: number / text"]);
        check(&base, &with("/id", json!(2)), &["value 200 body/id: 1 / 2"]);
        check(&base, &with("/items", json!([])), &["value 200 body/items: 1 items / 0 items"]);
        check(&base, &with("/note", json!("x")), &["type 200 body/note: null / text"]);
    }

    #[test]
    fn times_and_ids_are_no_values() {
        let at =
            |time: &str| json!({"at": time, "key": format!("8f14e45f-ceea-467f-a8d5-3a3f0f1f2f{}", &time[17..19])});
        check(&at("2026-01-02T03:04:05Z"), &at("2026-01-02T03:04:06Z"), &[]);
    }

    #[test]
    fn another_status_hides_the_rest() {
        let answer = |status| exchange(canned::json(status, &json!({"status": status})), 0);
        assert_eq!(found(&answer(200), &answer(500), false), ["status_class 2xx -> 5xx: 200 / 500"]);
        assert_eq!(found(&answer(400), &answer(422), false), ["status 400 -> 422: 400 / 422"]);
        let gone = exchange(canned::fault(FaultKind::Closed), 0);
        let expected =
            "status_class 2xx -> connection closed without an answer: 200 / connection closed without an answer";
        assert_eq!(found(&answer(200), &gone, false), [expected]);
        assert!(found(&gone, &gone, false).is_empty());
    }

    #[test]
    fn headers_that_matter_are_compared() {
        let with = |name: &str, value: &str| {
            let headers = [(name.to_owned(), value.to_owned())].into_iter().collect();
            exchange(Outcome::Response(Response::new(200, headers, "x")), 0)
        };
        let none = exchange(Outcome::Response(Response::new(200, Headers::new(), "x")), 0);
        let cached = with("Cache-Control", "no-store");
        assert_eq!(found(&cached, &none, false), ["header header cache-control: no-store / (none)"]);
        assert!(found(&with("X-Request-Id", "1"), &with("X-Request-Id", "2"), false).is_empty());
        assert!(found(&with("ETag", "1"), &with("ETag", "2"), false).is_empty());
        assert_eq!(found(&with("ETag", "1"), &none, false), ["header header etag: (set) / (none)"]);
        let html = with("Content-Type", "text/html; charset=utf-8");
        assert_eq!(
            found(&with("Content-Type", "text/plain"), &html, false),
            ["header header content-type: text/plain / text/html"]
        );
    }

    #[test]
    fn time_counts_only_where_it_is_asked_for() {
        let (fast, slow) = (exchange(canned::json(200, &json!(1)), 10), exchange(canned::json(200, &json!(1)), 100));
        assert!(found(&fast, &slow, false).is_empty() && found(&slow, &fast, true).is_empty());
        assert_eq!(found(&fast, &slow, true), ["slower time: 10 ms / 100 ms"]);
    }
}
