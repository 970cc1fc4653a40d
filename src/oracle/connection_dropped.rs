//! `connection_dropped`: the connection ends without an answer, or in the middle of one. Most often a handler
//! panicked or the process died.
//!
//! - Severity: high. OWASP: API8:2023.
//! - Signature: whether there was no answer or a part of one.
//! - Controls: `triage` re-sends on a fresh connection, so that a kept connection that was closed while idle is
//!   not blamed.
//! - Quiet: the request's head is none that RFC 9112 allows, or head or body are so large that a server may hang
//!   up while they are being sent; a status without a body was asked for (`/status/100`).
//! - Known false alarms: a proxy that hides its upstream's answers.

use serde_json::json;

use super::subject::{Report, Subject, answer, excerpt, fault_words};
use super::{Check, Oracle, asked};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::Trace;
use crate::wire::{FaultKind, Request};

const ID: OracleId = OracleId("connection_dropped");

/// Larger heads may be cut off by any server.
const HEAD_BOUND: usize = 8 * 1024;
/// Larger bodies may be refused while they are being sent, which looks like a reset.
const BODY_BOUND: usize = 512 * 1024;

/// Reports connections that end without a whole answer.
pub(super) struct ConnectionDropped;

impl Oracle for ConnectionDropped {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(fault) = subject.fault() else { return Vec::new() };
        let (word, title) = match fault.kind {
            FaultKind::Closed => ("closed", "the server closes the connection without an answer"),
            FaultKind::Truncated => ("truncated", "the server closes the connection in the middle of its answer"),
            _ => return Vec::new(),
        };
        if !is_ordinary(&subject.exchange.request) || asked::for_bodiless_status(&subject.echo()) {
            return Vec::new();
        }
        let partial = excerpt(&String::from_utf8_lossy(&fault.partial), 160);
        let report = Report {
            oracle: ID,
            severity: Severity::High,
            owasp: Some(Owasp::Misconfiguration),
            parameters: json!({"answered": true}),
            title: title.to_owned(),
            evidence: if partial.is_empty() { fault_words(fault) } else { format!("{}: {partial}", fault.kind) },
            discriminators: vec![word.to_owned()],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        answer(trace).map_or_else(|broken| broken, |_| Check::Holds)
    }

    fn explain(&self) -> &'static str {
        "the connection is closed without an answer or in the middle of one, as when a handler panics"
    }
}

/// Whether the head is one that any server must answer (RFC 9112 sections 3 and 5), and of ordinary size.
pub(super) fn is_ordinary(request: &Request) -> bool {
    let is_token = |bytes: &[u8]| {
        !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
    };
    let is_value = |bytes: &[u8]| bytes.iter().all(|b| *b == b'\t' || (*b >= b' ' && *b != 0x7f));
    let framing = ["content-length", "transfer-encoding", "expect", "upgrade", "connection"];
    let head: usize = request.headers.iter().map(|header| header.name.len() + header.value.len() + 4).sum();
    is_token(request.method.as_bytes())
        && request.target.starts_with(b"/")
        && request.target.iter().all(u8::is_ascii_graphic)
        && request.headers.iter().all(|header| is_token(&header.name) && is_value(&header.value))
        && !framing.iter().any(|name| request.headers.contains(name))
        && request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(b"host")).count() <= 1
        && head + request.target.len() <= HEAD_BOUND
        && request.body.len() <= BODY_BOUND
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::{Shot, fires, pair, quiet};

    fn post(target: &'static str) -> Shot {
        Shot::new("POST", "/alerts", &json!({"responses": {"200": {}}})).target(target)
    }

    #[test]
    fn dropped_connections_are_reported() {
        let clean = post("/alerts").text(400, "no");
        let closed = pair(&ConnectionDropped, &post("/alerts").fault(FaultKind::Closed), &clean);
        let cut = pair(&ConnectionDropped, &post("/alerts").fault(FaultKind::Truncated), &clean);
        assert_eq!((closed.severity, cut.severity), (Severity::High, Severity::High));
        assert_ne!(closed.signature, cut.signature);
    }

    #[test]
    fn other_faults_are_the_work_of_other_oracles() {
        for kind in [FaultKind::TimedOut, FaultKind::Refused, FaultKind::Unparsable] {
            quiet(&ConnectionDropped, &post("/alerts").fault(kind));
        }
    }

    #[test]
    fn a_request_that_is_none_may_be_hung_up_on() {
        quiet(&ConnectionDropped, &post("/al\u{0}erts").fault(FaultKind::Closed));
        quiet(&ConnectionDropped, &post("/alerts").method("PO ST").fault(FaultKind::Closed));
        quiet(&ConnectionDropped, &post("/alerts").header("X-A", "a\r\nb").fault(FaultKind::Closed));
        quiet(&ConnectionDropped, &post("/alerts").header("Content-Length", "9").fault(FaultKind::Closed));
        quiet(&ConnectionDropped, &post("/alerts").body("text/plain", "x".repeat(600_000)).fault(FaultKind::Truncated));
        quiet(&ConnectionDropped, &post("/status/101").fault(FaultKind::Closed));
        fires(&ConnectionDropped, &post("/alerts").header("X-A", "caf\u{e9}").fault(FaultKind::Closed));
    }
}
