//! From a break to the change that makes it. Main function: [`change`]. Which rule that breaks is said by
//! [`Kind::keyword`](crate::generate::list::Kind::keyword).

use serde_json::Number;

use super::breaks::{Break, FAR, OTHERS, UNLIKELY, WORDS};
use super::clause::{broken, words};
use crate::generate::clause::Site;
use crate::generate::plan::{Change, Part, Spot};
use crate::scenario::Datum;
use crate::schema::{Constraints, Limit, Literal, Types};

/// A change, and what it is in words.
pub(super) struct Made {
    pub change: Change,
    pub text: String,
}

impl Made {
    fn set(text: impl Into<String>, value: Datum) -> Self {
        Self { change: Change::Set(value), text: text.into() }
    }
}

/// The change of a break at a spot where this value stands; `None` if there is no such change.
pub(super) fn change(part: &Part, spot: &Spot, value: &Datum, kind: Break) -> Option<Made> {
    let constraints = part.document().constraints(spot.node);
    Some(match kind {
        Break::Absent => return None,
        Break::Null => Made::set("null", Datum::Null),
        Break::Type(index) => wrong_type(*OTHERS.get(usize::from(index))?, value),
        Break::Listed => Made::set("the value in a list", Datum::Array(vec![value.clone()])),
        Break::Word(index) => {
            let word = *WORDS.get(usize::from(index))?;
            Made::set(format!("the text {word:?}"), Datum::string(word))
        }
        Break::TooSmall => beyond(constraints, constraints.number.minimum.as_ref()?, -1)?,
        Break::TooLarge => beyond(constraints, constraints.number.maximum.as_ref()?, 1)?,
        Break::Far(index) => far(usize::from(index))?,
        Break::NoMultiple => no_multiple(constraints.number.multiple_of.as_ref()?, value)?,
        Break::TooShort | Break::TooLong | Break::NoMatch(_) | Break::NearMiss(_) => text(constraints, value, kind)?,
        Break::NoMember(index) => no_member(constraints, index)?,
        Break::TooFew | Break::TooMany | Break::Twins => items(constraints, value, kind)?,
        Break::Missing(_) | Break::Undeclared | Break::TooFewMembers | Break::TooManyMembers => {
            members(constraints, value, kind)?
        }
        Break::Clause(index) => {
            let clause = constraints.clauses.get(usize::from(index))?;
            Made::set(words(clause), broken(&Site { part, spot, value, clause })?)
        }
    })
}

fn far(index: usize) -> Option<Made> {
    Some(Made::set("far beyond the limit and beyond 64 bits", Datum::Number((*FAR.get(index)?).into())))
}

fn wrong_type(other: Types, value: &Datum) -> Made {
    let (text, wrong) = match other {
        // An array holds what was there, so that whoever reads on finds something.
        Types::ARRAY => ("an empty list", Datum::Array(Vec::new())),
        Types::OBJECT => ("an object", Datum::Object(Vec::new())),
        Types::STRING => ("a text", Datum::string(if matches!(value, Datum::Number(_)) { "abc" } else { "text" })),
        Types::INTEGER => ("a number", Datum::integer(0)),
        Types::BOOLEAN => ("a flag", Datum::Bool(true)),
        _ => ("a fraction", Datum::Number("1.5".into())),
    };
    Made::set(text, wrong)
}

/// One step beyond a limit.
fn beyond(constraints: &Constraints, limit: &Limit, step: i128) -> Option<Made> {
    let is_integer = !constraints.types.overlaps(Types::FRACTION);
    let number = match (limit.exclusive, limit.value.next(step > 0)) {
        // The limit itself is out.
        (true, _) => limit.value.to_string(),
        (false, Some(next)) => next,
        (false, None) => {
            let value = limit.value.as_f64()?;
            #[expect(clippy::cast_precision_loss, reason = "the step is one")]
            let beyond =
                if is_integer { if step > 0 { value.ceil() } else { value.floor() } } else { value + step as f64 };
            Number::from_f64(beyond)?.to_string()
        }
    };
    let text = format!("{number}, beyond the limit of {}", limit.value);
    Some(Made::set(text, Datum::Number(number.into())))
}

/// The nearest double beyond a limit that no double holds, which whoever reads doubles tells from it as well.
pub(super) fn coarsely_beyond(constraints: &Constraints, kind: Break) -> Option<Change> {
    let rules = &constraints.number;
    let (limit, is_up) = match kind {
        Break::TooSmall => (rules.minimum.as_ref()?, false),
        Break::TooLarge => (rules.maximum.as_ref()?, true),
        _ => return None,
    };
    let double = limit.value.as_f64().filter(|_| limit.value.is_long())?;
    let next = if is_up { double.next_up() } else { double.next_down() };
    Some(Change::Set(Datum::Number(format!("{next:.0}").into())))
}

