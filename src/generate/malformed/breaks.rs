//! Which rules a spot has that can be broken. Main type: [`Break`].

use crate::generate::clause::standing;
use crate::generate::list::Kind;
use crate::generate::plan::{Part, Spot};
use crate::generate::value::Wire;
use crate::schema::{Constraints, Types};

/// The longest text that is made to be too long.
const LONGEST: usize = 100_000;
/// What a URL or a header may carry.
const LONGEST_FIELD: usize = 4_000;
/// The most items that are made to be too many.
const MOST_ITEMS: usize = 5_000;
/// How many required members are left out in their turn.
const MOST_MEMBERS: usize = 256;

/// One way to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// The whole part left out.
    Absent,
    /// Null where it is not allowed.
    Null,
    /// A value of another type: one of [`OTHERS`].
    Type(u8),
    /// The value itself, in a list.
    Listed,
    /// A text that is no value of the type: one of [`WORDS`], for where there are only texts.
    Word(u8),
    /// Below the least number.
    TooSmall,
    /// Above the greatest number.
    TooLarge,
    /// Far beyond the limits, and beyond what 64 bits hold: one of [`FAR`].
    Far(u8),
    /// A number between two multiples.
    NoMultiple,
    /// Too few characters.
    TooShort,
    /// Too many characters.
    TooLong,
    /// A text that does not match the pattern.
    NoMatch(u8),
    /// One of the format's near misses.
    NearMiss(u8),
    /// Not in the enum.
    NoMember(u8),
    /// Too few items.
    TooFew,
    /// Too many items.
    TooMany,
    /// Two equal items.
    Twins,
    /// Without the required member of this index.
    Missing(u16),
    /// With a member that may not be.
    Undeclared,
    /// Too few members.
    TooFewMembers,
    /// Too many members.
    TooManyMembers,
    /// Against the clause of this index.
    Clause(u16),
}

impl Break {
    /// Whether a value of another type takes the place.
    pub(super) fn is_of_type(self) -> bool {
        matches!(self, Self::Null | Self::Type(_) | Self::Listed | Self::Word(_))
    }

    /// Whether a value for it must be searched for.
    pub(super) fn is_clause(self) -> bool {
        matches!(self, Self::Clause(_))
    }
}

impl Kind for Break {
    const IS_LEGAL: bool = false;

    fn keyword(self, constraints: &Constraints) -> &'static str {
        match self {
            Self::Null | Self::Type(_) | Self::Listed | Self::Word(_) => "type",
            Self::TooSmall | Self::Far(1) => "minimum",
            Self::TooLarge | Self::Far(_) => "maximum",
            Self::NoMultiple => "multipleOf",
            Self::TooShort => "minLength",
            Self::TooLong => "maxLength",
            Self::NoMatch(_) => "pattern",
            Self::NearMiss(_) => "format",
            Self::NoMember(_) => "enum",
            Self::TooFew => "minItems",
            Self::TooMany => "maxItems",
            Self::Twins => "uniqueItems",
            Self::Absent | Self::Missing(_) => "required",
            Self::Undeclared if constraints.object.is_unevaluated => "unevaluatedProperties",
            Self::Undeclared => "additionalProperties",
            Self::TooFewMembers => "minProperties",
            Self::TooManyMembers => "maxProperties",
            Self::Clause(index) => constraints.clauses.get(usize::from(index)).map_or("", |clause| clause.keyword),
        }
    }

    fn member(self, constraints: &Constraints) -> Option<String> {
        match self {
            Self::Missing(index) => Some(constraints.object.properties.get(usize::from(index))?.name.to_string()),
            Self::Clause(index) => constraints.clauses.get(usize::from(index))?.label.clone(),
            _ => None,
        }
    }
}

/// The types that [`Break::Type`] counts, the most confusing first.
pub(super) const OTHERS: [Types; 6] =
    [Types::ARRAY, Types::OBJECT, Types::STRING, Types::INTEGER, Types::BOOLEAN, Types::FRACTION];

/// Texts that are neither numbers nor flags nor lists to any reader.
pub(super) const WORDS: [&str; 5] = ["abc", "1.5", "12abc", "'\"<>", "\u{e9}\u{4e2d}"];

/// Integers that no 64 bits hold.
pub(super) const FAR: [&str; 2] = ["99999999999999999999999", "-99999999999999999999999"];

/// Texts that few patterns allow.
pub(super) const UNLIKELY: [&str; 5] = ["", " ", "\u{e9}'\"<>%s{{7*7}}", "A", "0"];

