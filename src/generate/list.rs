//! What the enumerating generators share: a list of small descriptions per operation, made into cases one by one.

use std::sync::Arc;

use super::coverage::Aim;
use super::plan::{Cache, Origin, Place, Plan, Plans, Spot};
use crate::api::Operation;
use crate::scenario::{GeneratorId, Rule};
use crate::schema::Constraints;
use crate::seed::Seed;

/// How many cases an enumerating generator has for an operation at most.
const MOST: usize = 20_000;

/// What is done at a spot: its rule.
pub(crate) trait Kind: Copy {
    /// Whether the rule is kept.
    const IS_LEGAL: bool;

    /// The keyword of the rule.
    fn keyword(self, constraints: &Constraints) -> &'static str;

    /// The member of the object or of the enum at the spot that is concerned, if it is one.
    fn member(self, constraints: &Constraints) -> Option<String>;
}

/// One thing to be done at one spot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<K> {
    pub place: Place,
    /// The index of the spot within its part.
    pub spot: u32,
    pub kind: K,
    /// What comes first; less is sooner.
    pub rank: u8,
}

/// An operation's plan and what a generator has for it.
pub(crate) struct Listed<K> {
    pub plan: Arc<Plan>,
    pub items: Vec<Item<K>>,
}

/// The lists of a generator.
pub(crate) struct Lists<K> {
    plans: Arc<Plans>,
    lists: Cache<Listed<K>>,
}

impl<K: Copy> Lists<K> {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { plans, lists: Cache::default() }
    }

    /// The operation's list, ordered by rank, then by depth: one thing everywhere before the next thing.
    pub(crate) fn of(&self, operation: &Arc<Operation>, fill: impl FnOnce(&Plan, &mut Vec<Item<K>>)) -> Arc<Listed<K>> {
        self.lists.of(operation, || {
            let plan = self.plans.plan(operation);
            let mut items = Vec::new();
            fill(&plan, &mut items);
            items.sort_by_key(|item| (item.rank, depth(&plan, item)));
            items.truncate(MOST);
            items.shrink_to_fit();
            Listed { plan, items }
        })
    }
}

fn depth<K>(plan: &Plan, item: &Item<K>) -> u8 {
    plan.part(item.place).and_then(|part| part.spots.get(item.spot as usize)).map_or(0, |spot| spot.depth)
}

/// The rule of a kind at a spot; `change` says in words what is done.
pub(crate) fn rule<K: Kind>(plan: &Plan, place: Place, spot: &Spot, kind: K, change: String) -> Option<Rule> {
    let constraints = plan.part(place)?.document().constraints(spot.node);
    Some(Rule {
        keyword: kind.keyword(constraints).to_owned(),
        place: plan.name(place, &spot.pointer),
        member: kind.member(constraints),
        change,
    })
}

impl<K: Kind> Listed<K> {
    /// What the item of this index is about.
    pub(crate) fn aim(&self, index: u64) -> Option<Aim> {
        let (item, spot) = self.item(index)?;
        let constraints = self.plan.part(item.place)?.document().constraints(spot.node);
        Some(Aim {
            is_legal: K::IS_LEGAL,
            keyword: item.kind.keyword(constraints),
            place: self.plan.name(item.place, &spot.pointer),
            member: item.kind.member(constraints),
        })
    }
}

impl<K: Copy> Listed<K> {
    /// The item of this index and its spot.
    pub(crate) fn item(&self, index: u64) -> Option<(Item<K>, &Spot)> {
        let item = *self.items.get(usize::try_from(index).ok()?)?;
        let spot = self.plan.part(item.place)?.spots.get(item.spot as usize)?;
        Some((item, spot))
    }
}

/// Calls for every spot of a plan, also for those that stand there once more.
pub(crate) fn each_spot(plan: &Plan, mut each: impl FnMut(Place, u32, &Spot)) {
    for place in plan.places() {
        let spots = plan.part(place).map_or(&[][..], |part| &part.spots);
        for (index, spot) in spots.iter().enumerate() {
            each(place, u32::try_from(index).unwrap_or(u32::MAX), spot);
        }
    }
}

/// The origin of a case.
pub(crate) fn origin(generator: GeneratorId, index: u64, seed: Seed) -> Origin {
    Origin { generator, index, seed }
}

/// The tape of a case: a pure function of seed, operation, generator and index.
pub(crate) fn tape(operation: &Operation, origin: Origin, length: usize) -> Vec<u8> {
    let label = format!("{} {}", operation.id, origin.generator);
    origin.seed.child(&label, origin.index).tape(length)
}
