//! Values that meet a schema, made from a tape. Main type: [`Maker`]; for users: [`valid_value`].
//!
//! A value is made by the constraint view, which can't say everything: who needs certainty validates what comes out.

mod apart;
mod array;
mod clean;
mod exact;
mod number;
mod object;
mod text;
mod written;

use arbitrary::Unstructured;
use serde_json::Value;

use super::tape::Tape;
use crate::scenario::Datum;
use crate::schema::{Constraints, Document, NodeId, Schema, Types, View};
use crate::seed::Seed;

pub(crate) use crate::schema::{fits, settle};
pub(crate) use clean::without_read_only;
pub(crate) use exact::{Exact, exactly};
pub(crate) use number::{integer_range, largest, smallest};
pub(crate) use written::written;

/// How deep a schema may demand to nest before it counts as endless.
const DEEPEST: u32 = 40;
/// How many values may be within each other, choices counted; a guard, since heights are bounded already.
const NESTING: usize = 200;
/// How many values are within each other mostly.
const USUAL_NESTING: usize = 16;
/// How many values one value may consist of, before optional ones are left out.
const BUDGET: usize = 1_500;
/// How often a value is made anew from the rest of the tape before giving up.
const ATTEMPTS: u32 = 4;
/// How deep the optional parts of a likely value nest.
const LIKELY_DEPTH: u32 = 3;
/// How many alternatives are tried one by one.
const MOST_ALTERNATIVES: usize = 8;
/// How many values are drawn where several are wanted.
const SEVERAL: u64 = 6;
/// Bytes of the tapes that stand in when the given one is at its end.
const SPARE: usize = 512;

/// Which optional members are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Optionals {
    /// None of them.
    Required,
    /// All of them.
    All,
    /// As the tape says.
    Drawn,
}

/// How the document's examples and defaults are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hints {
    /// Not at all.
    Never,
    /// Those of scalars, now and then.
    Sometimes,
    /// Those of scalars, wherever there are some.
    Scalars,
    /// All, also whole objects and arrays.
    All,
}

/// Where a value will stand, which limits what can be told apart there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// In JSON: everything can be said.
    Json,
    /// In pairs of text: no null, no empty list.
    Pairs,
    /// In a path: also nothing empty, and nothing that servers and proxies rewrite.
    Path,
    /// In a header or a cookie: visible ASCII.
    Field,
}

/// How values are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How<'f> {
    pub optionals: Optionals,
    pub hints: Hints,
    pub wire: Wire,
    /// Choices that are made for the tape: the alternative of this index at this node.
    pub forced: &'f [(NodeId, usize)],
    /// Texts of the user's that are drawn now and then.
    pub words: &'f [Box<str>],
}

impl How<'_> {
    /// At random, as the tape says.
    pub(crate) fn drawn(wire: Wire) -> Self {
        Self { optionals: Optionals::Drawn, hints: Hints::Sometimes, wire, forced: &[], words: &[] }
    }
}

/// Makes values of a document's nodes.
pub(crate) struct Maker<'a, 'b> {
    document: &'a Document,
    tape: Tape<'a, 'b>,
    how: How<'a>,
    /// The nodes of the values that are being made, outermost first.
    path: Vec<NodeId>,
    /// How many more values are made before optional ones are left out.
    budget: usize,
    /// Whether more is tried, since what is usual does not conform: a value of one branch of a `oneOf` is kept from being one
    /// of another, and a text of a pattern is of its format as well.
    is_careful: bool,
}

/// A value that conforms to the schema as a request has it, or `None` if none was found. `depth` bounds the nesting
/// of what is optional. The same tape gives the same value.
pub fn valid_value(schema: &Schema, tape: &mut Unstructured<'_>, depth: u32) -> Option<Datum> {
    conforming(schema, tape, How::drawn(Wire::Json), depth)
}

