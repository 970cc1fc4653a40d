//! What is made of schemas.

use arbitrary::Unstructured;
use serde_json::{Value, json};

use super::*;
use crate::seed::Seed;

const HOW: How<'static> =
    How { optionals: Optionals::Drawn, hints: Hints::Sometimes, wire: Wire::Json, forced: &[], words: &[] };

fn made(schema: &Schema, how: How<'_>, index: u64) -> Option<Value> {
    let tape = Seed::new(1).child("tape", index).tape(512);
    conforming(schema, &mut Unstructured::new(&tape), how, 6).and_then(|datum| datum.to_value())
}

#[track_caller]
fn check(schema: Value) {
    let schema = Schema::standalone(schema);
    for index in 0..60 {
        let value = made(&schema, HOW, index);
        let conforms = |value: &Value| schema.conforms(View::Request, value);
        assert!(value.as_ref().is_none_or(conforms), "{} made {value:?}", schema.value());
        assert!(value.is_some(), "no value for {} of tape {index}", schema.value());
    }
    assert!(conforming(&schema, &mut Unstructured::new(&[]), HOW, 6).is_some(), "{}: empty tape", schema.value());
}

#[test]
fn scalars_conform() {
    for schema in [
        json!({"type": "integer", "minimum": -3, "exclusiveMaximum": 5}),
        json!({"type": "integer", "minimum": 7, "multipleOf": 5}),
        json!({"type": "integer", "multipleOf": 2.5, "maximum": 100}),
        json!({"type": "integer", "format": "int32"}),
        json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        json!({"type": "number", "multipleOf": 0.01, "minimum": 0.01, "maximum": 10}),
        json!({"type": "string", "minLength": 3, "maxLength": 5}),
        json!({"type": "string", "maxLength": 0}),
        json!({"type": "string", "pattern": "^[A-Z]{3}-\\d+$", "minLength": 8}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "format": "uuid"}),
        json!({"type": ["string", "null"], "minLength": 1}),
        json!({"enum": [1, "a", null]}),
        json!({"const": {"a": [1]}}),
        json!({"type": "boolean"}),
        json!({"not": {"const": "a"}, "type": "string", "minLength": 1}),
        json!({}),
        json!(true),
    ] {
        check(schema);
    }
}

#[test]
fn composites_conform() {
    for schema in [
        json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3}),
        json!({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true, "minItems": 3}),
        json!({"type": "array", "items": {"type": "integer"}, "uniqueItems": true, "minItems": 5}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 2}),
        json!({"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}}),
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
               "additionalProperties": false}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3}),
        json!({"type": "object", "patternProperties": {"^x-[a-z]+$": {"type": "string"}}, "additionalProperties": false,
               "minProperties": 1}),
        json!({"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "additionalProperties": {"type": "null"},
               "minProperties": 2}),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
               "dependentRequired": {"a": ["b"]}}),
        json!({"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 1}),
        json!({"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
                         {"type": "object", "required": ["a"], "properties": {"a": {"const": 2}}}]}),
        json!({"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string", "format": "email"}}]}),
        json!({"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "n": {"type": "integer"}},
               "required": ["kind"], "if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["n"]}}),
        json!({"type": "object", "properties": {"id": {"readOnly": true, "type": "integer"}}, "required": ["id"]}),
    ] {
        check(schema);
    }
}

#[test]
fn few_texts_of_a_pattern_are_of_the_format() {
    check(json!({"type": "string", "format": "date", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}));
    check(json!({"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$"}));
}

#[test]
fn what_is_optional_may_have_no_value() {
    let no_date = json!({"type": "string", "format": "date", "enum": ["20160128"]});
    for schema in [json!({"type": "array", "items": no_date}), json!({"type": "object", "properties": {"a": no_date}})]
    {
        let schema = Schema::standalone(schema);
        for index in 0..20 {
            let tape = Seed::new(index).tape(64);
            let made = valid_value(&schema, &mut Unstructured::new(&tape), 4).and_then(|datum| datum.to_value());
            assert!(made.as_ref().is_some_and(|value| schema.conforms(View::Request, value)), "{made:?}");
        }
    }
}

