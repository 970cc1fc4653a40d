//! What an operation's rules ask to be exercised, legally and illegally. Main type: [`Goal`].
//!
//! Every rule at every place of a request is a goal with two sides: a request that keeps the rule as narrowly as can be,
//! and one that breaks nothing else. A side for which no request can be made says why. What was sent is told by
//! `engine`, which keeps the account.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::Generator;
use super::clause::standing;
use super::list::each_spot;
use super::plan::{Part, Place, Plan, Spot};
use super::value::Wire;
use crate::api::Operation;
use crate::schema::{Constraints, Types};

/// What an enumerated case is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aim {
    /// Whether the case keeps the rule.
    pub is_legal: bool,
    /// As in [`crate::scenario::Rule`].
    pub keyword: &'static str,
    /// As in [`crate::scenario::Rule`].
    pub place: String,
    /// As in [`crate::scenario::Rule`].
    pub member: Option<String>,
}

/// A rule of the document at one place of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// Where, as in [`crate::scenario::Rule`].
    pub place: String,
    /// The JSON Schema keyword.
    pub keyword: &'static str,
    /// The member of the object, or of the enum, that it is about; which one it is where a place has several of a keyword.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Keeping the rule.
    pub legal: Side,
    /// Breaking it.
    pub illegal: Side,
    /// What shows that it was kept.
    #[serde(skip)]
    pub shown_by: ShownBy,
    /// The index of the parameter that it is in; none for the body.
    #[serde(skip)]
    pub parameter: Option<usize>,
    /// JSON pointer within the part.
    #[serde(skip)]
    pub pointer: Box<str>,
    /// What is said of a side if all that was made for it was tried, and nothing showed it.
    #[serde(skip)]
    pub unproved: &'static str,
}

/// One side of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// There is no such side: that a member may be absent can't be broken.
    None,
    /// Not sent yet.
    Open,
    /// Sent.
    Done,
    /// No request can show it, for this reason.
    Unreachable(&'static str),
}

/// What shows that a rule was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// A case that is made for it.
    Edge,
    /// Any valid request with a value at the place.
    Presence,
    /// Any valid request with an object at the place that lacks the member.
    Absence,
}

/// What every operation is measured by; `generators` are those of the run.
pub(super) fn goals(plan: &Plan, operation: &Arc<Operation>, generators: &[Arc<dyn Generator>]) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut known = BTreeSet::new();
    each_spot(plan, |place, spot, found| {
        let Some(part) = plan.part(place) else { return };
        let name = plan.name(place, &found.pointer);
        let parameter = match place {
            Place::Parameter(index) => Some(usize::from(index)),
            Place::Body(_) => None,
        };
        let itself = (spot == 0 && is_required(plan, place)).then(|| kept("required"));
        for (keyword, member, legal, illegal, shown_by) in itself.into_iter().chain(rules(part, found)) {
            if known.insert((name.clone(), keyword, member.clone())) {
                let (place, pointer) = (name.clone(), found.pointer.clone());
                let unproved = if found.chosen { CHOSEN } else { UNPROVED };
                goals.push(Goal { place, keyword, member, legal, illegal, shown_by, parameter, pointer, unproved });
            }
        }
    });
    let aims = aims(operation, generators);
    let is_aimed = |goal: &Goal, is_legal| {
        let (keyword, place, member) = (goal.keyword, goal.place.clone(), goal.member.clone());
        aims.contains(&Aim { is_legal, keyword, place, member })
    };
    for goal in &mut goals {
        if goal.legal == Side::Open && (goal.shown_by == ShownBy::Edge || !plan.is_proved()) && !is_aimed(goal, true) {
            goal.legal = Side::Unreachable(if plan.is_proved() { BEYOND } else { NO_VALID });
        }
        if goal.illegal == Side::Open && !is_aimed(goal, false) {
            goal.illegal = Side::Unreachable(why_unbroken(plan, goal));
        }
    }
    goals
}

/// Larger than a request may reasonably be.
const BEYOND: &str = "beyond the size bound of requests";
/// The operation has no valid request to start from.
const NO_VALID: &str = "no valid request of the operation can be made";
/// Said of goals whose enumerated cases were all tried.
pub const UNPROVED: &str = "no request could be proved to show it";
/// The same where the schema leaves a choice.
const CHOSEN: &str =
    "no request could be proved to show it: another alternative of the schema may take what breaks this one";

fn why_unbroken(plan: &Plan, goal: &Goal) -> &'static str {
    match goal.keyword {
        _ if !plan.is_proved() => NO_VALID,
        "type" => "every value on the wire is a text",
        "maxLength" | "maxItems" | "maxProperties" => BEYOND,
        "required" => "a path has no place for an absent value",
        "format" => "no text is sure to break it",
        _ => "servers may read a value of this media type in more than one way",
    }
}

