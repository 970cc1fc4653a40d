//! An answer's body by places: which members, types and values stand where. Main type: [`Outline`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::schema::escape_token;
use crate::wire::{Exchange, Outcome};

/// How many values of a body are looked at.
const MOST: usize = 4_000;
/// How many characters of a text.
const LONGEST: usize = 2_000;
/// The shortest value of an answer that is looked for within other texts.
const SHORTEST: usize = 6;

/// What only one target says: its own address, and what it gave the things of the scenario as ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Local {
    /// Where it listens, as `host:port`.
    pub(super) authority: String,
    /// Values that were taken from its answers, with the names under which they were.
    pub(super) captured: Vec<(String, String)>,
}

/// The places of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// By pointer, with `*` for indices.
    pub(super) nodes: BTreeMap<String, Node>,
}

/// What stands in one place; several items of a list share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// Types.
    pub(super) kinds: BTreeSet<&'static str>,
    /// Scalars as they are written, and for lists their lengths, in order.
    pub(super) values: Vec<String>,
    /// The names of members.
    pub(super) members: BTreeSet<String>,
    /// How many objects have them.
    pub(super) objects: usize,
}

impl Outline {
    /// The outline of an answer; of none there is nothing.
    pub(super) fn of(exchange: &Exchange, local: &Local) -> Self {
        let mut outline = Self::default();
        let Outcome::Response(response) = &exchange.outcome else { return outline };
        match response.json() {
            Some(value) => outline.visit("body", value, local, &mut { MOST }),
            None if response.body.is_empty() => outline.enter("body", "nothing"),
            None => match std::str::from_utf8(&response.body) {
                Ok(text) => outline.scalar("body", "text", text, local),
                Err(_) => outline.scalar("body", "bytes", &blake3::hash(&response.body).to_hex(), local),
            },
        }
        outline
    }

    fn enter(&mut self, place: &str, kind: &'static str) {
        self.node(place).kinds.insert(kind);
    }

    fn node(&mut self, place: &str) -> &mut Node {
        if !self.nodes.contains_key(place) {
            self.nodes.insert(place.to_owned(), Node::default());
        }
        self.nodes.get_mut(place).expect("it was put there if it was missing")
    }

    fn scalar(&mut self, place: &str, kind: &'static str, text: &str, local: &Local) {
        let text = local.neutral(&text[..text.floor_char_boundary(LONGEST)]);
        let node = self.node(place);
        node.kinds.insert(kind);
        node.values.push(text);
    }

    fn visit(&mut self, place: &str, value: &Value, local: &Local, room: &mut usize) {
        let Some(left) = room.checked_sub(1) else { return };
        *room = left;
        match value {
            Value::Null => self.enter(place, "null"),
            Value::Bool(flag) => self.scalar(place, "flag", &flag.to_string(), local),
            Value::Number(number) => self.scalar(place, "number", &number.to_string(), local),
            Value::String(text) => self.scalar(place, "text", text, local),
            Value::Array(items) => {
                self.scalar(place, "list", &format!("{} items", items.len()), &Local::default());
                let below = format!("{place}/*");
                for item in items {
                    self.visit(&below, item, local, room);
                }
            }
            Value::Object(members) => {
                let node = self.node(place);
                node.kinds.insert("object");
                node.objects += 1;
                node.members.extend(members.keys().map(|name| escape_token(name)));
                for (name, member) in members {
                    self.visit(&format!("{place}/{}", escape_token(name)), member, local, room);
                }
            }
        }
    }
}

impl Local {
    /// The text without what only this target says.
    fn neutral(&self, text: &str) -> String {
        if let Some((_, name)) = self.captured.iter().find(|(value, _)| value == text) {
            return format!("{{{name}}}");
        }
        let mut neutral = text.to_owned();
        if !self.authority.is_empty() {
            neutral = neutral.replace(&self.authority, "{host}");
        }
        for (value, name) in self.captured.iter().filter(|(value, _)| value.len() >= SHORTEST) {
            neutral = neutral.replace(value, &format!("{{{name}}}"));
        }
        neutral
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::transport::canned;
    use crate::wire::Request;

    fn outline(value: &Value, local: &Local) -> Outline {
        let request = Arc::new(Request::new("GET", "/a"));
        let outcome = canned::json(200, value);
        Outline::of(&Exchange { request, sent: bytes::Bytes::new(), outcome, elapsed: Duration::ZERO }, local)
    }

    #[test]
    fn items_share_a_place() {
        let found = outline(&json!({"a": [{"b": 1}, {"b": "x", "c/d": null}]}), &Local::default());
        let places: Vec<_> = found.nodes.keys().map(String::as_str).collect();
        assert_eq!(places, ["body", "body/a", "body/a/*", "body/a/*/b", "body/a/*/c~1d"]);
        let node = &found.nodes["body/a/*/b"];
        assert_eq!(
            (node.kinds.iter().copied().collect::<Vec<_>>(), &node.values[..]),
            (vec!["number", "text"], &["1".to_owned(), "x".to_owned()][..])
        );
        assert_eq!(
            (found.nodes["body/a/*"].objects, &found.nodes["body/a"].values[..]),
            (2, &["2 items".to_owned()][..])
        );
    }

    #[test]
    fn what_only_one_target_says_is_neutral() {
        let local = Local {
            authority: "127.0.0.1:8080".into(),
            captured: vec![("7".into(), "order_id".into()), ("abcdef".into(), "key".into())],
        };
        let body = json!({"id": 7, "n": 77, "self": "http://127.0.0.1:8080/o/abcdef"});
        let found = outline(&body, &local);
        let value = |place: &str| found.nodes[place].values[0].clone();
        assert_eq!(value("body/id"), "{order_id}");
        assert_eq!(value("body/n"), "77");
        assert_eq!(value("body/self"), "http://{host}/o/{key}");
    }

    #[test]
    fn a_body_is_looked_at_up_to_a_bound() {
        let many: Vec<u32> = (0..10_000).collect();
        assert_eq!(outline(&json!(many), &Local::default()).nodes["body/*"].values.len(), MOST - 1);
    }
}