fn no_multiple(step: &Literal, value: &Datum) -> Option<Made> {
    let Datum::Number(text) = value else { return None };
    if let (Ok(number), Some(step @ 2..)) = (text.parse::<i128>(), step.as_i128()) {
        let between = number.checked_add(1)?;
        return Some(Made::set(format!("{between}, no multiple of {step}"), Datum::Number(between.to_string().into())));
    }
    let (number, step) = (text.parse::<f64>().ok()?, step.as_f64()?);
    let between = if step > 1.0 { number + 1.0 } else { number + step / 2.0 };
    let text = Number::from_f64(between)?.to_string();
    Some(Made::set(format!("{text}, no multiple of {step}"), Datum::Number(text.into())))
}

fn text(constraints: &Constraints, value: &Datum, kind: Break) -> Option<Made> {
    let rules = &constraints.string;
    Some(match kind {
        Break::TooShort => {
            let wanted = rules.min_length.checked_sub(1)?;
            let text = resized(value, wanted);
            Made::set(format!("{wanted} characters, one too few"), Datum::String(text))
        }
        Break::TooLong => {
            let wanted = rules.max_length?.checked_add(1)?;
            let text = resized(value, wanted);
            Made::set(format!("{wanted} characters, one too many"), Datum::String(text))
        }
        Break::NoMatch(index) => {
            let text = *UNLIKELY.get(usize::from(index))?;
            Made::set(format!("{text:?}"), Datum::string(text))
        }
        Break::NearMiss(index) => {
            let text = *rules.format?.near_misses().get(usize::from(index))?;
            Made::set(format!("{text:?}"), Datum::string(text))
        }
        _ => return None,
    })
}

/// The text cut or repeated to a length.
fn resized(value: &Datum, length: usize) -> String {
    let text = if let Datum::String(text) = value { text.as_str() } else { "" };
    let source = if text.is_empty() { "a" } else { text };
    source.chars().cycle().take(length).collect()
}

fn no_member(constraints: &Constraints, index: u8) -> Option<Made> {
    let members = constraints.enumeration.as_ref()?;
    let first = members.iter().find_map(serde_json::Value::as_str);
    let other = match (first, index) {
        (Some(_), 0) => Datum::string("gadfly"),
        (Some(text), 1) => {
            Datum::String(if text.chars().any(char::is_lowercase) { text.to_uppercase() } else { text.to_lowercase() })
        }
        (Some(text), _) => Datum::String(format!("{text} ")),
        (None, _) => {
            Datum::integer(members.iter().filter_map(serde_json::Value::as_i64).max().unwrap_or(0).checked_add(1)?)
        }
    };
    let is_member = other.to_value().is_some_and(|value| members.contains(&value));
    (!is_member).then(|| Made::set("no member", other))
}

fn items(constraints: &Constraints, value: &Datum, kind: Break) -> Option<Made> {
    let rules = &constraints.array;
    let Datum::Array(items) = value else { return None };
    Some(match kind {
        Break::TooFew => {
            let wanted = rules.min_items.checked_sub(1)?;
            let kept = items.iter().take(wanted).cloned().collect();
            Made::set(format!("{wanted} items, one too few"), Datum::Array(kept))
        }
        Break::TooMany => {
            let wanted = rules.max_items?.checked_add(1)?;
            let repeated: Vec<Datum> = items.iter().cycle().take(wanted).cloned().collect();
            if repeated.len() != wanted {
                return None;
            }
            Made::set(format!("{wanted} items, one too many"), Datum::Array(repeated))
        }
        _ => {
            let mut twins = items.clone();
            twins.push(items.first()?.clone());
            Made::set("two equal items", Datum::Array(twins))
        }
    })
}

fn members(constraints: &Constraints, value: &Datum, kind: Break) -> Option<Made> {
    let rules = &constraints.object;
    let Datum::Object(members) = value else { return None };
    Some(match kind {
        Break::Missing(index) => {
            let name = &rules.properties.get(usize::from(index))?.name;
            let text = format!("without the required {name:?}");
            Made { change: Change::Remove(name.to_string()), text }
        }
        Break::Undeclared => {
            let change = Change::Insert("gadfly_undeclared".to_owned(), Datum::string("x"));
            Made { change, text: "with an undeclared member".to_owned() }
        }
        Break::TooFewMembers => {
            let wanted = rules.min_properties.checked_sub(1)?;
            let is_due = |name: &str| rules.property(name).is_some_and(|property| property.required);
            let (mut kept, mut spare): (Vec<_>, Vec<_>) = members.iter().cloned().partition(|(name, _)| is_due(name));
            spare.truncate(wanted.checked_sub(kept.len())?);
            kept.append(&mut spare);
            Made::set(format!("{wanted} members, one too few"), Datum::Object(kept))
        }
        _ => {
            let wanted = rules.max_properties?.checked_add(1)?;
            let mut many = members.clone();
            let filler = members.first().map_or(Datum::Null, |(_, value)| value.clone());
            many.extend((many.len()..wanted).map(|index| (format!("extra{index}"), filler.clone())));
            Made::set(format!("{wanted} members, one too many"), Datum::Object(many))
        }
    })
}
