//! One operation as a value that `openapiv3` accepts. Main type: [`Envelope`].
//!
//! References to parameters, bodies, responses and the like are followed, so that the operation stands alone. Only
//! what the model needs is copied, and what real documents get wrong on the way is put right, so that a slip in a
//! description costs nothing. Schemas become stubs: each holds under [`AT`] the pointer of the true one. What
//! `openapiv3` has no words for goes into `x-` keys.

use serde_json::{Map, Value, json};

use super::draft::Notebook;
use crate::schema::{escape_token, pointer_of};

/// Where the true one of a stub stands in the canonical document.
pub(super) const AT: &str = "x-at";
/// The location or style of a parameter that `openapiv3` does not know.
pub(super) const LOCATION: &str = "x-location";
pub(super) const STYLE: &str = "x-style";
pub(super) const EXPLODE: &str = "x-explode";
pub(super) const ITEM_SCHEMA: &str = "x-item-schema";

/// How many references are followed before a chain counts as endless.
const MAX_HOPS: usize = 32;

/// Headers that `OpenAPI` describes elsewhere, so that parameters of these names are ignored (3.1 section 4.8.12).
const IGNORED_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// A value and the canonical pointer at which it stands.
pub(super) type Found<'a> = (String, &'a Map<String, Value>);

/// Makes envelopes from a canonical document.
pub(super) struct Envelope<'a, 'n> {
    pub(super) root: &'a Value,
    pub(super) notebook: &'n mut Notebook,
}

