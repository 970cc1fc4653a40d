//! The shapes of JSON error bodies. Main function: [`read`].
//!
//! An object that is an error of a known validator is read as one; else its members are walked, and the names on the way
//! are those of fields, but for the wrappers that frameworks put around them.

use serde_json::{Map, Value};

use super::{Found, codes, message};
use crate::learn::complaint::way;
use crate::learn::lesson::EACH;
use crate::learn::{Complaint, Place, Rule};

/// How deep a body is looked at, and how many members of each value.
const DEPTH: usize = 8;
const MOST_MEMBERS: usize = 64;

/// Names that are around errors and are no fields, in lower case and without separators.
const WRAPPERS: [&str; 33] = [
    "errors",
    "error",
    "detail",
    "details",
    "data",
    "violations",
    "messages",
    "message",
    "exceptiondetail",
    "invalidparams",
    "issues",
    "validation",
    "validationerrors",
    "fielderrors",
    "fields",
    "nonfielderrors",
    "all",
    "base",
    "response",
    "result",
    "causes",
    "cause",
    "problems",
    "msg",
    "description",
    "reason",
    "title",
    "modelstate",
    "formerrors",
    "parametererrors",
    "innererror",
    "errormessage",
    "context",
];
/// Those of them that are names of fields as well.
const FIELDS_TOO: [&str; 8] = ["title", "message", "description", "reason", "data", "result", "context", "response"];
/// Names that are about a whole error.
const ABOUT_ALL: [&str; 12] = [
    "status",
    "statuscode",
    "timestamp",
    "path",
    "instance",
    "requestid",
    "traceid",
    "help",
    "hint",
    "errorcode",
    "exception",
    "kind",
];
/// Names of the field of an error.
const FIELDS: [&str; 13] = [
    "field",
    "fieldName",
    "field_name",
    "param",
    "parameter",
    "property",
    "propertyPath",
    "property_path",
    "propertyName",
    "attribute",
    "pointer",
    "instancePath",
    "dataPath",
];
/// Names of the sentence of an error, and of the code that may say as much.
const MESSAGES: [&str; 13] = [
    "defaultMessage",
    "message",
    "msg",
    "reason",
    "detail",
    "description",
    "errorMessage",
    "error_message",
    "error",
    "title",
    "code",
    "type",
    "tag",
];

/// How the walk came to where it is.
#[derive(Clone, Debug, Default)]
struct Way {
    place: Place,
    tokens: Vec<String>,
    /// Whether an `errors` of some kind is around: then a text beside a name is a complaint.
    is_within: bool,
}

impl Way {
    fn to(&self, token: &str) -> Self {
        let mut tokens = self.tokens.clone();
        tokens.push(token.to_owned());
        Self { tokens, ..self.clone() }
    }

    fn at(&self, field: Vec<String>, place: Option<Place>) -> Self {
        Self { place: place.unwrap_or(self.place), tokens: field, ..self.clone() }
    }
}

/// Reads the complaints of a body.
pub(super) fn read(body: &Value, found: &mut Found) {
    walk(body, &Way::default(), DEPTH, found);
}

fn walk(value: &Value, way: &Way, depth: usize, found: &mut Found) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) => say(text, way, found),
        Value::Array(items) => {
            for item in items.iter().take(MOST_MEMBERS) {
                // A list of the field's items has one object for each: `"items": [{}, {"name": [..]}]`.
                let is_item =
                    !way.tokens.is_empty() && item.as_object().is_some_and(|members| sentence(members).is_none());
                if is_item {
                    walk(item, &way.to(EACH), depth - 1, found);
                } else {
                    walk(item, way, depth - 1, found);
                }
            }
        }
        Value::Object(members) if !is_error(members, way, found) => {
            let way = Way { is_within: way.is_within || is_bare(members), ..way.clone() };
            for (name, value) in members.iter().take(MOST_MEMBERS) {
                member(name, value, &way, depth, found);
            }
        }
        _ => {}
    }
}

/// Whether nothing but sentences stands beside the names of fields, as in `{"name": "cannot be blank"}` (ozzo). One name of
/// those that errors have tells that it is not so.
fn is_bare(members: &Map<String, Value>) -> bool {
    let is_about_all = |name: &str| ABOUT_ALL.contains(&name) || WRAPPERS.contains(&name) || MESSAGES.contains(&name);
    let is_sentence = |(name, value): (&String, &Value)| value.is_string() && !is_about_all(&plain(name));
    !members.is_empty() && members.iter().all(is_sentence)
}

