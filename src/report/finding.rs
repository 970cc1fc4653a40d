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
    _ = writeln!(out, "  {}", command(&record.curl));
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
    let shown = format!("{} when re-sent alone", record.confirmed);
    let class = record.owasp.map(|class| class.code().to_owned());
    [Some(shown), class, Some(record.signature.clone())].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
