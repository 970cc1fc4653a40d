//! Things that exist put into cases in place of invented ones. Main type: [`Binder`].
//!
//! What a case is about is left alone: the place whose rule it breaks, and the place that carries its payload. One case
//! in eight keeps its invented values, since an id that is not there is worth a try as well. Two places that name the same
//! kind of thing name different things, but for one case in eight.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::api::Location;
use crate::generate::Generators;
use crate::resource::{Action, Entry, Graph, Kind, Pool, Role, Tries, Use};
use crate::scenario::{Case, Content, Datum, Intent, Rule};
use crate::schema::escape_token;

/// One case in so many keeps what was invented.
const INVENTED: u64 = 8;
/// One case in so many has children under parents that are not theirs.
const FOREIGN: u64 = 16;
/// One case in so many names one thing wherever it names one of a kind.
const EQUAL: u64 = 8;
/// The most members of a body that are replaced.
const MOST_MEMBERS: usize = 8;

/// What is known of the API.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) graph: &'a Graph,
    pub(super) generators: &'a Generators,
    /// So many things of a kind there must be before one is ended: others need them.
    pub(super) least: usize,
}

/// How many places of cases name things, and in how many of them one that exists was put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct References {
    /// Those in which something was put that is known to exist.
    pub bound: u64,
    /// All that a case was not itself about.
    pub of: u64,
}

impl References {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { bound: self.bound + other.bound, of: self.of + other.of }
    }
}

/// What is known of one operation's references.
#[derive(Debug, Default)]
pub(super) struct Binder {
    role: Option<Role>,
    /// The usual case: what differs from it is what a case is about.
    usual: Option<Case>,
    /// What members of bodies refer to, by name.
    names: BTreeMap<String, Option<Reference>>,
    /// What became of the names that were put into each parameter of the path.
    tries: BTreeMap<usize, Tries>,
    references: References,
    turn: u64,
}

/// A thing to which a member refers.
#[derive(Clone, Debug)]
struct Reference {
    kind: Kind,
    field: String,
    /// Whether it is a certain one: `to_account_id`.
    is_qualified: bool,
}

/// A place of a body that refers to something.
struct Place {
    pointer: String,
    to: Reference,
}

impl Binder {
    pub(super) fn new(role: Option<&Role>) -> Self {
        Self { role: role.cloned(), ..Self::default() }
    }

    /// Takes the usual case.
    pub(super) fn know(&mut self, usual: Option<Case>) {
        self.usual = usual;
    }

    pub(super) fn role(&self) -> Option<&Role> {
        self.role.as_ref()
    }

    /// How many references there were so far.
    pub(super) fn references(&self) -> References {
        self.references
    }

    /// Puts things of the pool into the case.
    pub(super) fn bind(&mut self, case: &mut Case, known: Known<'_>, pool: &mut Pool) -> Vec<Use> {
        let turn = Turn(self.turn);
        self.turn += 1;
        let mut uses = Vec::new();
        self.bind_parameters(case, known, pool, turn, &mut uses);
        self.bind_body(case, known, pool, turn, &mut uses);
        self.references.bound += uses.len() as u64;
        uses
    }

    /// Takes in what a valid request with these things in it was answered.
    pub(super) fn told(&mut self, case: &Case, uses: &[Use], status: u16, pool: &mut Pool) {
        let Some(role) = &self.role else { return };
        for used in uses {
            let Some(need) = role.needs.iter().find(|need| Some(need.parameter) == used.parameter) else { continue };
            // A body or a query may be refused for much else.
            let is_in_path = case.operation.parameters[need.parameter].location == Location::Path;
            let tries = self.tries.entry(need.parameter).or_default();
            // What is put somewhere is there afterwards, whatever it is called.
            let is_put = role.action == Action::Replace && role.kind.as_ref() == Some(&need.kind);
            match status {
                200..=299 if is_in_path && !is_put => {
                    tries.hit(&used.field);
                    pool.prove(&used.entry, &need.field, &used.field);
                }
                400 | 404 | 410 | 422 if is_in_path => tries.miss(&used.field),
                _ => {}
            }
            if matches!(status, 404 | 410) {
                let is_proven = pool.is_proven(&used.entry, &need.field, &used.field);
                pool.miss(&used.entry, is_proven || !pool.has_other_names(&used.entry, &need.field));
            }
        }
    }

