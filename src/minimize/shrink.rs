//! The search for the smallest requests. Main type: [`Minimizer`].

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::Draft;
use super::draft::Place;
use super::names::{Wide, tidied};
use super::search::{Effort, Search};
use super::simpler::{Kind, Simpler};
use crate::engine::{Error, Executor, Manner, preparations, repeated};
use crate::oracle::{self, Registry};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::target::Exit;
use crate::triage::Confirmed;
use crate::wire::{FaultKind, ends_in};

/// Executions that a sequence may take: each of them is several requests.
const SEQUENCE: u64 = 20;

/// Shrinks the requests of a proved finding.
#[derive(Clone)]
pub struct Minimizer {
    executor: Executor,
    registry: Arc<Registry>,
    budget: u64,
    /// Values that stay what they are.
    fixed: Arc<BTreeSet<Bytes>>,
}

impl Minimizer {
    /// Spends about `budget` requests on a finding, and a few executions in any case.
    pub fn new(mut executor: Executor, registry: Arc<Registry>, budget: u64) -> Self {
        executor.options.fresh_connection = true;
        Self { executor, registry, budget, fixed: Arc::default() }
    }

    /// The same, which leaves these values alone: the user says that they must be these.
    #[must_use]
    pub fn keeping(mut self, fixed: impl IntoIterator<Item = Bytes>) -> Self {
        self.fixed = Arc::new(fixed.into_iter().filter(|text| !text.is_empty()).collect());
        self
    }

    /// Whether a smaller request could show the same bug in a reasonable time.
    pub fn applies(confirmed: &Confirmed) -> bool {
        let fault = confirmed.exchanges.last().and_then(|exchange| exchange.outcome.fault());
        let hangs = fault.is_some_and(|fault| fault.detail == Exit::Hung.to_string());
        confirmed.finding.oracle() != oracle::HANG && !hangs
    }

    /// What the target died of is tried alone, so that each candidate costs one death at most; what it reports is told to
    /// nobody else, and some of it by a new process only.
    fn executor_for(&self, confirmed: &Confirmed) -> Executor {
        match repeated(&confirmed.exchanges) {
            _ if ends_in(&confirmed.exchanges, FaultKind::Died) => self.executor.in_manner(Manner::Alone),
            Some(manner) => self.executor.in_manner(manner),
            // Its log may tell it from others, and is its own where it is alone.
            None if !confirmed.log.is_empty() => self.executor.in_manner(Manner::Alone),
            None => self.executor.clone(),
        }
    }

    /// A smaller scenario with the same signature, or `None` if there is none; and the requests spent.
    pub async fn minimize(&self, confirmed: &Confirmed, seed: Seed) -> Result<(Option<Scenario>, u64), Error> {
        let scenario = &confirmed.scenario;
        let budget = self.budget.max(SEQUENCE * scenario.steps.len() as u64);
        let mut search = Search {
            registry: &self.registry,
            executor: self.executor_for(confirmed),
            finding: &confirmed.finding,
            fixed: &self.fixed,
            before: preparations(&confirmed.exchanges),
            best: scenario.clone(),
            exchanges: confirmed.exchanges.clone(),
            failed: Vec::new(),
            effort: Effort { seed, executions: 0, spent: 0, budget },
            is_checked: false,
            renewals: 0,
            renewable: Vec::new(),
        };
        search.shrink().await?;
        let (best, spent) = (tidied(&search.best), search.effort.spent);
        let is_same = scenario.steps.len() == best.steps.len()
            && scenario.steps.iter().zip(&best.steps).all(|(before, after)| before.request == after.request);
        Ok(((!is_same).then_some(best), spent))
    }
}

