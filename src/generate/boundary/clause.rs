//! Values that keep a rule which only a validator can judge, as narrowly as can be. Main function: [`kept`].

use crate::generate::clause::{Judge, Site, with};
use crate::scenario::Datum;
use crate::schema::Variation;

/// A value that keeps the clause and shows it; the one that stands there is preferred. `None` if none was found.
pub(super) fn kept(site: &Site<'_>) -> Option<Datum> {
    let judge = Judge::new(site.part.schema.document(), site.clause)?;
    if judge.is_kept(site.value) {
        return Some(site.value.clone());
    }
    near(site, &judge).into_iter().find(|value| judge.is_kept(value))
}

/// Values that may keep it.
fn near(site: &Site<'_>, judge: &Judge<'_>) -> Vec<Datum> {
    let clause = site.clause;
    let beside = |keyword: &str| clause.beside(keyword);
    let (least, most) = judge.bounds();
    match (clause.keyword, &clause.subject) {
        ("then", _) => site.varied(&Variation {
            with: &[&beside("if"), &beside("then")],
            without: &[&beside("else")],
            member: None,
        }),
        ("else", _) => site.varied(&Variation {
            with: &[&beside("else")],
            without: &[&beside("if"), &beside("then")],
            member: None,
        }),
        ("contains" | "minContains", _) => site.arrays(judge, least),
        ("maxContains", _) => most.map(|most| site.arrays(judge, most)).unwrap_or_default(),
        ("patternProperties", _) => {
            let named = |name: String| {
                site.of_schema(&clause.pointer()).into_iter().map(move |value| with(site.value, &name, value))
            };
            site.matching_name().map(named).into_iter().flatten().collect()
        }
        (keyword, Some(subject)) => {
            let dependent = clause.pointer();
            let asked: &[&str] = if keyword == "dependentSchemas" { &[&dependent] } else { &[] };
            let made = site.varied(&Variation { with: asked, without: &[], member: Some(&**subject) });
            site.with_member(subject).into_iter().chain(made).collect()
        }
        _ => site.varied(&Variation::default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::check;

    #[test]
    fn clauses_are_kept_as_narrowly_as_can_be() {
        for (schema, expected) in [
            (
                json!({"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}, "minContains": 2,
                "maxContains": 3}),
                vec![json!([7, 7]), json!([7, 7, 7])],
            ),
            (
                json!({"type": "object", "properties": {"a": {"type": "integer"}},
                "if": {"properties": {"a": {"minimum": 5}}, "required": ["a"]}, "then": {"required": ["b"]},
                "else": {"required": ["c"]}}),
                vec![json!({"a": 5, "b": "a"}), json!({"c": "a"})],
            ),
            (
                json!({"type": "object", "properties": {"a": {"const": 1}}, "dependentRequired": {"a": ["b"]}}),
                vec![json!({"a": 1, "b": "a"})],
            ),
            (json!({"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}), vec![json!({"x-": 1})]),
        ] as [(Value, Vec<Value>); 4]
        {
            check(schema, &expected);
        }
    }
}
