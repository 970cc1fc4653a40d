//! What was new in an answer. Main types: [`Glimpse`], [`Novelty`]: black-box feedback by operation, outcome, media
//! type, shape of the body and normalised error text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use serde_json::Value;

use crate::api::OperationId;
use crate::finding::normalised;
use crate::wire::{Exchange, FaultKind, Outcome, Response};

/// How many different answers of one operation are remembered: enough to tell that something is new, and a bound
/// for operations whose answers all differ.
const MAX_PER_OPERATION: usize = 64;
/// How deep a body's shape is looked at.
const MAX_DEPTH: usize = 5;
/// How many elements of an array are looked at.
const MAX_ITEMS: usize = 3;

/// What feedback needs of an exchange: small, so that bodies need not be kept until an epoch is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glimpse {
    /// The status, or the fault.
    pub outcome: Result<u16, FaultKind>,
    kind: u64,
    /// How long the answer took. It depends on the machine, so nothing is planned by it.
    elapsed: Duration,
}

impl Glimpse {
    /// Looks at an exchange.
    pub fn of(exchange: &Exchange) -> Self {
        let outcome = match &exchange.outcome {
            Outcome::Response(response) => Ok(response.status),
            Outcome::Fault(fault) => Err(fault.kind),
        };
        Self { outcome, kind: key(exchange), elapsed: exchange.elapsed }
    }

    /// By what the answer is told from others of its operation: the same in each run, so that it may stand in a file.
    pub fn kind(self) -> u64 {
        self.kind
    }

    /// The status, if there was an answer.
    pub fn status(self) -> Option<u16> {
        self.outcome.ok()
    }

    /// Whether the answer was 2xx.
    pub fn is_success(self) -> bool {
        self.outcome.is_ok_and(|status| status / 100 == 2)
    }

    /// Whether the fault was this one.
    pub fn is_fault(self, kind: FaultKind) -> bool {
        self.outcome == Err(kind)
    }
}

impl fmt::Display for Glimpse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Ok(status) => status.fmt(f),
            Err(fault) => fault.fmt(f),
        }
    }
}

/// Remembers the kinds of answers.
#[derive(Debug, Default)]
pub struct Novelty {
    seen: BTreeMap<OperationId, BTreeSet<u64>>,
}

impl Novelty {
    /// Whether this answer is of a kind that the operation has not given yet; remembers it.
    pub fn observe(&mut self, operation: &OperationId, glimpse: Glimpse) -> bool {
        let Some(seen) = self.seen.get_mut(operation) else {
            self.seen.insert(operation.clone(), BTreeSet::from([glimpse.kind]));
            return true;
        };
        seen.len() < MAX_PER_OPERATION && seen.insert(glimpse.kind)
    }
}

/// Remembers how long operations take. What it tells decides what is kept and nothing else: a clock is never the same twice,
/// and the same seed is to give the same cases.
#[derive(Debug, Default)]
pub struct Latency {
    seen: BTreeMap<OperationId, Pace>,
}

/// How long one operation takes.
#[derive(Debug, Default)]
struct Pace {
    /// Answers in the usual time, and their sum.
    answers: u32,
    total: Duration,
    /// The slowest order of time so far.
    order: usize,
}

/// Where the orders of time begin: what is below the first is quick, whatever the machine.
const ORDERS: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(3)];
/// How many answers make a usual time, and how much more is another order.
const LEAST_ANSWERS: u32 = 5;
const MANY: u32 = 10;

impl Latency {
    /// If the answer took longer by an order than any before it of this operation: how many times the usual it took.
    pub fn observe(&mut self, operation: &OperationId, glimpse: Glimpse) -> Option<u32> {
        glimpse.status()?;
        let pace = match self.seen.get_mut(operation) {
            Some(pace) => pace,
            None => self.seen.entry(operation.clone()).or_default(),
        };
        let order = ORDERS.iter().filter(|start| glimpse.elapsed >= **start).count();
        let usual = pace.total.checked_div(pace.answers).unwrap_or_default().max(Duration::from_millis(1));
        let times = u32::try_from(glimpse.elapsed.as_micros() / usual.as_micros()).unwrap_or(u32::MAX);
        if pace.answers >= LEAST_ANSWERS && order > pace.order && times >= MANY {
            pace.order = order;
            return Some(times);
        }
        pace.answers = pace.answers.saturating_add(1);
        pace.total = pace.total.saturating_add(glimpse.elapsed);
        None
    }
}

/// FNV-1a: the kinds stand in the corpus, so they must be the same with each compiler.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }
}

fn key(exchange: &Exchange) -> u64 {
    let mut hasher = Fnv::default();
    match &exchange.outcome {
        Outcome::Fault(fault) => fault.kind.to_string().hash(&mut hasher),
        Outcome::Response(response) => {
            response.status.hash(&mut hasher);
            body_key(response, &mut hasher);
        }
    }
    hasher.finish()
}

