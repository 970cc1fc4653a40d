//! How a run ends: what got no request has its turn, and what waits for proof is proved. Part of [`Run`].

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::FutureExt;
use futures_util::stream::StreamExt;

use super::Error;
use super::run::{Run, UnderWay};
use super::time::{before, left, sleep};
use crate::engine::{self, Planned};
use crate::import::last_name;
use crate::scenario::Scenario;

/// Before what may ruin the target has its turn, each of these has this part of what is left: waiting for what is under way,
/// the first ends, cleaning up, looking back and keeping what reaches operations.
const PART: u32 = 8;

impl Run<'_> {
    /// Looks at what was found so far on the clean target, while it is whole; then what may ruin it has its turn.
    pub(super) async fn begin_the_last(&mut self, under_way: &mut UnderWay) -> Result<(), Error> {
        self.is_late = true;
        let part = self.budget.left_for_proof().map_or(Duration::MAX, |left| left / PART);
        let mut left = pin!(sleep(part));
        while !under_way.is_empty() || !self.proving.is_idle() {
            tokio::select! {
                biased;
                () = &mut left => break,
                Some(sent) = under_way.next() => self.record(sent)?,
                Some(proved) = self.proving.next() => self.settle(proved?)?,
            }
        }
        self.look_into_last_fall().await?;
        self.first_ends(part).await?;
        self.clean_up(part).await?;
        Box::pin(self.look_back(part)).await?;
        Box::pin(self.keep_what_reaches(part)).await?;
        self.planner.release();
        Ok(())
    }

    /// Takes in what is on its way when the run ends: what a request made whose answer nobody reads is never taken back.
    pub(super) async fn take_in(&mut self, under_way: &mut UnderWay) -> Result<(), Error> {
        let mut time = pin!(left(self.options.timeout.min(self.budget.left_in_all() / 4)));
        while let Some(Some(sent)) = before(time.as_mut(), under_way.next()).await {
            self.record(sent)?;
        }
        Ok(())
    }

    /// Ends what the run made, the newest first, but before all what findings name and what lies below that.
    pub(super) async fn clean_up(&mut self, time: Duration) -> Result<(), Error> {
        let Some(ledger) = self.executor.ledger.clone() else { return Ok(()) };
        let named = self.named_by_findings();
        let left = ledger.left();
        let above: BTreeSet<_> = left.iter().filter(|thing| is_named(thing, &named)).map(path).collect();
        let (first, rest) = left.iter().cloned().partition(|thing| is_at_or_below(path(thing), &above));
        self.end(vec![first, rest], time).await
    }

    /// Ends what has one of these names.
    pub(super) async fn end_named(&mut self, names: &BTreeSet<String>) -> Result<(), Error> {
        let Some(ledger) = self.executor.ledger.clone() else { return Ok(()) };
        let things = ledger.left().into_iter().filter(|thing| is_named(thing, names));
        self.end(vec![things.collect()], Duration::MAX).await
    }

    /// Ends these, one list after the other, as far as there is time.
    pub(super) async fn end(&mut self, lists: Vec<Vec<Scenario>>, time: Duration) -> Result<(), Error> {
        let pace = self.options.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        let width = if pace.is_zero() { self.throttle.window() } else { 1 };
        let stop = Arc::default();
        let mut ends = engine::clean_up(&self.executor, lists, self.options.seed, width, pace, &stop);
        let mut time = pin!(left(time));
        while let Some(Some(requests)) = before(time.as_mut(), ends.next()).await {
            self.cleaning += requests?;
        }
        // What is under way may end something: if nobody reads that, it would be asked for again and not be found.
        stop.store(true, Ordering::Relaxed);
        while let Some(requests) = ends.next().await {
            self.cleaning += requests?;
        }
        Ok(())
    }

    /// One request to each operation that ends things and was not answered 2xx yet, for something that the run made: that is to
    /// be ended anyway.
    async fn first_ends(&mut self, time: Duration) -> Result<(), Error> {
        let left = self.executor.ledger.as_ref().map(|ledger| ledger.left()).unwrap_or_default();
        self.take_turns(self.planner.first_ends(left), time).await
    }

    /// One valid request to each operation that got none yet: those that may ruin the target come at the very end.
    pub(super) async fn last_turns(&mut self) -> Result<(), Error> {
        let last = self.planner.last_turns();
        self.take_turns(last, self.budget.left_for_proof().unwrap_or(Duration::MAX) / 2).await?;
        self.fold_rest()
    }

    /// Sends these one after the other, as far as there is time.
    async fn take_turns(&mut self, planned: Vec<Planned>, time: Duration) -> Result<(), Error> {
        let mut time = pin!(left(time));
        let count = planned.len();
        self.pipeline.interpose(planned);
        for _ in 0..count {
            let Some((slot, planned)) = self.pipeline.next() else { break };
            let sent = self.executor.run(&planned.scenario, self.options.seed).boxed();
            let Some(result) = before(time.as_mut(), sent).await else {
                self.pipeline.record(slot, None);
                break;
            };
            self.record((slot, planned, result))?;
        }
        Ok(())
    }

    pub(super) fn fold_rest(&mut self) -> Result<(), Error> {
        while let Some(folded) = self.pipeline.drain() {
            self.fold(folded)?;
        }
        Ok(())
    }

    /// Cleans up, and looks at what was found on the clean target: all of that within the grace that it shares. What is
    /// kept for the next run comes last.
    pub(super) async fn finish_on_clean_target(&mut self) -> Result<(), Error> {
        self.clean_up(self.budget.left_in_all() / 2).await?;
        Box::pin(self.look_back(self.budget.left_in_all())).await?;
        if !self.is_late {
            Box::pin(self.keep_what_reaches(self.budget.left_in_all())).await?;
        }
        Box::pin(self.look_at_hangs(self.budget.left_in_all())).await
    }

    /// Proves what still waits, within what is left of the budget; what is grave may take a part of the grace as well.
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
        self.finish_grave_proofs().await?;
        let waiting = self.proving.open();
        if waiting == 0 {
            return Ok(());
        }
        self.proving.give_up();
        self.notice(format!(
            "{waiting} suspicions were not proved in time and are not reported; a longer --time proves them"
        ))
    }

    async fn finish_grave_proofs(&mut self) -> Result<(), Error> {
        self.proving.hurry(true);
        let mut time = pin!(left(self.budget.left_in_all() / 3 * 2));
        while !self.proving.is_idle() || self.proving.wants_quiet() {
            self.proving.start(self.requests, true);
            let Some(Some(proved)) = before(time.as_mut(), self.proving.next()).await else { break };
            self.settle(proved?)?;
        }
        self.proving.hurry(false);
        Ok(())
    }
}

/// Whether what ends a thing names it so.
fn is_named(thing: &Scenario, names: &BTreeSet<String>) -> bool {
    let name = thing.steps.last().and_then(|step| last_name(&step.request));
    name.is_some_and(|name| names.contains(&name))
}

/// Where a thing is ended.
fn path(thing: &Scenario) -> &[u8] {
    thing.steps.last().map(|step| step.request.path()).unwrap_or_default()
}

/// Whether a path is one of these, or lies below one.
fn is_at_or_below(path: &[u8], above: &BTreeSet<&[u8]>) -> bool {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    ends.chain([path.len()]).any(|end| above.contains(&path[..end]))
}
