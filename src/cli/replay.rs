//! `gadfly replay`: accepted fixtures against a running API.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use clap::Args;
use futures_util::StreamExt;
use serde::Serialize;

use super::args::TargetFlags;
use super::run;
use super::sender::Sender;
use super::site::Site;
use super::supervise::RunFlags;
use super::{Context, Error, Exit, Ui, ui};
use crate::config::File;
use crate::finding::{Severity, Verdict};
use crate::fixture::{Entry, Fixture, REGRESSIONS, Selection, Shelf, folder_of, trial_name};
use crate::oracle;
use crate::redact::Redactor;
use crate::replay::{Replayed, takes_away};
use crate::report::{Paint, line, visible};
use crate::scenario::IdentityName;

/// Arguments of `gadfly replay`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// Text of the file, the test name, the operation or the id of fixtures [default: all accepted ones]
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Replay pending fixtures too
    #[arg(long)]
    pending: bool,
    /// How many fixtures are under way at once; 1 sends one after the other
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    concurrency: NonZeroU32,
    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    process: RunFlags,
}

const HELP: &str = "\
A fixture passes if what it requires holds; one that holds only because its operation is gone is stale. Each is sent to
the API whose folder it is in: the address comes from --url, GADFLY_URL, [api.NAME] of gadfly.toml, or the servers of the
specification that is named there.";

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let file = File::discover(&context.folder)?;
    let root = file.folder().unwrap_or(&context.folder);
    let (shelf, _) = Shelf::open(run::fixtures(root), REGRESSIONS)?;
    let (entries, problems) = selected(&shelf, flags)?;
    if entries.is_empty() && problems.is_empty() {
        return Err(Error::Usage(nothing(flags)));
    }
    for problem in &problems {
        ui.warn(problem)?;
    }
    let mut report = Report { format: ui::FORMAT, fixtures: Vec::new(), problems, counts: BTreeMap::new() };
    let mut apis: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        apis.entry(folder_of(&entry.key).to_owned()).or_default().push(entry);
    }
    let runtime = run::runtime()?;
    for (api, entries) in &apis {
        runtime.block_on(async {
            let how = (&flags.target, &flags.process);
            let site = Site::open_or_run(context, &file, api, how, &used(entries)).await?;
            let sender = Sender::new(site, flags.concurrency);
            replay_all(entries, &sender, &mut report, ui).await
        })?;
    }
    ui.report(&report.counted(ui.report_paint()))?;
    ui.object(&report, &Redactor::default())?;
    Ok(report.exit())
}

/// The fixtures that are meant, and what could not be read.
fn selected(shelf: &Shelf, flags: &Flags) -> Result<(Vec<Entry>, BTreeSet<String>), Error> {
    let mut listing = shelf.accepted()?;
    if flags.pending {
        let pending = shelf.pending()?;
        listing.entries.extend(pending.entries);
        listing.problems.extend(pending.problems);
    }
    let meant = |entry: &Entry| {
        flags.patterns.is_empty() || flags.patterns.iter().any(|p| Selection::Matching(p).contains(entry))
    };
    listing.entries.retain(meant);
    Ok((listing.entries, listing.problems.iter().map(ToString::to_string).collect()))
}

/// Nothing replayed must not look like nothing wrong.
fn nothing(flags: &Flags) -> String {
    let also = if flags.pending { "" } else { "; --pending replays those that wait for `gadfly accept`" };
    match flags.patterns.as_slice() {
        [] => format!("{REGRESSIONS} holds no fixture{also}"),
        patterns => format!("no fixture of {REGRESSIONS} matches {}{also}", patterns.join(", ")),
    }
}

/// The identities that the fixtures name.
fn used(entries: &[Entry]) -> Vec<IdentityName> {
    let scenarios = entries.iter().map(|entry| entry.fixture.to_scenario(""));
    let names: BTreeSet<_> = scenarios.flat_map(|scenario| scenario.steps).map(|step| step.identity).collect();
    names.into_iter().collect()
}

/// How many fixtures are under way at once, most of them waiting: a broken law is looked at again after a while.
const UNDER_WAY: usize = 512;

/// Sends all and tells of them, those that are alike in the order of their keys: first several at once where one can't disturb
/// another, then those that take away what others use, last those that need quiet.
async fn replay_all(entries: &[Entry], sender: &Sender, report: &mut Report, ui: &mut Ui<'_>) -> Result<(), Error> {
    let (quiet, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| needs_quiet(&entry.fixture));
    let (takers, together): (Vec<_>, Vec<_>) = rest.into_iter().partition(|entry| takes_away(&entry.fixture));
    for (entries, width) in [(together, UNDER_WAY), (takers, 1), (quiet, 1)] {
        let sent = entries.into_iter().map(|entry| async move { (entry, sender.replay(entry).await) });
        let mut sent = std::pin::pin!(futures_util::stream::iter(sent).buffered(width));
        while let Some((entry, replayed)) = sent.next().await {
            let replayed = replayed?;
            let text = shown(entry, &replayed, sender, ui.report_paint());
            ui.report(&sender.redactor().text(&text))?;
            report.add(entry, &replayed);
        }
    }
    Ok(())
}

