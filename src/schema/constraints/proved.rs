//! Whether values that are made by a node's rules conform for certain, so that they need not be validated.

use std::collections::BTreeSet;

use super::{Constraints, NodeId, Types, fits};
use crate::schema::Document;

/// How many nodes one question may visit.
const FUEL: usize = 2_000;

/// Whether the rules of the node and of all that it holds say everything that its schemas say.
pub(super) fn proved(document: &Document, node: NodeId) -> bool {
    let mut seen = BTreeSet::from([node]);
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        let constraints = document.constraints(node);
        if seen.len() > FUEL || !is_plain(document, constraints) {
            return false;
        }
        open.extend(held(constraints).filter(|node| seen.insert(*node)));
    }
    true
}

/// The nodes of what a value of these constraints may hold.
fn held(constraints: &Constraints) -> impl Iterator<Item = NodeId> {
    let members = constraints.object.properties.iter().map(|property| property.node);
    let array = &constraints.array;
    let items = array.prefix.iter().copied().chain(array.items);
    let additional = constraints.object.additional.filter(|_| constraints.object.is_map);
    constraints.alternatives.iter().copied().chain(members).chain(items).chain(additional)
}

fn is_plain(document: &Document, constraints: &Constraints) -> bool {
    let (string, object) = (&constraints.string, &constraints.object);
    let has_odd_members = !object.dependent.is_empty()
        || !object.pattern_properties.is_empty()
        || object.property_names.is_some()
        || object.min_properties > 0;
    let has_format = string.format.is_some();
    let has_step = constraints.number.multiple_of.is_some();
    let is_chosen = !constraints.alternatives.is_empty();
    // What the document suggests is looked at only roughly before it is used.
    let suggests = constraints.hints.iter().any(|hint| !hint.is_object() && !hint.is_array());
    let is_suggested_well = !suggests || !has_format && !has_step && !is_chosen;
    !constraints.unproved
        && !has_odd_members
        && !has_step
        && is_suggested_well
        && (string.patterns.is_empty() || !has_format && string.patterns.iter().all(|pattern| pattern.is_exact()))
        && has_plain_enum(document, constraints)
        && (!constraints.exclusive || are_disjoint(document, &constraints.alternatives))
}

/// Members of an enum are taken as they are, so each must meet the other rules.
fn has_plain_enum(document: &Document, constraints: &Constraints) -> bool {
    let Some(members) = &constraints.enumeration else { return true };
    constraints.alternatives.is_empty()
        && constraints.string.format.is_none()
        && members.iter().all(|member| fits(document, constraints, member) && !member.is_object() && !member.is_array())
}

/// Of alternatives that exclude each other, no value may meet two: certain only where their types say so.
fn are_disjoint(document: &Document, alternatives: &[NodeId]) -> bool {
    let mut seen = Types::NONE;
    alternatives.iter().all(|node| {
        let types = document.constraints(*node).types;
        let is_new = !seen.overlaps(types);
        seen = seen.or(types);
        is_new
    })
}
