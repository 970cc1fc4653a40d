//! From a suspicion to what goes into a fixture: proved, made smaller, proved again. Main type: [`Proof`].

use crate::engine::Error;
use crate::finding::Severity;
use crate::minimize::Minimizer;
use crate::seed::Seed;
use crate::triage::{Confirmed, Prover, Suspicion};

/// Proves and minimises.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) prover: Prover,
    pub(super) minimizer: Minimizer,
    pub(super) seed: Seed,
}

/// What came of it.
pub(super) struct Settled {
    /// The finding with the smallest scenario that shows it.
    pub(super) confirmed: Confirmed,
    /// Requests that it took.
    pub(super) requests: u64,
}

impl Proof {
    /// Re-sends the suspicion alone; if it is stable and worth a fixture, looks for a smaller request that shows the
    /// same, and takes it if it is as stable.
    pub(super) async fn settle(self, suspicion: Suspicion) -> Result<Settled, Error> {
        let mut requests = self.prover.cost(&suspicion);
        let confirmed = self.prover.prove(suspicion, self.seed).await?;
        let is_worth = confirmed.finding.severity > Severity::Remark && Minimizer::applies(&confirmed.finding);
        if !confirmed.ratio.is_stable() || !is_worth {
            return Ok(Settled { confirmed, requests });
        }
        let (smaller, spent) = self.minimizer.minimize(&confirmed, self.seed).await?;
        requests += u64::from(spent);
        let Some(scenario) = smaller else { return Ok(Settled { confirmed, requests }) };
        let suspicion =
            Suspicion { finding: confirmed.finding.clone(), scenario, exchanges: confirmed.exchanges.clone() };
        requests += self.prover.cost(&suspicion);
        let smaller = self.prover.prove(suspicion, self.seed).await?;
        let confirmed = if smaller.ratio.is_stable() { smaller } else { confirmed };
        Ok(Settled { confirmed, requests })
    }
}
