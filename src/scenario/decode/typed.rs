//! A recorded request as typed values, so that it can be judged like one that was made here. Main function: [`typed`].
//!
//! What it is meant to be is found out as well: valid if that is proved, malformed if it is proved to break exactly one
//! rule, and neither in any other case, so that no oracle relies on what is only likely.

use std::sync::Arc;

use serde_json::Value;

use super::breach::{Breach, breaches};
use super::readings::{self, Reader};
use super::received::{Received, percent_decoded, split_path};
use super::{Reading, body, is_malformed, is_valid};
use crate::api::{Location, Operation, Parameter};
use crate::scenario::encode::{Kind, kind};
use crate::scenario::{Argument, Body, Case, Content, Datum, Intent, Provenance, RECORDED, Rule};
use crate::schema::{Schema, View};
use crate::wire::Request;

/// How much of a value stands in the words of a rule.
const LONGEST: usize = 60;

/// The case of a request without a base path.
pub fn typed(operation: &Arc<Operation>, request: &Request, provenance: Provenance) -> Case {
    let received = Received::new(operation, request);
    let parameters = operation.parameters.iter().enumerate();
    let arguments = parameters
        .filter_map(|(index, parameter)| {
            let value = argument(operation, parameter, &received)?;
            Some(Argument { parameter: index, value })
        })
        .collect();
    let is_declared = |name: &[u8]| {
        let mut names = operation.parameters.iter().filter(|known| known.location == Location::Header);
        names.any(|known| known.name.as_bytes().eq_ignore_ascii_case(name))
    };
    let is_own = |name: &[u8]| name.eq_ignore_ascii_case(b"content-type") || name.eq_ignore_ascii_case(b"cookie");
    let others = request.headers.iter().filter(|header| !is_own(&header.name) && !is_declared(&header.name));
    let headers = others.map(|h| (String::from_utf8_lossy(&h.name).into_owned(), h.value.clone())).collect();
    Case {
        operation: Arc::clone(operation),
        arguments,
        headers,
        body: content(operation, &received),
        intent: intent(operation, &received),
        provenance,
    }
}

/// Whether the target, without a base path, is one of the operation's path template.
pub fn fits_path(operation: &Operation, target: &[u8]) -> bool {
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let segments = |path: &[u8]| path.split(|byte| *byte == b'/').count();
    let template = operation.path.split(['?', '#']).next().unwrap_or_default();
    segments(template.as_bytes()) == segments(path) && split_path(template, path).is_some()
}

fn argument(operation: &Operation, parameter: &Parameter, received: &Received<'_>) -> Option<Datum> {
    match readings::of_parameter(operation, parameter, received, Reader::Strict) {
        Reading::Values(values, _) => {
            let conforming = values.iter().find(|value| parameter.schema.conforms(View::Request, value));
            match conforming.or(values.first()) {
                Some(value) => Some(Datum::from(value)),
                None => received.path_value(&parameter.name).map(|raw| Datum::RawString(percent_decoded(raw).into())),
            }
        }
        Reading::Absent | Reading::Unknown => None,
    }
}

