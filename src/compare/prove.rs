//! Asks again until it is clear whether a difference is one. Part of [`Comparer`].
//!
//! Both are asked at once a few times, which takes little and ends most of what is none; what is left is asked for of one
//! after the other, each of them first in turn.

use super::drift::may_follow;
use super::round::{Answer, Round, stands};
use super::run::{Comparer, Order, Suspicion};
use super::spot::{Class, Difference, Spot};
use crate::api::OperationId;
use crate::engine::Error;
use crate::scenario::{Scenario, Step};
use crate::wire::{FaultKind, Outcome};

/// How many times more both are asked, one after the other.
const IN_TURN: usize = 5;
/// The same for what takes long each time: a second target that hangs or dies.
const COSTLY: usize = 2;

impl Comparer<'_> {
    /// Keeps what differs in the first round and is confirmed by more of them.
    pub(super) async fn prove(&mut self, scenario: &Scenario, source: &str, first: Round) -> Result<(), Error> {
        let mut suspicions = self.suspicions(scenario, &first);
        let at_once = usize::try_from(self.options.tries.max(2)).unwrap_or(usize::MAX);
        let in_turn = if suspicions.iter().any(|(step, _)| is_costly(&first, *step)) { COSTLY } else { IN_TURN };
        let mut rounds = vec![first];
        let mut is_cut = false;
        while !suspicions.is_empty() && rounds.len() < at_once + in_turn {
            let turn = rounds.len();
            let next = self.again(scenario, &suspicions, &rounds[0], turn.checked_sub(at_once), turn).await?;
            is_cut = next.is_refused();
            if is_cut {
                // The request ended the target: it will not show again.
                suspicions.retain(|(_, spot)| spot.class == Class::StatusClass);
                break;
            }
            rounds.push(next);
            self.learn(scenario, &rounds);
            let stands = |(step, spot): &Suspicion| stands(spot, *step, &rounds).is_some();
            let (standing, refuted): (Vec<_>, Vec<_>) = suspicions.into_iter().partition(stands);
            // Most of what is refuted sooner is another answer of the moment.
            for (step, spot) in refuted.iter().filter(|_| turn >= at_once) {
                self.noise.doubt(&scenario.steps[*step].operation, spot);
            }
            suspicions = standing;
        }
        let whole = at_once + in_turn;
        for (step, spot) in suspicions {
            let shown = if is_cut { Some(rounds.len()) } else { stands(&spot, step, &rounds) };
            let Some(shown) = shown.filter(|shown| is_cut || *shown >= at_once) else { continue };
            self.keep((step, spot), scenario, source, &rounds, (shown, if is_cut { whole } else { shown }));
        }
        Ok(())
    }

    /// Asks once more: of both at once, or in turn and, of what load may cause, after a while.
    async fn again(
        &mut self,
        scenario: &Scenario,
        suspicions: &[Suspicion],
        first: &Round,
        in_turn: Option<usize>,
        turn: usize,
    ) -> Result<Round, Error> {
        let turn = u32::try_from(turn).unwrap_or(u32::MAX);
        let Some(index) = in_turn.and_then(|index| u32::try_from(index).ok()) else {
            return self.round(scenario, turn, Order::AtOnce).await;
        };
        if suspicions.iter().any(|(step, spot)| may_be_load(first, *step, spot)) {
            tokio::time::sleep(self.options.pause.saturating_mul(2_u32.saturating_pow(index))).await;
        }
        let order = if index % 2 == 0 { Order::BaseFirst } else { Order::HeadFirst };
        self.round(scenario, turn, order).await
    }

    /// What of the answers to the last round differs from those to the ones before.
    fn learn(&mut self, scenario: &Scenario, rounds: &[Round]) {
        let [before @ .., last, now] = rounds else { return };
        let is_safe = scenario.steps.iter().all(|step| step.request.is_safe());
        for (index, step) in scenario.steps.iter().enumerate() {
            let answers = |round| Round::base_at(round, index).zip(Round::head_at(round, index));
            let Some(((base, head), (new_base, new_head))) = answers(last).zip(answers(now)) else { break };
            let earlier: Vec<_> = before.iter().filter_map(|round| round.base_at(index)).collect();
            for spot in base.unstable(&new_base) {
                let is_of_value = matches!(spot.class, Class::Value | Class::Header);
                // What the scenario itself changed does not change back by itself.
                if is_of_value || is_safe || returns(&spot, &new_base, &earlier) {
                    self.noise.learn(&step.operation, &spot);
                }
            }
            for spot in head.unstable(&new_head) {
                self.noise.learn_head(&step.operation, &spot);
            }
        }
    }

    fn keep(
        &mut self,
        (step, spot): Suspicion,
        scenario: &Scenario,
        source: &str,
        rounds: &[Round],
        (hits, tries): (usize, usize),
    ) {
        let operation = scenario.steps[step].operation.clone();
        let key = (operation.clone(), spot.class, spot.place.clone());
        // It may have been learned or told meanwhile.
        if self.known.contains_key(&key) || self.noise.covers(&operation, &spot) {
            return;
        }
        if self.may_follow(&scenario.steps[step], &spot) {
            self.comparison.left_out.insert(key);
            return;
        }
        self.comparison.left_out.remove(&key);
        let Some((base, head)) = shown(&spot, step, rounds) else { return };
        self.known.insert(key, self.comparison.differences.len());
        self.comparison.differences.push(Difference {
            operation,
            spot,
            scenario: scenario.clone(),
            step,
            source: source.to_owned(),
            base: base.exchange.clone(),
            head: head.exchange.clone(),
            hits: u32::try_from(hits).unwrap_or(u32::MAX),
            tries: u32::try_from(tries).unwrap_or(u32::MAX),
            again: 0,
        });
    }

    /// Whether the difference may come from what was carried out by one of the two only.
    pub(super) fn may_follow(&self, step: &Step, spot: &Spot) -> bool {
        self.drifted().iter().any(|drifted| may_follow(step, spot, drifted))
    }

    /// The operations that only one of the two carried out, without a difference that is told.
    pub(super) fn drifted(&self) -> Vec<OperationId> {
        let is_status = |class| matches!(class, Class::StatusClass | Class::Status);
        let is_told = |operation: &OperationId| {
            self.known.keys().any(|(known, class, _)| known == operation && is_status(*class))
        };
        self.drift.unexplained(is_told).cloned().collect()
    }
}