fn body_key(response: &Response, hasher: &mut Fnv) {
    let is_error = response.status >= 400;
    let Some(value) = response.json() else {
        response.media_type().hash(hasher);
        if is_error {
            let start = &response.body[..response.body.len().min(300)];
            normalised(&String::from_utf8_lossy(start)).hash(hasher);
        }
        return;
    };
    // The usual type says nothing; kinds stand in the corpus, so they stay what they were.
    if let Some(kind) = response.media_type().filter(|kind| *kind != "application/json") {
        kind.hash(hasher);
    }
    shape(value, MAX_DEPTH, hasher);
    if is_error {
        message(value).map(normalised).hash(hasher);
    }
}

/// How long what an answer says may be.
const LONGEST_SAID: usize = 160;

/// What an answer that is no success says, in short.
pub(super) fn said(response: &Response) -> Option<String> {
    let text = if let Some(value) = response.json() {
        message(value)?.to_owned()
    } else {
        let is_text = response.media_type().is_some_and(|kind| kind == "text/plain");
        let start = &response.body[..response.body.len().min(LONGEST_SAID)];
        is_text.then(|| String::from_utf8_lossy(start).into_owned())?
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(LONGEST_SAID).collect())
}

/// The text by which an error body tells what is wrong.
fn message(value: &Value) -> Option<&str> {
    const NAMES: [&str; 8] =
        ["message", "detail", "error", "title", "msg", "reason", "exception_message", "exception_detail"];
    match value {
        Value::String(text) => Some(text),
        Value::Object(members) => NAMES.iter().filter_map(|name| members.get(*name)).find_map(message),
        Value::Array(items) => items.first().and_then(message),
        _ => None,
    }
}

/// Hashes the shape of a value: names and types, not the values themselves.
fn shape(value: &Value, depth: usize, hasher: &mut impl Hasher) {
    let kind: u8 = match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    hasher.write_u8(kind);
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(items) => {
            hasher.write_u8(u8::from(items.is_empty()));
            items.iter().take(MAX_ITEMS).for_each(|item| shape(item, depth - 1, hasher));
        }
        Value::Object(members) => {
            for (name, member) in members.iter().take(64) {
                hasher.write(name.as_bytes());
                shape(member, depth - 1, hasher);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::wire::{Headers, Request};

    fn answer(status: u16, body: &'static str) -> Exchange {
        answer_of(status, "application/json", body)
    }

    fn answer_of(status: u16, media_type: &'static str, body: &'static str) -> Exchange {
        let headers: Headers = [("Content-Type", media_type)].into_iter().collect();
        Exchange {
            request: Arc::new(Request::new("GET", "/")),
            sent: Bytes::new(),
            outcome: Outcome::Response(Response::new(status, headers, body)),
            elapsed: Duration::ZERO,
        }
    }

    /// What is told of answers of one operation that take so many milliseconds.
    #[track_caller]
    fn check_slow(milliseconds: &[u64], expected: &[Option<u32>]) {
        let operation = OperationId::new("get", "/");
        let mut latency = Latency::default();
        let told: Vec<_> = milliseconds
            .iter()
            .map(|elapsed| {
                let exchange = Exchange { elapsed: Duration::from_millis(*elapsed), ..answer(200, "{}") };
                latency.observe(&operation, Glimpse::of(&exchange))
            })
            .collect();
        assert_eq!(told, expected, "{milliseconds:?}");
    }

    #[test]
    fn what_is_slower_by_an_order_is_told_once_for_each() {
        check_slow(
            &[10, 10, 10, 10, 10, 90, 200, 500, 900, 4_000, 9_000],
            &[None, None, None, None, None, None, None, Some(10), None, Some(25), None],
        );
        // Too few to know what is usual.
        check_slow(&[1, 1, 1, 1, 900], &[None; 5]);
        // What is always slow is not slow.
        check_slow(&[400, 400, 400, 400, 400, 900], &[None; 6]);
    }

    #[test]
    fn media_types_count_also_where_the_body_is_json() {
        check(&answer(200, "{}"), &answer_of(200, "application/vnd.other+json", "{}"), true);
        check(&answer(200, "{}"), &answer_of(200, "application/json; charset=utf-8", "{}"), false);
        check(&answer_of(200, "text/plain", "a"), &answer_of(200, "text/html", "a"), true);
    }

    #[track_caller]
    fn check(first: &Exchange, second: &Exchange, is_new: bool) {
        let operation = OperationId::new("get", "/");
        let mut novelty = Novelty::default();
        assert!(novelty.observe(&operation, Glimpse::of(first)));
        assert_eq!(novelty.observe(&operation, Glimpse::of(second)), is_new);
    }

    #[test]
    fn kinds_stay_the_same() {
        assert_eq!(format!("{:016x}", Glimpse::of(&answer(201, r#"{"a":1}"#)).kind()), "a7f54ce08041e914");
    }

    #[test]
    fn shapes_and_messages_count_and_values_do_not() {
        check(&answer(200, r#"{"a":1}"#), &answer(200, r#"{"a":2}"#), false);
        check(&answer(200, r#"{"a":1}"#), &answer(200, r#"{"a":"1"}"#), true);
        check(&answer(200, r#"{"a":1}"#), &answer(201, r#"{"a":1}"#), true);
        check(&answer(400, r#"{"error":"bad id 1"}"#), &answer(400, r#"{"error":"bad id 2"}"#), false);
        check(&answer(400, r#"{"error":"bad id"}"#), &answer(400, r#"{"error":"no such"}"#), true);
    }
}