/// A value that conforms. It is validated unless its making proves it.
pub(crate) fn conforming(schema: &Schema, tape: &mut Unstructured<'_>, how: How<'_>, depth: u32) -> Option<Datum> {
    let document = schema.document();
    let node = schema.node();
    document.height(node, DEEPEST)?;
    // What is suggested as a whole is the document's word, not ours.
    let is_proved = how.wire == Wire::Json && how.hints != Hints::All && document.is_proved(node);
    let conforms = |datum: &Datum| datum.to_value().is_some_and(|value| schema.conforms(View::Request, &value));
    let whole = tape.peek_bytes(tape.len()).unwrap_or_default();
    for attempt in 0..ATTEMPTS {
        // What the document itself suggests is given up first: examples are often wrong.
        let hints = if attempt < 2 { how.hints } else { Hints::Never };
        let how = How { hints, ..how };
        let made = if attempt == 0 || !tape.is_empty() {
            make(document, node, tape, how, depth)
        } else {
            // The tape is at its end, and would give the same value again.
            spare(document, node, how, depth, u64::from(attempt))
        };
        if let Some(datum) = made.filter(|datum| is_proved || conforms(datum)) {
            return Some(datum);
        }
    }
    let chosen = alone(document, node, how, depth).into_iter().find(conforms);
    let chosen = chosen.or_else(|| careful(schema, whole, how, depth).find(conforms));
    // What is optional may have no value at all.
    let bare = How { optionals: Optionals::Required, hints: Hints::Never, ..how };
    chosen.or_else(|| spare(document, node, bare, depth, 0).filter(conforms))
}

/// Values that are made with care, from the same tape and from some that stand in.
fn careful(schema: &Schema, tape: &[u8], how: How<'_>, depth: u32) -> impl Iterator<Item = Datum> {
    let how = How { hints: Hints::Never, ..how };
    let tapes =
        std::iter::once(tape.to_vec()).chain((0..u64::from(ATTEMPTS)).map(|number| Seed::new(number).tape(SPARE)));
    tapes.filter_map(move |tape| {
        let mut tape = Unstructured::new(&tape);
        let mut maker = Maker { is_careful: true, ..Maker::new(schema.document(), &mut tape, how) };
        maker.value(schema.node(), None, depth)
    })
}

/// Values of each alternative of an exclusive choice in its turn: those that differ in what is optional are told apart only
/// if it is there.
fn alone(document: &Document, node: NodeId, how: How<'_>, depth: u32) -> Vec<Datum> {
    let constraints = document.constraints(node);
    let is_open = constraints.exclusive && how.optionals == Optionals::Drawn && how.forced.is_empty();
    let count = if is_open { constraints.alternatives.len().min(MOST_ALTERNATIVES) } else { 0 };
    let of_alternative = |index: usize| {
        let forced = [(node, index)];
        let with = |optionals| How { optionals, hints: Hints::Never, forced: &forced, ..how };
        let full = spare(document, node, with(Optionals::All), depth, 0);
        [full, spare(document, node, with(Optionals::Required), depth, 0)]
    };
    (0..count).flat_map(of_alternative).flatten().collect()
}

/// A value from a tape that stands in for one at its end.
fn spare(document: &Document, node: NodeId, how: How<'_>, depth: u32, number: u64) -> Option<Datum> {
    let tape = Seed::new(number).tape(SPARE);
    make(document, node, &mut Unstructured::new(&tape), how, depth)
}

fn make(document: &Document, node: NodeId, tape: &mut Unstructured<'_>, how: How<'_>, depth: u32) -> Option<Datum> {
    Maker::new(document, tape, how).value(node, None, depth)
}

/// A value of the node that nobody has validated; `None` if it is endless or excludes itself.
pub(crate) fn unproved(schema: &Schema, tape: &mut Unstructured<'_>, how: How<'_>, depth: u32) -> Option<Datum> {
    schema.document().height(schema.node(), DEEPEST)?;
    make(schema.document(), schema.node(), tape, how, depth)
}

