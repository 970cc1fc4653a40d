//! The things that are known to exist. Main type: [`Pool`].
//!
//! What was found dead is dropped, and each kind is bounded. The pool is a function of what was folded in order, so runs
//! of the same seed have the same one.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::entry::{Entry, LESSER, Maker, Recipe, STAND_INS, Teller, Use};
use super::graph::Kind;
use super::harvest::{Found, Held};
use crate::api::OperationId;

/// How many things of one kind are kept.
const MOST: usize = 48;
/// After how many answers that it is not there a thing counts as gone, and how much one counts if it may be that the thing
/// is only called otherwise.
const MOST_MISSES: u32 = 16;
const MISS: u32 = 4;
const DOUBTFUL_MISS: u32 = 1;

/// The things that are known, by kind.
#[derive(Debug, Default)]
pub struct Pool {
    kinds: BTreeMap<Kind, Vec<Alive>>,
    /// By what things of a kind are called where a field is asked for, as answers showed.
    pub(super) proven: BTreeMap<(Kind, String), String>,
    next: u64,
}

#[derive(Debug)]
struct Alive {
    entry: Arc<Entry>,
    misses: u32,
    /// Taken by a request that is to end it.
    is_spent: bool,
}

/// How sure it is that a thing exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trust {
    /// An answer about something else named it.
    Mentioned,
    /// An answer was about it.
    Shown,
    /// The run made it.
    Ours,
}

impl Alive {
    fn trust(&self) -> Trust {
        match (self.entry.is_ours, self.entry.is_subject) {
            (true, _) => Trust::Ours,
            (false, true) => Trust::Shown,
            (false, false) => Trust::Mentioned,
        }
    }
}

impl Pool {
    /// Takes in what an answer told; the things that it told of, known or not. `recipe` is asked for only if one of them
    /// is new: most answers tell of what is known.
    pub fn learn(
        &mut self,
        found: Vec<Found>,
        teller: Teller<'_>,
        recipe: impl FnOnce() -> Recipe,
        is_ours: bool,
    ) -> Vec<Arc<Entry>> {
        let maker = LazyCell::new(|| Arc::new(teller.maker(recipe())));
        let mut told = Vec::with_capacity(found.len());
        for Found { kind, fields, others, is_subject } in found {
            let all = self.kinds.entry(Arc::clone(&kind)).or_default();
            let is_known =
                |alive: &&Alive| same(&alive.entry, &fields, &others) && !lie_apart(&kind, &alive.entry.maker, teller);
            if let Some(known) = all.iter().find(is_known) {
                told.push(Arc::clone(&known.entry));
                continue;
            }
            if all.len() >= MOST {
                // The oldest that is not ours goes first: what we made is what we may use up.
                let oldest = all.iter().position(|alive| !alive.entry.is_ours).unwrap_or(0);
                all.remove(oldest);
            }
            let (number, maker) = (self.next, Arc::clone(&maker));
            self.next += 1;
            let is_ours = is_ours && is_subject;
            let entry = Arc::new(Entry { number, kind, fields, others, maker, is_ours, is_subject });
            told.push(Arc::clone(&entry));
            all.push(Alive { entry, misses: 0, is_spent: false });
        }
        told
    }

    /// How many things of a kind can be used.
    pub fn count(&self, kind: &str) -> usize {
        self.alive(kind).count()
    }

    /// How many of them the run made.
    pub fn ours(&self, kind: &str) -> usize {
        self.alive(kind).filter(|alive| alive.entry.is_ours).count()
    }

    /// A thing of this kind that can be named, another one in each `turn`; one that the run made, if it must be, and none of
    /// `but` as long as there are others. What was only mentioned may never have been there, and what has an odd name can't
    /// be named in every place, so they have one turn in four.
    pub fn pick(&self, kind: &str, field: &str, turn: u64, ours: bool, but: &[u64]) -> Option<Arc<Entry>> {
        let other = (!but.is_empty()).then(|| self.pick_of(kind, field, turn, ours, but)).flatten();
        other.or_else(|| self.pick_of(kind, field, turn, ours, &[]))
    }

