//! Values that break a rule which only a validator can judge. Main function: [`broken`].

use std::sync::Arc;

use arbitrary::Unstructured;

use super::breaks::breaks;
use super::make::change;
use crate::generate::clause::{Judge, Site, plain, with, without};
use crate::generate::plan::{apply, spots};
use crate::generate::value::several;
use crate::scenario::Datum;
use crate::schema::{Clause, NodeId, Pattern, Variation};

/// How many values are tried.
const MOST: usize = 200;

/// Names that few rules for names allow.
const NAMES: [&str; 6] = ["gadfly_undeclared", "", "A", "0", "\u{e9}'\"<>%s{{7*7}}", "gadfly-undeclared"];
/// The length of a name that is to be too long.
const LONG_NAME: usize = 300;

/// A value that breaks the clause and nothing else of its schema, `None` if none was found.
pub(super) fn broken(site: &Site<'_>) -> Option<Datum> {
    let judge = Judge::new(site.part.schema.document(), site.clause)?;
    near(site, &judge).into_iter().take(MOST).find(|value| judge.is_broken(value))
}

/// What was done, in words.
pub(super) fn words(clause: &Clause) -> String {
    let subject = clause.subject.as_deref().unwrap_or_default();
    match clause.keyword {
        "not" => "a value that `not` forbids".to_owned(),
        "then" => "what `if` asks for, and not what `then` does".to_owned(),
        "else" => "neither what `if` asks for nor what `else` does".to_owned(),
        "contains" => "no item that `contains` asks for".to_owned(),
        "minContains" => "one item too few of those that `contains` asks for".to_owned(),
        "maxContains" => "one item too many of those that `contains` asks for".to_owned(),
        "propertyNames" => "a member whose name is not allowed".to_owned(),
        "dependentRequired" => format!("with {subject:?}, and without what it requires"),
        "dependentSchemas" => format!("with {subject:?}, and not as that asks"),
        "patternProperties" => format!("a wrong value for a name that matches {subject:?}"),
        _ => "more than what is declared".to_owned(),
    }
}

/// Values that may break it.
fn near(site: &Site<'_>, judge: &Judge<'_>) -> Vec<Datum> {
    let clause = site.clause;
    let itself = clause.pointer();
    let (least, most) = judge.bounds();
    match (clause.keyword, &clause.subject) {
        ("not", _) => forbidden(site, &itself),
        ("then", _) => {
            let condition = clause.beside("if");
            let made = site.varied(&Variation { with: &[&condition], without: &[&itself], member: None });
            conditional(site, &itself, made)
        }
        ("else", _) => {
            let condition = clause.beside("if");
            let made = site.varied(&Variation { with: &[], without: &[&condition, &itself], member: None });
            conditional(site, &itself, made)
        }
        ("dependentSchemas", Some(subject)) => {
            let made = site.varied(&Variation { with: &[], without: &[&itself], member: Some(&**subject) });
            conditional(site, &itself, site.with_member(subject).into_iter().chain(made).collect())
        }
        ("dependentRequired", Some(subject)) => {
            let made = site.varied(&Variation { with: &[], without: &[], member: Some(&**subject) });
            let holders = site.with_member(subject).into_iter().chain(made);
            holders.flat_map(|holder| without_each(&holder, subject)).collect()
        }
        ("contains", _) => site.arrays(judge, 0),
        ("minContains", _) => site.arrays(judge, least.saturating_sub(1)),
        ("maxContains", _) => most.map(|most| site.arrays(judge, most.saturating_add(1))).unwrap_or_default(),
        ("propertyNames", _) => named(site),
        ("patternProperties", _) => {
            let name = site.matching_name();
            let wrong = |name: String| plain().map(|value| with(site.value, &name, value));
            let good = site.of_schema(&itself).into_iter().next();
            let whole = name.clone().zip(good).map(|(name, good)| with(site.value, &name, good));
            let below = |whole: Datum| name.as_deref().map(|name| beneath(site, &itself, name, &whole));
            let beneath = whole.and_then(below).unwrap_or_default();
            name.clone().map(wrong).into_iter().flatten().chain(beneath).collect()
        }
        ("unevaluatedProperties", _) => plain().map(|value| with(site.value, NAMES[0], value)).into(),
        _ => longer(site),
    }
}

