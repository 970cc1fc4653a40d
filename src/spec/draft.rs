//! The document on its way to the canonical form. Main types: [`Draft`], [`Notebook`].
//!
//! A draft knows which of its values are what ([`Draft::walk`]), and the notebook knows where each of them stands in
//! the user's own files. The steps themselves are in `files`, `lift` and `dialect`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kind::Kind;
use super::note::Level;
use crate::api::{Operation, OperationId};
use crate::schema::{Digits, escape_token, push_token};

/// Below this key of the canonical document stand the other files.
pub(super) const FILES: &str = "x-gadfly-files";

/// A place in one of the user's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Its number in the order of reading.
    pub(super) file: usize,
    /// JSON pointer.
    pub(super) pointer: String,
}

/// Something to say, before line and column are known.
#[derive(Clone, Debug)]
pub(super) struct Remark {
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) place: Place,
    pub(super) operation: Option<OperationId>,
}

/// What is told to the user, and where the canonical document's parts come from.
#[derive(Debug, Default)]
pub(super) struct Notebook {
    /// Canonical pointer to the user's place; a pointer without an entry takes that of its nearest ancestor.
    origins: BTreeMap<String, Place>,
    /// Where a value went that no longer stands where it was.
    moves: BTreeMap<String, String>,
    pub(super) remarks: Vec<Remark>,
    /// What was read in the form of the newest version: where first, and how often.
    lifts: BTreeMap<&'static str, (Place, usize)>,
    /// The operation that is being read, if its pointer does not tell.
    pub(super) operation: Option<OperationId>,
}

impl Notebook {
    /// The user's place of a canonical pointer.
    pub(super) fn place(&self, at: &str) -> Place {
        let (origin, rest) = nearest(&self.origins, at);
        match origin {
            Some(origin) => Place { file: origin.file, pointer: format!("{}{rest}", origin.pointer) },
            None => Place { file: 0, pointer: at.to_owned() },
        }
    }

    /// Says that everything below `at` comes from this file.
    pub(super) fn file(&mut self, at: String, file: usize) {
        self.origins.insert(at, Place { file, pointer: String::new() });
    }

    /// Says that the value at `to` is a copy of the one at `from`.
    pub(super) fn copied(&mut self, from: &str, to: String) {
        let place = self.place(from);
        self.origins.insert(to, place);
    }

    /// Says that the value at `to` stood at `from`.
    pub(super) fn moved(&mut self, from: &str, to: String) {
        let place = self.place(from);
        self.moved_from(from, place, to);
    }

    /// Says that the value at `to` stood at `from`, whose place is known.
    pub(super) fn moved_from(&mut self, from: &str, place: Place, to: String) {
        self.moves.entry(from.to_owned()).or_insert_with(|| to.clone());
        self.origins.insert(to, place);
    }

    /// Where a value went, if it or one of its ancestors was moved.
    pub(super) fn new_pointer(&self, old: &str) -> Option<String> {
        let (moved, rest) = nearest(&self.moves, old);
        moved.map(|moved| format!("{moved}{rest}"))
    }

    /// Counts something of an older version that is read in the form of the newest.
    pub(super) fn lifted(&mut self, at: &str, what: &'static str) {
        let place = self.place(at);
        self.lifts.entry(what).or_insert((place, 0)).1 += 1;
    }

    /// One remark for each kind of what was lifted.
    pub(super) fn take_lifts(&mut self) -> Vec<Remark> {
        let remark = |(what, (place, count)): (&str, (Place, usize))| {
            let more = match count {
                1 => String::new(),
                2 => ", here and at one more place".to_owned(),
                more => format!(", here and at {} more places", more - 1),
            };
            Remark { level: Level::Lifted, message: format!("{what}{more}"), place, operation: None }
        };
        std::mem::take(&mut self.lifts).into_iter().map(remark).collect()
    }

    /// Notes a tolerant reading of what stands at a canonical pointer.
    pub(super) fn assumed(&mut self, at: &str, message: impl Into<String>) {
        self.remark(Level::Assumed, self.place(at), at, message.into());
    }

    /// Notes that what stands at a canonical pointer can't be used.
    pub(super) fn skipped(&mut self, at: &str, message: impl Into<String>) {
        self.remark(Level::Skipped, self.place(at), at, message.into());
    }

    /// Notes that a reference leads nowhere, which costs operations only where path items stand.
    pub(super) fn lost(&mut self, kind: Kind, at: &str, message: String) {
        match kind {
            Kind::PathItem => self.skipped(at, message),
            _ => self.assumed(at, message),
        }
    }

    /// Notes a tolerant reading of a whole operation.
    pub(super) fn assumed_at(&mut self, operation: &Operation, message: String) {
        let file = self.place(&format!("/paths/{}", escape_token(&operation.path))).file;
        let place = Place { file, pointer: operation.pointer.clone() };
        self.remark(Level::Assumed, place, "", message);
    }

    /// Notes something whose place is known.
    pub(super) fn remark(&mut self, level: Level, place: Place, at: &str, message: String) {
        let operation = self.operation.clone().or_else(|| operation_at(at));
        self.remarks.push(Remark { level, message, place, operation });
    }
}

/// The operation that a canonical pointer belongs to.
fn operation_at(at: &str) -> Option<OperationId> {
    let mut tokens = at.strip_prefix("/paths/")?.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
    let path = tokens.next()?;
    let method = tokens.next().filter(|token| Kind::PathItem.child(token) == Kind::Operation);
    Some(OperationId::new(&method?, &path))
}

