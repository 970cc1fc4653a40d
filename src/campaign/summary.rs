//! What a run came to. Main function: [`of`].

use std::collections::BTreeMap;

use super::run::{Ended, Run};
use crate::api::{Api, OperationId};
use crate::clock;
use crate::engine::{Account, LaneReport, RuleCounts};
use crate::report::{Reached, RuleCoverage, Summary, Unreached};

/// Version of the summary's form.
const FORMAT: u32 = 1;

pub(super) fn of(run: &Run<'_>, api: &Api, ended: Ended) -> Summary {
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for report in run.planner.reports() {
        for (outcome, count) in &report.outcomes {
            *outcomes.entry(class(outcome)).or_default() += count;
        }
    }
    let mut findings = run.keeper.records().to_vec();
    let coverage: Vec<RuleCoverage> = run.planner.accounts().map(covered).collect();
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.operation.cmp(&b.operation)));
    Summary {
        format: FORMAT,
        gadfly: env!("CARGO_PKG_VERSION"),
        api: api.title.clone(),
        base_url: run.options.target.base_url(),
        seed: run.options.seed.number(),
        wall_seconds: run.budget.elapsed().as_secs_f64(),
        cpu_seconds: clock::process_cpu().map(|cpu| cpu.as_secs_f64()),
        requests: run.requests + run.proving.requests() + run.cleaning,
        proof_requests: run.proving.requests(),
        operations: run.planner.reports().count(),
        operations_with_2xx: run.planner.reached(),
        never_2xx: run
            .planner
            .reports()
            .filter(|report| !report.reached)
            .map(|report| unreached(run, report))
            .collect(),
        reached_at: reached_at(run.planner.reports()),
        references: run.planner.references(),
        rules: coverage.iter().fold(RuleCounts::default(), |sum, operation| sum.plus(operation.counts)),
        coverage,
        learned: run.planner.learned(),
        outcomes,
        made: run.executor.ledger.as_ref().map(|ledger| ledger.tally()),
        minimisation: run.proving.minimisation(),
        rejected: run.proving.book().seen_again(),
        process: run.executor.process.as_ref().map(|process| process.watch.supervisor().lives()),
        unexplained_deaths: run.unexplained_deaths(),
        findings,
        notices: run.notices.clone(),
        ended: match ended {
            Ended::Time => "time",
            Ended::Requests => "requests",
            Ended::Exhausted => "exhausted",
            Ended::Interrupted => "interrupted",
            Ended::Unreachable => "unreachable",
        },
    }
}

fn covered((operation, account): (&OperationId, Account)) -> RuleCoverage {
    RuleCoverage { operation: operation.to_string(), counts: account.counts(), rules: account.into_goals() }
}

fn reached_at<'a>(reports: impl Iterator<Item = &'a LaneReport>) -> Vec<Reached> {
    let reached =
        |report: &LaneReport| Some(Reached { operation: report.operation.to_string(), request: report.reached_at? });
    let mut all: Vec<Reached> = reports.filter_map(reached).collect();
    all.sort_by_key(|reached| reached.request);
    all
}

fn unreached(run: &Run<'_>, report: &LaneReport) -> Unreached {
    let mostly = report.outcomes.iter().max_by_key(|(_, count)| **count);
    let missing = run.planner.missing(&report.operation);
    let missing = (!missing.is_empty()).then(|| format!("no {} is known", missing.join(", no ")));
    let said = || report.said.as_ref().map(|said| run.keeper.redacted(said));
    Unreached {
        operation: report.operation.to_string(),
        requests: report.requests,
        mostly: mostly.map_or_else(|| "no request".to_owned(), |(outcome, _)| outcome.clone()),
        why: missing.or_else(said),
    }
}

/// `404` counts as `4xx`; faults keep their name.
fn class(outcome: &str) -> String {
    match outcome.as_bytes() {
        [digit @ b'1'..=b'9', _, _] => format!("{}xx", char::from(*digit)),
        _ => outcome.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_classed_and_faults_named() {
        assert_eq!(class("404"), "4xx");
        assert_eq!(class("no answer in time"), "no answer in time");
    }
}
