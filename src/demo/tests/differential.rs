//! The clean twin and the `jsonschema` crate agree on what the document allows: for each member of each example body
//! and for each parameter, many values are sent; what is valid must succeed, and what is not must be refused.

use serde_json::{Value, json};

use super::client::{answer, start};
use super::document::{Document, Operation, Replaced};
use super::formats::{DATES, EMAILS, TIMES, UUIDS};

/// Texts that sit at the edges of the document's lengths, patterns and enums.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "ab",
    "abc",
    "A",
    "GB",
    "gb",
    "GBR",
    "GB\n",
    "N1 9GU",
    "n1 9gu",
    "MUG-0001",
    "MUG-0001\n",
    "MUG-00010",
    "mug-0001",
    "ÀÀÀ-0001",
    "MUG-১২৩৪",
    "SPRING24",
    "SPRING2",
    "SPRIN",
    "SPRINGSPRING",
    "SPRINGSPRINGX",
    "+123456",
    "+12345",
    "+1234567890123456",
    "+123456789012345",
    "123456",
    "tok_a1b2c3d4",
    "tok_a1b2c3d",
    "tok_A1B2C3D4",
    "xtok_a1b2c3d4",
    "card",
    "Card",
    "voucher",
    "price",
    "relevance",
    "kitchen",
    "en",
    "dark",
    "true",
    "null",
    "0",
    "-1",
    "'",
    "\"",
    "%s%n",
    "\u{0}",
    "\u{7f}",
    "é",
    "日本語",
    "🦀",
    "e\u{301}",
    "\u{202e}x",
    "../../etc/passwd",
    "<b>",
    "${7*7}",
    "AAAA",
    "AAA",
    "AAAAA",
    "A_-9",
    "A=A=",
    "\"v1\"",
    "W/\"v1\"",
    "w/\"v1\"",
    "\"\"",
    "v1",
    "\"v\"1\"",
    "*",
    "quarterly review",
    "quar",
    "quart",
    "-quarterly",
    "quarterly-",
    "name",
    "newest",
    "day",
    "month",
    "EUR",
    "eur",
    "held",
    "customer",
    "admin",
    "abcdefgh",
    "key-0123",
    "key_0123",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "5",
    "6",
    "50",
    "51",
    "100",
    "101",
    "1000",
    "1001",
    "10000",
    "10001",
    "10000000",
    "10000001",
    "1.0",
    "1.5",
    "0.1",
    "99999.999",
    "100000",
    "100000.5",
    "-0",
    "-0.5",
    "1e2",
    "1e20",
    "-1e20",
    "1e308",
    "9007199254740991",
    "9007199254740992",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
];

fn texts() -> Vec<String> {
    let lengths =
        [2, 3, 4, 7, 8, 9, 32, 33, 39, 40, 41, 60, 61, 64, 65, 80, 81, 120, 121, 200, 201, 500, 501, 2000, 2001];
    let long = lengths.iter().flat_map(|n| ["a".repeat(*n), "é".repeat(*n)]);
    let known = [TEXTS, DATES, TIMES, UUIDS, EMAILS].concat();
    known.into_iter().map(str::to_owned).chain(long).collect()
}

fn values() -> Vec<Value> {
    let mut values: Vec<Value> = texts().into_iter().map(Value::from).collect();
    values.extend(NUMBERS.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()));
    values.extend([json!(null), json!(true), json!(false), json!([]), json!({}), json!([null]), json!({"a": 1})]);
    values.extend([json!(["a"]), json!([[]]), json!({"min": null}), json!({"category": "garden"})]);
    values
}

