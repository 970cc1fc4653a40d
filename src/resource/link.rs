//! What the document's links and the user say of where values come from. Main type: [`Link`].
//!
//! A link says that a value of one operation's answer, or of its request, is what another operation takes. What the user
//! says beats the document's links, and both beat what names and paths make likely.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::graph::{BodyNeed, Graph, Kind, Need, Taken};
use super::name::{self, Reference};
use crate::api::{Api, Location, Operation, OperationId, suggestion};
use crate::scenario::Source;

/// Where a value comes from, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// None if nothing is to be put there.
    pub from: Option<(OperationId, Take)>,
    /// The operation that takes the value.
    pub to: OperationId,
    /// Where it takes it.
    pub into: Into,
    /// Who says so.
    pub origin: Origin,
}

/// What of an exchange is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// A value of the answer.
    Answer(Source),
    /// The value that was sent as this parameter.
    Parameter(usize),
}

/// A place of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Into {
    /// The parameter of this index.
    Parameter(usize),
    /// JSON pointer into the body.
    Body(String),
}

/// Who says that a value comes from somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Names and paths make it likely.
    Inferred,
    /// A link of the document.
    Document,
    /// The user.
    Configured,
}

impl Link {
    /// What the user wrote: `take` is a JSON pointer into the body of an answer, `header/NAME` or `location`; `into` is
    /// `path/NAME`, `query/NAME`, `header/NAME` or `body/MEMBER`. The error says what is not there.
    pub fn parse(api: &Api, source: Option<(&str, &str)>, to: &str, into: &str) -> Result<Self, String> {
        let from = source.map(|(from, take)| Ok((named(api, from)?.id.clone(), Take::Answer(taken(take)?))));
        let to = named(api, to)?;
        let from = from.transpose().map_err(|message: String| message)?;
        Ok(Self { from, to: to.id.clone(), into: place(to, into)?, origin: Origin::Configured })
    }

    /// The links of the document that can be followed.
    pub(super) fn documented(operations: &[Arc<Operation>]) -> Vec<Self> {
        let mut links = Vec::new();
        for from in operations {
            for (_, response) in &from.responses.0 {
                for link in &response.links {
                    let Some(to) = target(operations, &link.operation) else { continue };
                    for (name, expression) in &link.parameters {
                        let into = parameter(to, name).map(Into::Parameter);
                        links.extend(linked(from, to, into, expression));
                    }
                    let body = link.body.as_ref().filter(|_| to.body.is_some());
                    links.extend(body.and_then(|body| linked(from, to, Some(Into::Body(String::new())), body)));
                }
            }
        }
        links
    }
}

fn linked(from: &Operation, to: &Operation, into: Option<Into>, expression: &Value) -> Option<Link> {
    let take = expressed(from, expression.as_str()?)?;
    Some(Link { from: Some((from.id.clone(), take)), to: to.id.clone(), into: into?, origin: Origin::Document })
}

/// The operation that the user names.
fn named<'a>(api: &'a Api, text: &str) -> Result<&'a Operation, String> {
    let wanted = text.trim();
    let is_it = |operation: &&Arc<Operation>| {
        operation.id.as_str().eq_ignore_ascii_case(wanted) || operation.name.as_deref() == Some(wanted)
    };
    let known = || api.operations.iter().map(|operation| operation.id.as_str());
    let found = api.operations.iter().find(is_it).map(|operation| &**operation);
    found.ok_or_else(|| format!("there is no operation {wanted}{}", suggestion(wanted, known())))
}

fn taken(text: &str) -> Result<Source, String> {
    match text.split_once('/') {
        Some(("", _)) => Ok(Source::Body(text.to_owned())),
        Some(("header", name)) if !name.is_empty() => Ok(Source::Header(name.to_owned())),
        Some(("cookie", name)) if !name.is_empty() => Ok(Source::Cookie(name.to_owned())),
        None if text == "location" => Ok(Source::Location),
        _ => Err(format!(
            "`take` is {text:?}; write a JSON pointer into the answer such as /id, header/NAME, cookie/NAME, or location \
             for the last segment of that header"
        )),
    }
}

