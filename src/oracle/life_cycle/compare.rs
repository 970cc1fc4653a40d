//! Values as servers give them back. Main functions: [`is_same`], [`is_other`].
//!
//! Between the two lies what can't be told: a server may trim, fold, round, and write times in its own zone.

use serde_json::{Map, Value};

/// Whether one may be what a server makes of the other.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => folded(a) == folded(b) || instants(a, b).is_some_and(|(a, b)| a == b),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => a == b,
    }
}

/// Whether no server could take one for the other.
pub(super) fn is_other(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => match instants(a, b) {
            Some((a, b)) => a != b,
            None => folded(a) != folded(b),
        },
        (Value::Number(a), Value::Number(b)) => a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() >= 1.0),
        (Value::Array(a), Value::Array(b)) => a.len() != b.len() || a.iter().zip(b).any(|(a, b)| is_other(a, b)),
        (Value::Object(a), Value::Object(b)) => a.iter().any(|(name, a)| b.get(name).is_some_and(|b| is_other(a, b))),
        (Value::Bool(a), Value::Bool(b)) => a != b,
        _ => false,
    }
}

/// Whether the two have one JSON type.
pub(super) fn is_alike(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Whether there is nothing in it.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// The pointers at which two values differ.
pub(super) fn differing(a: &Value, b: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(a, b, "", &mut found);
    found
}

fn differ(a: &Value, b: &Value, place: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => differ(a, b, &format!("{place}/{name}"), found),
                    _ => found.push(format!("{place}/{name}")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(index, (a, b))| differ(a, b, &format!("{place}/{index}"), found));
        }
        _ if a == b => {}
        _ => found.push(place.to_owned()),
    }
}

/// Whether a member of this name says which thing it is, or in which state: servers keep such members to themselves,
/// whatever a later request sends.
pub(super) fn is_kept(name: &str) -> bool {
    const NAMES: [&str; 18] = [
        "id", "uuid", "guid", "key", "slug", "code", "sku", "handle", "username", "login", "email", "type", "kind",
        "status", "state", "owner", "tenant", "version",
    ];
    let small = name.to_ascii_lowercase();
    NAMES.contains(&small.as_str()) || small.ends_with("_id") || name.ends_with("Id") || name.ends_with("ID")
}

/// The members of both.
pub(super) fn shared<'a>(
    sent: &'a Map<String, Value>,
    shown: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    sent.iter().filter_map(|(name, sent)| Some((name.as_str(), sent, shown.get(name)?)))
}

/// Letters and digits in lower case: what is left of a text when white space, punctuation and case are the server's.
fn folded(text: &str) -> String {
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // Where nothing else is in it, punctuation is all there is to tell.
    if plain.is_empty() { text.trim().to_owned() } else { plain }
}

fn instants(a: &str, b: &str) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
    Some((a.parse().ok()?, b.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(a: &Value, b: &Value, same: bool, other: bool) {
        assert_eq!((is_same(a, b), is_other(a, b)), (same, other), "{a} {b}");
        assert_eq!((is_same(b, a), is_other(b, a)), (same, other), "{b} {a}");
    }

    #[test]
    fn what_servers_make_of_values_is_the_same() {
        check(&json!(" Ab c"), &json!("abc"), true, false);
        check(&json!("2030-05-31T08:00:00+02:00"), &json!("2030-05-31T06:00:00Z"), true, false);
        check(&json!(1), &json!(1.0), true, false);
        check(&json!(["A"]), &json!(["a"]), true, false);
    }

    #[test]
    fn what_no_server_confuses_is_other() {
        check(&json!("a"), &json!("b"), false, true);
        check(&json!(1), &json!(3), false, true);
        check(&json!([1]), &json!([1, 1]), false, true);
        check(&json!({"a": "x"}), &json!({"a": "y"}), false, true);
        check(&json!("2030-05-31T08:00:00Z"), &json!("2030-05-31T06:00:00Z"), false, true);
    }

    #[test]
    fn rounding_and_other_types_can_not_be_told() {
        check(&json!(1.2), &json!(1), false, false);
        check(&json!("1"), &json!(1), false, false);
        check(&json!({"a": 1}), &json!({"a": 1, "b": 2}), false, false);
    }

    #[test]
    fn differences_are_found_where_they_are() {
        let (a, b) = (json!({"a": 1, "b": [1, {"c": 2}], "d": 0}), json!({"a": 1, "b": [1, {"c": 3}], "e": 0}));
        assert_eq!(differing(&a, &b), ["/b/1/c", "/d", "/e"]);
        assert!(differing(&a, &a).is_empty());
    }
}
