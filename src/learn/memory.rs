//! What was learned, operation by operation. Main type: [`Learned`].
//!
//! A rule holds after it was seen twice in answers to valid requests that broke it. It is dropped for good when a request
//! that breaks it is accepted, or when the complaint goes on though it was kept. Everything is taken in in the order of
//! the cases, so that the same answers teach the same.

use std::collections::BTreeMap;

use super::rule::Check;
use super::shape::{Ground, keeps, shape};
use super::tally::{Tally, Totals};
use super::{Complaint, LearnedRule, Rule, Spot, is_refusal, resolve};
use crate::api::OperationId;
use crate::scenario::{Case, Intent};

/// How often a rule must be seen.
const SIGHTINGS: u32 = 2;
/// How often a complaint is heard in vain; for rules of an earlier run once.
const MOST_IN_VAIN: u32 = 3;
/// How many rules of one operation are remembered, dropped ones among them.
const MOST_RULES: usize = 48;
/// One case in so many goes out as it was, and one as if fields were not known to be refused: else nothing could ever
/// contradict what was learned.
const FREE: u64 = 16;

/// What refusals taught.
#[derive(Debug, Default)]
pub struct Learned {
    operations: BTreeMap<OperationId, Known>,
    totals: Totals,
}

/// What is known of one operation.
#[derive(Debug, Default)]
struct Known {
    rules: Vec<Entry>,
    tally: Option<Tally>,
    turn: u64,
}

#[derive(Debug)]
struct Entry {
    spot: Spot,
    check: Check,
    sightings: u32,
    in_vain: u32,
    state: State,
    /// Whether it comes from an earlier run.
    is_old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Seen,
    Adopted,
    Dropped,
}

impl Learned {
    /// Takes up what an earlier run learned.
    pub fn remember(&mut self, rules: Vec<LearnedRule>) {
        for LearnedRule { operation, place, rule } in rules {
            let known = self.operations.entry(OperationId::from_text(&operation)).or_default();
            if let Some(entry) = known.entry(&place, rule) {
                (entry.state, entry.is_old) = (State::Adopted, true);
            }
        }
    }

    /// Takes in what a case was answered. Only valid ones teach: the refusal of any other says nothing new.
    pub fn fold(&mut self, case: &Case, status: u16, complaints: &[Complaint]) {
        let is_success = (200..300).contains(&status);
        if !case.intent.is_valid() || !is_success && !is_refusal(status) {
            return;
        }
        let operation = &case.operation;
        if !self.operations.contains_key(&operation.id) {
            self.operations.insert(operation.id.clone(), Known::default());
        }
        let Some(known) = self.operations.get_mut(&operation.id) else { return };
        let mut tally = known.tally.take().unwrap_or_else(|| Tally::new(operation, &mut self.totals));
        if is_success {
            known.contradict(case);
            tally.accept(case, &mut self.totals);
        } else {
            let (blamed, is_explained) = known.blame(case, complaints);
            if is_explained {
                tally.absolve(&mut self.totals);
            }
            // What breaks a rule is refused for that.
            if known.adopted().all(|entry| keeps(case, &entry.spot, &entry.check)) {
                tally.refuse(case, &blamed, &mut self.totals);
            }
        }
        for spot in tally.unwanted(operation, &self.totals) {
            if let Some(entry) = known.entry(&spot, Rule::Forbidden).filter(|entry| entry.state == State::Seen) {
                entry.state = State::Adopted;
            }
        }
        known.tally = Some(tally);
    }

    /// Whether there is something that the case could be changed for.
    pub fn concerns(&self, case: &Case) -> bool {
        let known = || self.operations.get(&case.operation.id);
        case.intent == Intent::Valid && known().is_some_and(|known| known.adopted().next().is_some())
    }

    /// Changes a valid case to keep what was learned, now and then less than all of it; whether it was changed.
    pub fn shape(&mut self, case: &mut Case, ground: &dyn Ground) -> bool {
        if !self.concerns(case) {
            return false;
        }
        let Some(known) = self.operations.get_mut(&case.operation.id) else { return false };
        let turn = known.turn;
        known.turn += 1;
        match turn % FREE {
            7 => known.shape(case, ground, |rule| *rule != Rule::Forbidden),
            15 => false,
            _ => known.shape(case, ground, |_| true),
        }
    }

    /// The rules that hold, by operation, in the order in which they were learned.
    pub fn rules(&self) -> Vec<LearnedRule> {
        let rules = self.operations.iter().flat_map(|(operation, known)| {
            known.adopted().map(move |entry| LearnedRule {
                operation: operation.to_string(),
                place: entry.spot.clone(),
                rule: entry.check.rule.clone(),
            })
        });
        rules.collect()
    }
}

