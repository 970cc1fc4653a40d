//! What a server asks of a field. Main types: [`Rule`], and [`Check`], the rule made ready to be tested.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::scenario::Datum;
use crate::schema::{Format, Pattern, Validation};

/// A rule that the document does not have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The field must be there and not be null.
    Required,
    /// The field must not be there.
    Forbidden,
    /// The value has this type.
    Type(Kind),
    /// The value is one of these.
    OneOf(Vec<Value>),
    /// The number is no smaller.
    Minimum(Bound),
    /// The number is no larger.
    Maximum(Bound),
    /// The text has at least so many characters.
    MinLength(u64),
    /// The text has at most so many characters.
    MaxLength(u64),
    /// The list has at least so many items.
    MinItems(u64),
    /// The list has at most so many items.
    MaxItems(u64),
    /// The text has this format.
    Format(#[serde(serialize_with = "write_format", deserialize_with = "read_format")] Format),
    /// The text matches this regular expression.
    Pattern(String),
    /// The value is not null, not empty and not only white space.
    NotBlank,
}

/// A limit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Its value.
    pub value: f64,
    /// Whether the value itself is out.
    #[serde(default)]
    pub exclusive: bool,
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the JSON type of its name")]
pub enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it writes by reference")]
fn write_format<S: Serializer>(format: &Format, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(format.name())
}

fn read_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Format, D::Error> {
    let name = String::deserialize(deserializer)?;
    Format::named(&name).ok_or_else(|| serde::de::Error::custom(format!("no format is called {name:?}")))
}

impl Kind {
    /// The type that a programming language or a framework calls so.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "string" | "str" | "text" => Self::String,
            "integer" | "int" | "int32" | "int64" | "long" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize"
            | "uint" | "uint32" | "uint64" => Self::Integer,
            "number" | "float" | "float32" | "float64" | "f32" | "f64" | "double" | "decimal" | "numeric" => {
                Self::Number
            }
            "boolean" | "bool" => Self::Boolean,
            "array" | "list" | "sequence" | "slice" => Self::Array,
            "object" | "dict" | "dictionary" | "map" | "mapping" => Self::Object,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Array => "a list",
            Self::Object => "an object",
        }
    }

    fn holds(self, value: &Datum) -> bool {
        match (self, value) {
            (Self::String, Datum::String(_) | Datum::RawString(_))
            | (Self::Number, Datum::Number(_))
            | (Self::Boolean, Datum::Bool(_))
            | (Self::Array, Datum::Array(_))
            | (Self::Object, Datum::Object(_)) => true,
            (Self::Integer, Datum::Number(text)) => number(text).is_some_and(|number| number.fract() == 0.0),
            _ => false,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |number: u64, one: &'static str| if number == 1 { one.to_owned() } else { format!("{one}s") };
        match self {
            Self::Required => f.write_str("must be there"),
            Self::Forbidden => f.write_str("must not be there"),
            Self::Type(kind) => write!(f, "is {}", kind.word()),
            Self::OneOf(values) => {
                let values: Vec<_> = values.iter().map(shown).collect();
                write!(f, "is one of {}", values.join(", "))
            }
            Self::Minimum(Bound { value, exclusive: false }) => write!(f, "is at least {value}"),
            Self::Minimum(Bound { value, .. }) => write!(f, "is above {value}"),
            Self::Maximum(Bound { value, exclusive: false }) => write!(f, "is at most {value}"),
            Self::Maximum(Bound { value, .. }) => write!(f, "is below {value}"),
            Self::MinLength(length) => write!(f, "has at least {length} {}", one(*length, "character")),
            Self::MaxLength(length) => write!(f, "has at most {length} {}", one(*length, "character")),
            Self::MinItems(count) => write!(f, "has at least {count} {}", one(*count, "item")),
            Self::MaxItems(count) => write!(f, "has at most {count} {}", one(*count, "item")),
            Self::Format(format) => write!(f, "has the format {}", format.name()),
            Self::Pattern(pattern) => write!(f, "matches {pattern}"),
            Self::NotBlank => f.write_str("is not blank"),
        }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A rule with what is made of it once.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) rule: Rule,
    compiled: Compiled,
}

#[derive(Clone, Debug)]
enum Compiled {
    Nothing,
    Format(Arc<Validation>),
    /// For making texts, and for testing them: in linear time, since the expression is the word of a stranger.
    Pattern(Arc<Pattern>, regex::Regex),
}

impl Check {
    pub(super) fn new(rule: Rule) -> Self {
        let compiled = match &rule {
            Rule::Format(format) => Compiled::Format(Arc::new(Validation::of(&json!({"format": format.name()})))),
            Rule::Pattern(pattern) => regex::Regex::new(pattern)
                .map_or(Compiled::Nothing, |regex| Compiled::Pattern(Arc::new(Pattern::new(pattern)), regex)),
            _ => Compiled::Nothing,
        };
        Self { rule, compiled }
    }