    /// The last thing of the path first: what it lies below follows from it.
    fn bind_parameters(&mut self, case: &mut Case, known: Known<'_>, pool: &mut Pool, turn: Turn, uses: &mut Vec<Use>) {
        let Self { role: Some(part), usual, tries, references, .. } = self else { return };
        let cookies = part.cookies.iter().map(|need| (None, need));
        for (index, need) in part.needs.iter().enumerate().rev().map(|(index, need)| (Some(index), need)).chain(cookies)
        {
            // Most headers are no cookies: they count where such a cookie was set.
            if index.is_none() && pool.is_empty(&need.kind) {
                continue;
            }
            let is_last = index.is_some_and(|index| index + 1 == part.needs.len());
            let is_subject = part.kind.as_ref() == Some(&need.kind) && is_last;
            let ends_it = part.action == Action::Delete && is_subject;
            let declared = &case.operation.parameters[need.parameter];
            let argument = case.arguments.iter_mut().find(|argument| argument.parameter == need.parameter);
            let Some(argument) = argument else { continue };
            let place = || format!("{}/{}", declared.location.word(), declared.name);
            let is_usual = || {
                let mut usual = usual.iter().flat_map(|usual| &usual.arguments);
                usual.any(|usual| usual.parameter == need.parameter && usual.value == argument.value)
            };
            if !is_free(&case.intent, place, is_usual)
                || known.generators.is_fixed(&case.operation, Some(need.parameter), "")
            {
                continue;
            }
            references.of += 1;
            if turn.is_invented() || ends_it && pool.ours(&need.kind) < known.least {
                continue;
            }
            let parent = uses.iter().find_map(|used| used.entry.ancestor(&need.kind)).filter(|_| !turn.is_foreign());
            let but: Vec<&Use> = uses.iter().filter(|used| used.entry.kind == need.kind).collect();
            let tries = tries.get(&need.parameter);
            let Some(entry) = parent.or_else(|| turn.pick(pool, &need.kind, &need.field, ends_it, &but)) else {
                continue;
            };
            let Some(field) = pool.call(&entry, &need.field, tries, ends_it) else { continue };
            let Some(new) = replacement(&entry, &field, &argument.value) else { continue };
            let is_number = matches!(&new, Datum::String(text) if text.parse::<i64>().is_ok());
            if case.intent.is_valid() && !is_number && !new.conforms(&declared.schema) {
                continue;
            }
            argument.value = new;
            if ends_it && case.intent.is_valid() {
                pool.spend(&entry);
            }
            uses.push(Use { parameter: Some(need.parameter), pointer: "".into(), entry, field });
        }
    }

    fn bind_body(&mut self, case: &mut Case, known: Known<'_>, pool: &Pool, turn: Turn, uses: &mut Vec<Use>) {
        let Some(body) = &mut case.body else { return };
        let Content::Value(value) = &mut body.content else { return };
        let found = self.places(value, known.graph);
        let usual = self.usual.as_ref().and_then(|usual| match &usual.body.as_ref()?.content {
            Content::Value(value) => Some(value),
            Content::Raw(_) => None,
        });
        let is_free = |pointer: &str, here: &Datum| {
            let is_usual = || usual.and_then(|usual| usual.at(pointer)) == Some(here);
            is_free(&case.intent, || format!("body{pointer}"), is_usual)
        };
        let before = uses.len();
        let mut original = None;
        for Place { pointer, to } in found {
            let Some(here) = value.at(&pointer).filter(|here| is_free(&pointer, here)) else { continue };
            if known.generators.is_fixed(&case.operation, None, &pointer) {
                continue;
            }
            self.references.of += 1;
            if turn.is_invented() {
                continue;
            }
            let Some(entry) = turn.pick_for_body(pool, &to, uses) else { continue };
            let Some(field) = pool.call(&entry, &to.field, None, false) else { continue };
            let Some(new) = replacement(&entry, &field, here) else { continue };
            if case.intent.is_valid() {
                original.get_or_insert_with(|| value.clone());
            }
            if let Some(here) = value.at_mut(&pointer) {
                *here = new;
                uses.push(Use { parameter: None, pointer: pointer.into(), entry, field });
            }
        }
        // What was valid must still be: a server may name things in ways that its document does not allow.
        let Some(original) = original else { return };
        let declared = case.operation.body.as_ref().and_then(|declared| declared.schema_of(&body.media_type));
        if declared.is_some_and(|schema| !value.conforms(schema)) {
            *value = original;
            uses.truncate(before);
        }
    }

