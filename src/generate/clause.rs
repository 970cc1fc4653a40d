//! Rules that only a validator can judge, such as `not` and `contains`. Main type: [`Judge`].
//!
//! Boundary cases keep such a rule and malformed ones break it. Which value does is found by trying: here is the trial,
//! and what both need to make something to be tried.

use std::sync::Arc;

use serde_json::Value;

use super::plan::{Part, Spot};
use super::value::several;
use crate::scenario::Datum;
use crate::schema::{Clause, Constraints, Document, Pattern, Schema, Validation, Variation, View, escape_token};

/// The most items of an array that is made for a clause.
const MOST_ITEMS: usize = 1_000;

/// The clauses that a value at a spot can be judged by, with their numbers.
pub(super) fn standing(constraints: &Constraints) -> impl Iterator<Item = (u16, &Clause)> {
    let all = constraints.clauses.iter().enumerate();
    let of_types = all.filter(|(_, clause)| constraints.preferred.overlaps(clause.types));
    of_types.filter_map(|(index, clause)| Some((u16::try_from(index).ok()?, clause)))
}

/// Tells whether a value keeps a clause, or breaks it and nothing else of the schema that it stands in.
pub(super) struct Judge<'a> {
    clause: &'a Clause,
    whole: Validation,
    rest: Validation,
    /// What `if` or `contains` asks for.
    condition: Option<Validation>,
    bounds: (usize, Option<usize>),
}

impl<'a> Judge<'a> {
    pub(super) fn new(document: &Arc<Document>, clause: &'a Clause) -> Option<Self> {
        let schema = document.schema(&clause.schema)?;
        let condition = match clause.keyword {
            "then" | "else" => document.schema(&clause.beside("if")),
            "contains" | "minContains" | "maxContains" => document.schema(&clause.beside("contains")),
            _ => None,
        };
        let compile = |schema: &Schema| Validation::of(&schema.bundle(View::Request));
        Some(Self {
            clause,
            whole: compile(&schema),
            rest: Validation::of(&schema.bundle_without(clause, View::Request)),
            condition: condition.as_ref().map(compile),
            bounds: bounds(schema.value()),
        })
    }

    /// Whether the value keeps the clause, and shows it.
    pub(super) fn is_kept(&self, value: &Datum) -> bool {
        value.to_value().is_some_and(|value| self.shows(&value) && self.whole.accepts(&value))
    }

    /// Whether the value breaks the clause alone.
    pub(super) fn is_broken(&self, value: &Datum) -> bool {
        value.to_value().is_some_and(|value| self.rest.accepts(&value) && !self.whole.accepts(&value))
    }

    /// Whether the value meets `if` or `contains`.
    pub(super) fn meets_condition(&self, value: &Datum) -> bool {
        let condition = self.condition.as_ref();
        condition.is_some_and(|condition| value.to_value().is_some_and(|value| condition.accepts(&value)))
    }

    /// The least and the greatest number of items that `contains` asks for.
    pub(super) fn bounds(&self) -> (usize, Option<usize>) {
        self.bounds
    }

    /// Whether the clause says anything about this value.
    fn shows(&self, value: &Value) -> bool {
        let accepts = |value: &Value| self.condition.as_ref().is_some_and(|condition| condition.accepts(value));
        let found = || value.as_array().map_or(0, |items| items.iter().filter(|item| accepts(item)).count());
        let members = value.as_object();
        match (self.clause.keyword, &self.clause.subject) {
            ("then", _) => accepts(value),
            ("else", _) => !accepts(value),
            ("minContains", _) => found() == self.bounds.0,
            ("maxContains", _) => Some(found()) == self.bounds.1,
            ("contains", _) => found() > 0,
            ("patternProperties", Some(pattern)) => {
                let pattern = Pattern::new(pattern);
                members.is_some_and(|members| members.keys().any(|name| pattern.matches(name)))
            }
            (_, Some(subject)) => members.is_some_and(|members| members.contains_key(&**subject)),
            ("propertyNames", _) => members.is_some_and(|members| !members.is_empty()),
            _ => true,
        }
    }
}

fn bounds(schema: &Value) -> (usize, Option<usize>) {
    let size = |keyword: &str| usize::try_from(schema.get(keyword)?.as_u64()?).ok();
    (size("minContains").unwrap_or(1), size("maxContains"))
}

/// What clauses are tried at: a spot of a part, and the value there.
pub(super) struct Site<'a> {
    pub(super) part: &'a Part,
    pub(super) spot: &'a Spot,
    pub(super) value: &'a Datum,
    pub(super) clause: &'a Clause,
}

