//! What an answer tells of the things that exist. Main function: [`harvest`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::entry::{LESSER, STAND_INS};
use super::graph::{Action, Graph, Kind, Role, Taken};
use super::name::{self, Reference};
use super::opened::{MOST, MOST_MEMBERS, Thing, things};
use crate::scenario::Source;
use crate::schema::escape_token;
use crate::wire::Response;

/// The longest text that is taken for a name.
const LONGEST: usize = 200;
/// The longest cookie, which may be a signed token.
const LONGEST_COOKIE: usize = 4_096;
/// How many other members of a thing are kept that may name it.
const MOST_OTHERS: usize = 6;
/// Members that say where a thing is.
const LINKS: [&str; 6] = ["self", "href", "url", "uri", "link", "location"];

/// A thing that an answer told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Of which kind.
    pub kind: Kind,
    /// Its names by field.
    pub fields: BTreeMap<String, Held>,
    /// What else may name it, should these not.
    pub others: BTreeMap<String, Held>,
    /// Whether the answer is about it, or only mentions it.
    pub is_subject: bool,
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// A text or a number.
    pub value: Value,
    /// Where the answer has it; nowhere if the request that it answered had it.
    pub from: Option<Source>,
}

impl Held {
    pub(super) fn new(value: Value, from: Source) -> Self {
        Self { value, from: Some(from) }
    }

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

impl Found {
    /// One that is named by this alone.
    pub fn named(kind: Kind, field: &str, held: Held, is_subject: bool) -> Self {
        Self { kind, fields: BTreeMap::from([(field.to_owned(), held)]), others: BTreeMap::new(), is_subject }
    }

    /// What it is called where this field is asked for; not a number that may be that of something else.
    pub fn sure(&self, wanted: &str) -> Option<&Held> {
        let is_digits = |held: &Held| held.text().bytes().all(|byte| byte.is_ascii_digit());
        let is_sure = |(field, held): &(&String, &Held)| !LESSER.contains(&field.as_str()) || !is_digits(held);
        let any = || self.fields.iter().find(is_sure).map(|(_, held)| held);
        self.fields.get(wanted).or_else(|| self.fields.get("id")).or_else(any)
    }
}

/// The things that a successful answer tells of.
pub fn harvest(graph: &Graph, role: &Role, response: &Response) -> Vec<Found> {
    if response.status / 100 != 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut mentioned = Vec::new();
    let mut nameless = BTreeMap::new();
    for thing in response.json().map(|body| things(body, role.kind.as_deref())).unwrap_or_default() {
        let names = Names::of(&thing, graph, role, &mut mentioned);
        match &role.kind {
            Some(kind) if !names.fields.is_empty() => {
                let Names { fields, others } = names;
                found.push(Found { kind: Arc::clone(kind), fields, others, is_subject: true });
            }
            _ if nameless.is_empty() => nameless = names.others,
            _ => {}
        }
    }
    if let (Action::Create, Some(kind)) = (role.action, &role.kind) {
        locate(graph, kind, response, nameless, &mut found);
    }
    mentioned.truncate(MOST);
    found.extend(mentioned);
    for taken in &role.takes {
        take(taken, response, &mut found);
    }
    found.extend(cookies(graph, response));
    found
}

/// By what a thing may be called.
#[derive(Default)]
struct Names {
    fields: BTreeMap<String, Held>,
    others: BTreeMap<String, Held>,
}

impl Names {
    fn of(thing: &Thing<'_>, graph: &Graph, role: &Role, mentioned: &mut Vec<Found>) -> Self {
        let mut names = Self::default();
        let kind = role.kind.as_deref();
        for (name, value) in thing.members.iter().take(MOST_MEMBERS) {
            let Some(value) = named(value) else { continue };
            let place = format!("{}/{}", thing.pointer, escape_token(name));
            let held = Held::new(value, Source::Body(place));
            match kind.and_then(|kind| own_field(graph, kind, name, thing.is_around)) {
                Some(field) => _ = names.fields.entry(field).or_insert(held),
                None => match graph.referred(name) {
                    Some((kind, field)) => mentioned.push(Found::named(kind, &field, held, false)),
                    None if !thing.is_around => names.suppose(name, held),
                    None => {}
                },
            }
        }
        for (word, place, url) in links(thing) {
            let field = kind.and_then(|kind| graph.placed(kind, url));
            let Some((field, value)) = field else { continue };
            names.call(field, word, Held::new(Value::String(value), Source::Link(place)));
        }
        names
    }

