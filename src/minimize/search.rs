//! The search for the smallest scenario of one finding: what is tried, and whether it shows the same. Main type: [`Search`].

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::names::{Wide, renewed, texts};
use super::rule::{keeps_rule, keeps_value};
use crate::engine::{Error, Execution, Executor, may_ruin, preparations};
use crate::finding::Finding;
use crate::oracle::{self, Registry};
use crate::scenario::{Law, Scenario, Step, Trace, Unique, Values, substitute};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind, Request, Response, ends_in};

/// The search for one finding.
pub(super) struct Search<'a> {
    pub(super) registry: &'a Registry,
    pub(super) executor: Executor,
    pub(super) finding: &'a Finding,
    /// Values that stay what they are.
    pub(super) fixed: &'a BTreeSet<Bytes>,
    /// What kind of answer each step before the last one got when the finding was proved.
    pub(super) before: Vec<Option<u16>>,
    /// The smallest so far that shows it, and what it gave.
    pub(super) best: Scenario,
    pub(super) exchanges: Vec<Exchange>,
    /// Requests of the steps in hand that do not show it.
    pub(super) failed: Vec<Request>,
    pub(super) effort: Effort,
    /// Whether it is known that what was accepted stands in nobody's way.
    pub(super) is_checked: bool,
    /// How often names were made new.
    pub(super) renewals: u32,
    /// Names in paths that will be new each time when the search is over: until then each try would make another thing.
    pub(super) renewable: Vec<String>,
}

/// What a search may take and has taken.
pub(super) struct Effort {
    pub(super) seed: Seed,
    /// Executions and requests so far.
    pub(super) executions: u64,
    pub(super) spent: u64,
    pub(super) budget: u64,
}

