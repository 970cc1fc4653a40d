//! A document of Swagger 2.0 as a whole. Main function: [`lift`].
//!
//! The notebook learns where each part came from, so that messages name the user's own pointers.

use serde_json::{Map, Value, json};

use super::body::{self, Input};
use super::parameter;
use crate::schema::{escape_token, pointer_of};
use crate::spec::draft::{Draft, Notebook};
use crate::spec::envelope::scalar;
use crate::spec::kind::{Kind, METHODS};

/// How many references are followed before a chain counts as endless.
const MAX_HOPS: usize = 32;

/// Lifts the whole draft. Every reference in it must be local already.
pub(in crate::spec) fn lift(draft: &mut Draft) {
    let produces = lift_paths(draft);
    for (at, kind) in draft.regions.clone() {
        let Some(Value::Object(map)) = draft.root.pointer_mut(&at) else { continue };
        match kind {
            Kind::Parameter => parameter::lift(&at, &at, map, &mut draft.notebook),
            Kind::Response => response(&at, map, produces.as_deref(), &mut draft.notebook),
            _ => {}
        }
    }
    lift_root(draft, produces.as_deref());
}

/// Reads what authors of 3.x documents still write as in 2.0: parameters in `body` or `formData`, a `type` at the
/// parameter itself, a `schema` at the answer itself.
pub(in crate::spec) fn mend(draft: &mut Draft) {
    let (mut has_inputs, mut has_others) = (false, false);
    draft.walk(&mut |kind, at, value, notebook| {
        let has = |key: &str| value.get(key).is_some();
        let is_input =
            kind == Kind::Parameter && value.get("in").is_some_and(|place| place == "body" || place == "formData");
        let is_bare = kind == Kind::Parameter && has("type") && !has("schema") && !has("content");
        let is_other = is_bare || kind == Kind::Response && has("schema") && !has("content");
        has_inputs |= is_input;
        has_others |= is_other;
        if is_input || is_other {
            notebook.assumed(at, "this is written as in Swagger 2.0; it is read so");
        }
    });
    if has_inputs {
        lift_paths(draft);
    }
    if has_others {
        draft.walk(&mut |kind, at, value, notebook| match (kind, value) {
            (Kind::Parameter, Value::Object(map)) => parameter::lift(at, at, map, notebook),
            (Kind::Response, Value::Object(map)) => response(at, map, None, notebook),
            _ => {}
        });
    }
}

/// Lifts every path item; gives the media types of answers that hold for all of them.
fn lift_paths(draft: &mut Draft) -> Option<Vec<String>> {
    let mut paths = take(&mut draft.root, "paths");
    let is_item = |(_, kind): &(&String, &Kind)| **kind == Kind::PathItem;
    let places: Vec<String> = draft.regions.iter().filter(is_item).map(|(at, _)| at.clone()).collect();
    let taken = places.into_iter().filter_map(|at| Some((draft.root.pointer_mut(&at)?.take(), at)));
    let mut items: Vec<(Value, String)> = taken.collect();
    let Draft { root, notebook, .. } = draft;
    let (consumes, produces) = (mimes(root.get("consumes")), mimes(root.get("produces")));
    let mut lifter = Lifter { root, notebook, consumes, produces };
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        lifter.path_item(&format!("/paths/{}", escape_token(path)), item);
    }
    for (item, at) in &mut items {
        lifter.path_item(at, item);
    }
    let produces = lifter.produces;
    for (item, at) in items {
        if let Some(place) = draft.root.pointer_mut(&at) {
            *place = item;
        }
    }
    draft.root["paths"] = paths;
    produces
}

fn take(root: &mut Value, key: &str) -> Value {
    root.as_object_mut().and_then(|root| root.shift_remove(key)).unwrap_or_else(|| json!({}))
}

/// A list of media types; none if the document has no such list.
fn mimes(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::Array(items) => Some(items.iter().filter_map(scalar).collect()),
        other => scalar(other).map(|one| vec![one]),
    }
}

