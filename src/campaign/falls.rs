//! Deaths of the target that no request under way accounts for: it may have died of one that was answered before, or of
//! several in sequence. Main function: [`culprit`]. Part of [`Run`].

use std::pin::pin;
use std::time::Duration;

use super::Error;
use super::run::Run;
use super::time::{before, left};
use crate::api::OperationId;
use crate::engine::{self, Execution, Executor, Fall, Glimpse, Manner};
use crate::scenario::{Scenario, Trace};
use crate::seed::Seed;
use crate::target::Leaks;
use crate::triage::Suspicion;
use crate::wire::{Exchange, FaultKind, ends_in};

/// How many such deaths a run looks into: each takes some starts of the target.
const MOST_INQUIRIES: u32 = 8;
/// How often the search for one alone may end a process that others before it had a part in.
const MOST_IN_VAIN: u32 = 4;
/// How often a sequence is tried with some of its requests left out.
const MOST_TRIES: u32 = 32;

/// What the target died of.
pub(super) struct Culprit {
    pub(super) scenario: Scenario,
    pub(super) exchanges: Vec<Exchange>,
}

/// Whether the execution shows what is looked for.
pub(super) type Shows<'a> = &'a (dyn Fn(&Execution) -> bool + Sync);

impl Run<'_> {
    /// Looks into the deaths that are not accounted for, as far as time allows.
    pub(super) async fn look_into_falls(&mut self) -> Result<(), Error> {
        let Some(process) = self.executor.process.clone() else { return Ok(()) };
        while let Some(fall) = process.watch.take_fall() {
            self.inquiries += 1;
            if self.inquiries > MOST_INQUIRIES {
                return Ok(());
            }
            let time = self.budget.left_for_proof().unwrap_or(Duration::MAX);
            let search = Box::pin(culprit(&self.executor, &fall));
            let Some(found) = before(pin!(left(time)), search).await else { return Ok(()) };
            match found? {
                Some(culprit) => {
                    if let Some(last) = culprit.scenario.steps.last() {
                        self.planner.blame(&last.operation);
                    }
                    self.accuse(culprit);
                }
                None => self.notice(format!(
                    "the target died, and none of the last {} requests makes it die again, alone or in sequence",
                    fall.len()
                ))?,
            }
        }
        self.look_into_alarms(&process.watch).await
    }

    /// The same when nothing more will be sent.
    pub(super) async fn look_into_last_fall(&mut self) -> Result<(), Error> {
        if let Some(process) = self.executor.process.clone() {
            process.watch.settle().await;
        }
        self.look_into_falls().await
    }

    /// Tells what the target's processes told to have leaked: they do so at their end, and of no request.
    pub(super) async fn tell_leaks(&mut self) -> Result<(), Error> {
        let Some(process) = self.executor.process.clone() else { return Ok(()) };
        match process.watch.leaks().await {
            Some(Leaks { told, worst }) if told > 0 => self.notice(format!(
                "{told} of the target's processes told of leaked memory when they were ended, the worst of {worst}; which \
                 requests leak is not known"
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn accuse(&mut self, Culprit { scenario, exchanges }: Culprit) {
        let findings = self.registry.judge(&Trace { scenario: &scenario, exchanges: &exchanges });
        for finding in findings {
            if self.proving.is_new(&finding) {
                self.suspect(Suspicion::new(finding, scenario.clone(), exchanges.clone()));
            }
        }
    }

    /// Tells once that an operation gets no more requests.
    pub(super) fn tell_set_aside(&mut self, operation: &OperationId, glimpse: Glimpse) -> Result<(), Error> {
        if !glimpse.is_fault(FaultKind::Died) || !self.planner.is_set_aside(operation) {
            return Ok(());
        }
        let notice = format!("{operation} gets no more requests: the target died of it too often");
        self.notice_once(&notice.clone(), || notice)
    }
}

/// What of these scenarios, the oldest first, the target dies of: one alone, the newest first, or as few as possible in
/// sequence.
async fn culprit(executor: &Executor, fall: &Fall) -> Result<Option<Culprit>, engine::Error> {
    let beside = executor.in_manner(Manner::Alone);
    let afresh = executor.in_manner(Manner::Afresh);
    let mut in_vain = 0;
    for (scenario, fresh) in fall.iter().rev() {
        if in_vain >= MOST_IN_VAIN {
            break;
        }
        // What came before in this search may have had its part, so it is asked again of a new process.
        if died(&beside.run(scenario, *fresh).await?) {
            let again = afresh.run(scenario, *fresh).await?;
            if died(&again) {
                return Ok(Some(Culprit::of(scenario, again)));
            }
            in_vain += 1;
        }
    }
    in_sequence(&afresh, fall, &died).await
}

/// As few of them as possible that show it in sequence on a new process, the oldest first.
pub(super) async fn in_sequence(
    afresh: &Executor,
    fall: &[(Scenario, Seed)],
    shows: Shows<'_>,
) -> Result<Option<Culprit>, engine::Error> {
    let Some(seed) = fall.last().map(|(_, fresh)| *fresh) else { return Ok(None) };
    let mut kept: Vec<&Scenario> = fall.iter().map(|(scenario, _)| scenario).collect();
    let Some(mut best) = attempt(afresh, &mut kept, seed, shows).await? else { return Ok(None) };
    let mut tries = 0;
    let mut size = kept.len() / 2;
    while size > 0 {
        let mut start = 0;
        // The last one is what it died of.
        while start + size < kept.len() && tries < MOST_TRIES {
            tries += 1;
            let mut fewer = [&kept[..start], &kept[start + size..]].concat();
            match attempt(afresh, &mut fewer, seed, shows).await? {
                Some(smaller) => (best, kept) = (smaller, fewer),
                None => start += size,
            }
        }
        size /= 2;
    }
    Ok(Some(best))
}

/// Carries them out in sequence on a new process, and leaves those out that were not carried out any more.
async fn attempt(
    afresh: &Executor,
    scenarios: &mut Vec<&Scenario>,
    seed: Seed,
    shows: Shows<'_>,
) -> Result<Option<Culprit>, engine::Error> {
    let all = Scenario::plain(scenarios.iter().flat_map(|scenario| scenario.steps.clone()).collect());
    let execution = afresh.run(&all, seed).await?;
    if !shows(&execution) {
        return Ok(None);
    }
    let mut steps = 0;
    let reached = scenarios.iter().take_while(|scenario| {
        let is_reached = steps < execution.exchanges.len();
        steps += scenario.steps.len();
        is_reached
    });
    let reached = reached.count();
    scenarios.truncate(reached);
    Ok(Some(Culprit::of(&all, execution)))
}

impl Culprit {
    /// The scenario up to the step of which the target died.
    pub(super) fn of(scenario: &Scenario, execution: Execution) -> Self {
        let steps = scenario.steps.iter().take(execution.exchanges.len()).cloned().collect();
        Self { scenario: Scenario::plain(steps), exchanges: execution.exchanges }
    }
}

pub(super) fn died(execution: &Execution) -> bool {
    ends_in(&execution.exchanges, FaultKind::Died)
}
