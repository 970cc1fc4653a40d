//! Races: what two requests do at once that they do not do one after the other. Part of [`super::LifeCycle`].
//!
//! Each has its control in the same steps: the same requests one after the other show what the API promises. A promise that
//! it does not make there, nobody can break at once.

use serde_json::{Map, Value};

use super::compare::is_other;
use super::tail::Tail;
use crate::scenario::Law;

/// Whether the requests, sent one after the other, did what the race is measured against.
pub(super) fn control(law: Law, tail: &Tail<'_>) -> bool {
    match law {
        Law::DoubleCreate => makes_one(tail),
        Law::LostUpdate if is_conditional(tail) => refuses_what_is_stale(tail).is_some(),
        Law::LostUpdate => keeps_both(tail).is_some(),
        _ => true,
    }
}

/// What tells one bug from another of the same law and operation: a condition that is checked too early is none of a change
/// that writes back more than it changes.
pub(super) fn discriminators(law: Law, tail: &Tail<'_>) -> &'static [&'static str] {
    if law == Law::LostUpdate && is_conditional(tail) { &["if-match"] } else { &[] }
}

/// Create, the same again; create anew and the same at once, a read of each.
pub(super) fn double_create(tail: &Tail<'_>) -> Option<String> {
    if !makes_one(tail) || !tail.is_done(2) || !tail.is_done(3) {
        return None;
    }
    let (one, other) = (tail.captured(2, 2)?, tail.captured(3, 3)?);
    let (first, second) = (tail.read(4)?, tail.read(5)?);
    // A reader that shows the same under any name tells nothing.
    let are_two = one != other && first.body != second.body;
    are_two.then(|| format!("{one} and {other} are both there; one after the other, the second one {}", said(tail)))
}

/// Whether the second of two equal creations is refused, or answered with what the first one made.
fn makes_one(tail: &Tail<'_>) -> bool {
    let is_refused = matches!(tail.status(1), Some(400 | 409 | 422));
    let is_repeated = || tail.is_done(1) && tail.captured(0, 2).is_some() && tail.captured(0, 2) == tail.captured(1, 2);
    tail.is_done(0) && (is_refused || is_repeated())
}

fn said(tail: &Tail<'_>) -> String {
    match tail.status(1) {
        Some(status @ 400..) => format!("is answered {status}"),
        _ => "makes nothing new".to_owned(),
    }
}

/// Create; two changes and a read, the two in the other order with other values and a read; both at once, and a read.
/// Or create, read; a change, one that is stale, a read, one that is not, a read; two under one condition at once, a read.
pub(super) fn lost_update(tail: &Tail<'_>) -> Option<String> {
    if !tail.is_done(7) || !tail.is_done(8) {
        return None;
    }
    if is_conditional(tail) { both_conditions_held(tail) } else { one_is_gone(tail) }
}

fn is_conditional(tail: &Tail<'_>) -> bool {
    let has = |index: usize| tail.exchange(index).request.headers.contains("if-match");
    has(7) && has(8)
}

/// Two members with what a read shows of each before and after the second pair of changes.
struct Kept<'a> {
    names: [String; 2],
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
}

/// Whether both changes are kept one after the other, whichever comes first.
fn keeps_both<'a>(tail: &Tail<'a>) -> Option<Kept<'a>> {
    let mut sent = tail.sent(1)?;
    let other = tail.sent(2)?;
    let names = [sent.keys().next()?.clone(), other.keys().next()?.clone()];
    let is_apart = sent.len() == 1 && other.len() == 1 && names[0] != names[1];
    sent.extend(other);
    let (before, after) = (tail.shown(3, &sent)?, tail.shown(6, &sent)?);
    let changes = |name: &String| before.get(name).zip(after.get(name)).is_some_and(|(a, b)| is_other(a, b));
    let is_kept = is_apart && [0, 1, 2, 4, 5].into_iter().all(|index| tail.is_done(index)) && names.iter().all(changes);
    is_kept.then_some(Kept { names, before, after })
}

/// Both changes go back to what the first pair made of the members, so nothing that the server makes of values matters.
fn one_is_gone(tail: &Tail<'_>) -> Option<String> {
    let Kept { names: [one, other], before, after } = keeps_both(tail)?;
    let mut sent = tail.sent(7)?;
    sent.extend(tail.sent(8)?);
    let now = tail.shown(9, &sent)?;
    let is_there = |name: &String| now.get(name) == before.get(name);
    let is_gone = |name: &String| now.get(name) == after.get(name);
    let lost = match () {
        () if is_gone(&one) && is_there(&other) => one,
        () if is_there(&one) && is_gone(&other) => other,
        () => return None,
    };
    Some(format!("{lost:?} has its old value; one after the other, both changes are kept"))
}

/// Whether a change is refused whose condition does not hold any more. What a read shows after the change that held.
fn refuses_what_is_stale<'a>(tail: &Tail<'a>) -> Option<(String, &'a Value)> {
    let (first, second) = (tail.sent(2)?, tail.sent(3)?);
    let name = first.keys().find(|name| first.get(*name) != second.get(*name))?.clone();
    let is_refused = matches!(tail.status(3), Some(409 | 412));
    let (before, after) = (tail.shown(4, &first)?.get(&name)?, tail.shown(6, &first)?.get(&name)?);
    let is_told = [0, 2, 5].into_iter().all(|index| tail.is_done(index)) && is_refused && is_other(before, after);
    is_told.then_some((name, after))
}

fn both_conditions_held(tail: &Tail<'_>) -> Option<String> {
    let (name, before) = refuses_what_is_stale(tail)?;
    let (first, second) = (tail.sent(7)?, tail.sent(8)?);
    let now = tail.shown(9, &first)?.get(&name)?;
    let (one, other) = (first.get(&name)?, second.get(&name)?);
    // A change to what is there already may be served under any condition (RFC 9110 section 13.1.1).
    let is_change = is_other(one, before) && is_other(other, before) && is_other(one, other) && is_other(now, before);
    is_change.then(|| {
        let status = tail.status(3).unwrap_or_default();
        format!("both are served under the same If-Match; one after the other, the second one is answered {status}")
    })
}
