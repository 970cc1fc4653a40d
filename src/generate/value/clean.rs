//! The document's examples as a client would send them. Main function: [`without_read_only`].

use serde_json::Value;

use super::{settle, written};
use crate::scenario::Datum;
use crate::schema::{Document, NodeId};

/// How deep members are looked for; deeper ones are left as they are.
const DEEPEST: u32 = 16;

/// The value without the members that only a server sets.
pub(crate) fn without_read_only(document: &Document, node: NodeId, value: &Value) -> Datum {
    clean(document, node, value, DEEPEST)
}

fn clean(document: &Document, node: NodeId, value: &Value, depth: u32) -> Datum {
    if depth == 0 || !value.is_object() && !value.is_array() {
        return written(document, value);
    }
    let rules = document.constraints(settle(document, node, value));
    match value {
        Value::Object(members) => {
            let is_kept = |name: &str| rules.object.property(name).is_none_or(|property| !property.read_only);
            let member = |(name, value): (&String, &Value)| {
                let node = rules.object.member(name).unwrap_or(NodeId::ANY);
                (name.clone(), clean(document, node, value, depth - 1))
            };
            Datum::Object(members.iter().filter(|(name, _)| is_kept(name)).map(member).collect())
        }
        Value::Array(items) => {
            let item = |(index, value): (usize, &Value)| {
                clean(document, rules.array.item(index).unwrap_or(NodeId::ANY), value, depth - 1)
            };
            Datum::Array(items.iter().enumerate().map(item).collect())
        }
        scalar => written(document, scalar),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Schema;

    #[test]
    fn what_only_a_server_sets_is_taken_out() {
        let schema = Schema::standalone(json!({"properties": {
            "id": {"readOnly": true}, "items": {"items": {"properties": {"at": {"readOnly": true}}}}
        }}));
        let example = json!({"id": 1, "name": "n", "items": [{"at": 1, "b": 2}]});
        let cleaned = without_read_only(schema.document(), schema.node(), &example);
        assert_eq!(cleaned.to_value(), Some(json!({"name": "n", "items": [{"b": 2}]})));
    }
}