    /// What may be a name, should no name be one.
    fn suppose(&mut self, member: &str, held: Held) {
        let is_date = |text: &str| {
            let mut digits = text.bytes();
            digits.by_ref().take(4).all(|byte| byte.is_ascii_digit()) && digits.next() == Some(b'-')
        };
        let is_name = |text: &str| !text.contains(char::is_whitespace) && !text.contains("://") && !is_date(text);
        let has_room = self.others.len() < MOST_OTHERS || name::names_something(member);
        let is_plain = member.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if held.value.as_str().is_none_or(is_name) && is_plain && has_room {
            self.others.insert(member.to_owned(), held);
        }
    }

    /// A URL ends with this where a path asks for that field: so the thing is called, unless it says itself that it is called
    /// otherwise, and even then it may be.
    fn call(&mut self, field: &str, word: &str, held: Held) {
        match self.fields.get(field).map(Held::text) {
            None => _ = self.fields.insert(field.to_owned(), held),
            Some(own) if own != held.text() => _ = self.others.insert(word.to_owned(), held),
            Some(_) => {}
        }
    }
}

/// What was made is where `Location` says (RFC 9110 section 10.2.2): it completes what the answer says of the one thing that
/// it is about, or says all. What has no name at all is called by what else there is.
fn locate(graph: &Graph, kind: &Kind, response: &Response, others: BTreeMap<String, Held>, found: &mut Vec<Found>) {
    let ends = Source::Location.take(response).filter(|text| text.len() <= LONGEST);
    let url = response.headers.text("location").unwrap_or_default();
    let asked = graph.placed(kind, url).map(|(field, _)| field);
    let held = ends.map(|value| Held::new(Value::String(value), Source::Location));
    match (held, asked, found.as_mut_slice()) {
        (Some(held), Some(field), [lone]) => {
            let mut names =
                Names { fields: std::mem::take(&mut lone.fields), others: std::mem::take(&mut lone.others) };
            names.call(field, "Location", held);
            (lone.fields, lone.others) = (names.fields, names.others);
        }
        (Some(held), asked, []) => {
            let named = Found::named(Arc::clone(kind), asked.unwrap_or("id"), held, true);
            found.push(Found { others, ..named });
        }
        (None, _, []) if !others.is_empty() => {
            found.push(Found { kind: Arc::clone(kind), fields: BTreeMap::new(), others, is_subject: true });
        }
        _ => {}
    }
}

/// The URLs of a thing, each with the member's name and its place: `self`, `links.self`, `_links.self.href`.
fn links<'a>(thing: &Thing<'a>) -> Vec<(&'static str, String, &'a str)> {
    let mut all = Vec::new();
    for word in LINKS {
        let own = (format!("{}/{word}", thing.pointer), thing.members.get(word));
        let below = ["links", "_links"].iter().map(|around| {
            let inner = thing.members.get(*around).and_then(|links| links.get(word));
            (format!("{}/{around}/{word}", thing.pointer), inner)
        });
        for (place, value) in std::iter::once(own).chain(below) {
            match value {
                Some(Value::String(url)) => all.push((word, place, url.as_str())),
                Some(Value::Object(inner)) => {
                    let url = inner.get("href").and_then(Value::as_str);
                    all.extend(url.map(|url| (word, format!("{place}/href"), url)));
                }
                _ => {}
            }
        }
    }
    all
}

