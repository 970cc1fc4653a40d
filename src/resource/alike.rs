//! Kinds that the schemas of answers tell: what is answered as a `Flow` is a flow, whatever the path says. Main type:
//! [`Schemas`].
//!
//! Paths come first: only what they leave open is read from schemas, and only where a schema stands for one kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::graph::{Action, Graph, Kind, Need, Role};
use super::name::{self, Reference};
use super::opened::ENVELOPES;
use crate::api::{Location, Operation, StatusPattern};
use crate::schema::Schema;

/// Words at the end of a schema's name that say what it is for, not what it is.
const PURPOSES: [&str; 14] = [
    "response", "dto", "out", "read", "schema", "model", "resource", "view", "detail", "details", "entity", "info",
    "object", "result",
];
/// Where named schemas are in the canonical document.
const COMPONENTS: &str = "/components/schemas/";

/// The named schemas of successful answers, and the kinds that they stand for.
pub(super) struct Schemas<'a> {
    /// Each operation with what it answers.
    shown: Vec<(&'a Operation, Vec<Shown>)>,
    owners: BTreeMap<Arc<str>, BTreeSet<Kind>>,
}

/// A named schema in an answer.
struct Shown {
    schema: Arc<str>,
    is_many: bool,
}

impl<'a> Schemas<'a> {
    /// What these operations answer.
    pub(super) fn new(operations: &'a [Arc<Operation>]) -> Self {
        let shown = operations.iter().map(|operation| (&**operation, shown(operation))).collect();
        Self { shown, owners: BTreeMap::new() }
    }

    /// Takes in the kinds that no path names: those of schemas whose name some parameter or member refers to, as in
    /// `GET /getUser?userId=7`, which answers a `User`.
    pub(super) fn name(&self, graph: &mut Graph) {
        let answered: BTreeSet<String> =
            self.shown.iter().flat_map(|(_, shown)| shown).map(|shown| called(&shown.schema)).collect();
        // What a parameter of a path names is called after the path: `/menu/{menuItemId}` is one of the menu's.
        let in_paths: BTreeSet<String> =
            self.shown.iter().flat_map(|(operation, _)| in_path(operation)).map(|reference| reference.kind).collect();
        let is_new = |reference: &Reference| {
            answered.contains(&reference.kind)
                && !in_paths.contains(&reference.kind)
                && graph.kind_of(reference).is_none()
        };
        let references = self.shown.iter().flat_map(|(operation, _)| references(operation));
        for reference in references.filter(is_new).collect::<Vec<_>>() {
            graph.kinds.entry(reference.kind.into()).or_default().insert(reference.field);
        }
    }

    /// Gives the operations of which the paths say too little their roles, where the answers say more.
    pub(super) fn refine(mut self, graph: &mut Graph) {
        self.own(graph);
        for (operation, shown) in &self.shown {
            if let Some(role) = graph.roles.get_mut(&operation.id).filter(|role| role.action == Action::Call) {
                self.refine_one(operation, shown, role);
            }
        }
    }

    fn own(&mut self, graph: &Graph) {
        for (operation, shown) in &self.shown {
            let role = graph.roles.get(&operation.id);
            let of_path = role.filter(|role| role.action == Action::Read).and_then(|role| role.kind.as_ref());
            for shown in shown.iter().filter(|shown| !shown.is_many) {
                let of_name = || graph.kinds.get_key_value(called(&shown.schema).as_str()).map(|(kind, _)| kind);
                if let Some(kind) = of_path.or_else(of_name) {
                    self.owners.entry(Arc::clone(&shown.schema)).or_default().insert(Arc::clone(kind));
                }
            }
        }
    }

    fn refine_one(&self, operation: &Operation, shown: &[Shown], role: &mut Role) {
        let told = shown.iter().find_map(|shown| {
            let mut kinds = self.owners.get(&shown.schema)?.iter();
            let lone = kinds.next().filter(|_| kinds.next().is_none())?;
            Some((Arc::clone(lone), shown.is_many))
        });
        let Some((kind, is_many)) = told else { return };
        let is_named = role.needs.iter().any(|need: &Need| need.kind == kind);
        role.action = match operation.method.as_str() {
            "GET" | "HEAD" if is_many => Action::List,
            "GET" | "HEAD" if is_named => Action::Read,
            "DELETE" if is_named => Action::Delete,
            "POST" if !is_many && !is_named && makes(operation) => Action::Create,
            _ => Action::Call,
        };
        role.kind = Some(kind);
    }
}

/// Whether the operation says that it makes what it answers: by its status, or by its name.
fn makes(operation: &Operation) -> bool {
    let last = operation.path.rsplit('/').find(|segment| !segment.is_empty());
    let mut names = operation.name.as_deref().into_iter().chain(last);
    names.any(|name| name::made_by(name).is_some())
        || operation.responses.0.iter().any(|(status, _)| *status == StatusPattern::Exact(201))
}

/// What a schema's name says its things are: `FlowRunResponse` is a `flow_run`.
fn called(pointer: &str) -> String {
    let mut words = name::words(pointer.rsplit('/').next().unwrap_or_default());
    while words.len() > 1 && words.last().is_some_and(|last| PURPOSES.contains(&last.as_str())) {
        words.pop();
    }
    name::kind(&words.join("_"))
}

fn in_path(operation: &Operation) -> impl Iterator<Item = Reference> {
    let parameters = operation.parameters.iter().filter(|parameter| parameter.location == Location::Path);
    parameters.map(|parameter| Reference::of(&parameter.name))
}

