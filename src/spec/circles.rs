//! Schemas that lead to themselves without descending into the value. Main function: [`break_all`].
//!
//! A validator never comes to an end on them. The usual one is inheritance told twice: a base names its variants in
//! `oneOf`, and each variant names the base in `allOf`. There the variant gets a copy of the base without `oneOf`,
//! which is what its author means. Other circles are cut so that what is left accepts the same values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::kind::Kind;
use super::settle::DANGLING;
use crate::schema::{escape_token, pointer_of};

/// Keywords whose schemas judge the same value as the schema that they stand in.
const IN_PLACE: [&str; 8] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

/// How often circles are looked for with the gentle way of breaking them.
const GENTLE_ROUNDS: usize = 8;

/// Breaks every circle of the draft.
pub(super) fn break_all(draft: &mut Draft) {
    let mut targets = BTreeSet::new();
    draft.walk(&mut |kind, _, value, _| {
        let reference = value.get("$ref").and_then(Value::as_str).filter(|_| kind == Kind::Schema);
        targets.extend(reference.and_then(pointer_of));
    });
    for round in 0..=GENTLE_ROUNDS {
        let mut search = Search {
            root: &draft.root,
            done: BTreeSet::new(),
            fixes: BTreeMap::new(),
            is_gentle: round < GENTLE_ROUNDS,
        };
        for target in &targets {
            search.visit(target);
        }
        let fixes = search.fixes;
        if fixes.is_empty() {
            break;
        }
        for (holder, fix) in fixes {
            apply(draft, &holder, &fix);
        }
    }
}

/// What happens to a reference that closes a circle.
enum Fix {
    /// It becomes a copy of its target without this keyword.
    Inline { target: String, without: String },
    /// It is taken away.
    Cut,
}

/// A reference: the pointer of the object that holds it, and where it leads.
type Edge = (String, String);

struct Frame {
    node: String,
    /// The holder of the reference that led here.
    via: String,
    edges: Vec<Edge>,
}

struct Search<'a> {
    root: &'a Value,
    done: BTreeSet<String>,
    fixes: BTreeMap<String, Fix>,
    is_gentle: bool,
}

impl Search<'_> {
    /// Depth first, without recursion: documents hold chains of thousands of references.
    fn visit(&mut self, start: &str) {
        let mut path = vec![self.frame(start.to_owned(), String::new())];
        while let Some(frame) = path.last_mut() {
            let Some((holder, target)) = frame.edges.pop() else {
                let frame = path.pop().expect("the loop's condition");
                self.done.insert(frame.node);
                continue;
            };
            if let Some(start) = path.iter().position(|frame| frame.node == target) {
                let (holder, fix) = self.choose(&path[start..], holder);
                self.fixes.insert(holder, fix);
            } else if !self.done.contains(&target) {
                let next = self.frame(target, holder);
                path.push(next);
            }
        }
    }

    fn frame(&self, node: String, via: String) -> Frame {
        let mut edges = Vec::new();
        if let Some(schema) = self.root.pointer(&node).filter(|_| !self.done.contains(&node)) {
            in_place(schema, &node, &mut edges);
        }
        Frame { node, via, edges }
    }

    /// The reference of a circle that is changed: one of `allOf` to a schema that goes on through alternatives,
    /// else the one that closes the circle.
    fn choose(&self, circle: &[Frame], closing: String) -> (String, Fix) {
        let holders: Vec<&str> =
            circle.iter().skip(1).map(|frame| frame.via.as_str()).chain([closing.as_str()]).collect();
        for (index, holder) in holders.iter().enumerate().filter(|_| self.is_gentle) {
            let next = (index + 1) % circle.len();
            let (target, onward) = (&circle[next].node, holders[next]);
            let inside = &holder[circle[index].node.len().min(holder.len())..];
            let without = onward.get(target.len() + 1..).and_then(|rest| rest.split('/').next()).unwrap_or_default();
            let is_inherited = inside.split('/').skip(1).step_by(2).all(|keyword| keyword == "allOf");
            if is_inherited && matches!(without, "oneOf" | "anyOf") {
                let fix = Fix::Inline { target: target.clone(), without: without.to_owned() };
                return ((*holder).to_owned(), fix);
            }
        }
        (closing, Fix::Cut)
    }
}

