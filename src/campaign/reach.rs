//! What reaches each operation on a clean target, so that the next run does so at once. Part of [`Run`].
//!
//! The first success of an operation may have stood on what the run had made before, which is not there when the next run
//! begins. So it is sent once more when the run has cleaned up, and what it needs is looked for as for a finding.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::afterwards::named;
use super::renewed::renewals;
use super::run::Run;
use super::time::{before, left};
use crate::engine::{Glimpse, Manner};
use crate::import::values;
use crate::oracle;
use crate::scenario::{Scenario, Step};

impl Run<'_> {
    /// Has the corpus know for each operation what reaches it without what this run made, as far as there is time.
    pub(super) async fn keep_what_reaches(&mut self, time: Duration) -> Result<(), Error> {
        if self.options.corpus.is_none() || !self.looks_back() {
            return Ok(());
        }
        let mut time = pin!(left(time));
        for successes in self.witnesses.successes() {
            match before(time.as_mut(), self.reach_again(&successes)).await {
                Some(reached) => reached?,
                None => break,
            }
        }
        self.tell_problems()
    }

    /// Keeps the first of these that is answered with a 2xx now, with what it stands on. What names a thing of the run is tried
    /// with what made that alone: the thing may be there still, whatever was ended.
    async fn reach_again(&mut self, successes: &[Scenario]) -> Result<(), Error> {
        for success in successes.iter().filter(|success| !waits(success)) {
            let requests: Vec<_> = success.steps.iter().map(|step| Arc::clone(&step.request)).collect();
            self.end_named(&named(requests.iter())).await?;
            let known = self.lineage.known(self.lineage.now());
            let mut ways = known.leads(&success.steps, &requests);
            ways = ways.into_iter().filter_map(valid_before).collect();
            if !known.is_behind(&requests) {
                ways.insert(0, success.clone());
            }
            for way in ways {
                if let Some(glimpse) = self.reaches(&way).await? {
                    let mut kept = self.shortened(way).await?;
                    for other in renewals(&kept, &self.planner) {
                        if self.reaches(&other).await?.is_some() {
                            kept = other;
                            break;
                        }
                    }
                    self.keeper.keep_reaching(&kept, glimpse);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The scenario without the steps that it does not need to reach its operation.
    async fn shortened(&mut self, mut scenario: Scenario) -> Result<Scenario, Error> {
        let mut index = 0;
        while index + 1 < scenario.steps.len() {
            let shorter = scenario.without(index).filter(|_| !gives_a_name(&scenario, index));
            let reaches = match &shorter {
                Some(shorter) => self.reaches(shorter).await?.is_some(),
                None => false,
            };
            match shorter.filter(|_| reaches) {
                Some(shorter) => scenario = shorter,
                None => index += 1,
            }
        }
        Ok(scenario)
    }

    /// What it is answered with now, if that is a 2xx.
    async fn reaches(&mut self, scenario: &Scenario) -> Result<Option<Glimpse>, Error> {
        let made = self.executor.made();
        let execution = self.executor.in_manner(Manner::Alone).run(scenario, self.proving.fresh()).await?;
        self.proving.spent(execution.exchanges.len() as u64);
        self.end_since(made).await?;
        let last = execution.exchanges.last().filter(|_| execution.broken.is_none());
        Ok(last.map(Glimpse::of).filter(|glimpse| glimpse.is_success()))
    }
}

/// The scenario without the steps before its last one that are not valid: what is kept for later runs must be. `None` if it
/// needs one of them.
fn valid_before(mut scenario: Scenario) -> Option<Scenario> {
    let is_valid = |step: &Step| step.case.as_ref().is_none_or(|case| case.intent.is_valid());
    let before = scenario.steps.len().saturating_sub(1);
    for index in (0..before).rev().filter(|index| !is_valid(&scenario.steps[*index])).collect::<Vec<_>>() {
        scenario = scenario.without(index)?;
    }
    Some(scenario)
}

/// Whether a later step has a word of this one: on a target that was used before, leaving it out need not show.
fn gives_a_name(scenario: &Scenario, index: usize) -> bool {
    let own = words(&scenario.steps[index]);
    scenario.steps[index + 1..].iter().flat_map(words).any(|text| own.contains(&text))
}

/// What a request says beyond where it goes.
fn words(step: &Step) -> BTreeSet<String> {
    let path = step.request.path();
    let segments = |text: &str| text.split('/').skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (template, own) = (segments(step.operation.as_str()), segments(&String::from_utf8_lossy(path)));
    let base = own.len().saturating_sub(template.len());
    let mut words: BTreeSet<String> = values(&step.request).into_iter().collect();
    own[..base].iter().chain(&template).for_each(|fixed| {
        words.remove(fixed);
    });
    words
}

/// Whether it asks the target to wait.
fn waits(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| oracle::to_wait_long(step, &step.request))
}
