//! Whole searches on a canned target.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Minimizer;
use crate::api::OperationId;
use crate::engine::Executor;
use crate::finding::Ratio;
use crate::identity::Identities;
use crate::oracle::Registry;
use crate::scenario::encode::samples::{case, operation};
use crate::scenario::{ANONYMOUS, Capture, IdentityName, Intent, Law, Rule, Scenario, Source, Step, Trace};
use crate::seed::Seed;
use crate::transport::{Canned, Options, canned};
use crate::triage::Confirmed;
use crate::wire::{Outcome, Request};

const BUDGET: u64 = 60;
/// What the user says must be this.
const FIXED: &str = "acme";

/// A step that posts this body to this target.
fn step(target: &str, body: &str, intent: Intent) -> Step {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"n": {"maximum": 9}}});
    let described = json!({"body": {"application/json": {"schema": schema}}});
    let operation = operation("POST", "/x", described);
    let mut request = Request::new("POST", target.to_owned());
    request.headers.push("Accept", "*/*");
    request.headers.push("Content-Type", "application/json");
    request.body = body.to_owned().into();
    let mut case = case(&operation, &[]);
    case.intent = intent;
    Step {
        operation: operation.id.clone(),
        identity: IdentityName::new(ANONYMOUS),
        request: Arc::new(request),
        fresh: vec![],
        captures: vec![],
        case: Some(Arc::new(case)),
        at_once: false,
    }
}

/// What is left of these steps where the target answers their bodies so: targets, headers and bodies; and the requests.
fn minimized(steps: Vec<Step>, status: fn(&Value) -> u16) -> (Vec<String>, u64) {
    let (smaller, spent) = minimal(steps, status);
    let shown = |step: &Step| {
        let body = String::from_utf8_lossy(&step.request.body);
        format!("{} {} {body}", step.request.target_text(), step.request.headers.len())
    };
    (smaller.steps.iter().map(shown).collect(), spent)
}

fn minimal(steps: Vec<Step>, status: fn(&Value) -> u16) -> (Scenario, u64) {
    let answer = move |request: &Request| answered(status(&body_of(request)), 7);
    searched(Scenario::plain(steps), answer)
}

fn body_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

/// An answer that tells of a thing, or of trouble.
fn answered(status: u16, id: u64) -> Outcome {
    canned::json(status, &if status < 500 { json!({"id": id}) } else { json!({"error": "boom"}) })
}