fn aims(operation: &Arc<Operation>, generators: &[Arc<dyn Generator>]) -> BTreeSet<Aim> {
    let of = |generator: &Arc<dyn Generator>| {
        let count = generator.enumerated(operation);
        (0..count).filter_map(|index| generator.aim(operation, index)).collect::<Vec<_>>()
    };
    generators.iter().flat_map(of).collect()
}

/// Whether the part must be there.
fn is_required(plan: &Plan, place: Place) -> bool {
    match place {
        Place::Body(index) => index == 0 && plan.operation.body.as_ref().is_some_and(|body| body.required),
        Place::Parameter(index) => plan.operation.parameters[usize::from(index)].required,
    }
}

type Rules = Vec<(&'static str, Option<String>, Side, Side, ShownBy)>;

/// The rules that stand at a spot.
fn rules(part: &Part, spot: &Spot) -> Rules {
    let constraints = part.document().constraints(spot.node);
    let mut out = Vec::new();
    if !spot.again {
        if constraints.types != Types::ANY {
            out.push(kept("type"));
        }
        if let Some(members) = &constraints.enumeration {
            out.push(("enum", None, Side::None, Side::Open, ShownBy::Presence));
            let each =
                |member: &serde_json::Value| ("enum", Some(member.to_string()), Side::Open, Side::None, ShownBy::Edge);
            out.extend(members.iter().map(each));
        } else {
            scalars(part, constraints, &mut out);
        }
        composites(constraints, &mut out);
        clauses(constraints, &mut out);
    }
    for property in &constraints.object.properties {
        let member = Some(property.name.to_string());
        out.push(if property.required {
            ("required", member, Side::None, Side::Open, ShownBy::Presence)
        } else {
            ("required", member, Side::Open, Side::None, ShownBy::Absence)
        });
    }
    out
}

fn scalars(part: &Part, constraints: &Constraints, out: &mut Rules) {
    if constraints.types.overlaps(Types::NUMBER) {
        let rules = &constraints.number;
        out.extend(rules.minimum.is_some().then(|| edge("minimum")));
        out.extend(rules.maximum.is_some().then(|| edge("maximum")));
        out.extend(rules.multiple_of.is_some().then(|| kept("multipleOf")));
    }
    if constraints.types.overlaps(Types::STRING) {
        let rules = &constraints.string;
        // A parameter of one character at least is what the wire asks for anyway.
        let says_empty = matches!(part.wire, Wire::Json | Wire::Pairs);
        out.extend((rules.min_length > usize::from(!says_empty)).then(|| edge("minLength")));
        out.extend(rules.max_length.is_some().then(|| edge("maxLength")));
        out.extend((!rules.patterns.is_empty()).then(|| kept("pattern")));
        out.extend(rules.format.is_some().then(|| kept("format")));
    }
}

fn composites(constraints: &Constraints, out: &mut Rules) {
    if constraints.types.overlaps(Types::ARRAY) {
        let rules = &constraints.array;
        out.extend((rules.min_items > 0).then(|| edge("minItems")));
        out.extend(rules.max_items.is_some().then(|| edge("maxItems")));
        out.extend(rules.unique.then(|| kept("uniqueItems")));
    }
    if constraints.types.overlaps(Types::OBJECT) {
        let rules = &constraints.object;
        out.extend((rules.min_properties > 0).then(|| edge("minProperties")));
        out.extend(rules.max_properties.is_some().then(|| edge("maxProperties")));
        let keyword = if rules.is_unevaluated { "unevaluatedProperties" } else { "additionalProperties" };
        out.extend(rules.additional.is_none().then(|| kept(keyword)));
    }
}

/// Those that are shown only by a value that was found for them.
fn clauses(constraints: &Constraints, out: &mut Rules) {
    let side = |is_there| if is_there { Side::Open } else { Side::None };
    out.extend(standing(constraints).map(|(_, clause)| {
        let (legal, illegal) = (side(clause.can_be_kept), side(clause.can_be_broken));
        (clause.keyword, clause.label.clone(), legal, illegal, ShownBy::Edge)
    }));
}

/// A rule with a last legal value.
fn edge(keyword: &'static str) -> (&'static str, Option<String>, Side, Side, ShownBy) {
    (keyword, None, Side::Open, Side::Open, ShownBy::Edge)
}

/// A rule that a value keeps or does not.
fn kept(keyword: &'static str) -> (&'static str, Option<String>, Side, Side, ShownBy) {
    (keyword, None, Side::Open, Side::Open, ShownBy::Presence)
}
