//! References after everything else has moved. Main function: [`settle`].
//!
//! A reference to what was moved follows it; one that leads nowhere, or in a circle without ever reaching a value,
//! is taken away, so that readers of the canonical document meet neither.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::circles;
use super::draft::{Draft, FILES, Notebook};
use super::kind::Kind;
use crate::schema::pointer_of;

/// How often a target may have moved, or lie behind another reference.
const MAX_MOVES: usize = 8;

/// What replaces a reference that leads nowhere.
pub(super) const DANGLING: &str = "x-gadfly-dangling";

/// Mends every reference of the draft.
pub(super) fn settle(draft: &mut Draft) {
    let mut fates = BTreeMap::new();
    for reference in references(draft) {
        let fate = fate(draft, &reference);
        if fate != Fate::Kept {
            fates.insert(reference, fate);
        }
    }
    if !fates.is_empty() {
        draft.walk(&mut |kind, at, value, notebook| {
            if let Value::Object(map) = value {
                mend(&fates, kind, at, map, notebook);
            }
        });
    }
    circles::break_all(draft);
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Moved(String),
    Dangling,
}

fn references(draft: &mut Draft) -> BTreeSet<String> {
    let mut references = BTreeSet::new();
    draft.walk(&mut |kind, _, value, _| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str).filter(|_| kind.may_refer()) {
            references.insert(reference.to_owned());
        }
        if kind != Kind::Schema {
            return;
        }
        let mapping = value.get("discriminator").and_then(|tag| tag.get("mapping")).and_then(Value::as_object);
        let targets = mapping.into_iter().flat_map(Map::values).filter_map(Value::as_str);
        references.extend(targets.filter(|target| target.starts_with('#')).map(str::to_owned));
    });
    references
}

fn fate(draft: &Draft, reference: &str) -> Fate {
    let Some(mut target) = pointer_of(reference) else { return Fate::Dangling };
    if draft.root.pointer(&target).is_some() {
        return Fate::Kept;
    }
    for _ in 0..MAX_MOVES {
        let moved = draft.notebook.new_pointer(&target).or_else(|| behind(&draft.root, &target));
        match moved {
            Some(moved) if moved != target => target = moved,
            _ => return Fate::Dangling,
        }
        if draft.root.pointer(&target).is_some() {
            return Fate::Moved(format!("#{}", target.replace('%', "%25")));
        }
    }
    Fate::Dangling
}

/// The pointer with the first reference on its way followed: `#/a/properties/b` where `a` is nothing but a reference.
fn behind(root: &Value, target: &str) -> Option<String> {
    let mut ends = target.match_indices('/').map(|(end, _)| end).skip(1);
    let (end, reference) = ends.find_map(|end| {
        let reference = root.pointer(&target[..end])?.get("$ref")?.as_str()?;
        Some((end, reference))
    })?;
    Some(format!("{}{}", pointer_of(reference)?, &target[end..]))
}

fn mend(fates: &BTreeMap<String, Fate>, kind: Kind, at: &str, map: &mut Map<String, Value>, notebook: &mut Notebook) {
    let fate = map.get("$ref").and_then(Value::as_str).filter(|_| kind.may_refer()).and_then(|text| fates.get(text));
    match fate {
        Some(Fate::Moved(target)) => drop(map.insert("$ref".into(), target.clone().into())),
        Some(Fate::Dangling) => dangling(kind, at, map, notebook),
        _ => {}
    }
    let mapping = map.get_mut("discriminator").and_then(|d| d.get_mut("mapping")).and_then(Value::as_object_mut);
    for target in mapping.into_iter().flat_map(|mapping| mapping.values_mut()) {
        if let Some(Fate::Moved(moved)) = target.as_str().and_then(|text| fates.get(text)) {
            *target = moved.clone().into();
        }
    }
}

fn dangling(kind: Kind, at: &str, map: &mut Map<String, Value>, notebook: &mut Notebook) {
    let Some(reference) = map.shift_remove("$ref") else { return };
    let text = reference.as_str().unwrap_or_default();
    // A file that can't be read was told when that was found out.
    if !text.starts_with(&format!("#/{FILES}//")) {
        let reading = match kind {
            Kind::Schema => "it is read as a schema that accepts anything",
            Kind::PathItem => "its operations are left out",
            _ => "it is left out",
        };
        notebook.lost(kind, at, format!("`$ref: {text}` leads nowhere; {reading}"));
    }
    map.insert(DANGLING.into(), reference);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schemas: &Value, expected: &Value, remarks: &[&str]) {
        let mut draft = Draft::new(json!({"components": {"schemas": schemas}}));
        settle(&mut draft);
        assert_eq!(draft.root["components"]["schemas"], *expected);
        let told: Vec<_> = draft.notebook.remarks.iter().map(|remark| remark.place.pointer.as_str()).collect();
        assert_eq!(told, remarks);
    }

    #[test]
    fn references_follow_what_was_moved() {
        let mut draft = Draft::new(json!({"components": {"schemas": {
            "A": {"items": {"$ref": "#/definitions/B/properties/c"}, "discriminator": {"mapping": {"x": "#/definitions/B"}}},
            "B": {"properties": {"c": {}}}
        }}}));
        draft.notebook.moved("/definitions", "/components/schemas".into());
        settle(&mut draft);
        let schema = &draft.root["components"]["schemas"]["A"];
        assert_eq!(schema["items"]["$ref"], "#/components/schemas/B/properties/c");
        assert_eq!(schema["discriminator"]["mapping"]["x"], "#/components/schemas/B");
        assert!(draft.notebook.remarks.is_empty());
    }

    #[test]
    fn references_lead_through_references() {
        check(
            &json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"properties": {"c": {}}}, "C": {"$ref": "#/components/schemas/A/properties/c"}}),
            &json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"properties": {"c": {}}}, "C": {"$ref": "#/components/schemas/B/properties/c"}}),
            &[],
        );
    }

    #[test]
    fn references_to_nowhere_are_taken_away() {
        check(
            &json!({"A": {"items": {"$ref": "#/components/schemas/B"}}, "C": {"$ref": "https://example.org"}}),
            &json!({"A": {"items": {"x-gadfly-dangling": "#/components/schemas/B"}}, "C": {"x-gadfly-dangling": "https://example.org"}}),
            &["/components/schemas/A/items", "/components/schemas/C"],
        );
    }
}
