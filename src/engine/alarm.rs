//! Reports of a process that lives on: a sanitizer's, a data race, a panic of one thread. Main types: [`Alarm`] (one that
//! nobody accounts for), [`Alarms`] (which are known).
//!
//! A report does not say which request led to it. It names suspects and sends nothing: the campaign carries them out again.

use std::collections::{BTreeMap, VecDeque};

use super::execute::Execution;
use super::past::{Fall, Recent};
use super::supervised::Manner;
use crate::oracle::{self, Told};
use crate::target::CrashReport;
use crate::wire::{Exchange, FaultKind, Outcome};

/// How many reports wait to be looked into, and how many kinds of them are known.
const MOST_WAITING: usize = 8;
const MOST_KNOWN: usize = 16;
/// How often the same report is looked into until its request is found.
const MOST_TRIES: u32 = 2;
/// How often everything may be held up for lines that turn out to be no news.
const MOST_FRUITLESS: u32 = 20;
/// How many of the last scenarios may be behind a report that names none.
const MOST_UNNAMED: usize = 64;
/// How many lines before a report may name its request.
const MOST_BEFORE: usize = 3;
/// How much text of reports is kept beside an answer.
const MOST_BYTES: usize = 8 << 10;

/// A report, and who may have led to it.
#[derive(Clone)]
pub struct Alarm {
    /// What was reported.
    pub told: Told,
    /// Whether a process tells it only once.
    pub is_told_once: bool,
    /// Those whose ids stand at the report, then the others, the oldest first: each with the steps that make what it needs.
    pub suspects: Fall,
    /// How many of them are named.
    pub named: usize,
}

impl Alarm {
    /// Whether the same was reported while this was carried out.
    pub fn is_raised_by(&self, execution: &Execution) -> bool {
        let reported = execution.reported.as_deref();
        reported.is_some_and(|text| oracle::reported(text).iter().any(|told| told.key == self.told.key))
    }
}

/// What is known of a process's reports.
#[derive(Default)]
pub(super) struct Alarms {
    /// How many lines that may begin a report were looked at, and the number of the next line to look at.
    seen: u64,
    mark: u64,
    /// How often each was looked into.
    known: BTreeMap<String, u32>,
    waiting: VecDeque<Alarm>,
    fruitless: u32,
}

impl Alarms {
    /// Whether there is something to look at, when so many lines may begin a report.
    pub(super) fn is_news(&self, noticed: u64) -> bool {
        noticed != self.seen
    }

    /// From which line on nothing was looked at.
    pub(super) fn mark(&self) -> u64 {
        self.mark
    }

    /// Whether these lines are not worth holding everything up: all that they report is known, or others like them were no
    /// news too often. Lines without a report may be the beginning of one.
    pub(super) fn is_chatter(&self, lines: &[String]) -> bool {
        let reports = oracle::reported(&lines.join("\n"));
        let is_known = |told: &Told| self.known.get(&told.key).is_some_and(|tries| *tries >= MOST_TRIES);
        self.fruitless >= MOST_FRUITLESS || (!reports.is_empty() && reports.iter().all(is_known))
    }

    /// All up to the line of this number is looked at. Answers from which line on that is.
    pub(super) fn look(&mut self, noticed: u64, next: u64) -> u64 {
        self.seen = noticed;
        std::mem::replace(&mut self.mark, next)
    }

    /// The process is another one, which counts its lines anew.
    pub(super) fn begin_life(&mut self) {
        (self.seen, self.mark) = (0, 0);
    }

    /// Takes the reports in these lines in, if they are not known too well; any of these scenarios may be behind them.
    pub(super) fn raise(&mut self, lines: &[String], recent: &VecDeque<Recent>) {
        let before = self.waiting.len();
        self.raise_each(lines, recent);
        self.fruitless += u32::from(self.waiting.len() == before);
    }

    fn raise_each(&mut self, lines: &[String], recent: &VecDeque<Recent>) {
        for (told, before) in reports(lines) {
            let count = self.known.get(&told.key).copied().unwrap_or(0);
            if count < MOST_TRIES {
                let (named, others): (Vec<&Recent>, Vec<_>) =
                    recent.iter().partition(|recent| recent.ids.iter().any(|id| before.contains(id.as_str())));
                let number = named.len();
                let skipped = others.len().saturating_sub(MOST_UNNAMED);
                let suspects = named
                    .into_iter()
                    .chain(others.into_iter().skip(skipped))
                    .map(|recent| recent.errand.as_made())
                    .collect();
                self.push(told, suspects, number);
            }
        }
    }

    /// The same for one that was carried out alone: what it is the first to show is looked into.
    pub(super) fn raise_once(&mut self, lines: &[String], recent: &Recent) {
        for (told, _) in reports(lines) {
            if !self.known.contains_key(&told.key) {
                self.push(told, vec![recent.errand.as_sent()], 1);
            }
        }
    }

    /// The next one to look into.
    pub(super) fn take(&mut self) -> Option<Alarm> {
        self.waiting.pop_front()
    }

    /// Lets go of all that is known; what was looked at stays so.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.waiting.clear();
        self.fruitless = 0;
    }

    /// Whose request was found needs no more looking into.
    pub(super) fn settle(&mut self, told: &Told) {
        self.known.insert(told.key.clone(), MOST_TRIES);
    }

    fn push(&mut self, told: Told, suspects: Fall, named: usize) {
        if self.waiting.len() >= MOST_WAITING || self.known.len() >= MOST_KNOWN {
            return;
        }
        *self.known.entry(told.key.clone()).or_default() += 1;
        self.waiting.push_back(Alarm { is_told_once: told.is_sanitizer, told, suspects, named });
    }
}