/// The cookies that some operation asks for.
fn cookies(graph: &Graph, response: &Response) -> Vec<Found> {
    let set = response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(b"set-cookie"));
    let names = set.filter_map(|header| std::str::from_utf8(&header.value).ok()?.split_once('='));
    let found = names.filter_map(|(name, _)| {
        let from = Source::Cookie(name.trim().to_owned());
        let kind = graph.cookie(name.trim())?;
        let value = from.take(response)?;
        let is_one = !value.is_empty() && value.len() <= LONGEST_COOKIE;
        is_one.then(|| Found::named(kind, COOKIE, Held::new(Value::String(value), from), false))
    });
    found.take(MOST).collect()
}

/// The field by which a cookie is known.
pub(super) const COOKIE: &str = "value";

/// What a link takes: one more name of the thing that the answer is about, or a thing of its own.
fn take(taken: &Taken, response: &Response, found: &mut Vec<Found>) {
    let value = match &taken.source {
        Source::Body(pointer) => response.json().and_then(|body| named(body.pointer(pointer)?)),
        from => from.take(response).map(Value::String),
    };
    let Some(value) = value else { return };
    let held = Held::new(value, taken.source.clone());
    let mut subjects = found.iter_mut().filter(|known| known.is_subject && known.kind == taken.kind);
    if let (Some(lone), None) = (subjects.next(), subjects.next()) {
        lone.fields.insert(taken.field.clone(), held);
        return;
    }
    found.push(Found::named(Arc::clone(&taken.kind), &taken.field, held, taken.is_subject));
}

