//! What the document's links and the user say of where values come from. Main type: [`Link`].
//!
//! A link says that a value of one operation's answer, or of its request, is what another operation takes. What the user
//! says beats the document's links, and both beat what names and paths make likely.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Api, Operation, OperationId, suggestion};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Graph;
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
