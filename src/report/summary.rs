//! The end of a run for a person's eyes. Main function: [`summary`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::text::{count, grouped, line};
use super::{FindingRecord, Look, Summary, Table, Unreached};
use crate::engine::{References, RuleCounts, Tally};
use crate::finding::Severity;
use crate::learn::LearnedRule;
use crate::target::{Lives, Usage};

/// How many kinds of answers of unreached operations are listed, and how many operations of each.
const MOST_KINDS: usize = 40;
const MOST_OF_A_KIND: usize = 40;

/// The report that a person reads, and pastes.
pub(super) fn summary(summary: &Summary, look: &Look) -> String {
    let mut out =
        format!("{} at {}\n\n", look.paint.bold(&line(&summary.api, look.width)), line(&summary.base_url, look.width));
    out.push_str(&findings(summary, look));
    out.push_str(&unreached(&summary.never_2xx, summary.operations, look));
    out.push_str(&figures(summary, look));
    out
}

fn findings(summary: &Summary, look: &Look) -> String {
    let listed = summary.findings.iter().filter(|finding| look.remarks || finding.severity > Severity::Remark);
    let mut table = Table::default();
    table.row(["SEVERITY", "ORACLE", "OPERATION", "WHAT", "PROOF"], |_, text| look.paint.dim(text));
    let mut any = false;
    for finding in listed {
        any = true;
        let cells = [
            finding.severity.word().to_owned(),
            line(&finding.oracle, 24),
            line(&finding.operation, 40),
            line(&finding.title, look.width.saturating_sub(70).max(40)),
            proof(finding),
        ];
        table.row(cells.iter().map(String::as_str), |column, text| match column {
            0 => look.paint.severity(finding.severity, text),
            _ => text.to_owned(),
        });
    }
    let mut out = if any { format!("{}\n", table.render("  ")) } else { String::new() };
    // Writing to a String can't fail.
    _ = writeln!(out, "{}", verdict(summary, look));
    if let Some(remarks) = remarks(&summary.findings, look.remarks) {
        _ = writeln!(out, "{}", look.paint.dim(&remarks));
    }
    out.push('\n');
    out
}

fn proof(finding: &FindingRecord) -> String {
    match &finding.known_until {
        Some(until) => format!("{}, known until {until}", finding.confirmed),
        None if finding.stable => finding.confirmed.to_string(),
        None if finding.confirmed.is_stable() => format!("{}, not on a clean target", finding.confirmed),
        None => format!("{}, unstable", finding.confirmed),
    }
}

/// The sentence that says how it went.
fn verdict(summary: &Summary, look: &Look) -> String {
    let proved = |severity| summary.proved(severity).filter(move |finding| finding.severity == severity).count();
    let words: Vec<String> = Severity::ALL[..4]
        .iter()
        .filter(|severity| proved(**severity) > 0)
        .map(|severity| look.paint.severity(*severity, &format!("{} {severity}", proved(*severity))))
        .collect();
    let unstable = summary.findings.iter().filter(|f| !f.stable && f.severity > Severity::Remark).count();
    let known = summary.findings.iter().filter(|finding| finding.known_until.is_some()).count();
    let mut kept_apart = if unstable == 0 { String::new() } else { format!("; {unstable} unstable, kept apart") };
    if known > 0 {
        _ = write!(kept_apart, "; {known} known");
    }
    if words.is_empty() {
        return format!("{}{kept_apart}", look.paint.good("no finding was proved"));
    }
    let total = summary.proved(Severity::Low).count();
    format!("{} proved: {}{kept_apart}", count(total, "finding"), words.join(", "))
}

/// The contract remarks in one line: they say that document and server differ, not that something is broken.
fn remarks(findings: &[FindingRecord], listed: bool) -> Option<String> {
    let remarks: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Remark).collect();
    if remarks.is_empty() {
        return None;
    }
    let operations: BTreeSet<_> = remarks.iter().map(|remark| &remark.operation).collect();
    let mut by_oracle: BTreeMap<&str, usize> = BTreeMap::new();
    for remark in &remarks {
        *by_oracle.entry(&remark.oracle).or_default() += 1;
    }
    let oracles: Vec<_> = by_oracle.iter().map(|(oracle, number)| format!("{oracle} {number}")).collect();
    let hint = if listed { "" } else { "; --remarks lists them" };
    let (total, of) = (count(remarks.len(), "contract remark"), count(operations.len(), "operation"));
    Some(format!("{total} about {of}: {}{hint}", oracles.join(", ")))
}

