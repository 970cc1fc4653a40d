//! `process_died`: the process under test ends because of a request. Told only where gadfly runs the target itself.
//!
//! - Severity: critical. OWASP: API4:2023.
//! - Signature: how it ended, the kind of crash that it reported, and the innermost frames of that report; of a stack
//!   overflow without the frames, which are chance, and of a panic without frames the words.
//! - Controls: whoever carries scenarios out sends those that were under way once more, alone, and looks afterwards
//!   whether the process lives; `triage` does the same on a new process each time.
//! - Quiet: an operation whose name asks for the end, when the process ends by itself without an error; one that hangs
//!   because of a request that asks to wait or to stream, as for `hang`.
//! - Known false alarms: a process that is ended from outside while a request is under way, as often as it is re-sent.
//!
//! Its requirement holds where nothing is supervised as well: the request is answered, and somebody listens afterwards.

use serde_json::json;

use super::crash::Crash;
use super::hang;
use super::subject::{Report, Subject, answer, excerpt};
use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity};
use crate::scenario::{Case, Trace};
use crate::target::Exit;
use crate::wire::FaultKind;

pub(crate) const ID: OracleId = OracleId("process_died");

/// What is told of one that lives, and is no use to anybody.
const HUNG: &str = "the process hangs: it answers nobody any more";

/// Reports requests that end the process.
pub(super) struct ProcessDied;

impl Oracle for ProcessDied {
    fn id(&self) -> OracleId {
        ID
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let Some(subject) = Subject::of(trace) else { return Vec::new() };
        let Some(fault) = subject.fault().filter(|fault| fault.kind == FaultKind::Died) else { return Vec::new() };
        if fault.detail == Exit::Code(0).to_string() && asks_for_the_end(subject.case) {
            return Vec::new();
        }
        let is_hung = fault.detail == Exit::Hung.to_string();
        if is_hung && hang::is_meant(&subject) {
            return Vec::new();
        }
        let crash = Crash::of(&String::from_utf8_lossy(&fault.partial));
        let what = if crash.kind.is_empty() { &fault.detail } else { &crash.kind };
        let place = crash.frames.first().map(|frame| format!(" in {frame}")).unwrap_or_default();
        let said = [fault.detail.as_str(), &crash.kind, &crash.message, &crash.frames.join(" < ")];
        let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
        let mut discriminators = vec![fault.detail.clone(), crash.kind.clone()];
        discriminators.extend(crash.signature);
        let report = Report {
            oracle: ID,
            severity: Severity::Critical,
            owasp: Some(Owasp::ResourceConsumption),
            parameters: json!({"survives": true}),
            title: if is_hung { HUNG.to_owned() } else { format!("the process dies: {what}{place}") },
            evidence: excerpt(&said.join("; "), 400),
            discriminators,
        };
        vec![report.about(&subject)]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        match trace.last().and_then(|(_, exchange)| exchange.outcome.fault()) {
            Some(fault) if fault.kind == FaultKind::Died => {
                Check::broken(format!("{}: {}", FaultKind::Died, fault.detail))
            }
            _ => answer(trace).map_or_else(|broken| broken, |_| Check::Holds),
        }
    }

    fn explain(&self) -> &'static str {
        "the process ends because of the request: an abort, a stack overflow, memory without bound, a sanitizer's report"
    }
}

