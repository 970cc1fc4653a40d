//! Kinds of things and what operations do to them, inferred from names, the hierarchy of paths and the
//! schemas of answers. Main type: [`Graph`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::alike::Schemas;
use super::link::{Into, Link, Origin};
use super::located::Item;
use super::name::{self, Reference};
use crate::api::{Location, Operation, OperationId};
use crate::scenario::Source;

/// A kind of thing, such as `flow_run`.
pub type Kind = Arc<str>;

/// What an operation does to the things of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes one.
    Create,
    /// Tells of several.
    List,
    /// Tells of one.
    Read,
    /// Changes one, or makes it under a name that the client chooses.
    Replace,
    /// Changes one.
    Change,
    /// Ends one.
    Delete,
    /// Ends all there are.
    DeleteAll,
    /// Anything else.
    Call,
}

/// A parameter that names a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The parameter's index.
    pub parameter: usize,
    /// What it names.
    pub kind: Kind,
    /// By what.
    pub field: String,
}

/// A member of a body that names a thing, because a link says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyNeed {
    /// JSON pointer.
    pub pointer: String,
    /// What it names.
    pub kind: Kind,
    /// By what.
    pub field: String,
}

/// A value of an answer that names a thing, because a link says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it stands.
    pub source: Source,
    /// What it names.
    pub kind: Kind,
    /// By what.
    pub field: String,
    /// Whether the answer is about it, and does not only mention it.
    pub is_subject: bool,
}

/// An operation's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// What it does.
    pub action: Action,
    /// The kind that it does it to, and that its answers hold.
    pub kind: Option<Kind>,
    /// The things that its parameters name, those of the path first and in the path's order.
    pub needs: Vec<Need>,
    /// The parameters into which cookies go that answers set.
    pub cookies: Vec<Need>,
    /// The things that links put into its body.
    pub body: Vec<BodyNeed>,
    /// Places of its body into which nothing is put.
    pub untouched: Vec<String>,
    /// What links take from its answers.
    pub takes: Vec<Taken>,
}

/// The kinds of an API and the roles of its operations.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Each kind with the fields by which it is named.
    pub(super) kinds: BTreeMap<Kind, BTreeSet<String>>,
    pub(super) roles: BTreeMap<OperationId, Role>,
    pub(super) creators: BTreeMap<Kind, Vec<OperationId>>,
    /// Where the things of each kind are.
    pub(super) items: BTreeMap<Kind, Vec<Item>>,
    /// The kinds of the cookies that are asked for.
    pub(super) cookies: BTreeSet<Kind>,
    /// Who says what goes into a place, where it is not inferred.
    pub(super) origins: BTreeMap<(OperationId, Into), Origin>,
}

