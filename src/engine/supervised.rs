//! Carries out scenarios on a target that is watched, and finds out which one it died of. Main types: [`Supervised`] (how
//! an executor uses the target), [`Watch`] (what all of them share).
//!
//! When the process dies, every request under way is lost, and all but one of them are innocent. So each scenario that was
//! lost is carried out once more, alone, on a process that is up: an innocent one gets the answer that it would have got,
//! the culprit kills again, and its last exchange then is [`FaultKind::Died`]. Thus neither the answers nor the blame
//! depend on what happened to be under way. A death that no lost scenario accounts for is a [`Fall`], for the campaign to
//! look into.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::execute::{Error, Execution, Executor};
use super::written;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::target::{Death, Supervisor};
use crate::wire::{Fault, FaultKind, Outcome, RunId};

/// How many of the last scenarios may be behind a death that none of those under way accounts for.
const MOST_RECENT: usize = 48;
/// How many deaths wait to be looked into.
const MOST_FALLS: usize = 8;

/// How an executor uses a target that is watched.
#[derive(Clone)]
pub struct Supervised {
    /// The target.
    pub watch: Arc<Watch>,
    /// Beside whom.
    pub manner: Manner,
    /// What names the requests in the target's log, if they are named.
    pub run_id: Option<RunId>,
}

/// Beside whom a scenario is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Others may be under way.
    Beside,
    /// Nobody else is, and it is looked at afterwards whether the process still lives.
    Alone,
    /// The same, on a process that has carried out nothing yet.
    Afresh,
}

/// A target that is watched, and what is remembered of its lives.
pub struct Watch {
    supervisor: Supervisor,
    /// Held by each that is under way, and alone by one that must be.
    gate: RwLock<()>,
    past: Mutex<Past>,
}

/// A death that no scenario under way accounts for, with the last ones before it, the oldest first.
pub type Fall = Vec<(Scenario, Seed)>;

#[derive(Default)]
struct Past {
    /// Carried out in this life.
    recent: VecDeque<(Scenario, Seed)>,
    /// Whether nothing was sent to this process yet.
    is_fresh: bool,
    /// Whether the one that died last is accounted for.
    is_explained: bool,
    /// Deaths whose lost scenarios are not all carried out once more, by the number of the life.
    open: BTreeMap<u32, Inquiry>,
    falls: VecDeque<Fall>,
    /// Why the process could not be started anew.
    trouble: Option<String>,
}

#[derive(Default)]
struct Inquiry {
    recent: Fall,
    lost: usize,
    has_begun: bool,
    is_explained: bool,
}

/// Something to carry out: the scenario as it is sent first, and the one that makes what it needs.
pub(super) struct Errand {
    pub(super) scenario: Scenario,
    pub(super) whole: Option<Scenario>,
    pub(super) fresh: Seed,
    pub(super) pause: Duration,
    /// What names its requests in the target's log.
    pub(super) run_id: Option<RunId>,
}

/// What came of a scenario that was carried out alone.
struct Tried {
    execution: Execution,
    /// What the process died of.
    death: Option<Death>,
    /// Whether it was the first on its process.
    was_fresh: bool,
}

impl Supervised {
    /// The same in another manner.
    #[must_use]
    pub fn in_manner(&self, manner: Manner) -> Self {
        Self { manner, ..self.clone() }
    }

    /// Carries it out. It goes on by itself: one that holds the gate must not wait until somebody has time for it.
    pub(super) async fn run(self, executor: Executor, errand: Errand) -> Result<Execution, Error> {
        let Self { watch, manner, .. } = self;
        spawned(async move {
            match manner {
                Manner::Beside => watch.beside(&executor, &errand).await,
                Manner::Alone | Manner::Afresh => {
                    let is_fresh = manner == Manner::Afresh;
                    let tried = watch.alone(&executor, &errand.scenario, &errand, is_fresh).await?;
                    Ok(tried.execution.died_of(tried.death))
                }
            }
        })
        .await
    }
}

impl Watch {
    /// Watches this target.
    pub fn new(supervisor: Supervisor) -> Self {
        let past = Past { is_fresh: true, ..Past::default() };
        Self { supervisor, gate: RwLock::new(()), past: Mutex::new(past) }
    }

    /// The target.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// A death that nobody accounts for.
    pub fn take_fall(&self) -> Option<Fall> {
        self.past().falls.pop_front()
    }

    /// Why the target could not be started anew, if so: then it stays down.
    pub fn trouble(&self) -> Option<String> {
        self.past().trouble.clone()
    }

    /// Takes notice of a death that nothing was sent after.
    pub async fn settle(&self) {
        let _gate = self.gate.write().await;
        self.stand_up(false).await;
    }

