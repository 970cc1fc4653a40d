//! The canonical document to an [`Api`]. Main function: [`api`].
//!
//! Each operation is read by itself, so that one that can't be read costs no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use openapiv3 as v3;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::draft::Notebook;
use super::envelope::{AT, Envelope, Found, scalar};
use super::kind::Kind;
use super::model::Model;
use super::{security, servers};
use crate::api::{Api, Location, Operation, OperationId, Parameter, Requirement, Scheme, Style};
use crate::schema::{Digits, Document, Schema, escape_token};

/// Where the canonical document keeps a schema that accepts everything.
const ANYTHING: &str = "x-gadfly-anything";
/// Where it keeps the schema of a path parameter that the document does not declare.
const SEGMENT: &str = "x-gadfly-segment";

/// Reads the canonical document.
pub(super) fn api(mut root: Value, digits: Digits, spec_version: String, notebook: &mut Notebook) -> Api {
    if let Value::Object(map) = &mut root {
        map.insert(ANYTHING.into(), json!({}));
        map.insert(SEGMENT.into(), json!({"type": "string", "minLength": 1}));
    }
    let digest = super::digest::of(&root);
    let document = Document::with_digits(root, digits);
    let servers = servers::urls(document.root(), notebook);
    let schemes = security::schemes(document.root(), notebook);
    let security = document.root().get("security").unwrap_or(&Value::Null);
    let security = security::requirements("/security", security, &schemes, notebook);
    let [title, version] = ["title", "version"].map(|key| info(document.root(), key, notebook));
    let mut reader = Reader { document: &document, schemes: &schemes, security, notebook, seen: BTreeSet::new() };
    let operations = reader.operations();
    Api { title, version, spec_version, servers, operations, schemes, document, digest }
}

fn info(root: &Value, key: &str, notebook: &mut Notebook) -> String {
    let found = root.get("info").and_then(|info| info.get(key)).and_then(scalar);
    found.unwrap_or_else(|| {
        notebook.assumed("/info", format!("`info.{key}` is missing; an empty one is taken"));
        String::new()
    })
}

struct Reader<'a> {
    document: &'a Arc<Document>,
    schemes: &'a [Scheme],
    security: Vec<Requirement>,
    notebook: &'a mut Notebook,
    seen: BTreeSet<OperationId>,
}

/// What an operation has from where it stands.
struct Setting<'a, 's> {
    method: String,
    path: &'s str,
    at: String,
    shared: &'s [Found<'a>],
}

