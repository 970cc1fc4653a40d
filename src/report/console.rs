//! What a person sees of a run. Main types: [`Console`], [`Look`].
//!
//! Progress and notices go to `err`; findings and the report at the end go to `out`. It decides nothing, reads no
//! environment, and passes every text through the redactor once more.

use std::io::{self, Write};

use super::finding::block;
use super::live::Live;
use super::summary::summary;
use super::text::{count, line};
use super::{Event, FindingRecord, Paint, Reporter};
use crate::finding::Severity;
use crate::redact::Redactor;

/// How the console looks.
#[derive(Clone, Debug)]
pub struct Look {
    /// Colours of the report.
    pub paint: Paint,
    /// Colours of progress and notices.
    pub notice_paint: Paint,
    /// What is shown while the run goes on.
    pub progress: Pace,
    /// Whether contract remarks are listed one by one.
    pub remarks: bool,
    /// Characters in a line of the report's tables.
    pub width: usize,
    /// What to do next, as label and command; shown if a fixture was written.
    pub next: Vec<(&'static str, String)>,
}

/// What is shown while a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nothing, not even findings as they are proved.
    Quiet,
    /// A plain line every few seconds.
    Lines,
    /// A moving bar.
    Bar,
}

/// Where the console writes.
pub struct Screen<'w> {
    /// Takes the report; `None` sends it where progress goes, for `--json` keeps the output to itself.
    pub out: Option<&'w mut dyn Write>,
    /// Takes progress and notices.
    pub err: &'w mut dyn Write,
}

impl Screen<'_> {
    fn report(&mut self, text: &str) -> io::Result<()> {
        let to: &mut dyn Write = match &mut self.out {
            Some(out) => *out,
            None => self.err,
        };
        to.write_all(text.as_bytes())?;
        to.flush()
    }
}

/// Shows a run to a person.
pub struct Console<'w> {
    screen: Screen<'w>,
    look: Look,
    redactor: Redactor,
    live: Live,
}

impl<'w> Console<'w> {
    /// A console that writes there and looks so.
    pub fn new(screen: Screen<'w>, look: Look, redactor: Redactor) -> Self {
        let live = match look.progress {
            Pace::Quiet => Live::Off,
            Pace::Lines => Live::lines(),
            Pace::Bar => Live::bar(),
        };
        Self { screen, look, redactor, live }
    }

    fn is_quiet(&self) -> bool {
        self.look.progress == Pace::Quiet
    }

    fn report(&mut self, text: &str) -> io::Result<()> {
        let text = self.redactor.text(text);
        self.live.around(|| self.screen.report(&text))
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        if self.is_quiet() {
            return Ok(());
        }
        let text = self.redactor.text(text);
        self.live.around(|| writeln!(self.screen.err, "{text}"))
    }

    /// A block as soon as a finding of some weight is proved; the rest waits for the end.
    fn found(&mut self, record: &FindingRecord) -> io::Result<()> {
        let least = if self.look.remarks { Severity::Remark } else { Severity::Medium };
        if self.is_quiet() || record.severity < least {
            return Ok(());
        }
        self.report(&format!("{}\n", block(record, self.look.paint)))
    }
}

impl Reporter for Console<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Started { api, base_url, seed, operations } => {
                let title = line(&format!("{} {}", api.title, api.version), self.look.width);
                let operations = count(*operations, "operation");
                self.say(&format!("fuzzing {title} at {}: {operations}, seed {seed}\n", line(base_url, 200)))
            }
            Event::Progress(progress) => self.live.show(progress, self.look.notice_paint, self.screen.err),
            Event::Notice(text) => {
                let label = self.look.notice_paint.warn("notice:");
                // Redacted before it is cut: half a secret would not be known again.
                let text = line(&self.redactor.text(text), 1_000);
                self.say(&format!("{label} {text}"))
            }
            Event::Found { record, .. } => self.found(record),
            Event::Finished(finished) => {
                self.live.finish();
                self.report(&summary(finished, &self.look))
            }
        }
    }
}
