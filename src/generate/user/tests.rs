//! Where fixed values go, and what is said of those that go nowhere.

use serde_json::{Value, json};

use super::*;
use crate::generate::{Generator, standard};
use crate::scenario::{Case, Intent, encode};
use crate::seed::Seed;
use crate::spec::load_bytes;

fn api() -> Api {
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
        "paths": {
            "/{tenant}/orders": {
                "parameters": [{"name": "tenant", "in": "path", "required": true, "schema": {"type": "string"}}],
                "get": {"parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}},
                                       {"name": "X-Mode", "in": "header", "schema": {"type": "string"}}],
                        "responses": {}},
                "post": {"requestBody": {"required": true, "content": {"application/json": {"schema": {
                    "type": "object", "required": ["customer", "items"], "properties": {
                        "customer": {"type": "object", "required": ["id"], "properties": {
                            "id": {"type": "string"}, "name": {"type": "string"}}},
                        "note": {"type": "string"},
                        "items": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["sku"],
                            "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}}}}}}}},
                    "responses": {}}
            },
            "/health": {"get": {"responses": {}}}
        }
    });
    load_bytes("api.json", document.to_string().as_bytes()).unwrap().api.as_ref().clone()
}

fn fixed(places: &[(&str, Value)]) -> Arc<UserValues> {
    let (api, mut values) = (api(), UserValues::default());
    for (place, value) in places {
        values.fix(&api, place, value).unwrap();
    }
    Arc::new(values)
}

/// Every enumerated case and many drawn ones of an operation.
fn cases(values: &Arc<UserValues>, id: &str) -> Vec<Case> {
    let api = api();
    let operation = api.operations.iter().find(|operation| operation.id.as_str() == id).unwrap();
    let of = |generator: &Arc<dyn Generator>| {
        let count = generator.count(operation).unwrap_or(400);
        (0..count).filter_map(|index| generator.case(operation, index, Seed::new(1))).collect::<Vec<_>>()
    };
    standard(values).all().iter().flat_map(of).collect()
}

#[test]
fn a_fixed_parameter_is_in_every_case_that_does_not_aim_at_it() {
    let values = fixed(&[("path/tenant", json!("acme")), ("query/limit", json!(10)), ("header/x-mode", json!("fast"))]);
    let all = cases(&values, "GET /{tenant}/orders");
    assert!(all.len() > 300, "{}", all.len());
    let mut aimed = 0;
    for case in &all {
        let request = encode(case, "");
        let (target, mode) = (request.target_text(), request.headers.text("X-Mode"));
        let holds = [target.starts_with("/acme/orders"), target.contains("limit=10"), mode == Some("fast")];
        let missing = holds.iter().filter(|holds| !**holds).count();
        assert!(missing <= 1, "{:?} {target} {mode:?}", case.intent);
        assert!(missing == 0 || case.intent != Intent::Valid, "{target} {mode:?}");
        aimed += missing;
    }
    assert!(aimed > 20, "the places themselves are tried as well: {aimed}");
}

#[test]
fn a_fixed_member_is_in_every_body_that_does_not_aim_at_it() {
    let values = fixed(&[("body/customer/id", json!("c-1")), ("POST /{tenant}/orders body/items/*/sku", json!("A-7"))]);
    let all = cases(&values, "POST /{tenant}/orders");
    let (mut seen, mut aimed) = (0, 0);
    for case in all.iter().filter(|case| !matches!(case.intent, Intent::Wire(_))) {
        let Some(body) = case.body.as_ref() else { continue };
        let crate::scenario::Content::Value(body) = &body.content else { continue };
        let Some(id) = body.at("/customer/id") else { continue };
        let Some(Datum::Array(items)) = body.at("/items") else { continue };
        let skus: Vec<_> = items.iter().filter_map(|item| item.at("/sku")).collect();
        let holds = [*id == Datum::string("c-1"), skus.iter().all(|sku| **sku == Datum::string("A-7"))];
        assert!(holds.contains(&true), "{:?} {body:?}", case.intent);
        let is_aimed = holds.contains(&false);
        assert!(!is_aimed || case.intent != Intent::Valid, "{body:?}");
        (seen, aimed) = (seen + 1, aimed + usize::from(is_aimed));
    }
    assert!(seen > 500 && aimed > 50, "{seen} {aimed}");
}

#[test]
fn what_is_said_of_one_operation_beats_what_is_said_of_all() {
    let values = fixed(&[("POST /{tenant}/orders path/tenant", json!("one")), ("path/tenant", json!("all"))]);
    let first = |id: &str| encode(&cases(&values, id)[0], "").target_text().into_owned();
    assert_eq!(first("POST /{tenant}/orders"), "/one/orders");
    assert_eq!(first("GET /{tenant}/orders"), "/all/orders");
}

#[test]
fn text_of_the_command_line_is_what_the_place_takes() {
    let (api, mut values) = (api(), UserValues::default());
    values.fix_text(&api, "query/limit", "7").unwrap();
    values.fix_text(&api, "path/tenant", "12").unwrap();
    values.fix_text(&api, "body/customer/id", "true").unwrap();
    let texts: BTreeSet<Bytes> = values.fixed_texts().collect();
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), ["12", "7", "true"]);
    let values = Arc::new(values);
    assert_eq!(encode(&cases(&values, "GET /{tenant}/orders")[0], "").target_text(), "/12/orders?limit=7");
    let body = encode(&cases(&values, "POST /{tenant}/orders")[0], "").body;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["customer"]["id"], json!("true"));
    assert!(values.problems(&api).is_empty());
}

