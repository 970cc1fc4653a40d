//! Comparisons of targets that answer at random: what both do is no difference, and what one does is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::api::OperationId;
use crate::engine::Executor;
use crate::identity::Identities;
use crate::scenario::{ANONYMOUS, Capture, IdentityName, Scenario, Source, Step};
use crate::seed::Seed;
use crate::spec::load_bytes;
use crate::transport::canned::{self, Canned};
use crate::transport::{self};
use crate::wire::{FaultKind, Outcome, Request};

const DOCUMENT: &str = "\
openapi: 3.1.0
info: {title: Noisy, version: '1'}
paths:
  /flip: {get: {responses: {'200': {description: ok}}}}
  /rand:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {properties: {mark: {enum: [a, b]}}}}}
  /head: {get: {responses: {'200': {description: ok}}}}
  /things:
    get: {responses: {'200': {description: ok}}}
    post: {responses: {'201': {description: made}}}
  /things/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: ok}}
";

/// What a target that answers at random does besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    None,
    /// The flaky operation answers 500 each time.
    Always500,
    /// It answers 500 as often as it answered 503.
    Sometimes500,
    MemberGone,
    MemberNew,
    OtherType,
    OtherValue,
    OtherHeader,
    Schema,
}

/// A target whose every answer is another one.
struct Noisy {
    seed: Seed,
    bug: Bug,
    asked: AtomicU64,
    things: Mutex<Vec<u64>>,
}

impl Noisy {
    fn below(&self, label: &str, bound: u64) -> u64 {
        self.seed.child(label, self.asked.load(Ordering::Relaxed)).below(bound)
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn answer(&self, request: &Request) -> Outcome {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let mut things = self.things.lock().unwrap();
        let target = request.target_text().into_owned();
        match (request.method.as_str(), &*target) {
            (_, "/v1/flip") if self.is(Bug::Always500) => canned::json(500, &json!({})),
            (_, "/v1/flip") => match self.below("flip", 4) {
                0 if self.is(Bug::Sometimes500) => canned::json(500, &json!({})),
                0 => canned::json(503, &json!({})),
                1 => canned::fault(FaultKind::TimedOut),
                _ => canned::json(200, &json!({})),
            },
            (_, "/v1/rand") => canned::json(200, &self.rand(asked)),
            (_, "/v1/head") => {
                let shared = if self.is(Bug::OtherHeader) { "public" } else { "no-store" };
                let vary = ["a", "b"][usize::try_from(self.below("vary", 2)).unwrap()];
                let mut headers = vec![("Cache-Control", shared), ("Vary", vary)];
                headers.extend((self.below("etag", 2) == 0).then_some(("ETag", "x")));
                let response = crate::wire::Response::new(200, headers.into_iter().collect(), "x");
                Outcome::Response(response)
            }
            ("POST", _) if self.below("post", 5) == 0 => canned::json(503, &json!({})),
            ("POST", _) => {
                things.push(asked);
                canned::json(201, &json!({"id": asked, "at": 1_767_323_045 + asked}))
            }
            (_, "/v1/things") => {
                let turned = usize::try_from(self.below("turn", 1 + things.len() as u64)).unwrap();
                let all: Vec<_> = things.iter().map(|id| json!({"id": id})).collect();
                let (last, first) = all.split_at(turned.min(all.len()));
                let turned = [first, last].concat();
                canned::json(200, &json!({"total": all.len(), "all": turned, "asked": asked}))
            }
            _ => match target.rsplit('/').next().and_then(|id| id.parse::<u64>().ok()) {
                Some(id) if things.contains(&id) => {
                    canned::json(200, &json!({"id": id, "rank": self.below("rank", 9)}))
                }
                _ => canned::json(404, &json!({})),
            },
        }
    }

    fn rand(&self, asked: u64) -> Value {
        let mut body = json!({"asked": asked, "price": if self.is(Bug::OtherValue) { 11 } else { 10 }, "mark": "a"});
        let names = [("opt", 2), ("rare", 9), ("often", 9)];
        for (name, bound) in names {
            let is_there = self.below(name, bound) == 0;
            if is_there != (name == "often") {
                body[name] = 1.into();
            }
        }
        body["kind"] = [Value::Null, "x".into(), 7.into()][usize::try_from(self.below("kind", 3)).unwrap()].clone();
        match self.bug {
            Bug::MemberGone => _ = body.as_object_mut().unwrap().remove("price"),
            Bug::MemberNew => body["password"] = "x".into(),
            Bug::OtherType => body["price"] = "10".into(),
            Bug::Schema => body["mark"] = if self.below("mark", 2) == 0 { "c".into() } else { "d".into() },
            _ => {}
        }
        body
    }
}

fn side(seed: Seed, bug: Bug) -> Side {
    let noisy = Noisy { seed, bug, asked: AtomicU64::new(0), things: Mutex::default() };
    let options = transport::Options { timeout: Duration::from_secs(1), fresh_connection: false };
    let transport = Arc::new(Canned::new(move |request| noisy.answer(request)));
    let executor =
        Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
    Side { executor, origin: "http://127.0.0.1:1".parse().unwrap(), base_path: "/v1".into() }
}

fn step(operation: &str, target: &str, captures: Vec<Capture>) -> Step {
    let (method, _) = operation.split_once(' ').unwrap();
    Step {
        operation: OperationId::from_text(operation),
        identity: IdentityName::new(ANONYMOUS),
        request: Arc::new(Request::new(method, format!("/v1{target}"))),
        fresh: vec![],
        captures,
        case: None,
        at_once: false,
    }
}

/// The differences of a target that answers at random and of another one that has this bug besides.
fn compared(number: u64, bug: Bug) -> Comparison {
    let api = load_bytes("noisy.yaml", DOCUMENT.as_bytes()).unwrap().api;
    let seed = Seed::new(number);
    let sides = Sides { base: side(seed.child("base", 0), Bug::None), head: side(seed.child("head", 0), bug) };
    let options = Options { names: seed, tries: 3, pause: Duration::ZERO, timing: false };
    let mut comparer = Comparer::new(&api, &sides, options);
    let id = || vec![Capture { name: "id".into(), from: Source::Body("/id".into()) }];
    let scenarios = [
        Scenario::single(step("GET /flip", "/flip", vec![])),
        Scenario::single(step("GET /rand", "/rand", vec![])),
        Scenario::single(step("GET /head", "/head", vec![])),
        Scenario::plain(vec![
            step("POST /things", "/things", id()),
            step("GET /things/{id}", "/things/{{id}}", vec![]),
        ]),
        Scenario::single(step("GET /things", "/things", vec![])),
        Scenario::single(step("GET /things/{id}", "/things/9", vec![])),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..40 {
            for scenario in &scenarios {
                comparer.scenario(scenario, "a test").await.unwrap();
            }
        }
    });
    comparer.finish()
}

