//! `hang`: no byte of an answer comes in time.
//!
//! - Severity: high. OWASP: API4:2023.
//! - Signature: the operation alone.
//! - Controls: `triage` re-sends alone and with longer timeouts, so that a slow answer on a busy machine is none.
//! - Quiet: the request asks to wait or to stream, by a name in its path or by a parameter that is set (`/delay/9`,
//!   `?timeout=30s`, `?watch=true`); the document says that the operation streams; an interim status was asked for;
//!   the request's head is none that RFC 9112 allows (a server may wait for the rest of it).
//! - Known false alarms: a long poll without a telling name.

use serde_json::json;

use super::connection_dropped::is_ordinary;
use super::subject::{Report, Subject, answer};
use super::{Check, Oracle, asked};
use crate::api::Operation;
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::Trace;
use crate::wire::FaultKind;

pub(crate) const ID: OracleId = OracleId("hang");

/// Reports requests that get no answer in time.
pub(super) struct Hang;

impl Oracle for Hang {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let timed_out = subject.fault().is_some_and(|fault| fault.kind == FaultKind::TimedOut);
        if !timed_out || is_meant(&subject) {
            return Vec::new();
        }
        let report = Report {
            oracle: ID,
            severity: Severity::High,
            owasp: Some(Owasp::ResourceConsumption),
            parameters: json!({"answered": true}),
            title: "the server gives no answer in time".to_owned(),
            evidence: format!("no byte of an answer within {:.1} s", subject.exchange.elapsed.as_secs_f64()),
            discriminators: vec![],
        };
        vec![report.about(&subject)]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        answer(trace).map_or_else(|broken| broken, |_| Check::Holds)
    }

    fn explain(&self) -> &'static str {
        "no byte of an answer comes in time although the request asks for no wait"
    }
}

pub(super) fn is_meant(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    streams(&subject.case.operation)
        || !is_ordinary(request)
        || asked::to_wait(subject.step, request)
        || asked::for_bodiless_status(&subject.echo())
}

/// Whether the document says that answers come bit by bit.
fn streams(operation: &Operation) -> bool {
    let contents = operation.responses.0.iter().flat_map(|(_, response)| &response.contents);
    contents.into_iter().any(|content| {
        let essence = content.essence();
        let words = ["event-stream", "ndjson", "jsonl", "json-seq", "x-mixed-replace", "stream+json"];
        content.item_schema.is_some() || words.iter().any(|word| essence.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::{Shot, pair, quiet};

    fn get(path: &'static str, target: &'static str) -> Shot {
        Shot::new("GET", path, &json!({"responses": {"200": {}}})).target(target)
    }

    #[test]
    fn an_answer_that_never_comes_is_reported() {
        let finding = pair(
            &Hang,
            &get("/orders", "/orders?q=%28a%2B%29%2B").fault(FaultKind::TimedOut),
            &get("/orders", "/orders?q=a").text(200, "[]"),
        );
        assert_eq!((finding.severity, finding.owasp), (Severity::High, Some(Owasp::ResourceConsumption)));
    }

    #[test]
    fn waits_that_were_asked_for_are_quiet() {
        quiet(&Hang, &get("/delay/{delay}", "/delay/10").fault(FaultKind::TimedOut));
        quiet(&Hang, &get("/drip", "/drip?duration=9").fault(FaultKind::TimedOut));
        quiet(&Hang, &get("/pods", "/pods?watch=true").fault(FaultKind::TimedOut));
        quiet(&Hang, &get("/status/{code}", "/status/100").fault(FaultKind::TimedOut));
        quiet(&Hang, &get("/pods", "/pods").header("Content-Length", "99").fault(FaultKind::TimedOut));
        quiet(&Hang, &get("/orders", "/orders").fault(FaultKind::Closed));
        let streaming = json!({"responses": {"200": {"content": {"text/event-stream": {}}}}});
        quiet(&Hang, &Shot::new("GET", "/feed", &streaming).target("/feed").fault(FaultKind::TimedOut));
    }
}
