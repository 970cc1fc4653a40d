//! Where findings and novel inputs go: records for machines, fixtures and corpus entries on disk.
//!
//! Main type: [`Keeper`]. It writes a finding at once when it is proved, so that a kill loses nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::target::run_id;
use super::{Error, Options};
use crate::api::Api;
use crate::clock;
use crate::corpus::{self, Aside, Corpus, Reason};
use crate::engine::{Glimpse, Remembered};
use crate::finding::{Severity, Signature};
use crate::fixture::{Added, Discovery, Fixture, Place, REGRESSIONS, Rejected, Shelf};
use crate::learn::{Kept, LearnedRule};
use crate::redact::{Redactor, Secret};
use crate::report::FindingRecord;
use crate::scenario::{Intent, Scenario, shell};
use crate::spec::Loaded;
use crate::triage::Confirmed;
use crate::wire::{Exchange, FaultKind, RunId, curl, ends_in};

/// After how many new entries the corpus is written in the middle of a run.
const CORPUS_BATCH: usize = 64;
/// How many operations with entries that are set aside are named.
const MOST_NAMED: usize = 5;

/// Keeps what a run finds.
pub(super) struct Keeper {
    options: Options,
    redactor: Redactor,
    run_id: Option<RunId>,
    spec: String,
    date: String,
    shelf: Option<Shelf>,
    rejected: Rejected,
    /// What is accepted, and until when.
    known: BTreeMap<Signature, String>,
    corpus: Option<Corpus>,
    learned: Option<Kept>,
    /// What earlier runs learned, until it is taken.
    lessons: Vec<LearnedRule>,
    unsaved: usize,
    records: Vec<FindingRecord>,
    /// The keys of the fixtures that this run wrote.
    written: BTreeMap<Signature, String>,
    problems: Vec<String>,
}

impl Keeper {
    /// Opens the stores; what can't be read in them is a problem to tell, not a reason to stop.
    pub(super) fn open(loaded: &Loaded, options: &Options) -> Result<Self, Error> {
        let mut problems = Vec::new();
        // Whoever commits these folders takes hidden files along.
        options.fixtures.iter().chain(&options.corpus).for_each(|store| store.sweep());
        let redactor = options.identities.redactor();
        let shelf = match &options.fixtures {
            None => None,
            Some(store) => {
                let (shelf, unreadable) = Shelf::open(store.clone(), REGRESSIONS)?;
                problems.extend(unreadable.iter().map(ToString::to_string));
                Some(shelf)
            }
        };
        let (mut rejected, mut known, date) = (Rejected::default(), BTreeMap::new(), clock::today());
        if let Some(store) = &options.reviewed {
            // What can't be read is told where fixtures are written, and by each replay.
            let (reviewed, _) = Shelf::open(store.clone(), REGRESSIONS)?;
            rejected = reviewed.rejected(&options.name)?;
            known = reviewed.known(&options.name, &date)?;
        }
        let corpus = options.corpus.as_ref().map(|store| {
            let (corpus, unreadable) = Corpus::open(corpus::Settings {
                store: store.clone(),
                api: options.name.clone(),
                base_path: options.target.base_path.clone(),
                redactor: redactor.clone(),
            });
            problems.extend(unreadable.iter().map(ToString::to_string));
            corpus
        });
        let mut lessons = Vec::new();
        let learned = options.corpus.as_ref().map(|store| {
            let (kept, rules, problem) = Kept::open(store.clone(), &options.name, redactor.clone());
            problems.extend(problem.iter().map(ToString::to_string));
            lessons = rules;
            kept
        });
        Ok(Self {
            options: options.clone(),
            redactor,
            run_id: run_id(options),
            spec: loaded.api.digest.clone(),
            date,
            shelf,
            rejected,
            known,
            corpus,
            learned,
            lessons,
            unsaved: 0,
            records: Vec::new(),
            written: BTreeMap::new(),
            problems,
        })
    }

    /// What earlier runs found worth keeping and still applies to the document; what does not is told.
    pub(super) fn remembered(&mut self, api: &Api) -> Vec<Remembered> {
        let Some(corpus) = &self.corpus else { return Vec::new() };
        let (remembered, aside) = corpus.recall(api);
        self.problems.extend(set_aside(&aside, corpus.len()));
        remembered
    }

    /// What refusals taught earlier runs.
    pub(super) fn take_lessons(&mut self) -> Vec<LearnedRule> {
        std::mem::take(&mut self.lessons)
    }

    /// Keeps what refusals taught.
    pub(super) fn keep_lessons(&mut self, rules: &[LearnedRule]) {
        let problem = self.learned.as_mut().and_then(|kept| kept.save(rules));
        self.problems.extend(problem.iter().map(ToString::to_string));
    }

