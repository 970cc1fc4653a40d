//! What the view makes of schemas, as cases.

use serde_json::{Value, json};

use super::*;
use crate::schema::Digits;

fn view(schema: Value) -> Schema {
    Schema::standalone(schema)
}

#[test]
fn references_and_all_of_are_one_node() {
    let document = Document::new(json!({
        "s": {"allOf": [{"$ref": "#/base"}, {"required": ["name"], "properties": {"name": {"maxLength": 9}}}]},
        "base": {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string", "minLength": 2}}}
    }));
    let schema = document.schema("/s").unwrap();
    let object = &schema.constraints().object;
    let names: Vec<_> = object.properties.iter().map(|p| (&*p.name, p.required)).collect();
    assert_eq!(names, [("id", false), ("name", true)]);
    let name = document.constraints(object.property("name").unwrap().node);
    assert_eq!((name.types, name.string.min_length, name.string.max_length), (Types::STRING, 2, Some(9)));
    assert_eq!(schema.constraints().types, Types::OBJECT);
}

fn literal(number: u64) -> Literal {
    Literal::new(&number.into(), &Digits::default())
}

#[test]
fn limits_are_the_tightest() {
    let schema = view(json!({"minimum": 1, "allOf": [{"exclusiveMinimum": 1}, {"maximum": 5}, {"maximum": 3}]}));
    let rules = &schema.constraints().number;
    assert_eq!(rules.minimum, Some(Limit { value: literal(1), exclusive: true }));
    assert_eq!(rules.maximum, Some(Limit { value: literal(3), exclusive: false }));
}

#[test]
fn choices_are_nodes_that_include_the_rest() {
    let schema = view(json!({
        "properties": {"a": {}}, "oneOf": [{"required": ["b"]}, {"$ref": "#/$defs/C"}],
        "$defs": {"C": {"required": ["c"]}}
    }));
    let document = schema.document();
    let alternatives: Vec<Vec<String>> = schema
        .constraints()
        .alternatives
        .iter()
        .map(|node| document.constraints(*node).object.properties.iter().map(|p| p.name.to_string()).collect())
        .collect();
    assert_eq!(alternatives, [["a", "b"], ["a", "c"]]);
}

#[test]
fn two_choices_are_made_one_after_the_other() {
    let schema = view(json!({"anyOf": [{"minLength": 1}, {"minLength": 2}], "allOf": [{"oneOf": [{"maxLength": 3}]}]}));
    let document = schema.document();
    let first = document.constraints(schema.constraints().alternatives[1]);
    let second = document.constraints(first.alternatives[0]);
    assert_eq!((second.string.min_length, second.string.max_length), (2, Some(3)));
    assert!(second.alternatives.is_empty());
}

#[test]
fn a_discriminator_tags_its_branches() {
    let document = Document::new(json!({"components": {"schemas": {
        "Pet": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                "discriminator": {"propertyName": "kind", "mapping": {"d": "#/components/schemas/Dog"}}},
        "Cat": {"type": "object", "properties": {"kind": {"type": "string"}}}, "Dog": {"type": "object"}
    }}}));
    let pet = document.schema("/components/schemas/Pet").unwrap();
    let kinds: Vec<_> = pet.constraints().alternatives.iter().map(|node| kind(&document, *node)).collect();
    assert_eq!(kinds, [Some(vec![json!("Cat")]), Some(vec![json!("d")])]);
}

fn kind(document: &Document, node: NodeId) -> Option<Vec<Value>> {
    let property = document.constraints(node).object.property("kind")?;
    assert!(property.required);
    document.constraints(property.node).enumeration.clone()
}

