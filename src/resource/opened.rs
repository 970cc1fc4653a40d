//! The objects that an answer consists of. Main function: [`things`].

use serde_json::{Map, Value};

use super::name;
use crate::schema::escape_token;

/// Members that hold what an answer is about.
pub(super) const ENVELOPES: [&str; 12] = [
    "data", "item", "items", "result", "results", "records", "list", "entries", "content", "values", "response",
    "payload",
];
/// Members that are about the answer, or about where the thing is.
const BESIDE: [&str; 4] = ["links", "_links", "meta", "_meta"];
/// How many things of one answer are looked at.
pub(super) const MOST: usize = 4;
/// How many members of a thing.
pub(super) const MOST_MEMBERS: usize = 60;
/// How many envelopes may be around a thing: `{"result": {"item": {"id": 7}}}`.
const DEPTH: usize = 2;

/// One object of an answer.
pub(super) struct Thing<'a> {
    /// JSON pointer to it.
    pub(super) pointer: String,
    /// What it holds.
    pub(super) members: &'a Map<String, Value>,
    /// Whether it is an envelope: its own `code` and `number` are about the answer, not about the thing.
    pub(super) is_around: bool,
}

/// The objects that an answer consists of: itself, its items, what its envelopes hold, and where it has few members and no
/// name of its own those one level below. `kind` is what the answer is about: `{"widget": {..}}` is an envelope as well.
pub(super) fn things<'a>(body: &'a Value, kind: Option<&str>) -> Vec<Thing<'a>> {
    let mut all = Vec::new();
    match body {
        Value::Array(items) => each("", items, &mut all),
        Value::Object(members) => open("", members, kind, DEPTH, &mut all),
        _ => {}
    }
    all.truncate(2 * MOST);
    all
}

fn each<'a>(pointer: &str, items: &'a [Value], all: &mut Vec<Thing<'a>>) {
    let objects = items.iter().take(MOST).enumerate().filter_map(|(index, item)| Some((index, item.as_object()?)));
    all.extend(objects.map(|(index, members)| Thing {
        pointer: format!("{pointer}/{index}"),
        members,
        is_around: false,
    }));
}

fn open<'a>(
    pointer: &str,
    members: &'a Map<String, Value>,
    kind: Option<&str>,
    depth: usize,
    all: &mut Vec<Thing<'a>>,
) {
    let is_envelope = |(name, value): &(&String, &Value)| {
        let plain = name.to_ascii_lowercase();
        (value.is_object() || value.is_array())
            && (ENVELOPES.contains(&plain.as_str()) || kind.is_some_and(|kind| name::kind(name) == kind))
    };
    let is_around = members.iter().any(|member| is_envelope(&member));
    all.push(Thing { pointer: pointer.to_owned(), members, is_around });
    // What has a name of its own is the thing; objects in it are others.
    let is_named = members.contains_key("id") || members.contains_key("uuid");
    let is_outermost = depth == DEPTH;
    for member in members.iter().take(MOST_MEMBERS) {
        let is_envelope = is_envelope(&member);
        let (name, value) = member;
        let below = || format!("{pointer}/{}", escape_token(name));
        match value {
            Value::Object(inner) if inner.is_empty() || BESIDE.contains(&name.as_str()) => {}
            Value::Object(inner) if is_envelope && depth > 0 => open(&below(), inner, kind, depth - 1, all),
            Value::Object(inner) if is_outermost && !is_named && members.len() <= MOST => {
                all.push(Thing { pointer: below(), members: inner, is_around: false });
            }
            Value::Array(items) if is_outermost || is_envelope => each(&below(), items, all),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(body: &Value, expected: &[&str]) {
        let found: Vec<String> = things(body, Some("flow_run")).into_iter().map(|thing| thing.pointer).collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn envelopes_are_opened_however_much_is_beside_them() {
        check(&json!({"a": 1, "b": 2, "c": 3, "d": 4, "data": {"id": 7}}), &["", "/data"]);
        check(&json!({"status": "ok", "result": {"item": {"id": 7}}}), &["", "/result", "/result/item"]);
        check(&json!({"data": {"items": [{"id": 7}]}}), &["", "/data", "/data/items/0"]);
        check(&json!({"a": 1, "b": 2, "c": 3, "d": 4, "flowRun": {"x": 7}}), &["", "/flowRun"]);
        check(&json!({"data": {"data": {"data": {"id": 7}}}}), &["", "/data", "/data/data"]);
    }

    #[test]
    fn what_is_beside_a_name_is_something_else() {
        check(&json!({"created": {"id": 7}}), &["", "/created"]);
        check(&json!({"id": 7, "owner": {"id": 1}}), &[""]);
        check(&json!({"a": 7, "_links": {"id": 1}}), &[""]);
        check(&json!({"a": 1, "b": 2, "c": 3, "d": 4, "owner": {"id": 1}}), &[""]);
        check(&json!([{"id": 7}, 1, {"id": 8}]), &["/0", "/2"]);
        check(&json!("a"), &[]);
    }
}
