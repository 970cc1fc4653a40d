//! From a suspicion to what goes into a fixture: proved, made smaller, proved again. Main type: [`Proof`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::Error;
use crate::finding::Severity;
use crate::minimize::Minimizer;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::triage::{Confirmed, Prover, Suspicion};

/// Proves and minimises.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) prover: Prover,
    pub(super) minimizer: Minimizer,
    /// New in each run: what a scenario makes must have names that the target has not seen.
    pub(super) names: Seed,
    pub(super) turns: Arc<AtomicU64>,
}

/// What came of it.
pub(super) struct Settled {
    /// The finding with the smallest scenario that shows it.
    pub(super) confirmed: Confirmed,
    /// Requests that it took.
    pub(super) requests: u64,
}

impl Proof {
    fn fresh(&self) -> Seed {
        self.names.child("proof", self.turns.fetch_add(1, Ordering::Relaxed))
    }

    /// Proves the suspicion in the smallest form that shows it: for a thing that does not exist, with the steps that
    /// make it, or for the one that was there.
    async fn prove(&self, mut suspicion: Suspicion) -> Result<(Confirmed, u64), Error> {
        let mut forms = std::mem::take(&mut suspicion.alone);
        let whole = std::mem::replace(&mut suspicion.scenario, Scenario::plain(Vec::new()));
        forms.insert(forms.len().min(1), whole);
        let mut requests = 0;
        let mut best: Option<Confirmed> = None;
        for scenario in forms {
            let mut finding = suspicion.finding.clone();
            finding.step = scenario.steps.len().saturating_sub(1);
            let form = Suspicion { finding, scenario, alone: Vec::new(), exchanges: suspicion.exchanges.clone() };
            requests += self.prover.cost(&form);
            let confirmed = self.prover.prove(form, self.fresh()).await?;
            if best.as_ref().is_none_or(|best| best.ratio.hits < confirmed.ratio.hits) {
                best = Some(confirmed);
            }
            if best.as_ref().is_some_and(|best| best.ratio.is_stable()) {
                break;
            }
        }
        Ok((best.expect("the whole scenario is among the forms"), requests))
    }

    /// Re-sends the suspicion alone; if it is stable and worth a fixture, looks for a smaller request that shows the
    /// same, and takes it if it is as stable.
    pub(super) async fn settle(self, suspicion: Suspicion) -> Result<Settled, Error> {
        let (confirmed, mut requests) = self.prove(suspicion).await?;
        let is_worth = confirmed.finding.severity > Severity::Remark && Minimizer::applies(&confirmed.finding);
        if !confirmed.ratio.is_stable() || !is_worth {
            return Ok(Settled { confirmed, requests });
        }
        let (smaller, spent) = self.minimizer.minimize(&confirmed, self.fresh()).await?;
        requests += u64::from(spent);
        let Some(scenario) = smaller else { return Ok(Settled { confirmed, requests }) };
        let suspicion = Suspicion {
            finding: confirmed.finding.clone(),
            scenario,
            alone: Vec::new(),
            exchanges: confirmed.exchanges.clone(),
        };
        requests += self.prover.cost(&suspicion);
        let smaller = self.prover.prove(suspicion, self.fresh()).await?;
        let confirmed = if smaller.ratio.is_stable() { smaller } else { confirmed };
        Ok(Settled { confirmed, requests })
    }
}
