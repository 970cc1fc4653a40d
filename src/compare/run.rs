//! Sends scenarios to both targets and keeps what differs. Main type: [`Comparer`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join;

use super::drift::Drift;
use super::noise::Noise;
use super::outline::Outline;
use super::round::{Breaches, Round};
use super::side::{Sides, moved};
use super::spot::{Class, Difference, Spot};
use crate::api::{Api, OperationId};
use crate::engine::{Error, Execution, Novelty, Planner};
use crate::oracle::{self, Registry};
use crate::scenario::{Provenance, Scenario, Trace, typed};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind, Request, ends_in};

/// After so many scenarios in a row to which a target took no connection it is gone.
pub(super) const OUTAGE: u32 = 4;

/// How both are compared.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Makes the values that must be unique.
    pub names: Seed,
    /// How often both are asked at once before a difference is looked at more closely.
    pub tries: u32,
    /// The pause before what may come from load is asked for once more; longer each time.
    pub pause: Duration,
    /// Whether what takes several times as long is told.
    pub timing: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What the second target does differently, in the order in which it was found.
    pub differences: Vec<Difference>,
    /// Scenarios that were compared.
    pub compared: u64,
    /// Scenarios that one of the targets could not be asked.
    pub skipped: u64,
    /// Requests to each of the targets.
    pub requests: u64,
    /// Which target takes no connections any more, if one does not.
    pub unreachable: Option<&'static str>,
    /// The operations that only one of the targets carried out now and then: what both hold is not the same any more.
    pub drifted: Vec<OperationId>,
    /// Differences that may follow from that and are not told.
    pub left_out: BTreeSet<Key>,
}

/// By what a difference is told once: operation, class and place.
pub type Key = (OperationId, Class, String);

/// Who is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    AtOnce,
    BaseFirst,
    HeadFirst,
}

/// Compares two targets.
pub struct Comparer<'a> {
    api: &'a Api,
    sides: &'a Sides,
    registry: Registry,
    pub(super) options: Options,
    pub(super) noise: Noise,
    pub(super) drift: Drift,
    pub(super) known: BTreeMap<Key, usize>,
    refused: [u32; 2],
    turns: u64,
    pub(super) comparison: Comparison,
}

/// A difference that is not proved yet, by the step whose answer differs.
pub(super) type Suspicion = (usize, Spot);

impl<'a> Comparer<'a> {
    /// Has compared nothing yet.
    pub fn new(api: &'a Api, sides: &'a Sides, options: Options) -> Self {
        Self {
            api,
            sides,
            registry: Registry::default(),
            options,
            noise: Noise::default(),
            drift: Drift::default(),
            known: BTreeMap::new(),
            refused: [0; 2],
            turns: 0,
            comparison: Comparison::default(),
        }
    }

    /// What was found, without what base has shown by itself in the meantime.
    pub fn finish(mut self) -> Comparison {
        self.comparison.drifted = self.drifted();
        let Self { noise, mut comparison, .. } = self;
        comparison.differences.retain(|one| !noise.is_shown_by_base(&one.operation, &one.spot));
        comparison
    }

    /// Whether one of the targets is gone.
    pub fn is_over(&self) -> bool {
        self.comparison.unreachable.is_some()
    }

    /// Compares new cases, of so many requests; what the first target answers is learned from.
    pub async fn fresh(&mut self, planner: &mut Planner, requests: u64) -> Result<(), Error> {
        let mut novelty = Novelty::default();
        let mut left = usize::try_from(requests).unwrap_or(usize::MAX);
        let late = left / 10;
        while left > 0 && !self.is_over() {
            if left <= late {
                planner.release();
            }
            let epoch = planner.plan(planner.epoch_size().min(left));
            if epoch.is_empty() {
                return Ok(());
            }
            for planned in epoch {
                left = left.saturating_sub(planned.requests());
                let scenario = planner.replayable(&planned);
                let Some(exchanges) = self.scenario(&scenario, "a new case").await? else { continue };
                let own = exchanges.len().checked_sub(planned.requests()).map(|start| &exchanges[start..]);
                let is_whole = exchanges.len() == scenario.steps.len() && !planned.is_trial();
                let lesson = own.filter(|_| is_whole).and_then(|own| planner.look(&planned, own));
                let operation = scenario.steps.last().map(|step| &step.operation);
                if let (Some(lesson), Some(operation)) = (lesson, operation) {
                    let is_novel = novelty.observe(operation, lesson.glimpse);
                    planner.fold(&planned, lesson, is_novel);
                }
            }
        }
        Ok(())
    }

    /// Compares one scenario, whose paths are those of the first target. Gives what the first target answered; or the
    /// second one, if that let us wait in vain or died, so that its operation is asked less often.
    pub async fn scenario(&mut self, scenario: &Scenario, source: &str) -> Result<Option<Vec<Exchange>>, Error> {
        if self.is_over() {
            return Ok(None);
        }
        let scenario = self.judged(scenario);
        self.turns += 1;
        // This transport may not be able to send it.
        let Ok(first) = self.round(&scenario, 0, Order::AtOnce).await else {
            self.comparison.skipped += 1;
            return Ok(None);
        };
        if self.counts_refusals(&first) {
            self.comparison.skipped += 1;
            return Ok(None);
        }
        self.comparison.compared += 1;
        let is_costly = |kind| ends_in(&first.head.exchanges, kind);
        let is_costly = is_costly(FaultKind::TimedOut) || is_costly(FaultKind::Died);
        let exchanges = if is_costly { first.head.exchanges.clone() } else { first.base.exchanges.clone() };
        self.prove(&scenario, source, first).await?;
        Ok(Some(exchanges))
    }