/// What `not` asks for, as far as the rest allows.
fn forbidden(site: &Site<'_>, itself: &str) -> Vec<Datum> {
    let alone = site.of_schema(itself);
    let merged = alone.iter().filter_map(|other| {
        let (Datum::Object(_), Datum::Object(members)) = (site.value, other) else { return None };
        Some(members.iter().fold(site.value.clone(), |all, (name, value)| with(&all, name, value.clone())))
    });
    let merged: Vec<Datum> = merged.collect();
    let made = site.varied(&Variation { with: &[itself], without: &[], member: None });
    made.into_iter().chain(merged).chain(alone).collect()
}

/// These values, and those that come of breaking each rule of what is asked under a condition.
fn conditional(site: &Site<'_>, asked: &str, made: Vec<Datum>) -> Vec<Datum> {
    let bases: Vec<Datum> = made.iter().take(2).chain([site.value]).cloned().collect();
    let beneath = bases.iter().flat_map(|base| breaches(site, asked, base));
    let beneath: Vec<Datum> = beneath.collect();
    made.into_iter().chain(beneath).collect()
}

/// The value with each rule of the schema at a pointer broken in its turn.
fn breaches(site: &Site<'_>, pointer: &str, value: &Datum) -> Vec<Datum> {
    let Some(schema) = site.part.schema.document().schema(pointer) else { return Vec::new() };
    let mut out = Vec::new();
    for spot in spots(&schema, std::slice::from_ref(value)) {
        let Some(there) = value.at(&spot.pointer) else { continue };
        let mut kinds = breaks(site.part, &spot);
        // Of another type it would most likely break what stands around as well.
        kinds.sort_by_key(|(_, kind)| kind.is_of_type());
        for (_, kind) in kinds.into_iter().filter(|(_, kind)| !kind.is_clause()) {
            let mut changed = value.clone();
            let made = change(site.part, &spot, there, kind);
            let done = made.and_then(|made| apply(changed.at_mut(&spot.pointer)?, made.change));
            out.extend(done.map(|()| changed));
        }
    }
    out
}

/// The object with each rule for one of its members broken in its turn.
fn beneath(site: &Site<'_>, pointer: &str, name: &str, object: &Datum) -> Vec<Datum> {
    let Datum::Object(members) = object else { return Vec::new() };
    let there = members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let wrong = there.map(|value| breaches(site, pointer, value)).unwrap_or_default();
    wrong.into_iter().map(|value| with(object, name, value)).collect()
}

/// The object without one of its other members.
fn without_each(object: &Datum, kept: &str) -> Vec<Datum> {
    let Datum::Object(members) = object else { return Vec::new() };
    let others = members.iter().filter(|(name, _)| name != kept);
    others.map(|(name, _)| without(object, name)).collect()
}

/// The object with members of odd names.
fn named(site: &Site<'_>) -> Vec<Datum> {
    let Datum::Object(members) = site.value else { return Vec::new() };
    let document = site.part.document();
    let long = "a".repeat(LONG_NAME);
    let of_name = |name: &str| -> Datum {
        let node = document.constraints(site.spot.node).object.member(name);
        let made = node.and_then(|node| several(document, node, site.part.wire).into_iter().next());
        let there = members.first().map(|(_, value)| value.clone());
        with(site.value, name, made.or(there).unwrap_or_else(|| Datum::string("x")))
    };
    let rules = &document.constraints(site.spot.node).object;
    let of_pattern =
        |(pattern, _): &(Arc<Pattern>, NodeId)| pattern.sample(&mut Unstructured::new(&[]), LONG_NAME, LONG_NAME);
    let patterned: Vec<String> = rules.pattern_properties.iter().filter_map(of_pattern).collect();
    let names = NAMES.into_iter().chain([long.as_str()]).chain(patterned.iter().map(String::as_str));
    names.map(of_name).collect()
}

