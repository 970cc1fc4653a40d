//! Which steps a finding does not need. Main function: [`Search::without_steps`].
//!
//! What a step did to the target may be there still when the step is left out: it was sent many times before. So one that
//! changes something counts as not needed only if the scenario without it is carried out by a new process; or, where there is
//! none, if the step is about something that is made anew each time.

use super::search::Search;
use crate::engine::{Error, Executor, Manner};
use crate::scenario::{Scenario, placeholder};
use crate::wire::Exchange;

impl Search<'_> {
    /// Leaves out the steps before the last one that are not needed, the last of them first: what only they need is not needed
    /// then. Those in `needed` were tried before.
    pub(super) async fn without_steps(&mut self, needed: &mut Vec<bool>) -> Result<(), Error> {
        needed.resize(self.best.steps.len(), false);
        for index in (0..self.best.steps.len().saturating_sub(1)).rev() {
            let is_alone = self.best.group(index).len() == 1;
            if self.best.law.is_some() || !is_alone || needed[index] {
                continue;
            }
            if self.is_spent() {
                break;
            }
            let Some(fewer) = self.best.without(index) else { continue };
            let Some(executor) = self.executor_without(index) else { continue };
            needed[index] = true;
            if self.take_without(index, fewer, executor).await? {
                needed.remove(index);
            }
        }
        Ok(())
    }

    /// Who is to carry out the scenario without this step; `None` if that would tell nothing.
    fn executor_without(&self, index: usize) -> Option<Executor> {
        let is_safe = self.best.steps[index].request.is_safe() && !self.dies();
        if is_safe {
            return Some(self.executor.clone());
        }
        match self.executor.process {
            Some(_) => Some(self.executor.in_manner(Manner::Afresh)),
            None => (!makers(&self.best, index).is_empty()).then(|| self.executor.clone()),
        }
    }

    /// Sends it without the step of this index, and takes it if it shows the same.
    async fn take_without(&mut self, index: usize, fewer: Scenario, executor: Executor) -> Result<bool, Error> {
        let mut before = self.before.clone();
        before.remove(index);
        let is_clean = self.best.steps[index].request.is_safe() || executor.process.is_some();
        let execution = self.run(&fewer, executor).await?;
        let is_traceless = is_clean || is_new(&self.best, index, &self.exchanges, &execution.exchanges);
        let shows = is_traceless && self.shows(&fewer, &execution, &before);
        if shows {
            (self.best, self.exchanges, self.before) = (fewer, execution.exchanges, before);
        }
        Ok(shows)
    }
}

/// The steps before this one that may make what its path names.
fn makers(scenario: &Scenario, index: usize) -> Vec<usize> {
    let target = &scenario.steps[index].request.target;
    let is_named = |name: &String| {
        let mark = placeholder(name);
        target.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    let makes = |maker: &usize| {
        let step = &scenario.steps[*maker];
        let mut names = step.captures.iter().map(|capture| &capture.name).chain(&step.fresh);
        !step.request.is_safe() && names.any(is_named)
    };
    (0..index).filter(makes).collect()
}

/// Whether what the path of this step names was another one each of these times: what is new each time, or what an answer
/// that was another one called it.
fn is_new(scenario: &Scenario, index: usize, once: &[Exchange], again: &[Exchange]) -> bool {
    makers(scenario, index).into_iter().any(|maker| {
        let step = &scenario.steps[maker];
        let answers = [once, again].map(|all| all.get(maker).and_then(|exchange| exchange.outcome.response()));
        let [Some(first), Some(second)] = answers else { return false };
        let differs = step.captures.iter().any(|capture| {
            scenario.steps[index].mentions(&capture.name) && capture.take(first) != capture.take(second)
        });
        differs || step.fresh.iter().any(|name| scenario.steps[index].mentions(name))
    })
}
