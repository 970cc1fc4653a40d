//! The forms in which a case is proved and kept: with the steps that make what it uses, or without. Part of [`Planner`].

use std::sync::Arc;

use super::{Glimpse, Planned, Planner, renew};
use crate::resource::{self, Action, Name};
use crate::scenario::{Content, Datum, Scenario, Step, encode};

impl Planner {
    /// The scenario of a case that replays anywhere: what it uses is made first.
    pub fn replayable(&self, planned: &Planned) -> Scenario {
        match planned.scenario.steps.as_slice() {
            [Step { operation, case: Some(case), .. }] if !planned.uses.is_empty() => {
                resource::scenario(operation, case, &planned.uses, &self.identity, &self.making.base_path)
            }
            _ => planned.scenario.clone(),
        }
    }

    /// The same for the corpus, where what makes something makes it under other names each time. `glimpse` is of the answer.
    pub fn memorable(&self, planned: &Planned, glimpse: Glimpse) -> Scenario {
        // What was recorded says itself what is new each time.
        if planned.recorded.is_some() {
            return planned.scenario.clone();
        }
        match planned.scenario.steps.as_slice() {
            [Step { operation, case: Some(case), .. }]
                if case.intent.is_valid() && self.is_ours(operation, glimpse) =>
            {
                let is_put = self.graph.role(operation).is_some_and(|role| role.action == Action::Replace);
                let names = renew::all(case, &planned.uses, is_put, &self.generators);
                resource::kept(operation, case, &planned.uses, &names, &self.identity, &self.making.base_path)
            }
            _ => self.replayable(planned),
        }
    }

    /// What a step that makes something calls it, where its case says so in words that may be any.
    pub fn usual_names(&self, step: &Step) -> Vec<String> {
        let makes = self.graph.role(&step.operation).is_some_and(|role| role.action == Action::Create);
        let Some(case) = step.case.as_deref().filter(|_| makes) else { return Vec::new() };
        let Some(Content::Value(body)) = case.body.as_ref().map(|body| &body.content) else { return Vec::new() };
        let text = |name: &Name| match body.at(&name.pointer) {
            Some(Datum::String(text)) => Some(text.clone()),
            _ => None,
        };
        renew::names(case, &self.generators).iter().filter_map(text).collect()
    }

    /// The request of such a case without the steps that make what it uses: for things that do not exist, and for those
    /// that it used.
    pub fn alone(&self, planned: &Planned) -> Vec<Scenario> {
        let absent = planned.scenario.steps.last().and_then(|step| {
            let mut case = step.case.as_deref()?.clone();
            planned.uses.iter().for_each(|used| used.forget(&mut case));
            let request = Arc::new(encode(&case, &self.making.base_path));
            Some(Scenario::single(Step { request, case: Some(Arc::new(case)), ..step.clone() }))
        });
        absent.into_iter().chain([planned.scenario.clone()]).collect()
    }
}