impl Site<'_> {
    /// Values of the spot's node, changed like this.
    pub(super) fn varied(&self, variation: &Variation<'_>) -> Vec<Datum> {
        let document = self.part.document();
        several(document, document.varied(self.spot.node, variation), self.part.wire)
    }

    /// Values of the schema at this pointer alone.
    pub(super) fn of_schema(&self, pointer: &str) -> Vec<Datum> {
        let schema = self.part.schema.document().schema(pointer);
        schema.map_or_else(Vec::new, |schema| several(schema.document(), schema.node(), self.part.wire))
    }

    /// The value with a member of this name, made as the schema asks.
    pub(super) fn with_member(&self, name: &str) -> Option<Datum> {
        let Datum::Object(members) = self.value else { return None };
        if members.iter().any(|(known, _)| known == name) {
            return Some(self.value.clone());
        }
        let document = self.part.document();
        // Where the member is forbidden the spot's node does not know it.
        let declared = self.of_schema(&self.clause.beside(&format!("properties/{}", escape_token(name))));
        let node = document.constraints(self.spot.node).object.member(name);
        let made = || node.and_then(|node| several(document, node, self.part.wire).into_iter().next());
        let value = declared.into_iter().next().or_else(made).unwrap_or_else(|| Datum::string("x"));
        Some(with(self.value, name, value))
    }

    /// A name that the clause's pattern matches: one that is there already, or a new one.
    pub(super) fn matching_name(&self) -> Option<String> {
        let pattern = Pattern::new(self.clause.subject.as_deref()?);
        let there = match self.value {
            Datum::Object(members) => members.iter().map(|(name, _)| name).find(|name| pattern.matches(name)),
            _ => None,
        };
        there.cloned().or_else(|| pattern.sample(&mut arbitrary::Unstructured::new(&[]), 1, 40))
    }

    /// Arrays of which so many items meet `contains`.
    pub(super) fn arrays(&self, judge: &Judge<'_>, matching: usize) -> Vec<Datum> {
        let document = self.part.document();
        let rules = &document.constraints(self.spot.node).array;
        let made = |node| several(document, node, self.part.wire);
        let fitting: Vec<Datum> = rules.contains.map(made).into_iter().flatten().collect();
        let others: Vec<Datum> = rules.items.map(made).into_iter().flatten().chain(plain()).collect();
        let good: Vec<Datum> = fitting.into_iter().filter(|item| judge.meets_condition(item)).collect();
        let bad: Vec<Datum> = others.into_iter().filter(|item| !judge.meets_condition(item)).collect();
        if matching > MOST_ITEMS || matching > 0 && good.is_empty() {
            return Vec::new();
        }
        let here = if let Datum::Array(items) = self.value { items.as_slice() } else { &[] };
        let kept: Vec<Datum> = here.iter().filter(|item| !judge.meets_condition(item)).cloned().collect();
        let mut out = Vec::new();
        for before in [kept, Vec::new()] {
            // A filler may not be what the items are to be, so that each kind of it is tried.
            for filler in bad.iter().map(Some).chain([None]) {
                let mut items = before.clone();
                items.extend(filler.filter(|_| matching == 0 && items.is_empty()).cloned());
                items.extend(good.iter().cycle().take(matching).cloned());
                while let Some(filler) = filler.filter(|_| items.len() < rules.min_items.min(MOST_ITEMS)) {
                    items.push(filler.clone());
                }
                out.push(Datum::Array(items));
            }
        }
        out
    }
}

/// The object with this member.
pub(super) fn with(object: &Datum, name: &str, value: Datum) -> Datum {
    let Datum::Object(members) = object else { return object.clone() };
    let mut members: Vec<_> = members.iter().filter(|(known, _)| known != name).cloned().collect();
    members.push((name.to_owned(), value));
    Datum::Object(members)
}

/// The object without this member.
pub(super) fn without(object: &Datum, name: &str) -> Datum {
    let Datum::Object(members) = object else { return object.clone() };
    Datum::Object(members.iter().filter(|(known, _)| known != name).cloned().collect())
}

/// The plainest value of each type.
pub(super) fn plain() -> [Datum; 7] {
    [
        Datum::string("x"),
        Datum::integer(0),
        Datum::Null,
        Datum::Bool(true),
        Datum::Object(Vec::new()),
        Datum::Array(Vec::new()),
        Datum::Number("1.5".into()),
    ]
}
