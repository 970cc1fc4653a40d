//! Where nodes are kept. Main type: [`Arena`]: it only grows, reading takes no lock, and equal nodes are one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::part::{Key, Part};
use super::{Constraints, compile};
use crate::schema::Document;

/// Nodes in a chunk.
const CHUNK: usize = 256;
/// Chunks in an arena: a bound on what a hostile document can make us keep.
const CHUNKS: usize = 1024;

/// The name of a node within its document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The node that accepts everything.
    pub const ANY: Self = Self(0);
}

/// How a node differs from another one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variation<'a> {
    /// The schemas at these pointers apply as well.
    pub with: &'a [&'a str],
    /// The schemas at these pointers apply no more.
    pub without: &'a [&'a str],
    /// This member must be there.
    pub member: Option<&'a str>,
}

struct Cell {
    key: Key,
    constraints: OnceLock<Constraints>,
    height: OnceLock<u32>,
    proved: OnceLock<bool>,
}

type Chunk = Box<[OnceLock<Cell>]>;

/// The nodes of a document.
pub(crate) struct Arena {
    chunks: Box<[OnceLock<Chunk>]>,
    index: Mutex<BTreeMap<Key, NodeId>>,
}

impl Default for Arena {
    fn default() -> Self {
        let arena = Self { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(), index: Mutex::default() };
        arena.intern(Key::default());
        arena
    }
}

impl Arena {
    /// The node of this key. Past the arena's bound it is the one that accepts everything, so that values are still
    /// made and validation refuses what is wrong with them.
    pub(super) fn intern(&self, key: Key) -> NodeId {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = index.get(&key) {
            return *id;
        }
        let next = index.len();
        let Some(chunk) = self.chunks.get(next / CHUNK) else { return NodeId::ANY };
        let cells = chunk.get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        cells[next % CHUNK].get_or_init(|| Cell {
            key: key.clone(),
            constraints: OnceLock::new(),
            height: OnceLock::new(),
            proved: OnceLock::new(),
        });
        let id = NodeId(u32::try_from(next).expect("the arena's bound is below 2^32"));
        index.insert(key, id);
        id
    }

    /// The node of the schema at this pointer.
    pub(crate) fn of_pointer(&self, document: &Document, pointer: &str) -> NodeId {
        self.intern(Key::of([Part::schema(document, pointer)]))
    }

    /// The node that differs from this one so.
    pub(super) fn varied(&self, document: &Document, node: NodeId, variation: &Variation<'_>) -> NodeId {
        let schemas = |pointers: &[&str]| pointers.iter().map(|at| Part::schema(document, at)).collect::<Vec<_>>();
        let left_out = schemas(variation.without);
        let kept = self.cell(node).key.parts().iter().filter(|part| !left_out.contains(part)).cloned();
        let member = variation.member.map(|name| Part::Require(name.into()));
        self.intern(Key::of(kept.chain(schemas(variation.with)).chain(member)))
    }

    /// The node without what discriminators ask for.
    pub(super) fn untagged(&self, node: NodeId) -> NodeId {
        let kept = self.cell(node).key.parts().iter().filter(|part| !matches!(part, Part::Tag(..))).cloned();
        self.intern(Key::of(kept.chain([Part::Untagged])))
    }

    /// The node's constraints.
    pub(super) fn get(&self, document: &Document, node: NodeId) -> &Constraints {
        let cell = self.cell(node);
        cell.constraints.get_or_init(|| compile::node(document, self, &cell.key))
    }

    /// Where the node's least height is remembered.
    pub(super) fn height(&self, node: NodeId) -> &OnceLock<u32> {
        &self.cell(node).height
    }

    /// Where it is remembered whether the node's rules say everything.
    pub(super) fn proved(&self, node: NodeId) -> &OnceLock<bool> {
        &self.cell(node).proved
    }

    fn cell(&self, NodeId(number): NodeId) -> &Cell {
        let number = number as usize;
        self.chunks[number / CHUNK]
            .get()
            .and_then(|chunk| chunk[number % CHUNK].get())
            .expect("an id is given out after its cell is filled")
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Arena({} nodes)", index.len())
    }
}