impl Search<'_> {
    /// Makes everything as small as it can be: first what is left out makes the most of the requests that there are.
    async fn shrink(&mut self) -> Result<(), Error> {
        let mut needed = Vec::new();
        if self.best.law.is_none() {
            self.renew(Wide::Usual).await?;
            self.without_steps(&mut needed).await?;
        }
        if self.best.steps.len() > 1 {
            self.without_accept().await?;
        }
        // A law compares what several steps sent; any other finding is about its last request, and what stands before that
        // makes it possible.
        let last = [self.best.steps.len().saturating_sub(1)];
        if !self.is_by_law() {
            self.leave_out(&last).await?;
        }
        for steps in alike(&self.best) {
            self.leave_out(&steps).await?;
        }
        if !self.is_by_law() {
            // Cut down to one letter, the names of two findings would be the same: they would meet at a target that keeps what
            // is made there. Of a rule it is not known which names keep the others.
            self.renewable = if self.is_by_rule() { Vec::new() } else { self.renewable().await? };
            while self.simplify(&last).await? && self.leave_out(&last).await? {}
            let names = std::mem::take(&mut self.renewable);
            self.rename(&names).await?;
        }
        // What was left out may have been all that a step was needed for.
        self.without_steps(&mut needed).await
    }

    /// In which form we would like to have an answer seldom matters: one try for all steps.
    async fn without_accept(&mut self) -> Result<(), Error> {
        let mut candidate = self.best.clone();
        for step in &mut candidate.steps {
            step.request = Arc::new(Draft::of(&step.request).without_header("accept").request());
        }
        self.take(candidate).await?;
        Ok(())
    }

    fn draft(&self, steps: &[usize]) -> Option<Draft> {
        Some(Draft::of_step(self.best.steps.get(*steps.first()?)?))
    }

    /// Leaves out what the one request of these steps does not need. Answers whether that was anything.
    async fn leave_out(&mut self, steps: &[usize]) -> Result<bool, Error> {
        self.failed.clear();
        let compacted = self.draft(steps).and_then(|draft| Draft::compacted(&draft.request()));
        if let Some(compacted) = compacted.filter(|_| !self.is_spent()) {
            self.offer(steps, compacted).await?;
        }
        let mut is_any = false;
        loop {
            let mut is_less = false;
            let mut index = 0;
            // After a success the same index names the next piece.
            while let Some(shorter) = self.draft(steps).and_then(|draft| draft.shorter().into_iter().nth(index)) {
                if self.is_spent() {
                    return Ok(is_any);
                }
                if self.offer(steps, shorter.request()).await? {
                    (is_less, is_any) = (true, true);
                } else {
                    index += 1;
                }
            }
            if !is_less {
                return Ok(is_any);
            }
        }
    }

    /// Makes the values of the one request of these steps simpler. Answers whether any of them is.
    async fn simplify(&mut self, steps: &[usize]) -> Result<bool, Error> {
        let mut is_any = false;
        let mut number = 0;
        while let Some((place, value)) = self.draft(steps).and_then(|draft| draft.values().into_iter().nth(number)) {
            number += 1;
            let is_fixed = self.fixed.contains(&*percent_decode(&value.text).collect::<Vec<u8>>());
            let is_renewable = value.kind == Kind::Segment && self.renewable.iter().any(|name| value.means(name));
            if !self.is_free(place) || is_fixed || is_renewable {
                continue;
            }
            let mut simpler = Simpler::of(value);
            let renewals = self.renewals;
            while let Some((text, draft)) = simpler.next().zip(self.draft(steps)) {
                if self.is_spent() {
                    return Ok(is_any);
                }
                let request = draft.with(place, &text).request();
                let may_be = self.keeps_value(&request) && self.is_harmless(steps, place, &text);
                let shows = may_be && self.offer(steps, request).await?;
                if self.renewals != renewals {
                    // It may be another value now.
                    break;
                }
                simpler.tell(shows);
                is_any |= shows;
            }
        }
        Ok(is_any)
    }

    /// Whether a value is no number that a change may find another thing by.
    fn is_harmless(&self, steps: &[usize], place: Place, text: &[u8]) -> bool {
        let is_kept = |index: &usize| {
            let request = &self.best.steps[*index].request;
            match place {
                Place::Segment(_) => request.is_safe(),
                Place::Pair(_) => request.method != "DELETE",
                _ => true,
            }
        };
        steps.iter().all(is_kept) || !text.iter().all(u8::is_ascii_digit)
    }

    /// Whether a value may be another one: where the finding is about a rule, only of the body is it known whether all
    /// others are kept.
    fn is_free(&self, place: Place) -> bool {
        !self.is_by_rule() || matches!(place, Place::Scalar(_))
    }
}

/// The steps before the last one that send something to take apart, those together that send the same.
fn alike(scenario: &Scenario) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let before = scenario.steps.len().saturating_sub(1);
    for (index, step) in scenario.steps.iter().take(before).enumerate() {
        if step.request.body.is_empty() && !step.request.target.contains(&b'?') {
            continue;
        }
        match groups.iter_mut().find(|group| scenario.steps[group[0]].request == step.request) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}
