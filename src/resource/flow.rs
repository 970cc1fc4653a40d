//! Who makes what, and who needs it. Main type: [`Flow`].

use std::sync::Arc;

use super::graph::{Action, Graph, Kind};
use super::link::{Into, Origin};
use crate::api::{Operation, OperationId};

/// The most members of a body that are looked at.
const MOST_MEMBERS: usize = 60;

/// A kind of thing with the operations around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The kind.
    pub kind: Kind,
    /// The operations that make such things, the best first; where there is none, those that list them.
    pub producers: Vec<OperationId>,
    /// The operations that take their names.
    pub consumers: Vec<Consumer>,
}

/// An operation that takes the name of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The operation.
    pub operation: OperationId,
    /// Where it takes the name: `path/id`, `body/customer_id`.
    pub place: String,
    /// By which field the thing is named there.
    pub field: String,
    /// Who says so.
    pub origin: Origin,
}

impl Graph {
    /// The kinds of things that some operation needs, in the order of their names.
    pub fn flows(&self, operations: &[Arc<Operation>]) -> Vec<Flow> {
        let mut flows: Vec<Flow> = Vec::new();
        for kind in self.kinds() {
            let consumers: Vec<_> = operations.iter().flat_map(|operation| self.takes(operation, kind)).collect();
            if consumers.is_empty() {
                continue;
            }
            flows.push(Flow { kind: Arc::clone(kind), producers: self.producers(operations, kind), consumers });
        }
        flows
    }

    fn producers(&self, operations: &[Arc<Operation>], kind: &Kind) -> Vec<OperationId> {
        let makers = self.creators(kind);
        // What must be told the name of a thing makes it only where nothing else does.
        let needs_it = |id: &&OperationId| {
            self.role(id)
                .is_some_and(|role| role.action == Action::Replace && role.needs.iter().any(|n| n.kind == *kind))
        };
        let free: Vec<_> = makers.iter().filter(|id| !needs_it(id)).cloned().collect();
        if !free.is_empty() {
            return free;
        }
        let lists = |operation: &&Arc<Operation>| {
            self.role(&operation.id).is_some_and(|role| role.action == Action::List && role.kind.as_ref() == Some(kind))
        };
        let listing: Vec<_> = operations.iter().filter(lists).map(|operation| operation.id.clone()).collect();
        if listing.is_empty() { makers.to_vec() } else { listing }
    }

    fn takes(&self, operation: &Operation, kind: &Kind) -> Vec<Consumer> {
        let Some(role) = self.role(&operation.id) else { return Vec::new() };
        let consumer = |place: String, field: &str, into: Into| Consumer {
            operation: operation.id.clone(),
            place,
            field: field.to_owned(),
            origin: self.origins.get(&(operation.id.clone(), into)).copied().unwrap_or(Origin::Inferred),
        };
        let mut all: Vec<_> = role
            .needs
            .iter()
            .filter(|need| need.kind == *kind)
            .map(|need| {
                let parameter = &operation.parameters[need.parameter];
                let place = format!("{}/{}", parameter.location.word(), parameter.name);
                consumer(place, &need.field, Into::Parameter(need.parameter))
            })
            .collect();
        let linked = role.body.iter().filter(|need| need.kind == *kind);
        all.extend(
            linked.map(|need| consumer(format!("body{}", need.pointer), &need.field, Into::Body(need.pointer.clone()))),
        );
        for name in members(operation) {
            let pointer = format!("/{}", crate::schema::escape_token(&name));
            let is_settled = role.untouched.contains(&pointer) || role.body.iter().any(|need| need.pointer == pointer);
            let referred = self.referred(&name).filter(|(referred, _)| !is_settled && referred == kind);
            all.extend(referred.map(|(_, field)| consumer(format!("body{pointer}"), &field, Into::Body(pointer))));
        }
        all
    }
}

/// The members that the document declares for a body.
fn members(operation: &Operation) -> Vec<String> {
    let contents = operation.body.as_ref().map_or(&[][..], |body| &body.contents);
    let mut names: Vec<String> = Vec::new();
    for schema in contents.iter().filter_map(|content| content.schema.as_ref()) {
        let properties = &schema.document().constraints(schema.node()).object.properties;
        names.extend(properties.iter().take(MOST_MEMBERS).map(|property| property.name.to_string()));
    }
    names.sort();
    names.dedup();
    names
}
