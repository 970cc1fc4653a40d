//! The field that an answer names among those that the document declares. Main functions: [`resolve`], [`declared`].
//!
//! Servers name fields as their own code does: case, snake, camel and a type in front of it (`User.Name`) are looked
//! through.

use super::lesson::EACH;
use super::{Complaint, Place, Rule, Spot};
use crate::api::{Location, Operation};
use crate::schema::{Document, NodeId, Schema};

/// How many names in front of a field may be the server's own: `CreateUser.User.Name`.
const MOST_FOREIGN: usize = 3;

/// The place of the operation's requests that a complaint is about, if it has one.
pub(super) fn resolve(operation: &Operation, complaint: &Complaint) -> Option<Spot> {
    let (place, field) = (complaint.place, complaint.field.as_slice());
    match place {
        Place::Body => in_body(operation, field).or_else(|| undeclared(operation, complaint)),
        Place::Unknown if field.is_empty() => None,
        Place::Unknown => in_body(operation, field)
            .or_else(|| parameter(operation, None, field))
            .or_else(|| undeclared(operation, complaint)),
        // Some call parameters of a query those of a path, and the other way round.
        place => parameter(operation, Some(place), field).or_else(|| parameter(operation, None, field)),
    }
}

/// What a declared spot of a schema meets.
pub(super) fn declared(schema: &Schema, tokens: &[String]) -> Option<NodeId> {
    walk(schema, tokens).map(|(_, node)| node)
}

fn in_body(operation: &Operation, field: &[String]) -> Option<Spot> {
    let body = operation.body.as_ref()?;
    if field.is_empty() {
        return Some(Spot { place: Place::Body, tokens: Vec::new() });
    }
    let schemas = body.contents.iter().filter_map(|media| media.schema.as_ref());
    let mut found = schemas.filter_map(|schema| {
        (0..field.len().min(MOST_FOREIGN + 1)).find_map(|foreign| walk(schema, &field[foreign..]))
    });
    found.next().map(|(tokens, _)| Spot { place: Place::Body, tokens })
}

/// A member that is asked for and that the document does not know: it can be sent if the body is an object at all. Whether
/// it is allowed shows when it is put in.
fn undeclared(operation: &Operation, complaint: &Complaint) -> Option<Spot> {
    let [name] = complaint.field.as_slice() else { return None };
    let is_sendable = complaint.rule == Rule::Required && operation.body.is_some() && name.len() <= 80;
    is_sendable.then(|| Spot { place: Place::Body, tokens: vec![name.clone()] })
}

fn parameter(operation: &Operation, place: Option<Place>, field: &[String]) -> Option<Spot> {
    (0..field.len().min(MOST_FOREIGN + 1)).find_map(|foreign| {
        let (name, inner) = field[foreign..].split_first()?;
        let is_it = |parameter: &&crate::api::Parameter| {
            let own = Place::from(parameter.location);
            place.is_none_or(|place| place == own) && is_same(&parameter.name, name)
        };
        let parameter = operation.parameters.iter().find(is_it)?;
        let within = if inner.is_empty() { Vec::new() } else { walk(&parameter.schema, inner)?.0 };
        let mut tokens = vec![parameter.name.clone()];
        tokens.extend(within);
        Some(Spot { place: parameter.location.into(), tokens })
    })
}

/// The index of the parameter that a spot is in.
pub(super) fn index(operation: &Operation, spot: &Spot) -> Option<usize> {
    let name = spot.tokens.first()?;
    operation.parameters.iter().position(|parameter| {
        let is_header = parameter.location == Location::Header;
        let is_named = if is_header { parameter.name.eq_ignore_ascii_case(name) } else { parameter.name == *name };
        Place::from(parameter.location) == spot.place && is_named
    })
}

fn walk(schema: &Schema, field: &[String]) -> Option<(Vec<String>, NodeId)> {
    let document = schema.document();
    let mut here = vec![schema.node()];
    let mut tokens = Vec::new();
    for token in field {
        let all = document.with_alternatives(here);
        let steps: Vec<(String, NodeId)> = all.iter().filter_map(|node| step(document, *node, token)).collect();
        let name = steps.first()?.0.clone();
        here = steps.into_iter().filter(|(other, _)| *other == name).map(|(_, node)| node).collect();
        tokens.push(name);
    }
    Some((tokens, *here.first()?))
}

fn step(document: &Document, node: NodeId, token: &str) -> Option<(String, NodeId)> {
    let constraints = document.constraints(node);
    let properties = &constraints.object.properties;
    let exact = properties.iter().find(|property| *property.name == *token);
    let property = exact.or_else(|| properties.iter().find(|property| is_same(&property.name, token)));
    if let Some(property) = property {
        return Some((property.name.to_string(), property.node));
    }
    let is_item = token == EACH || token.parse::<usize>().is_ok();
    constraints.array.items.filter(|_| is_item).map(|node| (EACH.to_owned(), node))
}

/// Whether two names are the same but for their spelling.
fn is_same(declared: &str, named: &str) -> bool {
    let plain =
        |name: &str| -> String { name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    declared == named || (!plain(named).is_empty() && plain(declared) == plain(named))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::learn::complaint::way;
    use crate::scenario::encode::samples::operation;

    #[track_caller]
    fn check(place: Place, field: &str, rule: Rule, expected: Option<&str>) {
        let described = json!({
            "parameters": [
                {"name": "pageSize", "in": "query", "schema": {"type": "integer"}},
                {"name": "X-Tenant-Id", "in": "header", "schema": {"type": "string"}}
            ],
            "body": {"application/json": {"schema": {"type": "object", "properties": {
                "firstName": {"type": "string"},
                "lines": {"type": "array", "items": {"oneOf": [
                    {"type": "object", "properties": {"unit_price": {"type": "number"}}},
                    {"type": "object", "properties": {"text": {"type": "string"}}}
                ]}}
            }}}}
        });
        let operation = operation("POST", "/x", described);
        let complaint = Complaint { place, field: way(field), rule };
        assert_eq!(resolve(&operation, &complaint).map(|spot| spot.to_string()).as_deref(), expected, "{field}");
    }

    #[test]
    fn fields_are_found_in_any_spelling() {
        check(Place::Body, "first_name", Rule::NotBlank, Some("body/firstName"));
        check(Place::Unknown, "CreateUser.FirstName", Rule::NotBlank, Some("body/firstName"));
        check(Place::Body, "lines.0.UnitPrice", Rule::NotBlank, Some("body/lines/*/unit_price"));
        check(Place::Unknown, "Lines[3].text", Rule::NotBlank, Some("body/lines/*/text"));
        check(Place::Query, "page_size", Rule::NotBlank, Some("query/pageSize"));
        check(Place::Unknown, "PAGE-SIZE", Rule::NotBlank, Some("query/pageSize"));
        check(Place::Unknown, "x_tenant_id", Rule::Required, Some("header/X-Tenant-Id"));
    }

    #[test]
    fn what_is_not_declared_can_only_be_asked_for_in_a_body() {
        check(Place::Body, "token", Rule::Required, Some("body/token"));
        check(Place::Body, "token", Rule::NotBlank, None);
        check(Place::Query, "token", Rule::Required, None);
        check(Place::Body, "lines.0.nothing", Rule::Required, None);
        check(Place::Body, "", Rule::Required, Some("body"));
    }
}
