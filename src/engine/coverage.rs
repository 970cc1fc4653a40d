//! Which rules of the document were exercised. Main types: [`Account`] (of one operation), [`RuleCounts`].
//!
//! A rule counts when a request that shows it was sent, or when one that is the same byte for byte was.

use serde::Serialize;

use crate::generate::{Goal, ShownBy, Side};
use crate::scenario::{Case, Content, Datum, Intent, Rule};

/// The rules of one operation.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Ordered by keyword, place and member.
    goals: Vec<Goal>,
    /// Indices of goals that any valid request may show, as long as none did.
    waiting: Vec<usize>,
}

/// How many rules were exercised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleCounts {
    /// Rules at places of requests.
    pub rules: u64,
    /// Those that were kept, as narrowly as can be.
    pub legal: u64,
    /// Those that can be kept by a request of ours.
    pub legal_reachable: u64,
    /// Those that were broken, and nothing else with them.
    pub illegal: u64,
    /// Those that can be broken by a request of ours.
    pub illegal_reachable: u64,
}

impl Account {
    /// Nothing sent yet.
    pub fn new(mut goals: Vec<Goal>) -> Self {
        goals.sort_by(|a, b| key(a).cmp(&key(b)));
        let is_waiting = |index: &usize| goals[*index].legal == Side::Open && goals[*index].shown_by != ShownBy::Edge;
        let waiting = (0..goals.len()).filter(is_waiting).collect();
        Self { goals, waiting }
    }

    /// The rules.
    pub fn goals(&self) -> &[Goal] {
        &self.goals
    }

    /// The rules, taken out.
    pub fn into_goals(self) -> Vec<Goal> {
        self.goals
    }

    /// A request that was made from this case was sent.
    pub fn observe(&mut self, case: &Case) {
        match &case.intent {
            Intent::Malformed(rule) => {
                if let Some(goal) = self.of(rule) {
                    goal.illegal = Side::Done;
                }
                return;
            }
            Intent::Boundary(rule) => {
                if let Some(goal) = self.of(rule) {
                    goal.legal = Side::Done;
                }
            }
            Intent::Valid => {}
            Intent::Hostile(_) | Intent::Wire(_) => return,
        }
        let goals = &mut self.goals;
        self.waiting.retain(|index| {
            let goal = &mut goals[*index];
            if shows(case, goal) {
                goal.legal = Side::Done;
            }
            goal.legal == Side::Open
        });
    }

    /// All that is enumerated was tried: what is still open can't be shown.
    pub fn close(&mut self) {
        for goal in &mut self.goals {
            for side in [&mut goal.legal, &mut goal.illegal] {
                if *side == Side::Open {
                    *side = Side::Unreachable(goal.unproved);
                }
            }
        }
    }

    /// The figures.
    pub fn counts(&self) -> RuleCounts {
        let sides = |side: fn(&Goal) -> Side, wanted: fn(Side) -> bool| {
            self.goals.iter().filter(|goal| wanted(side(goal))).count() as u64
        };
        let is_done = |side| side == Side::Done;
        let is_reachable = |side| matches!(side, Side::Done | Side::Open);
        RuleCounts {
            rules: self.goals.len() as u64,
            legal: sides(|goal| goal.legal, is_done),
            legal_reachable: sides(|goal| goal.legal, is_reachable),
            illegal: sides(|goal| goal.illegal, is_done),
            illegal_reachable: sides(|goal| goal.illegal, is_reachable),
        }
    }

    fn of(&mut self, rule: &Rule) -> Option<&mut Goal> {
        let wanted = (&*rule.keyword, &*rule.place, rule.member.as_deref());
        let index = self.goals.binary_search_by(|goal| key(goal).cmp(&wanted)).ok()?;
        self.goals.get_mut(index)
    }
}

impl RuleCounts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            rules: self.rules + other.rules,
            legal: self.legal + other.legal,
            legal_reachable: self.legal_reachable + other.legal_reachable,
            illegal: self.illegal + other.illegal,
            illegal_reachable: self.illegal_reachable + other.illegal_reachable,
        }
    }
}

fn key(goal: &Goal) -> (&str, &str, Option<&str>) {
    (goal.keyword, &goal.place, goal.member.as_deref())
}

/// Whether a valid case shows that the rule is kept.
fn shows(case: &Case, goal: &Goal) -> bool {
    let Some(value) = value(case, goal) else { return false };
    match (goal.shown_by, &goal.member, value) {
        (ShownBy::Absence, Some(member), Datum::Object(members)) => !members.iter().any(|(name, _)| name == member),
        (ShownBy::Presence, _, _) => true,
        _ => false,
    }
}