/// A name in lower case and without separators.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

fn member(name: &str, value: &Value, way: &Way, depth: usize, found: &mut Found) {
    let plain = plain(name);
    if WRAPPERS.contains(&plain.as_str()) {
        let before = found.complaints.len();
        walk(value, &Way { is_within: true, ..way.clone() }, depth - 1, found);
        // A field may be called so: `{"title": ["This field is required."]}`.
        let is_list = value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        if is_list && FIELDS_TOO.contains(&plain.as_str()) && found.complaints.len() == before {
            walk(value, &field_of(name, way), depth - 1, found);
        }
        return;
    }
    let place = Place::named(name).filter(|_| way.tokens.is_empty() && (value.is_object() || value.is_array()));
    match (place, value) {
        (Some(place), value) => walk(value, &Way { place, is_within: true, ..way.clone() }, depth - 1, found),
        (None, Value::String(text)) if way.is_within => say(text, &field_of(name, way), found),
        (None, Value::Array(_) | Value::Object(_)) => walk(value, &field_of(name, way), depth - 1, found),
        _ => {}
    }
}

/// The way to a field that is named by a key; such keys may be ways: `$.items[0]`, `address.street`, `body/name`.
fn field_of(name: &str, from: &Way) -> Way {
    let (place, rest) = match name.split_once(['/', '.']) {
        Some((word, rest)) if from.tokens.is_empty() => (Place::named(word).filter(|_| !rest.is_empty()), rest),
        _ => (None, name),
    };
    let mut tokens = from.tokens.clone();
    tokens.extend(way(if place.is_some() { rest } else { name }));
    Way { place: place.unwrap_or(from.place), tokens, is_within: true }
}

/// Takes in what a sentence says of the field at the end of the way, or of the one that it names.
fn say(text: &str, way: &Way, found: &mut Found) {
    if !found.has_room() {
        return;
    }
    if way.tokens.is_empty() {
        let mut complaints: Vec<Complaint> = text.split(['\n', ';']).flat_map(message::free).collect();
        for complaint in &mut complaints {
            if complaint.place == Place::Unknown {
                complaint.place = way.place;
            }
        }
        return found.extend(complaints);
    }
    let (child, rules) = message::rules(text);
    push(way, child.as_deref(), rules, found);
}

fn push(way: &Way, child: Option<&str>, rules: Vec<Rule>, found: &mut Found) {
    let mut field = way.tokens.clone();
    // The key may be the very member that the sentence names.
    if let Some(child) = child.filter(|child| field.last().is_none_or(|last| last != child)) {
        field.push(child.to_owned());
    }
    found.extend(rules.into_iter().map(|rule| Complaint { place: way.place, field: field.clone(), rule }));
}

/// Reads an object that is one error; whether it was one.
fn is_error(members: &Map<String, Value>, way: &Way, found: &mut Found) -> bool {
    located(members, way, found)
        || keyword(members, way, found)
        || issue(members, way, found)
        || named(members, way, found)
}

/// `{"loc": ["body", "name"], "msg": .., "type": ..}` of pydantic.
fn located(members: &Map<String, Value>, way: &Way, found: &mut Found) -> bool {
    let Some(Value::Array(location)) = members.get("loc") else { return false };
    let mut tokens = tokens(location);
    // Branches of unions and validators stand among the names: `function-after[..]`, `list[int]`.
    tokens.retain(|token| !token.contains(['[', '(']));
    let place = tokens.first().and_then(|first| Place::named(first));
    if place.is_some() {
        tokens.remove(0);
    }
    let here = way.at(tokens, place);
    let text = members.get("msg").and_then(Value::as_str).unwrap_or_default();
    let rules = codes::pydantic(members).map_or_else(|| message::rules(text).1, |rule| vec![rule]);
    push(&here, None, rules, found);
    true
}

fn tokens(items: &[Value]) -> Vec<String> {
    let token = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    items.iter().take(MOST_MEMBERS).filter_map(token).collect()
}

