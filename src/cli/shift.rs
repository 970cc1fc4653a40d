//! `gadfly move`: gives fixtures another state. Main type: [`To`]. A fixture that is rejected is the only one whose file is
//! taken away, since that is what was asked for.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Context, Error, Exit, Ui, shelf, ui};
use crate::clock;
use crate::fixture::{REGRESSIONS, State, folder_of, is_full_date};
use crate::redact::Redactor;

/// Arguments of `gadfly move`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// The beginning of each fixture's id, or its file or test name
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// The new state: open, known, pending or rejected
    #[arg(long, value_name = "STATE", hide_possible_values = true)]
    to: To,
    /// Why, for known and rejected
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who will mend it, or who decided
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// The last day on which it is accepted, YYYY-MM-DD, for known
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
}

const HELP: &str = "\
open      its test is red until the bug is mended, and guards for ever after
known     it is reported and not red until the day that --until names; then it is red again
pending   it waits below regressions/pending, and no test replays it
rejected  its file goes, and its finding goes on the list regressions/NAME/rejected.json: no run reports it any more";

/// The state that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum To {
    Open,
    Known,
    Pending,
    Rejected,
}

/// What is to become of a fixture.
enum Fate {
    State(State),
    Rejected(String),
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let today = clock::today();
    let (mut shelf, _) = shelf::open(context)?;
    // All of them are looked up first: a mistake in the last word moves nothing.
    let entries = flags.ids.iter().map(|id| shelf::one(&shelf, id)).collect::<Result<Vec<_>, _>>()?;
    let fate = fate(flags, &today)?;
    let mut moved = Vec::new();
    for entry in entries {
        let from = format!("{REGRESSIONS}/{}", entry.key);
        let file = match &fate {
            Fate::State(state) => format!("{REGRESSIONS}/{}", shelf.set(&entry, state.clone())?),
            Fate::Rejected(reason) => {
                shelf.reject(&entry, reason, owner(flags.owner.as_deref(), context), &today)?;
                format!("{REGRESSIONS}/{}/rejected.json", folder_of(&entry.key))
            }
        };
        let (was, id) = (entry.standing(), entry.fixture.id.as_str());
        let is_gone = if matches!(fate, Fate::Rejected(_)) { format!("; {from} is removed") } else { String::new() };
        ui.report(&format!("{id}  {was} -> {}  {file}{is_gone}\n", flags.to.word()))?;
        moved.push(json!({"id": id, "from": was, "to": flags.to.word(), "file": file}));
    }
    ui.object(&json!({"format": ui::FORMAT, "moved": moved}), &Redactor::default())?;
    Ok(Exit::CLEAN)
}

/// What the flags ask for, if they fit together.
fn fate(flags: &Flags, today: &str) -> Result<Fate, Error> {
    let Flags { to, reason, owner, until, .. } = flags;
    let surplus = |name: &str| Err(Error::Usage(format!("{name} says nothing about a fixture that is {}", to.word())));
    let reason = || {
        let text = reason.as_deref().map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| Error::Usage(format!("--to {} needs a --reason", to.word())))
    };
    match to {
        To::Open | To::Pending if flags.reason.is_some() => surplus("--reason"),
        To::Open | To::Pending if owner.is_some() => surplus("--owner"),
        To::Open | To::Pending | To::Rejected if until.is_some() => surplus("--until"),
        To::Open => Ok(Fate::State(State::Open)),
        To::Pending => Ok(Fate::State(State::Pending)),
        To::Rejected => Ok(Fate::Rejected(reason()?)),
        To::Known => {
            let Some(until) = until else {
                return Err(Error::Usage("--to known needs --until, the last day on which it is accepted".to_owned()));
            };
            let until = coming(until, today).map_err(|why| Error::Usage(format!("--until {why}")))?;
            Ok(Fate::State(State::Known { reason: reason()?, owner: owner.clone(), until }))
        }
    }
}

/// A day that has not passed; else why it will not do.
pub(super) fn coming(text: &str, today: &str) -> Result<String, String> {
    match text {
        _ if !is_full_date(text) => Err(format!("{text:?} is no day of the form YYYY-MM-DD")),
        _ if text < today => Err(format!("{text} has passed: it would be red at once")),
        _ => Ok(text.to_owned()),
    }
}

/// Who decides: who is named, or else who is logged in.
pub(super) fn owner<'a>(named: Option<&'a str>, context: &'a Context) -> Option<&'a str> {
    named.or_else(|| context.variable("USER")).or_else(|| context.variable("USERNAME"))
}

impl To {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Known => "known",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(to: To, reason: &str, owner: &str, until: &str, expected: &str) {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let flags = Flags { ids: vec![], to, reason: given(reason), owner: given(owner), until: given(until) };
        let shown = match fate(&flags, "2026-06-01") {
            Ok(Fate::State(state)) => serde_json::to_string(&state).unwrap(),
            Ok(Fate::Rejected(reason)) => format!("rejected: {reason}"),
            Err(error) => error.to_string(),
        };
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn flags_must_fit_the_state() {
        check(To::Open, "", "", "", "\"open\"");
        check(To::Pending, "", "", "", "\"pending\"");
        check(To::Rejected, "as designed", "team", "", "rejected: as designed");
        check(To::Known, "vendor", "team", "2026-06-01", r#"{"reason":"vendor","owner":"team","until":"2026-06-01"}"#);
        check(To::Known, "vendor", "", "", "--to known needs --until");
        check(To::Known, " ", "", "2026-06-01", "--to known needs a --reason");
        check(To::Known, "vendor", "", "2026-05-31", "--until 2026-05-31 has passed");
        check(To::Known, "vendor", "", "soon", "--until \"soon\" is no day");
        check(To::Rejected, "", "", "", "--to rejected needs a --reason");
        check(To::Rejected, "x", "", "2026-06-01", "--until says nothing about a fixture that is rejected");
        check(To::Open, "x", "", "", "--reason says nothing about a fixture that is open");
        check(To::Pending, "", "x", "", "--owner says nothing about a fixture that is pending");
    }
}