    /// The places of a body that refer to something: by their names, or since a link says so.
    fn places(&mut self, value: &Datum, graph: &Graph) -> Vec<Place> {
        let mut found = Vec::new();
        self.references_in(value, "", &mut Vec::new(), graph, &mut found);
        if let Some(role) = &self.role {
            let is_settled = |pointer: &String| {
                role.untouched.contains(pointer) || role.body.iter().any(|need| need.pointer == *pointer)
            };
            found.retain(|place| !is_settled(&place.pointer));
            found.extend(role.body.iter().map(|need| {
                let (kind, field) = (Arc::clone(&need.kind), need.field.clone());
                Place { pointer: need.pointer.clone(), to: Reference { kind, field, is_qualified: false } }
            }));
        }
        found
    }

    /// The members that refer to something by their names.
    fn references_in<'v>(
        &mut self,
        value: &'v Datum,
        name: &str,
        trail: &mut Vec<Token<'v>>,
        graph: &Graph,
        found: &mut Vec<Place>,
    ) {
        if found.len() >= MOST_MEMBERS {
            return;
        }
        match value {
            Datum::String(_) | Datum::Number(_) if !name.is_empty() => {
                let referred = match self.names.get(name) {
                    Some(known) => known,
                    None => self.names.entry(name.to_owned()).or_insert_with(|| {
                        let (kind, field) = graph.referred(name)?;
                        let is_qualified = Graph::is_qualified(name, &kind);
                        Some(Reference { kind, field, is_qualified })
                    }),
                };
                found.extend(referred.clone().map(|to| Place { pointer: pointer(trail), to }));
            }
            Datum::Array(items) => {
                for (index, item) in items.iter().enumerate().take(MOST_MEMBERS) {
                    trail.push(Token::Item(index));
                    self.references_in(item, name, trail, graph, found);
                    trail.pop();
                }
            }
            Datum::Object(members) => {
                for (member, inner) in members {
                    trail.push(Token::Member(member));
                    self.references_in(inner, member, trail, graph, found);
                    trail.pop();
                }
            }
            _ => {}
        }
    }
}

/// A step on the way to a value; few ways are ever written out.
#[derive(Clone, Copy)]
enum Token<'a> {
    Member(&'a str),
    Item(usize),
}

/// The way as a JSON pointer (RFC 6901).
fn pointer(trail: &[Token<'_>]) -> String {
    let token = |token: &Token<'_>| match token {
        Token::Member(member) => format!("/{}", escape_token(member)),
        Token::Item(index) => format!("/{index}"),
    };
    trail.iter().map(token).collect()
}

/// Whose turn it is among what exists.
#[derive(Clone, Copy)]
struct Turn(u64);

impl Turn {
    fn is_invented(self) -> bool {
        self.0 % INVENTED == INVENTED - 1
    }

    fn is_foreign(self) -> bool {
        self.0.is_multiple_of(FOREIGN)
    }

    fn is_equal(self) -> bool {
        self.0 % EQUAL == EQUAL / 2
    }

    /// A thing of the pool; another one than those that are used already, or the same in some turns.
    fn pick(self, pool: &Pool, kind: &str, field: &str, ends_it: bool, used: &[&Use]) -> Option<Arc<Entry>> {
        if let Some(first) = used.first().filter(|_| self.is_equal() && !ends_it) {
            return Some(Arc::clone(&first.entry));
        }
        let but: Vec<u64> = used.iter().map(|used| used.entry.number).collect();
        pool.pick(kind, field, self.0, ends_it, &but)
    }

    /// The same for a member of a body. One that says no more than the kind may well be the one of the path.
    fn pick_for_body(self, pool: &Pool, to: &Reference, uses: &[Use]) -> Option<Arc<Entry>> {
        let alike = || uses.iter().filter(|used| used.entry.kind == to.kind);
        let is_first = alike().all(|used| used.parameter.is_some());
        if is_first
            && !to.is_qualified
            && self.0.is_multiple_of(2)
            && let Some(of_path) = alike().next()
        {
            return Some(Arc::clone(&of_path.entry));
        }
        self.pick(pool, &to.kind, &to.field, false, &alike().collect::<Vec<_>>())
    }
}

/// The value by which the thing is named, where `old` stood; a list or an object is left alone.
fn replacement(entry: &Entry, field: &str, old: &Datum) -> Option<Datum> {
    let held = entry.held(field)?;
    match (&held.value, old) {
        (serde_json::Value::Number(number), Datum::Number(_)) => Some(Datum::Number(number.to_string().into())),
        (serde_json::Value::String(text), Datum::String(_)) => Some(Datum::String(text.clone())),
        // In a path everything is text: an invented word may stand where the server has numbers.
        (serde_json::Value::Number(number), Datum::String(_)) => Some(Datum::String(number.to_string())),
        (serde_json::Value::String(text), Datum::Number(_)) => {
            text.parse::<i64>().is_ok().then(|| Datum::Number(text.as_str().into()))
        }
        _ => None,
    }
}

