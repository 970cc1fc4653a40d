//! `gadfly accept`: moves pending fixtures to those that are replayed.

use std::collections::BTreeSet;

use clap::{ArgGroup, Args};
use serde_json::json;

use super::run;
use super::{Context, Error, Exit, Ui, ui};
use crate::config::File;
use crate::fixture::{REGRESSIONS, Selection, Shelf};
use crate::redact::Redactor;

/// Arguments of `gadfly accept`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("which").required(true).args(["patterns", "all"]))]
pub(super) struct Flags {
    /// Text of the file, the test name, the operation or the id of pending fixtures
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Accept all pending fixtures
    #[arg(long)]
    all: bool,
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let file = File::discover(&context.folder)?;
    let root = file.folder().unwrap_or(&context.folder);
    let (mut shelf, problems) = Shelf::open(run::fixtures(root), REGRESSIONS)?;
    // One file's problem is told once, however often it is met.
    let mut problems: BTreeSet<String> = problems.iter().map(ToString::to_string).collect();
    let mut accepted = Vec::new();
    for selection in selections(flags) {
        let (moved, unreadable) = shelf.accept(selection)?;
        problems.extend(unreadable.iter().map(ToString::to_string));
        if let (true, Selection::Matching(pattern)) = (moved.is_empty(), selection) {
            problems.insert(nothing(pattern, shelf.pending()?.entries.len()));
        }
        accepted.extend(moved.into_iter().map(|key| format!("{REGRESSIONS}/{key}")));
    }
    tell(&accepted, &problems, ui)?;
    ui.object(&json!({"format": ui::FORMAT, "accepted": accepted, "problems": problems}), &Redactor::default())?;
    Ok(if problems.is_empty() { Exit::CLEAN } else { Exit::USAGE })
}

fn selections(flags: &Flags) -> Vec<Selection<'_>> {
    if flags.all { vec![Selection::All] } else { flags.patterns.iter().map(|p| Selection::Matching(p)).collect() }
}

fn nothing(pattern: &str, pending: usize) -> String {
    let which = if pending == 0 { "none is pending".to_owned() } else { format!("{pending} others are pending") };
    format!("no pending fixture matches {pattern:?}; {which}")
}

fn tell(accepted: &[String], problems: &BTreeSet<String>, ui: &mut Ui<'_>) -> Result<(), Error> {
    for file in accepted {
        ui.report(&format!("accepted {file}\n"))?;
    }
    for problem in problems {
        ui.warn(problem)?;
    }
    if accepted.is_empty() && problems.is_empty() {
        ui.note("no fixture is pending")?;
    }
    Ok(())
}