    /// The scenario with what its requests are as typed values, by which answers are judged.
    fn judged(&self, scenario: &Scenario) -> Scenario {
        let mut scenario = scenario.clone();
        let base_path = self.sides.base.base_path.as_bytes();
        for step in scenario.steps.iter_mut().filter(|step| step.case.is_none()) {
            let Some(operation) = self.api.operation(&step.operation) else { continue };
            let Some(below) = step.request.target.strip_prefix(base_path) else { continue };
            let request = Request { target: step.request.target.slice_ref(below), ..Request::clone(&step.request) };
            step.case = Some(Arc::new(typed(operation, &request, Provenance::recorded(0))));
        }
        scenario
    }

    /// Sends the scenario to both, with the same new names.
    pub(super) async fn round(&mut self, scenario: &Scenario, turn: u32, order: Order) -> Result<Round, Error> {
        let fresh = self.options.names.child("compare", self.turns).child("turn", u64::from(turn));
        let Sides { base, head } = self.sides;
        let moved = moved(scenario, &base.base_path, &head.base_path);
        let (to_base, to_head) = (base.executor.run(scenario, fresh), head.executor.run(&moved, fresh));
        let (one, other) = match order {
            Order::AtOnce => try_join(to_base, to_head).await?,
            Order::BaseFirst => (to_base.await?, to_head.await?),
            Order::HeadFirst => {
                let other = to_head.await?;
                (to_base.await?, other)
            }
        };
        self.comparison.requests += one.exchanges.len().max(other.exchanges.len()) as u64;
        let local = [base.local(scenario, &one), head.local(scenario, &other)];
        let both = one.exchanges.len().min(other.exchanges.len());
        let known = |step| {
            let of = |execution: &Execution, local| {
                (Outline::of(&execution.exchanges[step], local), self.breaches(scenario, execution, step))
            };
            [of(&one, &local[0]), of(&other, &local[1])]
        };
        let known = (0..both).map(known).collect();
        let round = Round { base: one, head: other, known };
        self.drift.look(scenario, &round);
        Ok(round)
    }

    /// Whether a target took no connection; after some in a row it is gone.
    fn counts_refusals(&mut self, pair: &Round) -> bool {
        let both = [(&pair.base, "base"), (&pair.head, "head")];
        for (count, (execution, name)) in self.refused.iter_mut().zip(both) {
            *count = if ends_in(&execution.exchanges, FaultKind::Refused) { *count + 1 } else { 0 };
            if *count >= OUTAGE {
                self.comparison.unreachable = Some(name);
            }
        }
        self.refused.iter().any(|count| *count > 0)
    }

    /// What differs in this round and is neither noise nor told already.
    pub(super) fn suspicions(&mut self, scenario: &Scenario, round: &Round) -> Vec<Suspicion> {
        let mut found = Vec::new();
        for (index, step) in scenario.steps.iter().enumerate() {
            let Some((base, head)) = round.base_at(index).zip(round.head_at(index)) else { break };
            let spots = base.spots(&head, self.options.timing);
            for spot in spots.into_iter().filter(|spot| !self.noise.covers(&step.operation, spot)) {
                let key = (step.operation.clone(), spot.class, spot.place.clone());
                match self.known.get(&key).copied().or_else(|| self.told_otherwise(&step.operation, &spot)) {
                    Some(known) => self.comparison.differences[known].again += 1,
                    None if self.comparison.left_out.contains(&key) && self.may_follow(step, &spot) => {}
                    None => found.push((index, spot)),
                }
            }
            // What follows from another status follows from it.
            if base.exchange.outcome.status() != head.exchange.outcome.status() {
                break;
            }
        }
        found
    }

    /// The difference that says the same from another of the statuses that base gives at random.
    fn told_otherwise(&self, operation: &OperationId, spot: &Spot) -> Option<usize> {
        let is_same = |one: &Difference| {
            one.operation == *operation
                && one.spot.head == spot.head
                && [&one.spot, spot].iter().all(|spot| self.noise.is_among_base(operation, spot))
        };
        let is_status = matches!(spot.class, Class::StatusClass | Class::Status);
        self.comparison.differences.iter().position(|one| is_status && is_same(one))
    }

    /// The ways in which the answer to this step breaks its schema.
    fn breaches(&self, scenario: &Scenario, execution: &Execution, step: usize) -> Breaches {
        let found = self.registry.judge(&Trace { scenario, exchanges: &execution.exchanges[..=step] });
        let found = found.into_iter().filter(|finding| finding.oracle() == oracle::RESPONSE_SCHEMA);
        found.map(|finding| (finding.signature.to_string(), finding.title)).collect()
    }
}