/// What was made at the target, and what became of it.
pub fn made(tally: &Tally) -> String {
    let list = |by_operation: &BTreeMap<String, u64>| {
        let items: Vec<_> = by_operation.iter().map(|(operation, number)| format!("{operation} {number}")).collect();
        items.join(", ")
    };
    let total = usize::try_from(tally.made).unwrap_or(usize::MAX);
    let mut out = format!("{}, {} of them deleted again", count(total, "object"), grouped(tally.ended));
    if !tally.left.is_empty() {
        _ = write!(out, "; not deleted: {}", list(&tally.left));
    }
    if !tally.lost.is_empty() {
        _ = write!(out, "; not where they should be (404), so perhaps left: {}", list(&tally.lost));
    }
    if !tally.endless.is_empty() {
        _ = write!(out, "; nothing deletes what was made by {}", list(&tally.endless));
    }
    out
}

/// Operations that never worked, grouped by what they answered instead: a fuzzer that is not let in tests a door.
fn unreached(never: &[Unreached], operations: usize, look: &Look) -> String {
    if never.is_empty() {
        return String::new();
    }
    let mut kinds: BTreeMap<(&str, Option<&str>), Vec<&str>> = BTreeMap::new();
    for unreached in never {
        kinds.entry((&unreached.mostly, unreached.why.as_deref())).or_default().push(&unreached.operation);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, operations)| std::cmp::Reverse(operations.len()));
    let mut table = Table::default();
    let width = look.width.saturating_sub(50);
    for ((mostly, why), operations) in kinds.iter().take(MOST_KINDS) {
        let mut cells = [operations.len().to_string(), line(mostly, 40)];
        for names in names(operations, width) {
            table.row(cells.iter().chain([&names]).map(String::as_str), |_, text| text.to_owned());
            cells = [String::new(), String::new()];
        }
        if let Some(why) = why {
            table.row(["", "", &line(why, width)], |_, text| look.paint.dim(text));
        }
    }
    let more = kinds.len().saturating_sub(MOST_KINDS);
    let more = if more > 0 { format!("    … and {more} more kinds of answer\n") } else { String::new() };
    let never = count(never.len(), "operation");
    format!("{never} of {operations} never answered 2xx; mostly they answered:\n{}{more}\n", table.render("    "))
}

/// The operations in lines of about this width.
fn names(operations: &[&str], width: usize) -> Vec<String> {
    let mut items: Vec<String> = operations.iter().take(MOST_OF_A_KIND).map(|name| line(name, width)).collect();
    if operations.len() > MOST_OF_A_KIND {
        items.push(format!("… and {} more", operations.len() - MOST_OF_A_KIND));
    }
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(last) if last.chars().count() + item.chars().count() + 2 <= width => {
                last.push_str(", ");
                last.push_str(&item);
            }
            _ => lines.push(item),
        }
    }
    lines
}

fn figures(summary: &Summary, look: &Look) -> String {
    let mut table = Table::default();
    let mut row = |label: &str, text: &str| {
        table.row([label, text], |column, text| if column == 0 { look.paint.dim(text) } else { text.to_owned() });
    };
    row("requests", &requests(summary));
    row("answers", &answers(&summary.outcomes));
    row("operations", &format!("{} of {} answered 2xx", summary.operations_with_2xx, summary.operations));
    if summary.references.of > 0 {
        row("references", &references(summary.references));
    }
    row("rules", &rules(summary.rules));
    if let Some(tally) = summary.made.as_ref().filter(|tally| tally.made > 0) {
        row("made", &made(tally));
    }
    if let Some(lives) = &summary.process {
        row("process", &process(lives));
    }
    if let Some(learned) = learned(&summary.learned) {
        row("learned", &learned);
    }
    if summary.rejected > 0 {
        row("rejected", &format!("{} left out: rejected before", count(summary.rejected, "finding")));
    }
    row("seed", &summary.seed.to_string());
    row("ended", ended(summary.ended));
    if summary.findings.iter().any(|finding| finding.fixture.is_some()) {
        for (label, command) in &look.next {
            row(label, command);
        }
    }
    table.render("")
}