/// The entry of a pointer or of its nearest ancestor, and what is left of the pointer.
fn nearest<'a, 'b, T>(map: &'a BTreeMap<String, T>, pointer: &'b str) -> (Option<&'a T>, &'b str) {
    let mut head = pointer;
    while !map.is_empty() {
        if let Some(found) = map.get(head) {
            return (Some(found), &pointer[head.len()..]);
        }
        let Some(end) = head.rfind('/') else { break };
        head = &head[..end];
    }
    (None, pointer)
}

/// The document under way.
#[derive(Debug)]
pub(super) struct Draft {
    /// The canonical document, other files below [`FILES`].
    pub(super) root: Value,
    /// Values that the grammar does not reach from the root, but a reference does.
    pub(super) regions: BTreeMap<String, Kind>,
    /// The integers that the root can't hold.
    pub(super) digits: Digits,
    pub(super) notebook: Notebook,
}

impl Draft {
    pub(super) fn new(root: Value) -> Self {
        Self { root, regions: BTreeMap::new(), digits: Digits::default(), notebook: Notebook::default() }
    }

    /// What stands at a canonical pointer, as far as the grammar or a region tells.
    pub(super) fn kind_at(&self, at: &str) -> Kind {
        let (region, rest) = nearest(&self.regions, at);
        region.copied().unwrap_or(Kind::Document).at(rest)
    }

    /// Visits every value of a known kind once, parents first.
    pub(super) fn walk(&mut self, visit: &mut Visit<'_>) {
        let Self { root, regions, notebook, .. } = self;
        Walker { regions, notebook, visit: &mut *visit }.value(Kind::Document, &mut String::new(), root);
        for (at, kind) in regions.iter() {
            if let Some(value) = root.pointer_mut(at) {
                Walker { regions, notebook, visit: &mut *visit }.value(*kind, &mut at.clone(), value);
            }
        }
    }

    /// Visits what stands at one pointer and below, except other regions.
    pub(super) fn walk_region(&mut self, at: &str, kind: Kind, visit: &mut Visit<'_>) {
        let Self { root, regions, notebook, .. } = self;
        if let Some(value) = root.pointer_mut(at) {
            Walker { regions, notebook, visit }.value(kind, &mut at.to_owned(), value);
        }
    }
}

/// Looks at a value of a known kind at a canonical pointer.
pub(super) type Visit<'a> = dyn FnMut(Kind, &str, &mut Value, &mut Notebook) + 'a;

struct Walker<'a, 'v> {
    regions: &'a BTreeMap<String, Kind>,
    notebook: &'a mut Notebook,
    visit: &'a mut Visit<'v>,
}

impl Walker<'_, '_> {
    fn value(&mut self, kind: Kind, at: &mut String, value: &mut Value) {
        let kind = if kind == Kind::SchemaOrList && !value.is_array() { Kind::Schema } else { kind };
        if kind == Kind::Data {
            return;
        }
        (self.visit)(kind, at, value, self.notebook);
        let is_reference = kind.may_refer() && kind != Kind::Schema && value.get("$ref").is_some_and(Value::is_string);
        match value {
            Value::Object(_) if is_reference && kind != Kind::PathItem => {}
            Value::Object(map) => {
                for (key, member) in map {
                    self.below(kind.child(key), at, key, member);
                }
            }
            Value::Array(items) if kind.item() != Kind::Data => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.below(kind.item(), at, &index.to_string(), item);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, kind: Kind, at: &mut String, token: &str, value: &mut Value) {
        // Most of a document is data; no pointer is made for what is not looked at.
        if kind == Kind::Data {
            return;
        }
        let length = at.len();
        push_token(at, token);
        if self.regions.is_empty() || !self.regions.contains_key(at.as_str()) {
            self.value(kind, at, value);
        }
        at.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_follow_the_nearest_move() {
        let mut notebook = Notebook::default();
        notebook.file("/x-gadfly-files/a.yaml".into(), 1);
        notebook.moved("/definitions", "/components/schemas".into());
        notebook.moved("/components/schemas/A", "/components/schemas/A/anyOf/0".into());
        let place = |at: &str| {
            let place = notebook.place(at);
            (place.file, place.pointer)
        };
        assert_eq!(place("/components/schemas/A/anyOf/0/items"), (0, "/definitions/A/items".into()));
        assert_eq!(place("/x-gadfly-files/a.yaml/b/c"), (1, "/b/c".into()));
        assert_eq!(place("/info"), (0, "/info".into()));
        assert_eq!(notebook.new_pointer("/definitions/A/items").as_deref(), Some("/components/schemas/A/items"));
        assert_eq!(notebook.new_pointer("/info"), None);
    }

    #[test]
    fn every_schema_is_visited_once_and_data_never() {
        let mut draft = Draft::new(json!({
            "paths": {"/a": {"get": {"parameters": [{"schema": {"items": {"default": {"items": {}}}}}]}}},
            "x-more": {"A": {"properties": {"default": {}}}, "items": {}}
        }));
        draft.regions.insert("/x-more/A".into(), Kind::Schema);
        draft.regions.insert("/x-more/A/properties/default".into(), Kind::Schema);
        let mut seen = Vec::new();
        draft.walk(&mut |kind, at, _, _| {
            if kind == Kind::Schema {
                seen.push(at.to_owned());
            }
        });
        assert_eq!(
            seen,
            [
                "/paths/~1a/get/parameters/0/schema",
                "/paths/~1a/get/parameters/0/schema/items",
                "/x-more/A",
                "/x-more/A/properties/default"
            ]
        );
    }

    #[test]
    fn remarks_know_their_operation() {
        let mut notebook = Notebook::default();
        notebook.assumed("/paths/~1a~1{id}/get/responses/200", "x");
        notebook.assumed("/paths/~1a/parameters/0", "x");
        let operations: Vec<_> = notebook.remarks.into_iter().map(|remark| remark.operation).collect();
        assert_eq!(operations, [Some(OperationId::new("get", "/a/{id}")), None]);
    }
}