impl<'a> Reader<'a> {
    fn operations(&mut self) -> Vec<Arc<Operation>> {
        let document = self.document;
        let mut operations = Vec::new();
        match document.root().get("paths") {
            Some(Value::Object(paths)) => {
                for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
                    self.path(path, item, &mut operations);
                }
            }
            Some(_) => self.notebook.skipped("/paths", "`paths` must be an object; no operation is read"),
            None => {}
        }
        self.notebook.operation = None;
        if operations.is_empty() {
            self.notebook.assumed("/paths", "the document describes no operation under `paths`");
        }
        self.compare(&operations);
        operations
    }

    fn path(&mut self, written: &str, item: &'a Value, operations: &mut Vec<Arc<Operation>>) {
        self.notebook.operation = None;
        let at = format!("/paths/{}", escape_token(written));
        let path = if written.starts_with('/') { written.to_owned() } else { format!("/{written}") };
        if path != written {
            self.notebook.assumed(&at, format!("path `{written}` must begin with a slash; it is read as `{path}`"));
        }
        for (at, item) in self.items(&at, item) {
            let list = item.get("parameters");
            let mut envelope = Envelope { root: self.document.root(), notebook: self.notebook };
            let shared = envelope.parameters(&at, list);
            for (method, at, operation) in methods(&at, item) {
                let setting = Setting { method, path: &path, at, shared: &shared };
                operations.extend(self.operation(&setting, operation).map(Arc::new));
            }
        }
    }

    /// A path item and the one that it refers to: both count.
    fn items(&mut self, at: &str, item: &'a Value) -> Vec<Found<'a>> {
        let mut items: Vec<Found<'a>> = Vec::new();
        if let Some(own) = item.as_object().filter(|own| !own.contains_key("$ref") || own.len() > 1) {
            items.push((at.to_owned(), own));
        }
        let mut envelope = Envelope { root: self.document.root(), notebook: self.notebook };
        if item.get("$ref").is_some() {
            let target = envelope.follow(at, item);
            items.extend(target);
        }
        if items.is_empty() {
            self.notebook.skipped(at, "the path item must be an object; its operations are left out");
        }
        items
    }

    fn operation(&mut self, setting: &Setting<'a, '_>, value: &'a Value) -> Option<Operation> {
        let id = OperationId::new(&setting.method, setting.path);
        self.notebook.operation = Some(id.clone());
        let Value::Object(map) = value else {
            self.notebook.skipped(&setting.at, "an operation must be an object");
            return None;
        };
        if !self.seen.insert(id.clone()) {
            self.notebook.skipped(&setting.at, format!("{id} is described a second time; the first one counts"));
            return None;
        }
        let mut envelope = Envelope { root: self.document.root(), notebook: self.notebook };
        let envelope = envelope.operation(&setting.at, map, setting.shared);
        let typed = typed(&setting.at, envelope, self.notebook)?;
        let mut operation = self.model(id, setting, &typed);
        self.fit_path(setting, &mut operation.parameters);
        if let Some(security) = map.get("security") {
            let at = format!("{}/security", setting.at);
            operation.security = security::requirements(&at, security, self.schemes, self.notebook);
        }
        self.remark_on(setting, map, &operation);
        Some(operation)
    }

    fn model(&mut self, id: OperationId, setting: &Setting<'_, '_>, typed: &v3::Operation) -> Operation {
        let notebook = &*self.notebook;
        let anything = self.constant(ANYTHING);
        let model = Model { document: self.document, anything: &anything, place: &|at| notebook.place(at).pointer };
        Operation {
            id,
            method: setting.method.to_ascii_uppercase(),
            path: setting.path.to_owned(),
            name: typed.operation_id.clone(),
            tags: typed.tags.clone(),
            deprecated: typed.deprecated,
            parameters: typed.parameters.iter().filter_map(|p| Some(model.parameter(p.as_item()?))).collect(),
            body: typed.request_body.as_ref().and_then(|body| Some(model.body(body.as_item()?))),
            responses: model.responses(&typed.responses),
            security: self.security.clone(),
            pointer: notebook.place(&setting.at).pointer,
        }
    }

    fn constant(&self, name: &str) -> Schema {
        self.document.schema(&format!("/{name}")).expect("it was put into the document")
    }

    /// Path parameters and the names in the path template must be the same ones.
    fn fit_path(&mut self, setting: &Setting<'_, '_>, parameters: &mut Vec<Parameter>) {
        let names = template_names(setting.path);
        parameters.retain(|parameter| {
            let fits = parameter.location != Location::Path || names.contains(&parameter.name.as_str());
            if !fits {
                let message = format!("path parameter `{}` does not occur in the path; it is left out", parameter.name);
                self.notebook.assumed(&setting.at, message);
            }
            fits
        });
        for name in names {
            if parameters.iter().any(|parameter| parameter.location == Location::Path && parameter.name == name) {
                continue;
            }
            self.notebook
                .assumed(&setting.at, format!("path parameter `{name}` is not declared; it is read as a string"));
            parameters.push(Parameter {
                name: name.to_owned(),
                location: Location::Path,
                required: true,
                style: Style::Simple,
                explode: false,
                allow_reserved: false,
                schema: self.constant(SEGMENT),
                content: None,
                examples: Vec::new(),
                pointer: self.notebook.place(&setting.at).pointer,
            });
        }
    }

    fn remark_on(&mut self, setting: &Setting<'_, '_>, raw: &Map<String, Value>, operation: &Operation) {
        if raw.get("servers").and_then(Value::as_array).is_some_and(|servers| !servers.is_empty()) {
            let at = format!("{}/servers", setting.at);
            self.notebook.assumed(&at, "the operation's own `servers` are not used; requests go to the API's base URL");
        }
        let succeeds = |status: u16| operation.responses.for_status(status).is_some();
        if !operation.responses.0.is_empty() && !(200..400).any(succeeds) && !succeeds(101) {
            let message = "no answer of success is documented; every one is taken for undocumented";
            self.notebook.assumed(&format!("{}/responses", setting.at), message);
        }
    }

    /// What only shows when all operations are known.
    fn compare(&mut self, operations: &[Arc<Operation>]) {
        let mut names = BTreeSet::new();
        let mut templates: BTreeMap<String, &Operation> = BTreeMap::new();
        for operation in operations {
            self.notebook.operation = Some(operation.id.clone());
            if let Some(name) = operation.name.as_ref().filter(|name| !names.insert(name.as_str())) {
                let message = format!("`operationId: {name}` is used twice; links by it lead to the first operation");
                self.notebook.assumed_at(operation, message);
            }
            let shape = format!("{} {}", operation.method, nameless(&operation.path));
            let first = templates.entry(shape).or_insert(operation);
            if first.path != operation.path {
                let message = format!("this path and `{}` differ in parameter names only; both are used", first.path);
                self.notebook.assumed_at(operation, message);
            }
        }
        self.notebook.operation = None;
    }
}

