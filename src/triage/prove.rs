//! Re-sends a suspicion alone. Main type: [`Prover`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};

use super::{Confirmed, Ratio, Suspicion, Trying};
use crate::engine::{Error, Execution, Executor, Manner, clean_up_since, preparations, repeated};
use crate::finding::{Finding, Severity, Volatile};
use crate::oracle::{Check, Registry, Shown, holds_in_sequence};
use crate::scenario::{Law, Scenario, Trace};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind, ends_in};

/// By how much longer a suspected hang is waited for: slow is not hung.
const PATIENCE: u32 = 3;
/// How often the witness is asked whether the target answers at all.
const ASKED: u32 = 6;
/// The pause before an answer that load may cause is asked for again.
const CALM: Duration = Duration::from_millis(150);
/// The pause before the last step of a scenario that tries a law, the last time it is sent: a server may take a while to
/// show everywhere what it has confirmed, and one that shows it in time has no bug.
const SETTLING: Duration = Duration::from_secs(1);
/// How often a race is re-sent at least: one whose window is met in one try of four shows in ten of them 94 times of 100.
const RACES: u32 = 10;
/// The pause before the last step each time that a race is re-sent: its control shows already that what was confirmed is
/// read at once, so this need not be long.
const RACE_SETTLING: Duration = Duration::from_millis(100);

/// What re-sending showed.
#[derive(Debug)]
pub struct Proved {
    /// The finding with its count.
    pub confirmed: Confirmed,
    /// Whether it is the request's own doing. If not, the target answered nobody, and it is to be proved again while
    /// nothing else is sent.
    pub is_clear: bool,
    /// Requests that it took.
    pub requests: u64,
}

/// Re-sends suspicions and counts.
#[derive(Clone)]
pub struct Prover {
    executor: Executor,
    registry: Arc<Registry>,
    tries: u32,
}

impl Prover {
    /// Proves by `tries` executions, each on a connection of its own.
    pub fn new(mut executor: Executor, registry: Arc<Registry>, tries: u32) -> Self {
        executor.options.fresh_connection = true;
        Self { executor, registry, tries: tries.max(1) }
    }

    /// Whether proof takes so long that the run should go on beside it: the target is made to hang again.
    pub fn is_slow(suspicion: &Suspicion) -> bool {
        Self::waits(&suspicion.exchanges)
    }

    /// Whether the last of these was not answered in time.
    pub fn waits(exchanges: &[Exchange]) -> bool {
        ends_in(exchanges, FaultKind::TimedOut)
    }

    /// How often what the finding forbids happens when it is sent alone once more, as a replay would tell, and the requests
    /// that it took. If it happens the first time that is enough.
    pub async fn count(
        &self,
        suspicion: &Suspicion,
        tries: u32,
        manner: Manner,
        seed: Seed,
    ) -> Result<(Ratio, u64), Error> {
        let executor = self.repeating(suspicion, manner);
        let mut ratio = Ratio { hits: 0, tries: 0 };
        let mut requests = 0;
        while ratio.tries < tries && !ratio.is_stable() {
            let execution = executor.run(&suspicion.scenario, fresh(seed, ratio.tries)).await?;
            requests += execution.exchanges.len() as u64;
            ratio.tries += 1;
            let trace = Trace { scenario: &suspicion.scenario, exchanges: &execution.exchanges };
            let check = self.registry.check(&suspicion.finding.requirement, &trace);
            let is_prepared = preparations(&execution.exchanges) == preparations(&suspicion.exchanges);
            ratio.hits += u32::from(is_prepared && matches!(check, Ok(Check::Broken { .. })));
        }
        Ok((ratio, requests))
    }

    /// Whether the operation that failed like this fails with the control as well, a request that it answered before; and
    /// the requests that it took to know.
    pub async fn fails_anyway(
        &self,
        failed: &[Exchange],
        control: Option<&Scenario>,
        seed: Seed,
    ) -> Result<(bool, u64), Error> {
        let Some(control) = control.filter(|_| fails(failed)) else { return Ok((false, 0)) };
        let execution = self.executor.in_manner(Manner::Alone).run(control, fresh(seed, 0)).await?;
        Ok((execution.broken.is_none() && fails(&execution.exchanges), execution.exchanges.len() as u64))
    }

