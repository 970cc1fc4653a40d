//! Sets of JSON types. Main type: [`Types`].

use serde_json::Value;

/// A set of JSON Schema types; `number` is `integer` and all numbers that are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Types(u8);

impl Types {
    /// No type.
    pub const NONE: Self = Self(0);
    /// `null`.
    pub const NULL: Self = Self(1);
    /// `boolean`.
    pub const BOOLEAN: Self = Self(2);
    /// `integer`.
    pub const INTEGER: Self = Self(4);
    /// Numbers that are no integers.
    pub const FRACTION: Self = Self(8);
    /// `number`.
    pub const NUMBER: Self = Self(12);
    /// `string`.
    pub const STRING: Self = Self(16);
    /// `array`.
    pub const ARRAY: Self = Self(32);
    /// `object`.
    pub const OBJECT: Self = Self(64);
    /// Every type.
    pub const ANY: Self = Self(127);

    /// The type of this name; `None` for a name that JSON Schema does not know.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The types in the value of a `type` keyword; everything if it says nothing that we understand.
    pub fn of_keyword(keyword: &Value) -> Self {
        let named = |value: &Value| value.as_str().and_then(Self::named);
        let types = match keyword {
            Value::Array(several) => several.iter().filter_map(named).fold(Self::NONE, Self::or),
            single => named(single).unwrap_or_default(),
        };
        if types == Self::NONE { Self::ANY } else { types }
    }

    /// The type of a value.
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.as_f64().is_some_and(|n| n.fract() == 0.0) => Self::INTEGER,
            Value::Number(_) => Self::FRACTION,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this set has and the other has not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the sets have a type in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no type in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The single types of the set, the most telling first; an integer is drawn for `number` where there is a choice.
    pub fn each(self) -> impl Iterator<Item = Self> {
        [Self::OBJECT, Self::ARRAY, Self::STRING, Self::INTEGER, Self::FRACTION, Self::BOOLEAN, Self::NULL]
            .into_iter()
            .filter(move |single| self.overlaps(*single))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_numbers() {
        assert_eq!(Types::of_keyword(&json!("number")).and(Types::of_keyword(&json!("integer"))), Types::INTEGER);
        assert!(Types::NUMBER.overlaps(Types::of_value(&json!(1.0))));
        assert!(!Types::INTEGER.overlaps(Types::of_value(&json!(1.5))));
    }

    #[test]
    fn unknown_words_allow_everything() {
        assert_eq!(Types::of_keyword(&json!("int")), Types::ANY);
        assert_eq!(Types::of_keyword(&json!(["string", "null"])), Types::STRING.or(Types::NULL));
    }
}