/// The manner in which what these exchanges show is to be repeated, if the process has a part in it: one that told something
/// may not tell it again.
pub fn repeated(exchanges: &[Exchange]) -> Option<Manner> {
    match &exchanges.last()?.outcome {
        Outcome::Fault(fault) => (fault.kind == FaultKind::Died).then_some(Manner::Afresh),
        Outcome::Response(response) => {
            let reports = CrashReport::outlived(response.reported.as_deref()?);
            let is_once = reports.iter().any(CrashReport::is_told_once);
            Some(if is_once { Manner::Afresh } else { Manner::Alone })
        }
    }
}

/// The reports in these lines, each with its own text and the few lines before it, which may name its request.
fn reports(lines: &[String]) -> Vec<(Told, String)> {
    let text = lines.join("\n");
    let around = |told: Told| {
        let before: Vec<&str> = text[..told.at].lines().rev().take(MOST_BEFORE).collect();
        let end = text.floor_char_boundary(told.at + told.length);
        let around = format!("{}\n{}", before.join("\n"), &text[told.at..end]);
        (told, around)
    };
    oracle::reported(&text).into_iter().map(around).collect()
}

/// The text of the reports in these lines, without what stands before them; `None` if there are none.
pub(super) fn text_of(lines: &[String]) -> Option<String> {
    let text = lines.join("\n");
    let first = oracle::reported(&text).first()?.at;
    let reported = &text[first..];
    Some(reported[..reported.floor_char_boundary(MOST_BYTES)].to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::engine::supervised::Errand;
    use crate::scenario::Scenario;
    use crate::seed::Seed;
    use crate::wire::{Request, RunHeader};

    const OVERFLOW: &str = "a.c:1:2: runtime error: signed integer overflow: 2147483647 + 1";

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn recent(seed: u64) -> Recent {
        let run_id = RunHeader::default().of_run(1, true);
        let request = Request::new("GET", format!("/{seed}"));
        let ids = vec![run_id.as_ref().unwrap().of(&request)];
        let (scenario, fresh) = (Scenario::plain(Vec::new()), Seed::new(seed));
        let errand = Errand { scenario, whole: None, fresh, pause: Duration::ZERO, run_id };
        Recent { errand: Arc::new(errand), ids }
    }

    #[test]
    fn whom_the_lines_name_is_asked_first() {
        let all: VecDeque<Recent> = (1..=3).map(recent).collect();
        let named = format!("GET /2 id {}", all[1].ids[0].as_str());
        let mut alarms = Alarms::default();
        alarms.raise(&lines(&["up", &named, OVERFLOW]), &all);
        let alarm = alarms.take().unwrap();
        let seeds: Vec<u64> = alarm.suspects.iter().map(|(_, fresh)| fresh.number()).collect();
        assert_eq!((seeds, alarm.named, alarm.is_told_once), (vec![2, 1, 3], 1, true));
    }

    #[test]
    fn a_report_is_looked_into_until_its_request_is_found_and_not_for_ever() {
        let all: VecDeque<Recent> = [recent(1)].into();
        let mut alarms = Alarms::default();
        for _ in 0..5 {
            alarms.raise(&lines(&[OVERFLOW]), &all);
        }
        let told = alarms.take().unwrap().told;
        assert!(alarms.take().is_some() && alarms.take().is_none());
        let mut settled = Alarms::default();
        settled.settle(&told);
        settled.raise(&lines(&[OVERFLOW]), &all);
        settled.raise_once(&lines(&[OVERFLOW]), &all[0]);
        assert!(settled.take().is_none());
        settled.raise(&lines(&["b.c:1:2: runtime error: division by zero"]), &all);
        assert!(settled.take().is_some(), "another one");
    }

    #[test]
    fn what_was_looked_at_is_no_news_until_the_process_is_another_one() {
        let mut alarms = Alarms::default();
        assert!(!alarms.is_news(0) && alarms.is_news(1));
        assert_eq!((alarms.look(1, 9), alarms.look(2, 12)), (0, 9));
        assert!(!alarms.is_news(2) && alarms.is_news(3));
        alarms.begin_life();
        assert!(alarms.is_news(1));
    }

    #[test]
    fn what_is_known_or_never_news_holds_nothing_up() {
        let mut alarms = Alarms::default();
        let (overflow, begun) = (lines(&[OVERFLOW]), lines(&["thread 'a' panicked at a.rs:1:2:"]));
        assert!(!alarms.is_chatter(&overflow) && !alarms.is_chatter(&begun));
        alarms.settle(&oracle::reported(OVERFLOW)[0]);
        assert!(alarms.is_chatter(&overflow) && !alarms.is_chatter(&begun));
        for _ in 0..MOST_FRUITLESS {
            alarms.raise(&begun, &VecDeque::new());
        }
        assert!(alarms.is_chatter(&begun));
    }

    #[test]
    fn what_an_earlier_run_knew_is_forgotten() {
        let all: VecDeque<Recent> = [recent(1)].into();
        let mut alarms = Alarms::default();
        alarms.raise(&lines(&[OVERFLOW]), &all);
        alarms.forget();
        assert!(alarms.take().is_none());
        alarms.raise_once(&lines(&[OVERFLOW]), &all[0]);
        assert!(alarms.take().is_some());
    }

    #[test]
    fn the_text_of_reports_begins_with_the_first_one() {
        assert_eq!(text_of(&lines(&["GET /", OVERFLOW, "done"])), Some(format!("{OVERFLOW}\ndone")));
        assert_eq!(text_of(&lines(&["GET /", "done"])), None);
    }
}