    /// What the oracle says of this execution, if it is the same.
    fn shown(&self, suspicion: &Suspicion, execution: &Execution) -> Option<Shown> {
        let trace = Trace { scenario: &suspicion.scenario, exchanges: &execution.exchanges };
        self.registry.shown(&trace, &execution.log, &suspicion.finding.signature)
    }

    /// Re-sends the scenario alone and counts how often the same signature shows.
    pub async fn prove(&self, suspicion: Suspicion, seed: Seed) -> Result<Proved, Error> {
        let Attempts { executions, is_clear, mut requests } = match (Self::is_slow(&suspicion), suspicion.is_quiet) {
            (false, _) => self.in_turn(&suspicion, seed).await?,
            (true, false) => self.at_once(&suspicion, seed).await?,
            (true, true) => self.while_awake(&suspicion, seed).await?,
        };
        requests += executions.iter().map(|execution| execution.exchanges.len() as u64).sum::<u64>();
        let tries = self.tries(&suspicion);
        let mut exchanges = suspicion.exchanges.clone();
        let (mut shown, mut answers) = (Vec::new(), Vec::new());
        let mut log = Vec::new();
        let mut holds = true;
        for execution in executions {
            let trace = Trace { scenario: &suspicion.scenario, exchanges: &execution.exchanges };
            holds &= suspicion.scenario.law.is_none_or(|law| holds_in_sequence(law, &trace));
            if let Some(again) = self.shown(&suspicion, &execution) {
                answers.extend(execution.exchanges.get(again.plain.step).map(|exchange| exchange.outcome.clone()));
                shown.push(again);
                exchanges = execution.exchanges;
                log = execution.log;
            }
        }
        let Suspicion { finding, scenario, .. } = suspicion;
        // A race against a promise that is kept now and then even one after the other shows nothing.
        let hits = u32::try_from(shown.len()).unwrap_or(u32::MAX);
        let ratio = Ratio { hits: if holds { hits } else { 0 }, tries };
        let (finding, volatile) = (agreed(shown).unwrap_or(finding), Volatile::between(answers.iter()));
        let confirmed = Confirmed { finding, scenario, exchanges, log, volatile, ratio, clean: None };
        Ok(Proved { confirmed, is_clear, requests })
    }

    /// How what was seen is repeated: in this manner, unless the process has a part in it. What it dies of it may die of a
    /// while later; one that dies at once is not waited for.
    fn repeating(&self, suspicion: &Suspicion, manner: Manner) -> Executor {
        let executor = self.executor.in_manner(repeated(&suspicion.exchanges).unwrap_or(manner));
        if ends_in(&suspicion.exchanges, FaultKind::Died) { executor.lingering() } else { executor }
    }

    /// A remark becomes no fixture: that it shows once more is enough. A race shows now and then.
    fn tries(&self, suspicion: &Suspicion) -> u32 {
        match suspicion.finding.severity {
            Severity::Remark => 1,
            _ if tries_race(suspicion) => self.tries.max(RACES),
            _ => self.tries,
        }
    }

