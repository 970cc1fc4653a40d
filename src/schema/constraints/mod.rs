//! The constraint view: what a schema asks of a value, merged and resolved, for whoever makes values.
//!
//! Main types: [`Constraints`], reached by a [`NodeId`] through [`Document::constraints`]. A node is the intersection
//! of a set of schemas: `$ref` and `allOf` are folded into it, `oneOf`, `anyOf`, `if` and a discriminator become
//! [`Constraints::alternatives`], each a node of its own. Nodes are made on first use and shared by the whole
//! document, so raw JSON is never walked per value. It is a guide for making values, no judge of them: what a node
//! can't express (`not`, `unevaluatedItems`, ...) is left to [`Schema::conforms`].

mod arena;
mod clauses;
mod compile;
mod contradiction;
mod equal;
mod fits;
mod height;
mod merge;
mod negation;
mod part;
mod preferred;
mod proved;
mod ranges;
mod types;

use std::sync::Arc;

use serde_json::Value;

pub use arena::NodeId;
pub(crate) use arena::{Arena, Variation};
pub use clauses::Clause;
pub use contradiction::Contradiction;
pub(crate) use fits::{fits, settle};
pub use types::Types;

use super::format::Format;
use super::literal::Literal;
use super::pattern::Pattern;
use super::{Document, Schema};

/// What one node asks of a value.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and none excludes another")]
pub struct Constraints {
    /// The types that are allowed.
    pub types: Types,
    /// The types that a sensible value has: narrower than `types` where the schema names none, but says
    /// `properties` or `maxLength`.
    pub preferred: Types,
    /// The values of `enum` and `const`, if there are any.
    pub enumeration: Option<Vec<Value>>,
    /// Rules for numbers.
    pub number: NumberRules,
    /// Rules for strings.
    pub string: StringRules,
    /// Rules for arrays.
    pub array: ArrayRules,
    /// Rules for objects.
    pub object: ObjectRules,
    /// What has no field here and is known by where it stands.
    pub clauses: Vec<Clause>,
    /// If not empty, a value meets one of these nodes, and each of them includes everything that stands here.
    pub alternatives: Vec<NodeId>,
    /// The document's `default`, `example` and `examples` of the value, in this order of mention; seeds, not truth.
    pub hints: Vec<Value>,
    /// No value conforms: the types or enums of an intersection exclude each other, or a schema is `false`.
    pub impossible: bool,
    /// Something here is not expressed by this view, so a value that is made from it must be validated.
    pub unproved: bool,
    /// What stands here asks for more than the schema does: the value that a discriminator names, or a simple way of not
    /// meeting a condition. So that nothing meets it proves nothing.
    pub narrowed: bool,
    /// A `oneOf` stands here: a value must meet no more than one of its branches.
    pub exclusive: bool,
    /// The component that this node was reached through, such as `Order`; for names of alternatives.
    pub name: Option<Arc<str>>,
}

/// `minimum` and its kin.
#[derive(Debug, Default)]
pub struct NumberRules {
    /// The lower limit.
    pub minimum: Option<Limit>,
    /// The upper limit.
    pub maximum: Option<Limit>,
    /// `multipleOf`.
    pub multiple_of: Option<Literal>,
}

/// A limit of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Its value.
    pub value: Literal,
    /// Whether the value itself is out.
    pub exclusive: bool,
}

/// `minLength` and its kin.
#[derive(Debug, Default)]
pub struct StringRules {
    /// `minLength` in characters.
    pub min_length: usize,
    /// `maxLength` in characters.
    pub max_length: Option<usize>,
    /// Every `pattern`.
    pub patterns: Vec<Arc<Pattern>>,
    /// `format`, if we know it. It may stand at numbers too.
    pub format: Option<Format>,
    /// Whether the format is written by its own name, the one that every validator knows.
    pub is_format_judged: bool,
}

/// `items` and its kin.
#[derive(Debug, Default)]
pub struct ArrayRules {
    /// `prefixItems`, merged with what `items` of other parts says.
    pub prefix: Vec<NodeId>,
    /// What the items after the prefix meet; `None` where there may be none.
    pub items: Option<NodeId>,
    /// `contains`, together with what `items` says.
    pub contains: Option<NodeId>,
    /// How many items must meet it.
    pub min_contains: usize,
    /// The number of items, with what `contains` asks for.
    pub min_items: usize,
    /// `maxItems`.
    pub max_items: Option<usize>,
    /// `uniqueItems`.
    pub unique: bool,
}

