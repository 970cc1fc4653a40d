//! Names that are new each time. Main type: [`Fresh`].
//!
//! A handler that creates something under a name answers 409 to the second request with that name, and what the
//! request was about never reaches it. So the texts of a usual body that nothing constrains, and those that are called
//! like names even if the document has an example, are different in every case: a pure function of the case's origin.

use super::{Plan, Spot};
use crate::scenario::{Case, Content, Datum, Unique};
use crate::schema::{Constraints, Document, Format, Types};

/// What unique things are called.
const NAMES: [&str; 12] = [
    "name",
    "username",
    "user",
    "login",
    "email",
    "slug",
    "key",
    "handle",
    "title",
    "label",
    "displayname",
    "identifier",
];

/// A text that is replaced.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) base: u16,
    pointer: Box<str>,
    is_email: bool,
}

/// The texts of the values that these spots are in, of which the first ones are the document's own.
pub(super) fn texts(document: &Document, spots: &[Spot], documented: usize) -> Vec<Fresh> {
    let fresh = |spot: &Spot| {
        let constraints = document.constraints(spot.node);
        let is_shown = usize::from(spot.base) < documented || !constraints.hints.is_empty();
        takes_token(constraints, spot, is_shown).then(|| Fresh {
            base: spot.base,
            pointer: spot.pointer.clone(),
            is_email: constraints.string.format == Some(Format::Email),
        })
    };
    spots.iter().filter_map(fresh).collect()
}

fn takes_token(constraints: &Constraints, spot: &Spot, is_shown: bool) -> bool {
    let rules = &constraints.string;
    let own_name = spot.pointer.rsplit('/').next().unwrap_or_default().to_ascii_lowercase().replace(['_', '-'], "");
    let is_named = NAMES.contains(&own_name.as_str());
    let is_free = rules.patterns.is_empty() && matches!(rules.format, None | Some(Format::Email));
    let has_room = rules.max_length.is_none_or(|most| most >= Unique::LENGTH) && rules.min_length <= Unique::LENGTH;
    constraints.types.overlaps(Types::STRING)
        && constraints.enumeration.is_none()
        && is_free
        && has_room
        && (is_named || !is_shown && rules.format.is_none())
}

impl Plan {
    /// The case with new names in its body, except where `is_kept` says so: one that can be sent again, and makes another
    /// thing. `None` if it would not be valid.
    pub(crate) fn renewed(&self, case: &Case, is_kept: &dyn Fn(&str) -> bool) -> Option<Case> {
        let mut renewed = case.clone();
        let body = renewed.body.as_mut()?;
        let part = &self.bodies.iter().find(|known| known.media_type == body.media_type)?.part;
        let Content::Value(value) = &mut body.content else { return None };
        let is_free = |text: &&Fresh| text.base == 0 && !part.has_pin(&text.pointer) && !is_kept(&text.pointer);
        let salt = case.provenance.salt();
        part.fresh.iter().filter(is_free).for_each(|text| text.apply(value, salt));
        part.conforms(value).then_some(renewed)
    }
}

impl Fresh {
    pub(super) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Makes the text a new one. `salt` is the case's own number.
    pub(super) fn apply(&self, value: &mut Datum, salt: u64) {
        let Some(Datum::String(text)) = value.at_mut(&self.pointer) else { return };
        let unique = Unique::of(&self.pointer, salt);
        *text = if self.is_email { unique.email() } else { unique.word() };
    }
}
