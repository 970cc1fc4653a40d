//! Which edges a spot has. Main type: [`Edge`].

use crate::generate::clause::standing;
use crate::generate::list::Kind;
use crate::generate::plan::{Part, Spot};
use crate::generate::value::Wire;
use crate::scenario::Datum;
use crate::schema::{Constraints, Types};

/// Sizes above this are not made: they are tests of bandwidth, and of other limits than the document's.
pub(super) const LONGEST: usize = 20_000;
/// What a URL or a header may carry.
pub(super) const LONGEST_FIELD: usize = 2_000;
/// The most items of an array.
pub(super) const MOST_ITEMS: usize = 2_000;
/// How many members of an enum are gone through.
const MOST_MEMBERS: usize = 1_000;

/// Integers at the edges of what machines hold.
pub(super) const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
];

/// Fractions that readers stumble over.
pub(super) const FRACTIONS: [&str; 7] =
    ["0.1", "-0.0", "1e2", "1E-7", "1.7976931348623157e308", "5e-324", "0.30000000000000004"];

/// Texts of characters that need care, by what they are.
pub(super) const UNICODE: [(&str, &str); 10] = [
    ("combining characters", "e\u{301}\u{302}\u{303}"),
    ("bidirectional controls", "a\u{202E}b\u{202C}"),
    ("characters beyond the basic plane", "\u{1D4B3}\u{1F600}"),
    ("zero-width characters", "a\u{200B}b\u{FEFF}c"),
    ("right-to-left letters", "\u{5E9}\u{5DC}\u{5D5}\u{5DD}"),
    ("letters that grow in upper case", "\u{DF}\u{149}\u{130}"),
    ("full-width digits", "\u{FF11}\u{FF12}"),
    ("white space only", " \t "),
    ("white space around", " a "),
    ("line and paragraph separators", "a\u{2028}b\u{85}c"),
];

/// One edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// The least legal number.
    Least,
    /// The greatest legal number.
    Most,
    /// One of [`NUMBERS`].
    Number(u8),
    /// One of [`FRACTIONS`].
    Fraction(u8),
    /// Text of the least legal length.
    Shortest,
    /// Text of the greatest legal length.
    Longest,
    /// One of [`UNICODE`].
    Unicode(u8),
    /// One of the format's edges.
    Format(u8),
    /// A member of the enum.
    Member(u16),
    /// A value that the document suggests.
    Hint(u16),
    /// Null.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// This many items.
    Items(u16),
    /// Two equal items.
    Twins,
    /// Without the member of this index.
    Without(u16),
    /// Only the required members.
    Bare,
    /// This many members.
    Members(u16),
    /// A value of another legal type.
    Type(u8),
    /// What shows that the clause of this index is kept.
    Clause(u16),
}

impl Kind for Edge {
    const IS_LEGAL: bool = true;

    fn keyword(self, constraints: &Constraints) -> &'static str {
        match self {
            Self::Least => "minimum",
            Self::Most => "maximum",
            Self::Shortest => "minLength",
            Self::Longest => "maxLength",
            Self::Format(_) => "format",
            Self::Member(_) => "enum",
            Self::Hint(_) => "default",
            Self::Items(count) if usize::from(count) > constraints.array.min_items => "maxItems",
            Self::Items(_) => "minItems",
            Self::Twins => "uniqueItems",
            Self::Without(_) | Self::Bare => "required",
            Self::Members(count) if usize::from(count) > constraints.object.min_properties => "maxProperties",
            Self::Members(_) => "minProperties",
            Self::Number(_) | Self::Fraction(_) | Self::Unicode(_) | Self::Null | Self::Flag(_) | Self::Type(_) => {
                "type"
            }
            Self::Clause(index) => constraints.clauses.get(usize::from(index)).map_or("", |clause| clause.keyword),
        }
    }

    fn member(self, constraints: &Constraints) -> Option<String> {
        match self {
            Self::Without(index) => Some(constraints.object.properties.get(usize::from(index))?.name.to_string()),
            Self::Member(index) => Some(constraints.enumeration.as_ref()?.get(usize::from(index))?.to_string()),
            Self::Clause(index) => constraints.clauses.get(usize::from(index))?.label.clone(),
            _ => None,
        }
    }
}

/// The types that [`Edge::Type`] counts.
pub(super) const TYPES: [Types; 6] =
    [Types::OBJECT, Types::ARRAY, Types::STRING, Types::INTEGER, Types::FRACTION, Types::BOOLEAN];

