//! The last legal values: at each limit, at each size, each member of each enum, each optional member absent. Main
//! type: [`Boundary`].
//!
//! Cases are enumerated: one edge at one spot, the rest of the request as usual. What does not conform after all is
//! not sent.

mod clause;
mod edge;
mod make;

use std::sync::Arc;

use super::Generator;
use super::coverage::Aim;
use super::list::{Item, Listed, Lists, each_spot, origin, rule};
use super::plan::{Place, Plan, Plans};
use crate::api::Operation;
use crate::scenario::{Case, GeneratorId, Intent, proves_valid};
use crate::schema::View;
use crate::seed::Seed;

use edge::{Edge, edges};

const ID: GeneratorId = GeneratorId("boundary");

/// Makes cases at the edge of what is legal.
pub(crate) struct Boundary {
    lists: Lists<Edge>,
}

impl Boundary {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { lists: Lists::new(plans) }
    }

    fn list(&self, operation: &Arc<Operation>) -> Arc<Listed<Edge>> {
        self.lists.of(operation, fill)
    }
}

fn fill(plan: &Plan, items: &mut Vec<Item<Edge>>) {
    if !plan.is_proved() {
        return;
    }
    each_spot(plan, |place, spot, found| {
        let Some(part) = plan.part(place).filter(|part| part.proved) else { return };
        let value = part.goods.get(usize::from(found.base)).and_then(|good| good.at(&found.pointer));
        for (rank, kind) in edges(part, found, value) {
            items.push(Item { place, spot, kind, rank });
        }
    });
}

impl Generator for Boundary {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        Some(self.list(operation).items.len() as u64)
    }

    fn aim(&self, operation: &Arc<Operation>, index: u64) -> Option<Aim> {
        self.list(operation).aim(index)
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let list = self.list(operation);
        let (item, spot) = list.item(index)?;
        let plan = &*list.plan;
        let part = plan.part(item.place)?;
        let made = make::change(part, spot, item.kind)?;
        let origin = origin(ID, index, seed);
        let value = plan.changed(item.place, spot, made.change, origin)?;
        let rule = rule(plan, item.place, spot, item.kind, made.text)?;
        if !part.schema.conforms(View::Request, &value.to_value()?) {
            return None;
        }
        let case = plan.with(item.place, value, origin, Intent::Boundary(rule));
        // In JSON what conforms is valid; elsewhere it must still be so when it is read back.
        let is_json = matches!(item.place, Place::Body(_)) && part.wire == super::value::Wire::Json;
        (is_json || proves_valid(&case)).then_some(case)
    }
}

#[cfg(test)]
mod tests;
