//! `leaked_field`: an answer tells what it must not.
//!
//! Kinds (`kind` of the requirement's parameters):
//! - `write_only`: a property that the document declares `writeOnly` is returned, its own value or not; high.
//! - `undeclared`: a property that the document does not declare and whose name or value is sensitive; high.
//! - `private_key`, `connection_string`: such a value anywhere; critical.
//! - `stack_trace`, `sql_error` in any answer, `internal_path`, `internal_address` in an error; medium.
//!
//! OWASP: API3:2023 for the first four, API8:2023 for the others. Signature: the kind, and the place for properties.
//!
//! - Controls: the request's own values, those of earlier steps and the target's own address are no leak.
//! - Quiet: booleans, nulls, empty and masked values; names that are only about a secret (`password_policy`,
//!   `next_page_token`); undeclared properties where the schema is absent or open; traces, paths and addresses in
//!   properties that are declared for them, and in free-form content of a good answer.
//! - Known false alarms: a value that another client stored and that has the form of a secret.

use std::sync::Arc;

use serde_json::{Value, json};

use super::contract::{Contract, Contracts, documented, has_body, media_type};
use super::declared::at;
use super::disclosure::Suspicions;
use super::echo::Echo;
use super::leak::{Kind, Leak, Look, has_content, sensitive};
use super::subject::{Report, Subject, answer};
use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::Trace;
use crate::wire::Response;

const ID: OracleId = OracleId("leaked_field");

/// Longer bodies are not looked at: files and exports.
const BODY_BOUND: usize = 256 * 1024;
/// More findings of one answer say nothing new.
const MOST: usize = 8;

/// Reports what an answer must not tell.
pub(super) struct LeakedField {
    contracts: Arc<Contracts>,
}

impl LeakedField {
    pub(super) fn new(contracts: Arc<Contracts>) -> Self {
        Self { contracts }
    }

    fn contract(&self, subject: &Subject<'_>, response: &Response) -> Option<Arc<Contract>> {
        let media_type = media_type(documented(subject.case, response)?, response)?;
        Some(self.contracts.of(media_type.schema.as_ref()?))
    }
}

impl Oracle for LeakedField {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(response) = subject.response() else { return Vec::new() };
        if !has_body(&subject.exchange.request, response) || response.body.len() > BODY_BOUND {
            return Vec::new();
        }
        let suspicions = Suspicions::of(&response.body);
        let contract = self.contract(&subject, response);
        let write_only = contract.as_ref().is_some_and(|contract| contract.may_hold_write_only(&response.body));
        if suspicions.is_none() && !write_only {
            return Vec::new();
        }
        let look = Look {
            response,
            suspicions,
            schema: contract.as_ref().map(|contract| contract.schema()),
            echo: subject.echo(),
            path: &subject.case.operation.path,
        };
        look.leaks().into_iter().take(MOST).map(|leak| report(leak).about(&subject)).collect()
    }

    fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Check {
        let response = match answer(trace) {
            Ok(response) => response,
            Err(broken) => return broken,
        };
        let text = |name: &str| requirement.parameters.get(name).and_then(Value::as_str);
        let shown = match (text("kind").and_then(Kind::from_word), text("pointer")) {
            (Some(kind @ (Kind::WriteOnly | Kind::Undeclared)), Some(pointer)) => {
                property(kind, pointer, response, &Echo::of(trace))
            }
            (Some(kind), None) => anywhere(kind, response, &Echo::of(trace)),
            _ => return Check::broken(format!("the requirement {} is none of {ID}", requirement.parameters)),
        };
        shown.map_or(Check::Holds, Check::broken)
    }

    fn explain(&self) -> &'static str {
        "the answer tells what it must not: a writeOnly or undeclared secret, a stack trace, an SQL error, a path"
    }
}

/// Whether the property is there again with a value of the kind.
fn property(kind: Kind, pointer: &str, response: &Response, echo: &Echo) -> Option<String> {
    let name = pointer.rsplit('/').find(|token| *token != "*").unwrap_or_default();
    let is_shown = |value: &&Value| match kind {
        Kind::WriteOnly => has_content(value),
        _ => sensitive(name, value, response.status).is_some() && !value.as_str().is_some_and(|text| echo.holds(text)),
    };
    let found = at(response.json()?, pointer).into_iter().any(|value| is_shown(&value));
    found.then(|| format!("the answer holds {pointer}, which it must not"))
}

/// Whether the answer shows the same kind of thing, wherever it stands.
fn anywhere(kind: Kind, response: &Response, echo: &Echo) -> Option<String> {
    let look =
        Look { response, suspicions: Suspicions::of(&response.body), schema: None, echo: echo.clone(), path: "" };
    let leak = look.leaks().into_iter().find(|leak| leak.kind == kind)?;
    Some(format!("{}: {}", leak.title(), leak.evidence))
}

fn report(leak: Leak) -> Report {
    let is_place = !leak.pointer.is_empty();
    let word = leak.kind.word();
    let (severity, owasp) = match leak.kind {
        Kind::WriteOnly | Kind::Undeclared => (Severity::High, Owasp::PropertyAuthorization),
        Kind::Value(_) => (Severity::Critical, Owasp::PropertyAuthorization),
        Kind::Disclosure(_) => (Severity::Medium, Owasp::Misconfiguration),
    };
    Report {
        oracle: ID,
        severity,
        owasp: Some(owasp),
        parameters: if is_place { json!({"kind": word, "pointer": leak.pointer}) } else { json!({"kind": word}) },
        title: leak.title(),
        discriminators: vec![word.to_owned(), leak.pointer.clone()],
        evidence: leak.evidence,
    }
}

#[cfg(test)]
#[path = "leaked_field_tests.rs"]
mod tests;