/// The array with one more item than there may be.
fn longer(site: &Site<'_>) -> Vec<Datum> {
    let Datum::Array(items) = site.value else { return Vec::new() };
    let document = site.part.document();
    let prefix = &document.constraints(site.spot.node).array.prefix;
    let missing = prefix.iter().skip(items.len());
    let first = |node: &NodeId| several(document, *node, site.part.wire).into_iter().next();
    let filled: Vec<Datum> = items.iter().cloned().chain(missing.filter_map(first)).collect();
    plain().into_iter().map(|extra| Datum::Array([filled.clone(), vec![extra]].concat())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::check;

    #[test]
    fn clauses_are_broken_alone() {
        let array = |clauses: Value| {
            let mut schema = json!({"type": "array", "items": {"type": "integer"}, "minItems": 1});
            schema.as_object_mut().unwrap().extend(clauses.as_object().unwrap().clone());
            schema
        };
        check(array(json!({"contains": {"minimum": 7}})), &[("contains", json!([1]))]);
        check(array(json!({"contains": {"minimum": 7}, "minContains": 2})), &[("minContains", json!([7, 1]))]);
        check(array(json!({"contains": {"const": 7}, "maxContains": 1})), &[("maxContains", json!([7, 7]))]);
        check(
            json!({"type": "array", "prefixItems": [{"type": "integer"}], "items": false}),
            &[("items", json!([1, "x"]))],
        );
        check(
            json!({"allOf": [{"type": "array", "prefixItems": [{"type": "integer"}]}], "unevaluatedItems": false}),
            &[("unevaluatedItems", json!([1, "x"]))],
        );
    }

    #[test]
    fn clauses_of_objects_are_broken_alone() {
        let object = |clauses: Value| {
            let mut schema = json!({"type": "object", "properties": {
                "a": {"type": "integer", "maximum": 9}, "b": {"type": "integer"}
            }});
            schema.as_object_mut().unwrap().extend(clauses.as_object().unwrap().clone());
            schema
        };
        check(
            object(json!({"propertyNames": {"maxLength": 9}})),
            &[("propertyNames", json!({"gadfly_undeclared": "a"}))],
        );
        check(object(json!({"dependentRequired": {"a": ["b"]}})), &[("dependentRequired", json!({"a": 1}))]);
        check(
            object(json!({"dependentSchemas": {"a": {"required": ["b"]}}})),
            &[("dependentSchemas", json!({"a": 1}))],
        );
        check(
            object(json!({"patternProperties": {"^x-": {"maximum": 3}}, "minProperties": 3})),
            &[("patternProperties", json!({"a": 1, "b": 1, "x-": 4}))],
        );
        check(
            object(json!({"unevaluatedProperties": {"type": "integer"}})),
            &[("unevaluatedProperties", json!({"gadfly_undeclared": "x"}))],
        );
        check(
            object(json!({"unevaluatedProperties": false})),
            &[("unevaluatedProperties", json!({"gadfly_undeclared": "x"}))],
        );
        check(object(json!({"not": {"required": ["c"]}})), &[("not", json!({"c": "a"}))]);
    }

    #[test]
    fn conditions_are_met_and_what_follows_is_broken() {
        let schema = json!({
            "type": "object", "required": ["kind"],
            "properties": {"kind": {"enum": ["card", "cash"]}, "number": {"type": "string"}, "till": {"type": "integer"}},
            "if": {"properties": {"kind": {"const": "card"}}},
            "then": {"required": ["number"]}, "else": {"properties": {"till": {"minimum": 5}}}
        });
        check(
            schema,
            &[("then", json!({"kind": "card"})), ("else", json!({"kind": "cash", "number": "a", "till": 1}))],
        );
    }
}
