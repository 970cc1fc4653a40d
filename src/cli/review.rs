//! `gadfly review`: walks pending fixtures one by one. Main type: [`Answers`].
//!
//! A person decides: in CI there is none, and a standard input that is no terminal is none either, unless `--answers` says
//! that the lines were prepared. Each decision is carried out at once, so that whatever ends the walk loses none.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::args::TargetFlags;
use super::sender::Sender;
use super::show::safe;
use super::site::Site;
use super::{Context, Error, Exit, Ui, run, shelf, shift, ui};
use crate::clock;
use crate::config::File;
use crate::fixture::{Entry, REGRESSIONS, Selection, Shelf, State, folder_of};
use crate::redact::Redactor;

/// Arguments of `gadfly review`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// Text of the file, the test name, the operation or the id of pending fixtures [default: all]
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Take the answers line by line from this file, or from standard input if it is `-`
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Who decides, for known and rejected [default: who is logged in]
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
}

const HELP: &str = "\
Each fixture is shown with its requests, the answer at discovery and why it was kept. With --url
it is sent there first, and the difference to the answer at discovery is shown.

  a  accept: its test is red until the bug is mended, and guards for ever after
  k  known: reported and not red until a day; asks for the reason, the day and who will mend it
  r  reject: it goes, and no run reports it any more; asks for the reason
  s  skip: it stays pending
  q  quit: it and all that follow stay pending";

const KEYS: &str = "accept, known, reject, skip or quit? [a/k/r/s/q] ";

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut answers = Answers::open(flags, context)?;
    let (mut shelf, problems) = shelf::open(context)?;
    for problem in &problems {
        ui.warn(problem)?;
    }
    let mut entries = shelf.pending()?.entries;
    let is_meant = |entry: &Entry| flags.patterns.iter().any(|pattern| Selection::Matching(pattern).contains(entry));
    entries.retain(|entry| flags.patterns.is_empty() || is_meant(entry));
    if entries.is_empty() {
        ui.note("no fixture is pending, or none that matches")?;
    }
    let owner = shift::owner(flags.owner.as_deref(), context).map(str::to_owned);
    let mut outcome = Outcome::default();
    let total = entries.len();
    for (index, entry) in entries.iter().enumerate() {
        let text = shown(entry, flags, context)?;
        ui.report(&format!("\n{} of {total}  {REGRESSIONS}/{}\n\n{}\n", index + 1, entry.key, safe(&text)))?;
        let decision = answers.decide(ui)?;
        if decision == Decision::Quit {
            break;
        }
        let told = outcome.carry_out(decision, entry, &mut shelf, owner.as_deref())?;
        ui.report(&format!("{told}\n"))?;
    }
    outcome.left = shelf.pending()?.entries.len();
    ui.report(&outcome.counted())?;
    ui.object(
        &json!({"format": ui::FORMAT, "decided": outcome.decided, "pending": outcome.left}),
        &Redactor::default(),
    )?;
    Ok(if problems.is_empty() { Exit::CLEAN } else { Exit::USAGE })
}

/// What there is to know of a fixture before one decides.
fn shown(entry: &Entry, flags: &Flags, context: &Context) -> Result<String, Error> {
    if flags.target.url.is_none() {
        return shelf::described(entry, context, &flags.target);
    }
    let file = File::discover(&context.folder)?;
    let used: Vec<_> = entry.fixture.steps.iter().map(|step| step.identity.clone()).collect();
    let site = Site::open(context, &file, folder_of(&entry.key), &flags.target, &used, None)?;
    let sender = Sender::new(site, NonZeroU32::MIN);
    let replayed = run::runtime()?.block_on(sender.replay(entry))?;
    Ok(sender.explained(entry, &replayed))
}

/// What is decided about one fixture.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    Accept,
    Known { reason: String, until: String, owner: Option<String> },
    Reject { reason: String },
    Skip,
    Quit,
}

/// Where the answers come from.
enum Answers {
    /// Typed, or piped line by line: then they are shown as a terminal would show them.
    Typed { is_shown: bool },
    /// From a file.
    Lines(VecDeque<String>),
}

