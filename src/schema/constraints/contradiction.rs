//! Why no value meets a schema, by an argument. Main type: [`Contradiction`].
//!
//! That no value was found proves nothing. What counts is what the rules say: types, values, limits, patterns and formats that
//! exclude each other, a member that must and may not be, a schema that requires itself. What the view knows only roughly is
//! taken to be met, so nothing is called impossible that is not.

use super::{Constraints, NodeId, Types, fits};
use crate::schema::pattern::Pattern;
use crate::schema::{Document, Format, Schema, View};

/// How many nodes one question may visit.
const FUEL: usize = 2_000;
/// How deep a value is followed.
const DEEPEST: usize = 60;
/// Bytes of the tape from which a text is drawn before the long way of excluding it.
const TAPE: [u8; 32] = [7; 32];

/// Why no value conforms, and where in the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The place within the value that can't be filled: a JSON pointer.
    pub at: String,
    /// Why, as what is said of the schema of that place.
    pub why: String,
}

impl Contradiction {
    fn here(why: impl Into<String>) -> Self {
        Self { at: String::new(), why: why.into() }
    }

    fn below(self, token: &str) -> Self {
        Self { at: format!("/{}{}", crate::schema::document::escape_token(token), self.at), why: self.why }
    }
}

impl std::fmt::Display for Contradiction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at.as_str() {
            "" => f.write_str(&self.why),
            at => write!(f, "{} at {at}", self.why),
        }
    }
}

impl Schema {
    /// Why no value of a request conforms. `None` says nothing: there may be one or not.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let mut prover = Prover { document: self.document(), fuel: FUEL, path: Vec::new(), open: Vec::new() };
        let found = prover.node(self.node(), 0)?;
        // A validator that had to leave something out accepts more than the rules say.
        self.validation(View::Request).problem().is_none().then_some(found)
    }
}

struct Prover<'a> {
    document: &'a Document,
    fuel: usize,
    /// The nodes around the one that is looked at, each with how deep its value lies.
    path: Vec<(NodeId, usize)>,
    /// Nodes against which nothing was found.
    open: Vec<NodeId>,
}

impl Prover<'_> {
    /// Why no value meets the node. `depth` says how deep in the whole it lies.
    fn node(&mut self, node: NodeId, depth: usize) -> Option<Contradiction> {
        if self.open.contains(&node) || depth > DEEPEST || self.fuel == 0 {
            return None;
        }
        if let Some((_, above)) = self.path.iter().find(|(known, _)| *known == node) {
            // Of two values of one node within each other the inner one is smaller, so there is no smallest. At the same
            // depth it is only a reference in a circle, which means nothing.
            return (depth > *above).then(|| Contradiction::here("it requires itself without end"));
        }
        self.fuel -= 1;
        self.path.push((node, depth));
        let mut rules = self.document.constraints(node);
        if rules.narrowed {
            // Mostly by a discriminator, of which a validator knows nothing.
            rules = self.document.constraints(self.document.untagged(node));
        }
        let found = self.rules(rules, depth);
        self.path.pop();
        if found.is_none() {
            self.open.push(node);
        }
        found
    }

    fn rules(&mut self, rules: &Constraints, depth: usize) -> Option<Contradiction> {
        if rules.narrowed {
            return None;
        }
        if rules.impossible {
            return Some(Contradiction::here(impossible(rules)));
        }
        if let Some(members) = &rules.enumeration
            && members
                .iter()
                .all(|member| is_scalar(member) && !(fits(self.document, rules, member) && has_shape(rules, member)))
        {
            return Some(Contradiction::here("none of its values meets its other keywords"));
        }
        self.all(rules.types.each(), |prover, single| prover.of_type(single, rules, depth)).or_else(|| {
            let alternatives = rules.alternatives.iter().copied();
            self.all(alternatives, |prover, node| prover.node(node, depth))
        })
    }

    /// The first of the contradictions, if there is one for each.
    fn all<T>(
        &mut self,
        several: impl Iterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Option<Contradiction>,
    ) -> Option<Contradiction> {
        let mut first = None;
        for one in several {
            let found = each(self, one)?;
            first.get_or_insert(found);
        }
        first
    }

    /// Why no value of this single type meets the rules.
    fn of_type(&mut self, single: Types, rules: &Constraints, depth: usize) -> Option<Contradiction> {
        match single {
            Types::OBJECT => self.object(rules, depth),
            Types::ARRAY => self.array(rules, depth),
            Types::STRING => has_no_text(rules)
                .then(|| Contradiction::here("no text has its pattern, its format and its length at once")),
            _ => None,
        }
    }

    fn object(&mut self, rules: &Constraints, depth: usize) -> Option<Contradiction> {
        if let Some(name) = &rules.object.barred {
            return Some(Contradiction::here(format!("it requires the member {name:?}, which may not be there")));
        }
        // What only a server sets may be required by one part and not by another.
        let due = rules.object.properties.iter().filter(|property| property.required && !property.read_only);
        due.into_iter().find_map(|property| Some(self.node(property.node, depth + 1)?.below(&property.name)))
    }

    fn array(&mut self, rules: &Constraints, depth: usize) -> Option<Contradiction> {
        let array = &rules.array;
        let due = array.min_items.min(array.prefix.len() + 1);
        (0..due).find_map(|index| match array.item(index) {
            Some(node) => Some(self.node(node, depth + 1)?.below(&index.to_string())),
            None => Some(Contradiction::here("it needs more items than there may be")),
        })
    }
}