fn requests(summary: &Summary) -> String {
    let rate = summary.requests as f64 / summary.wall_seconds.max(0.001);
    let cpu = summary.cpu_seconds.map_or(String::new(), |cpu| format!(", {cpu:.1} s of CPU"));
    format!(
        "{}, {} of them for proof; {:.1} s, {rate:.0} per second{cpu}",
        grouped(summary.requests),
        grouped(summary.proof_requests),
        summary.wall_seconds
    )
}

/// How often the target was started, and what it used.
fn process(lives: &Lives) -> String {
    let times = |number: u32| count(usize::try_from(number).unwrap_or(usize::MAX), "time");
    let mut out = format!("started {}, died {}", times(lives.starts), times(lives.deaths));
    if let (Some(first), Some(last), Some(most)) = (lives.first, lives.last, lives.most) {
        let megabytes = |usage: Usage| usage.memory >> 20;
        _ = write!(
            out,
            "; {} MiB of memory when it was ready, {} at the end, {} at most; {}, {} and {} descriptors",
            megabytes(first),
            megabytes(last),
            megabytes(most),
            first.descriptors,
            last.descriptors,
            most.descriptors
        );
        out.push_str(&growth(first, last));
    }
    out
}

/// What a life used much more of at its end than when it was ready. It may be a cache as well as a leak, so it is a remark.
fn growth(first: Usage, last: Usage) -> String {
    const MEMORY: u64 = 64 << 20;
    const DESCRIPTORS: u64 = 64;
    let has_grown = |first: u64, last: u64, least: u64| last >= 2 * first && last >= first + least;
    let memory = has_grown(first.memory, last.memory, MEMORY).then_some("memory");
    let descriptors = has_grown(first.descriptors, last.descriptors, DESCRIPTORS).then_some("descriptors");
    let grown: Vec<&str> = memory.into_iter().chain(descriptors).collect();
    if grown.is_empty() { String::new() } else { format!("; its {} grew: is that a leak?", grown.join(" and its ")) }
}

/// In how many of the places that name a thing there was one that exists.
fn references(counts: References) -> String {
    format!("{} of {} bound to live things", grouped(counts.bound), grouped(counts.of))
}

/// How much of the document was exercised, as shares of what requests can show.
fn rules(counts: RuleCounts) -> String {
    let percent = |done: u64, of: u64| (done * 100).checked_div(of).unwrap_or(100);
    format!(
        "{} in the document; {} % of those that can be were kept at their edge, {} % broken",
        grouped(counts.rules),
        percent(counts.legal, counts.legal_reachable),
        percent(counts.illegal, counts.illegal_reachable)
    )
}

/// How much refusals taught.
fn learned(rules: &[LearnedRule]) -> Option<String> {
    let operations: BTreeSet<_> = rules.iter().map(|rule| &rule.operation).collect();
    let (rules, operations) = (count(rules.len(), "rule"), count(operations.len(), "operation"));
    (!operations.starts_with("0 ")).then(|| format!("{rules} of {operations} from refusals"))
}

fn answers(outcomes: &BTreeMap<String, u64>) -> String {
    let shown: Vec<_> = outcomes.iter().map(|(outcome, number)| format!("{outcome} {}", grouped(*number))).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

/// Why the run ended, in plain words.
fn ended(reason: &str) -> &str {
    match reason {
        "time" => "the time budget is used up",
        "requests" => "the request budget is used up",
        "exhausted" => "there was nothing new left to try",
        "interrupted" => "interrupted; what was proved is kept",
        "unreachable" => "the target no longer takes connections",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: (u64, u64), last: (u64, u64), expected: &str) {
        let usage = |(megabytes, descriptors): (u64, u64)| Usage { memory: megabytes << 20, descriptors };
        assert_eq!(growth(usage(first), usage(last)), expected);
    }

    #[test]
    fn growth_is_remarked_where_it_is_much() {
        check((100, 10), (199, 10), "");
        check((10, 10), (60, 40), "");
        check((100, 10), (200, 10), "; its memory grew: is that a leak?");
        check((100, 10), (100, 74), "; its descriptors grew: is that a leak?");
        check((10, 10), (500, 500), "; its memory and its descriptors grew: is that a leak?");
    }
}