    /// Keeps an input that led to something new, or took so many times as long as others.
    pub(super) fn keep_novel(&mut self, scenario: &Scenario, glimpse: Glimpse, reaches: bool, slowness: Option<u32>) {
        let how = match slowness {
            _ if reaches => "as its first success".to_owned(),
            Some(times) => format!("slowly: {times} times the usual"),
            None => "in a new way".to_owned(),
        };
        // What is slow is no twin of what was answered the same in time.
        let kind = slowness.map(|_| format!("{:016x} slow", glimpse.kind()));
        self.remember(scenario, glimpse, &how, &Reason { kind, reaches, ..Reason::default() });
    }

    /// Keeps an input that reaches its operation without anything that the run had made.
    pub(super) fn keep_reaching(&mut self, scenario: &Scenario, glimpse: Glimpse) {
        let reason = Reason { reaches: true, alone: true, ..Reason::default() };
        self.remember(scenario, glimpse, "without what the run had made", &reason);
    }

    fn remember(&mut self, scenario: &Scenario, glimpse: Glimpse, how: &str, reason: &Reason) {
        let Some(corpus) = &mut self.corpus else { return };
        let words = format!("answered {glimpse} {how}");
        let kind = reason.kind.clone().or_else(|| Some(format!("{:016x}", glimpse.kind())));
        if corpus.add(scenario, &Reason { words, status: glimpse.status(), kind, ..reason.clone() }) {
            self.unsaved += 1;
        }
        if self.unsaved >= CORPUS_BATCH {
            self.save();
        }
    }

    /// Writes what is not on disk yet.
    pub(super) fn save(&mut self) {
        if let Some(corpus) = &mut self.corpus {
            self.problems.extend(corpus.save().iter().map(ToString::to_string));
            self.unsaved = 0;
        }
    }

    /// Keeps a proved finding; an unstable one, and a remark unless they are asked for, as a record only.
    pub(super) fn keep_finding(&mut self, confirmed: &Confirmed, elapsed: Duration) -> FindingRecord {
        let fixture = if confirmed.is_proved() && self.is_worth(confirmed) { self.write(confirmed) } else { None };
        let record = self.record(confirmed, fixture, elapsed);
        self.records.push(record.clone());
        record
    }

    /// Whether it would have a fixture, were it proved.
    pub(super) fn is_worth(&self, confirmed: &Confirmed) -> bool {
        confirmed.finding.severity > Severity::Remark || self.options.keep_remarks
    }

    /// Puts what was found out since in place of a finding's record, and of the fixture if this run wrote it: what does
    /// not show on a clean target has none.
    pub(super) fn revise(&mut self, index: usize, confirmed: &Confirmed) {
        let Some(FindingRecord { fixture, seconds, .. }) = self.records.get(index).cloned() else { return };
        let elapsed = Duration::from_secs_f64(seconds);
        let fixture = match self.written.get(&confirmed.finding.signature).cloned() {
            Some(key) if confirmed.is_proved() => {
                self.rewrite(&key, confirmed);
                fixture
            }
            Some(key) => {
                self.written.remove(&confirmed.finding.signature);
                let withdrawn = self.shelf.as_mut().map_or(Ok(()), |shelf| shelf.withdraw(&key));
                self.problems.extend(withdrawn.err().map(|error| error.to_string()));
                None
            }
            None if fixture.is_none() && confirmed.is_proved() => self.write(confirmed),
            None => fixture,
        };
        self.records[index] = self.record(confirmed, fixture, elapsed);
    }

    /// What somebody rejected before.
    pub(super) fn rejected(&self) -> &Rejected {
        &self.rejected
    }

    /// Without secrets.
    pub(super) fn redacted(&self, text: &str) -> String {
        self.redactor.text(text)
    }

    /// The findings so far.
    pub(super) fn records(&self) -> &[FindingRecord] {
        &self.records
    }

    /// What could not be read or written since the last time.
    pub(super) fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Writes the fixture; answers where it is, relative to the working folder.
    fn write(&mut self, confirmed: &Confirmed) -> Option<String> {
        let fixture = self.fixture(confirmed);
        let kept = self.shelf.as_mut()?;
        let place = if self.options.accept_all { Place::Accepted } else { Place::Pending };
        match fixture.and_then(|fixture| kept.add(&self.options.name, &fixture, place)) {
            Ok(added) => {
                if let Added::New(key) = &added {
                    self.written.insert(confirmed.finding.signature.clone(), key.clone());
                }
                Some(format!("{REGRESSIONS}/{}", added.key()))
            }
            Err(error) => {
                self.problems.push(format!("no fixture for {}: {error}", confirmed.finding.title));
                None
            }
        }
    }

