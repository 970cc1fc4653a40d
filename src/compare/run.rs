//! Sends scenarios to both targets and keeps what differs. Main type: [`Comparer`].

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join;

use super::noise::Noise;
use super::outline::Outline;
use super::side::{Sides, moved};
use super::spot::{Class, Difference, Spot, spots, unstable};
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
    /// How often a difference must show.
    pub tries: u32,
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
}

/// Compares two targets.
pub struct Comparer<'a> {
    api: &'a Api,
    sides: &'a Sides,
    registry: Registry,
    options: Options,
    noise: Noise,
    known: BTreeMap<(OperationId, Class, String), usize>,
    refused: [u32; 2],
    turns: u64,
    comparison: Comparison,
}

/// What both targets answered to one scenario.
struct Pair {
    base: Execution,
    head: Execution,
    outlines: Vec<(Outline, Outline)>,
}

/// A difference that is not proved yet, by the step whose answer differs.
type Suspicion = (usize, Spot);

impl<'a> Comparer<'a> {
    /// Has compared nothing yet.
    pub fn new(api: &'a Api, sides: &'a Sides, options: Options) -> Self {
        Self {
            api,
            sides,
            registry: Registry::default(),
            options,
            noise: Noise::default(),
            known: BTreeMap::new(),
            refused: [0; 2],
            turns: 0,
            comparison: Comparison::default(),
        }
    }