/// A likely value of a node in the middle of a schema, from a seed; the document's own examples first.
pub(crate) fn likely(document: &Document, node: NodeId, seed: Seed) -> Option<Datum> {
    document.height(node, DEEPEST)?;
    let tape = seed.tape(SPARE);
    let how = How { optionals: Optionals::Required, hints: Hints::Scalars, ..How::drawn(Wire::Json) };
    make(document, node, &mut Unstructured::new(&tape), how, LIKELY_DEPTH)
}

/// Values of a node that nobody has validated: plain, full, and a few at random.
pub(crate) fn several(document: &Document, node: NodeId, wire: Wire) -> Vec<Datum> {
    let mut out = Vec::new();
    if document.height(node, DEEPEST).is_none() {
        return out;
    }
    let fixed = [Optionals::Required, Optionals::All].map(|optionals| (optionals, Vec::new()));
    let drawn = (0..SEVERAL).map(|number| (Optionals::Drawn, Seed::new(number).tape(SPARE)));
    for (optionals, tape) in fixed.into_iter().chain(drawn) {
        let how = How { optionals, hints: Hints::Never, ..How::drawn(wire) };
        let made = make(document, node, &mut Unstructured::new(&tape), how, LIKELY_DEPTH);
        out.extend(made.filter(|value| !out.contains(value)));
    }
    out
}

impl<'a, 'b> Maker<'a, 'b> {
    fn new(document: &'a Document, tape: &'a mut Unstructured<'b>, how: How<'a>) -> Self {
        let path = Vec::with_capacity(USUAL_NESTING);
        Self { document, tape: Tape::new(tape), how, path, budget: BUDGET, is_careful: false }
    }
}

impl Maker<'_, '_> {
    /// A value of the node. `name` is that of the member that it is for, `depth` how much may nest below.
    fn value(&mut self, node: NodeId, name: Option<&str>, depth: u32) -> Option<Datum> {
        if self.path.len() > NESTING {
            return None;
        }
        self.budget = self.budget.saturating_sub(1);
        self.path.push(node);
        let made = self.of_node(node, name, depth);
        self.path.pop();
        made
    }

    fn of_node(&mut self, node: NodeId, name: Option<&str>, depth: u32) -> Option<Datum> {
        let document = self.document;
        let constraints = document.constraints(node);
        if constraints.impossible {
            return None;
        }
        if let Some(members) = &constraints.enumeration {
            return self.member_of(members);
        }
        if let Some(hint) = self.hint(constraints) {
            return Some(hint);
        }
        if !constraints.alternatives.is_empty() {
            return self.alternative(node, constraints, name, depth);
        }
        // A type that is allowed may still have no value, such as an integer between 0 and 0.5.
        let (types, count) = self.types(constraints);
        types[..count].iter().find_map(|single| self.of_type(*single, constraints, name, depth))
    }

    fn of_type(&mut self, single: Types, constraints: &Constraints, name: Option<&str>, depth: u32) -> Option<Datum> {
        match single {
            Types::OBJECT => self.object(constraints, depth),
            Types::ARRAY => self.array(constraints, name, depth),
            Types::STRING => self.text(constraints, name).map(Datum::String),
            Types::INTEGER => self.integer(constraints),
            Types::FRACTION => self.fraction(constraints),
            Types::BOOLEAN => Some(Datum::Bool(!self.tape.once_in(2))),
            _ => Some(Datum::Null),
        }
    }

    fn member_of(&mut self, members: &[Value]) -> Option<Datum> {
        let says_null = self.how.wire == Wire::Json;
        let first = self.tape.below(members.len());
        let turned = members.iter().cycle().skip(first).take(members.len());
        turned.map(|value| written(self.document, value)).find(|datum| says_null || *datum != Datum::Null)
    }

