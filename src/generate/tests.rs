//! What holds of all generators.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scenario::encode::samples::operation;
use crate::scenario::{Intent, encode, proves_valid};

fn order() -> Value {
    json!({
        "parameters": [
            {"name": "id", "in": "path", "schema": {"type": "string", "format": "uuid"}},
            {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}, "explode": false},
            {"name": "filter", "in": "query", "style": "deepObject", "explode": true,
             "schema": {"type": "object", "properties": {"min": {"type": "integer"}, "name": {"type": "string"}}}},
            {"name": "X-Mode", "in": "header", "schema": {"enum": ["fast", "slow"]}},
            {"name": "session", "in": "cookie", "schema": {"type": "string"}}
        ],
        "body": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["n"], "properties": {
                "n": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string", "minLength": 1}}}}}
        },
        "components": {"schemas": {"Order": {
            "type": "object", "required": ["items", "customer"], "properties": {
                "id": {"type": "integer", "readOnly": true},
                "customer": {"type": "object", "required": ["email"], "properties": {
                    "email": {"type": "string", "format": "email"}, "note": {"type": ["string", "null"], "maxLength": 20}}},
                "items": {"type": "array", "minItems": 1, "maxItems": 9, "items": {
                    "type": "object", "required": ["sku", "count"], "properties": {
                        "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
                        "count": {"type": "integer", "minimum": 1, "maximum": 99}}}},
                "parent": {"$ref": "#/components/schemas/Order"},
                "state": {"enum": ["new", "paid"]}, "due": {"type": "string", "format": "date"}
            }
        }}}
    })
}

fn all_cases(seed: u64, each: u64) -> Vec<Case> {
    let operation = operation("PUT", "/orders/{id}", order());
    let cases = |generator: &Arc<dyn Generator>| {
        let count = generator.count(&operation).unwrap_or(each).min(each);
        (0..count).filter_map(|index| generator.case(&operation, index, Seed::new(seed))).collect::<Vec<_>>()
    };
    standard(&Arc::default()).all().iter().flat_map(cases).collect()
}

#[test]
fn the_same_seed_gives_the_same_requests() {
    let sent = |seed| all_cases(seed, 120).iter().map(|case| encode(case, "/v1")).collect::<Vec<_>>();
    assert_eq!(sent(7), sent(7));
    assert_ne!(sent(7), sent(8));
}

#[test]
fn what_is_called_valid_is_proved_valid_as_sent() {
    let all = all_cases(3, 400);
    let valid: Vec<&Case> = all.iter().filter(|case| case.intent.is_valid()).collect();
    assert!(valid.len() > 500, "{}", valid.len());
    for case in valid {
        let request = encode(case, "");
        let body = String::from_utf8_lossy(&request.body);
        assert!(proves_valid(case), "{:?} {} {body}", case.intent, request.target_text());
    }
}

#[test]
fn generators_have_names_of_their_own_and_all_intents_occur() {
    let generators = standard(&Arc::default());
    let mut names: Vec<&str> = generators.all().iter().map(|generator| generator.id().0).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), generators.all().len());
    let all = all_cases(1, 60);
    for word in ["valid", "boundary", "malformed", "hostile", "wire"] {
        assert!(all.iter().any(|case| case.intent.word() == word), "{word}");
    }
    assert!(all.iter().all(|case| case.provenance.seed == Seed::new(1)));
}

#[test]
fn indices_past_the_end_are_none() {
    let operation = operation("PUT", "/orders/{id}", order());
    for generator in standard(&Arc::default()).all() {
        if let Some(count) = generator.count(&operation) {
            assert!(generator.case(&operation, count, Seed::new(1)).is_none(), "{}", generator.id());
        }
    }
}

#[test]
fn operations_without_anything_have_one_plain_case() {
    let operation = operation("GET", "/health", json!({}));
    let generators = standard(&Arc::default());
    assert_eq!(generators.all()[0].count(&operation), Some(1));
    let case = generators.all()[0].case(&operation, 0, Seed::new(1)).unwrap();
    assert_eq!((case.intent.clone(), encode(&case, "/v1").target), (Intent::Valid, "/v1/health".into()));
}

