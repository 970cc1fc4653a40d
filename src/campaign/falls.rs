//! Deaths of the target that no request under way accounts for: it may have died of one that was answered before, or of
//! several in sequence. Main function: [`culprit`]. Part of [`Run`].

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use super::Error;
use super::run::Run;
use super::time::{before, left};
use crate::api::OperationId;
use crate::engine::{self, Execution, Executor, Fall, Glimpse, Manner};
use crate::finding::Signature;
use crate::oracle;
use crate::scenario::{Scenario, Trace};
use crate::seed::Seed;
use crate::target::Leaks;
use crate::triage::Suspicion;
use crate::wire::{Exchange, FaultKind, ends_in};

/// How many such deaths a run looks into: each takes some starts of the target.
const MOST_INQUIRIES: u32 = 8;
/// The part of the grace in which a death that is seen at the end may be looked into.
const PART: u32 = 3;
/// How many searches of a run may wait for deaths that come a while after the answer: each takes seconds.
const MOST_LATE: u32 = 2;
/// How many of a sequence may be left out since they do not work any more.
const MOST_LEFT_OUT: u32 = 16;
/// How many of the last requests are tried for what makes the target die at once.
const MOST_AT_ONCE: usize = 48;
/// How often a sequence is tried with some of its requests left out.
const MOST_TRIES: u32 = 32;

/// What the target died of.
pub(super) struct Culprit {
    pub(super) scenario: Scenario,
    pub(super) exchanges: Vec<Exchange>,
    /// Whether it did so only a while after the last answer.
    pub(super) is_late: bool,
}

/// Whether the execution shows what is looked for.
pub(super) type Shows<'a> = &'a (dyn Fn(&Execution) -> bool + Sync);

