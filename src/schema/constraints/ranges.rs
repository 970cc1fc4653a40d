//! Types of which no value can be, since the bounds for them exclude each other. Main function: [`empty`].

use super::{Constraints, NumberRules, Types};

/// The types whose range holds nothing.
pub(super) fn empty(of: &Constraints) -> Types {
    let crossed = |least: usize, most: Option<usize>| most.is_some_and(|most| least > most);
    let required = of.object.properties.iter().filter(|property| property.required).count();
    [
        (Types::NUMBER, is_empty(&of.number)),
        (Types::STRING, crossed(of.string.min_length, of.string.max_length)),
        (Types::ARRAY, crossed(of.array.min_items, of.array.max_items)),
        (Types::OBJECT, crossed(of.object.min_properties.max(required), of.object.max_properties)),
    ]
    .into_iter()
    .filter(|(_, is_empty)| *is_empty)
    .fold(Types::NONE, |all, (types, _)| all.or(types))
}

fn is_empty(rules: &NumberRules) -> bool {
    let (Some(least), Some(most)) = (&rules.minimum, &rules.maximum) else { return false };
    let (Some(low), Some(high)) = (least.value.as_f64(), most.value.as_f64()) else { return false };
    // As floats, big integers that differ may look equal, so equal bounds are compared by their text.
    low > high || least.value == most.value && (least.exclusive || most.exclusive)
}