/// The edges of a spot and when their turn comes.
pub(super) fn edges(part: &Part, spot: &Spot, value: Option<&Datum>) -> Vec<(u8, Edge)> {
    let constraints = part.document().constraints(spot.node);
    let mut out = Vec::new();
    if spot.again {
        objects(constraints, value, &mut out);
        return out;
    }
    let kept = standing(constraints).filter(|(_, clause)| clause.can_be_kept);
    out.extend(kept.map(|(index, _)| (2, Edge::Clause(index))));
    if let Some(members) = &constraints.enumeration {
        out.extend((0..number(members.len().min(MOST_MEMBERS))).map(|index| (3, Edge::Member(index))));
        return out;
    }
    out.extend((0..number(constraints.hints.len())).map(|index| (2, Edge::Hint(index))));
    if constraints.types.overlaps(Types::NULL) && part.wire == Wire::Json {
        out.push((0, Edge::Null));
    }
    if constraints.types.overlaps(Types::NUMBER) && constraints.preferred.overlaps(Types::NUMBER) {
        numbers(constraints, &mut out);
    }
    if constraints.preferred.overlaps(Types::STRING) {
        texts(part, constraints, &mut out);
    }
    if constraints.preferred.overlaps(Types::BOOLEAN) {
        out.extend([(2, Edge::Flag(true)), (2, Edge::Flag(false))]);
    }
    if constraints.preferred.overlaps(Types::ARRAY) {
        arrays(part, constraints, &mut out);
    }
    if constraints.preferred.overlaps(Types::OBJECT) {
        objects(constraints, value, &mut out);
    }
    let others = TYPES.iter().enumerate().filter(|(_, single)| constraints.preferred.overlaps(**single));
    let others: Vec<(u8, Edge)> = others.map(|(index, _)| (3, Edge::Type(byte(index)))).collect();
    if others.len() > 1 {
        out.extend(others);
    }
    out
}

fn numbers(constraints: &Constraints, out: &mut Vec<(u8, Edge)>) {
    if constraints.number.minimum.is_some() {
        out.push((1, Edge::Least));
    }
    if constraints.number.maximum.is_some() {
        out.push((1, Edge::Most));
    }
    out.extend((0..NUMBERS.len()).map(|index| (if index < 2 { 1 } else { 4 }, Edge::Number(byte(index)))));
    if constraints.types.overlaps(Types::FRACTION) {
        out.extend((0..FRACTIONS.len()).map(|index| (5, Edge::Fraction(byte(index)))));
    }
}

fn texts(part: &Part, constraints: &Constraints, out: &mut Vec<(u8, Edge)>) {
    let rules = &constraints.string;
    let says_empty = part.wire == Wire::Json || part.wire == Wire::Pairs;
    if rules.min_length > 0 || says_empty {
        out.push((u8::from(rules.min_length > 0), Edge::Shortest));
    }
    let longest = if matches!(part.wire, Wire::Json) { LONGEST } else { LONGEST_FIELD };
    if rules.max_length.is_some_and(|most| most <= longest) {
        out.push((1, Edge::Longest));
    }
    if let Some(format) = rules.format {
        out.extend((0..format.edges().len()).map(|index| (3, Edge::Format(byte(index)))));
    }
    if rules.format.is_none() && rules.patterns.is_empty() && says_empty {
        out.extend((0..UNICODE.len()).map(|index| (5, Edge::Unicode(byte(index)))));
    }
}

fn arrays(part: &Part, constraints: &Constraints, out: &mut Vec<(u8, Edge)>) {
    let rules = &constraints.array;
    let least = if part.wire == Wire::Json { rules.min_items } else { rules.min_items.max(1) };
    out.push((u8::from(least > 0), Edge::Items(number(least))));
    if let Some(most) = rules.max_items.filter(|most| *most > least && *most <= MOST_ITEMS) {
        out.push((1, Edge::Items(number(most))));
    }
    if !rules.unique && rules.max_items.is_none_or(|most| most >= 2) && rules.min_items <= 2 {
        out.push((4, Edge::Twins));
    }
}

fn objects(constraints: &Constraints, value: Option<&Datum>, out: &mut Vec<(u8, Edge)>) {
    let rules = &constraints.object;
    let is_there = |name: &str| matches!(value, Some(Datum::Object(all)) if all.iter().any(|(known, _)| known == name));
    let optional = rules.properties.iter().enumerate().filter(|(_, p)| !p.required && is_there(&p.name));
    let before = out.len();
    out.extend(optional.map(|(index, _)| (2, Edge::Without(number(index)))));
    if out.len() > before + 1 || rules.is_map {
        out.push((0, Edge::Bare));
    }
    let sizes = [Some(rules.min_properties).filter(|least| *least > 0), rules.max_properties];
    let sizes = sizes
        .into_iter()
        .flatten()
        .filter(|size| *size <= MOST_ITEMS && (rules.is_map || *size <= rules.properties.len()));
    out.extend(sizes.map(|size| (1, Edge::Members(number(size)))));
}

fn number(size: usize) -> u16 {
    u16::try_from(size).unwrap_or(u16::MAX)
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
