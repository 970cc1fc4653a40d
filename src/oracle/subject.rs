//! What an oracle looks at, and the making of its findings. Main type: [`Subject`]. It judges nothing.

use serde_json::Value;

use super::Check;
use super::echo::Echo;
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity, Signature};
use crate::scenario::{Case, Step, Trace};
use crate::wire::{Exchange, Fault, FaultKind, Response};

/// The last step of a trace with all that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) trace: &'a Trace<'a>,
    pub(super) step: &'a Step,
    pub(super) exchange: &'a Exchange,
    pub(super) case: &'a Case,
}

impl<'a> Subject<'a> {
    /// The last step, if it was made from a case: a step read from a file is checked, never judged.
    pub(super) fn of(trace: &'a Trace<'a>) -> Option<Self> {
        let (step, exchange) = trace.last()?;
        Some(Self { trace, step, exchange, case: step.case.as_deref()? })
    }

    pub(super) fn response(&self) -> Option<&'a Response> {
        self.exchange.outcome.response()
    }

    pub(super) fn fault(&self) -> Option<&'a Fault> {
        self.exchange.outcome.fault()
    }

    /// What was sent, in this step and in those before it.
    pub(super) fn echo(&self) -> Echo {
        Echo::of(self.trace)
    }
}

/// What differs from finding to finding of one oracle.
pub(super) struct Report {
    pub(super) oracle: OracleId,
    pub(super) severity: Severity,
    pub(super) owasp: Option<Owasp>,
    pub(super) parameters: Value,
    pub(super) title: String,
    pub(super) evidence: String,
    pub(super) discriminators: Vec<String>,
}

impl Report {
    /// The finding about this subject.
    pub(super) fn about(self, subject: &Subject<'_>) -> Finding {
        let operation = subject.case.operation.id.clone();
        let discriminators: Vec<&str> = self.discriminators.iter().map(String::as_str).collect();
        Finding {
            requirement: Requirement { oracle: self.oracle, parameters: self.parameters },
            severity: self.severity,
            owasp: self.owasp,
            signature: Signature::new(self.oracle, &operation, &discriminators),
            operation,
            step: subject.trace.last_index().unwrap_or_default(),
            title: self.title,
            evidence: self.evidence,
        }
    }
}

/// The answer that a requirement is checked against. Without one it is broken, whatever it asks for: a crash, a
/// hang or bytes that are no HTTP are worse than what the fixture was kept for.
pub(super) fn answer<'a>(trace: &Trace<'a>) -> Result<&'a Response, Check> {
    let Some((_, exchange)) = trace.last() else {
        return Err(Check::broken("nothing was sent, so nothing is shown to hold"));
    };
    match exchange.outcome.fault() {
        None => exchange.outcome.response().ok_or_else(|| Check::broken("there is no answer")),
        Some(fault) => Err(Check::broken(fault_words(fault))),
    }
}

/// A fault in one line.
pub(super) fn fault_words(fault: &Fault) -> String {
    match (fault.kind, fault.detail.as_str()) {
        (kind, "") => kind.to_string(),
        (FaultKind::TimedOut, _) => FaultKind::TimedOut.to_string(),
        (kind, detail) => format!("{kind}: {}", excerpt(detail, 160)),
    }
}

/// The text on one line, cut after this many characters.
pub(super) fn excerpt(text: &str, limit: usize) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > 4 * limit {
            break;
        }
    }
    match words.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt("a\n  b\tc", 10), "a b c");
        assert_eq!(excerpt("äöüß", 2), "äö…");
    }
}
