//! A value as it is to be written: a superset of JSON. Main type: [`Datum`].
//!
//! `serde_json::Value` can't hold what a fuzzer must send: `1e400`, a lone surrogate, two equal keys, bytes that
//! are no UTF-8. It is for answers and documents; this is for requests.

use bytes::Bytes;
use serde_json::Value;

use crate::schema::{Schema, View, tokens};

/// A value tree that may be no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number by its text, of any size and also what is no JSON number (`NaN`, `01`).
    Number(Box<str>),
    /// Text, escaped as JSON asks when written.
    String(String),
    /// The bytes between the quotes of a JSON string, written as they are: escapes of lone surrogates, invalid
    /// UTF-8. Outside JSON they are the value itself.
    RawString(Bytes),
    /// An array.
    Array(Vec<Datum>),
    /// Members in order; equal names are allowed.
    Object(Vec<(String, Datum)>),
}

impl Datum {
    /// An integer.
    pub fn integer(number: i64) -> Self {
        Self::Number(number.to_string().into())
    }

    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Whether the schema accepts it in a request; what is no JSON conforms to nothing.
    pub fn conforms(&self, schema: &Schema) -> bool {
        self.to_value().is_some_and(|value| schema.conforms(View::Request, &value))
    }

    /// Appends the value as JSON text, or as near to it as the value allows.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(text) => out.extend_from_slice(text.as_bytes()),
            Self::String(text) => write_string(out, text),
            Self::RawString(raw) => {
                out.push(b'"');
                out.extend_from_slice(raw);
                out.push(b'"');
            }
            Self::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write_json(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_string(out, name);
                    out.push(b':');
                    value.write_json(out);
                }
                out.push(b'}');
            }
        }
    }

    /// The JSON text.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.write_json(&mut out);
        out
    }

    /// The value as a JSON reader sees it: `None` if the text is no JSON (RFC 8259), or if a name stands twice.
    pub fn to_value(&self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(text) => serde_json::from_str(text).ok()?,
            Self::String(text) => Value::String(text.clone()),
            Self::RawString(_) => serde_json::from_slice(&self.to_json()).ok()?,
            Self::Array(items) => Value::Array(items.iter().map(Self::to_value).collect::<Option<_>>()?),
            Self::Object(members) => {
                let mut map = serde_json::Map::with_capacity(members.len());
                for (name, value) in members {
                    if map.insert(name.clone(), value.to_value()?).is_some() {
                        return None;
                    }
                }
                Value::Object(map)
            }
        })
    }

    /// The value at a JSON pointer (RFC 6901).
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        tokens(pointer).try_fold(self, |here, token| match here {
            Self::Array(items) => items.get(token.parse::<usize>().ok()?),
            Self::Object(members) => members.iter().find(|(name, _)| *name == token).map(|(_, value)| value),
            _ => None,
        })
    }

    /// The value at a JSON pointer, to be changed.
    pub fn at_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        tokens(pointer).try_fold(self, |here, token| match here {
            Self::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
            Self::Object(members) => members.iter_mut().find(|(name, _)| *name == token).map(|(_, value)| value),
            _ => None,
        })
    }
}

impl From<&Value> for Datum {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.to_string().into()),
            Value::String(text) => Self::String(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
        }
    }
}

/// Appends a JSON string (RFC 8259 section 7).
fn write_string(out: &mut Vec<u8>, text: &str) {
    // serde_json's escaping is right and fast; writing a str to a Vec can't fail.
    serde_json::to_writer(&mut *out, text).expect("a string is always written to memory");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(datum: &Datum, text: &[u8]) {
        assert_eq!(datum.to_json(), text, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn what_json_cannot_hold_is_written() {
        check(&Datum::Number("1e400".into()), b"1e400");
        check(&Datum::RawString(Bytes::from_static(b"\\ud800\xff")), b"\"\\ud800\xff\"");
        let twice = Datum::Object(vec![("a".into(), Datum::Null), ("a".into(), Datum::Bool(true))]);
        check(&twice, b"{\"a\":null,\"a\":true}");
        assert_eq!(twice.to_value(), None);
    }

    #[test]
    fn json_goes_through_unchanged() {
        let value = json!({"a": [1, -0.5, "\u{0}\"é"], "b": {"c": null}});
        let datum = Datum::from(&value);
        assert_eq!(datum.to_value(), Some(value.clone()));
        assert_eq!(serde_json::from_slice::<Value>(&datum.to_json()).unwrap(), value);
        assert_eq!(datum.at("/a/1"), Some(&Datum::Number("-0.5".into())));
        assert_eq!(datum.at("/a/9"), None);
    }
}