/// The operations of a path item: method, pointer, value.
fn methods<'a>(at: &str, item: &'a Map<String, Value>) -> Vec<(String, String, &'a Value)> {
    let own = item.iter().filter(|(key, _)| Kind::PathItem.child(key) == Kind::Operation);
    let own = own.map(|(key, value)| (key.clone(), format!("{at}/{key}"), value));
    let more = item.get("additionalOperations").and_then(Value::as_object).into_iter().flatten();
    let more = more
        .map(|(method, value)| (method.clone(), format!("{at}/additionalOperations/{}", escape_token(method)), value));
    own.chain(more).collect()
}

/// The typed operation. If a part is refused, that part is left out; if that does not help, the operation is.
fn typed(at: &str, mut envelope: Value, notebook: &mut Notebook) -> Option<v3::Operation> {
    if let Ok(operation) = v3::Operation::deserialize(&envelope) {
        return Some(operation);
    }
    leave_out_parts(&mut envelope, notebook);
    v3::Operation::deserialize(&envelope)
        .inspect_err(|error| notebook.skipped(at, format!("the operation can't be read: {error}")))
        .ok()
}

fn leave_out_parts(envelope: &mut Value, notebook: &mut Notebook) {
    if let Some(parameters) = envelope["parameters"].as_array_mut() {
        parameters.retain(|parameter| is_readable::<v3::Parameter>("parameter", parameter, notebook));
    }
    if let Some(responses) = envelope["responses"].as_object_mut() {
        responses.retain(|_, response| is_readable::<v3::Response>("answer", response, notebook));
    }
    let body = envelope.get("requestBody");
    if body.is_some_and(|body| !is_readable::<v3::RequestBody>("request body", body, notebook)) {
        envelope["requestBody"].take();
    }
}

fn is_readable<T: serde::de::DeserializeOwned>(what: &str, part: &Value, notebook: &mut Notebook) -> bool {
    let result = T::deserialize(part);
    if let Err(error) = &result {
        let at = part.get(AT).and_then(Value::as_str).unwrap_or_default();
        notebook.skipped(at, format!("the {what} can't be read and is left out: {error}"));
    }
    result.is_ok()
}

/// The names in braces.
fn template_names(path: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
        rest = after;
    }
    names
}

/// A path template without the names of its parameters.
fn nameless(path: &str) -> String {
    let mut out = String::new();
    let mut is_inside = false;
    for c in path.chars() {
        if !is_inside || c == '}' {
            out.push(c);
        }
        is_inside = c == '{' || (is_inside && c != '}');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_names_are_what_stands_in_braces() {
        assert_eq!(template_names("/a/{b}/c.{d}{b}/{}/{e"), ["b", "d"]);
        assert_eq!(nameless("/a/{b}/{c}.x"), "/a/{}/{}.x");
    }

    #[test]
    fn a_refused_part_costs_only_itself() {
        let mut notebook = Notebook::default();
        let envelope = json!({
            "parameters": [{"x-at": "/p/0", "name": "a", "in": "query", "schema": {}}, {"x-at": "/p/1", "in": "nowhere"}],
            "requestBody": {"x-at": "/b", "content": 5},
            "responses": {"200": {"x-at": "/r/200", "description": "fine"}, "201": {"x-at": "/r/201"}}
        });
        let operation = typed("/o", envelope, &mut notebook).unwrap();
        assert_eq!((operation.parameters.len(), operation.responses.responses.len()), (1, 1));
        assert!(operation.request_body.is_none());
        let places: Vec<_> = notebook.remarks.iter().map(|remark| remark.place.pointer.as_str()).collect();
        assert_eq!(places, ["/p/1", "/r/201", "/b"]);
    }

    #[test]
    fn an_operation_that_stays_unreadable_is_skipped() {
        let mut notebook = Notebook::default();
        assert!(typed("/o", json!({"tags": 5, "responses": {}}), &mut notebook).is_none());
        assert_eq!(notebook.remarks[0].place.pointer, "/o");
    }
}
