//! What earlier runs found worth keeping, sent again. Main type: [`Remembered`].
//!
//! It comes first, and what reaches operations before the rest: a later run then knows in seconds what the first one
//! took minutes for. All steps teach: the things that they make are known afterwards, and made anew where a finding
//! needs them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::Glimpse;
use super::foreign::may_take_what_is_there;
use super::made::declares_created;
use super::plan::{Planned, Planner};
use crate::api::OperationId;
use crate::resource::{Action, Entry, Found, Recipe, Teller, Use};
use crate::scenario::{Case, Scenario, Step, placeholder};

/// A scenario that an earlier run kept.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// What was sent.
    pub scenario: Scenario,
    /// Whether its last request is valid, so that its answer tells of things that exist.
    pub is_valid: bool,
    /// Whether its last answer was 2xx.
    pub reaches: bool,
    /// Whether that was so on a target without anything that the earlier run had made.
    pub alone: bool,
}

impl Planned {
    /// The typed values of its last request: none if it holds what is known only when it is sent, since then nothing can be
    /// learned from what its values are.
    pub(super) fn known_case(&self) -> Option<Arc<Case>> {
        let (last, before) = self.scenario.steps.split_last()?;
        let is_known = last.fresh.is_empty() && before.iter().all(|step| step.captures.is_empty());
        last.case.clone().filter(|_| is_known)
    }
}

/// Scenarios that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The best one of each operation.
    first: VecDeque<Planned>,
    /// Others that reach theirs, for operations that the first ones leave without a 2xx.
    spare: VecDeque<Planned>,
    rest: VecDeque<Planned>,
    /// Those that may ruin the target.
    late: VecDeque<Planned>,
}

impl Waiting {
    /// Those whose turn it is, of at most so many requests: of one queue only, since what comes of it tells whether the spare
    /// ones are needed.
    pub(super) fn take(&mut self, requests: usize, is_late: bool, is_reached: impl Fn(usize) -> bool) -> Vec<Planned> {
        if self.first.is_empty() {
            let (needless, needed) = self.spare.drain(..).partition(|one| is_reached(one.lane));
            self.spare = needed;
            self.rest.extend::<VecDeque<_>>(needless);
        }
        let queues = [&mut self.first, &mut self.spare, &mut self.rest];
        let Some(queue) = queues.into_iter().find(|queue| !queue.is_empty()).or(is_late.then_some(&mut self.late))
        else {
            return Vec::new();
        };
        let mut room = requests;
        let mut taken = Vec::new();
        while let Some(next) = queue.pop_front_if(|next| next.requests() <= room) {
            room -= next.requests();
            taken.push(next);
        }
        taken
    }
}

/// Which queue something waits in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Spare,
    Rest,
}

impl Planner {
    /// Sends these before anything else, `most` requests at most. Those with an operation that is not in the run are left
    /// out, and those that may ruin the target wait for the end.
    pub fn remember(&mut self, remembered: Vec<Remembered>, most: usize) {
        let placed: Vec<_> = remembered.into_iter().filter_map(|one| Some((self.place(&one.scenario)?, one))).collect();
        let order = self.order(placed);
        let mut room = most;
        for (number, (turn, lane, one)) in order.into_iter().enumerate() {
            let requests = one.scenario.steps.len();
            if requests > room {
                continue;
            }
            room -= requests;
            let planned = self.again(one, lane, number as u64);
            let queue = match turn {
                _ if self.lanes[lane].is_ruinous || may_take_what_is_there(&planned.scenario) => &mut self.waiting.late,
                Turn::First => &mut self.waiting.first,
                Turn::Spare => &mut self.waiting.spare,
                Turn::Rest => &mut self.waiting.rest,
            };
            queue.push_back(planned);
        }
    }

    /// What is remembered and has its turn, of at most so many requests.
    pub(super) fn take(&mut self, requests: usize, is_late: bool) -> Vec<Planned> {
        self.waiting.take(requests, is_late, |lane| self.lanes[lane].report.reached)
    }

    /// Sends nothing but what is remembered.
    pub fn send_only_remembered(&mut self) {
        self.only_remembered = true;
    }