/// One segment of a path template.
enum Segment<'a> {
    Static(&'a str),
    Parameter(&'a str),
    /// Text and parameters mixed.
    Mixed,
}

impl Graph {
    /// Reads the paths of these operations, and the links of the document.
    pub fn new(operations: &[Arc<Operation>]) -> Self {
        Self::with_links(operations, &[])
    }

    /// The same with links of the user, which beat the rest.
    pub fn with_links(operations: &[Arc<Operation>], links: &[Link]) -> Self {
        let mut graph = Self::inferred(operations);
        graph.follow(operations, Link::documented(operations), links);
        graph
    }

    fn inferred(operations: &[Arc<Operation>]) -> Self {
        let mut graph = Self::default();
        for operation in operations {
            let path = segments(&operation.path);
            for index in 0..path.len() {
                if let Some((kind, field)) = named_by_path(&path, index, &BTreeMap::new()) {
                    graph.kinds.entry(kind).or_default().insert(field);
                }
            }
        }
        let schemas = Schemas::new(operations);
        schemas.name(&mut graph);
        for operation in operations {
            let role = graph.read(operation);
            for need in &role.needs {
                graph.kinds.entry(Arc::clone(&need.kind)).or_default().insert(need.field.clone());
            }
            graph.cookies.extend(role.cookies.iter().map(|need| Arc::clone(&need.kind)));
            graph.place(operation);
            graph.roles.insert(operation.id.clone(), role);
        }
        schemas.refine(&mut graph);
        for operation in operations {
            let Some(role) = graph.roles.get(&operation.id) else { continue };
            if let (Action::Create | Action::Replace, Some(kind)) = (role.action, &role.kind) {
                graph.creators.entry(Arc::clone(kind)).or_default().push(operation.id.clone());
            }
        }
        // What makes things without being told their names makes them best.
        let roles = &graph.roles;
        let is_replacing = |id: &OperationId| roles.get(id).is_some_and(|role| role.action == Action::Replace);
        graph.creators.values_mut().for_each(|creators| creators.sort_by_key(is_replacing));
        graph
    }

    /// The operation's part.
    pub fn role(&self, operation: &OperationId) -> Option<&Role> {
        self.roles.get(operation)
    }

    /// The operations that make things of a kind, the best first.
    pub fn creators(&self, kind: &str) -> &[OperationId] {
        self.creators.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.keys()
    }

    /// The kinds that a path names: without one of them its operations can't be reached.
    pub fn needed(&self) -> BTreeSet<&Kind> {
        let in_path = self.roles.values().flat_map(|role| &role.needs).map(|need| &need.kind);
        in_path.chain(self.roles.values().flat_map(|role| &role.body).map(|need| &need.kind)).collect()
    }

    /// The fields by which things of a kind are named.
    pub fn fields(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.kinds.get(kind).into_iter().flatten().map(String::as_str)
    }

    /// What a member or a parameter of this name refers to, if its name says so: `flow_id` to a flow by its `id`.
    pub fn referred(&self, name: &str) -> Option<(Kind, String)> {
        let reference = Reference::of(name);
        let kind = self.kind_of(&reference).cloned()?;
        Some((kind, reference.field))
    }

    /// Whether a name that refers to a thing of this kind says that it is a certain one: `to_account_id`, beside an
    /// `account_id`.
    pub fn is_qualified(name: &str, kind: &str) -> bool {
        let reference = Reference::of(name);
        !reference.kind.is_empty() && reference.kind != kind
    }

    /// The kind that a name refers to.
    pub(super) fn kind_of(&self, reference: &Reference) -> Option<&Kind> {
        if reference.kind.is_empty() {
            return None;
        }
        self.kinds.get_key_value(reference.kind.as_str()).map(|(kind, _)| kind).or_else(|| {
            // `parent_flow_run_id`: an adjective in front.
            let (_, rest) = reference.kind.split_once('_')?;
            self.kinds.get_key_value(rest).map(|(kind, _)| kind)
        })
    }

    fn read(&self, operation: &Operation) -> Role {
        let path = segments(&operation.path);
        let mut needs = Vec::new();
        for (index, segment) in path.iter().enumerate() {
            let Segment::Parameter(name) = segment else { continue };
            let is_it =
                |parameter: &crate::api::Parameter| parameter.location == Location::Path && parameter.name == *name;
            let Some(parameter) = operation.parameters.iter().position(is_it) else { continue };
            if let Some((kind, field)) = named_by_path(&path, index, &self.kinds) {
                needs.push(Need { parameter, kind, field });
            }
        }
        let in_path = needs.len();
        for (parameter, declared) in operation.parameters.iter().enumerate() {
            if declared.location != Location::Path {
                needs.extend(self.referred(&declared.name).map(|(kind, field)| Need { parameter, kind, field }));
            }
        }
        let (action, kind) = self.action(operation, &path, &needs[..in_path]);
        let cookies = Self::cookies_of(operation, &needs);
        Role { action, kind, needs, cookies, body: Vec::new(), untouched: Vec::new(), takes: Vec::new() }
    }

    /// Takes in where the operation's path says that a thing is.
    fn place(&mut self, operation: &Operation) {
        let path = segments(&operation.path);
        let last = path.len().saturating_sub(1);
        let (Some((kind, field)), [.., Segment::Static(before), Segment::Parameter(_)]) =
            (named_by_path(&path, last, &self.kinds), &path[..])
        else {
            return;
        };
        let item = Item { before: (*before).to_owned(), field };
        let items = self.items.entry(kind).or_default();
        if !items.contains(&item) {
            items.push(item);
        }
    }

    fn action(&self, operation: &Operation, path: &[Segment<'_>], named: &[Need]) -> (Action, Option<Kind>) {
        let method = operation.method.as_str();
        match path.last() {
            Some(Segment::Parameter(_)) => {
                let action = match method {
                    "GET" | "HEAD" => Action::Read,
                    "PUT" => Action::Replace,
                    "PATCH" => Action::Change,
                    "DELETE" => Action::Delete,
                    _ => Action::Call,
                };
                (action, named.last().map(|need| Arc::clone(&need.kind)))
            }
            Some(Segment::Static(last)) => {
                let of_collection =
                    self.kinds.get_key_value(name::kind(last).as_str()).map(|(kind, _)| Arc::clone(kind));
                let made =
                    name::made_by(last).and_then(|made| Some(Arc::clone(self.kinds.get_key_value(made.as_str())?.0)));
                match (method, of_collection, made) {
                    ("POST", Some(kind), _) | ("POST", None, Some(kind)) => (Action::Create, Some(kind)),
                    ("GET" | "HEAD", Some(kind), _) => (Action::List, Some(kind)),
                    ("DELETE", Some(kind), _) => (Action::DeleteAll, Some(kind)),
                    (_, Some(kind), _) => (Action::Call, Some(kind)),
                    _ => (Action::Call, self.nearest(path).or_else(|| named.last().map(|need| Arc::clone(&need.kind)))),
                }
            }
            _ => (Action::Call, None),
        }
    }

    /// The kind of the last collection in a path.
    fn nearest(&self, path: &[Segment<'_>]) -> Option<Kind> {
        path.iter().rev().find_map(|segment| match segment {
            Segment::Static(text) => {
                self.kinds.get_key_value(name::kind(text).as_str()).map(|(kind, _)| Arc::clone(kind))
            }
            _ => None,
        })
    }
}

fn segments(path: &str) -> Vec<Segment<'_>> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !name.contains(['{', '}']) => Segment::Parameter(name),
            None if !segment.contains('{') => Segment::Static(segment),
            _ => Segment::Mixed,
        })
        .collect()
}