fn lift_root(draft: &mut Draft, produces: Option<&[String]>) {
    let servers = servers(&draft.root, &mut draft.notebook);
    let Value::Object(root) = &mut draft.root else { return };
    let mut components = Map::new();
    for (old, new) in [
        ("definitions", "schemas"),
        ("parameters", "parameters"),
        ("responses", "responses"),
        ("securityDefinitions", "securitySchemes"),
    ] {
        let Some(Value::Object(mut members)) = root.shift_remove(old) else { continue };
        draft.notebook.moved(&format!("/{old}"), format!("/components/{new}"));
        for (name, member) in &mut members {
            let Value::Object(member) = member else { continue };
            let (from, to) =
                (format!("/{old}/{}", escape_token(name)), format!("/components/{new}/{}", escape_token(name)));
            match new {
                "parameters" => parameter::lift(&from, &to, member, &mut draft.notebook),
                "responses" => response(&to, member, produces, &mut draft.notebook),
                "securitySchemes" => scheme(member),
                _ => {}
            }
        }
        components.insert(new.to_owned(), Value::Object(members));
    }
    for key in ["swagger", "host", "basePath", "schemes", "consumes", "produces"] {
        root.shift_remove(key);
    }
    root.insert("openapi".into(), "3.1.0".into());
    root.insert("servers".into(), servers);
    root.insert("components".into(), Value::Object(components));
}

fn scheme(scheme: &mut Map<String, Value>) {
    if scheme.get("type").is_some_and(|kind| kind == "basic") {
        scheme.insert("type".into(), "http".into());
        scheme.insert("scheme".into(), "basic".into());
    }
}

/// `schemes`, `host` and `basePath` as base URLs.
fn servers(root: &Value, notebook: &mut Notebook) -> Value {
    let text = |key: &str| root.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let path = text("basePath").map(|path| format!("/{}", path.trim_start_matches('/'))).unwrap_or_default();
    let Some(host) = text("host") else {
        return json!([{ "url": if path.is_empty() { "/" } else { &path } }]);
    };
    if host.contains("://") {
        notebook.assumed("/host", "`host` holds a scheme; it is read as a base URL");
        return json!([{ "url": format!("{}{path}", host.trim_end_matches('/')) }]);
    }
    let schemes = mimes(root.get("schemes")).unwrap_or_default();
    let mut schemes: Vec<&str> =
        schemes.iter().map(String::as_str).filter(|s| matches!(*s, "http" | "https")).collect();
    if schemes.is_empty() {
        schemes.push("http");
    }
    schemes.iter().map(|scheme| json!({ "url": format!("{scheme}://{host}{path}") })).collect()
}

/// An answer: its schema becomes one media type for each of `produces`.
fn response(at: &str, response: &mut Map<String, Value>, produces: Option<&[String]>, notebook: &mut Notebook) {
    if response.contains_key("$ref") || response.contains_key("content") {
        return;
    }
    for (name, header) in response.get_mut("headers").and_then(Value::as_object_mut).into_iter().flatten() {
        let at = format!("{at}/headers/{}", escape_token(name));
        if let Value::Object(header) = header {
            parameter::lift_header(&at, header, notebook);
        }
    }
    let schema = response.shift_remove("schema");
    let examples = match response.shift_remove("examples") {
        Some(Value::Object(examples)) => examples,
        _ => Map::new(),
    };
    let Some(schema) = schema else { return };
    let names: Vec<String> = match produces {
        Some(names) if !names.is_empty() => names.to_vec(),
        _ if !examples.is_empty() => examples.keys().cloned().collect(),
        _ => vec!["*/*".to_owned()],
    };
    let mut content = Map::new();
    for name in names {
        notebook.moved(&format!("{at}/schema"), format!("{at}/content/{}/schema", escape_token(&name)));
        let mut media = json!({ "schema": schema });
        if let Some(example) = examples.get(&name) {
            media["example"] = example.clone();
        }
        content.insert(name, media);
    }
    response.insert("content".into(), Value::Object(content));
}

struct Lifter<'a> {
    /// What is left of the root: definitions, shared parameters and answers, files.
    root: &'a Value,
    notebook: &'a mut Notebook,
    consumes: Option<Vec<String>>,
    produces: Option<Vec<String>>,
}