#[test]
fn a_value_that_does_not_conform_is_told_and_nothing_is_called_valid() {
    let values = fixed(&[("query/limit", json!(99))]);
    let problems = values.problems(&api());
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("GET /{tenant}/orders: query parameter \"limit\": the value"), "{problems:?}");
    let all = cases(&values, "GET /{tenant}/orders");
    assert!(!all.is_empty() && all.iter().all(|case| !case.intent.is_valid()));
    assert!(all.iter().any(|case| encode(case, "").target_text().contains("limit=99")));
    let values = fixed(&[("body/customer/id", json!(5))]);
    let problems = values.problems(&api());
    assert!(problems[0].contains("body: the value that is fixed at /customer/id does not"), "{problems:?}");
}

#[track_caller]
fn check_refused(place: &str, part: &str) {
    let error = UserValues::default().fix(&api(), place, &json!(1)).expect_err(place);
    assert!(error.contains(part), "{place}: {error}");
}

#[test]
fn places_that_are_not_there_are_told_with_what_is_near() {
    check_refused("limit", "is no place; write query/NAME");
    check_refused("query", "is no place");
    check_refused("GET /health", "is no place");
    check_refused("query/limmit", "no operation has a query parameter \"limmit\"; did you mean `limit`?");
    check_refused("GET /{tenant}/orders query/limmit", "has no query parameter \"limmit\"; did you mean `limit`?");
    check_refused(
        "GET /{tenant}/order query/limit",
        "no operation GET /{tenant}/order; did you mean `GET /{tenant}/orders`?",
    );
    check_refused("POST /{tenant}/orders body/custmer/id", "has no member \"custmer\"; did you mean `customer`?");
    check_refused("body/customer/nmae", "did you mean `name`?");
    check_refused("GET /health body/x", "GET /health has no body");
    check_refused("body/items/sku", "a member \"sku\" in items");
}

#[test]
fn words_are_drawn_with_a_known_share() {
    let mut values = UserValues::default();
    let words: Vec<String> = (0..50).map(|number| format!("word-{number}")).collect();
    values.add_words(words.iter().map(|word| Bytes::from(word.clone())));
    let values = Arc::new(values);
    let api = api();
    let operation = api.operations.iter().find(|operation| operation.method == "POST").unwrap();
    let valid = Arc::clone(standard(&values).named("valid").unwrap());
    let (mut drawn, mut of_words) = (0_u32, 0_u32);
    for index in 0..2_000 {
        let body = encode(&valid.case(operation, index, Seed::new(1)).unwrap(), "").body;
        let body: Value = serde_json::from_slice(&body).unwrap();
        if let Some(id) = body["customer"]["id"].as_str() {
            drawn += 1;
            of_words += u32::from(words.iter().any(|word| word == id));
        }
    }
    // One in four of those that are drawn; one body in eight is a known one.
    let share = f64::from(of_words) / f64::from(drawn);
    assert!(drawn > 1_900 && (0.18..0.26).contains(&share), "{of_words} of {drawn}");
}
