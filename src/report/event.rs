//! Events of a run and its summary. Main types: [`Event`], [`Summary`].

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::Serialize;

use crate::api::{Api, OperationId};
use crate::engine::{References, RuleCounts, Tally};
use crate::finding::{Owasp, Severity};
use crate::generate::Goal;
use crate::learn::LearnedRule;
use crate::seed::Seed;
use crate::target::Lives;
use crate::triage::{Confirmed, Ratio};

/// Something a run has to tell.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// What is fuzzed.
        api: &'a Api,
        /// Base URL in use.
        base_url: &'a str,
        /// The run's seed.
        seed: Seed,
        /// How many operations are in the run.
        operations: usize,
    },
    /// How far it is; a few times a second at most.
    Progress(&'a Progress),
    /// Something the user should know or change, such as that nothing but 404 comes back.
    Notice(&'a str),
    /// A finding that was proved or found unstable; `record` is the same for machines.
    Found {
        /// The finding with its traffic.
        confirmed: &'a Confirmed,
        /// The finding for machines: redacted.
        record: &'a FindingRecord,
    },
    /// The run is over.
    Finished(&'a Summary),
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Time since the start.
    pub elapsed: Duration,
    /// The time budget, if there is one.
    pub time: Option<Duration>,
    /// Requests sent.
    pub requests: u64,
    /// The request budget, if there is one.
    pub budget: Option<u64>,
    /// Operations in the run.
    pub operations: usize,
    /// Operations that answered 2xx at least once.
    pub reached: usize,
    /// Proved findings by severity.
    pub findings: BTreeMap<Severity, usize>,
}

/// A finding for machines: no credentials, no typed values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingRecord {
    /// The oracle's name.
    pub oracle: String,
    /// How bad it is.
    pub severity: Severity,
    /// Its OWASP class.
    pub owasp: Option<Owasp>,
    /// The operation, such as `GET /orders/{id}`.
    pub operation: String,
    /// One sentence.
    pub title: String,
    /// What in the answer shows it.
    pub evidence: String,
    /// Its versioned signature.
    pub signature: String,
    /// How often it showed when re-sent alone.
    pub confirmed: Ratio,
    /// How often it showed once the target was clean again: started anew, or without what the run had made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean: Option<Ratio>,
    /// Whether it showed each time.
    pub stable: bool,
    /// What the request was meant to be: `valid`, `boundary`, `malformed`, ...
    pub intent: String,
    /// The rule that was touched or broken, if any.
    pub rule: Option<String>,
    /// What came back: a status, or a fault in words.
    pub outcome: String,
    /// What the target wrote meanwhile, where gadfly runs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// The request as a curl command, credentials left out.
    pub curl: String,
    /// The whole sequence as lines for a shell, where there is more to say than one command: what a shell can't know stands in
    /// comments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// Where the fixture was written, relative to the working folder.
    pub fixture: Option<String>,
    /// The last day on which somebody accepts it, if it is known and that day has not passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_until: Option<String>,
    /// Seconds since the start of the run when it was first seen.
    pub seconds: f64,
}

/// What a run came to. Its JSON form is the documented output of `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of this object's form.
    pub format: u32,
    /// The tool's version.
    pub gadfly: &'static str,
    /// Title of the API.
    pub api: String,
    /// Base URL in use.
    pub base_url: String,
    /// The run's seed.
    pub seed: u64,
    /// Wall-clock seconds.
    pub wall_seconds: f64,
    /// CPU seconds of this process, user and system; absent where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// Requests sent, those for proof among them.
    pub requests: u64,
    /// Requests sent for proof alone.
    pub proof_requests: u64,
    /// Operations in the run.
    pub operations: usize,
    /// Operations that answered 2xx at least once.
    pub operations_with_2xx: usize,
    /// Each operation that answered 2xx, and the number of the run's request that it answered so first; in the order of
    /// these numbers. Requests for proof are not counted.
    pub reached_at: Vec<Reached>,
    /// Each operation that never answered 2xx, and what it answered most.
    pub never_2xx: Vec<Unreached>,
    /// In how many of the places that name a thing one was put that is known to exist.
    pub references: References,
    /// Which of the document's rules were exercised.
    pub rules: RuleCounts,
    /// The same rule by rule; in a file of its own, since there are thousands.
    #[serde(skip)]
    pub coverage: Vec<RuleCoverage>,
    /// What refusals taught, in this run and in earlier ones.
    pub learned: Vec<LearnedRule>,
    /// Answers by status class (`2xx`, `4xx`, ...) and faults by name.
    pub outcomes: BTreeMap<String, u64>,
    /// What the run made, and what of it is left; absent if nothing was to be cleaned up.
    pub made: Option<Tally>,
    /// What making findings smaller took.
    pub minimisation: Effort,
    /// How many different findings were left out, since somebody rejected them before.
    pub rejected: usize,
    /// What became of the target's process; absent if gadfly does not run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Lives>,
    /// How many deaths of that process no proved finding accounts for; absent if there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub unexplained_deaths: usize,
    /// Proved and unstable findings, worst first.
    pub findings: Vec<FindingRecord>,
    /// Notices given during the run.
    pub notices: Vec<String>,
    /// Why the run ended: `time`, `requests`, `exhausted`, `interrupted`, `unreachable`.
    pub ended: &'static str,
}

/// The rules of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCoverage {
    /// The operation.
    pub operation: String,
    /// How many were exercised.
    pub counts: RuleCounts,
    /// Each of them.
    pub rules: Vec<Goal>,
}

/// What a kind of work took, one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// How many times it was done.
    pub times: usize,
    /// Requests in all.
    pub requests: u64,
    /// Requests of the one in the middle, by requests.
    pub median: u64,
    /// Requests of the one that took most.
    pub most: u64,
}

impl Effort {
    /// From the requests of each time.
    pub fn of(mut each: Vec<u64>) -> Self {
        each.sort_unstable();
        Self {
            times: each.len(),
            requests: each.iter().sum(),
            median: each.get(each.len() / 2).copied().unwrap_or_default(),
            most: each.last().copied().unwrap_or_default(),
        }
    }
}

/// An operation that answered 2xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// The operation.
    pub operation: String,
    /// The number of the request, from 1.
    pub request: u64,
}

/// An operation that never answered 2xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// The operation.
    pub operation: String,
    /// How many requests it got.
    pub requests: u64,
    /// The most frequent outcome, such as `404`.
    pub mostly: String,
    /// Why, as far as one can tell: what it needs and nobody made, or what the last valid request was told.
    pub why: Option<String>,
}

impl FindingRecord {
    /// What to paste into a shell, line by line.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let lone = self.steps.is_empty().then_some(&self.curl);
        self.steps.iter().chain(lone).map(String::as_str)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl Summary {
    /// Stable findings of this severity or worse, without those that are known.
    pub fn proved(&self, least: Severity) -> impl Iterator<Item = &FindingRecord> {
        let is_news = |finding: &FindingRecord| finding.stable && finding.known_until.is_none();
        self.findings.iter().filter(move |finding| is_news(finding) && finding.severity >= least)
    }

    /// The findings of an operation.
    pub fn of<'a>(&'a self, operation: &'a OperationId) -> impl Iterator<Item = &'a FindingRecord> {
        self.findings.iter().filter(move |finding| finding.operation == operation.as_str())
    }
}

/// Listens to a run.
pub trait Reporter {
    /// Something happened.
    fn event(&mut self, event: &Event<'_>) -> io::Result<()>;
}

impl Reporter for () {
    fn event(&mut self, _event: &Event<'_>) -> io::Result<()> {
        Ok(())
    }
}