fn told(comparison: &Comparison) -> Vec<String> {
    let told = |one: &Difference| {
        let place = if one.spot.class == Class::Schema { "" } else { &one.spot.place };
        format!("{} {} {place}", one.operation, one.spot.class)
    };
    comparison.differences.iter().map(told).collect()
}

#[test]
fn twins_that_answer_at_random_have_no_difference() {
    for number in 0..10 {
        let comparison = compared(number, Bug::None);
        assert_eq!(told(&comparison), Vec::<String>::new(), "seed {number}");
        assert_eq!(comparison.compared, 240);
    }
}

/// Whether this difference, and no other one, is told of a target with the bug, whatever the seed.
#[track_caller]
fn check(bug: Bug, expected: &[&str]) {
    for number in 0..2 {
        let mut found = told(&compared(number, bug));
        found.sort();
        assert_eq!(found, expected, "{bug:?}, seed {number}");
    }
}

#[test]
fn what_head_always_shows_and_base_never_is_told_among_the_noise() {
    check(Bug::MemberGone, &["GET /rand member_gone 200 body/price"]);
    check(Bug::MemberNew, &["GET /rand member_new 200 body/password"]);
    check(Bug::OtherType, &["GET /rand type 200 body/price"]);
    check(Bug::OtherValue, &["GET /rand value 200 body/price"]);
    check(Bug::OtherHeader, &["GET /head header header cache-control"]);
}

#[test]
fn a_failure_each_time_is_told_of_what_fails_now_and_then() {
    for number in 0..3 {
        let found = told(&compared(number, Bug::Always500));
        assert!(found.len() == 1 && found[0].starts_with("GET /flip status") && found[0].contains("-> 5"), "{found:?}");
    }
}

#[test]
fn what_only_head_does_now_and_then_is_not_told() {
    check(Bug::Sometimes500, &[]);
}

#[test]
fn a_schema_that_is_broken_in_one_way_or_another_is_told() {
    let found = told(&compared(1, Bug::Schema));
    assert!(found.contains(&"GET /rand schema ".to_owned()), "{found:?}");
}

#[test]
fn what_may_follow_from_what_only_one_of_them_did_is_named_and_not_told() {
    let comparison = compared(3, Bug::None);
    assert_eq!(comparison.drifted, [OperationId::new("post", "/things")]);
    let total = (OperationId::new("get", "/things"), Class::Value, "200 body/total".to_owned());
    assert!(comparison.left_out.contains(&total), "{:?}", comparison.left_out);
}
