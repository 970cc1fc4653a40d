//! How small the committed fixtures of the demo are, beside the smallest that a person finds.

use gadfly::demo::{LEAST, PLANTED_BUGS, PlantedBug};
use gadfly::fixture::Fixture;
use gadfly::scenario::file::{BodyRecord, StepRecord};
use serde_json::Value;

use crate::fixtures::committed;

/// Steps, parameters, members.
type Size = [usize; 3];

fn size(fixture: &Fixture) -> Size {
    let sum = |count: fn(&StepRecord) -> usize| fixture.steps.iter().map(count).sum();
    [fixture.steps.len(), sum(parameters), sum(body)]
}

/// Those of query, headers and cookies.
fn parameters(step: &StepRecord) -> usize {
    let target = String::from_utf8_lossy(&step.target.0).into_owned();
    let query = target.split_once('?').map_or(0, |(_, query)| query.split('&').count());
    let headers =
        step.headers.iter().map(|(name, value)| match String::from_utf8_lossy(&name.0).to_ascii_lowercase().as_str() {
            "accept" | "content-type" | "authorization" => 0,
            "cookie" => String::from_utf8_lossy(&value.0).split(';').count(),
            _ => 1,
        });
    query + headers.sum::<usize>()
}

fn body(step: &StepRecord) -> usize {
    let request = step.to_step("").request;
    let is = |kind: &str| request.headers.text("content-type").is_some_and(|value| value.starts_with(kind));
    match &step.body {
        None | Some(BodyRecord::Base64(_)) => 0,
        Some(BodyRecord::Json(value)) => members(value),
        Some(BodyRecord::Text(text)) if is("multipart/") => text.matches("Content-Disposition: ").count(),
        Some(BodyRecord::Text(text)) if is("application/x-www-form-urlencoded") => text.split('&').count(),
        Some(BodyRecord::Text(text)) => serde_json::from_str(text).map_or(0, |value| members(&value)),
    }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len() + items.iter().map(members).sum::<usize>(),
        Value::Object(all) => all.len() + all.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// The planted bug that a fixture shows: of its oracle and operation, and told from others of these by what it says.
fn bug(fixture: &Fixture) -> Option<&'static PlantedBug> {
    let is_alike = |bug: &&PlantedBug| bug.oracle == fixture.oracle && bug.operation == fixture.operation.as_str();
    let alike: Vec<_> = PLANTED_BUGS.iter().filter(is_alike).collect();
    let steps = fixture.to_scenario("").steps;
    let target = steps.last().map(|step| step.request.target_text().into_owned()).unwrap_or_default();
    let said = [fixture.title.clone(), fixture.observed.render(), target, fixture.rule.clone().unwrap_or_default()];
    let is_said = |evidence: &str| said.iter().any(|text| text.contains(evidence));
    alike.iter().find(|bug| alike.len() == 1 || bug.evidence.is_none_or(is_said)).copied()
}

#[test]
fn every_planted_bug_has_its_least() {
    let least: Vec<_> = LEAST.iter().map(|least| least.id).collect();
    let planted: Vec<_> = PLANTED_BUGS.iter().map(|bug| bug.id).collect();
    assert_eq!(least, planted);
}

#[test]
fn fixtures_are_as_small_as_those_made_by_hand() {
    let (mut larger, mut smaller, mut all) = (Vec::new(), Vec::new(), 0);
    for entry in committed() {
        let bug = bug(&entry.fixture).unwrap_or_else(|| panic!("{} shows no planted bug", entry.key));
        let least = LEAST.iter().find(|least| least.id == bug.id).unwrap();
        let (own, least) = (size(&entry.fixture), [least.steps, least.parameters, least.members]);
        all += 1;
        let line = format!("{} {}: {own:?}, by hand {least:?}", bug.id, entry.key);
        if own.iter().zip(&least).any(|(own, least)| own > least) {
            larger.push(line);
        } else if own != least {
            smaller.push(line);
        }
    }
    assert!(all >= 35, "only {all} fixtures are committed");
    assert!(larger.len() * 20 <= all, "{} of {all} are larger than they need to be: {larger:#?}", larger.len());
    // What is smaller than the least by hand was not least: mend the table.
    assert!(smaller.is_empty(), "{smaller:#?}");
}
