//! Fixed values put into the values of a part. Main type: [`Pin`].

use super::{Fixed, UserValues};
use crate::api::Operation;
use crate::generate::plan::Place;
use crate::scenario::Datum;
use crate::schema::{Schema, escape_token, tokens};

/// A fixed value of a part.
#[derive(Clone, Debug)]
pub(crate) struct Pin {
    /// The way to it; `*` stands for every item. Empty for the whole part.
    tokens: Vec<String>,
    /// What it may be, the likeliest first.
    readings: Vec<Datum>,
}

impl UserValues {
    /// The fixed values of a part, those of the whole part first.
    pub(crate) fn pins_of(&self, operation: &Operation, place: Place, schema: &Schema) -> Vec<Pin> {
        let is_here = |fixed: &&Fixed| fixed.place.is_of(operation, place) && fixed.place.is_within(schema);
        let here = self.pins(operation).filter(is_here);
        let mut pins: Vec<Pin> = Vec::new();
        for fixed in here {
            let pin = Pin { tokens: fixed.place.tokens.clone(), readings: fixed.readings.clone() };
            pins.retain(|known| known.tokens != pin.tokens);
            pins.push(pin);
        }
        pins.sort_by_key(|pin| pin.tokens.len());
        pins
    }
}

impl Pin {
    /// Whether it is for the whole part.
    pub(crate) fn is_whole(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The values that may be meant.
    pub(crate) fn readings(&self) -> &[Datum] {
        &self.readings
    }

    /// Only this one is meant.
    pub(crate) fn settle(&mut self, reading: usize) {
        self.readings.swap(0, reading);
        self.readings.truncate(1);
    }

    /// Puts a reading into a value; gives whether it has the place. A member that is absent is put in if `insert`.
    pub(crate) fn put(&self, value: &mut Datum, reading: usize, insert: bool) -> bool {
        self.readings.get(reading).is_some_and(|reading| put(value, &self.tokens, reading, insert))
    }

    /// Whether this is its place.
    pub(crate) fn is_at(&self, pointer: &str) -> bool {
        let mut own = self.tokens.iter();
        let same = tokens(pointer).all(|token| own.next().is_some_and(|own| own == "*" || *own == token));
        same && own.next().is_none()
    }

    /// How people name it within its part.
    pub(crate) fn pointer(&self) -> String {
        self.tokens.iter().flat_map(|token| ["/".to_owned(), escape_token(token)]).collect()
    }
}

fn put(value: &mut Datum, tokens: &[String], new: &Datum, insert: bool) -> bool {
    let Some((first, rest)) = tokens.split_first() else {
        value.clone_from(new);
        return true;
    };
    match value {
        Datum::Array(items) if first == "*" => {
            // Every item, also after the first that has the place.
            items.iter_mut().filter_map(|item| put(item, rest, new, insert).then_some(())).count() > 0
        }
        Datum::Array(items) => {
            let item = first.parse().ok().and_then(|index: usize| items.get_mut(index));
            item.is_some_and(|item| put(item, rest, new, insert))
        }
        Datum::Object(members) => match members.iter_mut().find(|(name, _)| name == first) {
            Some((_, member)) => put(member, rest, new, insert),
            None if insert && rest.is_empty() => {
                members.push((first.clone(), new.clone()));
                true
            }
            None => false,
        },
        _ => false,
    }
}
