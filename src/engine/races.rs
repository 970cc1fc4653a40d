//! The requests by which a race is tried on a thing: which go out at once, and what binds them. Part of [`Acts`].
//!
//! What the steps before a race show is its control: the same requests one after the other.

use std::sync::Arc;

use serde_json::json;

use super::acts::{Acts, Made, conforms, members, members_mut};
use crate::api::{Location, Operation};
use crate::resource::Act;
use crate::scenario::{Body, Capture, Content, Datum, Law, Scenario, Source, Step, Unique, placeholder};
use crate::schema::View;
use crate::wire::Request;

/// How many random cases the values of members are taken from.
const DRAWS: u64 = 24;
/// How many values of a member a race needs at most.
const VALUES: usize = 3;
const IF_MATCH: &str = "If-Match";
/// The placeholders of an entity tag and of an idempotency key.
const TAG: &str = "entity_tag";
const KEY: &str = "idempotency_key";

/// Values of one member, none of which a server takes for another.
struct Choice {
    name: String,
    values: Vec<Datum>,
}

impl Acts<'_> {
    /// What is done with the thing, each act with its lane. Which of them go out at once is for [`Acts::raced`].
    pub(super) fn race(&self, law: Law, made: &Made) -> Option<Vec<(Act, usize)>> {
        let read = || self.plain(self.thing.read?, made);
        if law == Law::DoubleCreate {
            return Some(vec![read()?, read()?]);
        }
        let lane = self.thing.change.or(self.thing.replace)?;
        if self.is_conditional(lane) {
            let all = self.choices(lane, VALUES, made)?;
            let Choice { name, values } = all.get(self.pick(all.len())?)?;
            let change = |index: usize| self.change(lane, name, &values[index], made);
            let (first, second, third) = (change(0)?, change(1)?, change(2)?);
            return Some(vec![read()?, first.clone(), second.clone(), read()?, second, read()?, first, third, read()?]);
        }
        let lane = self.thing.change?;
        let all = self.choices(lane, 2, made)?;
        let at = self.pick(all.len()).filter(|_| all.len() > 1)?;
        // Each turn another pair: neighbours first, then those that are further apart.
        let apart = 1 + (self.turn as usize / 2 / all.len()) % (all.len() - 1);
        let (one, other) = (&all[at], &all[(at + apart) % all.len()]);
        let change = |choice: &Choice, index: usize| self.change(lane, &choice.name, &choice.values[index], made);
        let (first, second) = (change(one, 0)?, change(other, 0)?);
        let back = (change(other, 1)?, change(one, 1)?);
        Some(vec![first.clone(), second.clone(), read()?, back.0, back.1, read()?, first, second, read()?])
    }

    /// The scenario with what goes out at once marked, and bound by what the law needs.
    pub(super) fn raced(&self, law: Law, mut scenario: Scenario) -> Option<Scenario> {
        match law {
            Law::DoubleCreate => self.made_twice(&mut scenario.steps)?,
            Law::LostUpdate => {
                let start = scenario.steps.len().checked_sub(10)?;
                let steps = &mut scenario.steps[start..];
                steps[8].at_once = true;
                if self.is_conditional(self.thing.change.or(self.thing.replace)?) {
                    under_conditions(steps);
                }
            }
            _ => {}
        }
        Some(scenario)
    }

    /// Turns one creation and two reads into four creations, the first two and the last two alike, and a read of each of
    /// the last two.
    fn made_twice(&self, steps: &mut Vec<Step>) -> Option<()> {
        let at = steps.len().checked_sub(3)?;
        self.with_key(&mut steps[at])?;
        let made = steps[at].clone();
        let capture = made.captures.first()?.clone();
        let other = Capture { name: format!("{}_at_once", capture.name), ..capture.clone() };
        let again = Step { fresh: Vec::new(), captures: Vec::new(), ..made.clone() };
        let twin = Step { at_once: true, captures: vec![other.clone()], ..again.clone() };
        let last = &mut steps[at + 2];
        last.request = Arc::new(renamed(&last.request, &capture.name, &other.name));
        steps[at].captures.clear();
        steps.splice(at + 1..=at, [again, made, twin]);
        Some(())
    }

    /// An idempotency key, if the operation takes one and this turn is one with it. Without one something of the body must
    /// be new, or nothing could be made a second time.
    fn with_key(&self, step: &mut Step) -> Option<()> {
        let operation = &step.case.as_ref()?.operation;
        let has_new = !step.fresh.is_empty();
        match key(operation) {
            Some(name) if !has_new || self.turn.is_multiple_of(2) => {
                let request = Arc::make_mut(&mut step.request);
                request.headers.remove(name);
                request.headers.push(name.to_owned(), placeholder(KEY));
                step.fresh.push(KEY.to_owned());
                Some(())
            }
            _ => has_new.then_some(()),
        }
    }

    /// Whether this turn is one with conditions: where only a whole can be replaced every one is, since the last of two
    /// that replace it wins by right.
    fn is_conditional(&self, lane: usize) -> bool {
        let operation = &self.ground.lanes[lane].operation;
        let is_match = |name: &str| name.eq_ignore_ascii_case(IF_MATCH);
        let takes = operation.parameters.iter().any(|one| one.location == Location::Header && is_match(&one.name));
        takes && (self.turn.is_multiple_of(2) || self.thing.change.is_none())
    }

    fn pick(&self, length: usize) -> Option<usize> {
        (self.turn as usize / 2).checked_rem(length)
    }

    /// The members of the lane's body that can be given this many values each, in the order in which they are met.
    fn choices(&self, lane: usize, least: usize, made: &Made) -> Option<Vec<Choice>> {
        let (operation, seed) = (&self.ground.lanes[lane].operation, self.ground.seed);
        let valid = self.ground.generators.named("valid")?;
        let refers = |name: &str| {
            let is_it = |pointer: &str| pointer.strip_prefix('/') == Some(name);
            made.entry.maker.uses.iter().any(|used| used.parameter.is_none() && is_it(&used.pointer))
        };
        let mut all: Vec<Choice> = Vec::new();
        for case in (0..DRAWS).filter_map(|index| valid.case(operation, index, seed)) {
            for (name, value) in members(&case).into_iter().flatten() {
                // A name that may be taken only once is not free to change, and neither is a reference.
                if !is_plain(value) || Unique::is_usual(name) || refers(name) {
                    continue;
                }
                let at = all.iter().position(|choice| choice.name == *name).unwrap_or_else(|| {
                    all.push(Choice { name: name.clone(), values: Vec::new() });
                    all.len() - 1
                });
                let values = &mut all[at].values;
                if values.len() < VALUES && values.iter().all(|known| is_apart(known, value)) {
                    values.push(value.clone());
                }
            }
        }
        all.retain(|choice| choice.values.len() >= least);
        Some(all)
    }

    /// A change of this member alone; or the whole of the creation with it, where the lane replaces.
    fn change(&self, lane: usize, name: &str, value: &Datum, made: &Made) -> Option<(Act, usize)> {
        let mut case = self.usual(lane)?;
        let member = (name.to_owned(), value.clone());
        if Some(lane) == self.thing.change {
            let media_type = case.operation.body.as_ref()?.contents.iter().find(|one| one.is_json())?.essence();
            case.body = Some(Body { media_type, content: Content::Value(Datum::Object(vec![member])) });
        } else {
            let own = members_mut(&mut case)?;
            own.retain(|(known, _)| known != name);
            own.push(member);
        }
        let is_valid = conforms(&case);
        if is_valid { self.act(lane, case, made) } else { None }
    }
}

