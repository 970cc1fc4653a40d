//! `response_schema`: a JSON answer breaks the schema that documents it, or is no JSON at all.
//!
//! - Severity: low. OWASP: none: a wrong type is no exposure (what is, is `leaked_field`).
//! - Signature: the place in the schema and the keyword, never the place in the answer; one more for bytes that
//!   are no JSON.
//! - Controls: the validator is the one that also proves malformed requests; formats count for `date-time`, `date`
//!   and `uuid` only.
//! - Quiet: 5xx, 1xx, 204, 304 and `HEAD`; cut, streamed and empty bodies; undocumented statuses and other media
//!   types; `writeOnly` members that are missing; values that fit several `oneOf` alternatives; `multipleOf`; JSON that a strict reader refuses for its size or depth only;
//!   bytes that no client library would send were asked.
//! - Known false alarms: a document that forgets `null`; that is what the remark is about.
//!
//! On replay an answer of another status says nothing about the schema and holds.

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::contract::{Contract, Contracts, documented, has_body, is_json, media_type};
use super::subject::{Report, Subject, answer, excerpt};
use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Requirement, Severity};
use crate::scenario::{Intent, Trace};
use crate::schema::{Validation, Violation};
use crate::wire::{Ending, Response};

pub(crate) const ID: OracleId = OracleId("response_schema");

/// Violations that are looked at in one answer.
const MOST: usize = 12;
/// Longer bodies are not validated.
const BODY_BOUND: usize = 1024 * 1024;

/// Reports answers that break their schema.
pub(super) struct ResponseSchema {
    contracts: Arc<Contracts>,
}

impl ResponseSchema {
    pub(super) fn new(contracts: Arc<Contracts>) -> Self {
        Self { contracts }
    }
}

impl Oracle for ResponseSchema {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(response) = subject.response().filter(|response| response.status < 500) else { return Vec::new() };
        let skipped = matches!(subject.case.intent, Intent::Wire(_)) || !has_body(&subject.exchange.request, response);
        if skipped || !is_whole_json(response) {
            return Vec::new();
        }
        let media_type = documented(subject.case, response).and_then(|spec| media_type(spec, response));
        let Some(media_type) = media_type.filter(|media_type| is_json(&media_type.essence())) else {
            return Vec::new();
        };
        let Some(value) = response.json() else {
            let broken = syntax_problem(&response.body);
            return broken.map(|problem| not_json(response, &problem).about(&subject)).into_iter().collect();
        };
        let Some(schema) = &media_type.schema else { return Vec::new() };
        let contract = self.contracts.of(schema);
        if contract.validation().accepts(value) {
            return Vec::new();
        }
        distinct(contract.validation(), value)
            .into_iter()
            .map(|violation| mismatch(response, &contract, &violation).about(&subject))
            .collect()
    }

    fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Check {
        let response = match answer(trace) {
            Ok(response) => response,
            Err(broken) => return broken,
        };
        let parameters = &requirement.parameters;
        let same_status = parameters["status"].as_u64() == Some(response.status.into());
        if !same_status || !is_whole_json(response) || response.body.is_empty() {
            return Check::Holds;
        }
        let Some(value) = response.json() else {
            let broken = syntax_problem(&response.body);
            return broken.map_or(Check::Holds, |problem| Check::broken(format!("the answer is no JSON: {problem}")));
        };
        let Some(place) = parameters["place"].as_str() else { return Check::Holds };
        let validation = Validation::of(&parameters["schema"]);
        let again = distinct(&validation, value).into_iter().find(|violation| place_of(violation) == place);
        again.map_or(Check::Holds, |violation| Check::broken(excerpt(&sentence(&violation), 300)))
    }

    fn explain(&self) -> &'static str {
        "a JSON answer breaks the schema that documents it"
    }
}

/// Whether the answer claims to be one JSON text and all of it is here.
fn is_whole_json(response: &Response) -> bool {
    let is_whole = response.ending == Ending::Complete && response.body.len() <= BODY_BOUND;
    is_whole && response.media_type().is_some_and(|essence| is_json(&essence))
}

/// Why the bytes are no JSON, if they are none. Numbers and escapes out of range, deep nesting, a byte order mark
/// and the guard against script inclusion are let pass.
fn syntax_problem(body: &[u8]) -> Option<String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.starts_with(b")]}'") {
        return None;
    }
    serde_json::from_slice::<IgnoredAny>(body).err().map(|error| error.to_string())
}

