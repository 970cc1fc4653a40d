//! What the user knows and the document does not say: words worth trying, and values that must be these.
//!
//! Main type: [`UserValues`]. Words come from dictionary files and are drawn into texts; a fixed value stands in its
//! place in every case that does not aim at that very place. Nothing is read from disk here.

mod dictionary;
mod fix;
mod place;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

pub use dictionary::{Mistake, words};
pub(crate) use fix::Pin;

use crate::api::{Api, Operation};
use crate::scenario::Datum;

use super::plan::Plan;
use place::FixedPlace;

/// How many words are kept.
const MOST_WORDS: usize = 100_000;

/// Words and fixed values of a run.
#[derive(Clone, Debug, Default)]
pub struct UserValues {
    words: Arc<Words>,
    fixed: Vec<Fixed>,
}

/// The words of all dictionaries, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// All of them.
    pub(crate) all: Vec<Bytes>,
    /// Those that are text.
    pub(crate) texts: Vec<Box<str>>,
}

/// A value for a place.
#[derive(Clone, Debug)]
struct Fixed {
    place: FixedPlace,
    /// What was meant, the likeliest first: `7` on a command line is a number or a text.
    readings: Vec<Datum>,
}

impl UserValues {
    /// Adds the words that are not there yet.
    pub fn add_words(&mut self, words: impl IntoIterator<Item = Bytes>) {
        let own = Arc::make_mut(&mut self.words);
        let mut known: BTreeSet<Bytes> = own.all.iter().cloned().collect();
        for word in words {
            if own.all.len() < MOST_WORDS && known.insert(word.clone()) {
                own.texts.extend(std::str::from_utf8(&word).ok().map(Into::into));
                own.all.push(word);
            }
        }
    }

    /// Fixes the value of a place: `query/limit`, `body/customer/id`, or `POST /orders body/customer/id` for one
    /// operation. The error says what is not there, and what may have been meant.
    pub fn fix(&mut self, api: &Api, place: &str, value: &serde_json::Value) -> Result<(), String> {
        self.fix_readings(api, place, vec![Datum::from(value)])
    }

    /// Fixes a value that was written as text: as JSON if it is some and the place takes it, else as the text.
    pub fn fix_text(&mut self, api: &Api, place: &str, text: &str) -> Result<(), String> {
        let json = serde_json::from_str::<serde_json::Value>(text).ok();
        let readings = json.iter().map(Datum::from).chain([Datum::string(text)]).collect();
        self.fix_readings(api, place, readings)
    }

    fn fix_readings(&mut self, api: &Api, place: &str, readings: Vec<Datum>) -> Result<(), String> {
        let place = FixedPlace::parse(place)?;
        place.check(api)?;
        self.fixed.retain(|known| known.place != place);
        self.fixed.push(Fixed { place, readings });
        // What is said of one operation beats what is said of all.
        self.fixed.sort_by_key(|fixed| fixed.place.operation.is_some());
        Ok(())
    }

    /// Fixed values that their places do not take, one sentence each. They are sent all the same, and no case of
    /// such an operation is called valid.
    pub fn problems(&self, api: &Api) -> Vec<String> {
        let mut problems = Vec::new();
        for operation in api.operations.iter().filter(|operation| self.pins(operation).next().is_some()) {
            let plan = Plan::with_values(operation, self);
            problems.extend(plan.pin_problems().map(|problem| format!("{}: {problem}", operation.id)));
        }
        problems
    }

    /// The texts and numbers that are fixed, wherever that is, as they are written in JSON but for the quotes.
    pub(crate) fn fixed_texts(&self) -> impl Iterator<Item = Bytes> {
        let is_scalar = |reading: &&Datum| matches!(reading, Datum::String(_) | Datum::Number(_));
        let scalars = self.fixed.iter().flat_map(|fixed| &fixed.readings).filter(is_scalar);
        scalars.map(|reading| {
            let written = Bytes::from(reading.to_json());
            let inner = written.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
            inner.map_or_else(|| written.clone(), |inner| written.slice_ref(inner))
        })
    }

    /// The words.
    pub(crate) fn words(&self) -> &Arc<Words> {
        &self.words
    }

    /// The fixed values of an operation; where two are for the same place, the later one holds.
    fn pins<'a>(&'a self, operation: &'a Operation) -> impl Iterator<Item = &'a Fixed> {
        self.fixed.iter().filter(|fixed| fixed.place.is_in(operation))
    }
}

#[cfg(test)]
mod tests;
