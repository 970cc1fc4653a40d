//! Carries out scenarios on a target that is watched, and finds out which one it died of. Main types: [`Supervised`] (how
//! an executor uses the target), [`Watch`] (what all of them share).
//!
//! When the process dies, every request under way is lost, and all but one of them are innocent. So each scenario that was
//! lost is carried out once more, alone, on a process that is up: an innocent one gets the answer that it would have got,
//! the culprit kills again, and its last exchange then is [`FaultKind::Died`]. Thus neither the answers nor the blame
//! depend on what happened to be under way. A death that no lost scenario accounts for is a [`Fall`], for the campaign to
//! look into. What a process that lives on reports, such as undefined behaviour, stands beside the answer of a scenario that
//! was carried out alone; else it is an [`Alarm`](super::Alarm), for the campaign as well.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::execute::{Error, Execution, Executor};
use super::past::{Fall, Past, Recent, UnderWay};
use super::written;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::target::{Death, Exit, Supervisor};
use crate::wire::{Fault, FaultKind, Outcome, RunId};

/// How an executor uses a target that is watched.
#[derive(Clone)]
pub struct Supervised {
    /// The target.
    pub watch: Arc<Watch>,
    /// Beside whom.
    pub manner: Manner,
    /// Whether an end a while after the last answer counts as well, of what is carried out alone.
    pub lingers: bool,
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
    pub(super) supervisor: Supervisor,
    /// Held by each that is under way, and alone by one that must be.
    pub(super) gate: RwLock<()>,
    past: Mutex<Past>,
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

impl Errand {
    /// The scenario as it was sent, with the seed of its unique values.
    pub(super) fn as_sent(&self) -> (Scenario, Seed) {
        (self.scenario.clone(), self.fresh)
    }

    /// The same with the steps that make what it needs.
    pub(super) fn as_made(&self) -> (Scenario, Seed) {
        (self.whole.as_ref().unwrap_or(&self.scenario).clone(), self.fresh)
    }
}

/// How something is carried out alone.
#[derive(Clone, Copy, Default)]
struct Alone {
    /// On a process that has carried out nothing yet.
    is_fresh: bool,
    /// Whether an end a while after the last answer counts as well.
    lingers: bool,
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
        let Self { watch, manner, lingers, .. } = self;
        let errand = Arc::new(errand);
        spawned(Box::pin(async move {
            match manner {
                Manner::Beside => watch.beside(&executor, &errand).await,
                Manner::Alone | Manner::Afresh => {
                    let how = Alone { is_fresh: manner == Manner::Afresh, lingers };
                    let tried = watch.alone(&executor, &errand.scenario, &errand, how).await?;
                    Ok(tried.execution.died_of(tried.death))
                }
            }
        }))
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

    /// How many of them wait to be looked into.
    pub fn falls(&self) -> usize {
        self.past().falls.len()
    }

    /// Lets go of those that came when so many waited already, noticed or not: whoever looks into one makes the target die.
    pub async fn forget_falls_after(&self, number: usize) {
        self.settle().await;
        self.past().forget_falls_after(number);
    }