fn place(operation: &Operation, text: &str) -> Result<Into, String> {
    if let Some(pointer) = text.strip_prefix("body").filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        return match operation.body {
            Some(_) => Ok(Into::Body(pointer.to_owned())),
            None => Err(format!("{} has no body", operation.id)),
        };
    }
    let (location, name) = text.split_once('/').unwrap_or((text, ""));
    let here =
        || operation.parameters.iter().enumerate().filter(|(_, parameter)| parameter.location.word() == location);
    let found = here().find(|(_, parameter)| parameter.name == name).map(|(index, _)| Into::Parameter(index));
    found.ok_or_else(|| {
        let known = here().map(|(_, parameter)| parameter.name.as_str());
        format!("{} has no {location} parameter {name:?}{}", operation.id, suggestion(name, known))
    })
}

/// The operation of a link: `operationId`, or a reference to where it stands in this document.
fn target<'a>(operations: &'a [Arc<Operation>], text: &str) -> Option<&'a Operation> {
    let pointer = text.strip_prefix("#/paths/");
    let referred = pointer.and_then(|pointer| pointer.rsplit_once('/')).map(|(path, method)| {
        let path = path.replace("~1", "/").replace("~0", "~");
        OperationId::new(method, &path.replace("%7B", "{").replace("%7D", "}"))
    });
    let is_it = |operation: &&Arc<Operation>| match &referred {
        Some(id) => operation.id == *id,
        None => operation.name.as_deref() == Some(text),
    };
    operations.iter().find(is_it).map(|operation| &**operation)
}

/// The parameter that a link names: `id`, or `path.id` where several have the name (OpenAPI 3.1 section 4.8.20.1).
fn parameter(operation: &Operation, name: &str) -> Option<usize> {
    let (location, own) = name.split_once('.').unwrap_or(("", name));
    let all = &operation.parameters;
    let qualified = all.iter().position(|known| known.location.word() == location && known.name == own);
    qualified.or_else(|| all.iter().position(|known| known.name == name))
}

/// A runtime expression (OpenAPI 3.1 section 4.8.20.3); those that are no lone value of the exchange say nothing.
fn expressed(from: &Operation, text: &str) -> Option<Take> {
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    if let Some(name) = text.strip_prefix("$response.header.") {
        let is_location = name.eq_ignore_ascii_case("location");
        return Some(Take::Answer(if is_location { Source::Location } else { Source::Header(name.to_owned()) }));
    }
    if let Some(pointer) = text.strip_prefix("$response.body#").filter(|pointer| pointer.starts_with('/')) {
        return Some(Take::Answer(Source::Body(pointer.to_owned())));
    }
    let (location, name) = text.strip_prefix("$request.")?.split_once('.')?;
    let is_it = |known: &crate::api::Parameter| known.location.word() == location && known.name == name;
    from.parameters.iter().position(is_it).map(Take::Parameter)
}

/// Links that are about the same things.
struct Group {
    links: Vec<Link>,
}

impl Graph {
    /// Puts links in the place of what was inferred.
    pub(super) fn follow(&mut self, operations: &[Arc<Operation>], documented: Vec<Link>, configured: &[Link]) {
        let is_settled = |link: &Link| configured.iter().any(|own| own.to == link.to && own.into == link.into);
        let links: Vec<Link> =
            documented.into_iter().filter(|link| !is_settled(link)).chain(configured.iter().cloned()).collect();
        for link in links.iter().filter(|link| link.from.is_none()) {
            self.forbid(link);
        }
        let mut groups = groups(links.into_iter().filter(|link| link.from.is_some()));
        // What passes on what it was told comes after what tells it.
        groups.sort_by_key(|group| group.links.iter().any(|link| matches!(link.from, Some((_, Take::Parameter(_))))));
        for group in groups {
            let (kind, field) = self.subject(&group);
            self.kinds.entry(Arc::clone(&kind)).or_default().insert(field.clone());
            for link in &group.links {
                self.lead(link, &kind, &field);
            }
        }
        let paths: BTreeMap<&OperationId, &Operation> =
            operations.iter().map(|operation| (&operation.id, &**operation)).collect();
        for (id, role) in &mut self.roles {
            let Some(operation) = paths.get(id) else { continue };
            let at = |need: &Need| {
                let parameter = &operation.parameters[need.parameter];
                let is_path = parameter.location == Location::Path;
                if is_path { operation.path.find(&format!("{{{}}}", parameter.name)) } else { None }
                    .unwrap_or(usize::MAX)
            };
            role.needs.sort_by_key(at);
        }
    }

