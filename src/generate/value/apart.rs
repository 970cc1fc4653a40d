//! Values of one branch of a `oneOf` that are of no other branch. Main function: [`Maker::apart`].
//!
//! Branches that differ in optional members only overlap in every usual value. What breaks the others without breaking its own
//! tells them apart: a member of another branch with a value that the other does not allow, or a value of its own that the
//! other does not have. What comes out looks right by the rules; whether it is, the validator says.

use serde_json::{Value, json};

use super::{Maker, Wire, fits};
use crate::scenario::Datum;
use crate::schema::{NodeId, Types};

/// How often a value is drawn anew before it is changed.
const DRAWS: usize = 4;
/// How many changes one value may need.
const CHANGES: usize = 16;

impl Maker<'_, '_> {
    /// A value of the branch that looks like one of no other branch.
    pub(super) fn apart(&mut self, own: NodeId, all: &[NodeId], name: Option<&str>, depth: u32) -> Option<Datum> {
        // A validator knows no discriminator: the value that it names tells nothing.
        let others: Vec<NodeId> =
            all.iter().filter(|node| **node != own).map(|node| self.document.untagged(*node)).collect();
        let mut made = None;
        for _ in 0..DRAWS {
            let drawn = self.value(own, name, depth)?;
            let value = drawn.to_value()?;
            if !others.iter().any(|other| self.is_of(*other, &value)) {
                return Some(drawn);
            }
            made.get_or_insert(drawn);
        }
        let mut made = made?;
        for _ in 0..CHANGES {
            let value = made.to_value()?;
            let Some(other) = others.iter().find(|other| self.is_of(**other, &value)) else { return Some(made) };
            made = self.broken(made, own, *other, depth)?;
        }
        None
    }

    fn is_of(&self, node: NodeId, value: &Value) -> bool {
        fits(self.document, self.document.constraints(node), value)
    }

    /// The value changed in one member, so that it looks like one of its own node still and like none of the other.
    fn broken(&mut self, made: Datum, own: NodeId, other: NodeId, depth: u32) -> Option<Datum> {
        let Datum::Object(members) = made else { return None };
        let (document, other_rules) = (self.document, self.document.constraints(other));
        let own_rules = document.constraints(own);
        let is_declared = |name: &str| own_rules.object.property(name).is_some();
        // What the own branch does not know means nothing there, so it goes first.
        let mut properties: Vec<_> = other_rules.object.properties.iter().collect();
        properties.sort_by_key(|property| is_declared(&property.name));
        let settled = |name: &str, value: Datum| {
            let mut changed: Vec<_> = members.iter().filter(|(known, _)| known != name).cloned().collect();
            changed.push((name.to_owned(), value));
            Datum::Object(changed)
        };
        for property in properties {
            let Some(node) = own_rules.object.member(&property.name) else { continue };
            let against = self.against(node, property.node, &property.name, depth);
            let changed = against.map(|value| settled(&property.name, value));
            if let Some(changed) = changed.filter(|changed| self.is_told(changed, own, other)) {
                return Some(changed);
            }
        }
        let stranger = settled("extra", Datum::Bool(true));
        self.is_told(&stranger, own, other).then_some(stranger)
    }

    fn is_told(&self, changed: &Datum, own: NodeId, other: NodeId) -> bool {
        changed.to_value().is_some_and(|value| self.is_of(own, &value) && !self.is_of(other, &value))
    }

    /// A value of a node that is none of another one.
    fn against(&mut self, own: NodeId, other: NodeId, name: &str, depth: u32) -> Option<Datum> {
        let types = self.document.constraints(other).types;
        // Where everything is text, whatever is written is read as one.
        if self.how.wire != Wire::Json && types.overlaps(Types::STRING) {
            return None;
        }
        let plain = [json!(true), json!(1), json!("text"), json!([]), json!({}), json!(null)];
        let usable = &plain[..if self.how.wire == Wire::Json { plain.len() } else { 3 }];
        let is_apart = |maker: &Self, value: &Value| maker.is_of(own, value) && !maker.is_of(other, value);
        if let Some(value) = usable.iter().find(|value| is_apart(self, value)) {
            return Some(Datum::from(value));
        }
        (0..DRAWS).find_map(|_| {
            let drawn = self.value(own, Some(name), depth.saturating_sub(1))?;
            is_apart(self, &drawn.to_value()?).then_some(drawn)
        })
    }
}

#[cfg(test)]
mod tests {
    use arbitrary::Unstructured;
    use serde_json::json;

    use super::super::valid_value;
    use super::*;
    use crate::schema::{Schema, View};
    use crate::seed::Seed;

    /// Values are found of the schema, from every tape; and there are several.
    #[track_caller]
    fn check(schema: Value) {
        let schema = Schema::standalone(schema);
        let mut seen: Vec<Value> = Vec::new();
        for index in 0..20 {
            let tape = Seed::new(index).tape(512);
            let made = valid_value(&schema, &mut Unstructured::new(&tape), 6);
            let value = made.and_then(|datum| datum.to_value());
            let value = value.unwrap_or_else(|| panic!("no value of {}", schema.value()));
            assert!(schema.conforms(View::Request, &value), "{value}");
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        assert!(seen.len() > 1, "{seen:?}");
    }

    fn object(members: &[&str]) -> Value {
        let properties = members.iter().map(|name| ((*name).to_owned(), json!({"type": "string"})));
        json!({"type": "object", "properties": properties.collect::<serde_json::Map<_, _>>()})
    }

    #[test]
    fn branches_that_differ_in_what_is_optional() {
        check(json!({"oneOf": [object(&["a", "b"]), object(&["a", "c"])]}));
        check(json!({"oneOf": [object(&["a"]), object(&["b"]), object(&["c"]), object(&["d"])]}));
        check(json!({"oneOf": [object(&["a"]), {"allOf": [object(&["a"]), object(&["b"])]}]}));
        let discriminator = json!({"propertyName": "kind", "mapping": {"x": "#/$defs/X", "y": "#/$defs/Y"}});
        let branch = |name: &str| json!({"allOf": [object(&["kind", name]), {"required": ["kind"]}]});
        check(json!({"oneOf": [{"$ref": "#/$defs/X"}, {"$ref": "#/$defs/Y"}], "discriminator": discriminator,
            "$defs": {"X": branch("a"), "Y": branch("b")}}));
    }

    #[test]
    fn branches_within_and_equal_ones() {
        let choice = json!({"oneOf": [object(&["a"]), object(&["a"]), object(&["b"])]});
        check(json!({"type": "object", "required": ["list"], "properties": {
            "list": {"type": "array", "minItems": 1, "items": choice}}}));
    }

    #[test]
    fn branches_that_an_undeclared_member_tells_apart() {
        let closed = json!({"type": "object", "additionalProperties": false, "properties": {"a": {"type": "string"}}});
        check(json!({"oneOf": [closed, object(&["a"])]}));
    }

    #[test]
    fn equal_branches_have_no_value_and_none_is_made_up() {
        let schema = Schema::standalone(json!({"oneOf": [object(&["a"]), object(&["a"])]}));
        let tape = Seed::new(1).tape(512);
        assert_eq!(valid_value(&schema, &mut Unstructured::new(&tape), 6), None);
    }
}
