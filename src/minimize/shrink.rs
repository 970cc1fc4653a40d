//! The search for the smallest request. Main type: [`Minimizer`].

use std::sync::Arc;

use super::Draft;
use crate::engine::{Error, Execution, Executor, Manner};
use crate::finding::{Finding, Signature};
use crate::oracle::Registry;
use crate::scenario::{Law, Scenario, Trace};
use crate::seed::Seed;
use crate::triage::Confirmed;
use crate::wire::FaultKind;

/// Oracles whose findings stand on how the request was made: a smaller one could break another rule.
const LEFT_ALONE: [&str; 2] = ["invalid_input_accepted", "hang"];

/// Shrinks the last request of a proved finding.
#[derive(Clone)]
pub struct Minimizer {
    executor: Executor,
    registry: Arc<Registry>,
    budget: u32,
}

impl Minimizer {
    /// Spends at most `budget` executions on a finding.
    pub fn new(mut executor: Executor, registry: Arc<Registry>, budget: u32) -> Self {
        executor.options.fresh_connection = true;
        Self { executor, registry, budget }
    }

    /// Whether a smaller request could show the same bug.
    pub fn applies(finding: &Finding) -> bool {
        // A law compares what several steps sent; the cases that try one are small from the start.
        !LEFT_ALONE.contains(&finding.oracle().0) && Law::named(finding.oracle().0).is_none()
    }

    /// A smaller scenario with the same signature, or `None` if there is none; and the executions spent.
    pub async fn minimize(&self, confirmed: &Confirmed, seed: Seed) -> Result<(Option<Scenario>, u32), Error> {
        let Some(last) = confirmed.scenario.steps.last() else { return Ok((None, 0)) };
        let mut best = Draft::of(&last.request);
        let original = best.clone();
        let executor = self.executor_for(confirmed);
        let mut spent = 0;
        loop {
            let before = best.clone();
            let mut index = 0;
            // After a success the same index names the next piece: what failed already is not tried again in this pass.
            while let Some(smaller) = best.smaller().into_iter().nth(index) {
                if spent >= self.budget {
                    return Ok((changed(&confirmed.scenario, &original, &best), spent));
                }
                spent += 1;
                let candidate = with_last_request(&confirmed.scenario, &smaller);
                let fresh = seed.child("candidate", u64::from(spent));
                let execution = executor.run(&candidate, fresh).await?;
                if self.shows(&candidate, &execution, &confirmed.finding.signature) {
                    best = smaller;
                } else {
                    index += 1;
                }
            }
            if best == before {
                return Ok((changed(&confirmed.scenario, &original, &best), spent));
            }
        }
    }

    /// What the target died of is tried alone, so that each candidate costs one death at most.
    fn executor_for(&self, confirmed: &Confirmed) -> Executor {
        let fault = confirmed.exchanges.last().and_then(|exchange| exchange.outcome.fault());
        match fault {
            Some(fault) if fault.kind == FaultKind::Died => self.executor.in_manner(Manner::Alone),
            _ => self.executor.clone(),
        }
    }

    fn shows(&self, scenario: &Scenario, execution: &Execution, signature: &Signature) -> bool {
        let trace = Trace { scenario, exchanges: &execution.exchanges };
        self.registry.judge(&trace).iter().any(|finding| finding.signature == *signature)
    }
}

fn changed(scenario: &Scenario, original: &Draft, best: &Draft) -> Option<Scenario> {
    (best != original).then(|| with_last_request(scenario, best))
}

fn with_last_request(scenario: &Scenario, draft: &Draft) -> Scenario {
    let mut scenario = scenario.clone();
    if let Some(last) = scenario.steps.last_mut() {
        last.request = Arc::new(draft.request());
    }
    scenario
}