    /// One after the other; what load may cause is asked for more slowly, and what the target died of, or tells only once, is asked
    /// of a new process each time.
    async fn in_turn(&self, suspicion: &Suspicion, seed: Seed) -> Result<Attempts, Error> {
        let may_be_load = suspicion.exchanges.last().is_some_and(|exchange| exchange.outcome.may_be_load());
        // Alone, so that what a target that is watched writes meanwhile is about this.
        let executor = self.repeating(suspicion, Manner::Alone);
        let mut executions = Vec::new();
        let mut requests = 0;
        let (is_race, is_patient) = (tries_race(suspicion), suspicion.trying == Trying::Patiently);
        for index in 0..self.tries(suspicion) {
            if may_be_load {
                tokio::time::sleep(CALM).await;
            }
            let settles = suspicion.scenario.law.is_some() && is_patient && index + 1 == self.tries;
            let pause = match (is_race, settles) {
                (true, _) if is_patient => RACE_SETTLING,
                (false, true) => SETTLING,
                _ => Duration::ZERO,
            };
            let made = self.made();
            executions.push(executor.run_slowly(&suspicion.scenario, fresh(seed, index), pause).await?);
            if suspicion.trying == Trying::Tidily {
                requests += self.end_since(made, seed).await?;
            }
        }
        Ok(Attempts { executions, is_clear: true, requests })
    }

    /// How many things were made at the target.
    pub fn made(&self) -> u64 {
        self.executor.made()
    }

    /// Ends what was made since this many things were; answers the requests that it took.
    pub async fn end_since(&self, made: u64, seed: Seed) -> Result<u64, Error> {
        clean_up_since(&self.executor, made, seed).await
    }

    /// All at once with more patience, since each takes seconds; what is answered meanwhile tells whether the target
    /// answers anybody.
    async fn at_once(&self, suspicion: &Suspicion, seed: Seed) -> Result<Attempts, Error> {
        let (is_awake, asked) = self.awakes(suspicion, seed).await?;
        if !is_awake {
            return Ok(Attempts { executions: Vec::new(), is_clear: false, requests: asked });
        }
        let patient = &self.patient();
        let attempts = (0..self.tries).map(|index| patient.run(&suspicion.scenario, fresh(seed, index)));
        let (executions, is_answered) = try_join(try_join_all(attempts), self.answers(suspicion, seed)).await?;
        let is_clear = is_answered || !executions.iter().any(is_timed_out);
        Ok(Attempts { executions, is_clear, requests: asked + 1 })
    }

    /// One after the other, each when the target answers others again; the first that is answered ends it.
    async fn while_awake(&self, suspicion: &Suspicion, seed: Seed) -> Result<Attempts, Error> {
        let patient = self.patient();
        let mut executions = Vec::new();
        let mut requests = 0;
        for index in 0..self.tries {
            let (is_awake, asked) = self.awakes(suspicion, seed).await?;
            requests += asked;
            if !is_awake {
                break;
            }
            executions.push(patient.run(&suspicion.scenario, fresh(seed, index)).await?);
            if !executions.last().is_some_and(is_timed_out) {
                break;
            }
        }
        Ok(Attempts { executions, is_clear: true, requests })
    }

    /// Whether the target answers the witness, soon or after a while; and how often it was asked.
    async fn awakes(&self, suspicion: &Suspicion, seed: Seed) -> Result<(bool, u64), Error> {
        for asked in 1..=ASKED {
            if self.answers(suspicion, seed).await? {
                return Ok((true, u64::from(asked)));
            }
        }
        Ok((false, u64::from(ASKED)))
    }

    /// Whether the target answers the witness in time; without one there is nothing to doubt.
    async fn answers(&self, suspicion: &Suspicion, seed: Seed) -> Result<bool, Error> {
        let Some(witness) = &suspicion.witness else { return Ok(true) };
        Ok(!is_timed_out(&self.executor.run(witness, fresh(seed, 0)).await?))
    }

    fn patient(&self) -> Executor {
        let mut executor = self.executor.clone();
        executor.options.timeout *= PATIENCE;
        executor
    }
}

/// What re-sending gave.
struct Attempts {
    executions: Vec<Execution>,
    is_clear: bool,
    /// Requests besides.
    requests: u64,
}

/// The finding as all of these show it: a trace that is in the log of some of them only is of something else.
fn agreed(mut shown: Vec<Shown>) -> Option<Finding> {
    let last = shown.pop()?;
    let is_same = |other: &Shown| other.narrowed.signature == last.narrowed.signature;
    Some(if shown.iter().all(is_same) { last.narrowed } else { last.plain })
}

