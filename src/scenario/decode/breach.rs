//! What keeps a recorded request from being valid by the document as it is now. Main function: [`breaches`].
//!
//! In doubt nothing is said: what can't be read may well be right.

use std::fmt;

use super::readings::{self, Reader};
use super::received::Received;
use super::{Reading, body, is_judged};
use crate::api::{Location, Operation, Parameter, Style};
use crate::schema::View;
use crate::wire::Request;

/// Something of a request that the document does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The path is not that of the operation.
    Path,
    /// A required parameter is not sent.
    Missing(Location, String),
    /// A parameter's value does not conform.
    Value(Location, String),
    /// A query parameter that is not declared.
    Undeclared(String),
    /// A body is required and not sent.
    NoBody,
    /// A body is sent, and none is declared.
    UndeclaredBody,
    /// The body is of a media type that is not declared.
    MediaType,
    /// The body does not conform.
    Body,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("its path is another one"),
            Self::Missing(location, name) => write!(f, "required {} parameter `{name}` is missing", location.word()),
            Self::Value(location, name) => {
                write!(f, "{} parameter `{name}` does not take this value any more", location.word())
            }
            Self::Undeclared(name) => write!(f, "query parameter `{name}` is not declared any more"),
            Self::NoBody => f.write_str("a body is required"),
            Self::UndeclaredBody => f.write_str("no body is declared any more"),
            Self::MediaType => f.write_str("the body's media type is not declared any more"),
            Self::Body => f.write_str("the body does not conform any more"),
        }
    }
}

/// What of a request, encoded without a base path, the document does not allow.
pub fn breaches(operation: &Operation, request: &Request) -> Vec<Breach> {
    let received = Received::new(operation, request);
    if !received.has_whole_path() || request.method != operation.method {
        return vec![Breach::Path];
    }
    let judged = operation.parameters.iter().filter(|parameter| is_judged(parameter));
    let mut breaches: Vec<_> = judged
        .filter_map(|parameter| of_parameter(operation, parameter, &received))
        .chain(undeclared(operation, &received))
        .collect();
    breaches.extend(of_body(operation, &received));
    breaches
}

fn of_parameter(operation: &Operation, parameter: &Parameter, received: &Received<'_>) -> Option<Breach> {
    let conforms = |value| parameter.schema.conforms(View::Request, value);
    match readings::of_parameter(operation, parameter, received, Reader::Strict) {
        Reading::Values(values, _) if !values.iter().any(conforms) => {
            Some(Breach::Value(parameter.location, parameter.name.clone()))
        }
        Reading::Absent if parameter.required => Some(Breach::Missing(parameter.location, parameter.name.clone())),
        _ => None,
    }
}

/// Names in the query that no parameter has; none where a parameter may spread into names of its own.
fn undeclared<'a>(operation: &'a Operation, received: &'a Received<'_>) -> impl Iterator<Item = Breach> {
    let spreads = |parameter: &Parameter| match parameter.location {
        Location::Querystring => true,
        Location::Query => parameter.style == Style::DeepObject || readings::may_be_object(parameter),
        _ => false,
    };
    let is_told = !operation.parameters.iter().any(spreads);
    let is_declared = |name: &[u8]| {
        operation.parameters.iter().any(|known| known.location == Location::Query && known.name.as_bytes() == name)
    };
    let names = received.query.iter().map(|(name, _)| name).filter(move |name| is_told && !is_declared(name));
    names.map(|name| Breach::Undeclared(String::from_utf8_lossy(name).into_owned()))
}

fn of_body(operation: &Operation, received: &Received<'_>) -> Option<Breach> {
    let is_empty = received.request.body.is_empty();
    let Some(declared) = &operation.body else { return (!is_empty).then_some(Breach::UndeclaredBody) };
    match body::read(operation, received, Reader::Strict) {
        (Reading::Values(values, _), Some(media)) => {
            let schema = media.schema.as_ref()?;
            let conforms = values.iter().any(|value| schema.conforms(View::Request, value));
            (!conforms).then_some(Breach::Body)
        }
        (Reading::Absent, _) => declared.required.then_some(Breach::NoBody),
        (Reading::Unknown, None) if !is_empty => Some(Breach::MediaType),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::encode::samples::operation;

    #[track_caller]
    fn check(target: &str, body: Option<&Value>, expected: &[&str]) {
        let described = json!({
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
                {"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "maximum": 10}},
                {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
            ],
            "body": {"application/json": {"schema": {"type": "object", "required": ["name"]}}}
        });
        let mut request = Request::new("PUT", target.to_owned());
        if let Some(body) = body {
            request.headers.push("Content-Type", "application/json");
            request.body = body.to_string().into();
        }
        let found: Vec<_> =
            breaches(&operation("PUT", "/a/{id}", described), &request).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{target}");
    }

    #[test]
    fn what_the_document_does_not_allow_is_named() {
        let good = json!({"name": 1});
        check("/a/1?limit=3&tag=x&tag=y", Some(&good), &[]);
        check("/b/1?limit=3", Some(&good), &["its path is another one"]);
        check("/a/x?limit=3", Some(&good), &["path parameter `id` does not take this value any more"]);
        check("/a/1", Some(&good), &["required query parameter `limit` is missing"]);
        check(
            "/a/1?limit=11&old=1",
            Some(&json!({})),
            &[
                "query parameter `limit` does not take this value any more",
                "query parameter `old` is not declared any more",
                "the body does not conform any more",
            ],
        );
        check("/a/1?limit=3", None, &["a body is required"]);
    }

    #[test]
    fn a_body_that_nobody_asks_for_is_named() {
        let mut request = Request::new("GET", "/a");
        request.body = "x".into();
        assert_eq!(breaches(&operation("GET", "/a", json!({})), &request), [Breach::UndeclaredBody]);
    }
}
