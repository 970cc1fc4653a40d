//! Random valid values, without end. Main type: [`Valid`].
//!
//! Every part is drawn from the tape and validated; path parameters are mostly those that are known to be good, since
//! behind an unknown one there is nothing but 404.

use std::sync::Arc;

use arbitrary::Unstructured;

use super::Generator;
use super::list::{origin, tape};
use super::plan::{DEPTH, Part, Plan, Plans};
use super::tape::Tape;
use super::value::{How, conforming};
use crate::api::{Location, Operation};
use crate::scenario::{Argument, Body, Case, Content, Datum, GeneratorId, Intent, Provenance};
use crate::seed::Seed;

const ID: GeneratorId = GeneratorId("valid");
/// Bytes of a tape: for a request without a body, and more for each spot of its parts, up to a bound.
const SHORTEST: usize = 64;
const PER_SPOT: usize = 16;
const LONGEST: usize = 4_096;

/// Makes random valid cases.
pub(crate) struct Valid {
    plans: Arc<Plans>,
}

impl Valid {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { plans }
    }
}

/// A valid case of the plan from a tape.
pub(crate) fn case_of(plan: &Plan, tape: &mut Unstructured<'_>, provenance: Provenance) -> Option<Case> {
    let mut arguments = Vec::with_capacity(plan.parameters.len());
    for (index, part) in plan.parameters.iter().enumerate() {
        let is_path = plan.operation.parameters[index].location == Location::Path;
        if part.proved && (part.required || Tape::new(tape).once_in(3)) {
            arguments.push(Argument { parameter: index, value: value(plan, part, tape, if is_path { 7 } else { 2 })? });
        }
    }
    Some(Case {
        operation: Arc::clone(&plan.operation),
        arguments,
        headers: Vec::new(),
        body: body(plan, tape),
        intent: Intent::Valid,
        provenance,
    })
}

fn body(plan: &Plan, tape: &mut Unstructured<'_>) -> Option<Body> {
    let is_required = plan.operation.body.as_ref().is_some_and(|body| body.required);
    if !is_required && Tape::new(tape).once_in(8) {
        return None;
    }
    let proved: Vec<&super::plan::BodyPart> = plan.bodies.iter().filter(|body| body.part.proved).collect();
    let other = if Tape::new(tape).once_in(4) { Tape::new(tape).below(proved.len()) } else { 0 };
    let chosen = proved.get(other)?;
    let value = value(plan, &chosen.part, tape, 1)?;
    Some(Body { media_type: chosen.media_type.clone(), content: Content::Value(value) })
}

/// A value of a part: a known one `known` times of eight, else drawn.
fn value(plan: &Plan, part: &Part, tape: &mut Unstructured<'_>, known: usize) -> Option<Datum> {
    if part.is_fixed() || Tape::new(tape).below(8) < known {
        let index = Tape::new(tape).below(part.goods.len());
        return part.goods.get(index).cloned();
    }
    let how = How { words: &plan.words.texts, ..How::drawn(part.wire) };
    let drawn = conforming(&part.schema, tape, how, DEPTH);
    drawn.map(|drawn| part.pinned(drawn)).or_else(|| part.goods.first().cloned())
}

/// How long a tape a plan needs.
pub(crate) fn tape_length(plan: &Plan) -> usize {
    let spots: usize =
        plan.places().into_iter().filter_map(|place| plan.part(place)).map(|part| part.spots.len()).sum();
    (SHORTEST + PER_SPOT * spots).min(LONGEST)
}

impl Generator for Valid {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        let plan = self.plans.plan(operation);
        let has_choice = !plan.bodies.is_empty() || !plan.parameters.is_empty();
        if plan.is_proved() && has_choice { None } else { Some(0) }
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let plan = self.plans.plan(operation);
        if !plan.is_proved() {
            return None;
        }
        let origin = origin(ID, index, seed);
        let bytes = tape(operation, origin, tape_length(&plan));
        let provenance = Provenance { generator: ID, index, seed };
        case_of(&plan, &mut Unstructured::new(&bytes), provenance)
    }
}