/// Whether to end is what the operation is for.
fn asks_for_the_end(case: &Case) -> bool {
    const WORDS: [&str; 9] = ["shutdown", "stop", "exit", "quit", "terminate", "halt", "restart", "reboot", "kill"];
    let operation = &case.operation;
    let name = operation.name.as_deref().unwrap_or_default();
    let text = format!("{} {name}", operation.path).to_ascii_lowercase().replace(['-', '_'], "");
    WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::{Shot, pair, quiet};

    const ASAN: &str = "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6020 at pc 0x1\n    #0 0x55d0 in \
                        show /srv/a.c:41\n    #1 0x55d1 in main /srv/a.c:77\n\nSUMMARY: AddressSanitizer: \
                        heap-use-after-free /srv/a.c:41 in show\n";

    fn post(path: &str) -> Shot {
        Shot::new("POST", path, &json!({"responses": {"200": {}}})).target("/notes")
    }

    #[track_caller]
    fn check(exit: Exit, output: &'static str, title: &str, evidence: &str) -> Finding {
        let died = post("/notes").died(&exit.to_string(), output);
        let finding = pair(&ProcessDied, &died, &post("/notes").text(400, "no"));
        assert_eq!((finding.severity, finding.owasp), (Severity::Critical, Some(Owasp::ResourceConsumption)));
        assert_eq!((finding.title.as_str(), finding.evidence.as_str()), (title, evidence));
        finding
    }

    #[test]
    fn an_end_is_told_with_what_the_process_wrote_of_it() {
        check(Exit::Signal(6), "", "the process dies: killed by signal 6 (SIGABRT)", "killed by signal 6 (SIGABRT)");
        check(
            Exit::Code(1),
            ASAN,
            "the process dies: AddressSanitizer heap-use-after-free in show",
            "exited with code 1; AddressSanitizer heap-use-after-free; heap-use-after-free on address 0x6020 at pc 0x1; \
             show < main",
        );
        check(
            Exit::Code(1),
            "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in <module>\n    f()\n  File \
             \"/srv/b.py\", line 9, in f\n    raise SystemError(\"x\")\nSystemError: x\n",
            "the process dies: Python exception in b.py:f",
            "exited with code 1; Python exception; SystemError: x; b.py:f",
        );
        check(
            Exit::Memory,
            "",
            "the process dies: out of memory: it used more than max_memory",
            "out of memory: it used more than max_memory",
        );
    }

    #[test]
    fn a_process_that_hangs_is_as_good_as_dead_unless_it_was_asked_to_wait() {
        let hung = Exit::Hung.to_string();
        check(Exit::Hung, "GET /a", HUNG, &hung);
        let wait = Shot::new("GET", "/delay/{delay}", &json!({"responses": {"200": {}}})).target("/delay/10");
        quiet(&ProcessDied, &wait.died(&hung, ""));
        assert_eq!(ProcessDied.judge(&wait.died(&Exit::Code(1).to_string(), "").trace()).len(), 1);
    }

    #[test]
    fn one_crash_has_one_signature_and_two_have_two() {
        let of = |exit: Exit, output: String| {
            let died = post("/notes").died(&exit.to_string(), &output);
            crate::oracle::testing::fires(&ProcessDied, &died).signature.as_str().to_owned()
        };
        let code = Exit::Code(1);
        let first = of(code, ASAN.to_owned());
        assert_eq!(first, of(code, ASAN.replace("0x6020", "0x7040").replace("==7==", "==99==").replace(":41", ":42")));
        assert_ne!(first, of(code, ASAN.replace("in show", "in list")));
        assert_ne!(of(code, String::new()), of(Exit::Code(2), String::new()));
        let panic = |text: &str| format!("thread 'main' panicked at src/a.rs:1:2:\n{text}\n");
        assert_eq!(of(code, panic("no row 7")), of(code, panic("no row 81")));
        let overflow = |function: &str| {
            format!(
                "==7==ERROR: AddressSanitizer: stack-overflow on address 0x1\n    #0 0x55 in {function} /srv/a.c:1\n"
            )
        };
        assert_eq!(of(code, overflow("even")), of(code, overflow("odd")));
    }

    #[test]
    fn what_was_asked_for_or_is_no_end_is_quiet() {
        let code = |number| Exit::Code(number).to_string();
        quiet(&ProcessDied, &post("/admin/shut-down").died(&code(0), ""));
        quiet(&ProcessDied, &post("/notes").fault(FaultKind::Closed));
        assert_eq!(ProcessDied.judge(&post("/admin/shut-down").died(&code(1), "").trace()).len(), 1);
        assert_eq!(ProcessDied.judge(&post("/notes").died(&code(0), "").trace()).len(), 1);
    }

    #[test]
    fn any_request_without_an_answer_breaks_the_requirement() {
        let finding = check(
            Exit::Signal(11),
            "",
            "the process dies: killed by signal 11 (SIGSEGV)",
            "killed by signal 11 (SIGSEGV)",
        );
        let closed = post("/notes").fault(FaultKind::Closed);
        assert_ne!(ProcessDied.check(&finding.requirement, &closed.trace()), Check::Holds);
        let died = post("/notes").died("exited with code 1", "");
        let broken = Check::broken("the process died: exited with code 1");
        assert_eq!(ProcessDied.check(&finding.requirement, &died.trace()), broken);
    }
}
