//! How a run ends: what got no request has its turn, and what waits for proof is proved. Part of [`Run`].

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::StreamExt;

use super::Error;
use super::run::{Run, sleep};
use crate::engine;

/// How long cleaning up may take when the time budget is used up.
const GRACE: Duration = Duration::from_secs(15);

impl Run<'_> {
    /// Ends what the run made, the newest first.
    pub(super) async fn clean_up(&mut self) -> Result<(), Error> {
        let Some(ledger) = &self.executor.ledger else { return Ok(()) };
        let pace = self.options.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        let width = if pace.is_zero() { self.throttle.window() } else { 1 };
        let mut ends = engine::clean_up(&self.executor, ledger.left(), self.options.seed, width, pace);
        let mut left = pin!(sleep(self.budget.left_for_proof().unwrap_or(Duration::MAX).max(GRACE)));
        loop {
            self.cleaning += tokio::select! {
                biased;
                () = &mut left => break,
                next = ends.next() => match next {
                    Some(requests) => requests?,
                    None => break,
                },
            };
        }
        Ok(())
    }

    /// One valid request to each operation that got none yet: those that may ruin the target come at the very end.
    pub(super) async fn last_turns(&mut self) -> Result<(), Error> {
        let mut left = pin!(sleep(self.budget.left_for_proof().unwrap_or(Duration::MAX) / 2));
        self.pipeline.push(self.planner.last_turns());
        while let Some((slot, planned)) = self.pipeline.next() {
            let result = tokio::select! {
                biased;
                () = &mut left => break,
                result = self.executor.run(&planned.scenario, self.options.seed) => result,
            };
            self.record((slot, planned, result))?;
        }
        self.fold_rest()
    }

    pub(super) fn fold_rest(&mut self) -> Result<(), Error> {
        while let Some(folded) = self.pipeline.drain() {
            self.fold(folded)?;
        }
        Ok(())
    }

    /// Proves what still waits, within what is left of the budget.
    pub(super) async fn finish_proofs(&mut self) -> Result<(), Error> {
        loop {
            self.proving.start(self.requests, true);
            if self.proving.is_idle() {
                return Ok(());
            }
            let left = self.budget.left_for_proof().unwrap_or(Duration::MAX);
            tokio::select! {
                biased;
                () = sleep(left) => break,
                Some(proved) = self.proving.next() => self.settle(proved?)?,
            }
        }
        let waiting = self.proving.open();
        self.notice(format!(
            "{waiting} suspicions were not proved in time and are not reported; a longer --time proves them"
        ))
    }
}
