//! `runtime_error`: the process reports an error of its own and lives on: undefined behaviour, a use of freed memory where
//! `halt_on_error=0` is set, a data race, a panic or an uncaught exception of a thread. Told only where gadfly runs the
//! target itself, and of requests that were sent while nothing else was.
//!
//! - Severity: high for errors of memory, medium for the rest. OWASP: API8:2023.
//! - Signature: the kind and the innermost frames; of undefined behaviour also its sort.
//! - Controls: a report that was written while others were under way is looked for by sending them alone; `triage` does the
//!   same, on a new process each time where a process tells it only once.
//! - Quiet: a panic or an exception whose request was answered by an error that is a finding already: it is the evidence
//!   there. Traces that a program logs of errors that it handles. Leaks, which are told when a process ends.
//! - Known false alarms: a sanitizer's own, and work in the background that the request did not ask for, as often as both
//!   come together.

use serde_json::json;

use super::crash::{Crash, outlived};
use super::server_error::ServerError;
use super::subject::{Report, Subject, answer, excerpt};
use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::Trace;
use crate::wire::FaultKind;

/// Its name: a replay asks what it needs.
pub(crate) const ID: OracleId = OracleId("runtime_error");

/// Reports requests that make the process report an error.
pub(super) struct RuntimeError;

impl Oracle for RuntimeError {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let reported = subject.response().and_then(|response| response.reported.as_deref());
        let crashes = reported.map(outlived).unwrap_or_default();
        if crashes.is_empty() {
            return Vec::new();
        }
        let is_known = !ServerError.judge(trace).is_empty();
        let told = crashes.into_iter().filter(|crash| crash.is_sanitizer || !is_known);
        let mut findings: Vec<Finding> = told.map(|crash| report(crash).about(&subject)).collect();
        findings.dedup_by(|one, other| one.signature == other.signature);
        findings
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        match answer(trace) {
            Err(broken) => match trace.last().and_then(|(_, exchange)| exchange.outcome.fault()) {
                Some(fault) if fault.kind == FaultKind::Died => {
                    Check::broken(format!("{}: {}", FaultKind::Died, fault.detail))
                }
                _ => broken,
            },
            Ok(response) => match response.reported.as_deref().map(outlived).unwrap_or_default().first() {
                Some(crash) => Check::broken(format!("the process reports {}", crash.shown())),
                None => Check::Holds,
            },
        }
    }

    fn explain(&self) -> &'static str {
        "the process lives on and reports an error of its own: undefined behaviour, a data race, a panic of a thread"
    }
}

fn report(crash: Crash) -> Report {
    let of_memory = ["AddressSanitizer", "HWAddressSanitizer", "MemorySanitizer"];
    let is_of_memory = of_memory.iter().any(|kind| crash.kind.starts_with(kind));
    let said = [crash.kind.as_str(), &crash.message, &crash.frames.join(" < ")];
    let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
    Report {
        oracle: ID,
        severity: if is_of_memory { Severity::High } else { Severity::Medium },
        owasp: Some(Owasp::Misconfiguration),
        parameters: json!({"reports_nothing": true}),
        title: format!("the process reports {}", crash.shown()),
        evidence: excerpt(&said.join("; "), 400),
        discriminators: [vec![crash.kind], crash.signature].concat(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::{Shot, pair, quiet};

    const OVERFLOW: &str = "sum.c:17:21: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in \
                            type 'int'\n";
    const PANIC: &str = "thread 'worker' panicked at src/orders.rs:88:17:\nindex out of bounds\n";
    const FREED: &str = "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6020 at pc 0x1\n    #0 0x55d0 in show \
                         /srv/a.c:41\n\nSUMMARY: AddressSanitizer: heap-use-after-free /srv/a.c:41 in show\n";

    fn get() -> Shot {
        Shot::new("GET", "/sum", &json!({"responses": {"200": {}}})).target("/sum")
    }

    #[track_caller]
    fn check(reported: &str, status: u16, severity: Severity, title: &str) -> Finding {
        let clean = get().text(status, "");
        let finding = pair(&RuntimeError, &get().text(status, "").reporting(reported), &clean);
        assert_eq!((finding.severity, finding.title.as_str()), (severity, title));
        finding
    }

    #[test]
    fn what_a_process_outlives_is_told() {
        check(OVERFLOW, 200, Severity::Medium, "the process reports UndefinedBehaviorSanitizer in sum.c");
        check(FREED, 400, Severity::High, "the process reports AddressSanitizer heap-use-after-free in show");
        check(PANIC, 200, Severity::Medium, "the process reports Rust panic in orders.rs");
        check("WARNING: DATA RACE\nWrite at 0x1\n", 200, Severity::Medium, "the process reports Go race");
    }

    #[test]
    fn two_reports_are_two_findings_and_one_twice_is_one() {
        let shift = "sum.c:18:2: runtime error: shift exponent 40 is too large for 32-bit type 'int'\n";
        let found = |text: &str| RuntimeError.judge(&get().text(200, "").reporting(text).trace()).len();
        assert_eq!(found(&format!("{OVERFLOW}{shift}")), 2);
        assert_eq!(found(&format!("{OVERFLOW}{OVERFLOW}")), 1);
    }

    #[test]
    fn a_trace_beside_an_error_that_is_a_finding_is_its_evidence() {
        quiet(&RuntimeError, &get().text(500, "boom").reporting(PANIC));
        // The document allows this status, so nobody else tells of the panic.
        let busy = Shot::new("GET", "/sum", &json!({"responses": {"503": {}}})).target("/sum");
        assert_eq!(RuntimeError.judge(&busy.text(503, "").reporting(PANIC).trace()).len(), 1);
        check(OVERFLOW, 500, Severity::Medium, "the process reports UndefinedBehaviorSanitizer in sum.c");
    }

    #[test]
    fn logs_are_quiet_and_no_answer_breaks_the_requirement() {
        quiet(&RuntimeError, &get().text(200, "").reporting("Traceback (most recent call last):\nValueError: x\n"));
        quiet(&RuntimeError, &get().text(200, OVERFLOW));
        let requirement =
            check(OVERFLOW, 200, Severity::Medium, "the process reports UndefinedBehaviorSanitizer in sum.c");
        let died = get().died("exited with code 1", "");
        let broken = Check::broken("the process died: exited with code 1");
        assert_eq!(RuntimeError.check(&requirement.requirement, &died.trace()), broken);
        let closed = get().fault(FaultKind::Closed);
        assert_ne!(RuntimeError.check(&requirement.requirement, &closed.trace()), Check::Holds);
    }
}