fn impossible(rules: &Constraints) -> String {
    match &rules.object.barred {
        Some(name) => format!("it requires the member {name:?}, which may not be there"),
        None => "its keywords exclude each other".to_owned(),
    }
}

fn is_scalar(value: &serde_json::Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// The shape that the format asks texts for.
fn shape(rules: &Constraints) -> Option<&'static str> {
    rules.string.format.filter(|_| rules.string.is_format_judged).and_then(Format::shape)
}

/// Whether a value may be one of the format.
fn has_shape(rules: &Constraints, value: &serde_json::Value) -> bool {
    let Some((shape, text)) = shape(rules).zip(value.as_str()) else { return true };
    Pattern::new(shape).matches(text)
}

fn has_no_text(rules: &Constraints) -> bool {
    let shape = shape(rules);
    let rules = &rules.string;
    let (least, most) = (rules.min_length, rules.max_length);
    if rules.patterns.is_empty() {
        return false;
    }
    let is_found = shape.is_none() && {
        let first = &rules.patterns[0];
        let text = first.sample(&mut arbitrary::Unstructured::new(&TAPE), least, most.unwrap_or(usize::MAX));
        text.is_some_and(|text| rules.patterns.iter().all(|pattern| pattern.matches(&text)))
    };
    !is_found && Pattern::exclude_each_other(&rules.patterns, shape, least, most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Schemas in pairs: of the first there is no value, for that reason and at that place; of the second, which is nearly
    /// the same, there is this one.
    #[track_caller]
    fn check(impossible: &Value, (why, at): (&str, &str), possible: Value, value: &Value) {
        let found = Schema::standalone(impossible.clone()).contradiction();
        assert!(
            found.as_ref().is_some_and(|found| found.why.contains(why) && found.at == at),
            "{impossible} {found:?}"
        );
        let possible = Schema::standalone(possible);
        assert!(possible.conforms(View::Request, value), "{} {value}", possible.value());
        assert_eq!(possible.contradiction(), None, "{}", possible.value());
    }

    #[test]
    fn types_values_and_limits() {
        let apart = ("exclude each other", "");
        check(
            &json!({"type": "string", "allOf": [{"type": "integer"}]}),
            apart,
            json!({"type": "number", "allOf": [{"type": "integer"}]}),
            &json!(1),
        );
        check(&json!({"enum": ["a"], "const": "b"}), apart, json!({"enum": ["a", 1.0], "const": 1}), &json!(1));
        check(
            &json!({"type": "integer", "minimum": 3, "maximum": 2}),
            apart,
            json!({"minimum": 3, "maximum": 2}),
            &json!("x"),
        );
        check(
            &json!({"enum": ["ab", "c"], "pattern": "^b"}),
            ("none of its values", ""),
            json!({"enum": ["ab", "c"], "pattern": "b$"}),
            &json!("ab"),
        );
        check(
            &json!({"enum": ["20160128"], "format": "date"}),
            ("none of its values", ""),
            json!({"enum": ["20160128", 3], "format": "date"}),
            &json!(3),
        );
        check(
            &json!({"enum": ["a"], "not": {"const": "a"}}),
            apart,
            json!({"enum": ["a"], "not": {"const": "a", "minLength": 2}}),
            &json!("a"),
        );
    }

    #[test]
    fn patterns_formats_and_lengths() {
        let none = ("no text", "");
        let with = |format: &str, pattern: &str| json!({"type": "string", "format": format, "pattern": pattern});
        check(&with("date", "^[0-9]{8}$"), none, with("date", "^[0-9-]{10}$"), &json!("2024-02-29"));
        check(&with("uuid", "^[0-9a-f]{32}$"), none, with("x-own", "^[0-9a-f]{32}$"), &json!("0".repeat(32)));
        check(
            &with("email", r"^[a-z]+@[a-z]+\\.[a-z.]+$"),
            none,
            with("email", r"^[a-z]+@[a-z]+\.[a-z.]+$"),
            &json!("a@b.co"),
        );
        // A name that only some know is judged by nobody.
        check(&with("date-time", "^[0-9]+$"), none, with("timestamp", "^[0-9]+$"), &json!("12"));
        check(
            &json!({"type": "string", "pattern": "^[a-z]{3}$", "minLength": 4}),
            none,
            json!({"type": "string", "pattern": "[a-z]{3}$", "minLength": 4}),
            &json!("1abc"),
        );
        check(
            &json!({"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]}),
            none,
            json!({"type": ["string", "null"], "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]}),
            &json!(null),
        );
    }

    #[test]
    fn members_that_must_and_may_not_be() {
        let base = json!({"additionalProperties": false, "properties": {"a": {}}});
        let closed = |names: Value| {
            json!({"type": "object", "required": names, "properties": {"b": {}}, "allOf": [{"$ref": "#/$defs/base"}],
                "$defs": {"base": base}})
        };
        check(
            &closed(json!(["a", "b"])),
            ("\"b\", which may not be there", ""),
            closed(json!(["a"])),
            &json!({"a": 1}),
        );
        let within = |required: Value| json!({"type": "object", "required": required, "properties": {"p/q": false}});
        check(&within(json!(["p/q"])), ("may not be there", ""), within(json!([])), &json!({}));
        let deep = |types: Value| {
            json!({"type": "object", "required": ["a/b"], "properties": {"a/b": {
                "type": "array", "minItems": 1, "items": {"type": types, "enum": ["x"]}}}})
        };
        check(
            &deep(json!("integer")),
            ("exclude each other", "/a~1b/0"),
            deep(json!("string")),
            &json!({"a/b": ["x"]}),
        );
        check(
            &json!({"type": "array", "prefixItems": [{}], "items": false, "minItems": 2}),
            ("more items", ""),
            json!({"type": "array", "prefixItems": [{}], "items": false, "minItems": 1}),
            &json!([1]),
        );
    }

    #[test]
    fn alternatives_and_circles() {
        let choice = |second: &str| json!({"type": "string", "anyOf": [{"type": "null"}, {"type": second}]});
        check(&choice("integer"), ("exclude each other", ""), choice("string"), &json!("x"));
        let circle = |types: Value| json!({"type": types, "required": ["a"], "properties": {"a": {"$ref": "#"}}});
        check(&circle(json!("object")), ("without end", "/a"), circle(json!(["object", "null"])), &json!({"a": null}));
    }

    /// Small schemas of all keywords that arguments are made of.
    fn schemas() -> impl Strategy<Value = Value> {
        let scalar =
            || prop_oneof![Just(json!("a")), Just(json!("ab")), Just(json!(1)), Just(json!(1.0)), Just(json!(null))];
        let leaf = prop_oneof![
            Just(json!(true)),
            Just(json!(false)),
            scalar().prop_map(|value| json!({"const": value})),
            (scalar(), scalar()).prop_map(|(one, other)| json!({"enum": [one, other]})),
            prop::sample::select(vec!["string", "integer", "number", "object", "array", "null"])
                .prop_map(|name| json!({"type": name})),
            prop::sample::select(vec!["^a$", "b", "^.{2}$", "^(?!a)", r"^(.)\1$"])
                .prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
            (0..3, 0..3).prop_map(|(least, most)| json!({"type": "string", "minLength": least, "maxLength": most})),
            (0..3, 0..3)
                .prop_map(|(least, most)| json!({"type": "integer", "minimum": least, "exclusiveMaximum": most})),
            (0..3, 0..3).prop_map(|(least, most)| json!({"minItems": least, "maxItems": most})),
            prop::sample::select(vec!["a", "b"]).prop_map(|name| json!({"type": "object", "required": [name]})),
            Just(json!({"properties": {"a": {"readOnly": true}}})),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let keyword = prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]);
            let single =
                prop::sample::select(vec!["not", "items", "additionalProperties", "contains", "propertyNames"]);
            let pair = || (inner.clone(), inner.clone());
            prop_oneof![
                (keyword, pair()).prop_map(|(keyword, (one, other))| json!({keyword: [one, other]})),
                (single, inner.clone()).prop_map(|(keyword, held)| json!({keyword: held})),
                pair().prop_map(|(a, b)| json!({"type": "object", "required": ["a"], "properties": {"a": a, "b": b}})),
                pair().prop_map(|(a, rest)| json!({"properties": {"a": a}, "additionalProperties": rest})),
                pair().prop_map(
                    |(rest, held)| json!({"type": "array", "minItems": 2, "prefixItems": [held], "items": rest})
                ),
                (pair(), inner.clone())
                    .prop_map(|((condition, then), other)| json!({"if": condition, "then": then, "else": other})),
                pair().prop_map(|(held, other)| json!({"dependentSchemas": {"a": held}, "allOf": [other]})),
            ]
        })
    }

    /// Values of which a schema that is met at all mostly has one.
    fn values() -> Vec<Value> {
        let scalars = ["null", "true", "0", "1", "2", "1.5", r#""""#, r#""a""#, r#""ab""#, r#""bb""#];
        let mut all: Vec<Value> = scalars.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let plain = all.clone();
        all.extend([json!([]), json!({}), json!({"b": 1}), json!({"a": {"a": 1}}), json!({"a": []}), json!([[]])]);
        for one in &plain {
            all.extend([json!([one]), json!({"a": one}), json!({"a": one, "b": one})]);
            all.extend(plain.iter().map(|other| json!([one, other])));
        }
        all
    }

    proptest! {
        #[test]
        fn what_is_met_is_never_called_impossible(schema in schemas()) {
            let schema = Schema::standalone(schema);
            if let Some(found) = schema.contradiction() {
                let met: Vec<Value> =
                    values().into_iter().filter(|value| schema.conforms(View::Request, value)).collect();
                prop_assert!(met.is_empty(), "{} {found} {met:?}", schema.value());
            }
        }
    }

    #[test]
    fn discriminators_are_looked_through() {
        let choice = |required: Value| {
            json!({"additionalProperties": false, "anyOf": [{"$ref": "#/$defs/A"}], "discriminator": {"propertyName": "kind"},
                "$defs": {"A": {"type": "object", "required": required, "properties": {"kind": {"type": "string"}}}}})
        };
        check(&choice(json!(["kind"])), ("may not be there", ""), choice(json!([])), &json!({}));
    }

    #[test]
    fn what_is_known_only_roughly_is_no_argument() {
        let roughly = [
            json!({"properties": {"t": {"type": "string"}}, "if": {"properties": {"t": {"const": "a"}}}, "then": false}),
            json!({"oneOf": [{"$ref": "#/$defs/A"}], "discriminator": {"propertyName": "t"},
                "$defs": {"A": {"type": "object", "properties": {"t": {"type": "integer"}}}}}),
            json!({"type": "string", "pattern": "[z-a]", "maxLength": 2, "minLength": 3}),
        ];
        for schema in roughly {
            let schema = Schema::standalone(schema);
            assert_eq!(schema.contradiction(), None, "{}", schema.value());
        }
    }
}