/// Whether an earlier answer was as this one is, in the place in which the last one was not.
fn returns(spot: &Spot, now: &Answer<'_>, earlier: &[Answer<'_>]) -> bool {
    earlier.iter().any(|answer| !answer.unstable(now).iter().any(|one| one.class == spot.class))
}

/// The last answers of one round that show the difference.
fn shown<'a>(spot: &Spot, step: usize, rounds: &'a [Round]) -> Option<(Answer<'a>, Answer<'a>)> {
    let both = |round: &'a Round| round.base_at(step).zip(round.head_at(step));
    let shows = |(base, head): &(Answer<'_>, Answer<'_>)| {
        base.spots(head, true).iter().any(|one| (one.class, &one.place) == (spot.class, &spot.place))
    };
    rounds.iter().rev().filter_map(both).find(shows)
}

/// Whether the second target's answer takes long each time.
fn is_costly(round: &Round, step: usize) -> bool {
    let kind = round.head_at(step).and_then(|answer| Some(answer.exchange.outcome.fault()?.kind));
    matches!(kind, Some(FaultKind::TimedOut | FaultKind::Died))
}

/// Whether the difference may come from the load on one of the two rather than from what it does.
fn may_be_load(round: &Round, step: usize, spot: &Spot) -> bool {
    let of_load = |outcome: &Outcome| outcome.may_be_load() || outcome.is_fault(FaultKind::TimedOut);
    let both = [round.base_at(step), round.head_at(step)];
    match spot.class {
        Class::StatusClass | Class::Status => both.iter().flatten().any(|answer| of_load(&answer.exchange.outcome)),
        class => class == Class::Slower,
    }
}
