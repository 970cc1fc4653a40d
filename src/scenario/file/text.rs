//! Bytes that are mostly text. Main type: [`ByteText`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Bytes: in a file a string if they are UTF-8, else `{"base64": ".."}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteText(pub Bytes);

impl fmt::Debug for ByteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ByteText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("base64", &STANDARD.encode(&self.0))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for ByteText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Written by hand, since an untagged enum would lose line, column and the reason of an error.
        deserializer.deserialize_any(ByteTextVisitor)
    }
}

struct ByteTextVisitor;

impl<'de> Visitor<'de> for ByteTextVisitor {
    type Value = ByteText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or {\"base64\": \"..\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ByteText, E> {
        Ok(ByteText(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByteText, A::Error> {
        match map.next_key::<String>()?.as_deref() {
            Some("base64") => {}
            Some(other) => return Err(A::Error::unknown_field(other, &["base64"])),
            None => return Err(A::Error::missing_field("base64")),
        }
        let bytes = decode(&map.next_value::<String>()?)?;
        match map.next_key::<String>()? {
            Some(other) => Err(A::Error::unknown_field(&other, &["base64"])),
            None => Ok(ByteText(bytes)),
        }
    }
}

/// The bytes that base64 text stands for.
pub(super) fn decode<E: Error>(text: &str) -> Result<Bytes, E> {
    STANDARD.decode(text).map(Bytes::from).map_err(|error| E::custom(format_args!("no base64: {error}")))
}

/// Bytes as base64 text, for `#[serde(with = "..")]`.
pub(super) mod base64_text {
    use super::{Bytes, Deserialize, Deserializer, Engine, STANDARD, Serializer, decode};

    pub(in super::super) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        decode(&String::deserialize(deserializer)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &'static [u8], json: &str) {
        let text = ByteText(Bytes::from_static(bytes));
        assert_eq!(serde_json::to_string(&text).unwrap(), json);
        assert_eq!(serde_json::from_str::<ByteText>(json).unwrap(), text);
    }

    #[test]
    fn bytes_are_text_where_they_can_be() {
        check(b"/a?b=%00", "\"/a?b=%00\"");
        check("é\u{0}".as_bytes(), "\"é\\u0000\"");
        check(b"\xff\xfe", r#"{"base64":"//4="}"#);
    }

    #[track_caller]
    fn refuse(json: &str, expected: &str) {
        let error = serde_json::from_str::<ByteText>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{json}: {error}");
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_reason() {
        refuse("1", "a string or {\"base64\": \"..\"}");
        refuse("{}", "missing field `base64`");
        refuse(r#"{"base65": ""}"#, "unknown field `base65`");
        refuse(r#"{"base64": "", "x": 1}"#, "unknown field `x`");
        refuse(r#"{"base64": "*"}"#, "no base64");
    }
}