/// The field of its own kind that a member is, if it is one that names the thing.
fn own_field(graph: &Graph, kind: &str, member: &str, is_around: bool) -> Option<String> {
    let reference = Reference::of(member);
    let field = reference.field.as_str();
    let is_own = reference.kind.is_empty() || reference.kind == *kind;
    let is_usual = STAND_INS.contains(&field) || (LESSER.contains(&field) && !is_around);
    let is_asked = is_usual || graph.fields(kind).any(|asked| asked == field);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::OperationId;
    use crate::scenario::encode::samples::operation;

    fn graph() -> Graph {
        let path = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
        let asking = json!([{"name": "sid", "in": "cookie", "schema": {"type": "string"}}]);
        Graph::new(&[
            operation("POST", "/flows", json!({})),
            operation("GET", "/flows/{id}", json!({"parameters": path})),
            operation("POST", "/users", json!({})),
            operation("GET", "/users/{id}", json!({"parameters": path})),
            operation("GET", "/cart", json!({"parameters": asking})),
        ])
    }

    /// What is found, as `kind.field=value@pointer`; what else may be a name stands behind a question mark.
    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &'static str)], body: &Value, expected: &[&str]) {
        let graph = graph();
        let role = graph.role(&OperationId::from_text("POST /flows")).unwrap();
        let response = Response::new(status, headers.iter().copied().collect(), body.to_string());
        let place = |held: &Held| match held.from.clone().unwrap() {
            Source::Body(pointer) => pointer,
            Source::Link(pointer) => format!("link {pointer}"),
            Source::Cookie(name) => format!("cookie {name}"),
            other => format!("{other:?}"),
        };
        let found: Vec<String> = harvest(&graph, role, &response)
            .iter()
            .flat_map(|found| {
                let of = |mark: &str, (field, held): (&String, &Held)| {
                    format!("{}{mark}{field}={}@{}", found.kind, held.value, place(held))
                };
                let names = found.fields.iter().map(|name| of(".", name));
                names.chain(found.others.iter().map(|name| of("?", name))).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn objects_are_found_wherever_answers_keep_them() {
        check(201, &[], &json!({"id": 7, "x": [1]}), &["flow.id=7@/id"]);
        check(200, &[], &json!([{"id": "a"}, {"id": "b"}]), &[r#"flow.id="a"@/0/id"#, r#"flow.id="b"@/1/id"#]);
        check(200, &[], &json!({"data": {"name": "n"}}), &[r#"flow.name="n"@/data/name"#]);
        check(200, &[], &json!({"items": [{"flow_id": 1}], "total": 1}), &["flow.id=1@/items/0/flow_id"]);
        check(201, &[], &json!({"id": 7, "user_id": "u"}), &["flow.id=7@/id", r#"user.id="u"@/user_id"#]);
        check(400, &[], &json!({"id": 7}), &[]);
        check(200, &[], &json!({"id": null, "name": ""}), &[]);
        check(200, &[], &json!({"code": 0, "result": {"item": {"id": 7}}}), &["flow.id=7@/result/item/id"]);
    }

    #[test]
    fn things_have_many_names() {
        check(201, &[], &json!({"uid": "u"}), &[r#"flow.uid="u"@/uid"#]);
        check(201, &[], &json!({"number": 7, "guid": "g"}), &[r#"flow.guid="g"@/guid"#, "flow.number=7@/number"]);
        check(201, &[], &json!({"reference": "R-7"}), &[r#"flow.reference="R-7"@/reference"#]);
        check(
            201,
            &[],
            &json!({"self": "/v1/flows/7?x=1"}),
            &[r#"flow.id="7"@link /self"#, r#"flow?self="/v1/flows/7?x=1"@/self"#],
        );
        check(
            201,
            &[],
            &json!({"_links": {"self": {"href": "http://a/flows/7"}}}),
            &[r#"flow.id="7"@link /_links/self/href"#],
        );
        check(
            201,
            &[],
            &json!({"links": {"self": "/flows/7"}, "id": 8}),
            &["flow.id=8@/id", r#"flow?self="7"@link /links/self"#],
        );
        check(201, &[], &json!({"self": "/gears/7", "id": 8}), &["flow.id=8@/id", r#"flow?self="/gears/7"@/self"#]);
    }

    #[test]
    fn what_is_no_name_may_still_be_one() {
        check(
            201,
            &[],
            &json!({"id": 7, "mark": "x", "at": "2024-01-01", "text": "a b", "on": true}),
            &["flow.id=7@/id", r#"flow?mark="x"@/mark"#],
        );
        check(201, &[], &json!({"flowMark": "x"}), &[r#"flow?flowMark="x"@/flowMark"#]);
    }

    #[test]
    fn location_completes_what_the_body_says() {
        let location = [("Location", "/flows/9?x=1")];
        check(201, &location, &json!(null), &[r#"flow.id="9"@Location"#]);
        check(201, &location, &json!({"name": "n"}), &[r#"flow.id="9"@Location"#, r#"flow.name="n"@/name"#]);
        check(
            201,
            &location,
            &json!({"message": "created"}),
            &[r#"flow.id="9"@Location"#, r#"flow?message="created"@/message"#],
        );
        check(201, &location, &json!({"id": "9"}), &[r#"flow.id="9"@/id"#]);
        check(201, &location, &json!({"id": 8}), &["flow.id=8@/id", r#"flow?Location="9"@Location"#]);
        check(201, &[("Location", "/elsewhere/9")], &json!({"name": "n"}), &[r#"flow.name="n"@/name"#]);
        check(201, &[("Location", "/elsewhere/9")], &json!(null), &[r#"flow.id="9"@Location"#]);
    }

    #[test]
    fn cookies_are_found_where_they_are_asked_for() {
        check(
            200,
            &[("Set-Cookie", "sid=s1; Path=/"), ("Set-Cookie", "theme=dark")],
            &json!(null),
            &[r#"set_cookie_sid.value="s1"@cookie sid"#],
        );
        check(200, &[("Set-Cookie", "sid=; Max-Age=0")], &json!(null), &[]);
    }
}