/// `properties` and its kin.
#[derive(Debug, Default)]
pub struct ObjectRules {
    /// The declared properties and those that are required without being declared, in the document's order.
    pub properties: Vec<Property>,
    /// What undeclared members meet; `None` where there may be none.
    pub additional: Option<NodeId>,
    /// Whether there may be none only because of `unevaluatedProperties`.
    pub is_unevaluated: bool,
    /// Whether a schema for undeclared members is written down: the object is meant as a map.
    pub is_map: bool,
    /// `patternProperties`.
    pub pattern_properties: Vec<(Arc<Pattern>, NodeId)>,
    /// `propertyNames`.
    pub property_names: Option<NodeId>,
    /// `minProperties`.
    pub min_properties: usize,
    /// `maxProperties`.
    pub max_properties: Option<usize>,
    /// Members that may not be there.
    pub forbidden: Vec<Arc<str>>,
    /// A member that must be there and may not.
    pub barred: Option<Arc<str>>,
    /// `dependentRequired`: if the first is there, the others must be.
    pub dependent: Vec<(Arc<str>, Vec<Arc<str>>)>,
}

/// A property of an object.
#[derive(Debug)]
pub struct Property {
    /// Its name.
    pub name: Arc<str>,
    /// What its value meets.
    pub node: NodeId,
    /// Whether it must be there in a request: what is `readOnly` need not.
    pub required: bool,
    /// Whether a client should not send it.
    pub read_only: bool,
}

impl ObjectRules {
    /// The property of this name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| &*property.name == name)
    }

    /// What a member of this name meets, declared or not; `None` where it may not be.
    pub fn member(&self, name: &str) -> Option<NodeId> {
        if let Some(property) = self.property(name) {
            return Some(property.node);
        }
        let by_pattern = self.pattern_properties.iter().find(|(pattern, _)| pattern.matches(name));
        by_pattern.map(|(_, node)| *node).or(self.additional)
    }
}

impl ArrayRules {
    /// What the item at this index meets; `None` where there may be none.
    pub fn item(&self, index: usize) -> Option<NodeId> {
        self.prefix.get(index).copied().or(self.items)
    }
}

/// How many choices of a node are looked through.
const MOST_ALTERNATIVES: usize = 200;

impl Document {
    /// These nodes and all that they may choose, as far as they are few.
    pub fn with_alternatives(&self, mut open: Vec<NodeId>) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = Vec::new();
        while let Some(node) = open.pop().filter(|_| all.len() < MOST_ALTERNATIVES) {
            if !all.contains(&node) {
                all.push(node);
                open.extend(&self.constraints(node).alternatives);
            }
        }
        all
    }

    /// The node's constraints, compiled on first use.
    pub fn constraints(&self, node: NodeId) -> &Constraints {
        self.arena().get(self, node)
    }

    /// A node that asks for more, or for less, than this one.
    pub(crate) fn varied(&self, node: NodeId, variation: &Variation<'_>) -> NodeId {
        self.arena().varied(self, node, variation)
    }

    /// The node as a validator sees it, which knows no discriminator.
    pub(crate) fn untagged(&self, node: NodeId) -> NodeId {
        self.arena().untagged(node)
    }

    /// Whether every value that is made by the node's rules conforms for certain.
    pub(crate) fn is_proved(&self, node: NodeId) -> bool {
        *self.arena().proved(node).get_or_init(|| proved::proved(self, node))
    }

    /// The least nesting of a value that meets the node, up to `limit`; `None` if every such value is deeper, which
    /// is how endless recursion shows.
    pub fn height(&self, node: NodeId, limit: u32) -> Option<u32> {
        height::least(self, node, limit)
    }
}

impl Schema {
    /// The schema's constraints.
    pub fn constraints(&self) -> &Constraints {
        self.document().constraints(self.node())
    }
}

#[cfg(test)]
mod tests;
