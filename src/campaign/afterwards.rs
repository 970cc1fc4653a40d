//! What still shows once the run has cleaned up: a fixture must be red on a target that nobody has used. Part of [`Run`].
//!
//! Each finding is sent once more. What does not show any more stood on something that the run had made or changed: then it
//! is looked for (`standing`), and where it can't be told, the finding is kept as an unstable one, without a fixture.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::proof::again;
use super::run::Run;
use super::standing::{Wanted, called, chosen};
use super::time::{before, left};
use crate::engine::Manner;
use crate::finding::{Confirmed, Ratio};
use crate::import::values;
use crate::scenario::{Law, Unique};
use crate::triage::Prover;
use crate::wire::Request;

/// How often a finding is sent that does not show at once.
const TRIES: u32 = 3;

/// A finding that was kept.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) confirmed: Confirmed,
    /// Its record.
    record: usize,
    /// How many changes of the target there were when it was proved.
    pub(super) changes: u64,
}

/// What is looked at once more when the target is clean.
#[derive(Default)]
pub(super) struct Afterwards {
    /// Findings that were not looked at yet.
    kept: VecDeque<Kept>,
    /// Those that were, and may need steps before them.
    wanting: VecDeque<(Kept, Wanted)>,
    /// Hangs, which nobody has looked at yet: the target may stay hung, so they come when all else is done.
    slow: VecDeque<Kept>,
}

