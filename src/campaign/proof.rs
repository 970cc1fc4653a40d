//! From a suspicion to what goes into a fixture: proved, made smaller, proved again. Main type: [`Proof`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::engine::Error;
use crate::finding::{Severity, Signature};
use crate::minimize::{Minimizer, under_new_names};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::triage::{Confirmed, Proved, Prover, Ratio, Suspicion, Trying};

/// Proves and minimises.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) prover: Prover,
    pub(super) minimizer: Minimizer,
    /// New in each run: what a scenario makes must have names that the target has not seen.
    pub(super) names: Seed,
    pub(super) turns: Arc<AtomicU64>,
    /// Whether there is no time to look for something smaller.
    pub(super) hurry: watch::Receiver<bool>,
}

/// What came of it.
pub(super) struct Settled {
    /// The signature of what was to be proved: what comes of it may have a narrower one.
    pub(super) suspected: Signature,
    /// The finding with the smallest scenario that shows it; or, if the target answered nobody meanwhile, the suspicion
    /// once more.
    pub(super) outcome: Result<Confirmed, Box<Suspicion>>,
    /// Requests that it took.
    pub(super) requests: u64,
    /// Those among them that looked for something smaller and proved it, if anything was looked for.
    pub(super) minimising: Option<u64>,
}

impl Proof {
    /// Another one each time.
    pub(super) fn fresh(&self) -> Seed {
        self.names.child("proof", self.turns.fetch_add(1, Ordering::Relaxed))
    }

    /// Proves the suspicion in the smallest form that shows it: for a thing that does not exist, with the steps that
    /// made it or their like, or for the one that was there. What does not show so may need new names: the target may have
    /// kept those that it failed with.
    pub(super) async fn prove(&self, mut suspicion: Suspicion) -> Result<Proved, Error> {
        let mut forms = std::mem::take(&mut suspicion.alone);
        let whole = std::mem::replace(&mut suspicion.scenario, Scenario::plain(Vec::new()));
        let renewed = under_new_names(&whole).filter(|_| whole.law.is_none() && !Prover::is_slow(&suspicion));
        forms.insert(forms.len().min(1), whole);
        forms.extend(renewed);
        let mut requests = 0;
        let mut best: Option<Proved> = None;
        for scenario in forms {
            let mut form = Suspicion { scenario, ..suspicion.clone() };
            form.finding.step = form.scenario.steps.len().saturating_sub(1);
            let proved = self.prover.prove(form, self.fresh()).await?;
            requests += proved.requests;
            let is_better = |best: &Proved| best.confirmed.ratio.hits < proved.confirmed.ratio.hits;
            if best.as_ref().is_none_or(is_better) {
                best = Some(proved);
            }
            if best.as_ref().is_some_and(|best| best.confirmed.is_proved() || !best.is_clear) {
                break;
            }
        }
        let best = best.expect("the whole scenario is among the forms");
        Ok(Proved { requests, ..best })
    }

    /// Re-sends the suspicion alone; if it is stable and worth a fixture, looks for a smaller request that shows the
    /// same, and takes it if it is as stable.
    pub(super) async fn settle(self, suspicion: Suspicion) -> Result<Settled, Error> {
        let doubted = (Prover::is_slow(&suspicion) && !suspicion.is_quiet).then(|| Box::new(suspicion.clone()));
        let (control, known) = (suspicion.control.clone(), Arc::clone(&suspicion.known));
        let (suspected, is_late) = (suspicion.finding.signature.clone(), suspicion.is_late);
        let trying = suspicion.trying;
        let Proved { confirmed, is_clear, mut requests } = self.prove(suspicion).await?;
        if let Some(suspicion) = doubted.filter(|_| !is_clear) {
            return Ok(Settled { suspected, outcome: Err(suspicion), requests, minimising: None });
        }
        if known.contains(&confirmed.finding.signature) {
            return Ok(Settled { suspected, outcome: Ok(confirmed), requests, minimising: None });
        }
        if confirmed.ratio.is_stable() {
            let failed = &confirmed.exchanges;
            let (is_broken, asked) = self.prover.fails_anyway(failed, control.as_ref(), self.fresh()).await?;
            requests += asked;
            if is_broken {
                let confirmed = Confirmed { clean: Some(Ratio { hits: 0, tries: 1 }), ..confirmed };
                return Ok(Settled { suspected, outcome: Ok(confirmed), requests, minimising: None });
            }
        }
        let is_worth = confirmed.finding.severity > Severity::Remark && Minimizer::applies(&confirmed);
        if !confirmed.is_proved() || !is_worth || is_late {
            return Ok(Settled { suspected, outcome: Ok(confirmed), requests, minimising: None });
        }
        let mut hurry = self.hurry.clone();
        let (smaller, spent) = tokio::select! {
            biased;
            // Whoever says so is there as long as somebody waits for this.
            _ = hurry.wait_for(|is_hurried| *is_hurried) => (None, 0),
            smaller = self.smaller(&confirmed, trying) => smaller?,
        };
        let confirmed = smaller.unwrap_or(confirmed);
        Ok(Settled { suspected, outcome: Ok(confirmed), requests: requests + spent, minimising: Some(spent) })
    }

    /// The same in a smaller form, if there is one that is as stable; and the requests spent. Where each try ends what it makes,
    /// so does the search when it is over.
    async fn smaller(&self, confirmed: &Confirmed, trying: Trying) -> Result<(Option<Confirmed>, u64), Error> {
        let made = self.prover.made();
        let (smaller, mut spent) = self.minimizer.minimize(confirmed, self.fresh()).await?;
        let Some(scenario) = smaller else { return Ok((None, spent)) };
        if trying == Trying::Tidily {
            spent += self.prover.end_since(made, self.fresh()).await?;
        }
        let suspicion = Suspicion { trying: trying.max(Trying::Again), ..again(confirmed, scenario) };
        let smaller = self.prover.prove(suspicion, self.fresh()).await?;
        let is_proved = smaller.confirmed.is_proved();
        Ok((is_proved.then_some(smaller.confirmed), spent + smaller.requests))
    }
}

/// What was proved, to be sent again in this form.
pub(super) fn again(confirmed: &Confirmed, scenario: Scenario) -> Suspicion {
    let mut finding = confirmed.finding.clone();
    finding.step = scenario.steps.len().saturating_sub(1);
    Suspicion { trying: Trying::Again, ..Suspicion::new(finding, scenario, confirmed.exchanges.clone()) }
}