impl Answers {
    fn open(flags: &Flags, context: &Context) -> Result<Self, Error> {
        let refused = |why: &str| Err(Error::Usage(why.to_owned()));
        match &flags.answers {
            _ if context.is_ci() => refused(
                "review asks a person, and in CI there is none (CI is set); review on your own machine, and commit what comes of it",
            ),
            Some(path) if path.as_os_str() == "-" => Ok(Self::Typed { is_shown: context.in_is_terminal }),
            Some(path) => {
                let text = std::fs::read_to_string(context.path(path));
                let text = text.map_err(Error::io(format!("read {}", path.display())))?;
                Ok(Self::Lines(text.lines().map(|line| line.trim().to_owned()).collect()))
            }
            None if context.in_is_terminal => Ok(Self::Typed { is_shown: true }),
            None => refused(
                "review asks a person, and standard input is no terminal; run it in one, or give --answers - to pipe the answers line by line",
            ),
        }
    }

    /// The answer to a question; `None` when there are no more.
    fn ask(&mut self, question: &str, ui: &mut Ui<'_>) -> Result<Option<String>, Error> {
        ui.report(question)?;
        let line = match self {
            Self::Typed { .. } => ui.line()?,
            Self::Lines(lines) => lines.pop_front(),
        };
        if !matches!(self, Self::Typed { is_shown: true }) {
            ui.report(&format!("{}\n", line.as_deref().unwrap_or_default()))?;
        }
        Ok(line)
    }

    /// Asks until there is a decision; where nobody answers any more, that is one as well.
    fn decide(&mut self, ui: &mut Ui<'_>) -> Result<Decision, Error> {
        loop {
            let Some(key) = self.ask(KEYS, ui)? else { return Ok(Decision::Quit) };
            let decision = match key.to_ascii_lowercase().as_str() {
                "a" | "accept" => Some(Decision::Accept),
                "s" | "skip" => Some(Decision::Skip),
                "q" | "quit" => Some(Decision::Quit),
                "r" | "reject" => self.text("why? (empty: back) ", ui)?.map(|reason| Decision::Reject { reason }),
                "k" | "known" => self.known(ui)?,
                _ => None,
            };
            if let Some(decision) = decision {
                return Ok(decision);
            }
        }
    }

    fn known(&mut self, ui: &mut Ui<'_>) -> Result<Option<Decision>, Error> {
        let Some(reason) = self.text("why is it accepted? (empty: back) ", ui)? else { return Ok(None) };
        let today = clock::today();
        let until = loop {
            let Some(day) = self.text("until which day? YYYY-MM-DD (empty: back) ", ui)? else { return Ok(None) };
            match shift::coming(&day, &today) {
                Ok(day) => break day,
                Err(why) => ui.report(&format!("{why}\n"))?,
            }
        };
        let owner = self.text("who will mend it? (empty: nobody is named) ", ui)?;
        Ok(Some(Decision::Known { reason, until, owner }))
    }

    fn text(&mut self, question: &str, ui: &mut Ui<'_>) -> Result<Option<String>, Error> {
        Ok(self.ask(question, ui)?.filter(|text| !text.is_empty()))
    }
}

/// What was decided so far.
#[derive(Default)]
struct Outcome {
    decided: Vec<Value>,
    counts: BTreeMap<&'static str, usize>,
    left: usize,
}

impl Outcome {
    /// Does what was decided, and says it.
    fn carry_out(
        &mut self,
        decision: Decision,
        entry: &Entry,
        fixtures: &mut Shelf,
        owner: Option<&str>,
    ) -> Result<String, Error> {
        let list = format!("{}/rejected.json", folder_of(&entry.key));
        let (word, key) = match decision {
            Decision::Accept => ("accepted", fixtures.promote(entry)?),
            Decision::Known { reason, until, owner } => {
                ("known", fixtures.set(entry, State::Known { reason, owner, until })?)
            }
            Decision::Reject { reason } => {
                fixtures.reject(entry, &reason, owner, &clock::today())?;
                ("rejected", list)
            }
            Decision::Skip | Decision::Quit => ("skipped", entry.key.clone()),
        };
        let (id, file) = (entry.fixture.id.as_str(), format!("{REGRESSIONS}/{key}"));
        *self.counts.entry(word).or_default() += 1;
        self.decided.push(json!({"id": id, "decision": word, "file": file}));
        Ok(format!("{word}: {file}"))
    }

    fn counted(&self) -> String {
        let mut counts: Vec<_> = self.counts.iter().map(|(word, number)| format!("{number} {word}")).collect();
        counts.push(format!("{} pending", self.left));
        format!("\n{}\n", counts.join(", "))
    }
}
