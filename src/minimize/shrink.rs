//! The search for the smallest requests. Main type: [`Minimizer`].

use std::sync::Arc;

use super::Draft;
use super::rule::keeps_rule;
use crate::engine::{Error, Executor, Manner, preparations, repeated};
use crate::finding::Finding;
use crate::oracle::{self, Registry};
use crate::scenario::{Law, Scenario, Trace};
use crate::seed::Seed;
use crate::target::Exit;
use crate::triage::Confirmed;
use crate::wire::{FaultKind, Request, ends_in};

/// Executions that a sequence may take: each of them is several requests.
const SEQUENCE: u64 = 20;

/// Shrinks the requests of a proved finding.
#[derive(Clone)]
pub struct Minimizer {
    executor: Executor,
    registry: Arc<Registry>,
    budget: u64,
}

/// The search for one finding.
struct Search<'a> {
    registry: &'a Registry,
    executor: Executor,
    finding: &'a Finding,
    /// What kind of answer each step before the last one got when the finding was proved.
    before: Vec<Option<u16>>,
    best: Scenario,
    seed: Seed,
    /// Executions and requests so far.
    executions: u64,
    spent: u64,
    budget: u64,
}

impl Minimizer {
    /// Spends about `budget` requests on a finding, and a few executions in any case.
    pub fn new(mut executor: Executor, registry: Arc<Registry>, budget: u64) -> Self {
        executor.options.fresh_connection = true;
        Self { executor, registry, budget }
    }

    /// Whether a smaller request could show the same bug in a reasonable time.
    pub fn applies(confirmed: &Confirmed) -> bool {
        let fault = confirmed.exchanges.last().and_then(|exchange| exchange.outcome.fault());
        let hangs = fault.is_some_and(|fault| fault.detail == Exit::Hung.to_string());
        confirmed.finding.oracle() != oracle::HANG && !hangs
    }

    /// What the target died of is tried alone, so that each candidate costs one death at most; what it reports is told to
    /// nobody else, and some of it by a new process only.
    fn executor_for(&self, confirmed: &Confirmed) -> Executor {
        match repeated(&confirmed.exchanges) {
            _ if ends_in(&confirmed.exchanges, FaultKind::Died) => self.executor.in_manner(Manner::Alone),
            Some(manner) => self.executor.in_manner(manner),
            // Its log may tell it from others, and is its own where it is alone.
            None if !confirmed.log.is_empty() => self.executor.in_manner(Manner::Alone),
            None => self.executor.clone(),
        }
    }

    /// A smaller scenario with the same signature, or `None` if there is none; and the requests spent.
    pub async fn minimize(&self, confirmed: &Confirmed, seed: Seed) -> Result<(Option<Scenario>, u64), Error> {
        let scenario = &confirmed.scenario;
        let mut search = Search {
            registry: &self.registry,
            executor: self.executor_for(confirmed),
            finding: &confirmed.finding,
            before: preparations(&confirmed.exchanges),
            best: scenario.clone(),
            seed,
            executions: 0,
            spent: 0,
            budget: self.budget.max(SEQUENCE * scenario.steps.len() as u64),
        };
        // A law compares what several steps sent; any other finding is about its last request, and what stands before that
        // makes it possible.
        let last = scenario.steps.len().saturating_sub(1);
        if last > 0 {
            search.without_accept().await?;
        }
        if Law::named(confirmed.finding.oracle().0).is_none() {
            search.shrink(&[last]).await?;
        }
        for steps in alike(scenario) {
            search.shrink(&steps).await?;
        }
        let Search { best, spent, .. } = search;
        let is_same = scenario.steps.iter().zip(&best.steps).all(|(before, after)| before.request == after.request);
        Ok(((!is_same).then_some(best), spent))
    }
}

