//! The strategy as a test runner uses it.

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use serde_json::{Value, json};

use super::*;
use crate::scenario::encode::samples::operation;
use crate::scenario::{Content, proves_valid};

fn pets() -> Arc<Operation> {
    operation(
        "POST",
        "/pets",
        json!({
            "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
            "body": {"application/json": {"schema": {"type": "object", "required": ["name", "code"], "properties": {
                "name": {"type": "string", "maxLength": 40},
                "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
                "age": {"type": "integer", "minimum": 0},
                "tags": {"type": "array", "items": {"type": "string"}}
            }}}}
        }),
    )
}

fn body(case: &Case) -> Value {
    match case.body.as_ref().map(|body| &body.content) {
        Some(Content::Value(value)) => value.to_value().unwrap(),
        _ => Value::Null,
    }
}

/// The simplest case for which this is false.
#[track_caller]
fn check(holds: fn(&Value) -> bool, expected: Value) {
    let strategy = CaseStrategy::new(&pets()).unwrap();
    let config = Config { cases: 2_000, max_shrink_iters: 4_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&strategy, |case| {
        let is_right = holds(&body(&case));
        if is_right { Ok(()) } else { Err(TestCaseError::fail("found")) }
    });
    let Err(TestError::Fail(_, simplest)) = result else { panic!("nothing was found: {result:?}") };
    assert_eq!((body(&simplest), simplest.arguments.len()), (expected, 0));
}

#[test]
fn failures_shrink_to_what_matters() {
    check(
        |body| body["tags"].as_array().is_none_or(|tags| tags.len() < 2),
        json!({"name": "", "code": "AA-000", "tags": ["", ""]}),
    );
    check(|body| body["age"].as_i64().is_none_or(|age| age <= 17), json!({"name": "", "code": "AA-000", "age": 18}));
    check(|body| body["name"].as_str().is_none_or(str::is_ascii), json!({"name": "ä", "code": "AA-000"}));
}

#[test]
fn all_cases_are_valid_and_tapes_repeat() {
    let strategy = CaseStrategy::new(&pets()).unwrap();
    for index in 0..200 {
        let tape = Seed::new(index).tape(200);
        let case = strategy.case(&tape).unwrap();
        assert!(proves_valid(&case), "{case:?}");
        assert!(same(&case, &strategy.case(&tape).unwrap()));
    }
    assert_eq!(body(&strategy.case(&[]).unwrap())["name"], "a");
}

#[test]
fn what_cannot_be_built_has_no_strategy() {
    let operation =
        operation("POST", "/x", json!({"body": {"application/json": {"schema": {"type": "string", "enum": [1]}}}}));
    assert!(CaseStrategy::new(&operation).is_none());
}
