//! What still shows once the run has cleaned up: a fixture must be red on a target that nobody has used. Part of [`Run`].
//!
//! What does not show any more stood on something that the run had made or changed. Where it can be told what that was, it
//! becomes part of the finding; where it can't, the finding is kept as an unstable one, without a fixture.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::proof::again;
use super::run::{Run, sleep};
use crate::engine::Manner;
use crate::finding::{Confirmed, Ratio, Severity};
use crate::import::{replaced, values};
use crate::scenario::{Law, Scenario, Step, Unique, Values, substitute};
use crate::triage::Prover;
use crate::wire::Exchange;

/// How often a finding is sent that does not show at once.
const TRIES: u32 = 3;

/// A finding that was kept.
pub(super) struct Kept {
    pub(super) confirmed: Confirmed,
    /// Its record.
    pub(super) record: usize,
    /// How many changes of the target there were when it was proved.
    pub(super) changes: u64,
}

impl Run<'_> {
    /// Sends each finding that has a fixture, or would have one, to the clean target, as far as there is time.
    pub(super) async fn look_back(&mut self, time: Duration) -> Result<(), Error> {
        if self.executor.ledger.is_none() && self.executor.process.is_none() {
            return Ok(());
        }
        let mut left = pin!(sleep(time));
        let mut lost = 0;
        let mut manner = Manner::Afresh;
        while let Some(kept) = self.kept.pop_front() {
            let looked = tokio::select! {
                biased;
                () = &mut left => None,
                confirmed = self.look_again(&kept, manner) => Some(confirmed?),
            };
            let Some(confirmed) = looked else {
                self.kept.push_front(kept);
                break;
            };
            manner = Manner::Alone;
            lost += usize::from(!confirmed.is_proved());
            self.keeper.revise(kept.record, &confirmed);
        }
        self.tell_problems()?;
        if lost > 0 {
            let what = if lost == 1 { "1 finding does" } else { &format!("{lost} findings do") };
            self.notice(format!(
                "{what} not show on the clean target: something that the run did before is needed, and nobody knows what; no fixture is kept"
            ))?;
        }
        Ok(())
    }

    /// Ends what was made since so many things were left: what one finding makes must not be what the next one stands on.
    async fn end_since(&mut self, before: usize) -> Result<(), Error> {
        let made = self.left().saturating_sub(before);
        if made > 0 { self.end_newest(made).await } else { Ok(()) }
    }

    fn left(&self) -> usize {
        self.executor.ledger.as_ref().map_or(0, |ledger| ledger.open())
    }

    /// The finding with what showed on the clean target, and with the steps that it needs there.
    async fn look_again(&mut self, kept: &Kept, manner: Manner) -> Result<Confirmed, Error> {
        let confirmed = &kept.confirmed;
        // There may not have been time to end everything.
        self.end_named(&named(&confirmed.exchanges)).await?;
        let before = self.left();
        let (clean, is_broken) = self.count(confirmed, manner).await?;
        self.end_since(before).await?;
        if clean.is_stable() && is_broken {
            return Ok(confirmed.clone());
        }
        let leads = self.leads(confirmed, kept.changes);
        if !clean.is_stable() {
            let led = self.led(confirmed, leads, before).await?;
            return Ok(led.unwrap_or_else(|| Confirmed { clean: Some(clean), ..confirmed.clone() }));
        }
        let Some(name) = self.given_name(confirmed) else {
            return Ok(Confirmed { clean: Some(clean), ..confirmed.clone() });
        };
        // Nothing is called by this word: what shows for it needs no thing of that name.
        let word = Unique::fresh(self.options.seed.child(confirmed.finding.signature.as_str(), 0)).word();
        let other = Confirmed { scenario: renamed(&confirmed.scenario, &name, &word), ..confirmed.clone() };
        let (of_another, _) = self.count(&other, Manner::Alone).await?;
        self.end_since(before).await?;
        if of_another.is_stable() {
            return Ok(Confirmed { clean: Some(clean), ..confirmed.clone() });
        }
        let others = leads.iter().map(|scenario| renamed(scenario, &name, &word)).collect();
        if let Some(found) = self.led(confirmed, others, before).await? {
            return Ok(found);
        }
        // It may be the name itself that shows it: then it is to be given first, which can't be seen where it was given.
        for scenario in leads.into_iter().take(1).filter(|scenario| gives(scenario, &name)) {
            let settled = self.proving.try_now(again(confirmed, scenario)).await?;
            self.proving.spent(settled.requests);
            self.end_since(before).await?;
            if let Some(found) = settled.outcome.ok().filter(Confirmed::is_proved) {
                return Ok(Confirmed { clean: Some(found.ratio), ..found });
            }
        }
        Ok(Confirmed { clean: Some(of_another), ..confirmed.clone() })
    }

    /// The finding by the first of these scenarios that shows it.
    async fn led(
        &mut self,
        confirmed: &Confirmed,
        leads: Vec<Scenario>,
        before: usize,
    ) -> Result<Option<Confirmed>, Error> {
        for scenario in leads {
            let settled = self.proving.try_now(again(confirmed, scenario)).await?;
            self.proving.spent(settled.requests);
            self.end_since(before).await?;
            let Some(found) = settled.outcome.ok().filter(Confirmed::is_proved) else { continue };
            if let Some(found) = self.reduced(found, before).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The name that the only request of a finding ends with, if the run gave something that name.
    fn given_name(&self, confirmed: &Confirmed) -> Option<String> {
        let [step] = confirmed.scenario.steps.as_slice() else { return None };
        let gives_it = matches!(&*step.request.method, "PUT" | "POST");
        if gives_it { None } else { self.lineage.given_name(step) }
    }

    /// The finding with the steps that it needs on a clean target and no others; `None` if it does not show there: what the
    /// first try left may have led to the others.
    async fn reduced(&mut self, mut found: Confirmed, before: usize) -> Result<Option<Confirmed>, Error> {
        let (clean, _) = self.count(&found, Manner::Alone).await?;
        self.end_since(before).await?;
        let mut index = 0;
        while clean.is_stable() && index < found.finding.step {
            let fewer = without(&found, index);
            let shows = match &fewer {
                Some(fewer) => self.count(fewer, Manner::Alone).await?.0.is_stable(),
                None => false,
            };
            self.end_since(before).await?;
            match fewer.filter(|_| shows) {
                Some(fewer) => found = fewer,
                None => index += 1,
            }
        }
        Ok(clean.is_stable().then_some(Confirmed { clean: Some(clean), ..found }))
    }

    /// How often the finding shows now, and whether its operation is one that fails whatever it is asked, as when the
    /// finding was proved.
    async fn count(&mut self, confirmed: &Confirmed, manner: Manner) -> Result<(Ratio, bool), Error> {
        let control = self.witnesses.success_of(&confirmed.finding.operation).filter(|_| confirmed.clean.is_some());
        let suspicion = again(confirmed, confirmed.scenario.clone());
        let prover = self.proving.prover();
        let (clean, requests) = prover.count(&suspicion, TRIES, manner, self.proving.fresh()).await?;
        let (is_broken, asked) = prover.fails_anyway(&confirmed.exchanges, control, self.proving.fresh()).await?;
        self.proving.spent(requests + asked);
        Ok((clean, is_broken))
    }

    /// Scenarios that may show the finding on a clean target. Those that try a law make all that they need.
    fn leads(&self, confirmed: &Confirmed, changes: u64) -> Vec<Scenario> {
        let steps = &confirmed.scenario.steps;
        if confirmed.scenario.law.is_some() {
            return Vec::new();
        }
        let sent: Vec<_> = confirmed.exchanges.iter().map(|exchange| Arc::clone(&exchange.request)).collect();
        let mut leads = self.lineage.leads(steps, &sent, changes);
        if let Some(last) = literal(confirmed) {
            // With what it happened to use then, in place of what the steps before it choose.
            if steps.len() > 1 {
                let sent = [Arc::clone(&last.request)];
                leads.extend(self.lineage.leads(std::slice::from_ref(&last), &sent, changes));
            }
            leads.push(Scenario::plain(vec![last.clone(), last.clone()]));
            let answer = confirmed.exchanges.last().and_then(|exchange| exchange.outcome.response());
            leads.extend(self.lineage.more_leads(&last, answer, changes));
        }
        leads
    }

    /// Remembers a finding that will be looked at once more.
    pub(super) fn remember_kept(&mut self, confirmed: Confirmed) {
        let is_worth = confirmed.finding.severity > Severity::Remark || self.options.keep_remarks;
        let is_slow = Prover::waits(&confirmed.exchanges);
        // A race makes all that it needs, and shows now and then.
        let is_race = confirmed.scenario.law.is_some_and(Law::is_race);
        if is_worth && confirmed.ratio.is_stable() && !is_slow && !is_race {
            let (record, changes) = (self.keeper.records().len() - 1, self.lineage.now());
            self.kept.push_back(Kept { confirmed, record, changes });
        }
    }

    /// What the requests of findings name: whether they need it shows only when it is gone.
    pub(super) fn named_by_findings(&self) -> BTreeSet<String> {
        self.kept.iter().flat_map(|kept| named(&kept.confirmed.exchanges)).collect()
    }
}

/// What these requests name.
fn named(exchanges: &[Exchange]) -> BTreeSet<String> {
    exchanges.iter().flat_map(|exchange| values(&exchange.request)).collect()
}

/// The finding without this step, unless a later one uses what it gives.
fn without(found: &Confirmed, index: usize) -> Option<Confirmed> {
    let mut fewer = found.clone();
    let dropped = fewer.scenario.steps.remove(index);
    fewer.exchanges.remove(index);
    fewer.finding.step -= 1;
    let names: Vec<&String> = dropped.captures.iter().map(|capture| &capture.name).chain(&dropped.fresh).collect();
    let is_used = names.iter().any(|name| fewer.scenario.steps[index..].iter().any(|step| step.mentions(name)));
    (!is_used).then_some(fewer)
}

/// Whether a step before the last one has the name in it.
fn gives(scenario: &Scenario, name: &str) -> bool {
    let before = scenario.steps.iter().rev().skip(1);
    before.flat_map(|step| values(&step.request)).any(|value| value == name)
}

/// The scenario about a thing of another name.
fn renamed(scenario: &Scenario, name: &str, other: &str) -> Scenario {
    let mut scenario = scenario.clone();
    for step in &mut scenario.steps {
        if let Some(request) = replaced(&step.request, name, other) {
            step.request = Arc::new(request);
        }
    }
    scenario
}

/// The request that shows the finding as it was sent, without credentials; `None` if it holds what is new each time.
fn literal(confirmed: &Confirmed) -> Option<Step> {
    let steps = confirmed.scenario.steps.get(..=confirmed.finding.step)?;
    let (last, before) = steps.split_last()?;
    let mut values = Values::new();
    for (step, exchange) in before.iter().zip(&confirmed.exchanges) {
        let response = exchange.outcome.response()?;
        values.extend(step.captures.iter().filter_map(|capture| Some((capture.name.clone(), capture.take(response)?))));
    }
    let request = substitute(last, &values).into_owned();
    let step = Step { request: Arc::new(request), fresh: Vec::new(), captures: Vec::new(), ..last.clone() };
    let is_new = steps.iter().flat_map(|step| &step.fresh).any(|name| step.mentions(name));
    (!is_new).then_some(step)
}
