//! Reads the members of a JSON object as the document describes them.
//!
//! Main type: [`Fields`]. It knows no request and no status; errors carry the path to the member.

use serde_json::{Map, Value};

use super::validate::{Checked, Invalid};

/// A JSON object under examination.
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// An object whose members may have any name.
    pub(crate) fn open(value: &'a Value) -> Checked<Self> {
        value.as_object().map(Self).ok_or_else(|| Invalid::rule("must be an object"))
    }

    /// An object with no member besides those `allowed` (`additionalProperties: false`).
    pub(crate) fn closed(value: &'a Value, allowed: &[&str]) -> Checked<Self> {
        let fields = Self::open(value)?;
        // The name is not repeated in the message: it is the sender's text.
        if fields.0.keys().all(|name| allowed.contains(&name.as_str())) {
            Ok(fields)
        } else {
            Err(Invalid::rule("has a property that is not documented"))
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// `minProperties: 1`
    pub(crate) fn at_least_one(&self) -> Checked<()> {
        if self.0.is_empty() { Err(Invalid::rule("must have a property")) } else { Ok(()) }
    }

    pub(crate) fn required<T>(&self, name: &str, check: impl FnOnce(&Value) -> Checked<T>) -> Checked<T> {
        self.optional(name, check)?.ok_or_else(|| Invalid::rule("is required").within(name))
    }

    pub(crate) fn optional<T>(&self, name: &str, check: impl FnOnce(&Value) -> Checked<T>) -> Checked<Option<T>> {
        self.get(name).map(check).transpose().map_err(|invalid| invalid.within(name))
    }
}
