//! What the planner holds back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::held::WAITS;
use super::{Planned, Planner};
use crate::generate::{UserValues, standard};
use crate::oracle;
use crate::scenario::encode::samples::operation;
use crate::scenario::{ANONYMOUS, IdentityName, Intent};
use crate::seed::Seed;
use crate::transport::canned;
use crate::wire::{Exchange, FaultKind, Outcome};

fn planner() -> Planner {
    let path = json!([{"name": "delay", "in": "path", "required": true, "schema": {"type": "integer"}}]);
    let operations = vec![
        operation("GET", "/delay/{delay}", json!({"parameters": path, "responses": {"200": {}}})),
        operation("GET", "/items/{delay}", json!({"parameters": path, "responses": {"200": {}}})),
    ];
    let identity = IdentityName::new(ANONYMOUS);
    Planner::new(operations, &[], standard(&Arc::new(UserValues::default())), |_| 1, Seed::new(1), identity, "")
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