/// The part of the request that a way begins with, and the rest: `/body/kind`.
fn placed(mut tokens: Vec<String>) -> (Option<Place>, Vec<String>) {
    let place = tokens.first().and_then(|first| Place::named(first)).filter(|_| tokens.len() > 1);
    if place.is_some() {
        tokens.remove(0);
    }
    (place, tokens)
}

/// `{"instancePath": "/name", "keyword": .., "params": {..}}` of ajv.
fn keyword(members: &Map<String, Value>, from: &Way, found: &mut Found) -> bool {
    let path = members.get("instancePath").or(members.get("dataPath")).and_then(Value::as_str);
    let (Some(path), Some((child, rule))) = (path, codes::ajv(members)) else { return false };
    let (place, tokens) = placed(way(path));
    push(&from.at(tokens, place), child, vec![rule], found);
    true
}

/// `{"code": "too_small", "path": ["name"], ..}` of zod, and `{"path": ["name"], "message": ..}` of joi.
fn issue(members: &Map<String, Value>, way: &Way, found: &mut Found) -> bool {
    let Some(Value::Array(path)) = members.get("path") else { return false };
    let (place, tokens) = placed(tokens(path));
    let here = way.at(tokens, place);
    match codes::zod(members) {
        Some((children, rule)) if children.is_empty() => push(&here, None, vec![rule], found),
        Some((children, rule)) => {
            for child in children {
                push(&here, Some(child), vec![rule.clone()], found);
            }
        }
        None => {
            let text = sentence(members).unwrap_or_default();
            push(&here, None, message::rules(text).1, found);
        }
    }
    true
}

/// `{"field": "name", "message": ..}` and its many relatives.
fn named(members: &Map<String, Value>, from: &Way, found: &mut Found) -> bool {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let source = members.get("source").and_then(Value::as_object);
    let pointed = source.and_then(|source| {
        let at = |name: &str| source.get(name).and_then(Value::as_str);
        let parameter = at("parameter").map(|name| (name, Some(Place::Query)));
        at("pointer")
            .map(|pointer| (pointer, Some(Place::Body)))
            .or(parameter)
            .or(at("header").map(|h| (h, Some(Place::Header))))
    });
    let place = ["in", "location", "source", "validationContext"].iter().find_map(|name| Place::named(text(name)?));
    // `path` is mostly that of the request; beside a location or a type it is that of the field.
    let is_field = place.is_some() || text("type") == Some("field");
    let is_placed = |path: &&str| is_field || placed(way(path)).0.is_some();
    let plain = FIELDS.iter().find_map(|name| text(name)).or(text("path").filter(is_placed));
    let loose = text("name").filter(|_| place.is_some() || members.contains_key("reason"));
    let field = pointed.or(plain.or(loose).map(|name| (name, place)));
    let sentences: Vec<&str> = MESSAGES.iter().filter_map(|name| text(name)).collect();
    let here = match field {
        Some((name, Some(place))) => from.at(way(name), Some(place)),
        Some((name, None)) => {
            let (place, tokens) = placed(way(name));
            from.at(tokens, place)
        }
        None if !from.tokens.is_empty() && !sentences.is_empty() => from.clone(),
        None => return false,
    };
    if !found.has_room() || here.tokens.is_empty() {
        return false;
    }
    let read = sentences.iter().map(|text| message::rules(text)).find(|(_, rules)| !rules.is_empty());
    let (child, rules) = read.unwrap_or_default();
    push(&here, child.as_deref(), rules, found);
    // Frameworks put several sentences beside one name: `{"property": "name", "constraints": {"isNotEmpty": ".."}}`.
    for inner in ["constraints", "messages", "errors"] {
        if let Some(inner) = members.get(inner).filter(|inner| inner.is_object() || inner.is_array()) {
            let sentences: Vec<&Value> = inner.as_array().map_or_else(
                || inner.as_object().into_iter().flat_map(Map::values).collect(),
                |items| items.iter().collect(),
            );
            sentences
                .iter()
                .take(MOST_MEMBERS)
                .filter_map(|text| text.as_str())
                .for_each(|text| say(text, &here, found));
        }
    }
    true
}

/// The first sentence of an error.
fn sentence(members: &Map<String, Value>) -> Option<&str> {
    MESSAGES.iter().find_map(|name| members.get(*name)?.as_str())
}
