//! Any self-describing text to a JSON value, keeping note of keys that occur twice. Main type: [`Tree`].
//!
//! `serde_json::Value` reads a duplicate key silently. A specification that has one says two things, so the reader
//! tells where; the last one counts, as it does for every common parser.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::digits;
use crate::schema::escape_token;

/// One step from the root to where the reader is; on the stack, so that nothing is allocated unless a key is
/// found twice.
struct Step<'a> {
    parent: Option<&'a Step<'a>>,
    token: Token<'a>,
}

enum Token<'a> {
    Key(&'a str),
    Index(usize),
}

impl Step<'_> {
    fn pointer(&self) -> String {
        let mut pointer = self.parent.map(Step::pointer).unwrap_or_default();
        pointer.push('/');
        match self.token {
            Token::Key(key) => pointer.push_str(&escape_token(key)),
            Token::Index(index) => pointer.push_str(&index.to_string()),
        }
        pointer
    }
}

/// What is told of a text besides its value.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Pointers of keys that stand twice.
    pub(super) duplicates: Vec<String>,
    /// Pointers of doubles that may have been integers of more than 64 bits.
    pub(super) suspects: Vec<(String, f64)>,
}

/// Reads one value; what is to be told of it goes into `found`.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    step: Option<&'a Step<'a>>,
    found: &'a RefCell<Found>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(found: &'a RefCell<Found>) -> Self {
        Self { step: None, found }
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON values hold no integer beyond 64 bits exactly")]
    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON values hold no integer beyond 64 bits exactly")]
    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if digits::is_suspect(value) {
            let pointer = self.step.map(Step::pointer).unwrap_or_default();
            self.found.borrow_mut().suspects.push((pointer, value));
        }
        Ok(Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::String(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let step = Step { parent: self.step, token: Token::Index(list.len()) };
            let Some(item) = items.next_element_seed(Tree { step: Some(&step), ..self })? else { break };
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        // A YAML key may be null; names of members are text.
        while let Some(key) = entries.next_key::<Option<String>>()? {
            let key = key.unwrap_or_else(|| "null".to_owned());
            let step = Step { parent: self.step, token: Token::Key(&key) };
            let value = entries.next_value_seed(Tree { step: Some(&step), ..self })?;
            match map.entry(key) {
                Entry::Vacant(entry) => drop(entry.insert(value)),
                Entry::Occupied(mut entry) => {
                    let step = Step { parent: self.step, token: Token::Key(entry.key()) };
                    self.found.borrow_mut().duplicates.push(step.pointer());
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, value: &Value, duplicates: &[&str]) {
        let found = RefCell::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        assert_eq!(Tree::new(&found).deserialize(&mut deserializer).unwrap(), *value);
        assert_eq!(found.into_inner().duplicates, duplicates);
    }

    #[test]
    fn values_are_read_as_serde_json_reads_them() {
        let text = r#"{"z": [1, -2, 3.5, 18446744073709551615, null, true, "\u00e4"], "a": {}}"#;
        check(text, &serde_json::from_str(text).unwrap(), &[]);
    }

    #[test]
    fn the_last_of_two_equal_keys_counts_and_is_told() {
        check(
            r#"{"a/b": [{"k": 1, "k": 2}], "a/b~": 0, "a/b~": 1}"#,
            &json!({"a/b": [{"k": 2}], "a/b~": 1}),
            &["/a~1b/0/k", "/a~1b~0"],
        );
    }
}