/// The violations, one for each place in the schema.
fn distinct(validation: &Validation, value: &Value) -> Vec<Violation> {
    let mut violations: Vec<Violation> = Vec::new();
    let found = validation.violations(value, MOST).into_iter();
    for violation in found.filter(|violation| counts(violation) && !is_rounded(violation, value)) {
        if !violations.iter().any(|known| place_of(known) == place_of(&violation)) {
            violations.push(violation);
        }
    }
    violations
}

/// Alternatives that overlap are the document's fault, and no decimal arithmetic can hold a fraction as a step.
fn counts(violation: &Violation) -> bool {
    let overlaps = violation.keyword == "oneOf" && violation.message.contains("more than one");
    !overlaps && violation.keyword != "multipleOf"
}

/// Whether what was broken may be a matter of rounding: integers beyond 64 bits are read as doubles, of which several are
/// equal, and equal to a limit.
fn is_rounded(violation: &Violation, value: &Value) -> bool {
    let is_exact =
        !matches!(violation.keyword.as_str(), "exclusiveMinimum" | "exclusiveMaximum" | "uniqueItems" | "not");
    !is_exact && value.pointer(&violation.instance).is_some_and(holds_long_integer)
}

fn holds_long_integer(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let double = number.as_f64().filter(|_| number.is_f64());
            double.is_some_and(|double| double.fract() == 0.0 && double.abs() >= 9.2e18)
        }
        Value::Array(items) => items.iter().any(holds_long_integer),
        Value::Object(members) => members.values().any(holds_long_integer),
        _ => false,
    }
}

/// The schema that is broken, without its keyword, and for a missing member its name: a fixture stays red when
/// another keyword of the same schema is broken instead.
fn place_of(violation: &Violation) -> String {
    let schema = violation.schema.rsplit_once('/').map_or("", |(schema, _)| schema);
    match (violation.keyword.as_str(), violation.message.split('"').nth(1)) {
        ("required", Some(member)) => format!("{schema}/properties/{member}"),
        _ => schema.to_owned(),
    }
}

/// The place as it is in any bundle: the numbers that tell bundled schemas apart are left out.
fn stable(place: &str) -> String {
    let token = |token: &str| match token.rsplit_once('.') {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
        _ => token.to_owned(),
    };
    place.split('/').map(token).collect::<Vec<_>>().join("/")
}

fn sentence(violation: &Violation) -> String {
    let place = if violation.instance.is_empty() { "the answer" } else { &violation.instance };
    format!("{place}: {}", violation.message)
}

fn mismatch(response: &Response, contract: &Contract, violation: &Violation) -> Report {
    let place = place_of(violation);
    Report {
        oracle: ID,
        severity: Severity::Low,
        owasp: None,
        parameters: json!({"status": response.status, "place": place, "schema": contract.bundle()}),
        title: format!("the {} answer breaks its schema: {}", response.status, excerpt(&sentence(violation), 120)),
        evidence: excerpt(&sentence(violation), 300),
        discriminators: vec![stable(&place), violation.keyword.clone()],
    }
}

