//! What an answer tells of the things that exist. Main function: [`harvest`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::graph::{Action, Graph, Kind, Role, Taken};
use super::name::Reference;
use crate::scenario::{Capture, Source};
use crate::schema::escape_token;
use crate::wire::Response;

/// How many things of one answer are looked at.
const MOST: usize = 4;
/// How many members of a thing.
const MOST_MEMBERS: usize = 60;
/// The longest text that is taken for a name.
const LONGEST: usize = 200;
/// Fields by which things are known even if no path asks for them.
const USUAL: [&str; 5] = ["id", "uuid", "name", "key", "slug"];

/// A thing that an answer told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Of which kind.
    pub kind: Kind,
    /// Its names by field.
    pub fields: BTreeMap<String, Held>,
    /// Whether the answer is about it, or only mentions it.
    pub is_subject: bool,
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// A text or a number.
    pub value: Value,
    /// Where the answer has it.
    pub from: Source,
}

impl Held {
    /// As it stands in a path.
    pub(crate) fn text(&self) -> String {
        self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned)
    }

    /// Whether it stands for itself wherever it is put: a number, or a text of letters, digits and `-._`.
    pub(super) fn is_plain(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        self.value.as_str().is_none_or(|text| text.bytes().all(is_plain))
    }
}

/// The things that a successful answer tells of.
pub fn harvest(graph: &Graph, role: &Role, response: &Response) -> Vec<Found> {
    if response.status / 100 != 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut mentioned = Vec::new();
    if let Some(body) = response.json() {
        for (pointer, members) in things(body) {
            let mut subject = BTreeMap::new();
            for (name, value) in members.iter().take(MOST_MEMBERS) {
                let Some(value) = named(value) else { continue };
                let held = Held { value, from: Source::Body(format!("{pointer}/{}", escape_token(name))) };
                let own = role.kind.as_ref().and_then(|kind| own_field(graph, kind, name));
                match own {
                    Some(field) => _ = subject.entry(field).or_insert(held),
                    None => mentioned.extend(graph.referred(name).map(|(kind, field)| Found {
                        kind,
                        fields: BTreeMap::from([(field, held)]),
                        is_subject: false,
                    })),
                }
            }
            let kind = role.kind.clone().filter(|_| !subject.is_empty());
            found.extend(kind.map(|kind| Found { kind, fields: subject, is_subject: true }));
        }
    }
    if found.is_empty() && role.action == Action::Create {
        found.extend(located(role, response));
    }
    mentioned.truncate(MOST);
    found.extend(mentioned);
    for taken in &role.takes {
        take(taken, response, &mut found);
    }
    found
}

/// What a link takes: one more name of the thing that the answer is about, or a thing of its own.
fn take(taken: &Taken, response: &Response, found: &mut Vec<Found>) {
    let value = match &taken.source {
        Source::Body(pointer) => response.json().and_then(|body| named(body.pointer(pointer)?)),
        from => Capture { name: String::new(), from: from.clone() }.take(response).map(Value::String),
    };
    let Some(value) = value else { return };
    let held = Held { value, from: taken.source.clone() };
    let mut subjects = found.iter_mut().filter(|known| known.is_subject && known.kind == taken.kind);
    if let (Some(lone), None) = (subjects.next(), subjects.next()) {
        lone.fields.insert(taken.field.clone(), held);
        return;
    }
    let fields = BTreeMap::from([(taken.field.clone(), held)]);
    found.push(Found { kind: Arc::clone(&taken.kind), fields, is_subject: taken.is_subject });
}

/// What was made is where `Location` says (RFC 9110 section 10.2.2).
fn located(role: &Role, response: &Response) -> Option<Found> {
    let capture = Capture { name: String::new(), from: Source::Location };
    let value = Value::String(capture.take(response)?);
    let fields = BTreeMap::from([("id".to_owned(), Held { value, from: Source::Location })]);
    Some(Found { kind: role.kind.clone()?, fields, is_subject: true })
}

