//! Exactly one rule broken, named, and proved broken after encoding. Main type: [`Malformed`].
//!
//! First every rule at every spot in the usual case, null and mixed-up types before all else; then, without end, a
//! rule of a random valid value. What a tolerant server could still read as valid is not sent.

mod breaks;
mod clause;
mod make;

use std::sync::Arc;

use arbitrary::Unstructured;

use super::Generator;
use super::coverage::Aim;
use super::list::{Item, Listed, Lists, each_spot, origin, rule, tape};
use super::plan::{Cache, DEPTH, Origin, Part, Place, Plan, Plans, Spot, apply, spots};
use super::tape::Tape;
use super::value::{How, conforming};
use crate::api::{Location, Operation};
use crate::scenario::encode::{Kind, kind};
use crate::scenario::{Case, GeneratorId, Intent, Rule, encode, malformed_request, proves_malformed};
use crate::seed::Seed;
use crate::wire::Request;

use breaks::{Break, breaks};

const ID: GeneratorId = GeneratorId("malformed");
/// How many enumerated cases are tried to see whether the operation has any.
const SAMPLE: u64 = 64;
/// Bytes of the tape of a random case.
const TAPE: usize = 768;

/// Makes cases that break one rule.
pub(crate) struct Malformed {
    lists: Lists<Break>,
    /// Whether anything at all could be proved of an operation.
    provable: Cache<bool>,
}

impl Malformed {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { lists: Lists::new(plans), provable: Cache::default() }
    }

    fn list(&self, operation: &Arc<Operation>) -> Arc<Listed<Break>> {
        self.lists.of(operation, fill)
    }
}

fn fill(plan: &Plan, items: &mut Vec<Item<Break>>) {
    // A rule counts as the one that is broken only if all others are known to hold.
    if !plan.is_proved() {
        return;
    }
    each_spot(plan, |place, spot, found| {
        if spot == 0 && can_be_missing(plan, place) {
            items.push(Item { place, spot, kind: Break::Absent, rank: 1 });
        }
        let part = plan.part(place).filter(|part| part.proved && is_judged(plan, place) && !found.again);
        for (rank, kind) in part.into_iter().flat_map(|part| breaks(part, found)) {
            items.push(Item { place, spot, kind, rank });
        }
    });
}

/// Whether anything but its absence can be proved of a part: mere text or bytes are whatever a server makes of them.
fn is_judged(plan: &Plan, place: Place) -> bool {
    let Place::Body(index) = place else { return true };
    let media_type = plan.bodies.get(usize::from(index)).map_or("", |body| &body.media_type);
    matches!(kind(media_type), Kind::Json | Kind::Form | Kind::Multipart)
}

/// Whether leaving the part out is an error.
fn can_be_missing(plan: &Plan, place: Place) -> bool {
    match place {
        Place::Body(index) => index == 0 && plan.operation.body.as_ref().is_some_and(|body| body.required),
        Place::Parameter(index) => {
            let parameter = &plan.operation.parameters[usize::from(index)];
            parameter.required && parameter.location != Location::Path
        }
    }
}

impl Generator for Malformed {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        let list = self.list(operation);
        // Where nothing enumerated is proved, such as in a body of mere bytes, no draw will be either.
        let some = |index: u64| self.case(operation, index, Seed::new(0)).is_some();
        let provable = self.provable.of(operation, || (0..SAMPLE.min(list.items.len() as u64)).any(some));
        if *provable { None } else { Some(list.items.len() as u64) }
    }

    fn enumerated(&self, operation: &Arc<Operation>) -> u64 {
        self.list(operation).items.len() as u64
    }

    fn aim(&self, operation: &Arc<Operation>, index: u64) -> Option<Aim> {
        self.list(operation).aim(index)
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        self.written(operation, index, seed).map(|(case, _)| case)
    }

    fn written(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<(Case, Request)> {
        let list = self.list(operation);
        let origin = origin(ID, index, seed);
        let (case, request) = match list.item(index) {
            Some((item, spot)) => {
                let case = enumerated(&list.plan, item, spot, origin)?;
                let finely = || is_finely_broken(&list.plan, item, spot, origin).then(|| encode(&case, ""));
                let request = malformed_request(&case).or_else(finely)?;
                (case, request)
            }
            None if list.items.is_empty() => return None,
            None => {
                let case = drawn(&list.plan, origin)?;
                let request = malformed_request(&case)?;
                (case, request)
            }
        };
        Some((case, request))
    }
}

