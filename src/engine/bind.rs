//! Things that exist put into cases in place of invented ones. Main type: [`Binder`].
//!
//! What a case is about is left alone: the place whose rule it breaks, and the place that carries its payload. One case
//! in eight keeps its invented values, since an id that is not there is worth a try as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::foreign::LAST_ONES;
use crate::api::Location;
use crate::generate::Generators;
use crate::resource::{Action, Entry, Graph, Kind, Need, Pool, Role, Use};
use crate::scenario::{Case, Content, Datum, Intent, Rule};
use crate::schema::escape_token;

/// One case in so many keeps what was invented.
const INVENTED: u64 = 8;
/// One case in so many has children under parents that are not theirs.
const FOREIGN: u64 = 16;
/// The most members of a body that are replaced.
const MOST_MEMBERS: usize = 8;

/// What is known of the API.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) graph: &'a Graph,
    pub(super) generators: &'a Generators,
    /// Whether what the path names last is to be the run's own, if there is any of it.
    pub(super) spares: bool,
}

/// What is known of one operation's references.
#[derive(Debug, Default)]
pub(super) struct Binder {
    role: Option<Role>,
    /// The usual case: what differs from it is what a case is about.
    usual: Option<Case>,
    /// What members of bodies refer to, by name.
    names: BTreeMap<String, Option<(Kind, String)>>,
    turn: u64,
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

    /// Puts things of the pool into the case.
    pub(super) fn bind(&mut self, case: &mut Case, known: Known<'_>, pool: &mut Pool) -> Vec<Use> {
        let turn = self.turn;
        self.turn += 1;
        // What is broken elsewhere shows little on what is not there.
        let may_be_invented = !known.spares || case.intent.is_valid();
        if turn % INVENTED == INVENTED - 1 && may_be_invented {
            return Vec::new();
        }
        let mut uses = Vec::new();
        if let Some(role) = &self.role {
            bind_parameters(case, role, self.usual.as_ref(), known, pool, turn, &mut uses);
        }
        self.bind_body(case, known, pool, turn, &mut uses);
        uses
    }

