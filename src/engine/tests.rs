//! What the planner holds back, and what it learns.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::held::WAITS;
use super::{Planned, Planner};
use crate::learn::Learned;
use crate::oracle;
use crate::scenario::encode::samples::operation;
use crate::scenario::{ANONYMOUS, Intent};
use crate::transport::canned;
use crate::wire::{Exchange, FaultKind, Headers, Outcome, Request, Response};

fn planner() -> Planner {
    let path = json!([{"name": "delay", "in": "path", "required": true, "schema": {"type": "integer"}}]);
    let operations = vec![
        operation("GET", "/delay/{delay}", json!({"parameters": path, "responses": {"200": {}}})),
        operation("GET", "/items/{delay}", json!({"parameters": path, "responses": {"200": {}}})),
    ];
    Planner::plain(operations, ANONYMOUS, "")
}

fn is_long(planned: &Planned) -> bool {
    planned.scenario.steps.last().is_some_and(|step| oracle::to_wait_long(step, &step.request))
}

/// How many long waits an epoch has after all of those before were answered like this.
fn waits(outcome: &Outcome, epochs: usize) -> usize {
    let mut planner = planner();
    let mut epoch = planner.plan(32);
    for _ in 1..epochs {
        for planned in &epoch {
            let request = Arc::clone(&planned.scenario.steps[0].request);
            let outcome = outcome.clone();
            let exchange = Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: Duration::ZERO };
            let lesson = planner.look(planned, &[exchange]).unwrap();
            planner.fold(planned, lesson, false);
        }
        epoch = planner.plan(32);
    }
    epoch.iter().filter(|planned| is_long(planned)).count()
}

#[test]
fn requests_that_ask_to_wait_go_out_one_at_a_time() {
    let timed_out = canned::fault(FaultKind::TimedOut);
    for epochs in 2..8 {
        assert_eq!(waits(&timed_out, epochs), WAITS, "epoch {epochs}");
    }
}

#[test]
fn what_got_no_request_has_a_last_turn() {
    let mut planner = planner();
    let last = planner.last_turns();
    let operations: Vec<_> = last.iter().map(|planned| planned.scenario.steps[0].operation.to_string()).collect();
    assert_eq!(operations, ["GET /delay/{delay}", "GET /items/{delay}"]);
    assert!(last.iter().all(|planned| planned.scenario.steps[0].case.as_ref().unwrap().intent == Intent::Valid));
}

#[test]
fn waits_that_are_none_are_nothing_special() {
    let answered = canned::json(200, &json!({}));
    assert!(waits(&answered, 8) > WAITS);
}

/// What a server that demands more than its document says answers: the sentence, and whether it names the field.
fn strict(request: &Request) -> Response {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let told = if body.get("region").is_none() {
        "region is required"
    } else if body["plan"] != "gold" {
        "plan must be one of 'gold'"
    } else if body["seats"].as_i64().is_none_or(|seats| seats < 500) {
        "seats must be at least 500"
    } else {
        return Response::new(201, Headers::new(), "");
    };
    Response::new(422, Headers::new(), format!("{{\"message\": \"{told}\"}}"))
}

/// How many of so many cases were sent before the strict server accepted one, if it did; with a memory or without.
fn reached(requests: usize, is_learning: bool) -> Option<usize> {
    let member = |name: &str| json!({"type": name});
    let schema = json!({"type": "object", "required": ["plan", "seats"], "properties": {
        "plan": member("string"), "seats": {"type": "integer", "maximum": 900}, "region": member("string")}});
    let operations = vec![operation("POST", "/tenants", json!({"body": {"application/json": {"schema": schema}}}))];
    let mut planner = Planner::plain(operations, ANONYMOUS, "");
    let mut sent = 0;
    while sent < requests {
        for planned in planner.plan(16) {
            sent += 1;
            let request = Arc::clone(&planned.scenario.steps[0].request);
            let outcome = Outcome::Response(strict(&request));
            let exchange = Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: Duration::ZERO };
            let lesson = planner.look(&planned, &[exchange]).unwrap();
            planner.fold(&planned, lesson, false);
            if planner.reached() > 0 {
                return Some(sent);
            }
            if !is_learning {
                planner.learned = Learned::default();
            }
        }
    }
    None
}

#[test]
fn a_strict_server_is_reached_by_what_its_refusals_teach_and_not_without() {
    let with = reached(400, true);
    assert!(with.is_some(), "what was refused taught nothing");
    assert_eq!(with, reached(400, true), "the same cases each time");
    assert_eq!(reached(4_000, false), None);
}
