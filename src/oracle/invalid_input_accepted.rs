//! `invalid_input_accepted`: a request that breaks exactly one rule is answered 2xx.
//!
//! - Severity: low. OWASP: API8:2023.
//! - Signature: the rule's keyword and its place, indices removed; for a missing member its name as well.
//! - Controls: the generator has proved the request invalid after encoding; a 2xx whose body says that it is an error
//!   counts as a refusal.
//! - Quiet: all that servers read leniently by custom (`lenient`): numbers as text, empty and `null` parameters, lists
//!   for single values, undeclared parameters, bodies that the method or the media type makes meaningless, well-known
//!   headers, formats but the plainest.
//! - Known false alarms: a declared header or cookie that a gateway consumes and the service never sees.
//!
//! On replay a 5xx is as wrong as a 2xx: the input must be refused, not crash the service.

use serde_json::{Value, json};

use super::subject::{Report, Subject, answer};
use super::{Check, Oracle, lenient};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::{Intent, Trace};
use crate::wire::Response;

pub(crate) const ID: OracleId = OracleId("invalid_input_accepted");

/// Reports malformed requests that are accepted.
pub(super) struct InvalidInputAccepted;

impl Oracle for InvalidInputAccepted {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let (Intent::Malformed(rule), Some(response)) = (&subject.case.intent, subject.response()) else {
            return Vec::new();
        };
        if !is_acceptance(response) || lenient::is_custom(subject.case, rule) {
            return Vec::new();
        }
        // The place of a missing member is the object around it; only the change names the member.
        let member = if rule.keyword == "required" { rule.change.clone() } else { String::new() };
        let report = Report {
            oracle: ID,
            severity: Severity::Low,
            owasp: Some(Owasp::Misconfiguration),
            parameters: json!({"refused": true}),
            title: format!("invalid input is accepted: {rule}"),
            evidence: format!("{} although {} is broken at {}", response.status, rule.keyword, rule.place),
            discriminators: vec![rule.keyword.clone(), generalised(&rule.place), member],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        match answer(trace) {
            Err(broken) => broken,
            Ok(response) if is_acceptance(response) => {
                Check::broken(format!("the server answered {} to invalid input", response.status))
            }
            Ok(response) if response.status >= 500 => {
                Check::broken(format!("the server answered {} instead of refusing the input", response.status))
            }
            Ok(_) => Check::Holds,
        }
    }

    fn explain(&self) -> &'static str {
        "a request that breaks one rule of the document is answered 2xx"
    }
}

/// Whether the answer says yes: 2xx, unless it tells of each part alone or carries an error.
pub(super) fn is_acceptance(response: &Response) -> bool {
    response.is_success() && response.status != 207 && !response.json().is_some_and(is_refusal)
}

/// Whether a body says in words what the status does not.
fn is_refusal(body: &Value) -> bool {
    let says = |name: &str| match body.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    };
    let is_no = |name: &str| body.get(name) == Some(&Value::Bool(false));
    let failed = |word: &str| ["error", "fail", "failed", "failure", "invalid"].contains(&word);
    let status = body.get("status").and_then(Value::as_str).map(str::to_ascii_lowercase);
    says("error") || says("errors") || is_no("success") || is_no("ok") || status.is_some_and(|word| failed(&word))
}

/// The place with `*` for indices.
fn generalised(place: &str) -> String {
    let is_index = |token: &str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
    place.split('/').map(|token| if is_index(token) { "*" } else { token }).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Shot, fires, pair, quiet};
    use crate::scenario::Rule;

    fn post(keyword: &str, place: &str) -> Shot {
        let rule =
            Rule { keyword: keyword.into(), place: place.into(), member: None, change: "one above the maximum".into() };
        let description = json!({"responses": {"200": {}}, "requestBody": {"content": {"application/json": {}}}});
        Shot::new("POST", "/orders", &description).intent(Intent::Malformed(rule))
    }

    #[test]
    fn accepted_violations_are_reported() {
        let planted = post("maximum", "body/items/0/count").json(201, &json!({"id": 1}));
        let finding = pair(&InvalidInputAccepted, &planted, &post("maximum", "body/items/0/count").text(422, "no"));
        assert_eq!(finding.severity, Severity::Low);
        let other = fires(&InvalidInputAccepted, &post("maximum", "body/items/12/count").text(200, "ok"));
        assert_eq!(finding.signature, other.signature);
        let third = fires(&InvalidInputAccepted, &post("minimum", "body/items/12/count").text(200, "ok"));
        assert_ne!(finding.signature, third.signature);
        let crash = post("maximum", "body/items/0/count").text(500, "boom");
        assert_ne!(InvalidInputAccepted.check(&finding.requirement, &crash.trace()), Check::Holds);
    }

    #[test]
    fn refusals_in_words_are_quiet() {
        let shot = post("maximum", "body/count");
        for body in [
            json!({"error": "too many"}),
            json!({"errors": [{"field": "count"}]}),
            json!({"success": false}),
            json!({"status": "ERROR"}),
        ] {
            quiet(&InvalidInputAccepted, &shot.json(200, &body));
        }
        quiet(&InvalidInputAccepted, &shot.json(207, &json!([])));
        quiet(&InvalidInputAccepted, &shot.text(302, ""));
        fires(&InvalidInputAccepted, &shot.json(200, &json!({"errors": [], "error": null, "status": "ok"})));
    }

    #[test]
    fn only_malformed_requests_count() {
        for intent in [Intent::Valid, Intent::Hostile("sql"), Intent::Wire("bytes")] {
            quiet(&InvalidInputAccepted, &post("maximum", "body").intent(intent).text(200, "ok"));
        }
    }
}
