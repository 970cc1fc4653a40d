//! What is known of an operation before its first case: values that are known to be good, and the places where one
//! thing can be changed. Main types: [`Plan`], [`Plans`].
//!
//! A plan is made once per operation and never holds a case: cases are put together from it, one at a time.

mod base;
mod cache;
mod fresh;
mod media;
mod pinned;
mod spot;

use std::sync::Arc;

use bytes::Bytes;

use crate::api::{Location, Operation};
use crate::scenario::{Argument, Body, Case, Content, Datum, GeneratorId, Intent, Provenance};
use crate::schema::{Document, Schema};
use crate::seed::Seed;

use super::user::{Pin, Words};
use super::value::Wire;

pub(crate) use base::DEPTH;
pub(crate) use cache::{Cache, Plans};
pub(crate) use spot::{Spot, spots};

/// What is known of an operation.
pub(crate) struct Plan {
    pub operation: Arc<Operation>,
    /// One for each of the operation's parameters, in their order.
    pub parameters: Vec<Part>,
    /// One for each media type in which we can write a body, the most usual first.
    pub bodies: Vec<BodyPart>,
    /// Why valid cases can't be made, if so.
    pub problems: Vec<String>,
    /// What the user has found worth trying.
    pub words: Arc<Words>,
}

/// A parameter, or a body in one media type.
pub(crate) struct Part {
    pub schema: Schema,
    pub wire: Wire,
    pub required: bool,
    /// Values of it; the first is that which all other cases use.
    pub goods: Vec<Datum>,
    /// How many of them are the document's own.
    pub documented: usize,
    /// Whether these values are valid. If none could be made, a likely one stands in.
    pub proved: bool,
    /// Where one thing can be changed.
    pub spots: Vec<Spot>,
    /// Texts that are new in each case.
    fresh: Vec<fresh::Fresh>,
    /// Values that the user has fixed.
    pins: Vec<Pin>,
    /// Why what the user has fixed is not valid here, if so.
    pin_problem: Option<String>,
}

/// A body in one media type.
pub(crate) struct BodyPart {
    /// What `Content-Type` says: concrete where the document has a wildcard.
    pub media_type: String,
    pub part: Part,
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The parameter of this index.
    Parameter(u16),
    /// The body of this index.
    Body(u16),
}

/// One change to a value.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Another value in this place.
    Set(Datum),
    /// This member taken out.
    Remove(String),
    /// This member put in.
    Insert(String, Datum),
}

/// Who made a case.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub generator: GeneratorId,
    pub index: u64,
    pub seed: Seed,
}

impl Part {
    pub(crate) fn document(&self) -> &Document {
        self.schema.document()
    }

    /// The good value of this index, with names that are new in this case.
    pub(crate) fn good(&self, index: usize, origin: Origin) -> Option<Datum> {
        let mut value = self.goods.get(index)?.clone();
        let mut texts = self.fresh.iter().filter(|text| usize::from(text.base) == index).peekable();
        if texts.peek().is_some() {
            let salt = origin.seed.child(origin.generator.0, origin.index).number();
            texts.for_each(|text| text.apply(&mut value, salt));
        }
        Some(value)
    }
}

impl Plan {
    /// The part at this place.
    pub(crate) fn part(&self, place: Place) -> Option<&Part> {
        match place {
            Place::Parameter(index) => self.parameters.get(usize::from(index)),
            Place::Body(index) => self.bodies.get(usize::from(index)).map(|body| &body.part),
        }
    }

    /// Every place: the bodies, then the parameters, those of the path first.
    pub(crate) fn places(&self) -> Vec<Place> {
        let number = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
        let mut parameters: Vec<usize> = (0..self.parameters.len()).collect();
        parameters.sort_by_key(|index| self.operation.parameters[*index].location != Location::Path);
        let bodies = (0..self.bodies.len()).map(|index| Place::Body(number(index)));
        bodies.chain(parameters.into_iter().map(|index| Place::Parameter(number(index)))).collect()
    }