    fn pick_of(&self, kind: &str, field: &str, turn: u64, ours: bool, but: &[u64]) -> Option<Arc<Entry>> {
        let named = |alive: &'_ Alive| {
            let name = self.likeliest(&alive.entry, field)?;
            alive.entry.held(name).map(Held::is_plain)
        };
        let all = self.alive(kind).rev().filter(|alive| !but.contains(&alive.entry.number));
        let fit: Vec<(&Alive, bool)> = all.filter_map(|alive| Some((alive, named(alive)?))).collect();
        let newest = |least: Trust| {
            let trusted = || fit.iter().filter(|(alive, _)| alive.trust() >= least);
            let plain_only = turn % 4 < 3 && trusted().any(|(_, is_plain)| *is_plain);
            let allowed = || trusted().filter(|(_, is_plain)| *is_plain || !plain_only);
            let index = usize::try_from(turn).unwrap_or(0).checked_rem(allowed().count())?;
            allowed().nth(index).map(|(alive, _)| Arc::clone(&alive.entry))
        };
        match (ours, turn % 4) {
            (true, _) => newest(Trust::Ours),
            (false, 3) => newest(Trust::Mentioned),
            (false, 2) => newest(Trust::Shown).or_else(|| newest(Trust::Mentioned)),
            (false, _) => newest(Trust::Ours).or_else(|| newest(Trust::Shown)).or_else(|| newest(Trust::Mentioned)),
        }
    }

    /// The things of a kind that the run made by this operation, the newest first; also those that are spent or missed,
    /// since each can be made again.
    pub fn made(&self, kind: &str, operation: &OperationId) -> Vec<Arc<Entry>> {
        self.typed(kind, operation).cloned().collect()
    }

    /// Whether the run made such a thing by this operation: what an earlier run made is known by its bytes alone.
    pub fn has_made(&self, kind: &str, operation: &OperationId) -> bool {
        self.typed(kind, operation).next().is_some()
    }

    fn typed<'a>(&'a self, kind: &str, operation: &'a OperationId) -> impl Iterator<Item = &'a Arc<Entry>> {
        let all = self.kinds.get(kind).map_or(&[][..], Vec::as_slice).iter().rev();
        let is_it = move |entry: &&Arc<Entry>| {
            entry.is_ours && entry.maker.operation == *operation && entry.maker.case().is_some()
        };
        all.map(|alive| &alive.entry).filter(is_it)
    }

    /// Keeps a thing from being used any more: a request is about to end it.
    pub fn spend(&mut self, entry: &Entry) {
        self.with(entry, |alive| alive.is_spent = true);
    }

    /// A thing was said not to be there, when it was called by a name that is known to be one, or that may be none.
    pub fn miss(&mut self, entry: &Entry, is_proven: bool) {
        let miss = if is_proven { MISS } else { DOUBTFUL_MISS };
        self.with(entry, |alive| alive.misses += miss);
    }

    /// All things of a kind, also those that are gone.
    pub(super) fn known(&self, kind: &str) -> impl Iterator<Item = &Entry> {
        self.kinds.get(kind).map_or(&[][..], Vec::as_slice).iter().map(|alive| &*alive.entry)
    }

    /// A thing is there after all.
    pub fn hit(&mut self, entry: &Entry) {
        self.with(entry, |alive| (alive.misses, alive.is_spent) = (0, false));
    }

    /// A thing was ended.
    pub fn remove(&mut self, entry: &Entry) {
        if let Some(all) = self.kinds.get_mut(&entry.kind) {
            all.retain(|alive| alive.entry.number != entry.number);
        }
    }

    /// Whether nothing of this kind is known.
    pub fn is_empty(&self, kind: &str) -> bool {
        self.alive(kind).next().is_none()
    }

    fn alive(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Alive> {
        let all = self.kinds.get(kind).map_or(&[][..], Vec::as_slice);
        all.iter().filter(|alive| !alive.is_spent && alive.misses < MOST_MISSES)
    }

    fn with(&mut self, entry: &Entry, change: impl FnOnce(&mut Alive)) {
        let all = self.kinds.get_mut(&entry.kind);
        if let Some(alive) = all.and_then(|all| all.iter_mut().find(|alive| alive.entry.number == entry.number)) {
            change(alive);
        }
    }
}

