//! `undocumented_status`: an answer of a status that the operation does not document.
//!
//! - Severity: remark. OWASP: API9:2023.
//! - Signature: the status.
//! - Controls: `default` covers all, `4XX` its class.
//! - Quiet: operations that document no answers; 5xx (`server_error` has them); statuses that any front end gives
//!   (1xx, 401, 403, 407, 429, 431, redirects that only mend the URL); for requests that are not valid also 404, 405,
//!   406, 413, 414 and 415; bytes that no client library would send; a status that was asked for.
//! - Known false alarms: none, but plenty of remarks where the document is lazy.

use serde_json::{Value, json};

use super::subject::{Report, Subject, answer};
use super::{Check, Oracle, asked};
use crate::api::StatusPattern;
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::{Intent, Trace};

const ID: OracleId = OracleId("undocumented_status");

/// Reports statuses that are not documented.
pub(super) struct UndocumentedStatus;

impl Oracle for UndocumentedStatus {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(status) = subject.response().map(|response| response.status) else { return Vec::new() };
        let responses = &subject.case.operation.responses;
        let known = responses.0.is_empty() || responses.for_status(status).is_some();
        if known || is_expected(status, &subject.case.intent) || asked::for_status(&subject.echo(), status) {
            return Vec::new();
        }
        let documented = responses.patterns();
        let report = Report {
            oracle: ID,
            severity: Severity::Remark,
            owasp: Some(Owasp::Inventory),
            title: format!("the status {status} is not documented"),
            evidence: format!("{status}; documented are {}", documented.join(", ")),
            parameters: json!({"documented": documented}),
            discriminators: vec![status.to_string()],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Check {
        let status = match answer(trace) {
            Ok(response) => response.status,
            Err(broken) => return broken,
        };
        let documented = requirement.parameters["documented"].as_array().map_or(&[][..], Vec::as_slice);
        let patterns =
            documented.iter().filter_map(Value::as_str).filter_map(|text| text.parse::<StatusPattern>().ok());
        if is_of_any_front_end(status) || patterns.into_iter().any(|pattern| pattern.covers(status)) {
            return Check::Holds;
        }
        Check::broken(format!("the server answered {status}, which is not documented"))
    }

    fn explain(&self) -> &'static str {
        "the answer has a status that the document does not list for the operation"
    }
}

/// Whether the status needs no documentation for a request of this intent.
pub(super) fn is_expected(status: u16, intent: &Intent) -> bool {
    matches!(intent, Intent::Wire(_)) || is_of_no_handler(status, intent)
}

/// Whether something other than the operation's own code may have given this status.
pub(super) fn is_of_no_handler(status: u16, intent: &Intent) -> bool {
    let refusal = matches!(status, 404 | 405 | 406 | 413 | 414 | 415);
    status >= 500 || is_of_any_front_end(status) || (refusal && !intent.is_valid())
}

fn is_of_any_front_end(status: u16) -> bool {
    matches!(status, 100..=199 | 301 | 304 | 307 | 308 | 401 | 403 | 407 | 421 | 429 | 431)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Shot, pair, quiet};
    use crate::scenario::Rule;

    fn shot(responses: &Value) -> Shot {
        Shot::new("GET", "/a/{id}", &json!({ "responses": responses })).target("/a/7")
    }

    fn malformed() -> Intent {
        Intent::Malformed(Rule {
            keyword: "type".into(),
            place: "path/id".into(),
            member: None,
            change: "a word".into(),
        })
    }

    #[test]
    fn statuses_that_are_not_listed_are_remarked() {
        let documented = json!({"200": {}, "404": {}});
        let finding = pair(&UndocumentedStatus, &shot(&documented).text(418, ""), &shot(&documented).text(404, ""));
        assert_eq!(finding.severity, Severity::Remark);
        let bad = pair(
            &UndocumentedStatus,
            &shot(&documented).intent(malformed()).text(400, ""),
            &shot(&json!({"200": {}, "4XX": {}})).intent(malformed()).text(404, ""),
        );
        assert_ne!(finding.signature, bad.signature);
    }

    #[test]
    fn wildcards_and_front_ends_are_quiet() {
        for (responses, status) in [
            (json!({"default": {}}), 418),
            (json!({"4XX": {}}), 418),
            (json!({}), 418),
            (json!({"200": {}}), 500),
            (json!({"200": {}}), 401),
            (json!({"200": {}}), 429),
            (json!({"200": {}}), 308),
        ] {
            quiet(&UndocumentedStatus, &shot(&responses).text(status, ""));
        }
        let listed = json!({"200": {}});
        quiet(&UndocumentedStatus, &shot(&listed).intent(malformed()).text(404, ""));
        quiet(&UndocumentedStatus, &shot(&listed).intent(Intent::Wire("x")).text(400, ""));
        quiet(&UndocumentedStatus, &shot(&listed).target("/status/418").text(418, ""));
    }
}
