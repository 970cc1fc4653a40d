//! Rules of a node that are known only by where they stand, since the view has no field for what they ask. Main type:
//! [`Clause`].
//!
//! A clause tells that there is a rule and of what it is; whether a value keeps it is a matter for a validator.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Types;
use crate::schema::document::escape_token;

/// A keyword that is no field of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The keyword; `then` and `else` for the two sides of `if`.
    pub keyword: &'static str,
    /// The member or the pattern of names that it begins with, if it is about one.
    pub subject: Option<Arc<str>>,
    /// Its name among the clauses of the node with this keyword: the subject, and where it stands if it is not the first.
    pub label: Option<String>,
    /// JSON pointer of the schema in which it stands.
    pub schema: Arc<str>,
    /// The types of which a value must be to be judged by it.
    pub types: Types,
    /// Whether a value can show that it keeps it: a member that may not be shows nothing.
    pub can_be_kept: bool,
    /// Whether a value can break it.
    pub can_be_broken: bool,
}

impl Clause {
    /// JSON pointer of what the keyword holds.
    pub fn pointer(&self) -> String {
        let subject = self.subject.as_deref().map(|subject| format!("/{}", escape_token(subject)));
        format!("{}/{}{}", self.schema, self.keyword, subject.unwrap_or_default())
    }

    /// JSON pointer of what stands under another keyword of the same schema.
    pub fn beside(&self, keyword: &str) -> String {
        format!("{}/{keyword}", self.schema)
    }

    /// The schema in which it stands without what it asks for.
    pub(crate) fn removed_from(&self, schema: &Value) -> Value {
        let mut rest = schema.clone();
        let Value::Object(keywords) = &mut rest else { return rest };
        match (&self.subject, keywords.get_mut(self.keyword)) {
            (Some(pattern), Some(Value::Object(members))) if self.keyword == "patternProperties" => {
                // Without the pattern its members would count as undeclared.
                members.insert(pattern.to_string(), Value::Bool(true));
            }
            (Some(subject), Some(Value::Object(members))) => drop(members.shift_remove(&**subject)),
            _ => drop(keywords.shift_remove(self.keyword)),
        }
        if self.keyword == "contains" {
            keywords.retain(|keyword, _| keyword != "minContains" && keyword != "maxContains");
        }
        rest
    }
}

type Schemas<'a> = [(Arc<str>, &'a Map<String, Value>)];

/// The clauses of these schemas, which a node is the intersection of.
pub(super) fn clauses(schemas: &Schemas<'_>) -> Vec<Clause> {
    let mut out = Vec::new();
    let mut known = BTreeSet::new();
    for (pointer, schema) in schemas {
        // What stands in a condition is asked of nothing: that it is not met is as good.
        if pointer.ends_with("/if") {
            continue;
        }
        let mut add = |keyword: &'static str, subject: Option<&str>, types: Types, held: Option<&Value>| {
            let is_new = known.insert((keyword, subject.map(str::to_owned)));
            let place = (!is_new).then(|| format!("#{pointer}"));
            let label: Vec<&str> = subject.into_iter().chain(place.as_deref()).collect();
            let clause = Clause {
                keyword,
                subject: subject.map(Into::into),
                label: (!label.is_empty()).then(|| label.join(" ")),
                schema: Arc::clone(pointer),
                types,
                can_be_kept: held != Some(&Value::Bool(false)),
                can_be_broken: !held.is_some_and(asks_nothing),
            };
            if clause.can_be_kept || clause.can_be_broken {
                out.push(clause);
            }
        };
        of_any_value(schema, &mut add);
        of_arrays(schema, &mut add);
        of_objects(schema, &mut add);
    }
    out
}

/// Takes a keyword, its subject, the types that it judges, and the schema that it holds if that is what it asks for.
type Add<'a> = dyn FnMut(&'static str, Option<&str>, Types, Option<&Value>) + 'a;

fn of_any_value(schema: &Map<String, Value>, add: &mut Add<'_>) {
    if schema.contains_key("not") {
        add("not", None, Types::ANY, None);
    }
    for keyword in ["then", "else"] {
        if let Some(held) = schema.get(keyword).filter(|_| schema.contains_key("if")) {
            add(keyword, None, Types::ANY, Some(held));
        }
    }
}

fn of_arrays(schema: &Map<String, Value>, add: &mut Add<'_>) {
    let size = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    if schema.contains_key("contains") {
        let least = size("minContains").unwrap_or(1.0);
        if least > 0.0 {
            add("contains", None, Types::ARRAY, None);
        }
        if least > 1.0 {
            add("minContains", None, Types::ARRAY, None);
        }
        if size("maxContains").is_some() {
            add("maxContains", None, Types::ARRAY, None);
        }
    }
    // A schema for items is kept and broken item by item; that there may be none is a rule of the array.
    if schema.get("items") == Some(&Value::Bool(false)) {
        add("items", None, Types::ARRAY, None);
    }
    if schema.get("unevaluatedItems").is_some_and(|held| !asks_nothing(held)) {
        add("unevaluatedItems", None, Types::ARRAY, None);
    }
}

