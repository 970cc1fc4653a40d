//! What both targets answered to one scenario, and what several such rounds show. Main type: [`Round`]; main function:
//! [`stands`].

use std::collections::{BTreeMap, BTreeSet};

use super::outline::Outline;
use super::spot::{Class, Spot, is_slower, spots, unstable};
use crate::engine::Execution;
use crate::wire::{Exchange, FaultKind, ends_in};

/// The ways in which an answer breaks its schema: what is wrong, by its signature.
pub(super) type Breaches = BTreeMap<String, String>;

/// What both targets answered to one scenario.
pub(super) struct Round {
    /// The first one.
    pub(super) base: Execution,
    /// The second one.
    pub(super) head: Execution,
    /// What is known of the answers to each step, as far as both carried it out.
    pub(super) known: Vec<[(Outline, Breaches); 2]>,
}

/// One target's answer to one step.
#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    /// As it came.
    pub(super) exchange: &'a Exchange,
    outline: &'a Outline,
    breaches: &'a Breaches,
}

impl Round {
    /// The first target's answer, if both answered the step.
    pub(super) fn base_at(&self, step: usize) -> Option<Answer<'_>> {
        let (outline, breaches) = &self.known.get(step)?[0];
        Some(Answer { exchange: &self.base.exchanges[step], outline, breaches })
    }

    /// The second one's.
    pub(super) fn head_at(&self, step: usize) -> Option<Answer<'_>> {
        let (outline, breaches) = &self.known.get(step)?[1];
        Some(Answer { exchange: &self.head.exchanges[step], outline, breaches })
    }

    /// Whether one of them took no connection.
    pub(super) fn is_refused(&self) -> bool {
        [&self.base, &self.head].into_iter().any(|execution| ends_in(&execution.exchanges, FaultKind::Refused))
    }
}

impl Answer<'_> {
    /// Where the second answer differs from this one.
    pub(super) fn spots(&self, head: &Self, timing: bool) -> Vec<Spot> {
        let mut found = spots(self.exchange, head.exchange, (self.outline, head.outline), timing);
        if self.exchange.outcome.status() == head.exchange.outcome.status() {
            let new = head.breaches.iter().filter(|(signature, _)| !self.breaches.contains_key(*signature));
            found.extend(new.map(|(signature, title)| Spot {
                class: Class::Schema,
                place: signature.clone(),
                base: "conforms there".to_owned(),
                head: title.clone(),
            }));
        }
        found
    }

    /// Where the two differ, seen from both sides: what is gone in one is new in the other.
    pub(super) fn unstable(&self, other: &Self) -> Vec<Spot> {
        unstable(self.exchange, other.exchange, (self.outline, other.outline))
    }

    /// What it shows in the respect in which the spot differs, if it can show that.
    fn shows(&self, spot: &Spot) -> Option<BTreeSet<String>> {
        let place = || spot.place.split_once(' ').map(|(_, place)| place);
        match spot.class {
            Class::StatusClass | Class::Status => Some(BTreeSet::from([self.exchange.outcome.to_string()])),
            Class::Schema => {
                let is_broken = self.breaches.contains_key(&spot.place);
                Some(BTreeSet::from([if is_broken { "broken" } else { "kept" }.to_owned()]))
            }
            Class::MemberGone | Class::MemberNew => {
                let (above, name) = place()?.rsplit_once('/')?;
                let node = self.outline.nodes.get(above).filter(|node| node.objects > 0)?;
                let is_there = node.members.contains(name);
                Some(BTreeSet::from([if is_there { "there" } else { "gone" }.to_owned()]))
            }
            Class::Type => {
                let kinds = &self.outline.nodes.get(place()?)?.kinds;
                Some(kinds.iter().map(|kind| (*kind).to_owned()).collect())
            }
            Class::Value | Class::Header | Class::Slower => None,
        }
    }

    /// Whether the two differ in this very place.
    fn differs(&self, other: &Self, spot: &Spot) -> bool {
        self.unstable(other).iter().any(|one| (one.class, &one.place) == (spot.class, &spot.place))
    }

    fn millis(&self) -> u128 {
        self.exchange.elapsed.as_millis()
    }
}

/// In how many of these rounds the difference could show, if it did in all of them: the second target always shows what the
/// first one never does. `None` if not.
///
/// A status, a member and a type are what may be seen of few kinds, so they may vary as long as nothing of what the second
/// target shows is among what the first one does. A value and a header have to be the same each time on each side: of those
/// that vary, no two are the same anyway. Of times, the shortest of the second one must be of another order than the longest
/// of the first one.
pub(super) fn stands(spot: &Spot, step: usize, rounds: &[Round]) -> Option<usize> {
    let status = rounds.first()?.base_at(step)?.exchange.outcome.status();
    // An answer of another status says nothing of what is in the body.
    let says = |answer: &Answer<'_>| is_of_all(spot.class) || answer.exchange.outcome.status() == status;
    let base: Vec<_> = rounds.iter().filter_map(|round| round.base_at(step)).filter(says).collect();
    let head: Vec<_> = rounds.iter().filter_map(|round| round.head_at(step)).filter(says).collect();
    let (first, other) = (base.first()?, head.first()?);
    let is_it = match spot.class {
        Class::Slower => {
            let longest = base.iter().map(Answer::millis).max()?;
            head.iter().all(|answer| is_slower(longest, answer.millis()))
        }
        Class::Value | Class::Header => {
            base.iter().all(|answer| !first.differs(answer, spot))
                && head.iter().all(|answer| !other.differs(answer, spot) && first.differs(answer, spot))
        }
        _ => return never_shown(spot, &base, &head),
    };
    is_it.then_some(base.len().min(head.len()))
}