/// The rules that can be broken at a spot, and when their turn comes.
pub(super) fn breaks(part: &Part, spot: &Spot) -> Vec<(u8, Break)> {
    let constraints = part.document().constraints(spot.node);
    let mut out = Vec::new();
    types(part, spot, constraints, &mut out);
    if let Some(members) = &constraints.enumeration {
        let count = if members.iter().any(serde_json::Value::is_string) { 3 } else { 1 };
        out.extend((0..count).map(|index| (2, Break::NoMember(index))));
    }
    if constraints.types.overlaps(Types::NUMBER) {
        numbers(constraints, &mut out);
    }
    if constraints.types.overlaps(Types::STRING) {
        texts(part, constraints, &mut out);
    }
    if constraints.types.overlaps(Types::ARRAY) {
        arrays(constraints, &mut out);
    }
    if constraints.types.overlaps(Types::OBJECT) {
        objects(constraints, &mut out);
    }
    let clauses = standing(constraints).filter(|(_, clause)| clause.can_be_broken);
    out.extend(clauses.map(|(index, _)| (2, Break::Clause(index))));
    out
}

fn types(part: &Part, spot: &Spot, constraints: &Constraints, out: &mut Vec<(u8, Break)>) {
    let is_text = part.wire != Wire::Json;
    if is_text {
        // On the wire everything is text: a wrong type can be told only where no text is allowed.
        if !constraints.types.overlaps(Types::STRING) {
            out.extend((0..WORDS.len()).map(|index| (u8::from(index > 0), Break::Word(byte(index)))));
        }
        return;
    }
    if !constraints.types.overlaps(Types::NULL) {
        out.push((0, Break::Null));
    }
    for (index, other) in OTHERS.iter().enumerate() {
        // Every integer is a number; a number is no integer only if it has a fraction.
        let is_allowed = constraints.types.overlaps(*other);
        let is_container = index < 2 || index == 2 && !constraints.types.overlaps(Types::STRING);
        if !is_allowed {
            out.push((if is_container { 1 } else { 3 }, Break::Type(byte(index))));
        }
    }
    let is_root_object = spot.depth == 0 && constraints.types.overlaps(Types::OBJECT);
    if !constraints.types.overlaps(Types::ARRAY) {
        out.push((if is_root_object { 1 } else { 3 }, Break::Listed));
    }
}

fn numbers(constraints: &Constraints, out: &mut Vec<(u8, Break)>) {
    let rules = &constraints.number;
    if rules.minimum.is_some() {
        out.push((2, Break::TooSmall));
    }
    if rules.maximum.is_some() {
        out.push((2, Break::TooLarge));
    }
    // Beyond a limit by one is for the validation, far beyond it for the parser before that.
    if rules.maximum.is_some() {
        out.push((1, Break::Far(0)));
    }
    if rules.minimum.is_some() {
        out.push((2, Break::Far(1)));
    }
    if rules.multiple_of.is_some() {
        out.push((4, Break::NoMultiple));
    }
}

fn texts(part: &Part, constraints: &Constraints, out: &mut Vec<(u8, Break)>) {
    let rules = &constraints.string;
    if rules.min_length > 0 {
        out.push((2, Break::TooShort));
    }
    let longest = if part.wire == Wire::Json { LONGEST } else { LONGEST_FIELD };
    if rules.max_length.is_some_and(|most| most < longest) {
        out.push((2, Break::TooLong));
    }
    if !rules.patterns.is_empty() {
        out.extend((0..UNLIKELY.len()).map(|index| (if index == 2 { 2 } else { 4 }, Break::NoMatch(byte(index)))));
    }
    let misses = rules.format.map_or(0, |format| format.near_misses().len());
    // The first of each format are those that found bugs before: impossible days, the year zero, hour 24.
    out.extend((0..misses).map(|index| (if index < 3 { 1 } else { 3 }, Break::NearMiss(byte(index)))));
}

fn arrays(constraints: &Constraints, out: &mut Vec<(u8, Break)>) {
    let rules = &constraints.array;
    if rules.min_items > 0 {
        out.push((2, Break::TooFew));
    }
    if rules.max_items.is_some_and(|most| most < MOST_ITEMS) {
        out.push((2, Break::TooMany));
    }
    if rules.unique {
        out.push((3, Break::Twins));
    }
}

fn objects(constraints: &Constraints, out: &mut Vec<(u8, Break)>) {
    let rules = &constraints.object;
    let required = rules.properties.iter().enumerate().filter(|(_, property)| property.required);
    let missing =
        required.take(MOST_MEMBERS).map(|(index, _)| Break::Missing(u16::try_from(index).unwrap_or(u16::MAX)));
    out.extend(missing.map(|missing| (1, missing)));
    if rules.additional.is_none() {
        out.push((3, Break::Undeclared));
    }
    if rules.min_properties > 0 {
        out.push((3, Break::TooFewMembers));
    }
    if rules.max_properties.is_some_and(|most| most < MOST_ITEMS) {
        out.push((3, Break::TooManyMembers));
    }
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
