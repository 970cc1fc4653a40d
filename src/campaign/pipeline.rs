//! Epochs in flight. Main type: [`Pipeline`].
//!
//! Epochs overlap, so that one slow answer does not stop the others. What keeps the run deterministic is the order:
//! epoch n is planned after epoch n-3 was folded and before epoch n-2 is, whatever arrives when.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::{Lesson, Planned};
use crate::finding::Finding;
use crate::wire::{Exchange, FaultKind};

/// How many epochs may be unfolded when another one is planned.
const OVERLAP: usize = 2;

/// Where a case belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    epoch: u64,
    index: usize,
}

/// What a case led to.
#[derive(Debug)]
pub(super) struct Done {
    /// For feedback.
    pub(super) lesson: Lesson,
    /// What the oracles said that was not settled yet.
    pub(super) findings: Vec<Finding>,
    /// The traffic; empty if there are no findings.
    pub(super) exchanges: Vec<Exchange>,
}

/// A case that was folded.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) planned: Arc<Planned>,
    pub(super) done: Done,
}

struct Epoch {
    cases: Vec<Arc<Planned>>,
    /// What came of each that is back; nothing of one that could not be sent.
    done: Vec<Option<Option<Done>>>,
    dispatched: usize,
    missing: usize,
    /// How many of them, from the first one on, were looked at for deaths.
    looked_at: usize,
    /// How many have findings.
    suspicious: usize,
}

/// Epochs that are planned and not folded.
#[derive(Default)]
pub(super) struct Pipeline {
    epochs: VecDeque<Epoch>,
    first: u64,
    closed: bool,
}

impl Pipeline {
    /// Whether another epoch is to be planned now.
    pub(super) fn wants_plan(&self) -> bool {
        let dispatched = self.epochs.back().is_none_or(|epoch| epoch.dispatched == epoch.cases.len());
        !self.closed && dispatched && self.epochs.len() <= OVERLAP
    }

    /// Takes a planned epoch in; an empty one means that there is nothing left to plan.
    pub(super) fn push(&mut self, cases: Vec<Planned>) {
        if cases.is_empty() {
            self.closed = true;
            return;
        }
        let missing = cases.len();
        let cases: Vec<_> = cases.into_iter().map(Arc::new).collect();
        let done = (0..missing).map(|_| None).collect();
        self.epochs.push_back(Epoch { cases, done, dispatched: 0, missing, looked_at: 0, suspicious: 0 });
    }

    /// The next case to send.
    pub(super) fn next(&mut self) -> Option<(Slot, Arc<Planned>)> {
        let last = self.epochs.len().checked_sub(1)? as u64;
        let epoch_number = self.first + last;
        let epoch = self.epochs.back_mut()?;
        let case = epoch.cases.get(epoch.dispatched)?;
        let slot = Slot { epoch: epoch_number, index: epoch.dispatched };
        epoch.dispatched += 1;
        Some((slot, Arc::clone(case)))
    }

    /// Whether a case is there to be sent.
    pub(super) fn has_next(&self) -> bool {
        self.epochs.back().is_some_and(|epoch| epoch.dispatched < epoch.cases.len())
    }

    /// Takes an outcome in; `None` for a case that could not be sent.
    pub(super) fn record(&mut self, slot: Slot, done: Option<Done>) {
        let Some(offset) = slot.epoch.checked_sub(self.first) else { return };
        let Some(epoch) = usize::try_from(offset).ok().and_then(|offset| self.epochs.get_mut(offset)) else { return };
        epoch.missing -= 1;
        epoch.suspicious += usize::from(done.as_ref().is_some_and(|done| !done.findings.is_empty()));
        epoch.done[slot.index] = Some(done);
    }

    /// Whether something was found in a case that is not folded.
    pub(super) fn is_suspicious(&self) -> bool {
        self.epochs.iter().any(|epoch| epoch.suspicious > 0)
    }

    /// The next case that the target died of, with its findings, which are not folded any more: each death costs time, and
    /// may be all that a run has time for. They come in index order as well, each when all before it are back; so which
    /// ones there are, and which is the first of its kind, does not depend on what arrives when.
    pub(super) fn next_death(&mut self) -> Option<(Arc<Planned>, Vec<Finding>, Vec<Exchange>)> {
        for epoch in &mut self.epochs {
            while let Some(Some(done)) = epoch.done.get_mut(epoch.looked_at) {
                let planned = &epoch.cases[epoch.looked_at];
                epoch.looked_at += 1;
                let Some(done) = done.as_mut().filter(|done| done.lesson.glimpse.is_fault(FaultKind::Died)) else {
                    continue;
                };
                if done.findings.is_empty() {
                    continue;
                }
                epoch.suspicious -= 1;
                let (findings, exchanges) = (std::mem::take(&mut done.findings), std::mem::take(&mut done.exchanges));
                return Some((Arc::clone(planned), findings, exchanges));
            }
            if epoch.looked_at < epoch.cases.len() {
                return None;
            }
        }
        None
    }

    /// The oldest epoch in index order, if it is complete and may be folded.
    pub(super) fn fold(&mut self) -> Option<Vec<Folded>> {
        let is_due =
            self.epochs.front().is_some_and(|epoch| epoch.missing == 0) && (self.closed || self.epochs.len() > OVERLAP);
        if is_due { self.pop() } else { None }
    }

    /// What has arrived of the oldest epoch, complete or not: for the end of a run.
    pub(super) fn drain(&mut self) -> Option<Vec<Folded>> {
        self.closed = true;
        self.pop()
    }

    fn pop(&mut self) -> Option<Vec<Folded>> {
        let epoch = self.epochs.pop_front()?;
        self.first += 1;
        let pairs = epoch.cases.into_iter().zip(epoch.done);
        Some(pairs.filter_map(|(planned, done)| Some(Folded { planned, done: done.flatten()? })).collect())
    }
}