    /// A value that the document suggests, if hints are wanted here and it is no nonsense.
    fn hint(&mut self, constraints: &Constraints) -> Option<Datum> {
        let wanted = match self.how.hints {
            _ if constraints.hints.is_empty() => false,
            Hints::Never => false,
            Hints::Sometimes => self.tape.once_in(4),
            Hints::Scalars | Hints::All => true,
        };
        if !wanted {
            return None;
        }
        let whole = self.how.hints == Hints::All && self.how.optionals != Optionals::Required;
        let first = self.tape.below(constraints.hints.len());
        let turned = constraints.hints.iter().cycle().skip(first).take(constraints.hints.len());
        let mut usable = turned.filter(|value| whole || !value.is_object() && !value.is_array());
        let hint = usable.find(|value| fits(self.document, constraints, value) && self.can_stand(value))?;
        Some(written(self.document, hint))
    }

    /// Whether a suggested value can stand where it is wanted.
    fn can_stand(&self, value: &Value) -> bool {
        match (self.how.wire, value) {
            (Wire::Json, _) => true,
            (_, Value::Null) => false,
            (Wire::Path, Value::String(text)) => text::stands_in_path(text),
            (Wire::Field, Value::String(text)) => text::stands_in_field(text),
            _ => true,
        }
    }

    fn alternative(
        &mut self,
        node: NodeId,
        constraints: &Constraints,
        name: Option<&str>,
        depth: u32,
    ) -> Option<Datum> {
        let all = &constraints.alternatives;
        if let Some((_, index)) = self.how.forced.iter().find(|(forced, _)| *forced == node) {
            return self.branch(*all.get(*index)?, constraints, name, depth.saturating_sub(1));
        }
        let height = |node: &NodeId| self.document.height(*node, DEEPEST);
        if depth == 0 {
            let least = all.iter().filter(|node| height(node).is_some()).min_by_key(|node| height(node))?;
            return self.branch(*least, constraints, name, 0);
        }
        // Null is what is chosen last, and never where it can't be told.
        let is_null = |node: &NodeId| self.document.constraints(*node).types == Types::NULL;
        let wanted = |node: &&NodeId| height(node).is_some() && (self.how.wire == Wire::Json || !is_null(node));
        let mut finite: Vec<NodeId> = all.iter().filter(wanted).copied().collect();
        finite.sort_by_key(is_null);
        let first = self.tape.below(finite.len());
        finite.rotate_left(first);
        finite.into_iter().find_map(|node| self.branch(node, constraints, name, depth - 1))
    }

    /// A value of one alternative of a node.
    fn branch(&mut self, node: NodeId, around: &Constraints, name: Option<&str>, depth: u32) -> Option<Datum> {
        if self.is_careful && around.exclusive {
            self.apart(node, &around.alternatives, name, depth)
        } else {
            self.value(node, name, depth)
        }
    }

    /// The types to try where there is a choice, mostly the most telling one first, and how many they are.
    fn types(&mut self, constraints: &Constraints) -> ([Types; 7], usize) {
        const UNTYPED: [Types; 7] =
            [Types::STRING, Types::INTEGER, Types::BOOLEAN, Types::OBJECT, Types::FRACTION, Types::ARRAY, Types::NONE];
        if constraints.preferred == Types::ANY {
            return self.turned(UNTYPED, 6);
        }
        let mut types = [Types::NONE; 7];
        let mut count = 0;
        for single in constraints.preferred.each() {
            if single != Types::NULL || self.how.wire == Wire::Json {
                types[count] = single;
                count += 1;
            }
        }
        self.turned(types, count)
    }

    /// Now and then another type comes first.
    fn turned(&mut self, mut types: [Types; 7], count: usize) -> ([Types; 7], usize) {
        if count > 1 && self.tape.once_in(4) {
            let first = self.tape.below(count);
            types[..count].rotate_left(first);
        }
        (types, count)
    }
}

#[cfg(test)]
mod tests;