    /// Writes the fixture anew where this run wrote it.
    fn rewrite(&mut self, key: &str, confirmed: &Confirmed) {
        let fixture = self.fixture(confirmed);
        let Some(kept) = &self.shelf else { return };
        if let Err(error) = fixture.and_then(|fixture| kept.renew(key, &fixture)) {
            self.problems.push(format!("the fixture of {} stays as it was: {error}", confirmed.finding.title));
        }
    }

    fn fixture(&self, confirmed: &Confirmed) -> Result<Fixture, crate::fixture::Error> {
        let redactor = self.redactor_of(confirmed);
        let discovery = Discovery {
            base_path: &self.options.target.base_path,
            redactor: &redactor,
            spec: &self.spec,
            seed: self.options.seed,
            date: &self.date,
            timeout: self.options.timeout,
            requires_fresh: is_sequence_of_death(confirmed),
        };
        Fixture::from_confirmed(confirmed, &discovery)
    }

    /// Knows the ids of the finding's requests as well: they are of this run alone, and an answer may give them back.
    fn redactor_of(&self, confirmed: &Confirmed) -> Redactor {
        let Some(run_id) = &self.run_id else { return self.redactor.clone() };
        let id = |exchange: &Exchange| Secret::new(run_id.of(&exchange.request).as_str());
        let ids: Vec<Secret> = confirmed.exchanges.iter().map(id).collect();
        self.redactor.and(&ids)
    }

    fn record(&self, confirmed: &Confirmed, fixture: Option<String>, elapsed: Duration) -> FindingRecord {
        let finding = &confirmed.finding;
        let step = &confirmed.scenario.steps[finding.step];
        let intent = step.case.as_ref().map(|case| &case.intent);
        let (origin, redactor) = (&self.options.target.origin, self.redactor_of(confirmed));
        let sequence = &confirmed.scenario.steps[..=finding.step];
        let lines: Vec<_> = sequence.iter().flat_map(|step| shell(step, origin)).collect();
        FindingRecord {
            oracle: finding.oracle().to_string(),
            severity: finding.severity,
            owasp: finding.owasp,
            operation: finding.operation.to_string(),
            title: redactor.text(&finding.title),
            evidence: redactor.text(&finding.evidence),
            signature: finding.signature.to_string(),
            confirmed: confirmed.ratio,
            clean: confirmed.clean,
            stable: confirmed.is_proved(),
            intent: intent.map_or("recorded", Intent::word).to_owned(),
            rule: intent.and_then(Intent::detail),
            outcome: confirmed.exchanges.last().map(|last| last.outcome.to_string()).unwrap_or_default(),
            log: confirmed.log.iter().map(|line| redactor.text(line)).collect(),
            curl: redactor.text(&curl(&step.request, origin)),
            steps: lines.iter().filter(|_| lines.len() > 1).map(|line| redactor.text(line)).collect(),
            fixture,
            known_until: self.known.get(&finding.signature).cloned(),
            seconds: elapsed.as_secs_f64(),
        }
    }
}

/// Whether the target died of several requests, which all must reach the same process.
fn is_sequence_of_death(confirmed: &Confirmed) -> bool {
    confirmed.scenario.steps.len() > 1 && ends_in(&confirmed.exchanges, FaultKind::Died)
}

/// How many entries do not apply to the document any more, and why, by operation.
fn set_aside(aside: &[Aside], entries: usize) -> Option<String> {
    if aside.is_empty() {
        return None;
    }
    let mut reasons: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for one in aside {
        reasons.entry(&one.operation).or_insert((0, &one.reason)).0 += 1;
    }
    let named = reasons.values().take(MOST_NAMED).map(|(count, reason)| format!("{count} since {reason}"));
    let mut named: Vec<String> = named.collect();
    if reasons.len() > MOST_NAMED {
        named.push(format!("{} more operations", reasons.len() - MOST_NAMED));
    }
    let (count, named) = (aside.len(), named.join("; "));
    Some(format!(
        "{count} of {entries} kept inputs do not apply to the document any more and are set aside: {named}; `gadfly corpus ls` lists them"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_told_by_operation() {
        let aside = |operation: &str, reason: &str| Aside {
            hash: String::new(),
            operation: operation.to_owned(),
            reason: reason.to_owned(),
        };
        let all = [aside("GET /a", "it is gone"), aside("GET /a", "it is gone"), aside("PUT /b", "of this")];
        let told = set_aside(&all, 9).unwrap_or_default();
        assert!(told.starts_with("3 of 9 kept inputs"), "{told}");
        assert!(told.contains("2 since it is gone; 1 since of this; "), "{told}");
        assert_eq!(set_aside(&[], 9), None);
    }
}
