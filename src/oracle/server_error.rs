//! `server_error`: the server says that it failed.
//!
//! - Severity: high for 500; medium for 502, 504 and other 5xx; low for 501, 503 and 505. OWASP: API8:2023.
//! - Signature: the status and what the answer says, without what the request put into it; for a stack trace the
//!   type of the error and the frame that raised it.
//!   Where the answer names no error and the target's log of it has a trace, that tells it from others.
//! - Controls: `triage` re-sends alone; 502, 503 and 504 come from a gateway or from load and are called so.
//! - Quiet: the status was asked for (`/status/500`); 501, 502, 503 and 504 that the operation documents by their
//!   number; 501 and 505 for bytes that are no request of the operation (a method or version that is not its own).
//! - Known false alarms: a 500 that stands for a refused input is reported, since nothing tells it from a crash.

use serde_json::json;

use super::error_text::ErrorText;
use super::stack_trace;
use super::subject::{Report, Subject, answer, excerpt};
use super::{Check, Oracle, asked};
use crate::api::StatusPattern;
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::{Intent, Trace};

const ID: OracleId = OracleId("server_error");

/// Reports 5xx.
pub(super) struct ServerError;

impl Oracle for ServerError {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(response) = subject.response().filter(|response| is_error(response.status)) else { return Vec::new() };
        let status = response.status;
        if is_meant(&subject, status) {
            return Vec::new();
        }
        let echo = subject.echo();
        if asked::for_status(&echo, status) {
            return Vec::new();
        }
        let text = ErrorText::of(response, &echo);
        let report = Report {
            oracle: ID,
            severity: severity(status),
            owasp: Some(Owasp::Misconfiguration),
            parameters: json!({"status_below": 500}),
            title: title(status, &text.shown),
            evidence: format!("{status} {}", excerpt(&text.shown, 240)).trim_end().to_owned(),
            discriminators: vec![status.to_string(), text.key],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        match answer(trace) {
            Err(broken) => broken,
            Ok(response) if is_error(response.status) => {
                Check::broken(format!("the server answered {}{}", response.status, remark(response.status)))
            }
            Ok(_) => Check::Holds,
        }
    }

    fn explain(&self) -> &'static str {
        "the server answers 5xx to a request that it should serve or refuse"
    }
}

/// The failure with the error that the target's log tells of, where its answer names none: one generic answer may hide
/// several bugs.
pub(super) fn narrowed(finding: Finding, log: &[String]) -> Finding {
    let trace = if finding.oracle() == ID { stack_trace::find(&log.join("\n")) } else { None };
    let Some(trace) = trace.filter(|trace| !finding.evidence.contains(trace.error_type())) else { return finding };
    let (error, frame) = (trace.error_type(), trace.frame.as_str());
    Finding {
        signature: finding.signature.narrowed(&[error, frame]),
        title: format!("{} ({error} in {frame})", finding.title),
        evidence: format!("{}; its log says {error} in {frame}", finding.evidence),
        ..finding
    }
}

fn is_error(status: u16) -> bool {
    status >= 500
}

/// Whether the status is an answer rather than a failure.
fn is_meant(subject: &Subject<'_>, status: u16) -> bool {
    let operation = &subject.case.operation;
    let documented = operation.responses.0.iter().any(|(pattern, _)| *pattern == StatusPattern::Exact(status));
    let foreign = subject.exchange.request.method != operation.method || matches!(subject.case.intent, Intent::Wire(_));
    match status {
        501 => documented || foreign,
        505 => foreign,
        502..=504 => documented,
        _ => false,
    }
}

fn severity(status: u16) -> Severity {
    match status {
        500 => Severity::High,
        501 | 503 | 505 => Severity::Low,
        _ => Severity::Medium,
    }
}

fn remark(status: u16) -> &'static str {
    match status {
        501 => " (not implemented)",
        502..=504 => " (a gateway or load may be the cause)",
        _ => "",
    }
}

fn title(status: u16, shown: &str) -> String {
    let said = excerpt(shown, 80);
    let said = if said.is_empty() { said } else { format!(": {said}") };
    format!("the server answers {status}{}{said}", remark(status))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::{Shot, fires, pair, quiet};

    fn get(target: &'static str) -> Shot {
        Shot::new("GET", "/orders/{id}", &json!({"responses": {"200": {}, "503": {}}})).target(target)
    }

    /// The finding of a generic answer while the target wrote a trace with this error raised there.
    fn with_log(answer: &str, error: &str, function: &str) -> Finding {
        let log = format!(
            "Traceback (most recent call last):\n  File \"/srv/app.py\", line 3, in do\n    tax(body)\n  \
             File \"/srv/app.py\", line 9, in {function}\n    raise\n{error}: 'x'"
        );
        let lines: Vec<String> = log.lines().map(str::to_owned).collect();
        let finding = fires(&ServerError, &get("/orders/1").answer(500, "text/plain", answer));
        narrowed(finding, &lines)
    }

    #[test]
    fn failures_that_are_answered_alike_are_told_apart_by_the_log() {
        let (first, second) = (with_log("oops", "KeyError", "tax"), with_log("oops", "IndexError", "stock"));
        assert_ne!(first.signature, second.signature);
        assert_eq!(first.signature, with_log("oops", "KeyError", "tax").signature);
        assert!(first.title.ends_with("(KeyError in app.py:tax)"), "{}", first.title);
        let plain = fires(&ServerError, &get("/orders/1").answer(500, "text/plain", "oops"));
        assert_eq!(narrowed(plain.clone(), &["nothing".to_owned()]).signature, plain.signature);
        // What the answer names itself needs no log.
        let named = with_log("KeyError: 'x'", "KeyError", "tax");
        assert!(!named.title.contains("app.py"), "{}", named.title);
    }

    #[test]
    fn failures_are_reported_by_their_gravity() {
        for (status, severity) in [
            (500, Severity::High),
            (501, Severity::Low),
            (502, Severity::Medium),
            (504, Severity::Medium),
            (505, Severity::Low),
            (520, Severity::Medium),
        ] {
            let finding = pair(&ServerError, &get("/orders/1").text(status, "boom"), &get("/orders/1").text(404, "no"));
            assert_eq!(finding.severity, severity, "{status}");
        }
    }

    #[test]
    fn what_was_asked_for_or_is_meant_is_quiet() {
        quiet(&ServerError, &get("/status/500").text(500, ""));
        quiet(&ServerError, &get("/status/200:1,500:3").text(500, ""));
        quiet(&ServerError, &get("/orders/1").text(503, "down for maintenance"));
        quiet(&ServerError, &get("/orders/1").intent(Intent::Wire("version")).text(505, ""));
        quiet(&ServerError, &get("/orders/1").method("BREW").text(501, ""));
        quiet(&ServerError, &get("/orders/1").text(302, ""));
    }

    #[test]
    fn one_bug_has_one_signature_and_two_have_two() {
        let signature = |target, body: &'static str| {
            fires(&ServerError, &get(target).text(500, body)).signature.as_str().to_owned()
        };
        let one = signature("/orders/zaphod", "no row for zaphod");
        assert_eq!(one, signature("/orders/trillian", "no row for trillian"));
        assert_ne!(one, signature("/orders/zaphod", "division by zero"));
    }

    #[test]
    fn faults_break_the_requirement_too() {
        let finding = fires(&ServerError, &get("/orders/1").text(500, "boom"));
        for kind in [crate::wire::FaultKind::Closed, crate::wire::FaultKind::TimedOut] {
            let played = get("/orders/1").fault(kind);
            assert_ne!(ServerError.check(&finding.requirement, &played.trace()), Check::Holds);
        }
    }
}
