//! `invalid_http`: what comes back is not HTTP.
//!
//! - Severity: medium. OWASP: API8:2023.
//! - Signature: the parser's complaint, normalised.
//! - Controls: `triage` re-sends on a fresh connection, so that bytes left over from an earlier answer do not count.
//! - Quiet: the request's head is none that RFC 9112 allows; an odd status was asked for (`/status/1000`).
//! - Known false alarms: none.

use serde_json::json;

use super::connection_dropped::is_ordinary;
use super::echo::Echo;
use super::subject::{Report, Subject, answer, excerpt};
use super::{Check, Oracle, asked};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity, normalised};
use crate::scenario::Trace;
use crate::wire::{Fault, FaultKind};

const ID: OracleId = OracleId("invalid_http");

/// Reports answers that are no HTTP.
pub(super) struct InvalidHttp;

impl Oracle for InvalidHttp {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(fault) = subject.fault().filter(|fault| fault.kind == FaultKind::Unparsable) else {
            return Vec::new();
        };
        let echo = subject.echo();
        let asked = asked::for_bodiless_status(&echo) || odd_status_asked(fault, &echo);
        if asked || !is_ordinary(&subject.exchange.request) {
            return Vec::new();
        }
        let report = Report {
            oracle: ID,
            severity: Severity::Medium,
            owasp: Some(Owasp::Misconfiguration),
            parameters: json!({"answered": true}),
            title: format!("the server answers with bytes that are not HTTP: {}", excerpt(&fault.detail, 80)),
            evidence: format!("{}: {}", fault.detail, excerpt(&String::from_utf8_lossy(&fault.partial), 200)),
            discriminators: vec![normalised(&fault.detail)],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        answer(trace).map_or_else(|broken| broken, |_| Check::Holds)
    }

    fn explain(&self) -> &'static str {
        "the server sends bytes that are not HTTP"
    }
}

/// Whether the status in the broken status line is one that the request named.
fn odd_status_asked(fault: &Fault, echo: &Echo) -> bool {
    let partial = String::from_utf8_lossy(&fault.partial);
    let status = partial.lines().next().and_then(|line| line.split(' ').nth(1));
    status.is_some_and(|status| {
        let number = status.trim_start_matches('-').parse().is_ok_and(|number| asked::for_status(echo, number));
        number || (!status.is_empty() && echo.holds(status))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::{Shot, pair, quiet};

    fn get(target: &'static str) -> Shot {
        Shot::new("GET", "/status/{codes}", &json!({"responses": {"200": {}}})).target(target)
    }

    #[test]
    fn bytes_that_are_no_http_are_reported() {
        let finding =
            pair(&InvalidHttp, &get("/x").garbage("bad status", "HTTP/1.1 okay\r\n"), &get("/x").text(200, "ok"));
        assert_eq!(finding.severity, Severity::Medium);
    }

    #[test]
    fn an_odd_status_that_was_asked_for_is_quiet() {
        quiet(&InvalidHttp, &get("/status/1000").garbage("bad status", "HTTP/1.1 1000 UNKNOWN\r\n"));
        quiet(&InvalidHttp, &get("/status/-7").garbage("bad status", "HTTP/1.1 -7 UNKNOWN\r\n"));
        quiet(&InvalidHttp, &get("/x y").garbage("bad status", "<html>"));
        quiet(&InvalidHttp, &get("/x").fault(FaultKind::Closed));
    }
}
