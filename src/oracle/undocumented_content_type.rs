//! `undocumented_content_type`: an answer with a body of a media type that its status does not document.
//!
//! - Severity: remark. OWASP: none.
//! - Signature: status class and media type.
//! - Controls: wildcards match; all JSON types count as one, as do all XML and all YAML types; a documented
//!   `application/octet-stream` stands for any file.
//! - Quiet: statuses without documented contents, answers without a body, 5xx, what any front end answers, odd targets
//!   and headers, which are refused before the operation is known.
//! - Known false alarms: none, but plenty of remarks where the document is lazy.

use serde_json::{Value, json};

use super::contract::{documented, has_body};
use super::subject::{Report, Subject, answer};
use super::undocumented_status::is_of_no_handler;
use super::{Check, Oracle};
use crate::api::MediaType;
use crate::finding::{Finding, OracleId, Requirement, Severity};
use crate::scenario::{Intent, RECORDED, Trace};
use crate::wire::Response;

const ID: OracleId = OracleId("undocumented_content_type");

/// What stands for a missing `Content-Type`.
const NONE: &str = "none";

/// Reports media types that are not documented.
pub(super) struct UndocumentedContentType;

impl Oracle for UndocumentedContentType {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(response) = subject.response() else { return Vec::new() };
        let intent = &subject.case.intent;
        // An odd head is refused before the operation is known; an odd body gets as far as the operation.
        // What was recorded may be either.
        let is_odd_head = matches!(intent, Intent::Wire("odd_target" | "odd_header" | RECORDED));
        if is_odd_head || is_of_no_handler(response.status, intent) || !has_body(&subject.exchange.request, response) {
            return Vec::new();
        }
        let contents = documented(subject.case, response).map_or(&[][..], |spec| &spec.contents);
        let answered = answered(response);
        if contents.is_empty() || contents.iter().any(|content| allows(content, &answered)) {
            return Vec::new();
        }
        let names: Vec<&str> = contents.iter().map(|content| content.name.as_str()).collect();
        let report = Report {
            oracle: ID,
            severity: Severity::Remark,
            owasp: None,
            title: format!("the {} answer has the undocumented content type {answered}", response.status),
            evidence: format!("{answered}; documented are {}", names.join(", ")),
            parameters: json!({"status": response.status, "documented": names}),
            discriminators: vec![(response.status / 100).to_string(), answered],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Check {
        let response = match answer(trace) {
            Ok(response) => response,
            Err(broken) => return broken,
        };
        let parameters = &requirement.parameters;
        let same_status = parameters["status"].as_u64() == Some(response.status.into());
        let documented = parameters["documented"].as_array().map_or(&[][..], Vec::as_slice);
        let answered = answered(response);
        let mut contents = documented.iter().filter_map(Value::as_str).map(named);
        if !same_status || response.body.is_empty() || contents.any(|content| allows(&content, &answered)) {
            return Check::Holds;
        }
        Check::broken(format!("the content type is {answered}, which is not documented"))
    }

    fn explain(&self) -> &'static str {
        "the answer's body has a media type that the document does not list for its status"
    }
}

fn answered(response: &Response) -> String {
    response.media_type().unwrap_or_else(|| NONE.to_owned())
}

/// Whether the documented type covers the answered one, or both belong to one family.
fn allows(documented: &MediaType, answered: &str) -> bool {
    let essence = documented.essence();
    let same_family = family(&essence).is_some_and(|own| family(answered) == Some(own));
    documented.matches(answered) || same_family || essence == "application/octet-stream" || !essence.contains('/')
}

fn family(essence: &str) -> Option<&'static str> {
    let subtype = essence.split('/').nth(1)?;
    let last = subtype.rsplit(['+', '-']).next()?;
    ["json", "xml", "yaml", "javascript"].into_iter().find(|family| *family == last)
}

fn named(name: &str) -> MediaType {
    MediaType { name: name.to_owned(), schema: None, item_schema: None, examples: vec![], encoding: vec![] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Shot, pair, quiet};

    fn shot(documented: &str) -> Shot {
        let content = json!({documented: {}});
        Shot::new(
            "GET",
            "/a",
            &json!({"responses": {"200": {"content": content}, "204": {}, "404": {"content": content}}}),
        )
    }

    #[test]
    fn other_types_are_remarked() {
        let json = shot("application/json");
        let finding =
            pair(&UndocumentedContentType, &json.html(200, "<p>"), &json.answer(200, "application/json", "1"));
        assert_eq!(finding.severity, Severity::Remark);
        pair(&UndocumentedContentType, &json.answer(200, "", "x"), &json.answer(200, "", ""));
        pair(&UndocumentedContentType, &json.html(404, "<p>"), &json.text(200, ""));
    }

    #[test]
    fn families_wildcards_and_missing_bodies_are_quiet() {
        for (documented, answered) in [
            ("application/json; charset=utf-8", "application/json"),
            ("application/json", "application/problem+json"),
            ("text/xml", "application/xml"),
            ("application/yaml", "application/x-yaml"),
            ("*/*", "image/png"),
            ("text/*", "text/plain"),
            ("application/octet-stream", "image/png"),
        ] {
            quiet(&UndocumentedContentType, &shot(documented).answer(200, answered, "x"));
        }
        let json = shot("application/json");
        quiet(&UndocumentedContentType, &json.text(500, "x"));
        quiet(&UndocumentedContentType, &json.text(204, "x"));
        quiet(&UndocumentedContentType, &json.text(400, "x"));
        quiet(&UndocumentedContentType, &json.clone().method("HEAD").text(200, "x"));
        quiet(&UndocumentedContentType, &json.clone().intent(Intent::Wire("invalid_json")).text(404, "x"));
        for class in ["odd_target", RECORDED] {
            let odd = json.clone().intent(Intent::Wire(class));
            quiet(&UndocumentedContentType, &odd.answer(200, "text/html", "x"));
        }
    }
}
