//! The canonical document and handles into it. Main types: [`Document`], [`Schema`].

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::constraints::{Arena, NodeId};
use super::literal::Digits;
use super::validate::{Validation, View};

/// How many `$ref` hops are followed before a chain counts as endless.
const MAX_HOPS: usize = 64;

/// The whole canonical document: its schemas are JSON Schema 2020-12, and every `$ref` in it is local (`#/...`).
#[derive(Debug)]
pub struct Document {
    root: Value,
    digits: Digits,
    arena: Arena,
}

impl Document {
    /// Takes the canonical document.
    pub fn new(root: Value) -> Arc<Self> {
        Self::with_digits(root, Digits::default())
    }

    /// Takes the canonical document, and the integers that it can't hold.
    pub fn with_digits(root: Value, digits: Digits) -> Arc<Self> {
        Arc::new(Self { root, digits, arena: Arena::default() })
    }

    /// Its integers beyond 64 bits.
    pub fn digits(&self) -> &Digits {
        &self.digits
    }

    /// The document's root.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The value at a JSON pointer (RFC 6901): as [`Value::pointer`], which allocates for each token.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return None;
        }
        tokens(pointer).try_fold(&self.root, |here, token| match here {
            Value::Object(members) => members.get(&*token),
            Value::Array(items) => items.get(index(&token)?),
            _ => None,
        })
    }

    /// Where the constraint view of its schemas is kept.
    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// The value that a local reference (`#/a/b`, percent-encoded or not) names.
    pub fn target(&self, reference: &str) -> Option<&Value> {
        self.at(&pointer_of(reference)?)
    }

    /// The schema at a JSON pointer (RFC 6901), if something is there.
    pub fn schema(self: &Arc<Self>, pointer: &str) -> Option<Schema> {
        self.at(pointer)?;
        Some(Schema { document: Arc::clone(self), pointer: pointer.into(), compiled: Arc::default() })
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

/// The unescaped tokens of a JSON pointer; nothing is copied where nothing is escaped.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|token| {
        if token.contains('~') { token.replace("~1", "/").replace("~0", "~").into() } else { token.into() }
    })
}

/// An array index as RFC 6901 section 4 writes it: no sign and no leading zero.
fn index(token: &str) -> Option<usize> {
    let is_plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token.len() == 1 || !token.starts_with('0'));
    if is_plain { token.parse().ok() } else { None }
}

/// Escapes one token of a JSON pointer.
pub(crate) fn escape_token(token: &str) -> String {
    if token.contains(['~', '/']) { token.replace('~', "~0").replace('/', "~1") } else { token.to_owned() }
}

/// Appends one token to a JSON pointer, escaped.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.contains(['~', '/']) {
        pointer.push_str(&escape_token(token));
    } else {
        pointer.push_str(token);
    }
}

/// A handle to one schema of a document. Cheap to clone; validators are compiled on first use and shared by clones.
#[derive(Clone)]
pub struct Schema {
    document: Arc<Document>,
    pointer: Arc<str>,
    compiled: Arc<Compiled>,
}

/// What is made of a schema on first use.
#[derive(Default)]
struct Compiled {
    validations: [OnceLock<Validation>; 2],
    node: OnceLock<NodeId>,
}

impl Schema {
    /// A schema that stands alone, such as one a fixture carries.
    pub fn standalone(schema: Value) -> Self {
        Self { document: Document::new(schema), pointer: "".into(), compiled: Arc::default() }
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
        self.document.at(&self.pointer).unwrap_or(&Value::Bool(true))
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
            push_token(&mut pointer, token);
        }
        self.document.schema(&pointer)
    }

    /// The node of this schema in its document's constraint view.
    pub fn node(&self) -> NodeId {
        *self.compiled.node.get_or_init(|| self.document.arena.of_pointer(&self.document, &self.pointer))
    }

    /// The compiled validator for this view.
    pub fn validation(&self, view: View) -> &Validation {
        self.compiled.validations[view as usize].get_or_init(|| Validation::compile(self, view))
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