#[test]
fn what_cannot_be_built_is_told() {
    let schema = json!({"type": "object", "required": ["me"], "properties": {"me": {"$ref": "#/body/application~1json/schema"}}});
    let operation = operation("POST", "/x", json!({"body": {"application/json": {"schema": schema}}}));
    let problems = unbuildable(&operation, &UserValues::default());
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("without end"), "{problems:?}");
}

/// An operation with one required parameter `p` of this place, style and schema.
fn with_parameter(place: &str, style: &str, explode: bool, schema: &Value) -> Arc<Operation> {
    let path = if place == "path" { "/x/{p}/y" } else { "/x" };
    let parameter =
        json!({"name": "p", "in": place, "required": true, "style": style, "explode": explode, "schema": schema});
    operation("GET", path, json!({"parameters": [parameter]}))
}

/// Every style, where it may stand, with values that it has a text for.
fn styles() -> Vec<Arc<Operation>> {
    let scalars = [
        json!({"type": "string", "minLength": 1}),
        json!({"type": "integer", "minimum": -5, "maximum": 70_000}),
        json!({"type": "boolean"}),
        json!({"type": "string", "format": "date-time"}),
    ];
    let word = json!({"type": "string", "minLength": 1, "pattern": "^[a-z]+$"});
    let list = json!({"type": "array", "minItems": 1, "items": word});
    let numbers = json!({"type": "array", "minItems": 1, "items": {"type": "number"}});
    let object = json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {
        "a": {"type": "integer"}, "b": word
    }});
    let composites = [list, numbers, object.clone()];
    let mut all = Vec::new();
    for (place, style) in [
        ("path", "simple"),
        ("path", "label"),
        ("path", "matrix"),
        ("query", "form"),
        ("header", "simple"),
        ("cookie", "form"),
    ] {
        for explode in [true, false] {
            all.extend(scalars.iter().map(|schema| with_parameter(place, style, explode, schema)));
            // Fractions hold the very mark that an exploded label puts between items, and an exploded matrix repeats
            // the names of members, not its own.
            let is_told_apart = |schema: &&Value| match (style, explode) {
                ("label", true) => !schema.to_string().contains("number"),
                ("matrix", true) => schema["type"] != "object",
                _ => true,
            };
            let told_apart = composites.iter().filter(is_told_apart);
            all.extend(told_apart.map(|schema| with_parameter(place, style, explode, schema)));
        }
    }
    for style in ["spaceDelimited", "pipeDelimited", "tabDelimited"] {
        all.extend(composites[..2].iter().map(|schema| with_parameter("query", style, false, schema)));
    }
    all.push(with_parameter("query", "deepObject", true, &object));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_encoded_in_any_style_is_decoded_as_valid(seed in any::<u64>()) {
        let generator = valid::Valid::new(Arc::default());
        for operation in styles() {
            let case = generator.case(&operation, seed, Seed::new(seed));
            let case = case.unwrap_or_else(|| panic!("no case of {:?}", operation.parameters));
            let target = encode(&case, "");
            prop_assert!(proves_valid(&case), "{:?} {:?} {:?}", operation.parameters[0], case.arguments, target);
            prop_assert!(!crate::scenario::proves_malformed(&case), "{:?}", case.arguments);
        }
    }

    #[test]
    fn malformed_cases_are_never_valid(seed in any::<u64>()) {
        let generator = malformed::Malformed::new(Arc::default());
        for operation in styles() {
            if let Some(case) = generator.case(&operation, seed, Seed::new(seed)) {
                prop_assert!(!proves_valid(&case), "{:?} {:?}", operation.parameters[0], case.arguments);
                prop_assert!(matches!(case.intent, Intent::Malformed(_)));
            }
        }
    }
}

#[test]
fn a_path_that_ends_before_its_parameter_is_never_called_valid() {
    let described = json!({"parameters": [{"name": "a?b", "in": "path", "schema": {"type": "integer"}}]});
    let operation = operation("GET", "/x/{a?b}", described);
    assert!(unbuildable(&operation, &UserValues::default())[0].contains("has no place in the path"));
    for generator in standard(&Arc::default()).all() {
        let cases = (0..20).filter_map(|index| generator.case(&operation, index, Seed::new(1)));
        assert!(cases.into_iter().all(|case| !case.intent.is_valid()), "{}", generator.id());
    }
}
