//! No input makes the reader panic, and what it makes of one is sound.

use proptest::prelude::*;

use super::*;

const SWAGGER: &str = r"
swagger: '2.0'
info: {title: t, version: '1'}
host: example.org
consumes: [application/json]
parameters: {P: {name: p, in: query, type: array, items: {type: string}, collectionFormat: multi}}
responses: {R: {description: d, schema: {$ref: '#/definitions/D'}}}
securityDefinitions: {b: {type: basic}}
paths:
  '/a/{id}':
    parameters: [{name: id, in: path, required: true, type: integer, minimum: 1, exclusiveMinimum: true}]
    post:
      security: [{b: []}]
      parameters: [{$ref: '#/parameters/P'}, {name: b, in: body, schema: {$ref: '#/definitions/D'}}]
      responses: {200: {$ref: '#/responses/R'}, default: {description: d, headers: {X: {type: string}}}}
definitions:
  D: {type: object, discriminator: k, required: [k], properties: {k: {type: string, enum: [a]}, d: {$ref: '#/definitions/D'}}}
";

/// Values that stand where they should not.
fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(0)),
        Just(json!(-1.5)),
        Just(json!("")),
        Just(json!("x")),
        Just(json!("file")),
        Just(json!("{")),
        Just(json!([])),
        Just(json!({})),
    ];
    let reference = prop_oneof![
        Just("#"),
        Just("#/"),
        Just("#/paths"),
        Just("#/paths/~1a"),
        Just("x.yaml"),
        Just("#x"),
        Just(""),
        Just("#/definitions/D"),
        Just("#/components/schemas/Pet"),
        Just("#/components/schemas/Pet/properties/parent"),
        Just("#/x-gadfly-files/a"),
        Just("%"),
        Just("#/%zz"),
    ];
    let reference = reference.prop_map(|target| json!({ "$ref": target }));
    let keyword = prop_oneof![
        Just("allOf"),
        Just("oneOf"),
        Just("items"),
        Just("properties"),
        Just("nullable"),
        Just("type"),
        Just("enum"),
        Just("get"),
        Just("parameters"),
        Just("content"),
        Just("schema"),
        Just("in"),
        Just("name"),
        Just("200"),
        Just("required"),
        Just("$ref"),
        Just("$id"),
        Just("$anchor"),
        Just("dependencies"),
        Just("discriminator"),
    ];
    prop_oneof![leaf, reference].prop_recursive(3, 12, 3, move |inner| {
        let members = proptest::collection::vec((keyword.clone(), inner.clone()), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::Array),
            members.prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => {
            map.iter()
                .for_each(|(key, member)| pointers(member, &format!("{at}/{}", crate::schema::escape_token(key)), out));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), out));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(loaded) = load_bytes("a", &bytes) {
            check_sound(&loaded);
        }
    }

    #[test]
    fn damaged_text_is_read_or_refused(
        is_old in any::<bool>(), start in any::<prop::sample::Index>(), length in 0..40_usize, put in "[-\\[\\]{}:,'\"&*!|>\t\n a#]{0,6}",
    ) {
        let text = if is_old { SWAGGER } else { PETS };
        let start = start.index(text.len());
        let end = (start + length).min(text.len());
        let damaged = format!("{}{put}{}", &text[..start], &text[end..]);
        if let Ok(loaded) = load_bytes("a.yaml", damaged.as_bytes()) {
            check_sound(&loaded);
        }
    }

    #[test]
    fn odd_values_anywhere_leave_a_sound_model(
        is_old in any::<bool>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), odd_value()), 1..4),
    ) {
        let mut root = text::parse(if is_old { SWAGGER } else { PETS }).unwrap().value;
        for (index, odd) in changes {
            let mut places = Vec::new();
            pointers(&root, "", &mut places);
            let place = root.pointer_mut(&places[index.index(places.len())]).expect("it was just listed");
            *place = odd;
        }
        if let Ok(loaded) = load_bytes("a.json", root.to_string().as_bytes()) {
            check_sound(&loaded);
        }
    }
}