/// Whether the finding is the race that the scenario was made to try: a crash among its steps has to show each time.
fn tries_race(suspicion: &Suspicion) -> bool {
    let law = suspicion.scenario.law.filter(|law| law.is_race());
    law.map(Law::word) == Some(suspicion.finding.oracle().0)
}

fn is_timed_out(execution: &Execution) -> bool {
    ends_in(&execution.exchanges, FaultKind::TimedOut)
}

/// Whether the last of them was answered by 5xx, or not at all though the target lives and is in time.
fn fails(exchanges: &[Exchange]) -> bool {
    let Some(last) = exchanges.last() else { return false };
    match last.outcome.fault() {
        Some(fault) => !matches!(fault.kind, FaultKind::TimedOut | FaultKind::Died | FaultKind::Refused),
        None => last.outcome.status().is_some_and(|status| status >= 500),
    }
}

fn fresh(seed: Seed, index: u32) -> Seed {
    seed.child("proof", u64::from(index))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::identity::Identities;
    use crate::scenario::encode::samples::{case, operation};
    use crate::scenario::{ANONYMOUS, Capture, IdentityName, Source, Step, encode};
    use crate::transport::{Canned, Options, canned};
    use crate::wire::{Outcome, Request};

    fn scenario(path: &str, described: Value) -> Scenario {
        let operation = operation("GET", path, described);
        let case = case(&operation, &[]);
        Scenario::single(Step {
            operation: operation.id.clone(),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(encode(&case, "")),
            fresh: vec![],
            captures: vec![],
            case: Some(Arc::new(case)),
            at_once: false,
        })
    }

    /// Proves that `/slow` hangs on a target that answers this way; `/other` is the witness.
    #[track_caller]
    fn check(is_quiet: bool, answers: impl Fn(&str) -> bool + Send + Sync + 'static, hits: u32, is_clear: bool) {
        let answer = move |request: &Request| -> Outcome {
            let target = String::from_utf8_lossy(&request.target);
            if answers(&target) { canned::json(200, &json!({})) } else { canned::fault(FaultKind::TimedOut) }
        };
        let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
        let transport = Arc::new(Canned::new(answer));
        let executor =
            Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
        let registry = Arc::new(Registry::default());
        let witness = Some(scenario("/other", json!({"responses": {"200": {}}})));
        let scenario = scenario("/slow", json!({"responses": {"200": {}}}));
        let exchanges = vec![Exchange {
            request: Arc::clone(&scenario.steps[0].request),
            sent: bytes::Bytes::new(),
            outcome: canned::fault(FaultKind::TimedOut),
            elapsed: Duration::from_secs(1),
        }];
        let finding = registry.judge(&Trace { scenario: &scenario, exchanges: &exchanges }).remove(0);
        let suspicion = Suspicion { witness, is_quiet, ..Suspicion::new(finding, scenario, exchanges) };
        let prover = Prover::new(executor, registry, 3);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shown = runtime.block_on(prover.prove(suspicion, Seed::new(1))).unwrap();
        assert_eq!((shown.confirmed.ratio.hits, shown.is_clear), (hits, is_clear));
    }

    /// The steps of a creation that may be made once: equal ones one after the other, then at once, then a read of each.
    fn twice() -> Scenario {
        let made = operation("POST", "/things", json!({}));
        let read = operation("GET", "/things/x", json!({}));
        let step = |index: usize| {
            let of = if index < 4 { &made } else { &read };
            let case = case(of, &[]);
            let capture = Capture { name: format!("id_{index}"), from: Source::Body("/id".into()) };
            Step {
                operation: of.id.clone(),
                identity: IdentityName::new(ANONYMOUS),
                request: Arc::new(encode(&case, "")),
                fresh: vec![],
                captures: if matches!(index, 2 | 3) { vec![capture] } else { vec![] },
                case: Some(Arc::new(case)),
                at_once: index == 3,
            }
        };
        Scenario { steps: (0..6).map(step).collect(), law: Some(Law::DoubleCreate) }
    }

    /// What each try gives: whether the second equal creation is refused, and whether the race shows.
    #[track_caller]
    fn check_race(tries: [(bool, bool); 10], hits: u32) {
        let answers = |(is_refused, shows): &(bool, bool)| {
            let thing = |status: u16, id: u32| canned::json(status, &json!({"id": id}));
            let no = || canned::json(409, &json!({}));
            let mut all = vec![thing(201, 1), if *is_refused { no() } else { thing(201, 9) }, thing(201, 2)];
            let rest = vec![thing(201, 3), thing(200, 2), thing(200, 3)];
            all.extend(if *shows { rest } else { vec![no()] });
            all
        };
        let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
        let planted = answers(&(true, true));
        let transport = Arc::new(Canned::list(planted.into_iter().chain(tries.iter().flat_map(answers))));
        let executor =
            Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
        let registry = Arc::new(Registry::default());
        let scenario = twice();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let exchanges = runtime.block_on(executor.run(&scenario, Seed::new(1))).unwrap().exchanges;
        let finding = registry.judge(&Trace { scenario: &scenario, exchanges: &exchanges }).remove(0);
        let suspicion = Suspicion { trying: Trying::Again, ..Suspicion::new(finding, scenario, exchanges) };
        let shown = runtime.block_on(Prover::new(executor, registry, 3).prove(suspicion, Seed::new(1))).unwrap();
        assert_eq!(shown.confirmed.ratio, Ratio { hits, tries: 10 });
        assert_eq!(shown.confirmed.is_proved(), hits > 0);
    }

    #[test]
    fn a_race_need_not_show_each_time_but_its_control_must_hold() {
        check_race([(true, true); 10], 10);
        let mut once = [(true, false); 10];
        check_race(once, 0);
        once[6] = (true, true);
        check_race(once, 1);
        once[2] = (false, false);
        check_race(once, 0);
    }

    #[test]
    fn what_differs_from_try_to_try_is_learned() {
        let asked = std::sync::atomic::AtomicU32::new(0);
        let answer = move |_: &Request| -> Outcome {
            let asked = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            canned::json(500, &json!({"error": "boom", "id": asked}))
        };
        let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
        let transport = Arc::new(Canned::new(answer));
        let executor =
            Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
        let registry = Arc::new(Registry::default());
        let scenario = scenario("/boom", json!({"responses": {"200": {}}}));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let exchanges = runtime.block_on(executor.run(&scenario, Seed::new(1))).unwrap().exchanges;
        let finding = registry.judge(&Trace { scenario: &scenario, exchanges: &exchanges }).remove(0);
        let volatile = |tries| {
            let prover = Prover::new(executor.clone(), Arc::clone(&registry), tries);
            let suspicion = Suspicion::new(finding.clone(), scenario.clone(), exchanges.clone());
            runtime.block_on(prover.prove(suspicion, Seed::new(1))).unwrap().confirmed.volatile
        };
        assert_eq!(volatile(3).shown().as_deref(), Some("/id"));
        assert!(volatile(1).is_empty());
    }

    #[test]
    fn a_request_that_hangs_while_others_are_answered_hangs() {
        check(false, |target| target == "/other", 3, true);
        check(true, |target| target == "/other", 3, true);
    }

    #[test]
    fn a_target_that_answers_nobody_proves_nothing() {
        check(false, |_| false, 0, false);
        check(true, |_| false, 0, true);
    }

    #[test]
    fn what_is_answered_now_does_not_hang() {
        check(false, |_| true, 0, true);
        check(true, |_| true, 0, true);
    }

    #[test]
    fn a_target_that_hangs_as_a_whole_while_the_suspect_does_leaves_doubt() {
        let asked = std::sync::atomic::AtomicU32::new(0);
        // The witness is answered before, and not meanwhile.
        let answers =
            move |target: &str| target == "/other" && asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        check(false, answers, 3, false);
    }
}