#[test]
fn a_discriminator_is_inherited() {
    let document = Document::new(json!({"components": {"schemas": {
        "Base": {"type": "object", "discriminator": {"propertyName": "kind"}, "required": ["kind"],
                 "properties": {"kind": {"type": "string"}}},
        "One": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"x": {}}}]},
        "Two": {"allOf": [{"$ref": "#/components/schemas/Base"}]}
    }}}));
    let node = |name: &str| document.schema(&format!("/components/schemas/{name}")).unwrap();
    let base = node("Base");
    let kinds: Vec<_> = base.constraints().alternatives.iter().map(|node| kind(&document, *node)).collect();
    assert_eq!(kinds, [Some(vec![json!("One")]), Some(vec![json!("Two")])]);
    assert_eq!(kind(&document, node("Two").node()), Some(vec![json!("Two")]));
}

#[test]
fn circles_have_a_height_unless_endless() {
    let document = Document::new(json!({
        "tree": {"type": "object", "required": ["kids"], "properties": {"kids": {"type": "array", "items": {"$ref": "#/tree"}}}},
        "endless": {"type": "object", "required": ["me"], "properties": {"me": {"$ref": "#/endless"}}},
        "choice": {"oneOf": [{"$ref": "#/choice2"}, {"type": "string"}]},
        "choice2": {"type": "object", "required": ["c"], "properties": {"c": {"$ref": "#/choice"}}}
    }));
    let height = |pointer: &str| document.height(document.schema(pointer).unwrap().node(), 8);
    assert_eq!(height("/tree"), Some(1));
    assert_eq!(height("/endless"), None);
    assert_eq!(height("/choice"), Some(1));
    assert_eq!(height("/choice2"), Some(2));
}

#[test]
fn what_excludes_itself_is_impossible() {
    for schema in [
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"enum": [1], "type": "string"}),
        json!({"allOf": [{"const": 1}, {"const": 2}]}),
        json!({"type": "object", "required": ["a"], "properties": {"b": {}}, "additionalProperties": false}),
        json!({"type": "string", "minLength": 3, "maxLength": 2}),
        json!({"allOf": [{"type": "integer", "maximum": 2}, {"exclusiveMinimum": 2}]}),
        json!({"type": "array", "minItems": 2, "maxItems": 1}),
        json!({"type": "object", "required": ["a", "b"], "maxProperties": 1}),
        json!(false),
    ] {
        assert!(view(schema.clone()).constraints().impossible, "{schema}");
    }
}

#[test]
fn a_type_with_an_empty_range_leaves_the_others() {
    let schema =
        view(json!({"type": ["string", "integer"], "minLength": 3, "maxLength": 2, "minimum": 1, "maximum": 1}));
    let constraints = schema.constraints();
    assert!(!constraints.impossible);
    assert_eq!(constraints.types, Types::INTEGER);
    assert!(!view(json!({"minLength": 3, "maxLength": 2})).constraints().impossible);
}

#[test]
fn maps_prefixes_and_read_only_members_are_seen() {
    let schema = view(json!({
        "type": ["object", "array"], "additionalProperties": {"type": "integer"},
        "properties": {"id": {"readOnly": true}}, "patternProperties": {"^x-": {"type": "string"}},
        "prefixItems": [{"type": "string"}], "items": false
    }));
    let (constraints, document) = (schema.constraints(), schema.document());
    let types = |node: Option<NodeId>| node.map(|node| document.constraints(node).types);
    assert!(constraints.object.is_map && constraints.object.property("id").unwrap().read_only);
    assert_eq!(types(constraints.object.member("x-a")), Some(Types::STRING));
    assert_eq!(types(constraints.object.member("other")), Some(Types::INTEGER));
    assert_eq!(types(constraints.array.item(0)), Some(Types::STRING));
    assert_eq!(types(constraints.array.item(1)), None);
}

#[test]
fn untyped_schemas_prefer_what_they_speak_of() {
    for (schema, preferred) in [
        (json!({"properties": {"a": {}}}), Types::OBJECT),
        (json!({"maxLength": 3}), Types::STRING),
        (json!({"format": "int32"}), Types::NUMBER),
        (json!({"items": {}}), Types::ARRAY),
        (json!({}), Types::ANY),
    ] {
        assert_eq!(view(schema.clone()).constraints().preferred, preferred, "{schema}");
    }
}