/// Whether other requests at the same time could change what is seen, or the fixture what others see: it needs a target that
/// was just started, or makes it hang.
fn needs_quiet(fixture: &Fixture) -> bool {
    fixture.requires_fresh || fixture.oracle == oracle::HANG.0
}

/// A line for each fixture, and below it all that a red one has to say.
fn shown(entry: &Entry, replayed: &Replayed, sender: &Sender, paint: Paint) -> String {
    let verdict = &replayed.verdict;
    let word = format!("{:<11}", verdict.word());
    let word = match verdict {
        Verdict::Pass => paint.good(&word),
        Verdict::Known { .. } | Verdict::UnexpectedPass => paint.warn(&word),
        Verdict::Fail { .. } | Verdict::Stale { .. } | Verdict::Unreachable { .. } => paint.bad(&word),
    };
    let mut out =
        format!("{word}  {}  {}\n", visible(&trial_name(&entry.key)), paint.dim(&line(&entry.fixture.title, 100)));
    if *verdict == Verdict::UnexpectedPass {
        let id = entry.fixture.id.short();
        out.extend(["    it is marked as known, but holds: gadfly move ", id, " --to open takes the mark out\n"]);
    }
    if verdict.is_red() {
        let explained = sender.explained(entry, replayed);
        out.extend(explained.lines().map(|line| format!("    {}", visible(line)).trim_end().to_owned() + "\n"));
        out.push('\n');
    }
    out
}

/// What a replay came to: what `--json` prints.
#[derive(Serialize)]
struct Report {
    format: u32,
    fixtures: Vec<Line>,
    counts: BTreeMap<&'static str, usize>,
    problems: BTreeSet<String>,
}

/// One fixture's verdict.
#[derive(Serialize)]
struct Line {
    file: String,
    name: String,
    operation: String,
    oracle: String,
    severity: Severity,
    title: String,
    verdict: &'static str,
    reason: Option<String>,
    attempts: u32,
}

impl Report {
    fn add(&mut self, Entry { key, fixture }: &Entry, replayed: &Replayed) {
        let reason = match &replayed.verdict {
            Verdict::Pass | Verdict::UnexpectedPass => None,
            Verdict::Fail { reason }
            | Verdict::Known { reason }
            | Verdict::Stale { reason }
            | Verdict::Unreachable { reason } => Some(reason.clone()),
        };
        let verdict = replayed.verdict.word();
        *self.counts.entry(verdict).or_default() += 1;
        self.fixtures.push(Line {
            file: format!("{REGRESSIONS}/{key}"),
            name: trial_name(key),
            operation: fixture.operation.to_string(),
            oracle: fixture.oracle.clone(),
            severity: fixture.severity,
            title: fixture.title.clone(),
            verdict,
            reason,
            attempts: replayed.attempts,
        });
    }

    fn count(&self, verdict: &str) -> usize {
        self.counts.get(verdict).copied().unwrap_or(0)
    }

    fn counted(&self, paint: Paint) -> String {
        let counts: Vec<_> = self.counts.iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
        let unreadable = match self.problems.len() {
            0 => String::new(),
            number => format!(", {number} unreadable"),
        };
        let ending = if self.fixtures.len() == 1 { "" } else { "s" };
        let text = format!("{} fixture{ending}: {}{unreadable}", self.fixtures.len(), counts.join(", "));
        let is_good = self.exit() == Exit::CLEAN;
        format!("\n{}\n", if is_good { paint.good(&text) } else { paint.bad(&text) })
    }

    fn exit(&self) -> Exit {
        if self.count("fail") + self.count("stale") > 0 {
            Exit::FINDINGS
        } else if self.count("unreachable") > 0 {
            Exit::UNREACHABLE
        } else if self.problems.is_empty() {
            Exit::CLEAN
        } else {
            Exit::USAGE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &[(&'static str, usize)], problems: &[&str], exit: Exit) {
        let report = Report {
            format: ui::FORMAT,
            fixtures: Vec::new(),
            counts: counts.iter().copied().collect(),
            problems: problems.iter().map(|problem| (*problem).to_owned()).collect(),
        };
        assert_eq!(report.exit(), exit, "{counts:?} {problems:?}");
    }

    #[test]
    fn the_worst_verdict_decides_the_exit_code() {
        check(&[("pass", 3), ("known", 1), ("unexpected pass", 1)], &[], Exit::CLEAN);
        check(&[("pass", 3), ("fail", 1), ("unreachable", 1)], &["unreadable"], Exit::FINDINGS);
        check(&[("stale", 1)], &[], Exit::FINDINGS);
        check(&[("pass", 3), ("unreachable", 1)], &[], Exit::UNREACHABLE);
        check(&[("pass", 3)], &["unreadable"], Exit::USAGE);
    }
}
