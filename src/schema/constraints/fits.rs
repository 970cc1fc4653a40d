//! A quick look at whether a value may be of a node: enough to choose among suggestions and alternatives.

use serde_json::Value;

use super::{Constraints, NodeId, Types};
use crate::schema::Document;

/// How many choices may follow upon each other.
const CHOICES: u32 = 8;

/// Whether nothing obvious is wrong with the value.
pub(crate) fn fits(document: &Document, constraints: &Constraints, value: &Value) -> bool {
    if constraints.impossible || !constraints.types.overlaps(Types::of_value(value)) {
        return false;
    }
    if constraints.enumeration.as_ref().is_some_and(|members| !members.contains(value)) {
        return false;
    }
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| fits_number(constraints, number)),
        Value::String(text) => fits_text(constraints, text),
        Value::Array(items) => fits_array(document, constraints, items),
        Value::Object(members) => fits_object(document, constraints, members),
        Value::Null | Value::Bool(_) => true,
    }
}

fn fits_number(constraints: &Constraints, number: f64) -> bool {
    let rules = &constraints.number;
    let above = rules.minimum.as_ref().and_then(|limit| Some((limit.value.as_f64()?, limit.exclusive)));
    let below = rules.maximum.as_ref().and_then(|limit| Some((limit.value.as_f64()?, limit.exclusive)));
    above.is_none_or(|(limit, exclusive)| number > limit || !exclusive && number >= limit)
        && below.is_none_or(|(limit, exclusive)| number < limit || !exclusive && number <= limit)
}

fn fits_text(constraints: &Constraints, text: &str) -> bool {
    let rules = &constraints.string;
    let length = text.chars().count();
    length >= rules.min_length
        && rules.max_length.is_none_or(|most| length <= most)
        && rules.patterns.iter().all(|pattern| pattern.matches(text))
}

fn fits_array(document: &Document, constraints: &Constraints, items: &[Value]) -> bool {
    let rules = &constraints.array;
    let sized = items.len() >= rules.min_items && rules.max_items.is_none_or(|most| items.len() <= most);
    let fits_item = |(index, item): (usize, &Value)| {
        rules.item(index).is_some_and(|node| {
            let item_rules = document.constraints(node);
            !item_rules.alternatives.is_empty() || item_rules.types.overlaps(Types::of_value(item))
        })
    };
    sized && items.iter().enumerate().all(fits_item)
}

fn fits_object(document: &Document, constraints: &Constraints, members: &serde_json::Map<String, Value>) -> bool {
    let rules = &constraints.object;
    let missing = |name: &str| !members.contains_key(name);
    if rules.properties.iter().any(|property| property.required && missing(&property.name)) {
        return false;
    }
    if rules.forbidden.iter().any(|name| members.contains_key(&**name)) {
        return false;
    }
    members.iter().all(|(name, value)| {
        let Some(node) = rules.member(name) else { return false };
        let member = document.constraints(node);
        let allowed = member.enumeration.as_ref().is_none_or(|allowed| allowed.contains(value));
        allowed && (!member.alternatives.is_empty() || member.types.overlaps(Types::of_value(value)))
    })
}

/// The node that the value is of when all choices are made: of each the first that fits.
pub(crate) fn settle(document: &Document, node: NodeId, value: &Value) -> NodeId {
    let mut here = node;
    for _ in 0..CHOICES {
        let alternatives = &document.constraints(here).alternatives;
        let leaf = |node: NodeId| document.constraints(node);
        let fitting = alternatives.iter().find(|node| fits(document, leaf(**node), value));
        match fitting.or(alternatives.first()) {
            Some(next) => here = *next,
            None => break,
        }
    }
    here
}
