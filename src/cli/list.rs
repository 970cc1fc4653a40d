//! `gadfly list`: fixtures with their states, and what was rejected.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::{Context, Error, Exit, Ui, shelf, ui};
use crate::clock;
use crate::finding::Severity;
use crate::fixture::{Entry, REGRESSIONS, Rejection, State, trial_name};
use crate::redact::Redactor;
use crate::report::{Paint, Table, line, visible};

/// Arguments of `gadfly list`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// Only those of this state: pending, open, known or rejected
    #[arg(long, value_name = "STATE", hide_possible_values = true)]
    state: Option<Standing>,
    /// Only those of this oracle
    #[arg(long, value_name = "ORACLE")]
    oracle: Option<String>,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Standing {
    Pending,
    Open,
    Known,
    Rejected,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Known => "known",
            Self::Rejected => "rejected",
        }
    }
}

/// One fixture, or one rejection, which has no file.
#[derive(Serialize)]
struct Line {
    id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Whether it was accepted until a day that has passed.
    overdue: bool,
    severity: Option<Severity>,
    oracle: String,
    operation: String,
    title: String,
    steps: Option<usize>,
    date: String,
    file: String,
    name: Option<String>,
}

impl Line {
    fn of(entry: &Entry, today: &str) -> Self {
        let fixture = &entry.fixture;
        let (reason, owner, until) = match &fixture.state {
            State::Known { reason, owner, until } => (Some(reason.clone()), owner.clone(), Some(until.clone())),
            State::Pending | State::Open => (None, None, None),
        };
        Self {
            id: fixture.id.to_string(),
            state: entry.standing(),
            reason,
            owner,
            until,
            overdue: !entry.is_pending() && fixture.state.is_overdue(today),
            severity: Some(fixture.severity),
            oracle: fixture.oracle.clone(),
            operation: fixture.operation.to_string(),
            title: fixture.title.clone(),
            steps: Some(fixture.steps.len()),
            date: fixture.provenance.date.clone(),
            file: format!("{REGRESSIONS}/{}", entry.key),
            name: Some(trial_name(&entry.key)),
        }
    }

    fn rejected(rejection: &Rejection, folder: &str) -> Self {
        Self {
            id: rejection.id.clone(),
            state: Standing::Rejected.word(),
            reason: Some(rejection.reason.clone()),
            owner: rejection.by.clone(),
            until: None,
            overdue: false,
            severity: None,
            oracle: rejection.oracle.clone(),
            operation: rejection.operation.clone(),
            title: rejection.title.clone(),
            steps: None,
            date: rejection.date.clone(),
            file: format!("{REGRESSIONS}/{folder}/rejected.json"),
            name: None,
        }
    }

    /// The state with what there is to know of it.
    fn standing(&self) -> String {
        match (&self.until, self.state) {
            (Some(until), "known") if self.overdue => format!("known until {until}: passed"),
            (Some(until), "known") => format!("known until {until}"),
            _ => self.state.to_owned(),
        }
    }
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let (shelf, problems) = shelf::open(context)?;
    let today = clock::today();
    let entries = [shelf.pending()?, shelf.accepted()?].into_iter().flat_map(|listing| listing.entries);
    let mut lines: Vec<_> = entries.map(|entry| Line::of(&entry, &today)).collect();
    for folder in shelf.apis()? {
        lines.extend(shelf.rejected(&folder)?.iter().map(|rejection| Line::rejected(rejection, &folder)));
    }
    lines.retain(|line| flags.state.is_none_or(|state| state.word() == line.state));
    lines.retain(|line| flags.oracle.as_ref().is_none_or(|oracle| *oracle == line.oracle));
    for problem in &problems {
        ui.warn(problem)?;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &lines {
        *counts.entry(line.state).or_default() += 1;
    }
    ui.report(&table(&lines, &counts, ui.report_paint()))?;
    ui.object(
        &json!({"format": ui::FORMAT, "fixtures": lines, "counts": counts, "problems": problems}),
        &Redactor::default(),
    )?;
    Ok(if problems.is_empty() { Exit::CLEAN } else { Exit::USAGE })
}

fn table(lines: &[Line], counts: &BTreeMap<&str, usize>, paint: Paint) -> String {
    if lines.is_empty() {
        return format!("{REGRESSIONS} holds nothing of that kind\n");
    }
    let mut table = Table::default();
    table.row(["ID", "STATE", "SEVERITY", "ORACLE", "OPERATION", "WHAT"], |_, text| paint.dim(text));
    for one in lines {
        let id = one.id.get(one.id.len().saturating_sub(8)..).unwrap_or(&one.id);
        let severity = one.severity.map_or("-", Severity::word);
        let what = one.reason.as_ref().map_or_else(|| one.title.clone(), |reason| format!("{}: {reason}", one.title));
        let cells = [
            visible(id),
            one.standing(),
            severity.to_owned(),
            one.oracle.clone(),
            line(&one.operation, 44),
            line(&what, 100),
        ];
        table.row(cells.iter().map(String::as_str), |column, text| match (column, one.severity) {
            (1, _) if one.overdue => paint.bad(text),
            (2, Some(severity)) => paint.severity(severity, text),
            _ => text.to_owned(),
        });
    }
    let mut out = table.render("");
    let counts: Vec<_> = counts.iter().map(|(state, number)| format!("{number} {state}")).collect();
    // Writing to a String can't fail.
    _ = writeln!(out, "\n{}", counts.join(", "));
    out
}
