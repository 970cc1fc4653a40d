//! Whole comparisons of canned targets.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::run::OUTAGE;
use super::*;
use crate::api::OperationId;
use crate::engine::Executor;
use crate::identity::Identities;
use crate::resource::Graph;
use crate::scenario::{ANONYMOUS, Capture, IdentityName, Scenario, Source, Step};
use crate::seed::Seed;
use crate::spec::load_bytes;
use crate::transport::canned::{self, Canned};
use crate::transport::{self};
use crate::wire::{FaultKind, Outcome, Request};

const SHOP: &str = "\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post: {responses: {'201': {description: made}}}
  /orders/{orderId}:
    get:
      parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: one
          content: {application/json: {schema: {properties: {state: {enum: [open, paid]}}}}}
    delete:
      parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
      responses: {'204': {description: gone}}
";

fn side(port: u16, answer: impl Fn(&Request) -> Outcome + Send + Sync + 'static) -> Side {
    let options = transport::Options { timeout: Duration::from_secs(1), fresh_connection: false };
    let transport = Arc::new(Canned::new(answer));
    let executor =
        Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
    let origin = format!("http://127.0.0.1:{port}").parse().unwrap();
    Side { executor, origin, base_path: format!("/v{port}") }
}

fn step(operation: &str, target: &str, captures: Vec<Capture>) -> Step {
    let (method, _) = operation.split_once(' ').unwrap();
    Step {
        operation: OperationId::from_text(operation),
        identity: IdentityName::new(ANONYMOUS),
        request: Arc::new(Request::new(method, target.to_owned())),
        fresh: vec![],
        captures,
        case: None,
        at_once: false,
    }
}

/// The differences of an order that is made and read; each target is told how often it was asked.
fn compared(
    base: impl Fn(u32) -> Value + Send + Sync + 'static,
    head: impl Fn(u32) -> Value + Send + Sync + 'static,
) -> Comparison {
    let answers = |ids: u32, path: &'static str, body: Box<dyn Fn(u32) -> Value + Send + Sync>| {
        let asked = AtomicU32::new(0);
        move |request: &Request| {
            assert!(request.target_text().starts_with(path), "{}", request.target_text());
            if request.method == "POST" {
                let turn = asked.fetch_add(1, Ordering::Relaxed);
                return canned::json(201, &json!({"id": ids + turn}));
            }
            let mut body = body(asked.load(Ordering::Relaxed));
            let status = body["status"].take().as_u64().map_or(200, |status| u16::try_from(status).unwrap());
            body["id"] = request.target_text().rsplit('/').next().unwrap().parse::<u32>().unwrap().into();
            canned::json(status, &body)
        }
    };
    let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
    let sides = Sides {
        base: side(1, answers(10, "/v1/", Box::new(base))),
        head: side(2, answers(900, "/v2/", Box::new(head))),
    };
    let options = Options { names: Seed::new(1), tries: 3, pause: Duration::ZERO, timing: false };
    let mut comparer = Comparer::new(&api, &sides, options);
    let capture = Capture { name: "id".into(), from: Source::Body("/id".into()) };
    let steps = vec![
        step("POST /orders", "/v1/orders", vec![capture]),
        step("GET /orders/{orderId}", "/v1/orders/{{id}}", vec![]),
    ];
    let scenario = Scenario::plain(steps);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..3 {
            comparer.scenario(&scenario, "a test").await.unwrap();
        }
    });
    comparer.finish()
}

#[track_caller]
fn check(
    base: impl Fn(u32) -> Value + Send + Sync + 'static,
    head: impl Fn(u32) -> Value + Send + Sync + 'static,
    expected: &[&str],
) {
    let comparison = compared(base, head);
    let shown = |one: &Difference| {
        let Spot { class, place, base, head } = &one.spot;
        let place = if *class == Class::Schema { "" } else { place };
        format!("{} {class} {place}: {base} / {head}", one.operation)
    };
    let found: Vec<String> = comparison.differences.iter().map(shown).collect();
    assert_eq!(found, expected);
    assert_eq!((comparison.compared, comparison.unreachable), (3, None));
}

#[test]
fn targets_that_do_the_same_have_no_difference() {
    // Ids differ from target to target and from time to time, and so does what is said beside them.
    check(|turn| json!({"state": "open", "n": turn}), |turn| json!({"state": "open", "n": turn + 7}), &[]);
}

