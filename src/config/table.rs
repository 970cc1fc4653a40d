//! A TOML table that is read key by key, so that each complaint names file, line and column. Main type: [`Table`].

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::Error;
use crate::api::suggestion;
use crate::spec::Position;

/// A file's name and text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    /// The name for messages.
    pub(super) file: &'a str,
    /// The whole text.
    pub(super) text: &'a str,
}

impl Text<'_> {
    /// Line and column of a byte offset.
    pub(super) fn position(self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    pub(super) fn error(self, span: &Range<usize>, message: impl Into<String>) -> Error {
        Error::File { at: self.position(span.start), message: message.into() }
    }
}

/// One value of a table with its key.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a Spanned<DeString<'a>>,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

/// A table all of whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    text: Text<'a>,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// Takes the table if it has no other keys than these; `name` is how messages call it.
    pub(super) fn new(text: Text<'a>, name: &str, entries: &'a DeTable<'a>, known: &[&str]) -> Result<Self, Error> {
        let table = Self::open(text, entries);
        for entry in table.entries() {
            let key = entry.key.get_ref().as_ref();
            if !known.contains(&key) {
                let hint = match suggestion(key, known.iter().copied()) {
                    none if none.is_empty() => format!("; it takes {}", known.join(", ")),
                    near => near,
                };
                return Err(text.error(&entry.key.span(), format!("unknown key `{key}` in {name}{hint}")));
            }
        }
        Ok(table)
    }

    /// A table whose keys are names that the user makes up.
    pub(super) fn open(text: Text<'a>, entries: &'a DeTable<'a>) -> Self {
        Self { text, entries }
    }

    /// All entries in the file's order, so that the first mistake is the one that is told.
    pub(super) fn entries(self) -> Vec<Entry<'a>> {
        let mut all: Vec<_> = self.entries.iter().map(|(key, value)| Entry { key, value }).collect();
        all.sort_by_key(|entry| entry.key.span().start);
        all
    }

    fn get(self, key: &str) -> Option<Entry<'a>> {
        self.entries.get_key_value(key).map(|(key, value)| Entry { key, value })
    }

    /// A string.
    pub(super) fn string(self, key: &str) -> Result<Option<&'a str>, Error> {
        self.get(key).map(|entry| string(self.text, entry)).transpose()
    }

    /// True or false.
    pub(super) fn flag(self, key: &str) -> Result<Option<bool>, Error> {
        let read = |entry: Entry<'_>| match entry.value.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => Err(self.wrong_type(entry, "true or false")),
        };
        self.get(key).map(read).transpose()
    }

    /// Strings: a list of them, or a lone one.
    pub(super) fn strings(self, key: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(entry) = self.get(key) else { return Ok(None) };
        let items = match entry.value.get_ref() {
            DeValue::Array(items) => items.iter().map(|value| string(self.text, Entry { value, ..entry })).collect(),
            _ => string(self.text, entry).map(|lone| vec![lone]),
        };
        items.map(|items: Vec<&str>| Some(items.into_iter().map(str::to_owned).collect()))
    }

    /// A value that is read from its text, written as a string or as a bare number.
    pub(super) fn parsed<T: FromStr<Err: Display>>(self, key: &str, wanted: &str) -> Result<Option<T>, Error> {
        let Some(entry) = self.get(key) else { return Ok(None) };
        let written = match entry.value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return Err(self.wrong_type(entry, wanted)),
        };
        let parsed = written
            .parse()
            .map_err(|error: T::Err| self.text.error(&entry.value.span(), format!("`{key}` takes {wanted}: {error}")));
        parsed.map(Some)
    }

    /// A table within this one.
    pub(super) fn table(self, key: &str) -> Result<Option<&'a DeTable<'a>>, Error> {
        self.get(key).map(|entry| table(self.text, entry)).transpose()
    }

    fn wrong_type(self, entry: Entry<'_>, wanted: &str) -> Error {
        wrong_type(self.text, entry, wanted)
    }
}

/// The entry's value as a string.
pub(super) fn string<'a>(text: Text<'_>, entry: Entry<'a>) -> Result<&'a str, Error> {
    entry.value.get_ref().as_str().ok_or_else(|| wrong_type(text, entry, "a string"))
}

/// The entry's value as a table.
pub(super) fn table<'a>(text: Text<'_>, entry: Entry<'a>) -> Result<&'a DeTable<'a>, Error> {
    entry.value.get_ref().as_table().ok_or_else(|| wrong_type(text, entry, "a table"))
}

fn wrong_type(text: Text<'_>, entry: Entry<'_>, wanted: &str) -> Error {
    let found = entry.value.get_ref().type_str();
    let article = if found.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    text.error(&entry.value.span(), format!("`{}` takes {wanted}, not {article} {found}", entry.key.get_ref()))
}