/// Whether a limit that no double holds is broken by less than a double shows: it is if the nearest double beyond is proved
/// to break it, for of a number of which the digits are kept the others are just as well beyond.
fn is_finely_broken(plan: &Plan, item: Item<Break>, spot: &Spot, origin: Origin) -> bool {
    let coarse = || {
        let part = plan.part(item.place).filter(|part| part.wire == super::value::Wire::Json)?;
        let change = make::coarsely_beyond(part.document().constraints(spot.node), item.kind)?;
        let rule = rule(plan, item.place, spot, item.kind, String::new())?;
        let value = plan.changed(item.place, spot, change, origin)?;
        Some(plan.with(item.place, value, origin, Intent::Malformed(rule)))
    };
    coarse().is_some_and(|case| proves_malformed(&case))
}

fn enumerated(plan: &Plan, item: Item<Break>, spot: &Spot, origin: Origin) -> Option<Case> {
    if item.kind == Break::Absent {
        return Some(absent(plan, item.place, origin));
    }
    let part = plan.part(item.place)?;
    let made = make::change(part, spot, part.goods.get(usize::from(spot.base))?.at(&spot.pointer)?, item.kind)?;
    let rule = rule(plan, item.place, spot, item.kind, made.text)?;
    let value = plan.changed(item.place, spot, made.change, origin)?;
    Some(plan.with(item.place, value, origin, Intent::Malformed(rule)))
}

fn absent(plan: &Plan, place: Place, origin: Origin) -> Case {
    let name = plan.name(place, "");
    let rule = Rule { keyword: "required".to_owned(), place: name, member: None, change: "left out".to_owned() };
    let mut case = plan.usual(origin, Intent::Malformed(rule));
    match place {
        Place::Body(_) => case.body = None,
        Place::Parameter(index) => case.arguments.retain(|argument| argument.parameter != usize::from(index)),
    }
    case
}

/// One rule of one random value broken.
fn drawn(plan: &Plan, origin: Origin) -> Option<Case> {
    let bytes = tape(&plan.operation, origin, TAPE);
    let mut tape = Unstructured::new(&bytes);
    let is_open = |place: &Place| is_judged(plan, *place) && plan.part(*place).is_some_and(|part| part.proved);
    let places: Vec<Place> = plan.places().into_iter().filter(is_open).collect();
    let place = Tape::new(&mut tape).one_of(&places)?;
    let part = plan.part(place)?;
    let how = How { words: &plan.words.texts, ..How::drawn(part.wire) };
    let mut value = part.pinned(conforming(&part.schema, &mut tape, how, DEPTH)?);
    let (spot, kind) = choose(part, &value, &mut Tape::new(&mut tape))?;
    let made = make::change(part, &spot, value.at(&spot.pointer)?, kind)?;
    let rule = rule(plan, place, &spot, kind, made.text)?;
    let aimed = part.aimed(&spot, &made.change);
    apply(value.at_mut(&spot.pointer)?, made.change)?;
    part.pin_again(&mut value, &aimed);
    Some(plan.with(place, value, origin, Intent::Malformed(rule)))
}

fn choose(part: &Part, value: &crate::scenario::Datum, tape: &mut Tape<'_, '_>) -> Option<(Spot, Break)> {
    let all = spots(&part.schema, std::slice::from_ref(value));
    let spot = all.get(tape.below(all.len()))?.clone();
    // A clause is broken by a search, which takes long and would find the same again.
    let kinds: Vec<_> = breaks(part, &spot).into_iter().filter(|(_, kind)| !kind.is_clause()).collect();
    let (_, kind) = tape.one_of(&kinds)?;
    Some((spot, kind))
}

#[cfg(test)]
mod tests;
