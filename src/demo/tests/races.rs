//! For each planted bug that takes two requests at once: these, and what is there afterwards.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::client::{ALICE, Answer, answer, request, start};
use crate::demo::Demo;
use crate::demo::bugs::Bug;

const JSON: &str = "Content-Type: application/json";

/// The bugs that are told of here.
pub(super) const RACES: [Bug; 3] = [Bug::KeyBetweenLooks, Bug::StaleCopy, Bug::EarlyCondition];

fn order() -> Value {
    json!({
        "items": [{"sku": "MUG-0001", "quantity": 1}],
        "shipTo": {"name": "A", "street": "B", "city": "C", "postcode": "N1 9GU", "country": "GB"}
    })
}

fn address() -> Value {
    json!({"name": "n", "recipient": "r", "street": "s", "city": "c", "country": "GB"})
}

async fn one(demo: &Demo, line: &str, headers: &[&str], body: &Value) -> Answer {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let headers = [&[ALICE, if body.is_null() { "" } else { JSON }], headers].concat();
    answer(demo, &request(line, &headers, &bytes)).await
}

/// Both at once.
async fn both(demo: &Demo, line: &str, headers: &[&str], bodies: [Value; 2]) -> [Answer; 2] {
    let all = join_all(bodies.iter().map(|body| one(demo, line, headers, body))).await;
    all.try_into().unwrap()
}

/// How often each race is run: with the bug it shows in some of them, without it in none.
const TRIES: usize = 5;

/// Whether the outcome of a race, which tells whether the bug showed, is as it is to be for this twin.
#[track_caller]
fn check(clean: bool, shown: &[bool]) {
    assert_eq!(shown.contains(&true), !clean, "clean {clean}: {shown:?}");
}

#[tokio::test]
async fn one_key_at_once_makes_two_orders() {
    for clean in [false, true] {
        let demo = start(clean).await;
        let mut shown = Vec::new();
        for index in 0..TRIES {
            let key = format!("Idempotency-Key: at-once-{index}");
            let [first, second] = both(&demo, "POST /orders", &[&key], [order(), order()]).await;
            assert_eq!((first.status, second.status), (201, 201));
            shown.push(first.json()["id"] != second.json()["id"]);
            // One after the other it makes one, bug or not.
            let again = one(&demo, "POST /orders", &[&key], &order()).await.json()["id"].clone();
            assert!(again == first.json()["id"] || again == second.json()["id"], "{again}");
        }
        check(clean, &shown);
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_lost() {
    for clean in [false, true] {
        let demo = start(clean).await;
        let mut shown = Vec::new();
        for _ in 0..TRIES {
            let id = one(&demo, "POST /addresses", &[], &address()).await.json()["id"].as_str().unwrap().to_owned();
            let (change, read) = (format!("PATCH /addresses/{id}"), format!("GET /addresses/{id}"));
            let all = both(&demo, &change, &[], [json!({"city": "C"}), json!({"street": "S"})]).await;
            assert!(all.iter().all(|answer| answer.status == 200));
            let now = one(&demo, &read, &[], &Value::Null).await.json();
            shown.push([&now["city"], &now["street"]] != ["C", "S"]);
            // One after the other both are kept, bug or not.
            for body in [json!({"city": "C"}), json!({"street": "S"})] {
                one(&demo, &change, &[], &body).await;
            }
            let now = one(&demo, &read, &[], &Value::Null).await.json();
            assert_eq!([&now["city"], &now["street"]], ["C", "S"]);
        }
        check(clean, &shown);
    }
}

#[tokio::test]
async fn one_version_is_changed_twice_at_once() {
    for clean in [false, true] {
        let demo = start(clean).await;
        let mut shown = Vec::new();
        for _ in 0..TRIES {
            let id = one(&demo, "POST /orders", &[], &order()).await.json()["id"].clone();
            let change = format!("PATCH /orders/{id}");
            let old = ["If-Match: \"v1\""];
            let all = both(&demo, &change, &old, [json!({"note": "a"}), json!({"note": "b"})]).await;
            let mut statuses = all.map(|answer| answer.status);
            statuses.sort_unstable();
            assert!(statuses == [200, 200] || statuses == [200, 412], "{statuses:?}");
            shown.push(statuses == [200, 200]);
            // One after the other the second one is refused, bug or not.
            assert_eq!(one(&demo, &change, &old, &json!({"note": "c"})).await.status, 412);
        }
        check(clean, &shown);
    }
}
