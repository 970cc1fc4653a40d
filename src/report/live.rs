//! How far a run is. Main type: [`Live`]: a bar that moves on a terminal, a plain line every few seconds elsewhere.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::text::{count, grouped};
use super::{Paint, Progress};
use crate::finding::Severity;

/// The time between two plain lines, by the run's own clock.
const PAUSE: Duration = Duration::from_secs(5);
/// Steps of the bar.
const STEPS: u64 = 1_000;

/// Shows progress.
pub(super) enum Live {
    /// Nothing is shown.
    Off,
    /// Plain lines; the time of the last one.
    Lines(Duration),
    /// A bar on the terminal.
    Bar(ProgressBar),
}

impl Live {
    /// A bar that draws on the terminal behind standard error.
    pub(super) fn bar() -> Self {
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {msg}").expect("the template is well formed");
        bar.set_style(style.progress_chars("━╸─"));
        Self::Bar(bar)
    }

    pub(super) fn lines() -> Self {
        Self::Lines(Duration::ZERO)
    }

    pub(super) fn show(&mut self, progress: &Progress, paint: Paint, err: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Off => Ok(()),
            Self::Lines(last) if progress.elapsed < *last + PAUSE => Ok(()),
            Self::Lines(last) => {
                *last = progress.elapsed;
                writeln!(err, "  {}", text(progress, paint))
            }
            Self::Bar(bar) => {
                bar.set_position(position(progress));
                bar.set_message(text(progress, paint));
                Ok(())
            }
        }
    }

    /// Writes while no bar is in the way.
    pub(super) fn around(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Bar(bar) => bar.suspend(write),
            Self::Off | Self::Lines(_) => write(),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
        *self = Self::Off;
    }
}

/// How far the nearer of the two budgets is used up.
fn position(progress: &Progress) -> u64 {
    let share = |used: u128, of: u128| u64::try_from(used * u128::from(STEPS) / of.max(1)).unwrap_or(STEPS).min(STEPS);
    let time = progress.time.map(|time| share(progress.elapsed.as_millis(), time.as_millis()));
    let requests = progress.budget.map(|budget| share(progress.requests.into(), budget.into()));
    time.max(requests).unwrap_or(0)
}

fn text(progress: &Progress, paint: Paint) -> String {
    let seconds = progress.elapsed.as_secs();
    let time = match progress.time {
        // What is under way when the time is up is proved all the same.
        Some(time) if progress.elapsed > time => format!("{}s used up, finishing", time.as_secs()),
        Some(time) => format!("{seconds}s of {}s", time.as_secs()),
        None => format!("{seconds}s"),
    };
    let requests = match progress.budget {
        Some(budget) => format!("{} of {} requests", grouped(progress.requests), grouped(budget)),
        None => format!("{} requests", grouped(progress.requests)),
    };
    let rate = progress.requests as f64 / progress.elapsed.as_secs_f64().max(0.001);
    let reached = format!("{} of {} reached", progress.reached, count(progress.operations, "operation"));
    [time, requests, format!("{rate:.0}/s"), reached, findings(progress, paint)].join(" · ")
}

/// Proved findings by severity; remarks are no findings.
fn findings(progress: &Progress, paint: Paint) -> String {
    let number = |severity| progress.findings.get(&severity).copied().unwrap_or(0);
    let words: Vec<_> = Severity::ALL[..4]
        .iter()
        .filter(|severity| number(**severity) > 0)
        .map(|severity| paint.severity(*severity, &format!("{} {severity}", number(*severity))))
        .collect();
    if words.is_empty() { "no findings".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn at(seconds: u64) -> Progress {
        Progress {
            elapsed: Duration::from_secs(seconds),
            time: Some(Duration::from_mins(1)),
            requests: 400 * seconds,
            budget: None,
            operations: 23,
            reached: 15,
            findings: BTreeMap::from([(Severity::Critical, 1), (Severity::Low, 2), (Severity::Remark, 40)]),
        }
    }

    #[test]
    fn plain_lines_come_every_few_seconds_of_the_run() {
        let mut live = Live::lines();
        let mut out = Vec::new();
        for seconds in (0..=11).chain([61]) {
            live.show(&at(seconds), Paint::default(), &mut out).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  5s of 60s · 2,000 requests · 400/s · 15 of 23 operations reached · 1 critical, 2 low\n  \
             10s of 60s · 4,000 requests · 400/s · 15 of 23 operations reached · 1 critical, 2 low\n  \
             60s used up, finishing · 24,400 requests · 400/s · 15 of 23 operations reached · 1 critical, 2 low\n"
        );
    }

    #[test]
    fn the_bar_follows_the_budget_that_ends_first() {
        let both = Progress { budget: Some(1_000), requests: 900, ..at(6) };
        assert_eq!(position(&both), 900);
        assert_eq!(position(&at(6)), 100);
        assert_eq!(position(&Progress { time: None, ..at(6) }), 0);
        assert_eq!(position(&at(600)), STEPS);
    }
}