fn value<'a>(case: &'a Case, goal: &Goal) -> Option<&'a Datum> {
    let part = match goal.parameter {
        Some(index) => &case.arguments.iter().find(|argument| argument.parameter == index)?.value,
        None => match &case.body.as_ref()?.content {
            Content::Value(value) => value,
            Content::Raw(_) => return None,
        },
    };
    part.at(&goal.pointer)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::api::Operation;
    use crate::generate::{UNPROVED, standard};
    use crate::scenario::encode::samples::operation;
    use crate::seed::Seed;

    /// All that is enumerated, sent once.
    fn one_pass(operation: &Arc<Operation>) -> Account {
        let generators = standard(&Arc::default());
        let mut account = Account::new(generators.goals(operation));
        for generator in generators.all() {
            let count = generator.enumerated(operation);
            let cases = (0..count).filter_map(|index| generator.case(operation, index, Seed::new(1)));
            cases.for_each(|case| account.observe(&case));
        }
        account
    }

    /// Both sides of the one goal with this keyword and place.
    #[track_caller]
    fn check(account: &Account, keyword: &str, place: &str, legal: Side, illegal: Side) {
        let found: Vec<_> =
            account.goals().iter().filter(|goal| goal.keyword == keyword && goal.place == place).collect();
        let [goal] = found[..] else { panic!("{keyword} at {place}: {found:#?}") };
        assert_eq!((goal.legal, goal.illegal), (legal, illegal), "{keyword} at {place}");
    }

    fn order() -> Value {
        json!({"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
            "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
            "size": {"enum": ["s", "m"]},
            "count": {"type": "integer", "minimum": 1, "multipleOf": 3},
            "day": {"type": "string", "format": "date"},
            "tags": {"type": "array", "uniqueItems": true, "maxItems": 3, "minItems": 1, "items": {"type": "string"}},
            "huge": {"type": "string", "maxLength": 100_000_000}
        }})
    }

    #[test]
    fn one_pass_shows_every_rule_on_both_sides_or_says_why_not() {
        let operation = operation(
            "PUT",
            "/orders/{id}",
            json!({"parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}
            ], "body": {"application/json": {"schema": order()}}, "required": true}),
        );
        let account = one_pass(&operation);
        let (open, done) = (Side::Open, Side::Done);
        assert!(!account.goals().iter().any(|goal| goal.legal == open || goal.illegal == open), "{account:#?}");
        for (keyword, place) in [
            ("minLength", "body/name"),
            ("maxLength", "body/name"),
            ("pattern", "body/name"),
            ("type", "body/name"),
            ("minimum", "body/count"),
            ("multipleOf", "body/count"),
            ("format", "body/day"),
            ("uniqueItems", "body/tags"),
            ("minItems", "body/tags"),
            ("maxItems", "body/tags"),
            ("type", "body/tags/0"),
            ("additionalProperties", "body"),
            ("maximum", "query/limit"),
            ("type", "query/limit"),
        ] {
            check(&account, keyword, place, done, done);
        }
        let text = Side::Unreachable("every value on the wire is a text");
        check(&account, "type", "path/id", done, text);
        let beyond = Side::Unreachable("beyond the size bound of requests");
        check(&account, "maxLength", "body/huge", beyond, beyond);
        let members: Vec<_> = account.goals().iter().filter(|goal| goal.keyword == "enum").collect();
        assert_eq!(members.len(), 3);
        assert_eq!((members[0].legal, members[0].illegal), (Side::None, done));
        assert!(members[1..].iter().all(|goal| goal.legal == done && goal.member.is_some()));
        let absent = |goal: &&Goal| goal.keyword == "required" && goal.member.as_deref() == Some("size");
        assert!(account.goals().iter().filter(absent).all(|goal| goal.legal == done && goal.illegal == Side::None));
    }

    #[test]
    fn rules_that_only_a_validator_can_judge_are_shown_as_well() {
        let schema = json!({
            "type": "object", "required": ["kind"],
            "properties": {
                "kind": {"type": "string", "enum": ["card", "cash"], "not": {"const": "cheque"}},
                "number": {"type": "string"}, "zip": {"type": "string"}, "city": {"type": "string"},
                "list": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 7},
                    "minContains": 2, "maxContains": 3},
                "pair": {"type": "array", "prefixItems": [{"type": "integer"}], "items": false},
                "free": {"not": {"type": "string"}}
            },
            "if": {"properties": {"kind": {"const": "card"}}}, "then": {"required": ["number"]},
            "else": {"properties": {"number": false}},
            "dependentRequired": {"zip": ["city"]},
            "dependentSchemas": {"city": {"properties": {"zip": {"minLength": 3}}}},
            "patternProperties": {"^x-": {"type": "integer"}},
            "propertyNames": {"maxLength": 12}, "unevaluatedProperties": false
        });
        let operation = operation("POST", "/x", json!({"body": {"application/json": {"schema": schema}}}));
        let account = one_pass(&operation);
        let done = Side::Done;
        for (keyword, place) in [
            ("then", "body"),
            ("else", "body"),
            ("dependentRequired", "body"),
            ("dependentSchemas", "body"),
            ("patternProperties", "body"),
            ("propertyNames", "body"),
            ("unevaluatedProperties", "body"),
            ("contains", "body/list"),
            ("minContains", "body/list"),
            ("maxContains", "body/list"),
            ("items", "body/pair"),
            ("not", "body/free"),
        ] {
            check(&account, keyword, place, done, done);
        }
        // What `not` forbids is no member of the enum either: nothing breaks it alone.
        check(&account, "not", "body/kind", done, Side::Open);
    }

    #[test]
    fn what_was_not_sent_is_open_until_all_was_tried() {
        let schema = json!({"type": "integer", "minimum": 1});
        let operation = operation("POST", "/x", json!({"body": {"application/json": {"schema": schema}}}));
        let mut account = Account::new(standard(&Arc::default()).goals(&operation));
        check(&account, "minimum", "body", Side::Open, Side::Open);
        let counts = account.counts();
        assert_eq!((counts.rules, counts.legal, counts.legal_reachable), (3, 0, 3));
        account.close();
        check(&account, "minimum", "body", Side::Unreachable(UNPROVED), Side::Unreachable(UNPROVED));
    }

    #[test]
    fn keys_are_ordered_as_they_are_searched() {
        let schema = order();
        let operation = operation("POST", "/x", json!({"body": {"application/json": {"schema": schema}}}));
        let account = Account::new(standard(&Arc::default()).goals(&operation));
        assert!(account.goals().windows(2).all(|pair| key(&pair[0]).cmp(&key(&pair[1])) == Ordering::Less));
    }
}