    fn forbid(&mut self, link: &Link) {
        let Some(role) = self.roles.get_mut(&link.to) else { return };
        match &link.into {
            Into::Parameter(index) => role.needs.retain(|need| need.parameter != *index),
            Into::Body(pointer) => role.untouched.push(pointer.clone()),
        }
    }

    /// What kind of thing a group is about, and by what it is named: that of the operations which the values are taken
    /// from, or one of its own.
    fn subject(&self, group: &Group) -> (Kind, String) {
        let from: Vec<_> = group.links.iter().filter_map(|link| link.from.as_ref()).collect();
        for (id, take) in &from {
            let Take::Parameter(index) = take else { continue };
            let need = self.roles.get(id).and_then(|role| role.needs.iter().find(|need| need.parameter == *index));
            if let Some(need) = need {
                return (Arc::clone(&need.kind), need.field.clone());
            }
        }
        let word = from.iter().find_map(|(_, take)| match take {
            Take::Answer(Source::Body(pointer)) => pointer.rsplit('/').next(),
            Take::Answer(Source::Header(name) | Source::Cookie(name)) => Some(name.as_str()),
            _ => None,
        });
        let reference = Reference::of(word.unwrap_or("id"));
        let own = from.iter().map(|(id, _)| self.roles.get(id).and_then(|role| role.kind.clone()));
        let mut own: Vec<Option<Kind>> = own.collect();
        own.dedup();
        match (self.referred(word.unwrap_or("id")), own.as_slice()) {
            (Some(referred), _) => referred,
            (None, [Some(kind)]) => (Arc::clone(kind), reference.field),
            _ => (self.unheard_of(&from), reference.field),
        }
    }

    /// A kind of its own, called after the collection that the values come from unless that is taken.
    fn unheard_of(&self, from: &[&(OperationId, Take)]) -> Kind {
        let Some((id, _)) = from.first() else { return Kind::from("link") };
        let last = id.as_str().rsplit('/').find(|segment| !segment.is_empty() && !segment.contains('{'));
        let is_free = |kind: &String| {
            !kind.is_empty() && (!self.kinds.contains_key(kind.as_str()) || self.creators(kind).contains(id))
        };
        let named = last.map(name::kind).filter(is_free);
        named.unwrap_or_else(|| format!("link_{}", id.slug())).into()
    }

    fn lead(&mut self, link: &Link, kind: &Kind, field: &str) {
        let Some((from, take)) = &link.from else { return };
        if let Take::Answer(source) = take {
            if let Some(role) = self.roles.get_mut(from) {
                let is_subject = role.kind.as_ref().is_none_or(|own| own == kind);
                let (source, field) = (source.clone(), field.to_owned());
                let taken = Taken { source, kind: Arc::clone(kind), field, is_subject };
                if !role.takes.contains(&taken) {
                    role.takes.push(taken);
                }
            }
            let creators = self.creators.entry(Arc::clone(kind)).or_default();
            if !creators.contains(from) {
                creators.insert(0, from.clone());
            }
        }
        self.origins.insert((link.to.clone(), link.into.clone()), link.origin);
        let Some(role) = self.roles.get_mut(&link.to) else { return };
        match &link.into {
            Into::Body(pointer) => {
                role.body.retain(|need| need.pointer != *pointer);
                let need = BodyNeed { pointer: pointer.clone(), kind: Arc::clone(kind), field: field.to_owned() };
                role.body.push(need);
            }
            Into::Parameter(index) => {
                let known = role.needs.iter().position(|need| need.parameter == *index);
                // What the operation is about goes with what names it, so that only what the run made is ended.
                let is_subject = known.is_some_and(|at| role.kind.as_ref() == Some(&role.needs[at].kind));
                role.needs.retain(|need| need.parameter != *index);
                role.needs.push(Need { parameter: *index, kind: Arc::clone(kind), field: field.to_owned() });
                if is_subject {
                    role.kind = Some(Arc::clone(kind));
                }
            }
        }
    }
}

