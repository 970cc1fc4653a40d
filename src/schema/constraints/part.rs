//! What a node is the intersection of. Main type: [`Part`].

use std::sync::Arc;

use serde_json::Value;

use crate::schema::Document;
use crate::schema::document::pointer_of;

/// How many bare references are followed.
const MOST_HOPS: u32 = 16;
/// Keywords beside a `$ref` that say nothing about values.
const IDLE: [&str; 7] = ["$ref", "description", "summary", "title", "deprecated", "readOnly", "writeOnly"];

/// One member of the set of rules that make a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The schema at this JSON pointer.
    Schema(Arc<str>),
    /// The choice that stands at this pointer has been made by another part.
    Decided(Arc<str>),
    /// This member must be there.
    Require(Arc<str>),
    /// This member must not be there.
    Forbid(Arc<str>),
    /// A discriminator: this member has this value.
    Tag(Arc<str>, Arc<str>),
    /// No discriminator counts, as for a validator.
    Untagged,
    /// This member must be there, and have none of the values that the schema at this JSON pointer asks for.
    Differ(Arc<str>, Arc<str>),
}

impl Part {
    /// The value that a discriminator asks of the node itself.
    pub(super) fn own_tag(&self) -> Option<&str> {
        match self {
            Self::Tag(name, value) if name.is_empty() => Some(value),
            _ => None,
        }
    }

    /// The schema of which the node itself must have none of the values.
    pub(super) fn own_differ(&self) -> Option<&Arc<str>> {
        match self {
            Self::Differ(name, pointer) if name.is_empty() => Some(pointer),
            _ => None,
        }
    }

    /// The schema at this pointer, or what it refers to if it is nothing but a reference: so that all references to
    /// a component share its node.
    pub(crate) fn schema(document: &Document, pointer: &str) -> Self {
        let mut here = pointer.to_owned();
        for _ in 0..MOST_HOPS {
            let Some(Value::Object(schema)) = document.at(&here) else { break };
            let is_bare = schema.keys().all(|key| IDLE.contains(&key.as_str()) || key.starts_with("x-"));
            let target = schema.get("$ref").and_then(Value::as_str).and_then(pointer_of);
            match target.filter(|target| is_bare && document.at(target).is_some()) {
                Some(target) => here = target,
                None => break,
            }
        }
        Self::Schema(here.into())
    }
}

/// A set of parts in order, by which equal nodes are found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Part>);

impl Key {
    /// The key of these parts.
    pub(crate) fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut parts: Vec<Part> = parts.into_iter().collect();
        parts.sort();
        parts.dedup();
        Self(parts)
    }

    /// This key with more parts.
    pub(crate) fn with(&self, more: impl IntoIterator<Item = Part>) -> Self {
        Self::of(self.0.iter().cloned().chain(more))
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(crate) fn has_decided(&self, choice: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Decided(decided) if **decided == *choice))
    }
}
