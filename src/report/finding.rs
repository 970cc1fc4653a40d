//! One finding for a person's eyes. Main function: [`block`].

use std::fmt::Write;

use super::text::{command, line};
use super::{FindingRecord, Paint};

/// How wide the sentences of a block may be.
const WIDTH: usize = 160;
/// How many lines of what the target wrote are shown; the record and the fixture have more.
const MOST_LOGGED: usize = 6;

/// A finding as a short block of lines that can be pasted into a ticket.
pub(super) fn block(record: &FindingRecord, paint: Paint) -> String {
    let word = record.severity.word().to_uppercase();
    let unstable = if record.stable { "" } else { " (unstable)" };
    let mut out = format!(
        "{}{unstable} · {} · {}\n",
        paint.severity(record.severity, &word),
        line(&record.oracle, WIDTH),
        paint.bold(&line(&record.operation, WIDTH)),
    );
    // Writing to a String can't fail, here and below.
    _ = writeln!(out, "  {}", line(&record.title, WIDTH));
    let mut fact = |label: &str, text: &str| {
        if !text.is_empty() {
            _ = writeln!(out, "  {} {text}", paint.dim(&format!("{label:<9}")));
        }
    };
    fact("evidence", &line(&record.evidence, WIDTH));
    fact("request", &line(&request(record), WIDTH));
    fact("answer", &line(&record.outcome, WIDTH));
    for (index, logged) in record.log.iter().take(MOST_LOGGED).enumerate() {
        fact(if index == 0 { "log" } else { "" }, &line(logged, WIDTH));
    }
    fact("proof", &proof(record));
    fact("fixture", record.fixture.as_deref().unwrap_or_default());
    fact("known", &record.known_until.as_ref().map(|until| format!("until {until}")).unwrap_or_default());
    for text in record.commands() {
        _ = writeln!(out, "  {}", command(text));
    }
    out
}

/// What the request was meant to be, and the rule that it touches or breaks.
fn request(record: &FindingRecord) -> String {
    match &record.rule {
        Some(rule) => format!("{}: {rule}", record.intent),
        None => record.intent.clone(),
    }
}

fn proof(record: &FindingRecord) -> String {
    let clean =
        record.clean.map(|clean| format!(", {clean} on the target when it was clean again")).unwrap_or_default();
    let shown = format!("{} when re-sent alone{clean}", record.confirmed);
    let class = record.owasp.map(|class| class.code().to_owned());
    [Some(shown), class, Some(record.signature.clone())].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Ratio, Severity};

    fn record(steps: &[&str]) -> FindingRecord {
        FindingRecord {
            log: vec![],
            oracle: "server_error".into(),
            severity: Severity::High,
            owasp: None,
            operation: "GET /a/{id}".into(),
            title: "x".into(),
            evidence: String::new(),
            signature: "v1:0".into(),
            confirmed: Ratio { hits: 3, tries: 3 },
            clean: None,
            stable: true,
            intent: "valid".into(),
            rule: None,
            outcome: "500".into(),
            curl: "curl last".into(),
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
            fixture: None,
            known_until: None,
            seconds: 0.0,
        }
    }

    #[track_caller]
    fn check(steps: &[&str], end: &str) {
        let text = block(&record(steps), Paint::default());
        assert!(text.ends_with(&format!("v1:0\n{end}")), "{text}");
    }

    #[test]
    fn a_sequence_is_shown_whole() {
        check(&[], "  curl last\n");
        check(&["curl first", "# {{id}} is /id", "curl last"], "  curl first\n  # {{id}} is /id\n  curl last\n");
        check(&["curl \u{1b}[2J\n"], "  curl \\u{1b}[2J\\n\n");
    }
}
