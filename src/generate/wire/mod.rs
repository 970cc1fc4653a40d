//! What no client library sends: broken bodies, bytes that are no text, odd headers. Main type: [`Wire`].
//!
//! Enumerated, one oddity at a time; the rest of the request is as usual, so that the odd thing reaches the handler.

mod body;
mod field;
mod target;

use std::sync::Arc;

use super::Generator;
use super::list::origin;
use super::plan::{Cache, Origin, Plan, Plans};
use crate::api::Operation;
use crate::scenario::{Case, GeneratorId, Intent};
use crate::seed::Seed;

const ID: GeneratorId = GeneratorId("wire");

/// One oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Oddity {
    /// The usual case of an operation for which no valid case is known: something must be sent.
    Unproved,
    /// Of the whole body.
    Body(body::Whole),
    /// Within a JSON body, at the spot of this index.
    Spot(u16, body::Within),
    /// Of a header.
    Field(u8),
    /// Of the path or the query.
    Target(target::Odd),
}

/// Makes cases that are odd on the wire.
pub(crate) struct Wire {
    plans: Arc<Plans>,
    lists: Cache<Vec<Oddity>>,
}

impl Wire {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { plans, lists: Cache::default() }
    }

    fn list(&self, operation: &Arc<Operation>) -> (Arc<Plan>, Arc<Vec<Oddity>>) {
        let plan = self.plans.plan(operation);
        let list = self.lists.of(operation, || oddities(&plan));
        (plan, list)
    }
}

fn oddities(plan: &Plan) -> Vec<Oddity> {
    let mut ranked: Vec<(u8, Oddity)> = Vec::new();
    if !plan.is_proved() {
        ranked.push((0, Oddity::Unproved));
    }
    ranked.extend(body::wholes(plan).into_iter().map(|(rank, whole)| (rank, Oddity::Body(whole))));
    ranked.extend(body::withins(plan).into_iter().map(|(rank, spot, within)| (rank, Oddity::Spot(spot, within))));
    ranked.extend(target::odds(plan).into_iter().map(|(rank, odd)| (rank, Oddity::Target(odd))));
    ranked.extend(field::ranks(plan).map(|(rank, index)| (rank, Oddity::Field(index))));
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, oddity)| oddity).collect()
}

fn case(plan: &Plan, oddity: Oddity, origin: Origin) -> Option<Case> {
    match oddity {
        Oddity::Unproved => Some(plan.usual(origin, Intent::Wire("unproved"))),
        Oddity::Body(whole) => body::whole(plan, whole, origin),
        Oddity::Spot(spot, within) => body::within(plan, spot, within, origin),
        Oddity::Field(index) => field::case(plan, index, origin),
        Oddity::Target(odd) => target::case(plan, odd, origin),
    }
}

impl Generator for Wire {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        Some(self.list(operation).1.len() as u64)
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let (plan, list) = self.list(operation);
        case(&plan, *list.get(usize::try_from(index).ok()?)?, origin(ID, index, seed))
    }
}

#[cfg(test)]
mod tests;