    async fn beside(&self, executor: &Executor, errand: &Errand) -> Result<Execution, Error> {
        let Errand { scenario, fresh, .. } = errand;
        let pass = self.enter().await;
        let life = self.supervisor.life();
        let mut execution = executor.carry_out(scenario, *fresh, errand.pause).await?;
        let is_lost = match fault(&execution) {
            Some(kind) => self.trouble().is_none() && self.supervisor.is_gone(kind).await,
            None => false,
        };
        if !is_lost {
            self.past().remember(scenario, *fresh);
            if let Some(run_id) = errand.run_id.as_ref().filter(|_| fault(&execution).is_some()) {
                execution.log = written::of_beside(self.supervisor.written(0), &execution, run_id);
            }
            return Ok(execution);
        }
        self.past().open.entry(life).or_default().lost += 1;
        drop(pass);
        let again = self.once_more(executor, errand).await;
        let is_culprit = matches!(again, Ok((_, Some(_))));
        self.past().resolve(life, (!is_culprit).then(|| (scenario.clone(), *fresh)));
        let (again, death) = again?;
        if death.is_none() {
            return Ok(again);
        }
        if let Some(broken) = &execution.broken {
            // It died of a step that prepares the one that counts: this is a scenario of its own.
            let steps = scenario.steps[..=broken.step].to_vec();
            self.past().fall(vec![(Scenario::plain(steps), *fresh)]);
        }
        Ok(execution.died_of(death))
    }

    /// Carries out alone what was lost: first with the steps that make what it needs, since what was there is gone with the
    /// process; then as it was.
    async fn once_more(&self, executor: &Executor, errand: &Errand) -> Result<(Execution, Option<Death>), Error> {
        if let Some(whole) = errand.whole.as_ref().filter(|whole| whole.steps.len() > errand.scenario.steps.len()) {
            let made = self.by_itself(executor, whole, errand).await?;
            if made.1.is_some() {
                return Ok(made);
            }
        }
        self.by_itself(executor, &errand.scenario, errand).await
    }

    /// Carries it out alone; what the process died of counts only if a new one dies of it too. Else those before it on the
    /// same process had their part.
    async fn by_itself(
        &self,
        executor: &Executor,
        scenario: &Scenario,
        errand: &Errand,
    ) -> Result<(Execution, Option<Death>), Error> {
        let Tried { execution, death, was_fresh } = self.alone(executor, scenario, errand, false).await?;
        if death.is_none() || was_fresh {
            return Ok((execution, death));
        }
        let before: Fall = self.past().recent.iter().cloned().collect();
        let again = self.alone(executor, scenario, errand, true).await?;
        if again.death.is_none() {
            self.past().fall(before);
        }
        Ok((again.execution, again.death))
    }

    /// Carries it out while nothing else is sent.
    async fn alone(
        &self,
        executor: &Executor,
        scenario: &Scenario,
        errand: &Errand,
        afresh: bool,
    ) -> Result<Tried, Error> {
        let _gate: RwLockWriteGuard<'_, ()> = self.gate.write().await;
        self.stand_up(afresh).await;
        let is_up = self.supervisor.is_up();
        let mark = self.supervisor.mark();
        let was_fresh = std::mem::replace(&mut self.past().is_fresh, false);
        let mut execution = executor.carry_out(scenario, errand.fresh, errand.pause).await?;
        self.past().remember(scenario, errand.fresh);
        if is_up {
            self.supervisor.settle().await;
            execution.log = written::of_alone(self.supervisor.written(mark), &execution, errand.run_id.as_ref());
        }
        if !is_up || self.supervisor.survives().await {
            return Ok(Tried { execution, death: None, was_fresh });
        }
        let death = self.supervisor.death(mark);
        self.past().is_explained = death.is_some();
        Ok(Tried { execution, death, was_fresh })
    }