    fn bind_body(&mut self, case: &mut Case, known: Known<'_>, pool: &Pool, turn: u64, uses: &mut Vec<Use>) {
        let Some(body) = &mut case.body else { return };
        let Content::Value(value) = &mut body.content else { return };
        let mut found = Vec::new();
        self.references(value, "", &mut Vec::new(), known.graph, &mut found);
        if let Some(role) = &self.role {
            let is_settled = |pointer: &String| {
                role.untouched.contains(pointer) || role.body.iter().any(|need| need.pointer == *pointer)
            };
            found.retain(|(pointer, ..)| !is_settled(pointer));
            let linked = role.body.iter();
            found.extend(linked.map(|need| (need.pointer.clone(), Arc::clone(&need.kind), need.field.clone())));
        }
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
        for (pointer, kind, field) in found {
            let Some(here) = value.at(&pointer).filter(|here| is_free(&pointer, here)) else { continue };
            let Some((entry, field)) = pick(pool, &kind, &field, turn, Whose::Any) else { continue };
            let Some(new) = replacement(&entry, &field, here) else { continue };
            if known.generators.is_fixed(&case.operation, None, &pointer) {
                continue;
            }
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

    /// The members that refer to something by their names: pointer, kind and field.
    fn references<'v>(
        &mut self,
        value: &'v Datum,
        name: &str,
        trail: &mut Vec<Token<'v>>,
        graph: &Graph,
        found: &mut Vec<(String, Kind, String)>,
    ) {
        if found.len() >= MOST_MEMBERS {
            return;
        }
        match value {
            Datum::String(_) | Datum::Number(_) if !name.is_empty() => {
                let referred = match self.names.get(name) {
                    Some(known) => known,
                    None => self.names.entry(name.to_owned()).or_insert_with(|| graph.referred(name)),
                };
                if let Some((kind, field)) = referred {
                    found.push((pointer(trail), Arc::clone(kind), field.clone()));
                }
            }
            Datum::Array(items) => {
                for (index, item) in items.iter().enumerate().take(MOST_MEMBERS) {
                    trail.push(Token::Item(index));
                    self.references(item, name, trail, graph, found);
                    trail.pop();
                }
            }
            Datum::Object(members) => {
                for (member, inner) in members {
                    trail.push(Token::Member(member));
                    self.references(inner, member, trail, graph, found);
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

/// The last thing of the path first: what it lies below follows from it.
fn bind_parameters(
    case: &mut Case,
    part: &Role,
    usual: Option<&Case>,
    known: Known<'_>,
    pool: &mut Pool,
    turn: u64,
    uses: &mut Vec<Use>,
) {
    let mut chosen: Vec<Arc<Entry>> = Vec::new();
    let is_in_path = |need: &Need| case.operation.parameters[need.parameter].location == Location::Path;
    let subject = part.needs.iter().rposition(is_in_path);
    for (index, need) in part.needs.iter().enumerate().rev() {
        let is_subject = Some(index) == subject;
        let ends_it = part.action == Action::Delete && is_subject && part.kind.as_ref() == Some(&need.kind);
        let whose = match (ends_it, known.spares && is_subject) {
            (true, _) => Whose::Ours,
            (false, true) => Whose::OursFirst,
            (false, false) => Whose::Any,
        };
        let declared = &case.operation.parameters[need.parameter];
        let Some(argument) = case.arguments.iter_mut().find(|argument| argument.parameter == need.parameter) else {
            continue;
        };
        let place = || format!("{}/{}", declared.location.word(), declared.name);
        let is_usual = || {
            let usual = usual.and_then(|usual| usual.arguments.iter().find(|a| a.parameter == need.parameter));
            usual.is_some_and(|usual| usual.value == argument.value)
        };
        if !is_free(&case.intent, place, is_usual)
            || known.generators.is_fixed(&case.operation, Some(need.parameter), "")
        {
            continue;
        }
        let parent =
            chosen.iter().find_map(|child| child.ancestor(&need.kind)).filter(|_| !turn.is_multiple_of(FOREIGN));
        let found = parent.and_then(|parent| {
            let field = parent.field(&need.field)?.0.to_owned();
            Some((parent, field))
        });
        let found = found.or_else(|| pick(pool, &need.kind, &need.field, turn, whose));
        let Some((entry, field)) = found else { continue };
        let Some(new) = replacement(&entry, &field, &argument.value) else { continue };
        let is_number = matches!(&new, Datum::String(text) if text.parse::<i64>().is_ok());
        if case.intent.is_valid() && !is_number && !new.conforms(&declared.schema) {
            continue;
        }
        argument.value = new;
        if ends_it && case.intent.is_valid() {
            pool.spend(&entry);
        }
        chosen.push(Arc::clone(&entry));
        uses.push(Use { parameter: Some(need.parameter), pointer: "".into(), entry, field });
    }
}

/// Which things may be picked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// All.
    Any,
    /// Those of the run, if there are any.
    OursFirst,
    /// Those of the run, to be ended, and not the last ones.
    Ours,
}

/// A thing of the pool and the field by which it is named.
fn pick(pool: &Pool, kind: &str, field: &str, turn: u64, whose: Whose) -> Option<(Arc<Entry>, String)> {
    let ours = |is_only: bool| pool.pick(kind, field, turn, is_only);
    let entry = match whose {
        Whose::Ours if pool.ours(kind) < LAST_ONES => None,
        Whose::Ours => ours(true),
        Whose::OursFirst => ours(true).or_else(|| ours(false)),
        Whose::Any => ours(false),
    }?;
    let field = entry.field(field)?.0.to_owned();
    Some((entry, field))
}

/// The value by which the thing is named, where `old` stood; a list or an object is left alone.
fn replacement(entry: &Entry, field: &str, old: &Datum) -> Option<Datum> {
    let held = entry.fields.get(field)?;
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
            let held = Held { value: json!(format!("o{index}")), from: Source::Body("/id".into()) };
            Found { kind: "order".into(), fields: BTreeMap::from([("id".to_owned(), held)]), is_subject: true }
        };
        let mut pool = Pool::default();
        pool.learn((0..orders).map(found).collect(), teller, recipe, is_ours);
        pool
    }

    /// What stands in the path, or in the body, of this case of this operation in its first turns.
    fn bound(index: usize, intent: &Intent, pool: &mut Pool, turns: usize) -> Vec<String> {
        let all = operations();
        let (graph, generators) = (Graph::new(&all), standard(&Arc::default()));
        let known = Known { graph: &graph, generators: &generators, spares: false };
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
