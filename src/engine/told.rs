//! What answers to typed cases tell of things. Part of [`Planner`].

use std::sync::Arc;

use super::lane::Lane;
use super::{Glimpse, Planned, Planner, References};
use crate::api::Location;
use crate::resource::{self, Action, Found, Graph, Held, Pool, Recipe, Role, Teller, Use};
use crate::scenario::{Case, Datum, Intent, Scenario};
use crate::wire::{Headers, Response};

/// How many examples of one operation's answers are looked at.
const MOST_EXAMPLES: usize = 8;
/// The longest text of a path that is taken for a name.
const LONGEST: usize = 200;

impl Planner {
    /// How many places of all cases named things, and in how many of them one that exists was put.
    pub fn references(&self) -> References {
        self.lanes.iter().map(|lane| lane.binder.references()).fold(References::default(), References::plus)
    }

    /// Takes in what a case led to: which things are there, which are gone, and by what they are called.
    pub(super) fn fold_case(&mut self, planned: &Planned, case: &Arc<Case>, glimpse: Glimpse, mut found: Vec<Found>) {
        let lane = &mut self.lanes[planned.lane];
        let operation = lane.operation.id.clone();
        let action = lane.binder.role().map(|role| role.action);
        if !found.is_empty() {
            lane.refills = 0;
        }
        if let (Intent::Valid, Ok(status)) = (&case.intent, glimpse.outcome) {
            lane.binder.told(case, &planned.uses, status, &mut self.pool);
        }
        if let (Intent::Valid, Some(role), true) = (&case.intent, lane.binder.role(), glimpse.is_success()) {
            given(case, role, &planned.uses, &mut found);
        }
        let in_path = planned.uses.iter().filter(|used| used.parameter.is_some());
        match (glimpse.outcome, action) {
            (Ok(200..=299), Some(Action::Delete)) => {
                if let Some(ended) = in_path.min_by_key(|used| std::cmp::Reverse(used.parameter)) {
                    self.pool.remove(&ended.entry);
                }
            }
            (Ok(200..=299), _) => in_path.for_each(|used| self.pool.hit(&used.entry)),
            _ => {}
        }
        if !found.is_empty() {
            let is_ours = self.is_ours(&operation, glimpse);
            let is_put = is_ours && action == Some(Action::Replace);
            let names = || super::renew::all(case, &planned.uses, is_put, &self.generators);
            let recipe = || Recipe::Typed { case: Arc::clone(case), names: names() };
            self.pool.learn(found, Teller { operation: &operation, uses: &planned.uses }, recipe, is_ours);
        }
    }
}

/// The things that examples of successful answers in the document tell of. Whether they are there is open: they count as
/// mentioned.
pub(super) fn documented(lanes: &[Lane], graph: &Graph) -> Pool {
    let mut pool = Pool::default();
    for lane in lanes {
        let Some(role) = lane.role() else { continue };
        let answers = lane.operation.responses.0.iter().filter(|(status, _)| status.covers(200) || status.covers(201));
        let examples = answers.flat_map(|(_, answer)| &answer.contents).flat_map(|content| &content.examples);
        for example in examples.take(MOST_EXAMPLES) {
            let answer = Response::new(200, Headers::new(), example.to_string());
            let mut found = resource::harvest(graph, role, &answer);
            for found in &mut found {
                found.is_subject = false;
                found.fields.values_mut().chain(found.others.values_mut()).for_each(|held| held.from = None);
            }
            let recipe = || Recipe::Recorded { scenario: Arc::new(Scenario::plain(Vec::new())), index: 0 };
            pool.learn(found, Teller { operation: &lane.operation.id, uses: &[] }, recipe, false);
        }
    }
    pool
}

/// Adds the things that a valid GET named in its path and that are not in the pool, now that it was answered 2xx: their
/// names are examples of the document, or were guessed.
fn given(case: &Case, role: &Role, uses: &[Use], found: &mut Vec<Found>) {
    if case.operation.method != "GET" {
        return;
    }
    let is_in_path = |parameter: usize| case.operation.parameters[parameter].location == Location::Path;
    let last = role.needs.iter().rposition(|need| is_in_path(need.parameter));
    for (index, need) in role.needs.iter().enumerate() {
        let is_used = uses.iter().any(|used| used.parameter == Some(need.parameter));
        let argument = case.arguments.iter().find(|argument| argument.parameter == need.parameter);
        let Some(argument) = argument.filter(|_| is_in_path(need.parameter) && !is_used) else { continue };
        let is_name = match &argument.value {
            Datum::Number(_) => true,
            Datum::String(text) => !text.is_empty() && text.len() <= LONGEST,
            _ => false,
        };
        let Some(value) = argument.value.to_value().filter(|_| is_name) else { continue };
        let held = Held { value, from: None };
        let is_subject = role.action == Action::Read && role.kind.as_ref() == Some(&need.kind) && last == Some(index);
        let mut own = found.iter_mut().filter(|found| found.is_subject && found.kind == need.kind);
        match (own.next(), own.next()) {
            (Some(lone), None) if is_subject => _ = lone.fields.entry(need.field.clone()).or_insert(held),
            _ => found.push(Found::named(Arc::clone(&need.kind), &need.field, held, is_subject)),
        }
    }
}
