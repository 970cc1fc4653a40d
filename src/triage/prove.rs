//! Re-sends a suspicion alone. Main type: [`Prover`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::{Confirmed, Ratio};
use crate::engine::{Error, Execution, Executor};
use crate::finding::Finding;
use crate::oracle::Registry;
use crate::scenario::{Scenario, Trace};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind};

/// By how much longer a suspected hang is waited for: slow is not hung.
const PATIENCE: u32 = 3;
/// The pause before an answer that load may cause is asked for again.
const CALM: Duration = Duration::from_millis(150);
/// The pause before the last step of a scenario that tries a law, the last time it is sent: a server may take a while to
/// show everywhere what it has confirmed, and one that shows it in time has no bug.
const SETTLING: Duration = Duration::from_secs(1);

/// A finding that was seen once.
#[derive(Clone, Debug)]
pub struct Suspicion {
    /// What an oracle said.
    pub finding: Finding,
    /// The requests that led to it.
    pub scenario: Scenario,
    /// Other forms of a scenario that makes things first: for a thing that does not exist, and for that which existed
    /// when the suspicion arose.
    pub alone: Vec<Scenario>,
    /// What they gave.
    pub exchanges: Vec<Exchange>,
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

    /// Requests that proving this takes.
    pub fn cost(&self, suspicion: &Suspicion) -> u64 {
        u64::from(self.tries) * suspicion.scenario.steps.len() as u64
    }

    /// Whether proof takes so long that the run should go on beside it: the target is made to hang again.
    pub fn is_slow(suspicion: &Suspicion) -> bool {
        let fault = suspicion.exchanges.last().and_then(|exchange| exchange.outcome.fault());
        fault.is_some_and(|fault| fault.kind == FaultKind::TimedOut)
    }

    /// Re-sends the scenario alone and counts how often the same signature shows.
    pub async fn prove(&self, suspicion: Suspicion, seed: Seed) -> Result<Confirmed, Error> {
        let executions = if Self::is_slow(&suspicion) {
            self.at_once(&suspicion.scenario, seed).await?
        } else {
            self.in_turn(&suspicion, seed).await?
        };
        let Suspicion { finding, scenario, mut exchanges, .. } = suspicion;
        let mut hits = 0;
        let mut proved = None;
        for execution in executions {
            let trace = Trace { scenario: &scenario, exchanges: &execution.exchanges };
            let again = self.registry.judge(&trace).into_iter().find(|found| found.signature == finding.signature);
            if let Some(again) = again {
                hits += 1;
                proved = Some(again);
                exchanges = execution.exchanges;
            }
        }
        let ratio = Ratio { hits, tries: self.tries };
        Ok(Confirmed { finding: proved.unwrap_or(finding), scenario, exchanges, ratio })
    }

    /// One after the other; what load may cause is asked for more slowly.
    async fn in_turn(&self, suspicion: &Suspicion, seed: Seed) -> Result<Vec<Execution>, Error> {
        let last = suspicion.exchanges.last();
        let may_be_load = last.and_then(|exchange| exchange.outcome.status()).is_some_and(is_load);
        let mut executions = Vec::new();
        for index in 0..self.tries {
            if may_be_load {
                tokio::time::sleep(CALM).await;
            }
            let settles = suspicion.scenario.law.is_some() && index + 1 == self.tries;
            let pause = if settles { SETTLING } else { Duration::ZERO };
            executions.push(self.executor.run_slowly(&suspicion.scenario, fresh(seed, index), pause).await?);
        }
        Ok(executions)
    }

    /// All at once with more patience: each attempt takes seconds, and one hung handler does not need another's rest.
    async fn at_once(&self, scenario: &Scenario, seed: Seed) -> Result<Vec<Execution>, Error> {
        let mut executor = self.executor.clone();
        executor.options.timeout *= PATIENCE;
        let executor = &executor;
        try_join_all((0..self.tries).map(|index| executor.run(scenario, fresh(seed, index)))).await
    }
}

/// Statuses that a server under load gives to anybody.
fn is_load(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

fn fresh(seed: Seed, index: u32) -> Seed {
    seed.child("proof", u64::from(index))
}