/// What is left of this scenario on a target that answers so, and the requests.
fn searched(scenario: Scenario, answer: impl Fn(&Request) -> Outcome + Send + Sync + 'static) -> (Scenario, u64) {
    let options = Options { timeout: std::time::Duration::from_secs(1), fresh_connection: false };
    let transport = Arc::new(Canned::new(answer));
    let executor =
        Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
    let registry = Arc::new(Registry::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let execution = runtime.block_on(executor.run(&scenario, Seed::new(1))).unwrap();
    let trace = Trace { scenario: &scenario, exchanges: &execution.exchanges };
    let finding = registry.judge(&trace).into_iter().next().unwrap();
    let ratio = Ratio { hits: 3, tries: 3 };
    let confirmed = Confirmed {
        finding,
        scenario: scenario.clone(),
        exchanges: execution.exchanges,
        ratio,
        volatile: crate::finding::Volatile::default(),
        clean: None,
        log: vec![],
    };
    let minimizer = Minimizer::new(executor, registry, BUDGET).keeping([FIXED.into()]);
    let (smaller, spent) = runtime.block_on(minimizer.minimize(&confirmed, Seed::new(1))).unwrap();
    (smaller.unwrap_or(scenario), spent)
}

#[track_caller]
fn check(steps: Vec<Step>, status: fn(&Value) -> u16, expected: &[&str]) {
    let (left, spent) = minimized(steps, status);
    assert_eq!(left, expected);
    assert!(spent <= BUDGET + 2, "{spent} requests");
}

#[test]
fn what_does_not_matter_is_left_out() {
    let crash = |body: &Value| if body.get("bad").is_some() { 500 } else { 200 };
    let lone = step("/x?p=1&q=2", r#"{"a":[1,{"b":2}],"bad":"long","c":null}"#, Intent::Valid);
    check(vec![lone], crash, &[r#"/x 0 {"bad":""}"#]);
}

#[test]
fn steps_that_prepare_lose_what_nobody_needs_and_keep_their_values() {
    let crash = |body: &Value| match (body.get("name"), body.get("bad")) {
        (_, Some(_)) => 500,
        (Some(_), _) => 201,
        _ => 400,
    };
    let mut make = step("/x?p=1", r#"{"name":"long","b":2}"#, Intent::Valid);
    make.captures = vec![Capture { name: "id".into(), from: Source::Body("/id".into()) }];
    let judged = step("/x/{{id}}", r#"{"bad":1,"b":2}"#, Intent::Valid);
    let (left, spent) = minimized(vec![make, judged], crash);
    assert!(spent <= BUDGET + 2, "{spent} requests");
    assert_eq!(left, [r#"/x 0 {"name":"{{fresh}}"}"#, r#"/x/{{id}} 0 {"bad":0}"#]);
}

#[test]
fn steps_that_go_out_at_once_stay_together() {
    let crash = |body: &Value| if body.get("bad").is_some() { 500 } else { 201 };
    let make = step("/x?p=1", r#"{"name":"long","b":2}"#, Intent::Valid);
    let twin = Step { at_once: true, ..make.clone() };
    let judged = step("/x", r#"{"bad":1,"b":2}"#, Intent::Valid);
    let (smaller, _) = minimal(vec![make.clone(), make, twin, judged], crash);
    let shown: Vec<_> = smaller.steps.iter().map(|step| (step.at_once, step.request.body.clone())).collect();
    let expected = [(false, "{}"), (false, "{}"), (true, "{}"), (false, r#"{"bad":0}"#)];
    assert_eq!(shown, expected.map(|(at_once, body)| (at_once, body.into())));
}

#[test]
fn the_one_broken_rule_stays_the_only_one() {
    let rule = Rule { keyword: "maximum".into(), place: "body/n".into(), member: None, change: String::new() };
    let lone = step("/x?p=1", r#"{"a":"text","n":10,"b":{"c":1}}"#, Intent::Malformed(rule));
    // The server accepts anything; by the document `a` is required.
    check(vec![lone], |_| 201, &[r#"/x 1 {"a":"","n":10}"#]);
}

#[test]
fn the_budget_is_kept_where_nothing_helps() {
    let wide: Value = (0..200).map(|n| (format!("m{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    let all = |body: &Value| if body.as_object().is_some_and(|all| all.len() == 200) { 500 } else { 200 };
    let lone = step("/x", &wide.to_string(), Intent::Valid);
    let (left, spent) = minimized(vec![lone], all);
    assert_eq!(spent, BUDGET);
    assert!(left[0].ends_with(&wide.to_string()), "{left:?}");
}

/// A step of another method, which does not matter to the answer but by its target.
fn plain(method: &str, operation: &str, target: &str) -> Step {
    let mut request = Request::new(method, target.to_owned());
    request.headers.push("Content-Type", "application/json");
    let operation = OperationId::new(method, operation);
    Step { operation, request: Arc::new(request), case: None, ..step(target, "", Intent::Valid) }
}

/// A step that makes what later ones call `{{id}}`.
fn maker() -> Step {
    let captures = vec![Capture { name: "id".into(), from: Source::Body("/id".into()) }];
    Step { captures, ..step("/x", "{}", Intent::Valid) }
}

/// What is left of these steps before one that reads `/x/{{id}}/sum`, which fails; each answer tells of another thing if
/// `is_new`.
#[track_caller]
fn check_steps(before: Vec<Step>, is_new: bool, expected: &[&str]) {
    let next = AtomicU64::new(1);
    let answer = move |request: &Request| {
        let id = if is_new { next.fetch_add(1, Ordering::Relaxed) } else { 7 };
        answered(if request.target.ends_with(b"/sum") { 500 } else { 200 }, id)
    };
    let mut steps = before;
    let mut last = plain("GET", "/x/{id}/sum", "/x/{{id}}/sum");
    last.case = maker().case;
    steps.push(last);
    let (left, _) = searched(Scenario::plain(steps), answer);
    let shown: Vec<_> = left.steps.iter().map(|step| step.request.target_text().into_owned()).collect();
    assert_eq!(shown, expected);
}

#[test]
fn steps_that_can_have_left_nothing_go() {
    let note = plain("POST", "/x/{id}/notes", "/x/{{id}}/notes");
    let put = plain("PUT", "/x/{id}", "/x/{{id}}");
    let read = plain("GET", "/x", "/x");
    let session = vec![maker(), note.clone(), read.clone(), put.clone()];
    check_steps(session.clone(), true, &["/x", "/x/{{id}}/sum"]);
    // What is not made anew each time may have kept what was done to it.
    check_steps(session, false, &["/x", "/x/{{id}}/notes", "/x/{{id}}", "/x/{{id}}/sum"]);
    // What was made may be there still.
    check_steps(vec![plain("POST", "/y", "/y"), read, maker()], true, &["/y", "/x", "/x/{{id}}/sum"]);
    let twin = Step { at_once: true, ..note.clone() };
    let together = ["/x", "/x/{{id}}/notes", "/x/{{id}}/notes", "/x/{{id}}/sum"];
    check_steps(vec![maker(), note, twin, put], true, &together);
}

#[test]
fn a_step_that_only_a_piece_needed_goes_with_it() {
    let look = Step {
        captures: vec![Capture { name: "of".into(), from: Source::Body("/id".into()) }],
        ..plain("GET", "/y", "/y")
    };
    let judged = step("/x", r#"{"bad":1,"of":"{{of}}"}"#, Intent::Valid);
    let (left, _) = minimal(vec![look, judged], |body| if body.get("bad").is_some() { 500 } else { 200 });
    assert_eq!(left.steps.len(), 1);
    assert_eq!(left.steps[0].request.body, r#"{"bad":0}"#);
}

#[test]
fn the_steps_of_a_law_stay() {
    let crash = |request: &Request| answered(if request.target.ends_with(b"/sum") { 500 } else { 200 }, 7);
    let mut last = plain("GET", "/x/{id}/sum", "/x/{{id}}/sum");
    last.case = maker().case;
    let steps = vec![maker(), plain("GET", "/x/{id}", "/x/{{id}}"), last];
    let (left, _) = searched(Scenario { steps, law: Some(Law::PartialPut) }, crash);
    assert_eq!(left.steps.len(), 3);
}

/// What is left of a body where the target makes something of each that has a number not below zero, and takes each `field`
/// once.
#[track_caller]
fn check_names(body: &str, field: &'static str, expected: &str, fresh: &[&str]) {
    let taken = Mutex::new(BTreeSet::new());
    let answer = move |request: &Request| {
        let body = body_of(request);
        let status = match (body[field].as_str(), body["n"].as_i64()) {
            (None, _) => 422,
            (Some(name), _) if taken.lock().unwrap().contains(name) => 409,
            (Some(_), Some(..0)) => 500,
            (Some(name), _) => {
                taken.lock().unwrap().insert(name.to_owned());
                201
            }
        };
        answered(status, 7)
    };
    let mut lone = step("/x?p=1", body, Intent::Valid);
    let mut request = (*lone.request).clone();
    request.headers.push("X-Trace", "abc");
    lone.request = Arc::new(request);
    let (left, spent) = searched(Scenario::single(lone), answer);
    let [step] = left.steps.as_slice() else { panic!("{left:?}") };
    assert_eq!((&*step.request.target_text(), step.request.headers.len(), spent < BUDGET), ("/x", 0, true));
    assert_eq!(step.request.body, expected.to_owned());
    assert_eq!(step.fresh, fresh);
}

#[test]
fn names_that_are_taken_once_are_new_each_time() {
    check_names(r#"{"n":-15,"name":"w0GoYILtexmj644dawiw34aX"}"#, "name", r#"{"n":-1,"name":"{{fresh}}"}"#, &["fresh"]);
    check_names(r#"{"email":"a@b.example","n":-15}"#, "email", r#"{"email":"{{fresh}}","n":-1}"#, &["fresh"]);
    // That this one is taken once shows only when it is taken.
    check_names(r#"{"sku":"A-17","n":-15,"x":2}"#, "sku", r#"{"sku":"{{fresh}}","n":-1}"#, &["fresh"]);
}

#[test]
fn what_the_user_has_fixed_stays_where_it_is_needed() {
    let crash = |body: &Value| if body["name"].is_string() && body["tenant"].is_string() { 500 } else { 200 };
    let lone = step("/x?tenant=acme", r#"{"name":"acme","tenant":"acme","of":"acme"}"#, Intent::Valid);
    check(vec![lone], crash, &[r#"/x 0 {"name":"acme","tenant":"acme"}"#]);
    check_target("GET", "/x/acme", "a", "/x/acme");
}

#[test]
fn a_name_that_matters_stays() {
    let crash = |body: &Value| if body["name"] == "admin" { 500 } else { 201 };
    let lone = step("/x", r#"{"name":"admin","title":"long","b":2}"#, Intent::Valid);
    check(vec![lone], crash, &[r#"/x 0 {"name":"admin"}"#]);
}

#[test]
fn values_are_made_as_small_as_they_can_be() {
    let crash = |body: &Value| if body["n"].as_u64() > Some(1000) { 500 } else { 200 };
    check(vec![step("/x", r#"{"n":2305843009213693952}"#, Intent::Valid)], crash, &[r#"/x 0 {"n":1001}"#]);
    let crash = |body: &Value| if body["text"].as_str().is_some_and(|text| text.len() > 20) { 500 } else { 200 };
    let long = format!(r#"/x 0 {{"text":"{}"}}"#, "a".repeat(21));
    check(vec![step("/x", r#"{"text":"k3jd92kfj39dk2kd93kdnvbw7fhq"}"#, Intent::Valid)], crash, &[&long]);
}

/// What is left of the target of a request of this method that fails where its path or query has something in it.
#[track_caller]
fn check_target(method: &str, target: &str, needed: &'static str, expected: &str) {
    let fails = move |request: &Request| {
        answered(
            if request.target_text().split(['/', '=', '&', '?']).any(|text| text.contains(needed)) { 500 } else { 200 },
            7,
        )
    };
    let mut lone = plain(method, "/x/{id}", target);
    lone.case = maker().case;
    let (left, _) = searched(Scenario::single(lone), fails);
    assert_eq!(left.steps[0].request.target_text(), expected);
}

#[test]
fn what_stands_in_a_target_is_cut_as_well() {
    check_target("GET", "/v1/x/some%20odd%27name", "%27", "/v1/x/%27");
    check_target("GET", "/x/12345?q=ab%27cd", "%27", "/x/0?q=%27");
    check_target("GET", "/x/9?limit=1234567&page=2", "1", "/x/0?limit=1");
    // Another number may be the name of something that is there.
    check_target("DELETE", "/x/12345?q=ab%27cd", "%27", "/x/12345?q=%27");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // No number that is needed is a status: a body that holds 500 may ask for that, and an answer by it shows nothing then.
    #[test]
    fn what_is_left_is_needed(members in prop::collection::btree_map("[a-f]", 600_i64..2600, 1..6), least in 600_i64..650) {
        let needed: Vec<(String, i64)> = members.iter().filter(|(_, value)| **value % 2 == 1).map(|(name, value)| (name.clone(), *value.min(&least))).collect();
        let body = json!(members).to_string();
        let rule = needed.clone();
        let fails = move |request: &Request| {
            let body = body_of(request);
            let is_there = |(name, least): &(String, i64)| body[name].as_i64().is_some_and(|value| value >= *least);
            answered(if rule.iter().all(is_there) { 500 } else { 200 }, 7)
        };
        let (left, spent) = searched(Scenario::single(step("/x?p=1", &body, Intent::Valid)), fails);
        let expected: serde_json::Map<_, _> = needed.into_iter().map(|(name, least)| (name, json!(least))).collect();
        prop_assert!(spent <= BUDGET + 2);
        if spent < BUDGET {
            prop_assert_eq!(body_of(&left.steps[0].request), Value::Object(expected));
        }
    }
}

/// What is left of the path and the body of a `PUT` that fails under these names, and under how many names it was sent.
fn put(fails: impl Fn(&str) -> bool + Send + Sync + 'static) -> (String, usize) {
    let names = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&names);
    let answer = move |request: &Request| {
        let name = request.target_text().rsplit('/').next().unwrap_or_default().to_owned();
        seen.lock().unwrap().insert(name.clone());
        answered(if fails(&name) { 500 } else { 201 }, 7)
    };
    let body = r#"{"a":"some text","b":[1,2,3],"c":"more","d":{"e":5}}"#;
    let described =
        json!({"parameters": [{"name": "path", "in": "path", "required": true, "schema": {"type": "string"}}]});
    let mut step = step("/files/report", body, Intent::Valid);
    step.operation = operation("PUT", "/files/{path}", described).id.clone();
    step.request = Arc::new(Request { method: "PUT".to_owned(), ..Request::clone(&step.request) });
    let (smaller, _) = searched(Scenario::plain(vec![step]), answer);
    let request = &smaller.steps[0].request;
    let count = names.lock().unwrap().len();
    (format!("{} {}", request.target_text(), String::from_utf8_lossy(&request.body)), count)
}

#[test]
fn a_name_in_a_path_is_new_each_time_when_the_search_is_over() {
    let (left, names) = put(|_| true);
    assert_eq!(left, "/files/{{fresh}} {}");
    assert!(names <= 3, "{names} things were made");
    let (left, _) = put(|name| name == "report");
    assert_eq!(left, "/files/report {}");
    let (left, _) = put(|name| name.len() < 8);
    assert_eq!(left, "/files/r {}", "a new name is longer");
}
