//! From an edge to the change that makes it. Main function: [`change`]. Of which rule it is the edge is said by
//! [`Kind::keyword`](crate::generate::list::Kind::keyword).

use arbitrary::Unstructured;

use super::clause::kept;
use super::edge::{Edge, FRACTIONS, NUMBERS, TYPES, UNICODE};
use crate::generate::clause::Site;
use crate::generate::plan::{Change, DEPTH, Part, Spot};
use crate::generate::value::{Exact, Hints, How, Optionals, Wire, exactly, integer_range, largest, smallest, written};
use crate::scenario::Datum;
use crate::schema::{Constraints, Types};

/// A change, and what it is in words.
pub(super) struct Made {
    pub change: Change,
    pub text: String,
}

/// The change of an edge; `None` if there is no such value.
pub(super) fn change(part: &Part, spot: &Spot, edge: Edge) -> Option<Made> {
    let constraints = part.document().constraints(spot.node);
    let set = |text: &str, value| Some(Made { change: Change::Set(value), text: text.to_owned() });
    match edge {
        Edge::Least => set("the least legal number", number(&smallest(constraints)?)),
        Edge::Most => set("the greatest legal number", number(&largest(constraints)?)),
        Edge::Number(index) => machine_number(constraints, NUMBERS.get(usize::from(index))?),
        Edge::Fraction(index) => {
            let text = FRACTIONS.get(usize::from(index))?;
            set(&format!("the number {text}"), number(text))
        }
        Edge::Shortest => {
            let least = shortest(part, constraints);
            set(&format!("{least} characters, as few as there may be"), text(part, spot, least)?)
        }
        Edge::Longest => {
            let most = constraints.string.max_length?;
            set(&format!("{most} characters, as many as there may be"), text(part, spot, most)?)
        }
        Edge::Unicode(index) => {
            let (what, sample) = UNICODE.get(usize::from(index))?;
            set(what, unicode(constraints, sample)?)
        }
        Edge::Format(index) => {
            let sample = *constraints.string.format?.edges().get(usize::from(index))?;
            set(&format!("{sample:?}"), Datum::string(sample))
        }
        Edge::Member(index) => {
            let member = constraints.enumeration.as_ref()?.get(usize::from(index))?;
            set(&format!("the member {member}"), written(part.document(), member))
        }
        Edge::Hint(index) => {
            let hint = constraints.hints.get(usize::from(index))?;
            set("a value that the document names", written(part.document(), hint))
        }
        Edge::Null => set("null, which is legal here", Datum::Null),
        Edge::Flag(flag) => set(if flag { "true" } else { "false" }, Datum::Bool(flag)),
        Edge::Items(count) => set(&format!("{count} items"), made(part, spot, Exact::Items(count.into()))?),
        Edge::Twins => {
            let Datum::Array(items) = made(part, spot, Exact::Items(1))? else { return None };
            set("two equal items", Datum::Array([items.clone(), items].concat()))
        }
        Edge::Without(index) => {
            let property = constraints.object.properties.get(usize::from(index))?;
            let text = format!("without the optional {:?}", property.name);
            Some(Made { change: Change::Remove(property.name.to_string()), text })
        }
        Edge::Bare => set("only what is required", made(part, spot, Exact::Bare)?),
        Edge::Members(count) => set(&format!("{count} members"), made(part, spot, Exact::Members(count.into()))?),
        Edge::Clause(index) => {
            let clause = constraints.clauses.get(usize::from(index))?;
            let value = part.goods.get(usize::from(spot.base))?.at(&spot.pointer)?;
            set(
                &format!("kept, and shown by the value: {}", clause.keyword),
                kept(&Site { part, spot, value, clause })?,
            )
        }
        Edge::Type(index) => {
            let single = *TYPES.get(usize::from(index))?;
            set("another of the legal types", made(part, spot, Exact::Type(single))?)
        }
    }
}

fn number(text: &str) -> Datum {
    Datum::Number(text.into())
}

fn machine_number(constraints: &Constraints, text: &str) -> Option<Made> {
    let value: i128 = text.parse().ok()?;
    let (least, most) = integer_range(constraints);
    let legal = (least..=most).contains(&value);
    legal.then(|| Made { change: Change::Set(number(text)), text: format!("the number {text}") })
}

fn shortest(part: &Part, constraints: &Constraints) -> usize {
    let says_empty = matches!(part.wire, Wire::Json | Wire::Pairs);
    constraints.string.min_length.max(usize::from(!says_empty))
}

/// A text of exactly this length.
fn text(part: &Part, spot: &Spot, length: usize) -> Option<Datum> {
    made(part, spot, Exact::Length(length))
}

fn made(part: &Part, spot: &Spot, exact: Exact) -> Option<Datum> {
    let how = How { optionals: Optionals::All, hints: Hints::Scalars, wire: part.wire, forced: &[], words: &[] };
    exactly(part.document(), spot.node, &mut Unstructured::new(&[]), how, exact, DEPTH)
}

/// The sample, repeated or cut to a legal length.
fn unicode(constraints: &Constraints, sample: &str) -> Option<Datum> {
    let rules = &constraints.string;
    let length = sample.chars().count().max(rules.min_length).min(rules.max_length.unwrap_or(usize::MAX));
    let text: String = sample.chars().cycle().take(length).collect();
    (!text.is_empty() && constraints.types.overlaps(Types::STRING)).then(|| Datum::String(text))
}