    /// Lets a scenario in beside others once the process is up.
    async fn enter(&self) -> RwLockReadGuard<'_, ()> {
        loop {
            let pass = self.gate.read().await;
            if self.supervisor.is_up() || self.trouble().is_some() {
                self.past().is_fresh = false;
                return pass;
            }
            drop(pass);
            let _gate = self.gate.write().await;
            self.stand_up(false).await;
        }
    }

    /// Starts the process anew if it is down, or if it must be one that has carried out nothing. Called by whoever has the
    /// gate alone. If it can't be started, what is sent is refused, and the campaign will ask why.
    async fn stand_up(&self, afresh: bool) {
        let is_up = self.supervisor.is_up();
        let is_good = is_up && (!afresh || self.past().is_fresh);
        if is_good || self.trouble().is_some() {
            return;
        }
        if !is_up {
            self.past().begin_inquiry(self.supervisor.life());
        }
        let trouble = self.supervisor.restart().await.err().map(|error| error.to_string());
        let mut past = self.past();
        past.is_fresh = true;
        past.recent.clear();
        past.trouble = trouble;
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Past {
    fn remember(&mut self, scenario: &Scenario, fresh: Seed) {
        if self.recent.len() >= MOST_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((scenario.clone(), fresh));
    }

    /// The process of this life is found dead.
    fn begin_inquiry(&mut self, life: u32) {
        if std::mem::take(&mut self.is_explained) {
            return;
        }
        let inquiry = self.open.entry(life).or_default();
        // Those that were lost came last.
        let lost = std::mem::take(&mut inquiry.recent);
        inquiry.recent = self.recent.drain(..).chain(lost).collect();
        inquiry.has_begun = true;
        self.conclude(life);
    }

    /// One that was lost in this life is settled: it is the culprit, or an innocent one is given.
    fn resolve(&mut self, life: u32, innocent: Option<(Scenario, Seed)>) {
        let Some(inquiry) = self.open.get_mut(&life) else { return };
        inquiry.lost = inquiry.lost.saturating_sub(1);
        inquiry.is_explained |= innocent.is_none();
        inquiry.recent.extend(innocent);
        self.conclude(life);
    }

    fn conclude(&mut self, life: u32) {
        if !self.open.get(&life).is_some_and(|inquiry| inquiry.has_begun && inquiry.lost == 0) {
            return;
        }
        let Some(inquiry) = self.open.remove(&life) else { return };
        if !inquiry.is_explained {
            self.fall(inquiry.recent);
        }
    }

    fn fall(&mut self, fall: Fall) {
        if self.falls.len() < MOST_FALLS {
            self.falls.push_back(fall);
        }
    }
}

impl Execution {
    /// The same with its last exchange as what the process died of.
    fn died_of(mut self, death: Option<Death>) -> Self {
        if let (Some(Death { exit, output }), Some(last)) = (death, self.exchanges.last_mut()) {
            let fault = Fault { kind: FaultKind::Died, detail: exit.to_string(), partial: output.into() };
            last.outcome = Outcome::Fault(fault);
            // They are the fault's own now.
            self.log.clear();
        }
        self
    }
}

fn fault(execution: &Execution) -> Option<FaultKind> {
    Some(execution.exchanges.last()?.outcome.fault()?.kind)
}

/// Carries it out in a task of its own, which ends with whoever waits for it.
async fn spawned<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    struct End(tokio::task::AbortHandle);
    impl Drop for End {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let task = tokio::spawn(work);
    let _end = End(task.abort_handle());
    match task.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only its end here aborts it, and the runtime's, after which nobody asks any more.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(seed: u64) -> (Scenario, Seed) {
        (Scenario::plain(Vec::new()), Seed::new(seed))
    }

    /// The seeds of the scenarios in each fall.
    fn falls(past: &Past) -> Vec<Vec<u64>> {
        past.falls.iter().map(|fall| fall.iter().map(|(_, fresh)| fresh.number()).collect()).collect()
    }

    /// A life in which 1 and 2 were carried out.
    fn past() -> Past {
        let mut past = Past::default();
        past.remember(&one(1).0, one(1).1);
        past.remember(&one(2).0, one(2).1);
        past
    }

    #[test]
    fn a_death_without_a_culprit_is_looked_into() {
        let mut past = past();
        past.begin_inquiry(1);
        assert_eq!(falls(&past), [[1, 2]]);
        assert!(past.recent.is_empty() && past.open.is_empty());
    }

    #[test]
    fn those_that_were_lost_are_waited_for() {
        let mut past = past();
        past.open.entry(1).or_default().lost += 2;
        past.resolve(1, Some(one(3)));
        past.begin_inquiry(1);
        assert!(past.falls.is_empty());
        past.resolve(1, Some(one(4)));
        assert_eq!(falls(&past), [[1, 2, 3, 4]]);
    }

    #[test]
    fn a_culprit_explains_the_death_of_all() {
        let mut past = past();
        past.open.entry(1).or_default().lost += 2;
        past.begin_inquiry(1);
        past.resolve(1, None);
        past.resolve(1, Some(one(3)));
        assert!(past.falls.is_empty() && past.open.is_empty());
    }

    #[test]
    fn a_death_that_was_seen_alone_needs_no_inquiry() {
        let mut past = past();
        past.is_explained = true;
        past.begin_inquiry(1);
        assert!(past.falls.is_empty());
        past.begin_inquiry(2);
        assert_eq!(falls(&past).len(), 1, "only that one was explained");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut past = Past::default();
        for seed in 0..200 {
            past.remember(&one(seed).0, Seed::new(seed));
            past.fall(vec![one(seed)]);
        }
        assert_eq!((past.recent.len(), past.falls.len()), (MOST_RECENT, MOST_FALLS));
        assert_eq!(past.recent[0].1.number(), 200 - MOST_RECENT as u64);
    }
}
