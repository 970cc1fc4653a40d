//! What a finding stands on that does not show on the clean target, or may show only by chance. Part of [`Run`].
//!
//! What the run had changed is put before it, the likeliest first (`lineage`), and what is not needed of that is left out.

use std::sync::Arc;

use super::Error;
use super::afterwards::{Kept, requests};
use super::proof::again;
use super::renewed::renewals;
use super::run::Run;
use crate::finding::Confirmed;
use crate::import::{replaced, values};
use crate::scenario::{Scenario, Source, Step, Values, substitute};
use crate::triage::{Suspicion, Trying};
use crate::wire::Response;

/// What may have to come before a finding.
#[derive(Clone)]
pub(super) enum Wanted {
    /// Anything.
    Any,
    /// What gives the thing that it names, which the run has given this name; this word nobody has given.
    Of { name: String, word: String },
}

impl Run<'_> {
    /// The finding with the steps that it needs on a clean target, if they can be told.
    pub(super) async fn find_steps(&mut self, kept: &Kept, wanted: &Wanted) -> Result<Option<Confirmed>, Error> {
        let confirmed = &kept.confirmed;
        let made = self.executor.made();
        let leads = self.leads(confirmed, kept.changes);
        let Wanted::Of { name, word } = wanted else { return self.led(confirmed, leads, made).await };
        let others = leads.iter().map(|scenario| called(scenario, name, word)).collect();
        if let Some(found) = self.led(confirmed, others, made).await? {
            return Ok(Some(found));
        }
        // It may be the name itself that shows it: then it is to be given first. That this is needed, and what of it, can't be
        // seen where it was given, so it is kept whole.
        for scenario in leads.into_iter().take(1).filter(|scenario| gives(scenario, name)) {
            let found = self.proving.prove_now(again(confirmed, scenario)).await?;
            self.end_since(made).await?;
            if found.is_proved() && is_led(&found) {
                return Ok(Some(Confirmed { clean: Some(found.ratio), ..found }));
            }
        }
        Ok(None)
    }

    /// The finding by this scenario, if that proves it and what the run had changed is changed so again.
    async fn tried(
        &mut self,
        confirmed: &Confirmed,
        scenario: Scenario,
        made: u64,
    ) -> Result<Option<Confirmed>, Error> {
        // What one try makes may be in the way of the next one.
        let suspicion = Suspicion { trying: Trying::Tidily, ..again(confirmed, scenario) };
        let found = self.proving.try_now(suspicion).await?;
        self.end_since(made).await?;
        Ok(found.filter(|found| found.is_proved() && is_led(found)))
    }

    /// The finding by the first of these scenarios that shows it.
    async fn led(
        &mut self,
        confirmed: &Confirmed,
        leads: Vec<Scenario>,
        made: u64,
    ) -> Result<Option<Confirmed>, Error> {
        // A name that was given is taken the second time, so new ones come first.
        let (mut named, mut plain) = (Vec::new(), Vec::new());
        for scenario in leads {
            let renewals = renewals(&scenario, &self.planner);
            (if renewals.is_empty() { &mut named } else { &mut plain }).push(scenario);
            named.extend(renewals);
        }
        for scenario in named.into_iter().chain(plain) {
            let Some(found) = self.tried(confirmed, scenario, made).await? else { continue };
            if let Some(found) = self.reduced(found, made).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The finding with the steps that it needs on a clean target and no others; `None` if it does not show there: what the
    /// first try left may have led to the others.
    async fn reduced(&mut self, mut found: Confirmed, made: u64) -> Result<Option<Confirmed>, Error> {
        let (clean, _) = self.count(&found).await?;
        self.end_since(made).await?;
        let mut index = 0;
        while clean.is_stable() && index < found.finding.step {
            let fewer = without(&found, index);
            let shows = match &fewer {
                Some(fewer) => self.count(fewer).await?.0.is_stable(),
                None => false,
            };
            self.end_since(made).await?;
            match fewer.filter(|_| shows) {
                Some(fewer) => found = fewer,
                None => index += 1,
            }
        }
        Ok(clean.is_stable().then_some(Confirmed { clean: Some(clean), ..found }))
    }

    /// Scenarios that may show the finding on a clean target. Those that try a law make all that they need.
    fn leads(&self, confirmed: &Confirmed, changes: u64) -> Vec<Scenario> {
        let steps = &confirmed.scenario.steps;
        if confirmed.scenario.law.is_some() {
            return Vec::new();
        }
        let (known, chosen) = (self.lineage.known(changes), chosen(confirmed));
        let sent = |step: &Step| [Arc::clone(&step.request)];
        if !chosen.is_empty() {
            let last = literal(confirmed);
            let mut leads = last.map_or_else(Vec::new, |last| known.leads(std::slice::from_ref(&last), &sent(&last)));
            leads.retain(|scenario| chosen.iter().all(|name| !names(scenario, name) || gives(scenario, name)));
            leads.extend(first_of_each(&confirmed.scenario));
            return leads;
        }
        let all: Vec<_> = requests(confirmed).cloned().collect();
        let mut leads = known.leads(steps, &all);
        if let Some(last) = literal(confirmed) {
            // With what it happened to use then, in place of what the steps before it choose.
            if steps.len() > 1 {
                leads.extend(known.leads(std::slice::from_ref(&last), &sent(&last)));
            }
            // What is new each time is the same both times.
            leads.push(Scenario::plain(vec![last.clone(), Step { fresh: Vec::new(), ..last.clone() }]));
            let answer = confirmed.exchanges.last().and_then(|exchange| exchange.outcome.response());
            leads.extend(known.more_leads(&last, answer));
        }
        leads
    }
}

/// What its steps take from where several things are told of: which of them is there on a clean target is chance.
pub(super) fn chosen(confirmed: &Confirmed) -> Vec<String> {
    let before = confirmed.scenario.steps.iter().zip(&confirmed.exchanges).take(confirmed.finding.step);
    let items = before.flat_map(|(step, exchange)| {
        let captures = step.captures.iter().filter(|capture| first_item(&capture.from).is_some());
        captures.filter_map(|capture| capture.take(exchange.outcome.response()?))
    });
    if confirmed.scenario.law.is_some() { Vec::new() } else { items.collect() }
}

/// The same place in the first item, where a capture takes one of several.
fn first_item(from: &Source) -> Option<Source> {
    let Source::Body(pointer) = from else { return None };
    let mut tokens: Vec<&str> = pointer.split('/').collect();
    let item = tokens.iter_mut().rfind(|token| token.parse::<usize>().is_ok())?;
    *item = "0";
    Some(Source::Body(tokens.join("/")))
}

/// The scenario with the first of several wherever it takes another one: that is there most likely.
fn first_of_each(scenario: &Scenario) -> Option<Scenario> {
    let mut first = scenario.clone();
    let mut is_other = false;
    for capture in first.steps.iter_mut().flat_map(|step| &mut step.captures) {
        if let Some(item) = first_item(&capture.from) {
            is_other |= item != capture.from;
            capture.from = item;
        }
    }
    is_other.then_some(first)
}

/// Whether the last step has the name in it.
fn names(scenario: &Scenario, name: &str) -> bool {
    scenario.steps.last().is_some_and(|last| values(&last.request).iter().any(|value| value == name))
}

/// Whether all that comes before the finding was answered with a 2xx, as it was in the run: what was refused changed nothing.
fn is_led(found: &Confirmed) -> bool {
    let mut before = found.exchanges.iter().take(found.finding.step);
    before.all(|exchange| exchange.outcome.response().is_some_and(Response::is_success))
}

/// The finding without this step, unless a later one needs what it gives.
fn without(found: &Confirmed, index: usize) -> Option<Confirmed> {
    let mut fewer = Confirmed { scenario: found.scenario.without(index)?, ..found.clone() };
    fewer.exchanges.remove(index);
    fewer.finding.step -= 1;
    Some(fewer)
}

/// Whether a step before the last one has the name in it.
fn gives(scenario: &Scenario, name: &str) -> bool {
    let before = scenario.steps.iter().rev().skip(1);
    before.flat_map(|step| values(&step.request)).any(|value| value == name)
}

/// The scenario about a thing of another name.
pub(super) fn called(scenario: &Scenario, name: &str, other: &str) -> Scenario {
    let mut scenario = scenario.clone();
    for step in &mut scenario.steps {
        if let Some(request) = replaced(&step.request, name, other) {
            step.request = Arc::new(request);
        }
    }
    scenario
}

/// The request that shows the finding as it was sent, without credentials, but for what is new each time.
fn literal(confirmed: &Confirmed) -> Option<Step> {
    let steps = confirmed.scenario.steps.get(..=confirmed.finding.step)?;
    let (last, before) = steps.split_last()?;
    let mut values = Values::new();
    for (step, exchange) in before.iter().zip(&confirmed.exchanges) {
        let response = exchange.outcome.response()?;
        values.extend(step.captures.iter().filter_map(|capture| Some((capture.name.clone(), capture.take(response)?))));
    }
    let request = substitute(last, &values).into_owned();
    let fresh = steps.iter().flat_map(|step| &step.fresh).filter(|name| last.mentions(name)).cloned().collect();
    Some(Step { request: Arc::new(request), fresh, captures: Vec::new(), ..last.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pointer: &str, expected: Option<&str>) {
        let first = first_item(&Source::Body(pointer.to_owned()));
        assert_eq!(first, expected.map(|pointer| Source::Body(pointer.to_owned())));
    }

    #[test]
    fn the_first_of_several_is_taken_instead() {
        check("/data/2/id", Some("/data/0/id"));
        check("/1/of/3", Some("/1/of/0"));
        check("/0/id", Some("/0/id"));
        check("/data/id", None);
        assert_eq!(first_item(&Source::Location), None);
    }
}
