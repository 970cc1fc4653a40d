//! What produces the values of what: `[[api.NAME.link]]`. Main type: [`LinkTable`]. Whether the API has the operations and
//! places is not known here.

use toml::de::DeValue;

use super::Error;
use super::table::{Entry, Table, Text, table};
use crate::spec::Position;

/// One link as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTable {
    /// The operation whose answers have the value, and where in them; none if `none = true` says that nothing has it.
    pub source: Option<(String, String)>,
    /// The operation that takes the value.
    pub to: String,
    /// Where it takes it.
    pub into: String,
    /// Where in the file it is said.
    pub at: Position,
}

impl LinkTable {
    /// All of a list of tables.
    pub(super) fn all(text: Text<'_>, entry: Entry<'_>) -> Result<Vec<Self>, Error> {
        let wrong = || text.error(&entry.value.span(), "`link` takes tables: [[api.NAME.link]]");
        let DeValue::Array(items) = entry.value.get_ref() else { return Err(wrong()) };
        items.iter().map(|value| Self::read(text, Entry { value, ..entry })).collect()
    }

    fn read(text: Text<'_>, entry: Entry<'_>) -> Result<Self, Error> {
        let span = entry.value.span();
        let own = Table::new(text, "a link", table(text, entry)?, &["from", "take", "to", "into", "none"])?;
        let missing = |key: &str| text.error(&span, format!("a link needs `{key}`"));
        let needed = |key: &'static str| own.string(key)?.map(str::to_owned).ok_or_else(|| missing(key));
        let forbids = own.flag("none")?.unwrap_or(false);
        let (from, take) = (own.string("from")?, own.string("take")?);
        let source = match (from, take, forbids) {
            (None, None, true) => None,
            (_, _, true) => return Err(text.error(&span, "a link with `none = true` has neither `from` nor `take`")),
            (None, _, false) => return Err(text.error(&span, "a link needs `from` and `take`, or `none = true`")),
            (Some(_), None, false) => return Err(missing("take")),
            (Some(from), Some(take), false) => Some((from.to_owned(), take.to_owned())),
        };
        Ok(Self { source, to: needed("to")?, into: needed("into")?, at: text.position(span.start) })
    }

    /// An error about it.
    pub fn error(&self, message: String) -> Error {
        Error::File { at: self.at.clone(), message }
    }
}
