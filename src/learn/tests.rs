//! What is learned from answers, and what it does to cases.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::Operation;
use crate::generate::strategy::CaseStrategy;
use crate::generate::{Generators, standard};
use crate::scenario::encode::samples::operation;
use crate::scenario::{Argument, Body, Case, Content, Datum, GeneratorId, Intent, Provenance, proves_malformed};
use crate::schema::{Document, Format, NodeId, View};
use crate::seed::Seed;

/// Values as the engine has them: rank 6 stands above this module, so its few lines stand here once more.
struct Generated(Generators);

impl Ground for Generated {
    fn is_fixed(&self, operation: &Arc<Operation>, parameter: Option<usize>, pointer: &str) -> bool {
        self.0.is_fixed(operation, parameter, pointer)
    }

    fn argument(&self, operation: &Arc<Operation>, parameter: usize) -> Option<Datum> {
        self.0.good_argument(operation, parameter)
    }

    fn body(&self, operation: &Arc<Operation>) -> Option<Body> {
        self.0.good_body(operation)
    }

    fn value(&self, document: &Document, node: NodeId, seed: Seed) -> Option<Datum> {
        Generators::likely(document, node, seed)
    }
}

fn ground() -> Generated {
    Generated(standard(&Arc::default()))
}

fn described() -> Arc<Operation> {
    let header = json!({"name": "X-Version", "in": "header", "schema": {"type": "string"}});
    let limit = json!({"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}});
    let member = |name: &str| json!({"type": name});
    let body = json!({"type": "object", "required": ["name"], "properties": {
        "name": member("string"), "kind": member("string"), "size": member("integer"), "ref": member("string"),
        "legacy": member("string"), "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}},
        "short": {"type": "string", "maxLength": 3},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": member("string")}}},
    }});
    operation("POST", "/x", json!({"parameters": [header, limit], "body": {"application/json": {"schema": body}}}))
}

fn case(operation: &Arc<Operation>, body: &Value, arguments: &[(usize, Value)]) -> Case {
    let arguments = arguments.iter();
    Case {
        operation: Arc::clone(operation),
        arguments: arguments.map(|(parameter, v)| Argument { parameter: *parameter, value: Datum::from(v) }).collect(),
        headers: Vec::new(),
        body: Some(Body { media_type: "application/json".into(), content: Content::Value(Datum::from(body)) }),
        intent: Intent::Valid,
        provenance: Provenance { generator: GeneratorId("usual"), index: 3, seed: Seed::new(7) },
    }
}

fn complaint(text: &str, rule: Rule) -> Complaint {
    let spot = Spot::parse(text).unwrap();
    Complaint { place: spot.place, field: spot.tokens, rule }
}

fn body_of(case: &Case) -> Value {
    match &case.body.as_ref().unwrap().content {
        Content::Value(value) => value.to_value().unwrap(),
        Content::Raw(_) => panic!("no value"),
    }
}

/// What a body becomes once these rules were seen twice with it.
#[track_caller]
fn check(body: &Value, rules: &[(&str, Rule)], test: impl Fn(&Value) -> bool) {
    let operation = described();
    let mut learned = Learned::default();
    let mut case = case(&operation, body, &[]);
    for _ in 0..2 {
        assert!(!learned.shape(&mut case.clone(), &ground()), "it was seen once: {body}");
        let complaints: Vec<_> = rules.iter().map(|(place, rule)| complaint(place, rule.clone())).collect();
        learned.fold(&case, 422, &complaints);
    }
    learned.shape(&mut case, &ground());
    let shaped = body_of(&case);
    assert!(test(&shaped), "{body} became {shaped}; learned {:?}", learned.rules());
}

fn bound(value: f64, exclusive: bool) -> Bound {
    Bound { value, exclusive }
}

#[test]
fn valid_cases_keep_what_was_seen_twice() {
    let name = json!({"name": "a"});
    check(&name, &[("body/kind", Rule::Required)], |body| body["kind"].is_string());
    check(&name, &[("body/email", Rule::Required)], |body| body["email"].as_str().unwrap().contains('@'));
    check(&name, &[("body/kind", Rule::OneOf(vec![json!("gold")]))], |body| body["kind"] == "gold");
    check(&json!({"name": " "}), &[("body/name", Rule::Required)], |body| {
        !body["name"].as_str().unwrap().trim().is_empty()
    });
    check(&json!({"name": "a", "legacy": "b"}), &[("body/legacy", Rule::Forbidden)], |body| *body == name);
    check(&json!({"name": "a", "size": 3}), &[("body/size", Rule::Minimum(bound(10.0, true)))], |body| {
        body["size"] == 11
    });
    check(&json!({"name": "a", "size": 30}), &[("body/size", Rule::Maximum(bound(9.5, false)))], |body| {
        body["size"] == 9
    });
    check(&name, &[("body/name", Rule::MinLength(4))], |body| body["name"] == "aaaa");
    check(&json!({"name": "abcd"}), &[("body/name", Rule::MaxLength(2))], |body| body["name"] == "ab");
    check(&json!({"name": "a", "tags": []}), &[("body/tags", Rule::MinItems(2))], |body| {
        body["tags"].as_array().is_some_and(|tags| tags.len() == 2)
    });
    check(&name, &[("body/name", Rule::Pattern("^[A-Z]{4}$".into()))], |body| {
        body["name"].as_str().unwrap().len() == 4
    });
    check(&json!({"name": "a", "lines": [{}, {"sku": "b"}]}), &[("body/lines/0/sku", Rule::Required)], |body| {
        body["lines"][0]["sku"].is_string() && body["lines"][1]["sku"] == "b"
    });
    let uuid = Rule::Format(Format::Uuid);
    check(&json!({"name": "a", "ref": "b"}), &[("body/ref", uuid.clone())], |body| {
        body["ref"].as_str().unwrap().len() == 36
    });
    check(&name, &[("body/ref", Rule::Required), ("body/ref", uuid)], |body| body["ref"].as_str().unwrap().len() == 36);
}

#[test]
fn what_the_document_forbids_is_not_done() {
    let short = json!({"name": "a", "short": "abc"});
    check(&short, &[("body/short", Rule::MinLength(4))], |body| *body == short);
    check(&short, &[("body/name", Rule::Forbidden)], |body| *body == short);
    check(&short, &[("body/name", Rule::Type(Kind::Integer))], |body| *body == short);
}

#[test]
fn parameters_are_added_taken_out_and_changed() {
    let operation = described();
    let mut learned = Learned::default();
    let mut without = case(&operation, &json!({"name": "a"}), &[(0, json!("1"))]);
    let complaints = [
        complaint("query/limit", Rule::Required),
        complaint("query/limit", Rule::Minimum(bound(20.0, false))),
        complaint("header/x-version", Rule::Forbidden),
    ];
    for _ in 0..2 {
        learned.fold(&without, 400, &complaints);
    }
    assert!(learned.shape(&mut without, &ground()));
    let [Argument { parameter: 1, value }] = without.arguments.as_slice() else { panic!("{without:?}") };
    let limit = value.to_value().unwrap().as_i64().unwrap();
    assert!((20..=50).contains(&limit), "{limit}");
}

#[test]
fn only_valid_cases_teach_and_only_valid_cases_are_changed() {
    let operation = described();
    let mut learned = Learned::default();
    let mut hostile = case(&operation, &json!({"name": "a"}), &[]);
    hostile.intent = Intent::Hostile("sql");
    let complaints = [complaint("body/kind", Rule::Required)];
    (0..9).for_each(|_| learned.fold(&hostile, 422, &complaints));
    assert!(learned.rules().is_empty());
    let valid = case(&operation, &json!({"name": "a"}), &[]);
    (0..2).for_each(|_| learned.fold(&valid, 422, &complaints));
    assert_eq!(learned.rules().len(), 1);
    assert!(!learned.shape(&mut hostile, &ground()));
}

#[test]
fn what_is_contradicted_is_dropped_for_good() {
    let operation = described();
    let plain = case(&operation, &json!({"name": "a"}), &[]);
    let with = case(&operation, &json!({"name": "a", "kind": "b"}), &[]);
    let complaints = [complaint("body/kind", Rule::Required)];
    // A request that breaks the rule is accepted.
    let mut learned = Learned::default();
    (0..2).for_each(|_| learned.fold(&plain, 422, &complaints));
    assert_eq!(learned.rules().len(), 1);
    learned.fold(&plain, 200, &[]);
    (0..9).for_each(|_| learned.fold(&plain, 422, &complaints));
    assert!(learned.rules().is_empty());
    // The complaint goes on though the rule is kept.
    let mut learned = Learned::default();
    (0..2).for_each(|_| learned.fold(&plain, 422, &complaints));
    (0..2).for_each(|_| learned.fold(&with, 422, &complaints));
    assert_eq!(learned.rules().len(), 1);
    learned.fold(&with, 422, &complaints);
    assert!(learned.rules().is_empty());
}

#[test]
fn rules_of_an_earlier_run_are_weaker() {
    let operation = described();
    let mut learned = Learned::default();
    let place = Spot::parse("body/kind").unwrap();
    learned.remember(vec![LearnedRule { operation: "POST /x".into(), place, rule: Rule::Required }]);
    let mut plain = case(&operation, &json!({"name": "a"}), &[]);
    assert!(learned.shape(&mut plain, &ground()));
    learned.fold(&plain, 422, &[complaint("body/kind", Rule::Required)]);
    assert!(learned.rules().is_empty());
}

/// What is learned when a request with a field is refused so often without a word, and one without it is accepted.
fn blamed(refusals: u32, is_accepted_with: bool) -> Vec<String> {
    let operation = described();
    let with = case(&operation, &json!({"name": "a", "legacy": "b"}), &[(0, json!("1"))]);
    let without = case(&operation, &json!({"name": "a"}), &[]);
    let mut learned = Learned::default();
    learned.fold(&without, 200, &[]);
    (0..refusals).for_each(|_| learned.fold(&with, 400, &[]));
    if is_accepted_with {
        learned.fold(&with, 200, &[]);
    }
    learned.rules().iter().map(|rule| format!("{} {}", rule.place, rule.rule)).collect()
}

#[test]
fn optional_fields_that_only_ever_fail_are_left_out() {
    assert!(blamed(3, false).is_empty());
    assert_eq!(blamed(4, false), ["header/X-Version must not be there", "body/legacy must not be there"]);
    assert!(blamed(4, true).is_empty());
}

#[test]
fn a_parameter_that_fails_in_all_operations_is_left_out_of_those_that_were_never_sent_with_it() {
    let header = json!({"name": "X-Version", "in": "header", "schema": {"type": "string"}});
    let operations = ["/a", "/b", "/c"].map(|path| operation("GET", path, json!({"parameters": [header]})));
    let with = |index: usize| Case { body: None, ..case(&operations[index], &json!(0), &[(0, json!("1"))]) };
    let without = |index: usize| Case { body: None, ..case(&operations[index], &json!(0), &[]) };
    let mut learned = Learned::default();
    learned.fold(&without(0), 204, &[]);
    (0..2).for_each(|_| learned.fold(&with(0), 400, &[]));
    (0..2).for_each(|_| learned.fold(&with(1), 400, &[]));
    // The header is to blame in the third one as well, before it was ever sent there.
    learned.fold(&without(2), 422, &[]);
    let operations: Vec<_> = learned.rules().into_iter().map(|rule| rule.operation).collect();
    assert_eq!(operations, ["GET /b", "GET /c"]);
}

#[test]
fn refusals_that_something_else_explains_blame_nobody() {
    let operation = described();
    let mut learned = Learned::default();
    let refused = case(&operation, &json!({"name": "a", "legacy": "b"}), &[]);
    (0..9).for_each(|_| learned.fold(&refused, 422, &[complaint("body/kind", Rule::Required)]));
    learned.fold(&case(&operation, &json!({"name": "a", "kind": "c"}), &[]), 200, &[]);
    let rules: Vec<_> = learned.rules().iter().map(|rule| rule.place.to_string()).collect();
    assert_eq!(rules, ["body/kind"]);
}

#[test]
fn some_cases_go_out_as_they_were() {
    let operation = described();
    let mut learned = Learned::default();
    let plain = case(&operation, &json!({"name": "a"}), &[]);
    (0..2).for_each(|_| learned.fold(&plain, 422, &[complaint("body/kind", Rule::Required)]));
    let shaped = (0..64).filter(|_| learned.shape(&mut plain.clone(), &ground())).count();
    assert_eq!(shaped, 60);
}

/// Any rule.
fn rule() -> impl Strategy<Value = Rule> {
    let value =
        prop_oneof![any::<i64>().prop_map(Value::from), any::<String>().prop_map(Value::from), Just(Value::Null)];
    let limit = (any::<f64>().prop_filter("finite", |value| value.is_finite()), any::<bool>())
        .prop_map(|(value, exclusive)| bound(value, exclusive));
    prop_oneof![
        Just(Rule::Required),
        Just(Rule::Forbidden),
        Just(Rule::NotBlank),
        prop::sample::select(vec![Kind::String, Kind::Integer, Kind::Number, Kind::Boolean, Kind::Array, Kind::Object])
            .prop_map(Rule::Type),
        prop::collection::vec(value, 1..4).prop_map(Rule::OneOf),
        limit.clone().prop_map(Rule::Minimum),
        limit.prop_map(Rule::Maximum),
        (0..200_u64).prop_map(Rule::MinLength),
        (0..200_u64).prop_map(Rule::MaxLength),
        (0..9_u64).prop_map(Rule::MinItems),
        (0..9_u64).prop_map(Rule::MaxItems),
        prop::sample::select(vec![Format::Uuid, Format::Email, Format::DateTime]).prop_map(Rule::Format),
        "\\^[a-z]{0,3}\\$".prop_map(Rule::Pattern),
    ]
}

fn place() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "body",
        "body/name",
        "body/kind",
        "body/size",
        "body/short",
        "body/tags",
        "body/tags/*",
        "body/lines/*/sku",
        "body/unheard",
        "query/limit",
        "header/X-Version",
    ])
}