    /// The pattern to make texts of, if the rule is one. Texts are checked by backtracking, so repeated groups are left
    /// out: they may take for ever.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        let is_plain = |pattern: &Pattern| ![")+", ")*", "){"].iter().any(|mark| pattern.source().contains(mark));
        match &self.compiled {
            Compiled::Pattern(pattern, _) if is_plain(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// Whether a field with this value, or one that is not there, keeps the rule. Only what the rule is about counts: a
    /// limit of a number says nothing of a text.
    pub(super) fn holds(&self, value: Option<&Datum>) -> bool {
        let Some(value) = value else { return self.rule != Rule::Required };
        match (&self.rule, value) {
            (Rule::Required, value) => *value != Datum::Null,
            (Rule::Forbidden, _) => false,
            (Rule::NotBlank, value) => !is_blank(value),
            (Rule::Type(kind), value) => kind.holds(value),
            (Rule::OneOf(values), value) => values.iter().any(|member| is_same(member, value)),
            (Rule::Minimum(bound), Datum::Number(text)) => {
                number(text).is_none_or(|own| own > bound.value || own >= bound.value && !bound.exclusive)
            }
            (Rule::Maximum(bound), Datum::Number(text)) => {
                number(text).is_none_or(|own| own < bound.value || own <= bound.value && !bound.exclusive)
            }
            (Rule::MinLength(least), Datum::String(text)) => text.chars().count() as u64 >= *least,
            (Rule::MaxLength(most), Datum::String(text)) => text.chars().count() as u64 <= *most,
            (Rule::MinItems(least), Datum::Array(items)) => items.len() as u64 >= *least,
            (Rule::MaxItems(most), Datum::Array(items)) => items.len() as u64 <= *most,
            (Rule::Format(_) | Rule::Pattern(_), Datum::String(text)) => match &self.compiled {
                Compiled::Format(validation) => validation.accepts(&Value::from(text.as_str())),
                Compiled::Pattern(_, regex) => regex.is_match(text),
                Compiled::Nothing => true,
            },
            _ => true,
        }
    }
}

/// Whether a server may take the value for none.
pub(super) fn is_blank(value: &Datum) -> bool {
    match value {
        Datum::Null => true,
        Datum::String(text) => text.trim().is_empty(),
        Datum::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Messages write values as text, so `"1"` and 1 are the same.
fn is_same(member: &Value, value: &Datum) -> bool {
    match value {
        Datum::String(text) => shown(member) == *text,
        value => value.to_value().is_some_and(|value| shown(&value) == shown(member)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: Rule, kept: &[Value], broken: &[Value]) {
        let check = Check::new(rule);
        for value in kept {
            assert!(check.holds(Some(&Datum::from(value))), "{} {value}", check.rule);
        }
        for value in broken {
            assert!(!check.holds(Some(&Datum::from(value))), "{} {value}", check.rule);
        }
        assert_eq!(check.holds(None), check.rule != Rule::Required);
        let written = serde_json::to_string(&check.rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&written).unwrap(), check.rule, "{written}");
    }

    #[test]
    fn rules_say_what_they_say_and_are_read_as_written() {
        let bound = |value, exclusive| Bound { value, exclusive };
        check(Rule::Required, &[json!(""), json!(0)], &[json!(null)]);
        check(Rule::Forbidden, &[], &[json!(null), json!(1)]);
        check(Rule::NotBlank, &[json!("a"), json!(0), json!({})], &[json!(" "), json!(null), json!([])]);
        check(Rule::Type(Kind::Integer), &[json!(1), json!(2.0)], &[json!(1.5), json!("1"), json!(null)]);
        check(Rule::OneOf(vec![json!("a"), json!("1")]), &[json!("a"), json!(1)], &[json!("b"), json!(null)]);
        check(Rule::Minimum(bound(3.0, false)), &[json!(3), json!("x")], &[json!(2.9)]);
        check(Rule::Maximum(bound(3.0, true)), &[json!(2.9)], &[json!(3)]);
        check(Rule::MinLength(2), &[json!("äö"), json!(1)], &[json!("ä")]);
        check(Rule::MaxItems(1), &[json!([1]), json!("ab")], &[json!([1, 2])]);
        check(Rule::Format(Format::Uuid), &[json!("00000000-0000-4000-8000-000000000000")], &[json!("x")]);
        check(Rule::Pattern("^a+$".into()), &[json!("aa")], &[json!("ab")]);
    }

    #[test]
    fn a_pattern_that_backtracks_for_ever_is_tested_at_once_and_not_drawn_from() {
        let check = Check::new(Rule::Pattern("^(a+)+$".into()));
        assert!(!check.holds(Some(&Datum::string(format!("{}b", "a".repeat(4_000))))));
        assert!(check.pattern().is_none() && Check::new(Rule::Pattern("^[a-z]{3}$".into())).pattern().is_some());
        // What nobody can test is no rule.
        assert!(Check::new(Rule::Pattern("^(?=a)b".into())).holds(Some(&Datum::string("x"))));
    }
}
