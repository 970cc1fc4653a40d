//! The places that values can be fixed for. Main type: [`FixedPlace`].
//!
//! Written `LOCATION/NAME`, `LOCATION/NAME/MEMBER/...` or `body/MEMBER/...`, as findings name places; before it the
//! operation, such as `POST /orders`, if only one is meant. `*` stands for every item of a list; `~1` and `~0` stand for
//! `/` and `~` within a name (RFC 6901).

use std::borrow::Cow;

use crate::api::{Api, Location, Operation, OperationId, Parameter, suggestion};
use crate::generate::plan::Place;
use crate::schema::{Document, NodeId, Schema, Types};

/// Where a fixed value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FixedPlace {
    /// The one operation that is meant, or all.
    pub(super) operation: Option<OperationId>,
    part: PartName,
    /// The way into the value.
    pub(super) tokens: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PartName {
    Parameter(Location, String),
    Body,
}

const LOCATIONS: [Location; 5] =
    [Location::Path, Location::Query, Location::Header, Location::Cookie, Location::Querystring];

impl FixedPlace {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (operation, place) = match text.split_once(' ') {
            Some((method, rest)) if !method.contains('/') => {
                let rest = rest.trim_start();
                let (path, place) = rest.split_once(' ').ok_or_else(|| form(text))?;
                (Some(OperationId::new(method, path)), place.trim_start())
            }
            _ => (None, text),
        };
        let mut tokens = place.split('/').map(unescaped);
        let location = tokens.next().unwrap_or_default();
        let part = if location == "body" {
            PartName::Body
        } else {
            let location = LOCATIONS.into_iter().find(|known| known.word() == location).ok_or_else(|| form(text))?;
            let name = tokens.next().filter(|name| !name.is_empty()).ok_or_else(|| form(text))?;
            PartName::Parameter(location, name)
        };
        Ok(Self { operation, part, tokens: tokens.collect() })
    }

    /// Whether the operation has the place.
    pub(super) fn is_in(&self, operation: &Operation) -> bool {
        self.operation.as_ref().is_none_or(|id| *id == operation.id) && self.found(operation).is_ok()
    }

    /// Whether this is a part of the plan whose operation it is in.
    pub(super) fn is_of(&self, operation: &Operation, place: Place) -> bool {
        match (place, &self.part) {
            (Place::Body(_), PartName::Body) => true,
            (Place::Parameter(index), PartName::Parameter(..)) => {
                operation.parameters.get(usize::from(index)).is_some_and(|parameter| self.names(parameter))
            }
            _ => false,
        }
    }

    /// Whether a part of this schema has the place.
    pub(super) fn is_within(&self, schema: &Schema) -> bool {
        walk(schema, &self.tokens).is_ok()
    }

    fn names(&self, parameter: &Parameter) -> bool {
        let PartName::Parameter(location, name) = &self.part else { return false };
        let is_same = match location {
            Location::Header => parameter.name.eq_ignore_ascii_case(name),
            _ => parameter.name == *name,
        };
        parameter.location == *location && is_same
    }

    /// Whether it is anywhere; the error says what may have been meant.
    pub(super) fn check(&self, api: &Api) -> Result<(), String> {
        let Some(id) = &self.operation else {
            let mut problems = api.operations.iter().map(|operation| self.found(operation));
            if problems.any(|found| found.is_ok()) {
                return Ok(());
            }
            let known: Vec<Missing> =
                api.operations.iter().filter_map(|operation| self.found(operation).err()).collect();
            return Err(told(&known, "no operation has"));
        };
        let Some(operation) = api.operation(id) else {
            let known = api.operations.iter().map(|operation| operation.id.as_str());
            return Err(format!("there is no operation {id}{}", suggestion(id.as_str(), known)));
        };
        self.found(operation).map_err(|missing| told(&[missing], &format!("{id} has")))
    }

    fn found(&self, operation: &Operation) -> Result<(), Missing> {
        match &self.part {
            PartName::Body => {
                let Some(body) = &operation.body else { return Err(Missing::new("no body", "", [])) };
                let schemas =
                    body.contents.iter().filter_map(|media| media.schema.as_ref().or(media.item_schema.as_ref()));
                found_in(schemas, &self.tokens)
            }
            PartName::Parameter(location, name) => {
                if let Some(parameter) = operation.parameters.iter().find(|parameter| self.names(parameter)) {
                    return found_in(std::iter::once(&parameter.schema), &self.tokens);
                }
                let here = operation.parameters.iter().filter(|parameter| parameter.location == *location);
                let names = here.map(|parameter| parameter.name.clone());
                Err(Missing::new(&format!("no {} parameter {name:?}", location.word()), name, names))
            }
        }
    }
}

