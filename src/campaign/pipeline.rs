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

/// How far a case is.
enum Turn {
    /// It is not back.
    Awaited,
    /// It could not be sent.
    Unsent,
    Done(Done),
}

struct Epoch {
    cases: Vec<Arc<Planned>>,
    done: Vec<Turn>,
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
        let done = (0..missing).map(|_| Turn::Awaited).collect();
        self.epochs.push_back(Epoch { cases, done, dispatched: 0, missing, looked_at: 0, suspicious: 0 });
    }

    /// Has these sent before what is left of the epoch that is being sent.
    pub(super) fn interpose(&mut self, cases: Vec<Planned>) {
        match self.epochs.back_mut().filter(|epoch| epoch.dispatched < epoch.cases.len()) {
            Some(epoch) => {
                let at = epoch.dispatched;
                epoch.missing += cases.len();
                epoch.done.splice(at..at, cases.iter().map(|_| Turn::Awaited));
                epoch.cases.splice(at..at, cases.into_iter().map(Arc::new));
            }
            None if cases.is_empty() => {}
            None => self.push(cases),
        }
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
        epoch.done[slot.index] = done.map_or(Turn::Unsent, Turn::Done);
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
            while let Some(turn @ (Turn::Unsent | Turn::Done(_))) = epoch.done.get_mut(epoch.looked_at) {
                let planned = &epoch.cases[epoch.looked_at];
                epoch.looked_at += 1;
                let Turn::Done(done) = turn else { continue };
                if done.findings.is_empty() || !done.lesson.glimpse.is_fault(FaultKind::Died) {
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
        let folded = |(planned, turn)| match turn {
            Turn::Done(done) => Some(Folded { planned, done }),
            Turn::Awaited | Turn::Unsent => None,
        };
        Some(pairs.filter_map(folded).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::engine::Planner;
    use crate::finding::{OracleId, Requirement, Severity, Signature};
    use crate::generate;
    use crate::resource::Graph;
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::seed::Seed;
    use crate::transport::canned;
    use crate::wire::Outcome;

    fn planner() -> Planner {
        let get = json!({"responses": {"200": {"description": "ok"}}});
        let paths = json!({"/a": {"get": get}, "/b": {"get": get}});
        let document = json!({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths});
        let loaded = crate::spec::load_bytes("x.json", document.to_string().as_bytes()).unwrap();
        let operations = loaded.api.operations.clone();
        let graph = Arc::new(Graph::with_links(&operations, &[]));
        let generators = generate::standard(&Arc::default());
        super::super::planner(operations, graph, generators, Seed::new(1), IdentityName::new(ANONYMOUS), "")
    }

    /// What came of a case to which the target gave this, with one finding of this name.
    fn done(planner: &Planner, case: &Planned, outcome: Outcome, name: &str) -> Done {
        let step = &case.scenario.steps[0];
        let exchange = Exchange {
            request: Arc::clone(&step.request),
            sent: bytes::Bytes::new(),
            outcome,
            elapsed: Duration::ZERO,
        };
        let finding = Finding {
            requirement: Requirement { oracle: OracleId("process_died"), parameters: json!({}) },
            severity: Severity::Critical,
            owasp: None,
            operation: step.operation.clone(),
            title: name.to_owned(),
            evidence: String::new(),
            signature: Signature::new(OracleId("process_died"), &step.operation, &[name]),
            step: 0,
        };
        let exchanges = vec![exchange];
        Done { lesson: planner.look(case, &exchanges).unwrap(), findings: vec![finding], exchanges }
    }

    /// In which order the deaths are given when the first four cases come back in this order; of them the second one and
    /// the last one are deaths.
    #[track_caller]
    fn check(order: [usize; 4], expected: [&[&str]; 4]) {
        let mut planner = planner();
        let mut pipeline = Pipeline::default();
        pipeline.push(planner.plan(4));
        let slots: Vec<_> = std::iter::from_fn(|| pipeline.next()).collect();
        for (index, expected) in order.into_iter().zip(expected) {
            let (slot, case) = &slots[index];
            let outcome =
                if index % 2 == 0 { canned::fault(FaultKind::Closed) } else { canned::fault(FaultKind::Died) };
            pipeline.record(*slot, Some(done(&planner, case, outcome, &index.to_string())));
            let given = std::iter::from_fn(|| pipeline.next_death()).map(|(_, findings, _)| findings[0].title.clone());
            assert_eq!(given.collect::<Vec<_>>(), expected, "{order:?}");
        }
        assert!(pipeline.is_suspicious(), "what is no death waits");
        let folded = pipeline.drain().unwrap();
        let left: Vec<_> =
            folded.iter().flat_map(|folded| &folded.done.findings).map(|one| one.title.as_str()).collect();
        assert_eq!(left, ["0", "2"]);
    }

    #[test]
    fn deaths_are_given_early_and_in_order_whatever_arrives_when() {
        check([0, 1, 2, 3], [&[], &["1"], &[], &["3"]]);
        check([3, 2, 1, 0], [&[], &[], &[], &["1", "3"]]);
        check([1, 0, 3, 2], [&[], &["1"], &[], &["3"]]);
    }

    #[test]
    fn what_is_interposed_is_sent_next_and_each_outcome_keeps_its_place() {
        let (mut planner, mut pipeline) = (planner(), Pipeline::default());
        pipeline.interpose(Vec::new());
        assert!(pipeline.wants_plan());
        let (epoch, between) = (planner.plan(3), planner.plan(2));
        let target = |case: &Planned| case.scenario.steps[0].request.target_text().into_owned();
        let mut expected: Vec<_> = epoch.iter().map(target).collect();
        expected.splice(1..1, between.iter().map(target));
        pipeline.push(epoch);
        let mut slots: Vec<_> = pipeline.next().into_iter().collect();
        pipeline.interpose(between);
        slots.extend(std::iter::from_fn(|| pipeline.next()));
        assert_eq!(slots.iter().map(|(_, case)| target(case)).collect::<Vec<_>>(), expected);
        for (index, (slot, case)) in slots.iter().enumerate().rev() {
            pipeline.record(*slot, Some(done(&planner, case, canned::fault(FaultKind::Closed), &index.to_string())));
        }
        let folded = pipeline.drain().unwrap();
        let order: Vec<_> = folded.iter().map(|folded| folded.done.findings[0].title.as_str()).collect();
        assert_eq!(order, ["0", "1", "2", "3", "4"]);
    }
}