impl Search<'_> {
    pub(super) fn is_spent(&self) -> bool {
        self.effort.spent >= self.effort.budget
    }

    /// Whether the finding stands on one rule that is broken: a smaller request must break that one and no other.
    pub(super) fn is_by_rule(&self) -> bool {
        self.finding.oracle() == oracle::INVALID_INPUT_ACCEPTED
    }

    /// Whether the finding is about how the values of several requests are related.
    pub(super) fn is_by_law(&self) -> bool {
        Law::named(self.finding.oracle().0).is_some()
    }

    pub(super) fn is_last(&self, steps: &[usize]) -> bool {
        steps.last().is_some_and(|last| last + 1 == self.best.steps.len())
    }

    /// Whether the finding shows with this request in these steps, which is kept if so. What failed is not sent again.
    pub(super) async fn offer(&mut self, steps: &[usize], request: Request) -> Result<bool, Error> {
        if self.failed.contains(&request) {
            return Ok(false);
        }
        let mut candidate = self.best.clone();
        let shared = Arc::new(request.clone());
        for index in steps {
            candidate.steps[*index].request = Arc::clone(&shared);
        }
        let ruins = |step: &Step| may_ruin(&step.operation, &step.request);
        let is_worse = steps.iter().any(|index| ruins(&candidate.steps[*index]) && !ruins(&self.best.steps[*index]));
        let may_be = !self.is_last(steps) || self.keeps_rule(&candidate);
        let shows = may_be && !is_worse && self.take(candidate).await?;
        if !shows {
            self.failed.push(request);
        }
        Ok(shows)
    }

    /// Sends the candidate, and takes it if it shows the same. If it does not, but made something, that may stand in the way
    /// of all that comes after it.
    pub(super) async fn take(&mut self, candidate: Scenario) -> Result<bool, Error> {
        let execution = self.run(&candidate, self.executor.clone()).await?;
        if self.shows(&candidate, &execution, &self.before) {
            self.best = candidate;
            self.exchanges = execution.exchanges;
            return Ok(true);
        }
        if !self.is_checked && self.best.law.is_none() && makes(&candidate, &execution) {
            self.is_checked = true;
            let best = self.best.clone();
            let again = self.run(&best, self.executor.clone()).await?;
            if !self.shows(&best, &again, &self.before) {
                self.renew(Wide::Any).await?;
            }
        }
        Ok(false)
    }

    /// Has what may be a name be another one each time, if that shows the finding: all of them, or each that does.
    pub(super) async fn renew(&mut self, wide: Wide) -> Result<(), Error> {
        for (index, set) in self.sets(wide).into_iter().enumerate() {
            if self.is_spent() || self.rename(&set).await? && index == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Names in paths that may be others: all of them, or the first that may.
    pub(super) async fn renewable(&mut self) -> Result<Vec<String>, Error> {
        for set in self.sets(Wide::Paths) {
            if !self.is_spent() && self.shown_under(&set).await?.is_some() {
                return Ok(set);
            }
        }
        Ok(Vec::new())
    }

    /// All that may be names, then each of them.
    fn sets(&self, wide: Wide) -> Vec<Vec<String>> {
        let mut texts = texts(&self.best, wide);
        texts.retain(|text| !self.fixed.contains(text.as_bytes()));
        match texts.len() {
            0 => Vec::new(),
            1 => vec![texts],
            _ => [texts.clone()].into_iter().chain(texts.into_iter().map(|text| vec![text])).collect(),
        }
    }

    /// Has these names be others each time, if that shows the finding.
    pub(super) async fn rename(&mut self, names: &[String]) -> Result<bool, Error> {
        let Some((renamed, execution)) = self.shown_under(names).await? else { return Ok(false) };
        self.best = renamed;
        self.exchanges = execution.exchanges;
        self.failed.clear();
        self.renewals += 1;
        Ok(true)
    }

    /// The scenario with others in place of these names and what it gave, if that shows the finding.
    async fn shown_under(&mut self, names: &[String]) -> Result<Option<(Scenario, Execution)>, Error> {
        let renamed = renewed(&self.best, names).filter(|renamed| self.keeps_rule(renamed));
        let Some(renamed) = renamed else { return Ok(None) };
        let execution = self.run(&renamed, self.executor.clone()).await?;
        let shows = self.shows(&renamed, &execution, &self.before);
        Ok(shows.then_some((renamed, execution)))
    }

    pub(super) async fn run(&mut self, candidate: &Scenario, executor: Executor) -> Result<Execution, Error> {
        self.effort.executions += 1;
        let fresh = self.effort.seed.child("candidate", self.effort.executions);
        let execution = executor.run(candidate, fresh).await?;
        self.effort.spent += execution.exchanges.len() as u64;
        Ok(execution)
    }

    /// Whether the candidate gave what the finding is about, after preparations that went as these.
    pub(super) fn shows(&self, candidate: &Scenario, execution: &Execution, before: &[Option<u16>]) -> bool {
        let trace = Trace { scenario: candidate, exchanges: &execution.exchanges };
        let signature = &self.finding.signature;
        preparations(&execution.exchanges) == before && self.registry.shown(&trace, &execution.log, signature).is_some()
    }

    /// Whether the candidate's last request still breaks the rule that the finding is about and no other, if it is about one.
    fn keeps_rule(&self, candidate: &Scenario) -> bool {
        let (Some(before), Some(after)) = (self.best.steps.last(), candidate.steps.last()) else { return false };
        let case = before.case.as_deref();
        let (before, after) = (sample(&self.best, before), sample(candidate, after));
        !self.is_by_rule() || case.is_some_and(|case| keeps_rule(case, &before, &after))
    }

    /// Whether a simpler request leaves alone what the finding says something of.
    pub(super) fn keeps_value(&self, request: &Request) -> bool {
        let Some(last) = self.best.steps.last() else { return false };
        !self.is_by_rule() || last.case.as_deref().is_some_and(|case| keeps_value(case, &last.request, request))
    }

    /// Whether the target died of it.
    pub(super) fn dies(&self) -> bool {
        ends_in(&self.exchanges, FaultKind::Died)
    }
}

/// Whether its last request was accepted and may have made something.
fn makes(candidate: &Scenario, execution: &Execution) -> bool {
    let is_safe = candidate.steps.last().is_some_and(|step| step.request.is_safe());
    let answer = execution.exchanges.last().filter(|_| execution.exchanges.len() == candidate.steps.len());
    !is_safe && answer.and_then(|exchange| exchange.outcome.response()).is_some_and(Response::is_success)
}

/// The request with some word in place of each that is new each time.
fn sample(scenario: &Scenario, step: &Step) -> Request {
    let word = Unique::of("", 0).word();
    let names = scenario.steps.iter().flat_map(|step| &step.fresh);
    let values: Values = names.map(|name| (name.clone(), word.clone())).collect();
    substitute(step, &values).into_owned()
}