/// Links that share a source or a destination belong together.
fn groups(links: impl Iterator<Item = Link>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for link in links {
        let is_near = |known: &Link| known.from == link.from || (known.to == link.to && known.into == link.into);
        let (near, mut rest): (Vec<Group>, Vec<Group>) =
            groups.into_iter().partition(|group| group.links.iter().any(is_near));
        let mut joined = Group { links: near.into_iter().flat_map(|group| group.links).collect() };
        joined.links.push(link);
        rest.push(joined);
        groups = rest;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    const DOCUMENT: &str = r"
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /customers:
    post:
      operationId: addCustomer
      responses:
        '201':
          description: made
          links:
            again: {operationId: getPerson, parameters: {handle: '$response.body#/data/handle'}}
            orders: {operationRef: '#/paths/~1orders/get', parameters: {query.owner: '$response.header.X-Customer'}}
  /people/{handle}:
    parameters: [{name: handle, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPerson
      responses: {'200': {description: ok, links: {end: {operationId: endPerson, parameters: {handle: $request.path.handle}}}}}
    delete: {operationId: endPerson, responses: {'204': {description: gone}}}
  /orders:
    get:
      parameters: [{name: owner, in: query, schema: {type: string}}]
      responses: {'200': {description: ok}}
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {customer_id: {type: string}, who: {type: string}}}}}}
      responses: {'201': {description: made}}
";

    /// Source, operation and place.
    type Written<'a> = (Option<(&'a str, &'a str)>, &'a str, &'a str);

    fn graph(links: &[Written<'_>]) -> Graph {
        let api = spec::load_bytes("shop.yaml", DOCUMENT.as_bytes()).unwrap().api;
        let links: Vec<_> =
            links.iter().map(|(source, to, into)| Link::parse(&api, *source, to, into).unwrap()).collect();
        Graph::with_links(&api.operations, &links)
    }

    /// What an operation needs, as `kind.field`, and what it is about.
    #[track_caller]
    fn check(graph: &Graph, operation: &str, needs: &[&str], kind: Option<&str>) {
        let role = graph.role(&OperationId::from_text(operation)).unwrap();
        let found: Vec<_> = role.needs.iter().map(|need| format!("{}.{}", need.kind, need.field)).collect();
        let body = role.body.iter().map(|need| format!("{}: {}.{}", need.pointer, need.kind, need.field));
        let found: Vec<_> = found.into_iter().chain(body).collect();
        assert_eq!(
            (&found[..], role.kind.as_deref()),
            (&needs.iter().map(ToString::to_string).collect::<Vec<_>>()[..], kind)
        );
    }

    #[test]
    fn links_of_the_document_are_followed() {
        let graph = graph(&[]);
        check(&graph, "GET /people/{handle}", &["customer.handle"], Some("customer"));
        // By what the one who asks was asked for itself.
        check(&graph, "DELETE /people/{handle}", &["customer.handle"], Some("customer"));
        check(&graph, "GET /orders", &["customer.x_customer"], None);
        assert_eq!(graph.creators("customer"), [OperationId::from_text("POST /customers")]);
        let takes = &graph.role(&OperationId::from_text("POST /customers")).unwrap().takes;
        assert!(takes.iter().any(|taken| taken.source == Source::Body("/data/handle".into())), "{takes:?}");
    }

    #[test]
    fn what_the_user_says_beats_the_rest() {
        let source = Some(("addCustomer", "/id"));
        let graph = graph(&[
            (None, "GET /orders", "query/owner"),
            (source, "GET /people/{handle}", "path/handle"),
            (source, "POST /orders", "body/who"),
        ]);
        check(&graph, "GET /orders", &[], None);
        check(&graph, "GET /people/{handle}", &["customer.id"], Some("customer"));
        check(&graph, "POST /orders", &["/who: customer.id"], None);
    }

    #[track_caller]
    fn refuse(source: Option<(&str, &str)>, to: &str, into: &str, expected: &str) {
        let api = spec::load_bytes("shop.yaml", DOCUMENT.as_bytes()).unwrap().api;
        let error = Link::parse(&api, source, to, into).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_not_there_is_told() {
        refuse(None, "GET /ordres", "query/owner", "did you mean `GET /orders`?");
        refuse(None, "GET /orders", "query/ownr", "no query parameter \"ownr\"; did you mean `owner`?");
        refuse(None, "GET /orders", "body/x", "GET /orders has no body");
        refuse(Some(("addCustomer", "id")), "GET /orders", "query/owner", "write a JSON pointer");
    }
}