#[test]
fn what_differs_each_time_is_told_once() {
    let get = "GET /orders/{orderId}";
    check(
        |_| json!({"state": "open"}),
        |_| json!({"state": "paid"}),
        &[&format!("{get} value 200 body/state: open / paid")],
    );
    check(|_| json!({"note": "x"}), |_| json!({}), &[&format!("{get} member_gone 200 body/note: (there) / (gone)")]);
    check(|_| json!({}), |_| json!({"status": 500}), &[&format!("{get} status_class 2xx -> 5xx: 200 / 500")]);
}

#[test]
fn a_schema_that_only_the_second_one_breaks_is_told() {
    let comparison = compared(|_| json!({"state": "open"}), |_| json!({"state": "lost"}));
    let classes: Vec<Class> = comparison.differences.iter().map(|one| one.spot.class).collect();
    assert_eq!(classes, [Class::Value, Class::Schema]);
    assert_eq!((comparison.differences[0].hits, comparison.differences[0].again), (8, 2));
}

#[test]
fn what_differs_only_sometimes_is_not_told() {
    check(|_| json!({}), |turn| json!({"status": if turn == 2 { 500 } else { 200 }}), &[]);
    check(|turn| json!({"state": if turn % 2 == 0 { "open" } else { "paid" }}), |_| json!({"state": "open"}), &[]);
}

#[test]
fn a_request_that_ends_the_target_is_told_though_it_can_not_show_again() {
    let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
    let asked = AtomicU32::new(0);
    let dies = move |_: &Request| {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        canned::fault(if is_first { FaultKind::Closed } else { FaultKind::Refused })
    };
    let sides = Sides { base: side(1, |_| canned::json(200, &json!({}))), head: side(1, dies) };
    let mut comparer =
        Comparer::new(&api, &sides, Options { names: Seed::new(1), tries: 3, pause: Duration::ZERO, timing: false });
    let scenario = Scenario::single(step("GET /orders/{orderId}", "/v1/orders/1", vec![]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(comparer.scenario(&scenario, "a test")).unwrap();
    let found = comparer.finish().differences;
    assert_eq!((found.len(), found[0].spot.class, found[0].hits, found[0].tries), (1, Class::StatusClass, 1, 8));
}

#[test]
fn a_target_that_is_gone_ends_it() {
    let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
    let sides = Sides {
        base: side(1, |_| canned::json(200, &json!({}))),
        head: side(1, |_| canned::fault(FaultKind::Refused)),
    };
    let mut comparer =
        Comparer::new(&api, &sides, Options { names: Seed::new(1), tries: 3, pause: Duration::ZERO, timing: false });
    let scenario = Scenario::single(step("GET /orders/{orderId}", "/v1/orders/1", vec![]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..2 * OUTAGE {
            comparer.scenario(&scenario, "a test").await.unwrap();
        }
    });
    let comparison = comparer.finish();
    assert_eq!((comparison.unreachable, comparison.differences.len()), (Some("head"), 0));
    assert_eq!(comparison.skipped, u64::from(OUTAGE));
}

#[test]
fn what_was_made_is_ended_at_both_by_the_names_that_it_has_there() {
    let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
    let ended: Arc<Mutex<Vec<String>>> = Arc::default();
    let answers = |ids: u32| {
        let (made, ended) = (AtomicU32::new(ids), Arc::clone(&ended));
        move |request: &Request| match &*request.method {
            "POST" => canned::json(201, &json!({"id": made.fetch_add(1, Ordering::Relaxed)})),
            method => {
                ended.lock().unwrap().push(format!("{method} {}", request.target_text()));
                canned::json(204, &json!(null))
            }
        }
    };
    let mut sides = Sides { base: side(1, answers(10)), head: side(2, answers(900)) };
    let graph = Arc::new(Graph::with_links(&api.operations, &[]));
    for side in [&mut sides.base, &mut sides.head] {
        side.remember(&api.operations, &graph);
    }
    let mut comparer =
        Comparer::new(&api, &sides, Options { names: Seed::new(1), tries: 3, pause: Duration::ZERO, timing: false });
    let id = Capture { name: "id".into(), from: Source::Body("/id".into()) };
    let scenario = Scenario::single(step("POST /orders", "/v1/orders", vec![id]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        comparer.scenario(&scenario, "a test").await.unwrap();
        comparer.scenario(&scenario, "a test").await.unwrap();
        sides.base.clean_up(Seed::new(1)).await.unwrap();
        sides.head.clean_up(Seed::new(1)).await.unwrap();
    });
    let made = ["DELETE /v1/orders/11", "DELETE /v1/orders/10", "DELETE /v2/orders/901", "DELETE /v2/orders/900"];
    assert_eq!(*ended.lock().unwrap(), made);
}