    /// Lets go of what waits to be looked into: it is an earlier run's.
    pub fn forget(&self) {
        let mut past = self.past();
        past.falls.clear();
        past.alarms.forget();
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

    async fn beside(&self, executor: &Executor, errand: &Arc<Errand>) -> Result<Execution, Error> {
        let Errand { scenario, fresh, .. } = &**errand;
        let pass = self.enter().await;
        let life = self.supervisor.life();
        let mut under_way = UnderWay::new(&self.past, errand);
        let sent = executor.carry_out(scenario, *fresh, errand.pause).await;
        let mut execution = sent.inspect_err(|_| under_way.forget())?;
        let is_lost = match fault(&execution) {
            Some(kind) => self.trouble().is_none() && self.supervisor.is_gone(kind).await,
            None => false,
        };
        if !is_lost {
            under_way.remember(&execution);
            if let Some(run_id) = errand.run_id.as_ref().filter(|_| fault(&execution).is_some()) {
                execution.log = written::of_beside(self.supervisor.written(0), &execution, run_id);
            }
            return Ok(execution);
        }
        under_way.lose(life);
        drop(pass);
        let again = self.once_more(executor, errand).await;
        under_way.settle(matches!(again, Ok((_, Some(_)))));
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
        let Tried { execution, death, was_fresh } = self.alone(executor, scenario, errand, Alone::default()).await?;
        let is_hang = death.as_ref().is_some_and(|death| death.exit == Exit::Hung);
        // To wait for a hang once more would only cost time: proof does it on new processes.
        if death.is_none() || was_fresh || is_hang {
            return Ok((execution, death));
        }
        let before = self.past().suspects();
        let again = self.alone(executor, scenario, errand, Alone { is_fresh: true, lingers: false }).await?;
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
        how: Alone,
    ) -> Result<Tried, Error> {
        let _gate: RwLockWriteGuard<'_, ()> = self.gate.write().await;
        self.stand_up(how.is_fresh).await;
        // What was written before is not its doing: it may be about the request that asked whether the process is ready.
        self.supervisor.caught_up().await;
        self.take_notice();
        let is_up = self.supervisor.is_up();
        let (mark, noticed) = (self.supervisor.mark(), self.supervisor.noticed());
        let was_fresh = std::mem::replace(&mut self.past().is_fresh, false);
        let (run_id, whole) = (errand.run_id.clone(), None);
        let alone = Errand { scenario: scenario.clone(), whole, fresh: errand.fresh, pause: errand.pause, run_id };
        let alone = Arc::new(alone);
        let mut under_way = UnderWay::new(&self.past, &alone);
        let sent = executor.carry_out(scenario, errand.fresh, errand.pause).await;
        let mut execution = sent.inspect_err(|_| under_way.forget())?;
        under_way.remember(&execution);
        let recent = Recent::of(&alone, &execution);
        if is_up {
            self.supervisor.settle(how.lingers && execution.broken.is_none()).await;
            let lines = self.supervisor.written(mark);
            // Not by what was looked at last: what is known too well is passed over meanwhile.
            if self.supervisor.noticed() != noticed {
                self.account(&lines, &recent, &mut execution);
            }
            execution.log = written::of_alone(lines, &execution, errand.run_id.as_ref());
        }
        if !is_up || self.supervisor.survives().await {
            return Ok(Tried { execution, death: None, was_fresh });
        }
        let mut death = self.supervisor.death(mark);
        if let (Some(death), Some(run_id)) = (&mut death, &errand.run_id) {
            death.output = run_id.without(&death.output);
        }
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
    pub(super) async fn stand_up(&self, afresh: bool) {
        let is_up = self.supervisor.is_up();
        let is_good = is_up && (!afresh || self.past().is_fresh);
        if is_good || self.trouble().is_some() {
            return;
        }
        if is_up {
            self.take_notice();
        } else if self.supervisor.is_dead() {
            self.past().begin_inquiry(self.supervisor.life());
        }
        let trouble = self.supervisor.restart().await.err().map(|error| error.to_string());
        let mut past = self.past();
        past.is_fresh = true;
        past.recent.clear();
        past.alarms.begin_life();
        past.trouble = trouble;
    }

    pub(super) fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::target::{Launch, Ready};

    #[tokio::test]
    async fn a_start_that_is_dropped_halfway_is_no_death_to_look_into() {
        let command = ["sh", "-c", "echo up; exec sleep 1000"].map(str::to_owned).into();
        let launch = Launch { ready: Ready::Line("up".into()), ..Launch::new(command, "/".into()) };
        let watch = Watch::new(Supervisor::start(launch, None).await.unwrap());
        watch.past().is_fresh = false;
        // Somebody wanted a process that has carried out nothing, and has no time left.
        assert!(watch.stand_up(true).now_or_never().is_none());
        watch.settle().await;
        assert!(watch.take_fall().is_none());
        let lives = watch.supervisor().lives();
        assert_eq!((watch.supervisor().is_up(), lives.starts, lives.deaths), (true, 2, 0));
    }
}
