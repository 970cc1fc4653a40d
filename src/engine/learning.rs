//! What refusals taught, put into the cases that are planned. Part of [`Planner`].

use super::arm::{Drawn, hash};
use super::{Planned, Planner};
use crate::api::Location;
use crate::learn::LearnedRule;
use crate::resource::Use;
use crate::scenario::{Case, encode, retarget};

impl Planner {
    /// A drawn case with what was learned and what exists. One that becomes a request that was sent already goes out as it
    /// was drawn.
    pub(super) fn finished(&mut self, drawn: Drawn, index: usize) -> Planned {
        let Drawn { mut case, mut request, .. } = drawn;
        if self.learned.concerns(&case) {
            let mut shaped = case.clone();
            let is_changed = self.learned.shape(&mut shaped, &self.generators);
            let new = encode(&shaped, &self.making.base_path);
            if is_changed && self.seen.insert(hash(&new)) {
                (case, request) = (shaped, new);
            }
        }
        let uses = self.bind(&mut case, index);
        if !uses.iter().all(|used| is_in_target(used, &case)) {
            request = encode(&case, &self.making.base_path);
        } else if !uses.is_empty() || self.lanes[index].touches {
            retarget(&mut request, &case, &self.making.base_path);
        }
        self.planned(case, request, uses, index)
    }

    /// Takes up what an earlier run learned.
    pub fn recall(&mut self, rules: Vec<LearnedRule>) {
        self.learned.remember(rules);
    }

    /// What refusals taught, in this run and in earlier ones.
    pub fn learned(&self) -> Vec<LearnedRule> {
        self.learned.rules()
    }
}

fn is_in_target(used: &Use, case: &Case) -> bool {
    let parameter = used.parameter.and_then(|index| case.operation.parameters.get(index));
    parameter.is_some_and(|parameter| matches!(parameter.location, Location::Path | Location::Query))
}
