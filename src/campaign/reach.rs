//! What reaches each operation on a clean target, so that the next run does so at once. Part of [`Run`].
//!
//! The first success of an operation may have stood on what the run had made before, which is not there when the next run
//! begins. So it is sent once more when the run has cleaned up, and what it needs is looked for as for a finding.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::afterwards::named;
use super::run::Run;
use super::time::{before, left};
use crate::engine::{Glimpse, Manner};
use crate::oracle;
use crate::scenario::Scenario;

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

    /// Keeps the first of these, or of what they may have stood on before them, that is answered with a 2xx now.
    async fn reach_again(&mut self, successes: &[Scenario]) -> Result<(), Error> {
        for success in successes.iter().filter(|success| !waits(success)) {
            let requests: Vec<_> = success.steps.iter().map(|step| Arc::clone(&step.request)).collect();
            self.end_named(&named(requests.iter())).await?;
            if let Some(glimpse) = self.reaches(success).await? {
                self.keeper.keep_reaching(success, glimpse);
                return Ok(());
            }
            for scenario in self.lineage.known(self.lineage.now()).leads(&success.steps, &requests) {
                if let Some(glimpse) = self.reaches(&scenario).await? {
                    let shortest = self.shortened(scenario).await?;
                    self.keeper.keep_reaching(&shortest, glimpse);
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
            let shorter = scenario.without(index);
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
        let made = self.made();
        let execution = self.executor.in_manner(Manner::Alone).run(scenario, self.proving.fresh()).await?;
        self.proving.spent(execution.exchanges.len() as u64);
        self.end_since(made).await?;
        let last = execution.exchanges.last().filter(|_| execution.broken.is_none());
        Ok(last.map(Glimpse::of).filter(|glimpse| glimpse.is_success()))
    }
}

/// Whether it asks the target to wait.
fn waits(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| oracle::to_wait_long(step, &step.request))
}