impl Run<'_> {
    /// Has what the target died of proved, without waiting until it is folded.
    pub(super) fn suspect_deaths(&mut self) {
        while let Some((planned, findings, exchanges)) = self.pipeline.next_death() {
            for finding in findings {
                self.suspect_case(finding, &planned, &exchanges);
            }
        }
    }

    /// Looks into the deaths that are not accounted for, as far as time allows.
    pub(super) async fn look_into_falls(&mut self) -> Result<(), Error> {
        let time = self.budget.left_for_proof().unwrap_or(Duration::MAX);
        self.look_into_falls_within(time).await
    }

    async fn look_into_falls_within(&mut self, time: Duration) -> Result<(), Error> {
        let Some(process) = self.executor.process.clone() else { return Ok(()) };
        let mut time = pin!(left(time));
        while let Some(fall) = process.watch.take_fall() {
            self.inquiries += 1;
            let is_worth = self.inquiries <= MOST_INQUIRIES;
            let waiting = process.watch.falls();
            let found = if is_worth {
                let search = culprit(&self.executor, &fall, self.late_searches < MOST_LATE);
                before(time.as_mut(), Box::pin(search)).await
            } else {
                None
            };
            process.watch.forget_falls_after(waiting).await;
            let Some(found) = found.transpose()? else {
                self.unexplained += 1;
                continue;
            };
            self.late_searches += u32::from(found.as_ref().is_none_or(|culprit| culprit.is_late));
            let Some(culprit) = found else {
                self.unexplained += 1;
                self.notice(nobody(&fall))?;
                continue;
            };
            if let Some(last) = culprit.scenario.steps.last() {
                self.planner.blame(&last.operation);
            }
            self.accuse(culprit);
        }
        self.look_into_alarms(&process.watch).await
    }

    /// The same when nothing more will be sent: a death that is seen at the end is as good as any other, and so it has a
    /// part of the grace.
    pub(super) async fn look_into_last_fall(&mut self) -> Result<(), Error> {
        if let Some(process) = self.executor.process.clone() {
            process.watch.settle().await;
        }
        let part = self.budget.left_in_all() / PART;
        self.look_into_falls_within(self.budget.left_for_proof().map_or(Duration::MAX, |left| left.max(part))).await
    }

    /// How many deaths no proved finding accounts for: nobody was found, or what was found was not proved. Where a death is
    /// proved, those of which nothing is known are most likely the same.
    pub(super) fn unexplained_deaths(&self) -> usize {
        let records = self.keeper.records().iter().filter(|record| record.oracle == oracle::PROCESS_DIED.0);
        let (proved, unproved): (Vec<_>, Vec<_>) = records.partition(|record| record.stable);
        if !proved.is_empty() {
            return 0;
        }
        let unproved = unproved.into_iter().map(|record| record.signature.as_str());
        let seen = self.proving.book().unproved_deaths().map(Signature::as_str);
        // Nobody had time to look into these.
        let waiting = self.executor.process.as_ref().map_or(0, |process| process.watch.falls());
        self.unexplained + waiting + unproved.chain(seen).collect::<BTreeSet<_>>().len()
    }

    /// Tells of such deaths.
    pub(super) fn tell_deaths(&mut self) -> Result<(), Error> {
        match self.unexplained_deaths() {
            0 => Ok(()),
            _ => self.notice(
                "the target died, and no request is proved to be the reason: the run does not count as clean, and a longer \
                 --time may prove one"
                    .to_owned(),
            ),
        }
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

    pub(super) fn accuse(&mut self, Culprit { scenario, exchanges, is_late }: Culprit) {
        let findings = self.registry.judge(&Trace { scenario: &scenario, exchanges: &exchanges });
        for finding in findings {
            if self.proving.is_new(&finding) {
                let suspicion = Suspicion::new(finding, scenario.clone(), exchanges.clone());
                self.suspect(Suspicion { is_late, ..suspicion });
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

fn nobody(fall: &Fall) -> String {
    match fall.len() {
        0 => "the target died before it was sent anything".to_owned(),
        number => {
            format!("the target died, and none of the last {number} requests makes it die again, alone or in sequence")
        }
    }
}

/// What of these scenarios, the oldest first, the target dies of: one alone, the newest first, or as few as possible in
/// sequence; at once, or a while after the last answer.
async fn culprit(executor: &Executor, fall: &Fall, may_linger: bool) -> Result<Option<Culprit>, engine::Error> {
    let beside = executor.in_manner(Manner::Alone);
    let afresh = executor.in_manner(Manner::Afresh);
    let last = &fall[fall.len().saturating_sub(MOST_AT_ONCE)..];
    for (scenario, fresh) in last.iter().rev() {
        // What came before in this search may have had its part, so it is asked again of a new process.
        if died(&beside.run(scenario, *fresh).await?) {
            let again = afresh.run(scenario, *fresh).await?;
            if died(&again) {
                return Ok(Some(Culprit::of(scenario, again)));
            }
            break;
        }
    }
    if !may_linger {
        return in_sequence(&afresh, last, &died).await;
    }
    let Some((_, seed)) = fall.last() else { return Ok(None) };
    let lingering = afresh.lingering();
    let mut kept: Vec<&Scenario> = fall.iter().map(|(scenario, _)| scenario).collect();
    let Some(found) = attempt(&lingering, &mut kept, *seed, &died).await? else { return Ok(None) };
    // What was under way at the end has no part in it if the target dies without it as well, only later.
    let mut without = kept[..kept.len() - 1].to_vec();
    if let Some(found) = attempt(&lingering, &mut without, *seed, &died).await? {
        return first_deadly(&lingering, (without, found), *seed).await.map(Some);
    }
    match attempt(&afresh, &mut kept, *seed, &died).await? {
        Some(found) => fewest(&afresh, (kept, found), *seed, &died).await.map(Some),
        None => first_deadly(&lingering, (kept, found), *seed).await.map(Some),
    }
}

/// The first of these, all of which the target dies of in the end, after which nothing keeps it from that: most likely
/// alone, else with as few as possible before it.
async fn first_deadly(
    lingering: &Executor,
    (mut kept, mut best): (Vec<&Scenario>, Culprit),
    seed: Seed,
) -> Result<Culprit, engine::Error> {
    let mut survived = 0;
    while survived + 1 < kept.len() {
        let middle = usize::midpoint(survived, kept.len());
        let mut fewer = kept[..middle].to_vec();
        match attempt(lingering, &mut fewer, seed, &died).await? {
            // What was under way when it died is there still.
            Some(found) => (best, kept) = (found, fewer),
            None => survived = middle,
        }
    }
    let mut alone = kept[kept.len() - 1..].to_vec();
    let best = match attempt(lingering, &mut alone, seed, &died).await? {
        Some(found) => found,
        None => fewest(lingering, (kept, best), seed, &died).await?,
    };
    Ok(Culprit { is_late: true, ..best })
}

/// As few of them as possible that show it in sequence on a new process, the oldest first.
pub(super) async fn in_sequence(
    afresh: &Executor,
    fall: &[(Scenario, Seed)],
    shows: Shows<'_>,
) -> Result<Option<Culprit>, engine::Error> {
    let Some(seed) = fall.last().map(|(_, fresh)| *fresh) else { return Ok(None) };
    let mut kept: Vec<&Scenario> = fall.iter().map(|(scenario, _)| scenario).collect();
    let Some(found) = attempt(afresh, &mut kept, seed, shows).await? else { return Ok(None) };
    fewest(afresh, (kept, found), seed, shows).await.map(Some)
}

/// As few as possible of what was found to show it; the last one is what it died of.
async fn fewest(
    afresh: &Executor,
    (mut kept, mut best): (Vec<&Scenario>, Culprit),
    seed: Seed,
    shows: Shows<'_>,
) -> Result<Culprit, engine::Error> {
    let mut tries = 0;
    let mut size = kept.len() / 2;
    while size > 0 {
        let mut start = 0;
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
    Ok(best)
}

/// Carries them out in sequence on a new process, and leaves those out that were not carried out, or do not work.
async fn attempt(
    afresh: &Executor,
    scenarios: &mut Vec<&Scenario>,
    seed: Seed,
    shows: Shows<'_>,
) -> Result<Option<Culprit>, engine::Error> {
    let mut left_out = 0;
    let (all, execution) = loop {
        let all = Scenario::plain(scenarios.iter().flat_map(|scenario| scenario.steps.clone()).collect());
        let execution = afresh.run(&all, seed).await?;
        if shows(&execution) {
            break (all, execution);
        }
        // One that does not work any more on a new process keeps the others from being sent.
        let Some(broken) = execution.broken.filter(|_| left_out < MOST_LEFT_OUT) else { return Ok(None) };
        left_out += 1;
        let mut steps = 0;
        scenarios.retain(|scenario| {
            let range = steps..steps + scenario.steps.len();
            steps = range.end;
            !range.contains(&broken.step)
        });
    };
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
        Self { scenario: Scenario::plain(steps), exchanges: execution.exchanges, is_late: false }
    }
}

pub(super) fn died(execution: &Execution) -> bool {
    ends_in(&execution.exchanges, FaultKind::Died)
}