fn content(operation: &Operation, received: &Received<'_>) -> Option<Body> {
    let request = received.request;
    let media_type = request.headers.text("content-type").unwrap_or_default();
    if request.body.is_empty() && media_type.is_empty() {
        return None;
    }
    let raw = || Content::Raw(request.body.clone());
    let content = match body::read(operation, received, Reader::Strict) {
        (Reading::Values(values, _), Some(media)) => {
            let conforms =
                |value: &&Value| media.schema.as_ref().is_none_or(|schema| schema.conforms(View::Request, value));
            let is_json = kind(&essence(media_type)) == Kind::Json;
            let value = values.iter().find(conforms).or(values.first().filter(|_| is_json));
            value.map_or_else(raw, |value| Content::Value(Datum::from(value)))
        }
        _ => raw(),
    };
    Some(Body { media_type: media_type.to_owned(), content })
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn intent(operation: &Operation, received: &Received<'_>) -> Intent {
    let request = received.request;
    let found = breaches(operation, request);
    if found.is_empty() && is_valid(operation, request) {
        return Intent::Valid;
    }
    let single = match found.as_slice() {
        [single] if is_malformed(operation, received, false) => rule(operation, received, single),
        _ => None,
    };
    let is_foreign = found.contains(&Breach::Path) || found.contains(&Breach::MediaType) || !is_readable(request);
    match single {
        Some(rule) => Intent::Malformed(rule),
        None if is_foreign => Intent::Wire(RECORDED),
        None => Intent::Hostile(RECORDED),
    }
}

/// Whether a body that says that it is JSON is.
fn is_readable(request: &Request) -> bool {
    let media_type = request.headers.text("content-type").unwrap_or_default();
    let is_json = kind(&essence(media_type)) == Kind::Json;
    !is_json || request.body.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(&request.body).is_ok()
}

/// The rule that the only breach breaks, if it is one.
fn rule(operation: &Operation, received: &Received<'_>, breach: &Breach) -> Option<Rule> {
    let left_out =
        |place: String| Rule { keyword: "required".to_owned(), place, member: None, change: "left out".to_owned() };
    match breach {
        Breach::Missing(location, name) => Some(left_out(format!("{}/{name}", location.word()))),
        Breach::NoBody => Some(left_out("body".to_owned())),
        Breach::Value(location, name) => {
            let is_it = |parameter: &&Parameter| parameter.location == *location && parameter.name == *name;
            let parameter = operation.parameters.iter().find(is_it)?;
            match readings::of_parameter(operation, parameter, received, Reader::Strict) {
                Reading::Values(values, _) => {
                    broken(&parameter.schema, &values, &format!("{}/{name}", location.word()))
                }
                Reading::Absent | Reading::Unknown => None,
            }
        }
        Breach::Body => match body::read(operation, received, Reader::Strict) {
            (Reading::Values(values, _), Some(media)) => broken(media.schema.as_ref()?, &values, "body"),
            _ => None,
        },
        Breach::Path | Breach::Undeclared(_) | Breach::UndeclaredBody | Breach::MediaType => None,
    }
}

/// The one rule that the reading breaks which is nearest to what the schema asks for; none if each breaks several.
fn broken(schema: &Schema, values: &[Value], place: &str) -> Option<Rule> {
    let validation = schema.validation(View::Request);
    // Typed readings stand behind the text: `101` breaks a maximum rather than a type.
    values.iter().rev().find_map(|value| {
        let violations = validation.violations(value, 2);
        let [violation] = violations.as_slice() else { return None };
        let member = (violation.keyword == "required").then(|| violation.message.split('"').nth(1)).flatten();
        let change = match member {
            Some(member) => format!("without the required {member:?}"),
            None => shown(value.pointer(&violation.instance)?),
        };
        Some(Rule {
            keyword: violation.keyword.clone(),
            place: format!("{place}{}", violation.instance),
            member: member.map(str::to_owned),
            change,
        })
    })
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::scenario::encode;
    use crate::scenario::encode::samples::operation;

    fn orders() -> Arc<Operation> {
        let parameters = json!([
            {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
            {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
            {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
        ]);
        let schema = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "maxLength": 5}, "count": {"type": "integer"}
        }});
        let body = json!({"application/json": {"schema": schema}});
        operation("POST", "/orders/{id}", json!({"parameters": parameters, "body": body}))
    }

    fn request(target: &str, body: &str) -> Request {
        let mut request = Request::new("POST", target.to_owned());
        request.headers.push("Content-Type", "application/json");
        request.body = body.to_owned().into();
        request
    }

    #[track_caller]
    fn check(target: &str, body: &str, expected: &str) {
        let case = typed(&orders(), &request(target, body), Provenance::recorded(0));
        let intent = match case.intent {
            Intent::Malformed(rule) => format!("{} at {}: {}", rule.keyword, rule.place, rule.change),
            other => other.word().to_owned(),
        };
        assert_eq!(intent, expected, "{target} {body}");
    }

    #[test]
    fn what_a_recorded_request_is_is_proved() {
        check("/orders/1?limit=9&tags=a", r#"{"name":"a"}"#, "valid");
        check("/orders/1?limit=101", r#"{"name":"a"}"#, "maximum at query/limit: 101");
        check("/orders/x", r#"{"name":"a"}"#, "type at path/id: \"x\"");
        check("/orders/1", r#"{"name":"abcdef"}"#, "maxLength at body/name: \"abcdef\"");
        check("/orders/1", r#"{"count":1}"#, "required at body: without the required \"name\"");
        check("/orders/1", "", "hostile");
        check("/orders/1?limit=101", r#"{"name":"abcdef"}"#, "hostile");
        check("/orders/1?other=1", r#"{"name":"a"}"#, "hostile");
        check("/orders/1", r#"{"name":"#, "wire");
        check("/items/1", r#"{"name":"a"}"#, "wire");
    }

    #[test]
    fn values_are_typed() {
        let mut sent = request("/orders/7?tags=a&tags=b%20c&limit=3", r#"{"name":"é","count":2}"#);
        sent.headers.push("If-Match", "\"x\"");
        sent.headers.push("X-Other", "1");
        let case = typed(&orders(), &sent, Provenance::recorded(0));
        let values: Vec<_> = case.arguments.iter().map(|a| (a.parameter, a.value.to_value().unwrap())).collect();
        let expected = [(0, json!(7)), (1, json!(3)), (2, json!(["a", "b c"])), (3, json!("\"x\""))];
        assert_eq!(values, expected);
        assert_eq!(case.headers, [("X-Other".to_owned(), "1".into())]);
        let Some(Body { content: Content::Value(value), .. }) = &case.body else { panic!("{:?}", case.body) };
        assert_eq!(value.to_value(), Some(json!({"name": "é", "count": 2})));
    }

    #[test]
    fn paths_are_told_apart() {
        let item = operation("GET", "/orders/{id}/items", json!({}));
        assert!(fits_path(&item, b"/orders/1/items?a=/b") && !fits_path(&item, b"/orders/1"));
        assert!(!fits_path(&orders(), b"/orders/1/items") && fits_path(&orders(), b"/orders/1%2F2"));
    }

    proptest! {
        #[test]
        fn whatever_was_recorded_is_read(
            target in "/orders/[a-z0-9%./]{0,6}(\\?[a-z=&%\\[\\],0-9]{0,20})?", body in ".{0,30}", media in ".{0,20}",
        ) {
            let mut sent = Request::new("POST", target);
            sent.headers.push("Content-Type", media);
            sent.body = body.into();
            let case = typed(&orders(), &sent, Provenance::recorded(0));
            prop_assert_eq!(encode(&case, "").method, "POST");
        }

        #[test]
        fn a_valid_case_is_read_as_it_was_written(id in any::<i32>(), limit in 0..100, name in "[a-zé ]{0,5}") {
            let sent = request(&format!("/orders/{id}?limit={limit}"), &json!({"name": name}).to_string());
            let case = typed(&orders(), &sent, Provenance::recorded(0));
            prop_assert_eq!(&case.intent, &Intent::Valid);
            let again = encode(&case, "");
            prop_assert_eq!((again.target, again.body), (sent.target, sent.body));
        }
    }
}