/// Whether one operation was called below different things: what it told of then may have one name and be two things.
/// By which name it was called itself does not matter.
fn lie_apart(kind: &str, a: &Maker, b: Teller<'_>) -> bool {
    fn below(uses: &[Use], kind: &str) -> impl Iterator<Item = u64> {
        let parents = uses.iter().filter(move |used| used.parameter.is_some() && *used.entry.kind != *kind);
        parents.map(|used| used.entry.number)
    }
    a.operation == *b.operation && !below(&a.uses, kind).eq(below(b.uses, kind))
}

/// Whether this is told of a known thing: they agree on the first field by which both can be named, or on all else where
/// neither has a name.
fn same(known: &Entry, fields: &BTreeMap<String, Held>, others: &BTreeMap<String, Held>) -> bool {
    if known.fields.is_empty() && fields.is_empty() {
        return known.others.iter().map(value).eq(others.iter().map(value));
    }
    let a = &known.fields;
    let values = |field: &str| -> Option<(&Value, &Value)> { Some((&a.get(field)?.value, &fields.get(field)?.value)) };
    let names = STAND_INS.iter().chain(&LESSER).copied().chain(a.keys().map(String::as_str));
    names.into_iter().find_map(values).is_some_and(|(a, b)| a == b)
}

fn value<'a>((name, held): (&'a String, &'a Held)) -> (&'a String, &'a Value) {
    (name, &held.value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::Source;
    use crate::scenario::encode::samples::{case, operation};

    fn learn(pool: &mut Pool, found: Vec<Found>, uses: &[Use], is_ours: bool) {
        let operation = operation("POST", "/flows", json!({}));
        let recipe = || Recipe::Typed { case: Arc::new(case(&operation, &[])), names: vec![] };
        pool.learn(found, Teller { operation: &operation.id, uses }, recipe, is_ours);
    }

    fn found(kind: &str, id: u64) -> Found {
        Found::named(kind.into(), "id", Held::new(json!(id), Source::Body("/id".into())), true)
    }

    fn picked(pool: &Pool, turn: u64, ours: bool) -> Option<Value> {
        let entry = pool.pick("flow", "id", turn, ours, &[])?;
        Some(entry.field("id")?.1.value.clone())
    }

    #[test]
    fn the_newest_is_used_first_and_one_thing_is_known_once() {
        let mut pool = Pool::default();
        assert_eq!(picked(&pool, 0, false), None);
        learn(&mut pool, vec![found("flow", 1), found("flow", 2), found("flow", 1)], &[], false);
        assert_eq!((pool.count("flow"), pool.ours("flow")), (2, 0));
        let turns: Vec<_> = (0..3).filter_map(|turn| picked(&pool, turn, false)).collect();
        assert_eq!(turns, [json!(2), json!(1), json!(2)]);
        assert_eq!(picked(&pool, 0, true), None);
    }

    #[test]
    fn another_one_than_those_that_are_used_already_is_picked_while_there_is_one() {
        let mut pool = Pool::default();
        learn(&mut pool, vec![found("flow", 1), found("flow", 2)], &[], true);
        for turn in 0..4 {
            let first = pool.pick("flow", "id", turn, false, &[]).unwrap();
            let second = pool.pick("flow", "id", turn, false, &[first.number]).unwrap();
            assert_ne!(first.number, second.number, "{turn}");
        }
        let all: Vec<u64> =
            (0..2).filter_map(|turn| pool.pick("flow", "id", turn, false, &[])).map(|e| e.number).collect();
        assert!(pool.pick("flow", "id", 0, false, &all).is_some());
    }

    #[test]
    fn what_is_spent_or_gone_is_not_used() {
        let mut pool = Pool::default();
        learn(&mut pool, vec![found("flow", 1), found("flow", 2)], &[], true);
        let newest = pool.pick("flow", "id", 0, true, &[]).unwrap();
        pool.spend(&newest);
        assert_eq!(picked(&pool, 0, false), Some(json!(1)));
        pool.hit(&newest);
        assert_eq!(picked(&pool, 0, false), Some(json!(2)));
        (0..MOST_MISSES / MISS - 1).for_each(|_| pool.miss(&newest, true));
        assert_eq!(pool.count("flow"), 2);
        (0..MISS).for_each(|_| pool.miss(&newest, false));
        assert_eq!(pool.count("flow"), 1);
        let last = pool.pick("flow", "id", 0, true, &[]).unwrap();
        assert_ne!(last.number, newest.number);
        pool.remove(&last);
        assert!(pool.is_empty("flow"));
    }

    #[test]
    fn things_of_one_name_below_two_others_are_two() {
        let mut pool = Pool::default();
        learn(&mut pool, vec![found("user", 1), found("user", 2)], &[], true);
        for turn in 0..2 {
            let parent = pool.pick("user", "id", turn, true, &[]).unwrap();
            let used = Use { parameter: Some(0), pointer: "".into(), entry: parent, field: "id".into() };
            learn(&mut pool, vec![found("flow", 7)], std::slice::from_ref(&used), true);
            learn(&mut pool, vec![found("flow", 7)], &[used], true);
        }
        assert_eq!(pool.count("flow"), 2);
    }

    #[test]
    fn what_is_told_of_under_its_own_name_is_known_once() {
        let mut pool = Pool::default();
        learn(&mut pool, vec![found("flow", 1), found("flow", 2)], &[], true);
        for turn in 0..2 {
            let entry = pool.pick("flow", "id", turn, true, &[]).unwrap();
            let used = Use { parameter: Some(0), pointer: "".into(), entry, field: "id".into() };
            learn(&mut pool, vec![found("flow", 7)], &[used], false);
        }
        assert_eq!(pool.count("flow"), 3);
    }

    #[test]
    fn odd_names_have_one_turn_in_four() {
        let mut pool = Pool::default();
        let named =
            |name: &str| Found::named("flow".into(), "id", Held::new(json!(name), Source::Body("/id".into())), true);
        learn(&mut pool, vec![named("a-1"), named("b/c"), named("d e")], &[], true);
        let turns: Vec<_> = (0..3).filter_map(|turn| picked(&pool, turn, true)).collect();
        assert_eq!(turns, [json!("a-1"), json!("a-1"), json!("a-1")]);
        let odd = (0..3).filter_map(|turn| picked(&pool, 4 * turn + 3, true)).any(|name| name != json!("a-1"));
        assert!(odd);
    }

    #[test]
    fn a_thing_knows_what_it_lies_below() {
        let mut pool = Pool::default();
        learn(&mut pool, vec![found("user", 1), found("user", 2)], &[], true);
        let parent = pool.pick("user", "id", 1, true, &[]).unwrap();
        let used = Use { parameter: Some(0), pointer: "".into(), entry: Arc::clone(&parent), field: "id".into() };
        learn(&mut pool, vec![found("flow", 10)], &[used], true);
        let child = pool.pick("flow", "id", 0, true, &[]).unwrap();
        assert_eq!(child.ancestor("user").map(|entry| entry.number), Some(parent.number));
        assert!(child.ancestor("order").is_none());
    }

    #[test]
    fn a_kind_is_bounded() {
        let mut pool = Pool::default();
        learn(&mut pool, (0..200).map(|id| found("flow", id)).collect(), &[], false);
        assert_eq!(pool.count("flow"), MOST);
    }
}