fn never_shown(spot: &Spot, base: &[Answer<'_>], head: &[Answer<'_>]) -> Option<usize> {
    let of = |answers: &[Answer<'_>]| answers.iter().filter_map(|answer| answer.shows(spot)).collect::<Vec<_>>();
    let (base, head) = (of(base), of(head));
    let known: BTreeSet<&String> = base.iter().flatten().collect();
    let is_it = head.iter().all(|kinds| kinds.iter().any(|kind| !known.contains(kind)));
    is_it.then_some(base.len().min(head.len()))
}

/// Whether answers of any status show it.
fn is_of_all(class: Class) -> bool {
    matches!(class, Class::StatusClass | Class::Status | Class::Slower)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::compare::outline::Local;
    use crate::transport::canned;
    use crate::wire::Request;

    /// What was answered: the status, the body and after how many milliseconds.
    type Said<'a> = (u16, Value, u64);

    fn execution((status, body, millis): &Said<'_>) -> (Execution, (Outline, Breaches)) {
        let request = Arc::new(Request::new("GET", "/a"));
        let (outcome, elapsed) = (canned::json(*status, body), Duration::from_millis(*millis));
        let exchange = Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed };
        let outline = Outline::of(&exchange, &Local::default());
        let execution = Execution { exchanges: vec![exchange], broken: None, log: vec![], reported: None };
        (execution, (outline, Breaches::new()))
    }

    fn round(base: &Said<'_>, head: &Said<'_>) -> Round {
        let ((base, one), (head, other)) = (execution(base), execution(head));
        Round { base, head, known: vec![[one, other]] }
    }

    /// Which of the differences of the first round stand after all of them, by their classes.
    #[track_caller]
    fn check(rounds: &[(Said<'_>, Said<'_>)], expected: &[(Class, usize)]) {
        let rounds: Vec<_> = rounds.iter().map(|(base, head)| round(base, head)).collect();
        let spots = rounds[0].base_at(0).unwrap().spots(&rounds[0].head_at(0).unwrap(), true);
        let standing = spots.iter().filter_map(|spot| Some((spot.class, stands(spot, 0, &rounds)?)));
        assert_eq!(standing.collect::<Vec<_>>(), expected);
    }

    fn status(status: u16) -> Said<'static> {
        (status, json!({}), 1)
    }

    fn body(value: Value) -> Said<'static> {
        (200, value, 1)
    }

    fn after(millis: u64) -> Said<'static> {
        (200, json!({}), millis)
    }

    #[test]
    fn a_status_counts_that_base_never_gives() {
        check(&[(status(200), status(500)), (status(503), status(500))], &[(Class::StatusClass, 2)]);
        check(&[(status(200), status(500)), (status(200), status(502))], &[(Class::StatusClass, 2)]);
        check(&[(status(200), status(503)), (status(503), status(503))], &[]);
        check(&[(status(200), status(503)), (status(200), status(200))], &[]);
    }

    #[test]
    fn members_and_types_count_that_base_never_shows() {
        let (with, without) = (|| body(json!({"a": 1})), || body(json!({})));
        check(&[(with(), without()), (with(), without())], &[(Class::MemberGone, 2)]);
        check(&[(with(), without()), (without(), without())], &[]);
        check(&[(with(), without()), (status(503), without())], &[(Class::MemberGone, 1)]);
        let of = |value: Value| body(json!({"a": value}));
        check(&[(of(json!(1)), of(json!("x"))), (of(Value::Null), of(json!("x")))], &[(Class::Type, 2)]);
        check(&[(of(json!(1)), of(Value::Null)), (of(Value::Null), of(Value::Null))], &[]);
    }

    #[test]
    fn a_value_counts_that_is_the_same_each_time_on_each_side() {
        let of = |value: u32| body(json!({"a": value}));
        check(&[(of(1), of(2)), (of(1), of(2))], &[(Class::Value, 2)]);
        check(&[(of(1), of(2)), (of(1), of(3))], &[]);
        check(&[(of(1), of(2)), (of(3), of(2))], &[]);
    }

    #[test]
    fn another_order_of_time_counts_if_no_answer_of_base_took_as_long() {
        check(&[(after(10), after(120)), (after(20), after(130))], &[(Class::Slower, 2)]);
        check(&[(after(10), after(120)), (after(60), after(130))], &[]);
        check(&[(after(10), after(120)), (after(10), after(11))], &[]);
    }
}
