//! Reads an encoded request again as a server would, to prove what it is. Main functions: [`proves_valid`],
//! [`proves_malformed`], [`breaches`].
//!
//! The wire has no types: `12` in a query is a number, a text, or a list of one. A request is proved valid if the
//! reading that the specification asks for conforms in every part, and proved malformed if there is a part of which
//! *no* reading conforms that a tolerant server may come to. Between the two lies what can't be proved and is never
//! sent as either.

mod body;
mod breach;
mod multipart;
mod readings;
mod received;
mod text;
mod typed;

use serde_json::Value;

use super::encode::{encode, is_sendable};
use super::{Case, Intent};
use crate::api::{Location, Operation, Parameter};
use crate::schema::View;
use crate::wire::Request;

pub use breach::{Breach, breaches};
use readings::Reader;
use received::Received;
pub use typed::{fits_path, typed};

/// What one part of a request may be read as.
enum Reading {
    /// One of these values. The flag says that it may be read as not sent as well.
    Values(Vec<Value>, bool),
    /// It was not sent.
    Absent,
    /// There is no telling.
    Unknown,
}

/// Whether every part of the case, as sent, conforms when it is read as the specification says.
pub fn proves_valid(case: &Case) -> bool {
    is_valid(&case.operation, &encode(case, ""))
}

/// The same of a request without a base path.
pub fn is_valid(operation: &Operation, request: &Request) -> bool {
    let received = Received::new(operation, request);
    let parameters = operation.parameters.iter().filter(|parameter| is_judged(parameter)).all(|parameter| {
        match readings::of_parameter(operation, parameter, &received, Reader::Strict) {
            Reading::Values(values, _) => values.iter().any(|value| parameter.schema.conforms(View::Request, value)),
            Reading::Absent => !parameter.required,
            Reading::Unknown => false,
        }
    });
    parameters && received.has_whole_path() && body_is_valid(operation, &received)
}

fn body_is_valid(operation: &Operation, received: &Received<'_>) -> bool {
    let Some(declared) = &operation.body else { return received.request.body.is_empty() };
    // An object without members is no byte of a form, and nothing tells it from a body that is missing.
    if declared.required && received.request.body.is_empty() {
        return false;
    }
    match body::read(operation, received, Reader::Strict) {
        (Reading::Values(values, _), Some(media)) => {
            let schema = media.schema.as_ref();
            schema.is_none_or(|schema| values.iter().any(|value| schema.conforms(View::Request, value)))
        }
        (Reading::Absent, _) => !declared.required,
        _ => false,
    }
}

/// Whether some part of the case, as sent, conforms in no reading at all.
pub fn proves_malformed(case: &Case) -> bool {
    malformed_request(case).is_some()
}

/// The case as a request without a base path, if some part of it conforms in no reading at all.
pub fn malformed_request(case: &Case) -> Option<Request> {
    let request = encode(case, "");
    // Looked for in the body first if the broken rule is one of the body: the parameters need not be read then.
    let is_of_body = matches!(&case.intent, Intent::Malformed(rule) if rule.place.starts_with("body"));
    is_malformed(&case.operation, &Received::new(&case.operation, &request), is_of_body).then_some(request)
}

/// Whether some part of a request that was taken apart conforms in no reading at all.
fn is_malformed(operation: &Operation, received: &Received<'_>, body_first: bool) -> bool {
    let parts: [fn(&Operation, &Received<'_>) -> bool; 2] = [parameters_are_malformed, body_is_malformed];
    let [first, second] = if body_first { [parts[1], parts[0]] } else { parts };
    // `/orders/` for an empty identifier is a request for the collection, which a server may well answer.
    received.has_whole_path() && (first(operation, received) || second(operation, received))
}

fn parameters_are_malformed(operation: &Operation, received: &Received<'_>) -> bool {
    let broken = |parameter: &Parameter| match readings::of_parameter(operation, parameter, received, Reader::Tolerant)
    {
        Reading::Values(_, true) if !parameter.required => false,
        Reading::Values(values, _) => !values.iter().any(|value| parameter.schema.conforms(View::Request, value)),
        Reading::Absent => parameter.required && parameter.location != Location::Path && !has_default(parameter),
        Reading::Unknown => false,
    };
    operation.parameters.iter().filter(|parameter| is_judged(parameter)).any(broken)
}

fn body_is_malformed(operation: &Operation, received: &Received<'_>) -> bool {
    let Some(declared) = &operation.body else { return false };
    match body::read(operation, received, Reader::Tolerant) {
        (Reading::Values(_, true), _) if !declared.required => false,
        (Reading::Values(values, _), Some(media)) => {
            let schema = media.schema.as_ref();
            schema.is_some_and(|schema| !values.iter().any(|value| schema.conforms(View::Request, value)))
        }
        (Reading::Absent, _) => declared.required,
        _ => false,
    }
}

/// A server may fill in a default, whatever `required` says.
fn has_default(parameter: &Parameter) -> bool {
    parameter.schema.resolved().value().get("default").is_some()
}

/// Header parameters of some names are ignored by the specification (OpenAPI 3.1 section 4.8.12.1), others by us.
fn is_judged(parameter: &Parameter) -> bool {
    let ignored = ["accept", "content-type", "authorization"];
    let is_ignored = ignored.contains(&parameter.name.to_ascii_lowercase().as_str());
    parameter.location != Location::Header || !is_ignored && is_sendable(&parameter.name)
}

#[cfg(test)]
mod tests;