fn form(text: &str) -> String {
    format!(
        "{text:?} is no place; write query/NAME, path/NAME, header/NAME, cookie/NAME or body/MEMBER, \
         after an operation such as POST /orders if only one is meant"
    )
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// What an operation lacks, the name that was written, and the names that are there.
struct Missing {
    what: String,
    written: String,
    known: Vec<String>,
}

impl Missing {
    fn new(what: &str, written: &str, known: impl IntoIterator<Item = String>) -> Self {
        Self { what: what.to_owned(), written: written.to_owned(), known: known.into_iter().collect() }
    }
}

/// One sentence of what is missing everywhere: that which came nearest.
fn told(all: &[Missing], subject: &str) -> String {
    let known: Vec<&str> = all.iter().flat_map(|missing| &missing.known).map(String::as_str).collect();
    let Some(telling) = all.iter().max_by_key(|missing| (missing.known.len(), missing.written.len())) else {
        return "the specification has no operation".to_owned();
    };
    let hint = suggestion(&telling.written, known);
    let what = match subject.strip_prefix("no ") {
        Some(_) => Cow::from(telling.what.replacen("no ", "a ", 1)),
        None => Cow::from(&telling.what),
    };
    format!("{subject} {what}{hint}")
}

/// Whether one of the schemas has the member.
fn found_in<'a>(schemas: impl Iterator<Item = &'a Schema>, tokens: &[String]) -> Result<(), Missing> {
    let mut missing = None;
    for schema in schemas {
        match walk(schema, tokens) {
            Ok(()) => return Ok(()),
            Err(here) => missing = missing.or(Some(here)),
        }
    }
    // A body without any schema takes everything.
    missing.map_or(Ok(()), Err)
}

fn walk(schema: &Schema, tokens: &[String]) -> Result<(), Missing> {
    let document = schema.document();
    let mut here = vec![schema.node()];
    for (index, token) in tokens.iter().enumerate() {
        let all = document.with_alternatives(here);
        let next: Vec<NodeId> = all.iter().filter_map(|node| step(document, *node, token)).collect();
        if next.is_empty() {
            let properties = all.iter().flat_map(|node| &document.constraints(*node).object.properties);
            let known = properties.map(|property| property.name.to_string());
            let within = if index == 0 { String::new() } else { format!(" in {}", tokens[..index].join("/")) };
            return Err(Missing::new(&format!("no member {token:?}{within}"), token, known));
        }
        here = next;
    }
    Ok(())
}

/// What the member meets. A name that is not declared counts only where no name is: elsewhere it is a slip of the pen.
fn step(document: &Document, node: NodeId, token: &str) -> Option<NodeId> {
    let constraints = document.constraints(node);
    let (array, object) = (&constraints.array, &constraints.object);
    let index = token.parse().ok().filter(|_| constraints.types.overlaps(Types::ARRAY));
    let item = index.and_then(|index: usize| array.item(index)).or(array.items.filter(|_| token == "*"));
    if item.is_some() || !constraints.types.overlaps(Types::OBJECT) {
        return item;
    }
    let is_open = object.properties.is_empty() || object.is_map || !object.pattern_properties.is_empty();
    let declared = object.property(token).map(|property| property.node);
    declared.or_else(|| object.member(token).filter(|_| is_open))
}
