//! What a node is the intersection of. Main type: [`Part`].

use std::sync::Arc;

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