    /// Whether everything that must be sent can be sent as it should be.
    pub(crate) fn is_proved(&self) -> bool {
        self.problems.is_empty()
    }

    /// The usual case: what is required, everything of it known to be good, and the first body.
    pub(crate) fn usual(&self, origin: Origin, intent: Intent) -> Case {
        let mut case = self.bodiless(origin, intent);
        case.body = self.bodies.first().and_then(|body| {
            let value = body.part.good(0, origin)?;
            Some(Body { media_type: body.media_type.clone(), content: Content::Value(value) })
        });
        case
    }

    /// The usual case without its body.
    fn bodiless(&self, origin: Origin, intent: Intent) -> Case {
        let required = self.parameters.iter().enumerate().filter(|(_, part)| part.required);
        let arguments = required.filter_map(|(parameter, part)| {
            part.goods.first().map(|value| Argument { parameter, value: value.clone() })
        });
        Case {
            operation: Arc::clone(&self.operation),
            arguments: arguments.collect(),
            headers: Vec::new(),
            body: None,
            intent,
            provenance: Provenance { generator: origin.generator, index: origin.index, seed: origin.seed },
        }
    }

    /// The usual case with this value at this place.
    pub(crate) fn with(&self, place: Place, value: Datum, origin: Origin, intent: Intent) -> Case {
        let mut case = match place {
            Place::Body(_) => self.bodiless(origin, intent),
            Place::Parameter(_) => self.usual(origin, intent),
        };
        self.put(&mut case, place, value);
        case
    }

    /// Puts a value into a case.
    pub(crate) fn put(&self, case: &mut Case, place: Place, value: Datum) {
        match place {
            Place::Parameter(index) => {
                let parameter = usize::from(index);
                match case.arguments.iter_mut().find(|argument| argument.parameter == parameter) {
                    Some(argument) => argument.value = value,
                    None => case.arguments.push(Argument { parameter, value }),
                }
            }
            Place::Body(index) => {
                let media_type = self.bodies.get(usize::from(index)).map(|body| body.media_type.clone());
                case.body = Some(Body { media_type: media_type.unwrap_or_default(), content: Content::Value(value) });
            }
        }
    }

    /// The usual case with these bytes as its body.
    pub(crate) fn with_raw(&self, media_type: &str, bytes: Bytes, origin: Origin, intent: Intent) -> Case {
        let mut case = self.bodiless(origin, intent);
        case.body = Some(Body { media_type: media_type.to_owned(), content: Content::Raw(bytes) });
        case
    }

    /// The value of a part with one change at a spot.
    pub(crate) fn changed(&self, place: Place, spot: &Spot, change: Change, origin: Origin) -> Option<Datum> {
        let mut value = self.part(place)?.good(usize::from(spot.base), origin)?;
        let part = self.part(place)?;
        let aimed = part.aimed(spot, &change);
        apply(value.at_mut(&spot.pointer)?, change)?;
        part.pin_again(&mut value, &aimed);
        Some(value)
    }

    /// How people name a place: `query/limit`, `body/items/0`.
    pub(crate) fn name(&self, place: Place, pointer: &str) -> String {
        match place {
            Place::Body(_) => format!("body{pointer}"),
            Place::Parameter(index) => {
                let parameter = &self.operation.parameters[usize::from(index)];
                format!("{}/{}{pointer}", parameter.location.word(), parameter.name)
            }
        }
    }
}

/// Changes a value in its place; `None` if the change is none there.
pub(crate) fn apply(value: &mut Datum, change: Change) -> Option<()> {
    match (change, value) {
        (Change::Set(new), value) => *value = new,
        (Change::Remove(name), Datum::Object(members)) => {
            let index = members.iter().position(|(known, _)| *known == name)?;
            members.remove(index);
        }
        (Change::Insert(name, new), Datum::Object(members)) => {
            if members.iter().any(|(known, _)| *known == name) {
                return None;
            }
            members.push((name, new));
        }
        _ => return None,
    }
    Some(())
}