proptest! {
    #[test]
    fn whatever_is_learned_the_result_conforms(
        tape in prop::collection::vec(any::<u8>(), 0..200),
        rules in prop::collection::vec((place(), rule()), 1..6),
    ) {
        let operation = described();
        let mut case = CaseStrategy::new(&operation).unwrap().case(&tape).unwrap();
        case.intent = Intent::Valid;
        let parts_conform = |case: &Case| {
            let body = operation.body.as_ref().unwrap().contents[0].schema.as_ref().unwrap();
            let is_valid_body = case.body.is_none() || body.conforms(View::Request, &body_of(case));
            is_valid_body && case.arguments.iter().all(|argument| {
                let schema = &operation.parameters[argument.parameter].schema;
                argument.value.to_value().is_some_and(|value| schema.conforms(View::Request, &value))
            })
        };
        prop_assume!(parts_conform(&case) && !proves_malformed(&case));
        let mut learned = Learned::default();
        let rules = rules.into_iter().map(|(place, rule)| LearnedRule {
            operation: "POST /x".into(), place: Spot::parse(place).unwrap(), rule,
        });
        learned.remember(rules.collect());
        let again = case.clone();
        learned.shape(&mut case, &ground());
        prop_assert!(parts_conform(&case) && !proves_malformed(&case), "{:?} became {:?}", again.body, case.body);
        let mut twin = again;
        learned.shape(&mut twin, &ground());
        prop_assert_eq!((&case.body, &case.arguments), (&twin.body, &twin.arguments), "the same each time");
    }
}
