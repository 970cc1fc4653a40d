//! Values that the user fixes for places of requests: `[api.NAME.values]`. Main type: [`FixedValue`]. Whether the API has
//! the places is not known here.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use toml::de::DeValue;

use super::Error;
use super::table::{Entry, Table, Text, table};
use crate::spec::Position;

/// A value for a place.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedValue {
    /// The place as written, such as `query/limit`.
    pub place: String,
    /// What stands there.
    pub value: Written,
    /// Where in the file it is said; `None` for a flag.
    pub at: Option<Position>,
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// Of the file, with a type.
    Typed(Value),
    /// Of a flag, without one.
    Text(String),
}

impl FixedValue {
    /// All of a table.
    pub(super) fn all(text: Text<'_>, entry: Entry<'_>) -> Result<Vec<Self>, Error> {
        let own = Table::open(text, table(text, entry)?);
        let fixed = |entry: Entry<'_>| {
            let span = entry.value.span();
            let value = json(entry.value.get_ref()).map_err(|message| text.error(&span, message))?;
            let place = entry.key.get_ref().to_string();
            Ok(Self { place, value: Written::Typed(value), at: Some(text.position(entry.key.span().start)) })
        };
        own.entries().into_iter().map(fixed).collect()
    }

    /// The value as the file would have it.
    pub fn shown(&self) -> String {
        match &self.value {
            Written::Typed(value) => toml(value),
            Written::Text(text) => quoted(text),
        }
    }

    /// An error about it.
    pub fn error(&self, message: String) -> Error {
        match &self.at {
            Some(at) => Error::File { at: at.clone(), message },
            None => Error::Value { assignment: self.to_string(), message },
        }
    }
}

impl fmt::Display for FixedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Written::Typed(value) => write!(f, "{}={value}", self.place),
            Written::Text(text) => write!(f, "{}={text}", self.place),
        }
    }
}

impl FromStr for FixedValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (place, value) = text.split_once('=').ok_or("a value is fixed as PLACE=VALUE, such as query/limit=10")?;
        Ok(Self { place: place.trim().to_owned(), value: Written::Text(value.to_owned()), at: None })
    }
}

/// A text as TOML: what JSON makes of it, but for the one control character that TOML does not take as it is.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A value as TOML on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{} = {}", quoted(name), toml(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A TOML value as JSON; a date is its text.
fn json(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            parsed.map_err(|_| format!("{number} does not fit into 64 bits; write it as a text"))?.into()
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            parsed.ok_or_else(|| format!("{number} is no number of JSON; write it as a text"))?.into()
        }
        DeValue::Array(items) => Value::Array(items.iter().map(|item| json(item.get_ref())).collect::<Result<_, _>>()?),
        DeValue::Table(members) => {
            let member = |(name, value): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>)| {
                Ok((name.get_ref().to_string(), json(value.get_ref())?))
            };
            Value::Object(members.iter().map(member).collect::<Result<_, String>>()?)
        }
    })
}