impl Run<'_> {
    /// Whether findings are looked at once more: it takes somebody who makes the target clean.
    pub(super) fn looks_back(&self) -> bool {
        self.executor.ledger.is_some() || self.executor.process.is_some()
    }

    /// Sends each finding that has a fixture, or would have one, to the clean target, as far as there is time; then looks
    /// for what those need that do not show.
    pub(super) async fn look_back(&mut self, time: Duration) -> Result<(), Error> {
        let mut time = pin!(left(time));
        while let Some(kept) = self.afterwards.kept.front().cloned() {
            let Some(looked) = before(time.as_mut(), self.look_again(&kept.confirmed)).await else { break };
            let (clean, wanted) = looked?;
            self.afterwards.kept.pop_front();
            self.keeper.revise(kept.record, &Confirmed { clean: Some(clean), ..kept.confirmed.clone() });
            self.afterwards.wanting.extend(wanted.map(|wanted| (kept, wanted)));
        }
        while let Some((kept, wanted)) = self.afterwards.wanting.front().cloned() {
            let Some(found) = before(time.as_mut(), self.find_steps(&kept, &wanted)).await else { break };
            self.afterwards.wanting.pop_front();
            if let Some(confirmed) = found? {
                self.keeper.revise(kept.record, &confirmed);
            }
        }
        self.tell_problems()
    }

    /// Sends what made the target hang to the clean target, as far as there is time. What does not show there hung for what the
    /// run had put into it; that is not looked for.
    pub(super) async fn look_at_hangs(&mut self, time: Duration) -> Result<(), Error> {
        let mut time = pin!(left(time));
        while let Some(kept) = self.afterwards.slow.front().cloned() {
            let Some(counted) = before(time.as_mut(), self.count(&kept.confirmed)).await else { break };
            let (clean, _) = counted?;
            self.afterwards.slow.pop_front();
            self.keeper.revise(kept.record, &Confirmed { clean: Some(clean), ..kept.confirmed });
        }
        self.tell_problems()
    }

    /// Tells of the findings without a fixture, and of those that nobody had time to look at.
    pub(super) fn tell_afterwards(&mut self) -> Result<(), Error> {
        let unseen = self.afterwards.kept.len() + self.afterwards.slow.len();
        if unseen > 0 {
            self.notice(format!(
                "there was no time to send {unseen} of the findings to the clean target: their fixtures may stand on what the run did before"
            ))?;
        }
        let wanting = self.afterwards.wanting.len();
        if wanting > 0 {
            self.notice(format!(
                "there was no time to find what {wanting} of the findings need that do not show on the clean target: no fixture is kept of these"
            ))?;
        }
        let is_lost = |ratio: &Ratio| !ratio.is_stable();
        let lost = self.keeper.records().iter().filter(|record| record.clean.as_ref().is_some_and(is_lost)).count();
        match lost.saturating_sub(wanting) {
            0 => Ok(()),
            lost => {
                let what = if lost == 1 { "1 finding does" } else { &format!("{lost} findings do") };
                self.notice(format!(
                    "{what} not show on the clean target: something that the run did before is needed, and nobody knows what; no fixture is kept"
                ))
            }
        }
    }

    /// Ends what was made since this many things were: what one finding makes must not be what the next one stands on.
    pub(super) async fn end_since(&mut self, made: u64) -> Result<(), Error> {
        let Some(ledger) = &self.executor.ledger else { return Ok(()) };
        let things = ledger.left_since(made);
        if things.is_empty() { Ok(()) } else { self.end(vec![things], Duration::MAX).await }
    }

    /// How often the finding shows on the clean target, and the steps that are wanted before it.
    async fn look_again(&mut self, confirmed: &Confirmed) -> Result<(Ratio, Option<Wanted>), Error> {
        // There may not have been time to end everything.
        self.end_named(&named(requests(confirmed))).await?;
        let made = self.executor.made();
        let (clean, is_broken) = self.count(confirmed).await?;
        self.end_since(made).await?;
        if !clean.is_stable() {
            return Ok((clean, Some(Wanted::Any)));
        }
        if is_broken {
            return Ok((Ratio { hits: 0, ..clean }, None));
        }
        if self.executor.process.is_some() {
            return Ok((clean, None));
        }
        if !chosen(confirmed).is_empty() {
            // There was something to choose from, but that may be the run's own still.
            return Ok((clean, Some(Wanted::Any)));
        }
        let Some(name) = self.given_name(confirmed) else { return Ok((clean, None)) };
        // Nothing is called by this word: what shows for it needs no thing of that name.
        let word = Unique::fresh(self.options.seed.child(confirmed.finding.signature.as_str(), 0)).word();
        let other = Confirmed { scenario: called(&confirmed.scenario, &name, &word), ..confirmed.clone() };
        let (of_another, _) = self.count(&other).await?;
        self.end_since(made).await?;
        if of_another.is_stable() { Ok((clean, None)) } else { Ok((of_another, Some(Wanted::Of { name, word }))) }
    }

    /// The name that the only request of a finding ends with, if the run gave something that name.
    fn given_name(&self, confirmed: &Confirmed) -> Option<String> {
        let [step] = confirmed.scenario.steps.as_slice() else { return None };
        let gives_it = matches!(&*step.request.method, "PUT" | "POST");
        if gives_it { None } else { self.lineage.given_name(step) }
    }

    /// How often the finding shows now, and whether its operation is one that fails whatever it is asked, as when the
    /// finding was proved. A process that can be started anew is: what another finding did to it is not there then.
    pub(super) async fn count(&mut self, confirmed: &Confirmed) -> Result<(Ratio, bool), Error> {
        let manner = if self.executor.process.is_some() { Manner::Afresh } else { Manner::Alone };
        let control = self.witnesses.success_of(&confirmed.finding.operation).filter(|_| confirmed.clean.is_some());
        let suspicion = again(confirmed, confirmed.scenario.clone());
        let prover = self.proving.prover();
        let (clean, requests) = prover.count(&suspicion, TRIES, manner, self.proving.fresh()).await?;
        let (is_broken, asked) = prover.fails_anyway(&confirmed.exchanges, control, self.proving.fresh()).await?;
        self.proving.spent(requests + asked);
        Ok((clean, is_broken))
    }

    /// Remembers a finding that will be looked at once more.
    pub(super) fn remember_kept(&mut self, confirmed: Confirmed) {
        let is_slow = Prover::waits(&confirmed.exchanges);
        // A race makes all that it needs, and shows now and then.
        let is_race = confirmed.scenario.law.is_some_and(Law::is_race);
        let is_worth = self.looks_back() && self.keeper.is_worth(&confirmed);
        if is_worth && confirmed.ratio.is_stable() && !is_race {
            self.lineage.want(&requests(&confirmed).cloned().collect::<Vec<_>>());
            let (record, changes) = (self.keeper.records().len() - 1, self.lineage.now());
            let later = if is_slow { &mut self.afterwards.slow } else { &mut self.afterwards.kept };
            later.push_back(Kept { confirmed, record, changes });
        }
    }

    /// What the requests of findings name: whether they need it shows only when it is gone.
    pub(super) fn named_by_findings(&self) -> BTreeSet<String> {
        let wanting = self.afterwards.wanting.iter().map(|(kept, _)| kept);
        self.afterwards.kept.iter().chain(wanting).flat_map(|kept| named(requests(&kept.confirmed))).collect()
    }
}

/// The requests that showed it.
pub(super) fn requests(confirmed: &Confirmed) -> impl Iterator<Item = &Arc<Request>> {
    confirmed.exchanges.iter().map(|exchange| &exchange.request)
}

/// What these requests name.
pub(super) fn named<'a>(requests: impl Iterator<Item = &'a Arc<Request>>) -> BTreeSet<String> {
    requests.flat_map(|request| values(request)).collect()
}