    /// First the fewest requests that reach all operations that can be: the best scenario of each, the longest of
    /// these before the others, since their first steps reach operations too, and deletions last. Then all others, those
    /// before the rest that reach something.
    fn order(&self, mut placed: Vec<(usize, Remembered)>) -> Vec<(Turn, usize, Remembered)> {
        placed.sort_by_cached_key(|(_, one)| (!one.reaches, !one.alone, one.scenario.steps.len(), !one.is_valid));
        let mut best: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, (lane, _)) in placed.iter().enumerate().filter(|(_, (_, one))| one.reaches) {
            best.entry(*lane).or_insert(index);
        }
        let mut first: Vec<usize> = best.into_values().collect();
        first.sort_by_key(|index| {
            let (lane, one) = &placed[*index];
            (self.action(*lane) == Some(Action::Delete), Reverse(one.scenario.steps.len()))
        });
        let mut reached: BTreeSet<OperationId> = BTreeSet::new();
        first.retain(|index| {
            let steps = &placed[*index].1.scenario.steps;
            let is_new = steps.last().is_some_and(|step| !reached.contains(&step.operation));
            reached.extend(steps.iter().filter(|_| is_new).map(|step| step.operation.clone()));
            is_new
        });
        let turns: BTreeMap<usize, usize> = first.into_iter().enumerate().map(|(turn, index)| (index, turn)).collect();
        let mut order: Vec<_> = placed.into_iter().enumerate().collect();
        order.sort_by_key(|(index, _)| turns.get(index).copied().unwrap_or(usize::MAX));
        let turn = |index: usize, one: &Remembered| match one.reaches {
            true if turns.contains_key(&index) => Turn::First,
            true => Turn::Spare,
            false => Turn::Rest,
        };
        order.into_iter().map(|(index, (lane, one))| (turn(index, &one), lane, one)).collect()
    }

    /// Of what ends things, one for each operation that did not answer 2xx yet, those with the deepest paths first.
    pub fn first_ends(&self, ends: Vec<Scenario>) -> Vec<Planned> {
        let is_left = |lane: &usize| !self.only_remembered && !self.lanes[*lane].report.reached;
        let mut first: BTreeMap<usize, Scenario> = BTreeMap::new();
        for scenario in ends {
            if let Some(lane) = self.place(&scenario).filter(is_left) {
                first.entry(lane).or_insert(scenario);
            }
        }
        let planned = |(lane, scenario)| Planned {
            scenario,
            fresh: self.making.seed,
            uses: Vec::new(),
            lane,
            recorded: Some(true),
        };
        let mut planned: Vec<_> = first.into_iter().map(planned).collect();
        planned.sort_by_key(|one| Reverse(self.lanes[one.lane].depth()));
        planned
    }

    /// The lane of the last step, if all steps are of operations that are in the run.
    fn place(&self, scenario: &Scenario) -> Option<usize> {
        let lane = |step: &Step| self.lanes.iter().position(|lane| lane.operation.id == step.operation);
        scenario.steps.iter().map(lane).collect::<Option<Vec<_>>>()?.last().copied()
    }

    fn action(&self, lane: usize) -> Option<Action> {
        self.lanes[lane].binder.role().map(|role| role.action)
    }

    fn again(&self, one: Remembered, lane: usize, number: u64) -> Planned {
        let Remembered { mut scenario, is_valid, .. } = one;
        // They do not count as sent: the same request made from a case is known better than one that was read.
        scenario.steps.iter_mut().for_each(|step| step.identity = self.identity.clone());
        let fresh = self.making.seed.child("recorded", number);
        Planned { scenario, fresh, uses: Vec::new(), lane, recorded: Some(is_valid) }
    }

    /// Takes in what each step of a recorded scenario led to.
    pub(super) fn fold_steps(&mut self, planned: &Planned, lessons: Vec<(Glimpse, Vec<Found>)>) {
        let scenario = Arc::new(planned.scenario.clone());
        let mut known: Vec<(usize, Vec<Arc<Entry>>)> = Vec::new();
        for (index, (glimpse, found)) in lessons.into_iter().enumerate() {
            let step = &scenario.steps[index];
            let uses = uses(&scenario, index, &known);
            let action = self.graph.role(&step.operation).map(|role| role.action);
            match (glimpse.is_success(), action, uses.last()) {
                (true, Some(Action::Delete), Some(ended)) => self.pool.remove(&ended.entry),
                (true, ..) => uses.iter().for_each(|used| self.pool.hit(&used.entry)),
                _ => {}
            }
            if !found.is_empty() {
                let is_ours = self.is_ours(&step.operation, glimpse);
                let recipe = || Recipe::Recorded { scenario: Arc::clone(&scenario), index };
                let teller = Teller { operation: &step.operation, uses: &uses };
                known.push((index, self.pool.learn(found, teller, recipe, is_ours)));
            }
        }
    }

    /// Whether what an operation told of in this answer was made by it.
    pub(super) fn is_ours(&self, operation: &OperationId, glimpse: Glimpse) -> bool {
        match self.graph.role(operation).map(|role| role.action) {
            // What is told of by another status was there: the thing that the name belongs to already.
            Some(Action::Create) => {
                let lane = self.lanes.iter().find(|lane| lane.operation.id == *operation);
                glimpse.outcome == Ok(201) || lane.is_none_or(|lane| !declares_created(&lane.operation))
            }
            Some(Action::Replace) => glimpse.outcome == Ok(201),
            _ => false,
        }
    }
}