/// The field of its own kind that a member is, if it is one that names the thing.
fn own_field(graph: &Graph, kind: &str, member: &str) -> Option<String> {
    let reference = Reference::of(member);
    let is_own = reference.kind.is_empty() || reference.kind == *kind;
    let is_asked =
        USUAL.contains(&reference.field.as_str()) || graph.fields(kind).any(|field| field == reference.field);
    (is_own && is_asked).then_some(reference.field)
}

/// A value by which a thing may be named.
fn named(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if !text.is_empty() && text.len() <= LONGEST => Some(value.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(value.clone()),
        _ => None,
    }
}

/// The objects that an answer consists of: itself, its items, or those one level below (`data`, `items`, `results`).
fn things(body: &Value) -> Vec<(String, &Map<String, Value>)> {
    let items = |pointer: &str, items: &'_ [Value]| -> Vec<(String, usize)> {
        (0..items.len().min(MOST)).map(|index| (format!("{pointer}/{index}"), index)).collect()
    };
    let of_array = |pointer: &str, array: &'_ Vec<Value>| -> Vec<(String, usize)> { items(pointer, array) };
    match body {
        Value::Array(array) => of_array("", array)
            .into_iter()
            .filter_map(|(pointer, index)| Some((pointer, array[index].as_object()?)))
            .collect(),
        Value::Object(members) => {
            let mut all = vec![(String::new(), members)];
            for (name, value) in members.iter().take(MOST_MEMBERS) {
                let pointer = format!("/{}", escape_token(name));
                match value {
                    Value::Object(inner) if !inner.is_empty() && members.len() <= MOST => all.push((pointer, inner)),
                    Value::Array(array) => {
                        let inner = of_array(&pointer, array).into_iter();
                        all.extend(inner.filter_map(|(pointer, index)| Some((pointer, array[index].as_object()?))));
                    }
                    _ => {}
                }
            }
            all.truncate(2 * MOST);
            all
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::OperationId;
    use crate::scenario::encode::samples::operation;

    fn graph() -> Graph {
        let path = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
        Graph::new(&[
            operation("POST", "/flows", json!({})),
            operation("GET", "/flows/{id}", json!({"parameters": path})),
            operation("POST", "/users", json!({})),
            operation("GET", "/users/{id}", json!({"parameters": path})),
        ])
    }

    /// What is found, as `kind.field=value@pointer`.
    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &'static str)], body: &Value, expected: &[&str]) {
        let graph = graph();
        let role = graph.role(&OperationId::from_text("POST /flows")).unwrap();
        let response = Response::new(status, headers.iter().copied().collect(), body.to_string());
        let found: Vec<String> = harvest(&graph, role, &response)
            .iter()
            .flat_map(|found| {
                let kind = &found.kind;
                found.fields.iter().map(move |(field, held)| format!("{kind}.{field}={}@{:?}", held.value, held.from))
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn objects_are_found_wherever_answers_keep_them() {
        check(201, &[], &json!({"id": 7, "x": [1]}), &[r#"flow.id=7@Body("/id")"#]);
        check(
            200,
            &[],
            &json!([{"id": "a"}, {"id": "b"}]),
            &[r#"flow.id="a"@Body("/0/id")"#, r#"flow.id="b"@Body("/1/id")"#],
        );
        check(200, &[], &json!({"data": {"name": "n"}}), &[r#"flow.name="n"@Body("/data/name")"#]);
        check(200, &[], &json!({"items": [{"flow_id": 1}], "total": 1}), &[r#"flow.id=1@Body("/items/0/flow_id")"#]);
        check(
            201,
            &[],
            &json!({"id": 7, "user_id": "u"}),
            &[r#"flow.id=7@Body("/id")"#, r#"user.id="u"@Body("/user_id")"#],
        );
        check(201, &[("Location", "/flows/9?x=1")], &json!(null), &[r#"flow.id="9"@Location"#]);
        check(400, &[], &json!({"id": 7}), &[]);
        check(200, &[], &json!({"id": null, "name": ""}), &[]);
    }
}