impl<'a> Lifter<'a> {
    fn path_item(&mut self, at: &str, item: &mut Value) {
        let Value::Object(item) = item else { return };
        let shared = item.get("parameters").cloned();
        let (mut kept, inputs) = self.sort(at, shared.as_ref());
        for method in METHODS {
            if let Some(Value::Object(operation)) = item.get_mut(method) {
                self.operation(&format!("{at}/{method}"), operation, &inputs);
            }
        }
        if shared.is_some() {
            self.parameters(at, &mut kept);
            item.insert("parameters".into(), kept.into_iter().map(|(_, parameter)| parameter).collect());
        }
    }

    fn operation(&mut self, at: &str, operation: &mut Map<String, Value>, shared: &[Input]) {
        let parameters = operation.shift_remove("parameters");
        let (mut kept, mut inputs) = self.sort(at, parameters.as_ref());
        let own = inputs.len();
        for input in shared {
            let is_overridden = inputs[..own].iter().any(|own| own.replaces(input));
            if !is_overridden {
                inputs.push(input.clone());
            }
        }
        self.parameters(at, &mut kept);
        if !kept.is_empty() {
            operation.insert("parameters".into(), kept.into_iter().map(|(_, parameter)| parameter).collect());
        }
        let consumes = mimes(operation.get("consumes")).or_else(|| self.consumes.clone()).unwrap_or_default();
        if !inputs.is_empty() {
            let body = body::body(&format!("{at}/requestBody"), inputs, &consumes, self.notebook);
            operation.insert("requestBody".into(), body);
        }
        self.responses(at, operation);
    }

    /// Parameters that stay, with their old pointers, and those that become a body.
    fn sort(&self, at: &str, parameters: Option<&Value>) -> (Vec<(String, Value)>, Vec<Input>) {
        let (mut kept, mut inputs) = (Vec::new(), Vec::new());
        for (index, parameter) in parameters.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let at = format!("{at}/parameters/{index}");
            let (found_at, found) = self.follow(&at, parameter);
            match found.get("in").and_then(Value::as_str) {
                Some("body" | "formData") => {
                    let place = self.notebook.place(&found_at);
                    inputs.extend(found.as_object().map(|map| Input { at: found_at, place, map: map.clone() }));
                }
                _ => kept.push((at, parameter.clone())),
            }
        }
        (kept, inputs)
    }

    /// Parameters lose those that became a body, so the others may stand elsewhere than they did.
    fn parameters(&mut self, at: &str, kept: &mut [(String, Value)]) {
        let places: Vec<_> = kept.iter().map(|(from, _)| self.notebook.place(from)).collect();
        for (index, ((from, parameter), place)) in kept.iter_mut().zip(places).enumerate() {
            let to = format!("{at}/parameters/{index}");
            if to != *from {
                self.notebook.moved_from(from, place, to.clone());
            }
            if let Value::Object(parameter) = parameter {
                parameter::lift(from, &to, parameter, self.notebook);
            }
        }
    }

    fn responses(&mut self, at: &str, operation: &mut Map<String, Value>) {
        let own = mimes(operation.get("produces"));
        let produces = own.clone().or_else(|| self.produces.clone());
        for (status, answer) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
            let at = format!("{at}/responses/{}", escape_token(status));
            if own.is_some() && answer.get("$ref").is_some() {
                // A shared answer is written in the media types of the operation that gives it.
                let (from, found) = self.follow(&at, answer);
                if found.get("schema").is_some() {
                    let (found, place) = (found.clone(), self.notebook.place(&from));
                    self.notebook.moved_from(&at, place, at.clone());
                    *answer = found;
                }
            }
            if let Value::Object(answer) = answer {
                response(&at, answer, produces.as_deref(), self.notebook);
            }
        }
    }

    fn follow<'v>(&self, at: &str, value: &'v Value) -> (String, &'v Value)
    where
        'a: 'v,
    {
        let (mut at, mut value) = (at.to_owned(), value);
        for _ in 0..MAX_HOPS {
            let Some(target) = value.get("$ref").and_then(Value::as_str).and_then(pointer_of) else { break };
            let Some(found) = self.root.pointer(&target) else { break };
            (at, value) = (target, found);
        }
        (at, value)
    }
}