/// The names of parameters and of the members of bodies that refer to a kind.
fn references(operation: &Operation) -> Vec<Reference> {
    let bodies = operation.body.iter().flat_map(|body| &body.contents).filter_map(|content| content.schema.as_ref());
    let members = bodies.flat_map(|schema| {
        let schema = schema.resolved();
        let properties = schema.value().get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(serde_json::Map::keys).cloned().collect::<Vec<_>>()
    });
    let parameters = operation.parameters.iter().map(|parameter| parameter.name.clone());
    let references = parameters.chain(members).map(|name| Reference::of(&name));
    references.filter(|reference| !reference.kind.is_empty()).collect()
}

/// The named schemas that the operation's successful answers consist of: the answer itself, its items, or what its
/// envelope holds.
fn shown(operation: &Operation) -> Vec<Shown> {
    let is_success = |pattern: &StatusPattern| (200..300).any(|status| pattern.covers(status));
    let specified = operation.responses.0.iter().filter(|(pattern, _)| is_success(pattern));
    let schemas = specified.flat_map(|(_, answer)| &answer.contents).filter_map(|content| content.schema.as_ref());
    let mut found = Vec::new();
    for schema in schemas.map(Schema::resolved) {
        find(&schema, &mut found);
        let properties = schema.value().get("properties").and_then(Value::as_object);
        let is_there = |name: &&&str| properties.is_some_and(|properties| properties.contains_key(**name));
        let enveloped = ENVELOPES.iter().filter(is_there).filter_map(|name| schema.below(&["properties", name]));
        enveloped.for_each(|inner| find(&inner.resolved(), &mut found));
    }
    found
}

fn find(schema: &Schema, found: &mut Vec<Shown>) {
    let is_list = schema.value().get("items").is_some();
    let items = if is_list { schema.below(&["items"]).map(|items| items.resolved()) } else { None };
    let (one, is_many) = items.map_or_else(|| (schema.clone(), false), |items| (items, true));
    if one.pointer().starts_with(COMPONENTS) {
        found.push(Shown { schema: one.pointer().into(), is_many });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OperationId;
    use crate::spec::load_bytes;

    const DOCUMENT: &str = "
openapi: 3.0.3
info: {title: a, version: '1'}
paths:
  /flows: {get: {responses: {200: {$ref: '#/components/responses/Flows'}}}}
  /flows/{id}:
    get: {parameters: [{$ref: '#/components/parameters/id'}], responses: {200: {$ref: '#/components/responses/Flow'}}}
  /deploy: {post: {responses: {201: {$ref: '#/components/responses/Flow'}}}}
  /search: {get: {responses: {200: {$ref: '#/components/responses/Flows'}}}}
  /latest: {get: {responses: {200: {$ref: '#/components/responses/Flow'}}}}
  /flows/{id}/copy:
    post: {parameters: [{$ref: '#/components/parameters/id'}], responses: {201: {$ref: '#/components/responses/Flow'}}}
  /getUser:
    get:
      parameters: [{name: userId, in: query, required: true, schema: {type: string}}]
      responses: {200: {$ref: '#/components/responses/User'}}
  /createUser: {post: {responses: {200: {$ref: '#/components/responses/User'}}}}
  /dropUser:
    delete:
      parameters: [{name: userId, in: query, required: true, schema: {type: string}}]
      responses: {200: {$ref: '#/components/responses/User'}}
  /health: {get: {responses: {200: {$ref: '#/components/responses/Health'}}}}
  /menu: {post: {responses: {201: {$ref: '#/components/responses/MenuItem'}}}}
  /menu/{menuItemId}:
    delete: {parameters: [{$ref: '#/components/parameters/menuItemId'}], responses: {204: {description: a}}}
components:
  parameters:
    menuItemId: {name: menuItemId, in: path, required: true, schema: {type: string}}
    id: {name: id, in: path, required: true, schema: {type: string}}
  responses:
    Flow: {description: a, content: {application/json: {schema: {$ref: '#/components/schemas/Flow'}}}}
    Flows:
      description: a
      content:
        application/json:
          schema: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Flow'}}}}
    User: {description: a, content: {application/json: {schema: {$ref: '#/components/schemas/UserResponse'}}}}
    Health: {description: a, content: {application/json: {schema: {$ref: '#/components/schemas/Health'}}}}
    MenuItem: {description: a, content: {application/json: {schema: {$ref: '#/components/schemas/MenuItem'}}}}
  schemas:
    Flow: {type: object, properties: {id: {type: string}}}
    UserResponse: {type: object, properties: {id: {type: string}}}
    MenuItem: {type: object, properties: {id: {type: string}}}
    Health: {type: object, properties: {ok: {type: boolean}}}
";

    #[track_caller]
    fn check(operation: &str, action: Action, kind: Option<&str>) {
        let loaded = load_bytes("a.yaml", DOCUMENT.as_bytes()).unwrap();
        let graph = Graph::new(&loaded.api.operations);
        let role = graph.role(&OperationId::from_text(operation)).unwrap();
        assert_eq!((role.action, role.kind.as_deref()), (action, kind), "{operation}");
    }

    #[test]
    fn what_is_answered_says_what_paths_leave_open() {
        check("GET /flows", Action::List, Some("flow"));
        check("POST /deploy", Action::Create, Some("flow"));
        check("GET /search", Action::List, Some("flow"));
        check("GET /latest", Action::Call, Some("flow"));
        check("POST /flows/{id}/copy", Action::Call, Some("flow"));
        check("GET /health", Action::Call, None);
    }

    #[test]
    fn kinds_without_paths_are_called_after_schemas() {
        check("GET /getUser", Action::Read, Some("user"));
        check("POST /createUser", Action::Create, Some("user"));
        check("DELETE /dropUser", Action::Delete, Some("user"));
        check("POST /menu", Action::Create, Some("menu"));
        check("DELETE /menu/{menuItemId}", Action::Delete, Some("menu"));
    }
}