impl Search<'_> {
    /// In which form we would like to have an answer seldom matters: one try for all steps.
    async fn without_accept(&mut self) -> Result<(), Error> {
        let mut candidate = self.best.clone();
        for step in &mut candidate.steps {
            step.request = Arc::new(Draft::of(&step.request).without_header("accept").request());
        }
        self.take(candidate).await?;
        Ok(())
    }

    /// Makes the one request of these steps as small as it can be.
    async fn shrink(&mut self, steps: &[usize]) -> Result<(), Error> {
        let Some(first) = steps.first().and_then(|index| self.best.steps.get(*index)) else { return Ok(()) };
        let mut best = Draft::of(&first.request);
        loop {
            let before = best.clone();
            let mut index = 0;
            // After a success the same index names the next piece: what failed already is not tried again in this pass.
            while let Some(smaller) = self.drafts(steps, &best).into_iter().nth(index) {
                if self.spent >= self.budget {
                    return Ok(());
                }
                let request = smaller.request();
                let may_be = self.may_be_smaller(steps, &best.request(), &request);
                if may_be && self.take(self.with(steps, &request)).await? {
                    best = smaller;
                } else {
                    index += 1;
                }
            }
            if best == before {
                return Ok(());
            }
        }
    }

    /// What is tried: values are left alone where the finding depends on how they are related, and where they make what it
    /// needs.
    fn drafts(&self, steps: &[usize], best: &Draft) -> Vec<Draft> {
        let by_values = !self.is_by_rule() && Law::named(self.finding.oracle().0).is_none() && self.is_last(steps);
        if by_values { best.smaller() } else { best.shorter() }
    }

    fn may_be_smaller(&self, steps: &[usize], before: &Request, after: &Request) -> bool {
        let case = self.best.steps.last().and_then(|step| step.case.as_deref());
        let is_free = !self.is_by_rule() || !self.is_last(steps);
        is_free || case.is_some_and(|case| keeps_rule(case, before, after))
    }

    /// Whether the finding stands on one rule that is broken: a smaller request must break that one and no other.
    fn is_by_rule(&self) -> bool {
        self.finding.oracle() == oracle::INVALID_INPUT_ACCEPTED
    }

    fn is_last(&self, steps: &[usize]) -> bool {
        steps.last().is_some_and(|last| last + 1 == self.best.steps.len())
    }

    fn with(&self, steps: &[usize], request: &Request) -> Scenario {
        let mut scenario = self.best.clone();
        let request = Arc::new(request.clone());
        for index in steps {
            scenario.steps[*index].request = Arc::clone(&request);
        }
        scenario
    }

    /// Sends the candidate, and takes it if it shows the same. Answers whether it does.
    async fn take(&mut self, candidate: Scenario) -> Result<bool, Error> {
        self.executions += 1;
        let fresh = self.seed.child("candidate", self.executions);
        let execution = self.executor.run(&candidate, fresh).await?;
        self.spent += execution.exchanges.len() as u64;
        let trace = Trace { scenario: &candidate, exchanges: &execution.exchanges };
        let shows = preparations(&execution.exchanges) == self.before
            && self.registry.shown(&trace, &execution.log, &self.finding.signature).is_some();
        if shows {
            self.best = candidate;
        }
        Ok(shows)
    }
}

