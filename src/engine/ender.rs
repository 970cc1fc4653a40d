//! Which operation ends what another one makes, where, and with what else it is asked. Main types: [`Maker`], [`Namer`],
//! [`Form`].

use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::made::declares_created;
use crate::api::{Location, Operation, OperationId};
use crate::generate::Generators;
use crate::resource::{Action, Found, Graph, Held, Need, Role};
use crate::scenario::encode;
use crate::seed::Seed;
use crate::wire::{Headers, Request};

/// An operation that makes things.
pub(super) struct Maker {
    pub(super) role: Role,
    pub(super) declares_created: bool,
    /// The operation that ends them, and where it is called; none if there is no such operation.
    pub(super) end: Option<(OperationId, Place)>,
}

/// An operation on a thing that may give it another name, or leave another one beside it: a rename, a copy.
pub(super) struct Namer {
    pub(super) role: Role,
    /// The operation that ends such things, where they are.
    pub(super) end: OperationId,
    /// By this field.
    pub(super) field: String,
}

/// Where the operation that ends a thing is called.
pub(super) enum Place {
    /// Where it was made: `PUT /a/{id}` and `DELETE /a/{id}`.
    Same,
    /// Below: `POST /a` and `DELETE /a/{id}`, by this field.
    Below(String),
    /// Elsewhere, by this field: the template with its only parameter filled.
    Elsewhere { before: String, after: String, field: String },
}

/// What an operation asks for beside the path of a thing.
#[derive(Default)]
pub(super) struct Form {
    query: Vec<u8>,
    headers: Headers,
    body: Bytes,
}

impl Maker {
    /// What this operation makes, if it does; `enders` are the operations that end things.
    pub(super) fn of(
        operation: &Operation,
        enders: &[&Arc<Operation>],
        graph: &Graph,
        base_path: &str,
    ) -> Option<Self> {
        let role = graph.role(&operation.id).cloned()?;
        if !matches!(role.action, Action::Create | Action::Replace) {
            return None;
        }
        let end = end(operation, &role, enders, graph, base_path);
        Some(Self { role, declares_created: declares_created(operation), end })
    }
}

impl Place {
    /// The target at which a thing is ended that was made by a request to this path.
    pub(super) fn target(&self, here: &[u8], found: Option<&Found>) -> Option<Vec<u8>> {
        let name = |field: &str| Some(segment(&name(found?, field)?));
        Some(match self {
            Self::Same => here.to_vec(),
            Self::Below(field) => {
                let here = here.strip_suffix(b"/").unwrap_or(here);
                [here, b"/", name(field)?.as_bytes()].concat()
            }
            Self::Elsewhere { before, after, field } => format!("{before}{}{after}", name(field)?).into_bytes(),
        })
    }
}

impl Namer {
    /// What this operation may do to the name of a thing that is ended where it is.
    pub(super) fn of(operation: &Operation, enders: &[&Arc<Operation>], graph: &Graph) -> Option<Self> {
        let role = graph.role(&operation.id)?;
        let here = operation.path.trim_end_matches('/');
        let end = enders.iter().find(|end| end.path.trim_end_matches('/') == here && here.ends_with('}'))?;
        let namer = Self { role: role.clone(), end: end.id.clone(), field: field(end, graph) };
        matches!(role.action, Action::Change | Action::Call).then_some(namer)
    }
}

impl Form {
    /// What the usual case of the operation has that is required.
    pub(super) fn of(operation: &Arc<Operation>, generators: &Generators) -> Self {
        let Some(mut case) = generators.usual(operation, 0, Seed::new(0)) else { return Self::default() };
        case.arguments.retain(|argument| operation.parameters[argument.parameter].required);
        case.body = case.body.filter(|_| operation.body.as_ref().is_some_and(|body| body.required));
        let Request { target, headers, body, .. } = encode(&case, "");
        let query = target.iter().position(|byte| *byte == b'?').map_or(&[][..], |at| &target[at..]);
        Self { query: query.to_vec(), headers, body }
    }

    /// The request that ends what is at this path.
    pub(super) fn request(&self, operation: &OperationId, path: &[u8]) -> Request {
        let method = operation.as_str().split(' ').next().unwrap_or("DELETE");
        let target = [path, &self.query].concat();
        Request { headers: self.headers.clone(), body: self.body.clone(), ..Request::new(method, target) }
    }
}

/// What a thing is called, by this field or by another one that may name it.
fn name(found: &Found, field: &str) -> Option<String> {
    let held = found.fields.get(field).or_else(|| found.fields.get("id")).or_else(|| found.fields.values().next())?;
    Some(Held::text(held))
}

/// The operation that ends what this one makes.
fn end(
    maker: &Operation,
    role: &Role,
    enders: &[&Arc<Operation>],
    graph: &Graph,
    base_path: &str,
) -> Option<(OperationId, Place)> {
    let here = maker.path.trim_end_matches('/');
    let fits = |operation: &&&Arc<Operation>| graph.role(&operation.id).is_some_and(|end| end.kind == role.kind);
    let fitting: Vec<_> = enders.iter().filter(fits).collect();
    let field = |operation: &Operation| field(operation, graph);
    let same = fitting.iter().find(|operation| operation.path.trim_end_matches('/') == here);
    if let Some(operation) = same {
        return (role.action == Action::Replace).then(|| (operation.id.clone(), Place::Same));
    }
    let below = fitting.iter().find(|operation| {
        let rest = operation.path.strip_prefix(here).and_then(|rest| rest.strip_prefix("/{"));
        rest.is_some_and(|rest| rest.trim_end_matches('/').strip_suffix('}').is_some_and(|name| !name.contains('}')))
    });
    if let Some(operation) = below {
        return Some((operation.id.clone(), Place::Below(field(operation))));
    }
    fitting.iter().find_map(|operation| {
        let (before, rest) = operation.path.split_once('{')?;
        let (_, after) = rest.split_once('}')?;
        let (before, after) = (format!("{base_path}{before}"), after.to_owned());
        (!after.contains('{'))
            .then(|| (operation.id.clone(), Place::Elsewhere { before, after, field: field(operation) }))
    })
}

/// The field of a thing that the operation's path ends with.
fn field(operation: &Operation, graph: &Graph) -> String {
    let needs = graph.role(&operation.id).map(|role| role.needs.as_slice()).unwrap_or_default();
    let in_path = |need: &&Need| operation.parameters[need.parameter].location == Location::Path;
    needs.iter().rfind(in_path).map_or_else(|| "id".to_owned(), |need| need.field.clone())
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2D", "-").replace("%5F", "_").replace("%2E", ".")
}
