//! `gadfly replay`: accepted fixtures against a running API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::args::TargetFlags;
use super::run;
use super::site::Site;
use super::supervise::RunFlags;
use super::{Context, Error, Exit, Ui, ui};
use crate::clock;
use crate::config::File;
use crate::finding::{Severity, Verdict};
use crate::fixture::{Entry, Fixture, REGRESSIONS, Selection, Shelf, trial_name};
use crate::oracle::Registry;
use crate::redact::Redactor;
use crate::replay::{self, Conditions, Replayed, View};
use crate::report::{Paint, line, visible};
use crate::scenario::IdentityName;
use crate::seed::Seed;

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
    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    process: RunFlags,
}

const HELP: &str = "\
A fixture passes if what it requires holds. Each is sent to the API whose folder it is in: the address comes from
--url, GADFLY_URL, [api.NAME] of gadfly.toml, or the servers of the specification that is named there.";

/// How long to wait before a fixture is sent once more.
const PAUSE: Duration = Duration::from_millis(250);

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
        apis.entry(api_of(&entry.key).to_owned()).or_default().push(entry);
    }
    let runtime = run::runtime()?;
    for (api, entries) in &apis {
        runtime.block_on(async {
            let how = (&flags.target, &flags.process);
            let site = Site::open_or_run(context, &file, api, how, &used(entries)).await?;
            replay_all(entries, &site, &mut report, ui).await
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

/// The API's folder in a fixture's key.
fn api_of(key: &str) -> &str {
    let key = key.strip_prefix("pending/").unwrap_or(key);
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The identities that the fixtures name.
fn used(entries: &[Entry]) -> Vec<IdentityName> {
    let scenarios = entries.iter().map(|entry| entry.fixture.to_scenario(""));
    let names: BTreeSet<_> = scenarios.flat_map(|scenario| scenario.steps).map(|step| step.identity).collect();
    names.into_iter().collect()
}

async fn replay_all(entries: &[Entry], site: &Site, report: &mut Report, ui: &mut Ui<'_>) -> Result<(), Error> {
    let registry = Registry::default();
    let redactor = site.executor.identities.redactor();
    let today = clock::today();
    let conditions = Conditions {
        base_path: site.base_path.as_deref(),
        today: &today,
        fresh: Seed::new(clock::moment()),
        pause: PAUSE,
    };
    for Entry { key, fixture } in entries {
        let file = format!("{REGRESSIONS}/{key}");
        let replayed = replay::run(fixture, &site.executor, &registry, conditions).await;
        let replayed = replayed.map_err(|source| Error::Replay { file: file.clone(), source: Box::new(source) })?;
        let name = trial_name(key);
        let looks_for = View::looks_for(&registry, &fixture.oracle);
        let view = View { file: &file, name: &name, origin: &site.target.origin, redactor: &redactor, looks_for };
        let text = shown(fixture, &replayed, &view, ui.report_paint());
        ui.report(&redactor.text(&text))?;
        report.add(&file, &name, fixture, &replayed);
    }
    Ok(())
}

/// A line for each fixture, and below it all that a red one has to say.
fn shown(fixture: &Fixture, replayed: &Replayed, view: &View<'_>, paint: Paint) -> String {
    let verdict = &replayed.verdict;
    let word = format!("{:<11}", verdict.word());
    let word = match verdict {
        Verdict::Pass => paint.good(&word),
        Verdict::Known { .. } | Verdict::UnexpectedPass => paint.warn(&word),
        Verdict::Fail { .. } | Verdict::Stale { .. } | Verdict::Unreachable { .. } => paint.bad(&word),
    };
    let mut out = format!("{word}  {}  {}\n", visible(view.name), paint.dim(&line(&fixture.title, 100)));
    if *verdict == Verdict::UnexpectedPass {
        out.extend(["    it is marked as known, but holds: take the mark out of ", view.file, "\n"]);
    }
    if verdict.is_red() {
        let explained = replay::explain(fixture, replayed, view);
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
    fn add(&mut self, file: &str, name: &str, fixture: &Fixture, replayed: &Replayed) {
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
            file: file.to_owned(),
            name: name.to_owned(),
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

    #[track_caller]
    fn check_api(key: &str, api: &str) {
        assert_eq!(api_of(key), api);
    }

    #[test]
    fn a_fixture_belongs_to_the_api_of_its_folder() {
        check_api("shop/x.json", "shop");
        check_api("pending/shop/x.json", "shop");
        check_api("x.json", "");
    }
}
