//! What comes back: judged when it arrives, taken in in the order of the cases, proved if it matters. Part of [`Run`].

use super::Error;
use super::pipeline::{Done, Folded};
use super::proof::Settled;
use super::run::{Run, Sent};
use crate::engine::{self, Planned};
use crate::finding::Finding;
use crate::report::Event;
use crate::scenario::Trace;
use crate::triage::Suspicion;
use crate::wire::{Exchange, FaultKind, ends_in};

impl Run<'_> {
    /// Judges an execution at once, so that only what matters of it is kept until its epoch is folded.
    pub(super) fn record(&mut self, (slot, planned, result): Sent) -> Result<(), Error> {
        let execution = match result {
            Ok(execution) => execution,
            // This transport can't send it; that is no outcome, and the other cases go on.
            Err(engine::Error::Transport(error)) => {
                self.pipeline.record(slot, None);
                return self.notice_once(&error.reason.clone(), || format!("a case was left out: {error}"));
            }
            Err(error) => return Err(error.into()),
        };
        self.requests += execution.exchanges.len() as u64;
        if let Some(broken) = execution.broken {
            // A remembered prefix does not apply any more; its last step was never sent.
            self.pipeline.record(slot, None);
            if planned.is_trial() || ends_in(&execution.exchanges, FaultKind::Died) {
                return Ok(());
            }
            return self.notice_once("no longer apply", || {
                format!("some remembered inputs no longer apply: {}", broken.reason)
            });
        }
        if self.looks_back() {
            self.lineage.observe(&planned.scenario.steps, &execution.exchanges);
        }
        execution.exchanges.iter().for_each(|exchange| self.throttle.observe(exchange.outcome.may_be_load()));
        let Some(lesson) = self.planner.look(&planned, &execution.exchanges) else {
            self.pipeline.record(slot, None);
            return Ok(());
        };
        let glimpse = lesson.glimpse;
        if glimpse.is_fault(FaultKind::Refused) {
            self.refused_in_a_row += 1;
        } else {
            self.refused_in_a_row = 0;
        }
        let trace = Trace { scenario: &planned.scenario, exchanges: &execution.exchanges };
        let mut findings = self.registry.judge_for(&trace, |oracle| self.proving.wants(oracle, &planned.scenario));
        findings.retain(|finding| self.proving.is_new(finding));
        let exchanges = if findings.is_empty() { Vec::new() } else { execution.exchanges };
        self.pipeline.record(slot, Some(Done { lesson, findings, exchanges }));
        Ok(())
    }

    /// Takes an epoch in, in index order.
    pub(super) fn fold(&mut self, epoch: Vec<Folded>) -> Result<(), Error> {
        for Folded { planned, done } in epoch {
            let Some(operation) = planned.scenario.steps.last().map(|step| &step.operation) else { continue };
            let glimpse = done.lesson.glimpse;
            if !planned.is_trial() {
                for (step, glimpse) in planned.scenario.steps.iter().zip(done.lesson.before()) {
                    self.novelty.observe(&step.operation, glimpse);
                }
                let is_novel = self.novelty.observe(operation, glimpse);
                let reaches = glimpse.is_success() && !self.planner.is_reached(operation);
                self.planner.fold(&planned, done.lesson, is_novel);
                self.tell_set_aside(operation, glimpse)?;
                self.health.observe(operation, glimpse);
                self.witnesses.observe(&planned.scenario, glimpse);
                let slowness = self.latency.observe(operation, glimpse);
                let is_kept = is_novel || reaches || slowness.is_some();
                let is_witness = glimpse.is_success() && self.witnesses.wants_success_of(operation);
                if is_kept || is_witness {
                    let scenario = self.planner.memorable(&planned, glimpse);
                    if is_kept {
                        self.keeper.keep_novel(&scenario, glimpse, reaches, slowness);
                    }
                    if is_witness {
                        self.witnesses.succeeded(scenario);
                    }
                }
            }
            for finding in done.findings {
                self.suspect_case(finding, &planned, &done.exchanges);
            }
        }
        match self.health.notice() {
            Some(notice) => self.notice(notice),
            None => Ok(()),
        }
    }

    /// Has a finding proved, as a scenario that makes what it uses.
    pub(super) fn suspect_case(&mut self, mut finding: Finding, planned: &Planned, exchanges: &[Exchange]) {
        let scenario = self.planner.replayable(planned);
        let is_single = scenario.steps.len() == planned.scenario.steps.len();
        let alone = if is_single { Vec::new() } else { self.planner.alone(planned) };
        finding.step = scenario.steps.len() - 1;
        self.suspect(Suspicion { alone, ..Suspicion::new(finding, scenario, exchanges.to_vec()) });
    }

    /// Has it proved; a request to another operation tells whether the target answers at all.
    pub(super) fn suspect(&mut self, mut suspicion: Suspicion) {
        let operation = &suspicion.finding.operation;
        suspicion.witness = self.witnesses.other_than(operation).cloned();
        suspicion.control = self.witnesses.success_of(operation).cloned();
        self.proving.suspect(suspicion);
    }

    /// A proof is over: reports and keeps the finding if it counts.
    pub(super) fn settle(&mut self, settled: Settled) -> Result<(), Error> {
        let Some(confirmed) = self.proving.settle(settled) else { return Ok(()) };
        let record = self.keeper.keep_finding(&confirmed, self.budget.elapsed());
        self.reporter.event(&Event::Found { confirmed: &confirmed, record: &record })?;
        self.remember_kept(confirmed);
        self.tell_problems()
    }
}
