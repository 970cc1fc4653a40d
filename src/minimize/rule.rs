//! What a smaller request must keep of one that breaks exactly one rule. Main functions: [`keeps_rule`],
//! [`keeps_value`].
//!
//! The finding says that this rule is not checked: a request that breaks another one as well would show nothing of it.

use serde_json::Value;

use crate::api::Location;
use crate::scenario::{Case, Intent};
use crate::schema::View;
use crate::wire::Request;

/// How many ways in which a body breaks its schema are compared.
const MOST: usize = 32;
/// What these say depends on several schemas at once: what else is broken does not show.
const BRANCHES: [&str; 5] = ["anyOf", "oneOf", "not", "if", "contains"];

/// Whether a smaller request still breaks the rule that the case is about, and no other.
pub(super) fn keeps_rule(case: &Case, before: &Request, after: &Request) -> bool {
    let Intent::Malformed(rule) = &case.intent else { return false };
    let kept = |name: &str| before.headers.contains(name) == after.headers.contains(name);
    let parameters = case.operation.parameters.iter().all(|parameter| {
        let is_about = rule.place == format!("{}/{}", parameter.location.word(), parameter.name);
        if !parameter.required && !is_about {
            return true;
        }
        match parameter.location {
            Location::Header => kept(&parameter.name),
            Location::Cookie => kept("cookie"),
            Location::Query => pairs(before, &parameter.name) == pairs(after, &parameter.name),
            Location::Querystring => query(before) == query(after),
            Location::Path => true,
        }
    });
    parameters && kept("content-type") && (before.body == after.body || breaks_alike(case, before, after))
}

/// Whether a simpler body leaves the value alone that breaks the rule: what is said of it is said of that one.
pub(super) fn keeps_value(case: &Case, before: &Request, after: &Request) -> bool {
    let Intent::Malformed(rule) = &case.intent else { return false };
    let Some(pointer) = rule.place.strip_prefix("body") else { return true };
    let value = |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        body.pointer(pointer).filter(|value| !value.is_object() && !value.is_array()).cloned()
    };
    value(before) == value(after)
}

fn query(request: &Request) -> Option<&[u8]> {
    request.target.splitn(2, |byte| *byte == b'?').nth(1)
}

/// The pairs of the query that have this name, or one that begins with it (`filter[a]`), as written.
fn pairs<'a>(request: &'a Request, name: &str) -> Vec<&'a [u8]> {
    let all = query(request).unwrap_or_default().split(|byte| *byte == b'&');
    all.filter(|pair| pair.starts_with(name.as_bytes())).collect()
}

/// Whether both bodies are JSON and break the same keywords of the schema, as often.
fn breaks_alike(case: &Case, before: &Request, after: &Request) -> bool {
    match (broken(case, before), broken(case, after)) {
        (Some(before), Some(after)) => before == after,
        _ => false,
    }
}

/// The places in the schema that the body breaks; `None` if that can't be told.
fn broken(case: &Case, request: &Request) -> Option<Vec<String>> {
    let media_type = request.headers.text("content-type")?.split(';').next()?.trim();
    let declared = case.operation.body.as_ref()?;
    let schema = declared.contents.iter().find(|content| content.matches(media_type))?.schema.as_ref()?;
    let value: Value = serde_json::from_slice(&request.body).ok()?;
    let found = schema.validation(View::Request).violations(&value, MOST);
    if found.iter().any(|violation| BRANCHES.contains(&violation.keyword.as_str())) {
        return None;
    }
    let mut places: Vec<_> = found.into_iter().map(|violation| violation.schema).collect();
    places.sort();
    Some(places)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::Rule;
    use crate::scenario::encode::samples::{case, operation};

    fn request(target: &str, body: &str) -> Request {
        let mut request = Request::new("POST", target.to_owned());
        request.headers.push("Content-Type", "application/json");
        request.headers.push("X-Tenant", "7");
        request.body = body.to_owned().into();
        request
    }

    /// Whether a smaller request is as good as this one for a case that breaks a rule at this place.
    #[track_caller]
    fn check(place: &str, before: (&str, &str), after: (&str, &str), expected: bool) {
        let schema = json!({
            "type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"type": "integer", "maximum": 9}, "b": {"type": "string"}, "c": {"oneOf": [{}, {}]}}
        });
        let parameters = json!([
            {"name": "page", "in": "query", "schema": {}},
            {"name": "key", "in": "query", "required": true, "schema": {}}
        ]);
        let body = json!({"application/json": {"schema": schema}});
        let operation = operation("POST", "/x", json!({"parameters": parameters, "body": body}));
        let mut case = case(&operation, &[]);
        case.intent = Intent::Malformed(Rule {
            keyword: "maximum".into(),
            place: place.into(),
            member: None,
            change: String::new(),
        });
        let (before, after) = (request(before.0, before.1), request(after.0, after.1));
        assert_eq!(keeps_rule(&case, &before, &after), expected, "{place}: {after:?}");
    }

    #[test]
    fn what_the_rule_does_not_need_may_go() {
        check("body/a", ("/x?key=1&page=2", r#"{"a":10,"b":"x"}"#), ("/x?key=1", r#"{"a":10}"#), true);
        check("query/page", ("/x?key=1&page=2", r#"{"a":1,"b":"x"}"#), ("/x?key=1&page=2", r#"{"a":1}"#), true);
        check("body", ("/x?key=1", r#"{"a":1,"b":"x","z":0}"#), ("/x?key=1", r#"{"a":1,"z":0}"#), true);
    }

    #[test]
    fn the_value_that_breaks_the_rule_stays() {
        let operation = operation("POST", "/x", json!({}));
        let mut case = case(&operation, &[]);
        for (place, is_kept) in [("body/a", false), ("body/b", true), ("body", true), ("query/a", true)] {
            let (keyword, change) = ("maximum".into(), String::new());
            case.intent = Intent::Malformed(Rule { keyword, place: place.into(), member: None, change });
            let (before, after) = (request("/x", r#"{"a":100,"b":[1]}"#), request("/x", r#"{"a":10,"b":[0]}"#));
            assert_eq!(keeps_value(&case, &before, &after), is_kept, "{place}");
        }
    }

    #[test]
    fn neither_the_rule_nor_another_one_is_touched() {
        let whole = ("/x?key=1&page=2", r#"{"a":10,"b":"x"}"#);
        check("body/a", whole, ("/x?page=2", r#"{"a":10,"b":"x"}"#), false);
        check("body/a", whole, ("/x?key=1&page=2", r#"{"b":"x"}"#), false);
        check("query/page", whole, ("/x?key=1", r#"{"a":10,"b":"x"}"#), false);
        check("body/a", ("/x?key=1", r#"{"a":10,"c":1}"#), ("/x?key=1", r#"{"a":10}"#), false);
        check("body/a", whole, ("/x?key=1&page=2", "{"), false);
    }
}