#[test]
fn circles_end() {
    check(json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {
        "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                       "next": {"$ref": "#/$defs/Tree"}}
    }}}));
    let endless = json!({"type": "object", "required": ["me"], "properties": {"me": {"$ref": "#"}}});
    assert_eq!(made(&Schema::standalone(endless), HOW, 0), None);
}

#[test]
fn read_only_members_are_not_sent() {
    let schema = Schema::standalone(json!({"type": "object", "properties": {
        "id": {"type": "integer", "readOnly": true}, "name": {"type": "string"}
    }}));
    let how = How { optionals: Optionals::All, ..HOW };
    assert_eq!(made(&schema, how, 0).unwrap().as_object().unwrap().keys().collect::<Vec<_>>(), ["name"]);
}

#[test]
fn hints_are_taken_unless_they_are_nonsense() {
    let schema = Schema::standalone(json!({"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": "string", "example": "known"}, "b": {"type": "integer", "example": "nonsense"}
    }}));
    let how = How { hints: Hints::All, ..HOW };
    let value = made(&schema, how, 0).unwrap();
    assert_eq!(value["a"], "known");
    assert!(value["b"].is_i64());
}

#[test]
fn what_cannot_be_told_on_the_wire_is_not_made() {
    let schema = Schema::standalone(json!({"type": ["array", "null"], "items": {"type": ["string", "null"]}}));
    let path = Schema::standalone(json!({"type": "string"}));
    for index in 0..100 {
        let value = made(&schema, How { wire: Wire::Pairs, ..HOW }, index).unwrap();
        assert!(
            value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_string)),
            "{value}"
        );
        let text = made(&path, How { wire: Wire::Path, ..HOW }, index).unwrap();
        assert!(text::stands_in_path(text.as_str().unwrap()), "{text}");
    }
}

#[test]
fn the_same_tape_gives_the_same_value_and_an_empty_one_the_plainest() {
    let schema = Schema::standalone(json!({"type": "object", "required": ["n", "s"], "properties": {
        "n": {"type": "integer"}, "s": {"type": "string"}, "o": {"type": "string"}
    }}));
    let tape = Seed::new(5).tape(64);
    let make = |tape: &[u8]| valid_value(&schema, &mut Unstructured::new(tape), 4).unwrap();
    assert_eq!(make(&tape), make(&tape));
    assert_eq!(make(&[]).to_value(), Some(json!({"n": 1, "s": "a"})));
}

#[test]
fn an_object_that_may_not_be_is_not_made_where_other_types_are_allowed() {
    // Found by fuzzing: what was made was called valid without a look, since no keyword here needs one.
    for barred in
        [json!({"required": ["a"], "additionalProperties": false}), json!({"minProperties": 3, "maxProperties": 1})]
    {
        let schema = Schema::standalone(barred);
        for index in 0..40 {
            let tape = Seed::new(index).tape(64);
            if let Some(made) = valid_value(&schema, &mut Unstructured::new(&tape), 3) {
                assert!(schema.conforms(View::Request, &made.to_value().unwrap()), "{made:?}");
            }
        }
    }
}

#[test]
fn alternatives_that_overlap_are_met_one_at_a_time_where_that_can_be() {
    // A value without `kind` meets both.
    let tagged =
        |kind: &str| json!({"type": "object", "properties": {"n": {"type": "integer"}, "kind": {"enum": [kind]}}});
    check(json!({"oneOf": [tagged("card"), tagged("cash")]}));
    // What meets the second meets the first.
    let first = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}});
    check(json!({"oneOf": [first, {"allOf": [first, {"required": ["b"], "properties": {"b": {"type": "string"}}}]}]}));
}

#[test]
fn a_format_of_one_length_has_a_text_of_that_length() {
    let schema = Schema::standalone(json!({"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36}));
    let made = |length: usize| {
        let exact = Exact::Length(length);
        exactly(schema.document(), schema.node(), &mut Unstructured::new(&[]), HOW, exact, 1)
    };
    assert!(made(36).is_some_and(|text| schema.conforms(View::Request, &text.to_value().unwrap())));
    assert_eq!(made(35), None);
}

#[test]
fn a_moment_has_as_many_decimals_as_there_is_room_for() {
    for length in [20, 22, 25, 40] {
        check(json!({"type": "string", "format": "date-time", "minLength": length, "maxLength": length}));
    }
}
