//! The places within a value where one thing can be changed. Main type: [`Spot`].

use std::collections::BTreeMap;

use serde_json::Value;

use crate::generate::value::settle;
use crate::scenario::Datum;
use crate::schema::{Document, NodeId, Schema, escape_token};

/// How many spots of a part are known.
const MOST_SPOTS: usize = 2_000;
/// How deep spots lie at most.
const DEEPEST: usize = 12;

/// A place within a value of a part.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// The index of the value in which it is.
    pub base: u16,
    /// JSON pointer into that value.
    pub pointer: Box<str>,
    /// What stands there meets this node, all choices made.
    pub node: NodeId,
    /// Nesting.
    pub depth: u8,
    /// The same place once more, with members that it did not have before: only absences are new here.
    pub again: bool,
    /// Whether a choice was made for what stands here, or around it.
    pub chosen: bool,
}

/// The spots of these values, each place of the schema once, the shallow ones first.
pub(crate) fn spots(schema: &Schema, goods: &[Datum]) -> Vec<Spot> {
    let is_alone = goods.len() == 1;
    let mut walker = Walker { document: schema.document(), seen: BTreeMap::new(), is_alone, out: Vec::new(), base: 0 };
    for (index, good) in goods.iter().enumerate() {
        let Some(value) = good.to_value() else { continue };
        walker.base = u16::try_from(index).unwrap_or(u16::MAX);
        walker.walk(schema.node(), &value, &mut String::new(), Way::default());
    }
    let mut out = walker.out;
    out.sort_by_key(|spot| spot.depth);
    out
}

/// How a place was reached.
#[derive(Clone, Copy, Default)]
struct Way {
    depth: usize,
    chosen: bool,
}

struct Walker<'a> {
    document: &'a Document,
    /// The most that was seen at a place: how many members, and one more; nothing for null and for an empty list.
    seen: BTreeMap<NodeId, BTreeMap<Box<str>, usize>>,
    /// Whether there is one value only, so that no place comes again.
    is_alone: bool,
    out: Vec<Spot>,
    base: u16,
}

impl Walker<'_> {
    fn walk(&mut self, node: NodeId, value: &Value, pointer: &mut String, way: Way) {
        if way.depth > DEEPEST || self.out.len() >= MOST_SPOTS {
            return;
        }
        let leaf = settle(self.document, node, value);
        let chosen = way.chosen || leaf != node;
        if let Some(again) = self.news(leaf, pointer, value) {
            let depth = u8::try_from(way.depth).unwrap_or(u8::MAX);
            let pointer = pointer.as_str().into();
            self.out.push(Spot { base: self.base, pointer, node: leaf, depth, again, chosen });
        }
        below(self.document, leaf, value, &mut |token, node, value| {
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&escape_token(token));
            self.walk(node, value, pointer, Way { depth: way.depth + 1, chosen });
            pointer.truncate(length);
        });
    }

    /// Whether the value shows more of this place than those before it; if so, whether they showed something as well.
    fn news(&mut self, leaf: NodeId, pointer: &str, value: &Value) -> Option<bool> {
        if self.is_alone {
            return Some(false);
        }
        let shown = match value {
            Value::Null => 0,
            Value::Array(items) => usize::from(!items.is_empty()),
            Value::Object(members) => members.len() + 1,
            _ => 1,
        };
        let places = self.seen.entry(leaf).or_default();
        let known = places.get(pointer).copied();
        if known.is_some_and(|known| shown <= known) {
            return None;
        }
        places.insert(pointer.into(), shown);
        // Null and an empty list have little that can be changed.
        Some(known.is_some_and(|known| known > 0))
    }
}

/// Calls for each member, and for the items that stand for all.
fn below(document: &Document, leaf: NodeId, value: &Value, each: &mut dyn FnMut(&str, NodeId, &Value)) {
    let constraints = document.constraints(leaf);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let Some(node) = constraints.object.member(name) {
                    each(name, node, member);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().take(constraints.array.prefix.len() + 1) {
                if let Some(node) = constraints.array.item(index) {
                    each(&index.to_string(), node, item);
                }
            }
        }
        _ => {}
    }
}

/// Calls for each choice that the value has made: the node, the index taken, and how many there are.
pub(super) fn choices(document: &Document, node: NodeId, value: &Value, each: &mut dyn FnMut(NodeId, usize, usize)) {
    descend(document, node, value, each, 0);
}

fn descend(document: &Document, node: NodeId, value: &Value, each: &mut dyn FnMut(NodeId, usize, usize), depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let mut here = node;
    for _ in 0..DEEPEST {
        let alternatives = &document.constraints(here).alternatives;
        if alternatives.is_empty() {
            break;
        }
        let fits = |node: &NodeId| crate::generate::value::fits(document, document.constraints(*node), value);
        let taken = alternatives.iter().position(fits).unwrap_or(0);
        each(here, taken, alternatives.len());
        here = alternatives[taken];
    }
    below(document, here, value, &mut |_, node, value| descend(document, node, value, each, depth + 1));
}