fn not_json(response: &Response, problem: &str) -> Report {
    Report {
        oracle: ID,
        severity: Severity::Low,
        owasp: None,
        parameters: json!({"status": response.status}),
        title: format!("the {} answer says that it is JSON and is none", response.status),
        evidence: format!("{problem}: {}", excerpt(&response.text(), 160)),
        discriminators: vec!["no json".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Played, Shot, fires, pair, quiet};

    fn oracle() -> ResponseSchema {
        ResponseSchema::new(Arc::default())
    }

    fn orders() -> Shot {
        let order = json!({
            "type": "object",
            "required": ["id", "secret", "state"],
            "properties": {
                "id": {"type": "integer"},
                "secret": {"type": "string", "writeOnly": true},
                "state": {"enum": ["open", "done"]},
                "at": {"type": "string", "format": "date-time"},
                "mail": {"type": "string", "format": "email"},
                "price": {"multipleOf": 0.01},
                "size": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
                "total": {"exclusiveMaximum": 1e23},
                "ids": {"uniqueItems": true}
            }
        });
        let list = json!({"type": "array", "items": {"$ref": "#/components/schemas/Order"}});
        Shot::new(
            "GET",
            "/orders",
            &json!({
                "components": {"schemas": {"Order": order}},
                "responses": {
                    "200": {"content": {"application/json": {"schema": list}}},
                    "404": {"content": {"application/problem+json": {"schema": {"required": ["title"]}}}},
                    "202": {"content": {"application/x-ndjson": {"schema": {"type": "array"}}}}
                }
            }),
        )
    }

    fn ok(body: &Value) -> Played {
        orders().json(200, body)
    }

    #[test]
    fn broken_schemas_are_reported() {
        let clean = ok(&json!([{"id": 1, "state": "open", "at": "2026-01-02T03:04:05Z", "mail": "no mail"}]));
        for planted in [
            json!([{"id": "1", "state": "open"}]),
            json!([{"id": 1}]),
            json!([{"id": 1, "state": "lost"}]),
            json!([{"id": 1, "state": "open", "at": "yesterday"}]),
            json!({"items": []}),
        ] {
            let finding = pair(&oracle(), &ok(&planted), &clean);
            assert_eq!(finding.severity, Severity::Low);
        }
        pair(&oracle(), &orders().answer(200, "application/json", "[1,"), &clean);
        pair(&oracle(), &orders().json(404, &json!({})), &orders().json(404, &json!({"title": "gone"})));
    }

    #[test]
    fn signatures_name_the_place_in_the_schema() {
        let signature = |body: &Value| fires(&oracle(), &ok(body)).signature;
        let first = signature(&json!([{"id": "x", "state": "open"}]));
        assert_eq!(first, signature(&json!([{"id": 1, "state": "open"}, {"id": "y", "state": "open"}])));
        assert_ne!(first, signature(&json!([{"id": 1, "state": 7}])));
        assert_ne!(signature(&json!([{"id": 1}])), signature(&json!([{"state": "open"}])));
        let two = oracle().judge(&ok(&json!([{"id": "x", "state": 7}, {"id": "x", "state": 8}])).trace());
        assert_eq!(two.len(), 2);
    }

    #[test]
    fn a_fixture_is_about_its_own_place() {
        let finding = fires(&oracle(), &ok(&json!([{"id": "x", "state": "open"}])));
        let check = |body: &Value| oracle().check(&finding.requirement, &ok(body).trace());
        assert_eq!(check(&json!([{"id": 1, "state": 7}])), Check::Holds, "another place is another fixture");
        assert_ne!(check(&json!([{"id": null, "state": "open"}])), Check::Holds);
    }

    #[test]
    fn integers_beyond_64_bits_are_not_judged_by_their_rounding() {
        let answer = |members: &str| {
            let body = format!(r#"[{{"id": 1, "state": "open", {members}}}]"#);
            orders().answer(200, "application/json", &body)
        };
        quiet(&oracle(), &answer(r#""total": 99999999999999999999998"#));
        quiet(&oracle(), &answer(r#""ids": [99999999999999999999999, 99999999999999999999998]"#));
        fires(&oracle(), &answer(r#""ids": [7, 7]"#));
    }

    #[test]
    fn answers_without_a_schema_of_their_own_are_quiet() {
        quiet(&oracle(), &orders().text(200, "no json"));
        quiet(&oracle(), &ok(&json!([{"id": 1, "state": "open", "price": 0.015, "size": 3}])));
        quiet(&oracle(), &orders().json(500, &json!({})));
        quiet(&oracle(), &orders().json(400, &json!({})));
        quiet(&oracle(), &orders().answer(202, "application/x-ndjson", "{}\n{}\n"));
        quiet(&oracle(), &orders().method("HEAD").json(200, &json!({})));
        quiet(&oracle(), &orders().answer(200, "application/json", ""));
        quiet(&oracle(), &orders().intent(Intent::Wire("bytes")).json(200, &json!({})));
        quiet(&oracle(), &orders().answer(200, "application/json", &format!("{}{}", "[".repeat(200), "]".repeat(200))));
        quiet(&oracle(), &orders().answer(200, "application/json", ")]}'\n[]"));
        let cut = Response::ended(200, crate::wire::Headers::new(), "[".into(), 9, Ending::Bounded);
        quiet(&oracle(), &orders().outcome(crate::wire::Outcome::Response(cut)));
    }
}