    /// What was found.
    pub fn finish(self) -> Comparison {
        self.comparison
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
        let Ok(first) = self.both(&scenario, 0).await else {
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
        let mut suspicions = self.suspicions(&scenario, &first);
        let mut last = first;
        let tries = self.options.tries.max(2);
        let mut shown = 1;
        while shown < tries && !suspicions.is_empty() {
            let next = self.both(&scenario, shown).await?;
            if [&next.base, &next.head].into_iter().any(|execution| ends_in(&execution.exchanges, FaultKind::Refused)) {
                // The request ended the target: it will not show again.
                suspicions.retain(|(_, spot)| spot.class == Class::StatusClass);
                break;
            }
            self.learn(&scenario, &last, &next);
            let again = self.suspicions(&scenario, &next);
            let same = |(step, spot): &Suspicion| {
                let twin = again
                    .iter()
                    .find(|(at, other)| at == step && (other.class, &other.place) == (spot.class, &spot.place));
                twin.is_some() && !self.differs_from_itself(&scenario, *step, spot, &last, &next)
            };
            suspicions.retain(same);
            last = next;
            shown += 1;
        }
        self.keep(suspicions, &scenario, source, &last, shown);
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

    /// Sends the scenario to both at once, with the same new names.
    async fn both(&mut self, scenario: &Scenario, turn: u32) -> Result<Pair, Error> {
        let fresh = self.options.names.child("compare", self.turns).child("turn", u64::from(turn));
        let Sides { base, head } = self.sides;
        let moved = moved(scenario, &base.base_path, &head.base_path);
        let (base, head) = try_join(base.executor.run(scenario, fresh), head.executor.run(&moved, fresh)).await?;
        self.comparison.requests += base.exchanges.len().max(head.exchanges.len()) as u64;
        let one = self.sides.base.local(scenario, &base);
        let other = self.sides.head.local(scenario, &head);
        let pairs = base.exchanges.iter().zip(&head.exchanges);
        let outlines = pairs.map(|(a, b)| (Outline::of(a, &one), Outline::of(b, &other))).collect();
        Ok(Pair { base, head, outlines })
    }

    /// Whether a target took no connection; after some in a row it is gone.
    fn counts_refusals(&mut self, pair: &Pair) -> bool {
        let both = [(&pair.base, "base"), (&pair.head, "head")];
        for (count, (execution, name)) in self.refused.iter_mut().zip(both) {
            *count = if ends_in(&execution.exchanges, FaultKind::Refused) { *count + 1 } else { 0 };
            if *count >= OUTAGE {
                self.comparison.unreachable = Some(name);
            }
        }
        self.refused.iter().any(|count| *count > 0)
    }

    /// What differs in this pair and is neither noise nor told already.
    fn suspicions(&mut self, scenario: &Scenario, pair: &Pair) -> Vec<Suspicion> {
        let mut found = Vec::new();
        let answers = pair.base.exchanges.iter().zip(&pair.head.exchanges).zip(&pair.outlines);
        for (index, ((base, head), (one, other))) in answers.enumerate() {
            let operation = &scenario.steps[index].operation;
            let mut spots = spots(base, head, (one, other), self.options.timing);
            if base.outcome.status() == head.outcome.status() {
                spots.extend(self.schema(scenario, pair, index));
            }
            for spot in spots.into_iter().filter(|spot| !self.noise.covers(operation, spot)) {
                match self.known.get(&(operation.clone(), spot.class, spot.place.clone())) {
                    Some(known) => self.comparison.differences[*known].again += 1,
                    None => found.push((index, spot)),
                }
            }
            // What follows from another status follows from it.
            if base.outcome.status() != head.outcome.status() {
                break;
            }
        }
        found
    }

    /// The ways in which the second target's answer breaks its schema and that of the first one does not.
    fn schema(&self, scenario: &Scenario, pair: &Pair, step: usize) -> Vec<Spot> {
        let judge = |execution: &Execution| {
            let mut found = self.registry.judge(&Trace { scenario, exchanges: &execution.exchanges[..=step] });
            found.retain(|finding| finding.oracle() == oracle::RESPONSE_SCHEMA);
            found
        };
        let before = judge(&pair.base);
        let is_new = |signature| before.iter().all(|finding| finding.signature != signature);
        let new = judge(&pair.head).into_iter().filter(|finding| is_new(finding.signature.clone()));
        let spot = |finding: crate::finding::Finding| Spot {
            class: Class::Schema,
            place: finding.signature.to_string(),
            base: "conforms there".to_owned(),
            head: finding.title,
        };
        new.map(spot).collect()
    }

    /// What of a target's answers differs from its own to the same requests.
    fn learn(&mut self, scenario: &Scenario, last: &Pair, next: &Pair) {
        for (index, step) in scenario.steps.iter().enumerate() {
            for spots in own_differences(index, last, next) {
                self.noise.learn(&step.operation, &spots);
            }
        }
    }

    fn differs_from_itself(&self, scenario: &Scenario, step: usize, spot: &Spot, last: &Pair, next: &Pair) -> bool {
        let is_it = |other: &Spot| (other.class, &other.place) == (spot.class, &spot.place);
        self.noise.covers(&scenario.steps[step].operation, spot)
            || own_differences(step, last, next).iter().flatten().any(is_it)
    }

    fn keep(&mut self, proved: Vec<Suspicion>, scenario: &Scenario, source: &str, pair: &Pair, shown: u32) {
        for (step, spot) in proved {
            let operation = scenario.steps[step].operation.clone();
            let key = (operation.clone(), spot.class, spot.place.clone());
            if self.known.contains_key(&key) {
                continue;
            }
            self.known.insert(key, self.comparison.differences.len());
            self.comparison.differences.push(Difference {
                operation,
                spot,
                scenario: scenario.clone(),
                step,
                source: source.to_owned(),
                base: pair.base.exchanges[step].clone(),
                head: pair.head.exchanges[step].clone(),
                hits: shown,
                tries: self.options.tries.max(2),
                again: 0,
            });
        }
    }
}

/// What each of the targets answers differently from itself.
fn own_differences(step: usize, last: &Pair, next: &Pair) -> [Vec<Spot>; 2] {
    let (Some(before), Some(now)) = (last.outlines.get(step), next.outlines.get(step)) else {
        return Default::default();
    };
    let of =
        |one: &Execution, other: &Execution, outlines| unstable(&one.exchanges[step], &other.exchanges[step], outlines);
    [of(&last.base, &next.base, (&before.0, &now.0)), of(&last.head, &next.head, (&before.1, &now.1))]
}
