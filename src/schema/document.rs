//! The canonical document and handles into it. Main types: [`Document`], [`Schema`].

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::constraints::Arena;
use super::validate::{Validation, View};

/// How many `$ref` hops are followed before a chain counts as endless.
const MAX_HOPS: usize = 64;

/// The whole canonical document: its schemas are JSON Schema 2020-12, and every `$ref` in it is local (`#/...`).
#[derive(Debug)]
pub struct Document {
    root: Value,
    arena: Arena,
}

impl Document {
    /// Takes the canonical document.
    pub fn new(root: Value) -> Arc<Self> {
        Arc::new(Self { root, arena: Arena::default() })
    }

    /// The document's root.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Where the constraint view of its schemas is kept.
    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// The value that a local reference (`#/a/b`, percent-encoded or not) names.
    pub fn target(&self, reference: &str) -> Option<&Value> {
        self.root.pointer(&pointer_of(reference)?)
    }

    /// The schema at a JSON pointer (RFC 6901), if something is there.
    pub fn schema(self: &Arc<Self>, pointer: &str) -> Option<Schema> {
        self.root.pointer(pointer)?;
        Some(Schema { document: Arc::clone(self), pointer: pointer.into(), validations: Arc::default() })
    }
}

/// The JSON pointer in a local reference; `None` for a reference to elsewhere or to an anchor.
pub(crate) fn pointer_of(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    if !fragment.is_empty() && !fragment.starts_with('/') {
        return None;
    }
    Some(percent_encoding::percent_decode_str(fragment).decode_utf8_lossy().into_owned())
}

/// Escapes one token of a JSON pointer.
pub(crate) fn escape_token(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// A handle to one schema of a document. Cheap to clone; validators are compiled on first use and shared by clones.
#[derive(Clone)]
pub struct Schema {
    document: Arc<Document>,
    pointer: Arc<str>,
    validations: Arc<[OnceLock<Validation>; 2]>,
}

impl Schema {
    /// A schema that stands alone, such as one a fixture carries.
    pub fn standalone(schema: Value) -> Self {
        Self { document: Document::new(schema), pointer: "".into(), validations: Arc::default() }
    }

    /// The JSON pointer at which it stands in the canonical document.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The document it belongs to.
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// The schema as it stands: an object or a boolean.
    pub fn value(&self) -> &Value {
        self.document.root.pointer(&self.pointer).unwrap_or(&Value::Bool(true))
    }

    /// The schema that its `$ref` leads to, if it is nothing but a reference; itself otherwise. A reference that
    /// has siblings is not followed, since the siblings constrain as well.
    #[must_use]
    pub fn resolved(&self) -> Self {
        let mut here = self.clone();
        for _ in 0..MAX_HOPS {
            let Some(map) = here.value().as_object() else { break };
            let Some(reference) = map.get("$ref").and_then(Value::as_str) else { break };
            if map.len() > 1 {
                break;
            }
            let Some(next) = pointer_of(reference).and_then(|pointer| self.document.schema(&pointer)) else { break };
            here = next;
        }
        here
    }

    /// The schema below this one by these pointer tokens, such as `["properties", "id"]`.
    pub fn below(&self, tokens: &[&str]) -> Option<Self> {
        let mut pointer = self.pointer.to_string();
        for token in tokens {
            pointer.push('/');
            pointer.push_str(&escape_token(token));
        }
        self.document.schema(&pointer)
    }

    /// The compiled validator for this view.
    pub fn validation(&self, view: View) -> &Validation {
        self.validations[view as usize].get_or_init(|| Validation::compile(self, view))
    }

    /// Whether the value conforms in this view. A schema that can't be compiled accepts everything.
    pub fn conforms(&self, view: View, value: &Value) -> bool {
        self.validation(view).accepts(value)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema(#{})", self.pointer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed_and_loops_end() {
        let document = Document::new(json!({
            "a": {"$ref": "#/b~1c"}, "b/c": {"type": "string"},
            "loop": {"$ref": "#/loop"}, "sibling": {"$ref": "#/a", "maxLength": 2}
        }));
        let resolved = |pointer: &str| document.schema(pointer).unwrap().resolved().pointer().to_owned();
        assert_eq!(resolved("/a"), "/b~1c");
        assert_eq!(resolved("/loop"), "/loop");
        assert_eq!(resolved("/sibling"), "/sibling");
        assert!(document.schema("/absent").is_none());
    }
}