/// The steps before the last one that send something to take apart, those together that send the same.
fn alike(scenario: &Scenario) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let before = scenario.steps.len().saturating_sub(1);
    for (index, step) in scenario.steps.iter().take(before).enumerate() {
        if step.request.body.is_empty() && !step.request.target.contains(&b'?') {
            continue;
        }
        match groups.iter_mut().find(|group| scenario.steps[group[0]].request == step.request) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::finding::Ratio;
    use crate::identity::Identities;
    use crate::scenario::encode::samples::{case, operation};
    use crate::scenario::{ANONYMOUS, Capture, IdentityName, Intent, Rule, Source, Step};
    use crate::transport::{Canned, Options, canned};

    const BUDGET: u64 = 60;

    /// A step that posts this body to this target.
    fn step(target: &str, body: &str, intent: Intent) -> Step {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"n": {"maximum": 9}}});
        let described = json!({"body": {"application/json": {"schema": schema}}});
        let operation = operation("POST", "/x", described);
        let mut request = Request::new("POST", target.to_owned());
        request.headers.push("Accept", "*/*");
        request.headers.push("Content-Type", "application/json");
        request.body = body.to_owned().into();
        let mut case = case(&operation, &[]);
        case.intent = intent;
        Step {
            operation: operation.id.clone(),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(request),
            fresh: vec![],
            captures: vec![],
            case: Some(Arc::new(case)),
            at_once: false,
        }
    }

    /// What is left of these steps where the target answers their bodies so: targets, headers and bodies; and the requests.
    fn minimized(steps: Vec<Step>, status: fn(&Value) -> u16) -> (Vec<String>, u64) {
        let (smaller, spent) = minimal(steps, status);
        let shown = |step: &Step| {
            let body = String::from_utf8_lossy(&step.request.body);
            format!("{} {} {body}", step.request.target_text(), step.request.headers.len())
        };
        (smaller.steps.iter().map(shown).collect(), spent)
    }

    fn minimal(steps: Vec<Step>, status: fn(&Value) -> u16) -> (Scenario, u64) {
        let answer = move |request: &Request| {
            let body = serde_json::from_slice(&request.body).unwrap_or_default();
            let status = status(&body);
            canned::json(status, &if status < 500 { json!({"id": 7}) } else { json!({"error": "boom"}) })
        };
        let options = Options { timeout: std::time::Duration::from_secs(1), fresh_connection: false };
        let transport = Arc::new(Canned::new(answer));
        let executor =
            Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
        let registry = Arc::new(Registry::default());
        let scenario = Scenario::plain(steps);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let execution = runtime.block_on(executor.run(&scenario, Seed::new(1))).unwrap();
        let trace = Trace { scenario: &scenario, exchanges: &execution.exchanges };
        let finding = registry.judge(&trace).into_iter().next().unwrap();
        let ratio = Ratio { hits: 3, tries: 3 };
        let confirmed = Confirmed {
            finding,
            scenario: scenario.clone(),
            exchanges: execution.exchanges,
            ratio,
            clean: None,
            log: vec![],
            volatile: crate::finding::Volatile::default(),
        };
        let minimizer = Minimizer::new(executor, registry, BUDGET);
        let (smaller, spent) = runtime.block_on(minimizer.minimize(&confirmed, Seed::new(1))).unwrap();
        (smaller.unwrap_or(scenario), spent)
    }

    #[track_caller]
    fn check(steps: Vec<Step>, status: fn(&Value) -> u16, expected: &[&str]) {
        let (left, spent) = minimized(steps, status);
        assert_eq!(left, expected);
        assert!(spent <= BUDGET + 2, "{spent} requests");
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        let crash = |body: &Value| if body.get("bad").is_some() { 500 } else { 200 };
        let lone = step("/x?p=1&q=2", r#"{"a":[1,{"b":2}],"bad":"long","c":null}"#, Intent::Valid);
        check(vec![lone], crash, &[r#"/x 0 {"bad":""}"#]);
    }

    #[test]
    fn steps_that_prepare_lose_what_nobody_needs_and_keep_their_values() {
        let crash = |body: &Value| match (body.get("name"), body.get("bad")) {
            (_, Some(_)) => 500,
            (Some(_), _) => 201,
            _ => 400,
        };
        let mut make = step("/x?p=1", r#"{"name":"long","b":2}"#, Intent::Valid);
        make.captures = vec![Capture { name: "id".into(), from: Source::Body("/id".into()) }];
        let judged = step("/x/{{id}}", r#"{"bad":1,"b":2}"#, Intent::Valid);
        let (left, spent) = minimized(vec![make, judged], crash);
        assert!(spent <= BUDGET + 2, "{spent} requests");
        assert_eq!(left, [r#"/x 0 {"name":"long"}"#, r#"/x/{{id}} 0 {"bad":1}"#]);
    }

    #[test]
    fn steps_that_go_out_at_once_stay_together() {
        let crash = |body: &Value| if body.get("bad").is_some() { 500 } else { 201 };
        let make = step("/x?p=1", r#"{"name":"long","b":2}"#, Intent::Valid);
        let twin = Step { at_once: true, ..make.clone() };
        let judged = step("/x", r#"{"bad":1,"b":2}"#, Intent::Valid);
        let (smaller, _) = minimal(vec![make.clone(), make, twin, judged], crash);
        let shown: Vec<_> = smaller.steps.iter().map(|step| (step.at_once, step.request.body.clone())).collect();
        let expected = [(false, "{}"), (false, "{}"), (true, "{}"), (false, r#"{"bad":1}"#)];
        assert_eq!(shown, expected.map(|(at_once, body)| (at_once, body.into())));
    }

    #[test]
    fn the_one_broken_rule_stays_the_only_one() {
        let rule = Rule { keyword: "maximum".into(), place: "body/n".into(), member: None, change: String::new() };
        let lone = step("/x?p=1", r#"{"a":"text","n":10,"b":{"c":1}}"#, Intent::Malformed(rule));
        // The server accepts anything; by the document `a` is required.
        check(vec![lone], |_| 201, &[r#"/x 1 {"a":"text","n":10}"#]);
    }

    #[test]
    fn the_budget_is_kept_where_nothing_helps() {
        let wide: Value = (0..200).map(|n| (format!("m{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
        let all = |body: &Value| if body.as_object().is_some_and(|all| all.len() == 200) { 500 } else { 200 };
        let lone = step("/x", &wide.to_string(), Intent::Valid);
        let (left, spent) = minimized(vec![lone], all);
        assert_eq!(spent, BUDGET);
        assert!(left[0].ends_with(&wide.to_string()), "{left:?}");
    }
}