fn of_objects(schema: &Map<String, Value>, add: &mut Add<'_>) {
    if let Some(held) = schema.get("propertyNames").filter(|held| !asks_nothing_of_names(held)) {
        add("propertyNames", None, Types::OBJECT, Some(held));
    }
    if let Some(held) = schema.get("unevaluatedProperties").filter(|held| held.is_object()) {
        add("unevaluatedProperties", None, Types::OBJECT, Some(held));
    }
    for (keyword, is_schema) in [("dependentRequired", false), ("dependentSchemas", true), ("patternProperties", true)]
    {
        for (subject, held) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            if is_schema || held.as_array().is_some_and(|names| !names.is_empty()) {
                add(keyword, Some(subject), Types::OBJECT, Some(held).filter(|_| is_schema));
            }
        }
    }
}

/// Whether every value meets a schema by the look of it.
pub(super) fn asks_nothing(schema: &Value) -> bool {
    match schema {
        Value::Bool(flag) => *flag,
        Value::Object(keywords) => keywords.keys().all(|keyword| is_idle(keyword)),
        _ => false,
    }
}

/// Whether every name meets a schema: names are texts anyway.
fn asks_nothing_of_names(schema: &Value) -> bool {
    let is_text = |keywords: &Map<String, Value>| keywords.get("type").and_then(Value::as_str) == Some("string");
    let is_idle = |keyword: &String| keyword == "type" || is_idle(keyword);
    asks_nothing(schema) || schema.as_object().is_some_and(|all| is_text(all) && all.keys().all(is_idle))
}

/// Whether a keyword says nothing about values.
pub(super) fn is_idle(keyword: &str) -> bool {
    let notes = ["title", "description", "default", "example", "examples", "deprecated", "$comment"];
    notes.contains(&keyword) || keyword.starts_with("x-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::Schema;

    /// Keyword and label of each clause, and which of its sides there are.
    #[track_caller]
    fn check(schema: serde_json::Value, expected: &[(&str, Option<&str>, &str)]) {
        let schema = Schema::standalone(schema);
        let sides = |kept, broken| match (kept, broken) {
            (true, true) => "both",
            (true, false) => "kept",
            _ => "broken",
        };
        let clauses = &schema.constraints().clauses;
        let found: Vec<_> = clauses
            .iter()
            .map(|clause| (clause.keyword, clause.label.as_deref(), sides(clause.can_be_kept, clause.can_be_broken)))
            .collect();
        assert_eq!(found, expected, "{}", schema.value());
    }

    #[test]
    fn what_the_view_has_no_field_for_is_a_clause() {
        check(json!({"not": {"type": "null"}}), &[("not", None, "both")]);
        check(
            json!({"contains": {}, "minContains": 2, "maxContains": 3}),
            &[("contains", None, "both"), ("minContains", None, "both"), ("maxContains", None, "both")],
        );
        check(json!({"contains": {}, "minContains": 0}), &[]);
        check(json!({"prefixItems": [{}], "items": false}), &[("items", None, "both")]);
        check(
            json!({"dependentRequired": {"a": ["b"], "c": []}, "dependentSchemas": {"d": false}}),
            &[("dependentRequired", Some("a"), "both"), ("dependentSchemas", Some("d"), "broken")],
        );
        check(
            json!({"patternProperties": {"^x-": true, "^y/": {"type": "null"}}, "propertyNames": {"type": "string"}}),
            &[("patternProperties", Some("^x-"), "kept"), ("patternProperties", Some("^y/"), "both")],
        );
        check(json!({"type": "string", "maxLength": 3, "items": {}}), &[]);
    }

    #[test]
    fn equal_clauses_of_several_schemas_are_told_apart() {
        check(
            json!({"not": {"const": 1}, "allOf": [{"not": {"const": 2}}]}),
            &[("not", None, "both"), ("not", Some("#/allOf/0"), "both")],
        );
    }

    #[test]
    fn conditions_ask_nothing_of_a_value() {
        let schema = Schema::standalone(json!({"if": {"not": {"const": 1}}, "then": {"const": 2}, "else": true}));
        let document = schema.document();
        let labels = |index: usize| {
            let clauses = &document.constraints(schema.constraints().alternatives[index]).clauses;
            clauses.iter().map(|clause| (clause.keyword, clause.can_be_broken)).collect::<Vec<_>>()
        };
        assert_eq!(labels(0), [("then", true), ("else", false)]);
        assert_eq!(labels(1), [("then", true), ("else", false)]);
    }
}