/// What the parameter at this index of a path names. `known` are the kinds that collections were found to hold.
fn named_by_path(
    path: &[Segment<'_>],
    index: usize,
    known: &BTreeMap<Kind, BTreeSet<String>>,
) -> Option<(Kind, String)> {
    let Some(Segment::Parameter(parameter)) = path.get(index) else { return None };
    let reference = Reference::of(parameter);
    if let Some((kind, _)) = known.get_key_value(reference.kind.as_str()) {
        return Some((Arc::clone(kind), reference.field));
    }
    if let Some(kind) = other_of(path, index, &reference, known) {
        return Some((kind, reference.field));
    }
    let mut before = path[..index].iter().rev().filter_map(|segment| match segment {
        Segment::Static(text) => Some(*text),
        _ => None,
    });
    let direct = match path.get(index.checked_sub(1)?)? {
        Segment::Static(text) => Some(*text),
        _ => None,
    };
    // `/flows/name/{name}`, `/limits/tag/{tag}`: the segment says by what, the one before it says which.
    let says_field = |text: &str| name::is_field(text) || text == *parameter;
    let collection = match direct {
        Some(text) if says_field(text) => before.nth(1).or(Some(text)),
        Some(text) => Some(text),
        None => None,
    };
    match (collection, reference.kind.is_empty()) {
        (Some(collection), _) => Some((name::kind(collection).into(), reference.field)),
        (None, false) => Some((reference.kind.into(), reference.field)),
        (None, true) => None,
    }
}

/// A second thing of a kind that the path names already: `/accounts/{accountId}/compare/{otherAccountId}`.
fn other_of(
    path: &[Segment<'_>],
    index: usize,
    reference: &Reference,
    known: &BTreeMap<Kind, BTreeSet<String>>,
) -> Option<Kind> {
    let (_, rest) = reference.kind.split_once('_')?;
    let (kind, _) = known.get_key_value(rest)?;
    let is_first =
        |segment: &Segment<'_>| matches!(segment, Segment::Parameter(name) if Reference::of(name).kind == rest);
    path[..index].iter().any(is_first).then(|| Arc::clone(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode::samples::operation;

    fn shop() -> Graph {
        let with = |method: &str, path: &str| {
            let names = path.split(['{', '}']).skip(1).step_by(2);
            let parameters: Vec<_> = names
                .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
                .collect();
            operation(method, path, json!({"parameters": parameters}))
        };
        let mut all: Vec<Arc<Operation>> = [
            ("POST", "/flows/"),
            ("GET", "/flows/{id}"),
            ("GET", "/flows/name/{name}"),
            ("POST", "/flows/filter"),
            ("POST", "/deployments/{id}/create_flow_run"),
            ("DELETE", "/flow_runs/{id}"),
            ("GET", "/deployments/name/{flow_name}/{deployment_name}"),
            ("POST", "/silences"),
            ("GET", "/silence/{silenceID}"),
            ("PUT", "/buckets/{bucket_id}/collections/{id}"),
            ("DELETE", "/buckets"),
            ("GET", "/buckets/{bucket_id}"),
            ("GET", "/contents/{path}"),
            ("GET", "/health"),
        ]
        .into_iter()
        .map(|(method, path)| with(method, path))
        .collect();
        let query = json!({"name": "flow_id", "in": "query", "schema": {"type": "string"}});
        all.push(operation("GET", "/logs", json!({"parameters": [query]})));
        Graph::new(&all)
    }

    #[track_caller]
    fn check(operation: &str, action: Action, kind: Option<&str>, needs: &[(&str, &str)]) {
        let graph = shop();
        let role = graph.role(&OperationId::from_text(operation)).unwrap();
        let found: Vec<_> = role.needs.iter().map(|need| (&*need.kind, need.field.as_str())).collect();
        assert_eq!((role.action, role.kind.as_deref(), &found[..]), (action, kind, needs), "{operation}");
    }

    #[test]
    fn roles_are_read_from_paths() {
        check("POST /flows/", Action::Create, Some("flow"), &[]);
        check("GET /flows/{id}", Action::Read, Some("flow"), &[("flow", "id")]);
        check("GET /flows/name/{name}", Action::Read, Some("flow"), &[("flow", "name")]);
        check("POST /flows/filter", Action::Call, Some("flow"), &[]);
        check("POST /deployments/{id}/create_flow_run", Action::Create, Some("flow_run"), &[("deployment", "id")]);
        check("DELETE /flow_runs/{id}", Action::Delete, Some("flow_run"), &[("flow_run", "id")]);
        check(
            "GET /deployments/name/{flow_name}/{deployment_name}",
            Action::Read,
            Some("deployment"),
            &[("flow", "name"), ("deployment", "name")],
        );
        check("POST /silences", Action::Create, Some("silence"), &[]);
        check("GET /silence/{silenceID}", Action::Read, Some("silence"), &[("silence", "id")]);
        check(
            "PUT /buckets/{bucket_id}/collections/{id}",
            Action::Replace,
            Some("collection"),
            &[("bucket", "id"), ("collection", "id")],
        );
        check("DELETE /buckets", Action::DeleteAll, Some("bucket"), &[]);
        check("GET /contents/{path}", Action::Read, Some("content"), &[("content", "path")]);
        check("GET /health", Action::Call, None, &[]);
        check("GET /logs", Action::Call, None, &[("flow", "id")]);
    }

    #[test]
    fn names_of_members_refer_to_kinds() {
        let graph = shop();
        let referred = |name: &str| graph.referred(name).map(|(kind, field)| format!("{kind}.{field}"));
        assert_eq!(referred("flow_run_id").as_deref(), Some("flow_run.id"));
        assert_eq!(referred("parentFlowRunId").as_deref(), Some("flow_run.id"));
        assert_eq!(referred("id"), None);
        assert_eq!(referred("stranger_id"), None);
        assert_eq!(graph.creators("flow"), [OperationId::from_text("POST /flows/")]);
    }
}
