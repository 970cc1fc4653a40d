//! A scenario with what came of it. Main type: [`Trace`], which the oracles judge.

use super::{Case, Scenario, Step};
use crate::wire::{Exchange, Response};

/// A scenario and its exchanges, step by step; shorter than the scenario if a step could not be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// What was to be sent.
    pub scenario: &'a Scenario,
    /// What was sent, and what came back.
    pub exchanges: &'a [Exchange],
}

impl<'a> Trace<'a> {
    /// Steps with their exchanges.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a Step, &'a Exchange)> {
        self.scenario.steps.iter().zip(self.exchanges)
    }

    /// The index of the last step that was carried out.
    pub fn last_index(&self) -> Option<usize> {
        self.exchanges.len().checked_sub(1)
    }

    /// The last step that was carried out, with its exchange.
    pub fn last(&self) -> Option<(&'a Step, &'a Exchange)> {
        let index = self.last_index()?;
        Some((self.scenario.steps.get(index)?, &self.exchanges[index]))
    }

    /// The last step's typed values and its answer, where there are both.
    pub fn last_answer(&self) -> Option<(&'a Case, &'a Response)> {
        let (step, exchange) = self.last()?;
        Some((step.case.as_deref()?, exchange.outcome.response()?))
    }
}