/// The things that earlier steps told of and this one names in its target.
fn uses(scenario: &Scenario, index: usize, known: &[(usize, Vec<Arc<Entry>>)]) -> Vec<Use> {
    let target = scenario.steps[index].request.target_text();
    let mut uses = Vec::new();
    for (earlier, entries) in known {
        for capture in &scenario.steps[*earlier].captures {
            if !target.contains(&placeholder(&capture.name)) {
                continue;
            }
            for entry in entries {
                let field = entry
                    .fields
                    .iter()
                    .chain(&entry.others)
                    .find(|(_, held)| held.from.as_ref() == Some(&capture.from))
                    .map(|(field, _)| field);
                uses.extend(field.map(|field| Use {
                    parameter: None,
                    pointer: "".into(),
                    entry: Arc::clone(entry),
                    field: field.clone(),
                }));
            }
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode::samples::{case, operation};
    use crate::scenario::{ANONYMOUS, Capture, IdentityName, Source};
    use crate::seed::Seed;
    use crate::transport::canned;
    use crate::wire::{Exchange, Request};

    /// Whether the values of the last of these steps are known, each with its new names and with what it captures.
    #[track_caller]
    fn check(steps: &[(&[&str], &[&str])], expected: bool) {
        let operation = operation("POST", "/a", json!({}));
        let capture = |name: &&str| Capture { name: (*name).to_owned(), from: Source::Location };
        let step = |(fresh, captures): &(&[&str], &[&str])| Step {
            operation: operation.id.clone(),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("POST", "/a")),
            fresh: fresh.iter().map(ToString::to_string).collect(),
            captures: captures.iter().map(capture).collect(),
            case: Some(Arc::new(case(&operation, &[]))),
            at_once: false,
        };
        let scenario = Scenario::plain(steps.iter().map(step).collect());
        let planned = Planned { scenario, fresh: Seed::new(1), uses: vec![], lane: 0, recorded: Some(true) };
        assert_eq!(planned.known_case().is_some(), expected, "{steps:?}");
    }

    #[test]
    fn nothing_is_learned_from_values_that_are_not_known() {
        check(&[(&[], &[])], true);
        check(&[(&["fresh"], &[]), (&[], &[])], true);
        check(&[(&[], &[]), (&[], &["own"])], true);
        check(&[(&["fresh"], &[])], false);
        check(&[(&[], &["id"]), (&[], &[])], false);
        check(&[], false);
    }

    #[test]
    fn what_ends_things_has_one_turn_for_each_operation_the_deepest_first() {
        let path = |names: &[&str]| {
            let one = |name: &&str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
            json!({"parameters": names.iter().map(one).collect::<Vec<_>>()})
        };
        let operations = vec![
            operation("DELETE", "/a/{a}", path(&["a"])),
            operation("DELETE", "/a/{a}/b/{b}", path(&["a", "b"])),
            operation("DELETE", "/c/{c}", path(&["c"])),
        ];
        let mut planner = Planner::plain(operations, ANONYMOUS, "");
        let end = |operation: &str, target: &'static str| {
            Scenario::single(Step {
                operation: OperationId::from_text(operation),
                identity: IdentityName::new(ANONYMOUS),
                request: Arc::new(Request::new("DELETE", target)),
                fresh: vec![],
                captures: vec![],
                case: None,
                at_once: false,
            })
        };
        let ends = || {
            let (above, below) = ("DELETE /a/{a}", "DELETE /a/{a}/b/{b}");
            let other = end("DELETE /other/{x}", "/other/1");
            vec![end(above, "/a/2"), end(above, "/a/1"), other, end(below, "/a/1/b/3"), end("DELETE /c/{c}", "/c/9")]
        };
        let targets = |planned: &[Planned]| -> Vec<String> {
            planned.iter().map(|one| one.scenario.steps[0].request.target_text().into_owned()).collect()
        };
        let first = planner.first_ends(ends());
        assert_eq!(targets(&first), ["/a/1/b/3", "/a/2", "/c/9"]);
        let gone = Exchange {
            request: Arc::clone(&first[1].scenario.steps[0].request),
            sent: bytes::Bytes::new(),
            outcome: canned::json(204, &json!(null)),
            elapsed: std::time::Duration::ZERO,
        };
        let lesson = planner.look(&first[1], &[gone]).unwrap();
        planner.fold(&first[1], lesson, false);
        assert_eq!(targets(&planner.first_ends(ends())), ["/a/1/b/3", "/c/9"]);
    }
}