impl<'a> Envelope<'a, '_> {
    /// The object at a pointer, references followed.
    pub(super) fn follow(&mut self, at: &str, value: &'a Value) -> Option<Found<'a>> {
        let (mut at, mut value) = (at.to_owned(), value);
        for _ in 0..MAX_HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return value.as_object().map(|map| (at, map));
            };
            let target = pointer_of(reference).and_then(|target| Some((self.root.pointer(&target)?, target)));
            (value, at) = target?;
        }
        None
    }

    fn found(&mut self, at: &str, value: &'a Value, what: &str) -> Option<Found<'a>> {
        let found = self.follow(at, value);
        if found.is_none() {
            self.notebook.assumed(at, format!("{what} can't be found or is no object; it is left out"));
        }
        found
    }

    /// The whole operation, with the parameters of its path item.
    pub(super) fn operation(&mut self, at: &str, operation: &'a Map<String, Value>, shared: &[Found<'a>]) -> Value {
        let mut out = Map::new();
        out.insert(AT.into(), at.into());
        out.insert("tags".into(), strings(operation.get("tags")));
        if let Some(name) = operation.get("operationId").and_then(scalar) {
            out.insert("operationId".into(), name.into());
        }
        out.insert("deprecated".into(), is_true(operation.get("deprecated")).into());
        let own = self.parameters(at, operation.get("parameters"));
        out.insert("parameters".into(), self.merged(&own, shared));
        if let Some(body) = operation.get("requestBody") {
            out.insert("requestBody".into(), self.body(&format!("{at}/requestBody"), body));
        }
        out.insert("responses".into(), self.responses(at, operation.get("responses")));
        out.retain(|_, value| !value.is_null());
        Value::Object(out)
    }

    /// The parameters of a list, references followed.
    pub(super) fn parameters(&mut self, at: &str, list: Option<&'a Value>) -> Vec<Found<'a>> {
        let items = match list {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.notebook.assumed(&format!("{at}/parameters"), "`parameters` must be a list; it is left out");
                return Vec::new();
            }
        };
        let numbered = items.iter().enumerate();
        numbered.filter_map(|(i, item)| self.found(&format!("{at}/parameters/{i}"), item, "the parameter")).collect()
    }

    /// The operation's own parameters win over those of its path item.
    fn merged(&mut self, own: &[Found<'a>], shared: &[Found<'a>]) -> Value {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        let mut out = Vec::new();
        let own_count = own.len();
        for (index, (at, parameter)) in own.iter().chain(shared).enumerate() {
            let word = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
            let key = (word("name"), word("in"));
            if !seen.contains(&key) || key.0.is_empty() {
                seen.push(key);
                out.extend(self.parameter(at, parameter));
            } else if index < own_count {
                let message = format!("parameter `{}` in {} is declared twice; the first one counts", key.0, key.1);
                self.notebook.assumed(at, message);
            }
        }
        out.into()
    }

    fn parameter(&mut self, at: &str, parameter: &'a Map<String, Value>) -> Option<Value> {
        let Some(name) = parameter.get("name").and_then(scalar) else {
            self.notebook.skipped(at, "a parameter without `name` can't be sent; name it");
            return None;
        };
        let written = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
        let location = written.trim().to_ascii_lowercase();
        if location == "header" && IGNORED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            let message = format!("header parameter `{name}` is ignored, as OpenAPI asks; it is described elsewhere");
            self.notebook.assumed(at, message);
            return None;
        }
        let known = match location.as_str() {
            "path" | "query" | "header" | "cookie" => location.as_str(),
            "querystring" => "query",
            _ => {
                let message = format!("parameter `{name}` can't be sent: `in: {written}` is no place for one");
                self.notebook.skipped(at, message);
                return None;
            }
        };
        let mut out = json!({ AT: at, "name": name, "in": known, LOCATION: location.as_str() });
        out["required"] = (known == "path" || is_true(parameter.get("required"))).into();
        if known == "path" && !is_true(parameter.get("required")) {
            self.notebook.assumed(at, format!("path parameter `{name}` is not `required`; it is sent nevertheless"));
        }
        self.style(at, known, parameter, &mut out);
        self.value(at, parameter, &mut out);
        Some(out)
    }

    fn style(&mut self, at: &str, location: &str, parameter: &Map<String, Value>, out: &mut Value) {
        out["allowReserved"] = is_true(parameter.get("allowReserved")).into();
        if let Some(explode) = flag(parameter.get("explode")) {
            out["explode"] = explode.into();
        }
        let Some(style) = parameter.get("style").and_then(Value::as_str) else { return };
        let allowed: &[&str] = match location {
            "path" => &["matrix", "label", "simple"],
            "query" => &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
            "header" => &["simple"],
            _ => &["form"],
        };
        match style {
            _ if allowed.contains(&style) => out["style"] = style.into(),
            "tabDelimited" => out[STYLE] = style.into(),
            // OpenAPI 3.2 has a style of that name; it differs from form only in what is percent-encoded.
            "cookie" if location == "cookie" => {}
            _ => {
                let message = format!("`style: {style}` is none for a parameter in {location}; the default is taken");
                self.notebook.assumed(&format!("{at}/style"), message);
            }
        }
    }

    /// `schema` or `content` of a parameter or header; none is read as a schema that accepts everything.
    fn value(&mut self, at: &str, parameter: &'a Map<String, Value>, out: &mut Value) {
        let contents = parameter.get("content").map(|content| self.content(at, content));
        match contents {
            Some(Value::Object(contents)) if !contents.is_empty() && !parameter.contains_key("schema") => {
                out["content"] = Value::Object(contents);
            }
            _ if parameter.contains_key("schema") => out["schema"] = stub(&format!("{at}/schema")),
            _ => out["schema"] = json!({}),
        }
    }

    fn body(&mut self, at: &str, body: &'a Value) -> Value {
        let Some((at, body)) = self.found(at, body, "the request body") else { return Value::Null };
        let content = body.get("content").map_or(Value::Null, |content| self.content(&at, content));
        if content.as_object().is_none_or(Map::is_empty) {
            self.notebook.assumed(&at, "the request body names no media type; none is sent");
            return Value::Null;
        }
        json!({ AT: at, "required": is_true(body.get("required")), "content": content })
    }

    fn content(&mut self, at: &str, content: &'a Value) -> Value {
        let Some(content) = content.as_object() else {
            if !content.is_null() {
                self.notebook.assumed(&format!("{at}/content"), "`content` must be an object; it is left out");
            }
            return Value::Null;
        };
        let mut out = Map::new();
        for (name, media) in content.iter().filter(|(name, _)| !name.starts_with("x-")) {
            let at = format!("{at}/content/{}", escape_token(name));
            let name = self.media_name(&at, name);
            let media =
                if media.is_null() { Some((at.clone(), empty())) } else { self.found(&at, media, "the media type") };
            if let Some((at, media)) = media {
                out.insert(name, self.media(&at, media));
            }
        }
        Value::Object(out)
    }

    fn media_name(&mut self, at: &str, name: &str) -> String {
        let read = match name.trim().to_ascii_lowercase().as_str() {
            "json" | "application-json" | "application.json" => "application/json",
            "xml" => "application/xml",
            "*" => "*/*",
            "text" | "string" | "plain" => "text/plain",
            "form" => "application/x-www-form-urlencoded",
            "multipart" => "multipart/form-data",
            _ => name,
        };
        if read != name {
            self.notebook.assumed(at, format!("`{name}` is no media type; it is read as `{read}`"));
        } else if !name.contains('/') {
            self.notebook.assumed(at, format!("`{name}` is no media type; it is used as written"));
        }
        read.to_owned()
    }

    fn media(&mut self, at: &str, media: &'a Map<String, Value>) -> Value {
        let mut out = json!({ AT: at });
        if media.contains_key("schema") {
            out["schema"] = stub(&format!("{at}/schema"));
        }
        if media.contains_key("itemSchema") {
            out[ITEM_SCHEMA] = format!("{at}/itemSchema").into();
        }
        if let Some(Value::Object(encoding)) = media.get("encoding") {
            let encodings = encoding.iter().filter_map(|(name, encoding)| {
                Some((
                    name.clone(),
                    self.encoding(&format!("{at}/encoding/{}", escape_token(name)), encoding.as_object()?),
                ))
            });
            out["encoding"] = Value::Object(encodings.collect());
        }
        out
    }

    fn encoding(&mut self, at: &str, encoding: &Map<String, Value>) -> Value {
        let mut out = json!({ AT: at, "allowReserved": is_true(encoding.get("allowReserved")) });
        if let Some(content_type) = encoding.get("contentType").and_then(scalar) {
            out["contentType"] = content_type.into();
        }
        if let Some(explode) = flag(encoding.get("explode")) {
            out[EXPLODE] = explode.into();
        }
        match encoding.get("style").and_then(Value::as_str) {
            None => {}
            Some(style @ ("form" | "spaceDelimited" | "pipeDelimited" | "deepObject")) => out["style"] = style.into(),
            Some("tabDelimited") => out[STYLE] = "tabDelimited".into(),
            Some(style) => {
                let message = format!("`style: {style}` is none for a property of a form; the default is taken");
                self.notebook.assumed(&format!("{at}/style"), message);
            }
        }
        out
    }

    fn responses(&mut self, at: &str, responses: Option<&'a Value>) -> Value {
        let at = format!("{at}/responses");
        let Some(Value::Object(responses)) = responses else {
            self.notebook.assumed(&at, "the operation documents no answers; none is taken for undocumented");
            return json!({});
        };
        let mut out = Map::new();
        for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-")) {
            let at = format!("{at}/{}", escape_token(status));
            let Some(status) = self.status(&at, status) else { continue };
            if let Some((at, response)) = self.found(&at, response, "the answer") {
                let response = self.response(&at, &status, response);
                out.insert(status, response);
            }
        }
        Value::Object(out)
    }

    /// A key of `responses` as `openapiv3` reads it.
    fn status(&mut self, at: &str, written: &str) -> Option<String> {
        let status = written.trim().to_ascii_uppercase();
        let is_class = status.len() == 3 && status.ends_with("XX") && status.starts_with(|c| matches!(c, '1'..='5'));
        let is_code = status.len() == 3 && status.parse::<u16>().is_ok_and(|code| code >= 100);
        if status == "DEFAULT" {
            return Some("default".to_owned());
        }
        if !is_class && !is_code {
            self.notebook.assumed(at, format!("`{written}` is no status; write it as `200`, `2XX` or `default`"));
            return None;
        }
        Some(status)
    }

    fn response(&mut self, at: &str, status: &str, response: &'a Map<String, Value>) -> Value {
        if !response.get("description").is_some_and(Value::is_string) {
            self.notebook.assumed(at, "the answer has no `description`; an empty one is taken");
        }
        let description = response.get("description").and_then(scalar).unwrap_or_default();
        let mut content = response.get("content").map_or(Value::Null, |content| self.content(at, content));
        if matches!(status, "204" | "304") && content.as_object().is_some_and(|content| !content.is_empty()) {
            self.notebook
                .assumed(at, format!("an answer with status {status} has no body; the described one is left out"));
            content = Value::Null;
        }
        let mut out = json!({ AT: at, "description": description });
        if content.is_object() {
            out["content"] = content;
        }
        out["headers"] = self.members(at, "headers", response, Self::header);
        out["links"] = self.members(at, "links", response, |_, at, link| link_of(at, link));
        out
    }

    fn members(
        &mut self,
        at: &str,
        key: &str,
        parent: &'a Map<String, Value>,
        read: impl Fn(&mut Self, &str, &'a Map<String, Value>) -> Option<Value>,
    ) -> Value {
        let mut out = Map::new();
        let members = parent.get(key).and_then(Value::as_object).into_iter().flatten();
        for (name, member) in members.filter(|(name, _)| key == "headers" || !name.starts_with("x-")) {
            let at = format!("{at}/{key}/{}", escape_token(name));
            if let Some((at, member)) = self.found(&at, member, &format!("`{name}`"))
                && let Some(read) = read(self, &at, member)
            {
                out.insert(name.clone(), read);
            }
        }
        Value::Object(out)
    }

    #[expect(clippy::unnecessary_wraps, reason = "one of two readers, of which the other may find nothing")]
    fn header(&mut self, at: &str, header: &'a Map<String, Value>) -> Option<Value> {
        let mut out = json!({ AT: at, "required": is_true(header.get("required")) });
        self.value(at, header, &mut out);
        Some(out)
    }
}

fn link_of(at: &str, link: &Map<String, Value>) -> Option<Value> {
    let mut out = json!({ AT: at });
    let key = ["operationId", "operationRef"].into_iter().find(|key| link.get(*key).is_some_and(Value::is_string))?;
    out[key] = link[key].clone();
    if let Some(parameters @ Value::Object(_)) = link.get("parameters") {
        out["parameters"] = parameters.clone();
    }
    if let Some(body) = link.get("requestBody") {
        out["requestBody"] = body.clone();
    }
    Some(out)
}

fn stub(at: &str) -> Value {
    json!({ AT: at })
}

/// A media type that says nothing.
fn empty<'a>() -> &'a Map<String, Value> {
    static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
    EMPTY.get_or_init(Map::new)
}

/// A string, or a scalar that YAML made of one.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A flag, or a string that spells one.
fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn is_true(value: Option<&Value>) -> bool {
    flag(value) == Some(true)
}

fn strings(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).map(Value::from).collect(),
        Some(Value::String(one)) => json!([one]),
        _ => json!([]),
    }
}