/// Each change under the tag of the read before it, and the third under that of the first read: it is stale.
fn under_conditions(steps: &mut [Step]) {
    let tags = [(1, 1), (4, 2), (6, 3)];
    for (read, number) in tags {
        let capture = Capture { name: format!("{TAG}_{number}"), from: Source::Header("ETag".to_owned()) };
        steps[read].captures.push(capture);
    }
    for (change, number) in [(2, 1), (3, 1), (5, 2), (7, 3), (8, 3)] {
        let request = Arc::make_mut(&mut steps[change].request);
        request.headers.remove(IF_MATCH);
        request.headers.push(IF_MATCH, placeholder(&format!("{TAG}_{number}")));
    }
}

/// The request about another thing.
fn renamed(request: &Request, old: &str, new: &str) -> Request {
    let target = request.target_text().replace(&placeholder(old), &placeholder(new));
    Request { target: target.into(), ..request.clone() }
}

/// The header in which the operation takes a key that makes repeating harmless, if a word of ours can be one.
fn key(operation: &Operation) -> Option<&str> {
    let word = json!(Unique::of("", 0).word());
    let is_key = |name: &str| name.to_ascii_lowercase().contains("idempotency");
    let mut headers = operation.parameters.iter().filter(|one| one.location == Location::Header);
    let found = headers.find(|one| is_key(&one.name) && one.schema.conforms(View::Request, &word))?;
    Some(&found.name)
}

/// Whether a value is one that a client chooses freely: a number, a flag, or a text with something to read.
fn is_plain(value: &Datum) -> bool {
    match value {
        Datum::Bool(_) => true,
        Datum::Number(text) => text.parse::<f64>().is_ok_and(f64::is_finite),
        Datum::String(text) => text.chars().any(|c| c.is_ascii_alphanumeric()) && text.chars().all(|c| !c.is_control()),
        _ => false,
    }
}

/// Whether no server takes one for the other.
fn is_apart(one: &Datum, other: &Datum) -> bool {
    let folded = |text: &str| text.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    match (one, other) {
        (Datum::Number(one), Datum::Number(other)) => {
            let numbers = one.parse::<f64>().ok().zip(other.parse::<f64>().ok());
            numbers.is_some_and(|(one, other)| (one - other).abs() >= 1.0)
        }
        (Datum::String(one), Datum::String(other)) => folded(one) != folded(other),
        _ => one != other,
    }
}