impl Known {
    fn adopted(&self) -> impl Iterator<Item = &Entry> {
        self.rules.iter().filter(|entry| entry.state == State::Adopted)
    }

    /// The entry of a rule, made if there is room.
    fn entry(&mut self, spot: &Spot, rule: Rule) -> Option<&mut Entry> {
        let known = self.rules.iter().position(|entry| entry.check.rule == rule && entry.spot == *spot);
        let index = match known {
            Some(index) => index,
            None if self.rules.len() >= MOST_RULES => return None,
            None => {
                let (spot, check) = (spot.clone(), Check::new(rule));
                self.rules.push(Entry { spot, check, sightings: 0, in_vain: 0, state: State::Seen, is_old: false });
                self.rules.len() - 1
            }
        };
        self.rules.get_mut(index)
    }

    /// Drops what an accepted case contradicts.
    fn contradict(&mut self, case: &Case) {
        for entry in self.rules.iter_mut().filter(|entry| entry.state != State::Dropped) {
            if !keeps(case, &entry.spot, &entry.check) {
                entry.state = State::Dropped;
            }
        }
    }

    /// Takes complaints in: the places that they are about, and whether a rule was adopted for them.
    fn blame(&mut self, case: &Case, complaints: &[Complaint]) -> (Vec<Spot>, bool) {
        let mut blamed = Vec::new();
        // One answer is one sighting, however often it says the same.
        let mut sighted: Vec<(Spot, Rule, bool)> = Vec::new();
        for complaint in complaints {
            let Some(spot) = resolve::resolve(&case.operation, complaint) else { continue };
            for (rule, is_kept) in meant(case, &spot, &complaint.rule) {
                if !sighted.iter().any(|(known, other, _)| *known == spot && *other == rule) {
                    sighted.push((spot.clone(), rule, is_kept));
                }
            }
            blamed.push(spot);
        }
        let adopted = sighted.into_iter().filter(|(spot, rule, is_kept)| self.sight(spot, rule, *is_kept)).count();
        (blamed, adopted > 0)
    }

    /// Takes a sighting of a rule in; whether it was adopted for that.
    fn sight(&mut self, spot: &Spot, rule: &Rule, is_kept: bool) -> bool {
        if is_kept {
            let known = self.rules.iter_mut().find(|entry| entry.check.rule == *rule && entry.spot == *spot);
            if let Some(entry) = known {
                entry.in_vain += 1;
                let most = if entry.is_old { 1 } else { MOST_IN_VAIN };
                if entry.in_vain >= most {
                    entry.state = State::Dropped;
                }
            }
            return false;
        }
        let Some(entry) = self.entry(spot, rule.clone()).filter(|entry| entry.state == State::Seen) else {
            return false;
        };
        entry.sightings += 1;
        if entry.sightings >= SIGHTINGS {
            entry.state = State::Adopted;
        }
        entry.state == State::Adopted
    }

    /// What must be there comes first, and what may not next; other rules are about what is there then.
    fn shape(&self, case: &mut Case, ground: &dyn Ground, is_meant: impl Fn(&Rule) -> bool) -> bool {
        let rank = |entry: &Entry| match entry.check.rule {
            Rule::Required => 0,
            Rule::Forbidden => 1,
            Rule::NotBlank => 2,
            Rule::Type(_) => 3,
            _ => 4,
        };
        let mut rules: Vec<&Entry> = self.adopted().filter(|entry| is_meant(&entry.check.rule)).collect();
        rules.sort_by_key(|entry| rank(entry));
        shape(case, rules.into_iter().map(|entry| (&entry.spot, &entry.check)), ground)
    }
}

/// What a complaint about this case means, and whether the case kept it: who complains of the form of what is not there
/// asks for it first, and who asks for what is there but empty wants it filled.
fn meant(case: &Case, spot: &Spot, rule: &Rule) -> Vec<(Rule, bool)> {
    let holds = |rule: &Rule| keeps(case, spot, &Check::new(rule.clone()));
    let is_there = holds(&Rule::Required);
    match rule {
        Rule::NotBlank if !is_there => vec![(Rule::Required, false)],
        Rule::Required if is_there && !holds(&Rule::NotBlank) => vec![(Rule::NotBlank, false)],
        Rule::Required | Rule::Forbidden => vec![(rule.clone(), holds(rule))],
        rule if !is_there => vec![(Rule::Required, false), (rule.clone(), false)],
        rule => vec![(rule.clone(), holds(rule))],
    }
}