/// Each value in each place of the example, each member missing, each array at another length, each object with a
/// member more.
fn bodies(example: &Value) -> Vec<Value> {
    let mut bodies = values();
    let mut places = Vec::new();
    collect(example, String::new(), &mut places);
    for place in &places {
        let at = |new: Value| {
            let mut body = example.clone();
            *body.pointer_mut(place).unwrap() = new;
            body
        };
        bodies.extend(values().into_iter().map(at));
        let (parent, name) = place.rsplit_once('/').unwrap_or(("", ""));
        if let Some(members) = example.pointer(parent).and_then(Value::as_object) {
            let mut members = members.clone();
            members.remove(name);
            let mut body = example.clone();
            *body.pointer_mut(parent).unwrap() = members.into();
            bodies.push(body);
        }
        match example.pointer(place).unwrap() {
            Value::Object(members) => bodies.extend(["id", "role", "extra", ""].map(|name| {
                let mut members = members.clone();
                members.insert(name.to_owned(), json!("x"));
                at(members.into())
            })),
            Value::Array(members) => bodies.extend([1, 5, 6, 20, 21].map(|n| at(vec![members[0].clone(); n].into()))),
            _ => {}
        }
    }
    bodies
}

fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| collect(member, format!("{place}/{name}"), places));
        }
        Value::Array(members) => {
            members.iter().enumerate().for_each(|(i, member)| collect(member, format!("{place}/{i}"), places));
        }
        _ => {}
    }
    places.push(place);
}

#[tokio::test]
async fn bodies_agree() {
    let (demo, document) = (start(true).await, Document::load());
    let operations = document.operations();
    for operation in operations.iter().filter(|operation| operation.media_type() == Some("application/json")) {
        let validator = document.validator(&operation.media()["schema"], "readOnly");
        for body in bodies(&operation.media()["example"]) {
            let answer = answer(&demo, &operation.request(None, body.to_string().as_bytes())).await;
            operation.check_answer(&document, &answer);
            // A valid login may be refused, a valid registration may be taken.
            let accepted = matches!(answer.status, 200..=299 | 401 | 409);
            assert_eq!(accepted, validator.is_valid(&body), "{} {body}: {}", operation.name, answer.text());
        }
    }
}

#[tokio::test]
async fn parameters_agree() {
    let (demo, document) = (start(true).await, Document::load());
    let texts: Vec<String> = texts().into_iter().chain(NUMBERS.iter().map(|text| (*text).to_owned())).collect();
    for operation in &document.operations() {
        let body = operation.example();
        let body = body.windows(4).position(|window| window == b"\r\n\r\n").map(|at| body[at + 4..].to_vec()).unwrap();
        for parameter in &operation.parameters {
            let name = parameter["name"].as_str().unwrap();
            for text in texts.iter().filter(|text| can_carry(parameter, text)) {
                let answer = answer(&demo, &operation.request(Some(&Replaced { name, text }), &body)).await;
                let valid = is_valid(&document, parameter, text);
                let accepted = matches!(answer.status, 200..=399 | 412) || (valid && answer.status == 404);
                assert_eq!(accepted, valid, "{} {name}={text:?}: {}", operation.name, answer.text());
                check_documented(operation, &document, &answer, text);
            }
        }
    }
}

/// An empty path segment names another path, and so is outside of the document.
fn check_documented(operation: &Operation, document: &Document, answer: &super::client::Answer, text: &str) {
    if !text.is_empty() || answer.status != 404 {
        operation.check_answer(document, answer);
    }
}

/// Whether the text gets to the server unchanged.
fn can_carry(parameter: &Value, text: &str) -> bool {
    match parameter["in"].as_str().unwrap() {
        "header" => text.trim() == text && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "cookie" => text.trim() == text && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b';'),
        _ => true,
    }
}

fn is_valid(document: &Document, parameter: &Value, text: &str) -> bool {
    let schema = document.resolve(&parameter["schema"]);
    let value = match schema["type"].as_str().unwrap() {
        "integer" => text.parse::<i64>().ok().filter(|number| number.to_string() == text).map(Value::from),
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        "array" => Some(json!([text])),
        _ => Some(json!(text)),
    };
    value.is_some_and(|value| document.validator(schema, "readOnly").is_valid(&value))
}
