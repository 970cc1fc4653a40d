//! The formats of strings and numbers: values at random, values at the edges, and values that only look like it.
//!
//! Main type: [`Format`]. Known are those that real documents use (JSON Schema 2020-12 section 7.3, the OpenAPI
//! format registry, and the habits of tools). It validates nothing: `jsonschema` does.

mod sample;
mod table;

use arbitrary::Unstructured;

/// A format that we can make values of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the format of the name in `Format::name`")]
pub enum Format {
    DateTime,
    Date,
    Time,
    Duration,
    Uuid,
    Email,
    IdnEmail,
    Hostname,
    IdnHostname,
    Ipv4,
    Ipv6,
    Cidr,
    Mac,
    Uri,
    UriReference,
    UriTemplate,
    Byte,
    Base64Url,
    Binary,
    Password,
    Regex,
    JsonPointer,
    RelativeJsonPointer,
    Decimal,
    Int64Text,
    Hex,
    Phone,
    Semver,
    Json,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Int16,
    Int8,
    Uint8,
    Uint16,
    Float,
    Double,
    UnixTime,
}

/// Whether a text is a UUID as it is written (RFC 9562 section 4).
pub(crate) fn is_uuid(text: &str) -> bool {
    let is_right = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

impl Format {
    /// The format of this name, as written in documents; vendor names that mean the same are folded together.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        table::NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The format that a `contentEncoding` asks for.
    pub fn encoded(encoding: &str) -> Option<Self> {
        match encoding.to_ascii_lowercase().as_str() {
            "base64" => Some(Self::Byte),
            "base64url" => Some(Self::Base64Url),
            "base16" => Some(Self::Hex),
            _ => None,
        }
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        table::NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// Whether values are strings; the others are numbers.
    pub fn is_text(self) -> bool {
        self.range().is_none() && !matches!(self, Self::Float | Self::Double | Self::UnixTime)
    }

    /// The range of an integer format.
    pub fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::Int8 => (i8::MIN.into(), i8::MAX.into()),
            Self::Int16 => (i16::MIN.into(), i16::MAX.into()),
            Self::Int32 => (i32::MIN.into(), i32::MAX.into()),
            Self::Int64 => (i64::MIN.into(), i64::MAX.into()),
            Self::Uint8 => (0, u8::MAX.into()),
            Self::Uint16 => (0, u16::MAX.into()),
            Self::Uint32 => (0, u32::MAX.into()),
            Self::Uint64 => (0, u64::MAX.into()),
            _ => return None,
        })
    }

    /// A value of a text format; an empty tape gives the plainest.
    pub fn sample(self, tape: &mut Unstructured<'_>) -> String {
        sample::draw(self, tape)
    }

    /// Valid values at the edges of a text format.
    pub fn edges(self) -> &'static [&'static str] {
        table::edges(self)
    }

    /// A pattern that every value of the format matches, if there is one; it matches others as well.
    pub(crate) fn shape(self) -> Option<&'static str> {
        table::shape(self)
    }

    /// Values that look like the format and are not: impossible days, bad digits, wrong lengths.
    pub fn near_misses(self) -> &'static [&'static str] {
        table::near_misses(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::schema::{Pattern, Validation};
    use crate::seed::Seed;

    fn all() -> impl Iterator<Item = Format> {
        table::NAMES.iter().map(|(_, format)| *format).filter(|format| format.is_text())
    }

    #[test]
    fn what_is_drawn_is_valid() {
        for format in all() {
            let validation = Validation::of(&json!({"format": format.name()}));
            for index in 0..200 {
                let tape = Seed::new(index).tape(96);
                let text = format.sample(&mut Unstructured::new(&tape));
                assert!(validation.accepts(&Value::from(text.as_str())), "{} {text:?}", format.name());
            }
            let plainest = format.sample(&mut Unstructured::new(&[]));
            assert!(validation.accepts(&Value::from(plainest.as_str())), "{} {plainest:?}", format.name());
        }
    }

    #[test]
    fn edges_are_valid_and_near_misses_are_not() {
        for format in all() {
            let validation = Validation::of(&json!({"format": format.name()}));
            for edge in format.edges() {
                assert!(validation.accepts(&json!(edge)), "{} {edge:?}", format.name());
            }
            let judges = !validation.accepts(&json!("\u{0} no \u{7f}"));
            for miss in format.near_misses().iter().filter(|_| judges) {
                assert!(!validation.accepts(&json!(miss)), "{} {miss:?}", format.name());
            }
        }
    }

    #[test]
    fn values_have_the_shape_of_their_format() {
        let shaped: Vec<_> = all().filter_map(|format| Some((format, Pattern::new(format.shape()?)))).collect();
        assert!(shaped.len() >= 10, "{}", shaped.len());
        for (format, shape) in shaped {
            let drawn = (0..200).map(|index| format.sample(&mut Unstructured::new(&Seed::new(index).tape(96))));
            for text in drawn.chain(format.edges().iter().map(|edge| (*edge).to_owned())) {
                assert!(shape.matches(&text), "{} {text:?}", format.name());
            }
        }
    }

    #[test]
    fn names_are_folded() {
        for (name, expected) in [("date-time", Some(Format::DateTime)), ("UUID", Some(Format::Uuid)), ("x-own", None)] {
            assert_eq!(Format::named(name), expected, "{name}");
        }
    }
}