/// The references of a schema that judge the same value.
fn in_place(schema: &Value, at: &str, edges: &mut Vec<Edge>) {
    let Value::Object(map) = schema else { return };
    if let Some(target) = map.get("$ref").and_then(Value::as_str).and_then(pointer_of) {
        edges.push((at.to_owned(), target));
    }
    for key in IN_PLACE {
        match map.get(key) {
            Some(Value::Array(members)) => {
                for (index, member) in members.iter().enumerate() {
                    in_place(member, &format!("{at}/{key}/{index}"), edges);
                }
            }
            Some(Value::Object(members)) if key == "dependentSchemas" => {
                for (name, member) in members {
                    in_place(member, &format!("{at}/{key}/{}", escape_token(name)), edges);
                }
            }
            Some(member) => in_place(member, &format!("{at}/{key}"), edges),
            None => {}
        }
    }
}

fn apply(draft: &mut Draft, holder: &str, fix: &Fix) {
    let inherited = match fix {
        Fix::Inline { target, without } => {
            draft.root.pointer(target).and_then(|schema| without_keyword(schema, without))
        }
        Fix::Cut => None,
    };
    let Some(Value::Object(map)) = draft.root.pointer_mut(holder) else { return };
    let Some(reference) = map.shift_remove("$ref") else { return };
    let text = reference.as_str().unwrap_or_default();
    let message = if let (Fix::Inline { target, without }, Some(schema)) = (fix, inherited) {
        for (key, value) in schema {
            map.entry(key).or_insert(value);
        }
        draft.notebook.copied(target, holder.to_owned());
        format!("`$ref: {text}` leads back here through `{without}`; it is read without that")
    } else {
        cut(holder, map, &reference);
        format!("`$ref: {text}` leads in a circle; it is left out")
    };
    draft.notebook.assumed(holder, message);
}

fn without_keyword(schema: &Value, without: &str) -> Option<Map<String, Value>> {
    let kept = schema.as_object()?.iter().filter(|(key, _)| *key != without && *key != "discriminator");
    Some(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// An alternative that is the whole again adds nothing to the others; anywhere else it demands nothing more.
fn cut(holder: &str, map: &mut Map<String, Value>, reference: &Value) {
    let is_choice = holder.rsplit('/').nth(1).is_some_and(|keyword| matches!(keyword, "anyOf" | "oneOf"));
    if is_choice && map.is_empty() {
        map.insert("not".into(), json!({}));
    }
    map.insert(DANGLING.into(), reference.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schemas: &Value, expected: &Value, remarks: &[&str]) {
        let mut draft = Draft::new(json!({"components": {"schemas": schemas}}));
        break_all(&mut draft);
        assert_eq!(draft.root["components"]["schemas"], *expected);
        assert_eq!(draft.notebook.remarks.len(), remarks.len());
        for (remark, part) in draft.notebook.remarks.iter().zip(remarks) {
            assert!(remark.message.contains(part), "{}", remark.message);
        }
    }

    fn to(name: &str) -> Value {
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    #[test]
    fn recursion_through_the_value_is_kept() {
        let list = json!({"L": {"properties": {"next": to("L")}, "items": to("L"), "additionalProperties": to("L")}});
        check(&list, &list, &[]);
    }

    #[test]
    fn variants_keep_what_they_inherit() {
        check(
            &json!({
                "Base": {"required": ["kind"], "oneOf": [to("Dog"), to("Cat")], "discriminator": {"propertyName": "kind"}},
                "Cat": {"allOf": [to("Base"), {"maxProperties": 1}]},
                "Dog": {"allOf": [to("Base"), {"maxProperties": 2}]},
            }),
            &json!({
                "Base": {"required": ["kind"], "oneOf": [to("Dog"), to("Cat")], "discriminator": {"propertyName": "kind"}},
                "Cat": {"allOf": [{"required": ["kind"]}, {"maxProperties": 1}]},
                "Dog": {"allOf": [{"required": ["kind"]}, {"maxProperties": 2}]},
            }),
            &["through `oneOf`", "through `oneOf`"],
        );
    }

    #[test]
    fn other_circles_are_cut() {
        let name = "#/components/schemas/A";
        check(&json!({"A": to("A")}), &json!({"A": {DANGLING: name}}), &["circle"]);
        check(
            &json!({"A": to("B"), "B": {"allOf": [to("A")]}}),
            &json!({"A": to("B"), "B": {"allOf": [{DANGLING: name}]}}),
            &["circle"],
        );
        check(
            &json!({"A": {"anyOf": [{"type": "string"}, to("A")]}}),
            &json!({"A": {"anyOf": [{"type": "string"}, {DANGLING: name, "not": {}}]}}),
            &["circle"],
        );
    }
}