/// Whether the case is about something else than this place, so that what exists may stand there. A payload is where the
/// case differs from the usual one.
fn is_free(intent: &Intent, place: impl FnOnce() -> String, is_usual: impl FnOnce() -> bool) -> bool {
    match intent {
        Intent::Valid => true,
        Intent::Boundary(rule) | Intent::Malformed(rule) => !is_about(rule, &place()),
        Intent::Hostile(_) | Intent::Wire(_) => is_usual(),
    }
}

/// Whether a rule is about this place or one around or below it.
fn is_about(rule: &Rule, place: &str) -> bool {
    let below = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let own = match &rule.member {
        Some(member) => format!("{}/{member}", rule.place),
        None => rule.place.clone(),
    };
    below(&own, place) || (rule.place != "body" && below(place, &own))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Operation;
    use crate::generate::standard;
    use crate::resource::{Found, Held, Recipe, Teller};
    use crate::scenario::Source;
    use crate::scenario::encode::samples::{case, operation};

    fn path() -> Value {
        json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}])
    }

    fn operations() -> Vec<Arc<Operation>> {
        let body = json!({"application/json": {"schema": {"type": "object", "properties": {
            "order_id": {"type": "string"}, "note": {"type": "string"}
        }}}});
        vec![
            operation("POST", "/orders", json!({})),
            operation("GET", "/orders/{id}", json!({"parameters": path()})),
            operation("DELETE", "/orders/{id}", json!({"parameters": path()})),
            operation("POST", "/notes", json!({"body": body})),
        ]
    }

    /// A pool with this many orders: `o0`, `o1`, ...
    fn pool(orders: usize, is_ours: bool) -> Pool {
        let creator = &operations()[0];
        let recipe = || Recipe::Typed { case: Arc::new(case(creator, &[])), names: Vec::new() };
        let teller = Teller { operation: &creator.id, uses: &[] };
        let found = |index: usize| {
            let held = Held { value: json!(format!("o{index}")), from: Some(Source::Body("/id".into())) };
            Found::named("order".into(), "id", held, true)
        };
        let mut pool = Pool::default();
        pool.learn((0..orders).map(found).collect(), teller, recipe, is_ours);
        pool
    }

    /// What stands in the path, or in the body, of this case of this operation in its first turns.
    fn bound(index: usize, intent: &Intent, pool: &mut Pool, turns: usize) -> Vec<String> {
        let all = operations();
        let (graph, generators) = (Graph::new(&all), standard(&Arc::default()));
        let known = Known { graph: &graph, generators: &generators, least: 3 };
        let mut binder = Binder::new(graph.role(&all[index].id));
        (0..turns)
            .map(|_| {
                let mut made =
                    if index == 3 { case(&all[3], &[]) } else { case(&all[index], &[("id", Datum::string("x"))]) };
                if index == 3 {
                    let value = Datum::from(&json!({"order_id": "x", "note": "x"}));
                    made.body = Some(crate::scenario::Body {
                        media_type: "application/json".into(),
                        content: Content::Value(value),
                    });
                }
                made.intent = intent.clone();
                binder.bind(&mut made, known, pool);
                let request = crate::scenario::encode(&made, "");
                if index == 3 {
                    String::from_utf8_lossy(&request.body).into_owned()
                } else {
                    request.target_text().into_owned()
                }
            })
            .collect()
    }

    fn rule(place: &str) -> Rule {
        Rule { keyword: "type".into(), place: place.into(), member: None, change: String::new() }
    }

    #[test]
    fn what_exists_is_put_into_paths_and_bodies_and_some_are_left_invented() {
        let found = bound(1, &Intent::Valid, &mut pool(2, true), 8);
        assert_eq!(found.iter().filter(|target| *target == "/orders/x").count(), 1, "{found:?}");
        assert!(found.contains(&"/orders/o0".to_owned()) && found.contains(&"/orders/o1".to_owned()), "{found:?}");
        let body = &bound(3, &Intent::Valid, &mut pool(1, true), 1)[0];
        assert_eq!(body, r#"{"order_id":"o0","note":"x"}"#);
        assert_eq!(bound(1, &Intent::Valid, &mut Pool::default(), 1), ["/orders/x"]);
    }

    /// Which accounts the cases of an operation name, and how many references were bound.
    fn transfers(path: &str, body: &Value, turns: usize) -> (Vec<Vec<String>>, References) {
        let names = path.split(['{', '}']).skip(1).step_by(2);
        let parameters: Vec<_> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let id = json!([{"name": "account_id", "in": "path", "required": true, "schema": {"type": "string"}}]);
        let body_of = |body: &Value| json!({"application/json": {"schema": {"type": body_type(body)}}});
        let all = vec![
            operation("POST", "/accounts", json!({})),
            operation("GET", "/accounts/{account_id}", json!({"parameters": id})),
            operation("POST", path, json!({"parameters": parameters, "body": body_of(body)})),
        ];
        let (graph, generators) = (Graph::new(&all), standard(&Arc::default()));
        let recipe = || Recipe::Typed { case: Arc::new(case(&all[0], &[])), names: Vec::new() };
        let found = |index: usize| {
            let held = Held { value: json!(format!("a{index}")), from: Some(Source::Body("/id".into())) };
            Found::named("account".into(), "id", held, true)
        };
        let mut pool = Pool::default();
        pool.learn((0..4).map(found).collect(), Teller { operation: &all[0].id, uses: &[] }, recipe, true);
        let mut binder = Binder::new(graph.role(&all[2].id));
        let known = Known { graph: &graph, generators: &generators, least: 3 };
        let mut bind = || {
            let arguments: Vec<_> =
                path.split(['{', '}']).skip(1).step_by(2).map(|name| (name, Datum::string("x"))).collect();
            let mut made = case(&all[2], &arguments);
            made.body = Some(crate::scenario::Body {
                media_type: "application/json".into(),
                content: Content::Value(Datum::from(body)),
            });
            let uses = binder.bind(&mut made, known, &mut pool);
            uses.iter().filter_map(|used| Some(used.entry.held(&used.field)?.text())).collect()
        };
        let bound = (0..turns).map(|_| bind()).collect();
        (bound, binder.references())
    }

    fn body_type(body: &Value) -> &'static str {
        if body.is_object() { "object" } else { "array" }
    }

    #[track_caller]
    fn check_transfers(path: &str, body: &Value, equal: usize) {
        let (bound, references) = transfers(path, body, 16);
        let pairs: Vec<_> = bound.iter().filter(|names| !names.is_empty()).collect();
        assert_eq!(pairs.len(), 14, "two turns of 16 are invented: {bound:?}");
        assert!(pairs.iter().all(|names| names.len() == 2), "{bound:?}");
        assert_eq!(pairs.iter().filter(|names| names[0] == names[1]).count(), equal, "{path} {body}: {bound:?}");
        assert_eq!(references, References { bound: 28, of: 32 });
    }

    #[test]
    fn two_references_of_a_kind_are_two_things_in_most_cases() {
        check_transfers("/transfers", &json!({"from_account_id": "x", "to_account_id": "x"}), 2);
        check_transfers("/merge", &json!({"account_ids": ["x", "x"]}), 2);
        check_transfers("/accounts/{account_id}/compare/{other_account_id}", &json!({}), 2);
        check_transfers("/accounts/{account_id}/transfer", &json!({"to_account_id": "x"}), 2);
        // What is called like the one of the path is that one as often as not.
        check_transfers("/accounts/{account_id}/notes", &json!({"account_id": "x"}), 8);
    }

    #[test]
    fn what_a_case_is_about_is_left_alone() {
        for place in ["path/id", "body/order_id", "body"] {
            let intent = Intent::Malformed(rule(place));
            let index = if place.starts_with("path") { 1 } else { 3 };
            let found = &bound(index, &intent, &mut pool(1, true), 1)[0];
            assert!(!found.contains("o0") || place == "body", "{place}: {found}");
        }
        // A payload differs from the usual value.
        assert_eq!(bound(1, &Intent::Hostile("sql"), &mut pool(1, true), 1), ["/orders/x"]);
        assert!(bound(3, &Intent::Malformed(rule("body/note")), &mut pool(1, true), 1)[0].contains("o0"));
    }

    #[test]
    fn only_what_the_run_made_is_ended_and_the_last_ones_are_kept() {
        let ended = |pool: &mut Pool| {
            let found = bound(2, &Intent::Valid, pool, 7);
            found.into_iter().filter(|target| target != "/orders/x").collect::<Vec<_>>()
        };
        assert!(ended(&mut pool(9, false)).is_empty());
        assert!(ended(&mut pool(2, true)).is_empty());
        let found = ended(&mut pool(4, true));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_ne!(found[0], found[1]);
    }
}
