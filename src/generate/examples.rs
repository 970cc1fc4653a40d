//! The document's own values: its examples and defaults, as they are. Main type: [`Examples`].
//!
//! The first case is what the document shows; then comes everything at once, then each further example of each
//! parameter and each media type in its turn. Only values that conform are used.

use std::sync::Arc;

use super::Generator;
use super::list::origin;
use super::plan::{Cache, Origin, Place, Plan, Plans};
use crate::api::Operation;
use crate::scenario::{Case, GeneratorId, Intent};
use crate::seed::Seed;

const ID: GeneratorId = GeneratorId("examples");

/// Which good value stands where; what is not named is as usual.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pick {
    /// All optional parameters are sent.
    full: bool,
    /// This part has its good value of this index.
    turn: Option<(Place, usize)>,
}

/// Makes cases of the document's values.
pub(crate) struct Examples {
    plans: Arc<Plans>,
    picks: Cache<Vec<Pick>>,
}

impl Examples {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { plans, picks: Cache::default() }
    }

    fn picks(&self, operation: &Arc<Operation>) -> (Arc<Plan>, Arc<Vec<Pick>>) {
        let plan = self.plans.plan(operation);
        let picks = self.picks.of(operation, || picks(&plan));
        (plan, picks)
    }
}

fn picks(plan: &Plan) -> Vec<Pick> {
    if !plan.is_proved() {
        return Vec::new();
    }
    let mut picks = vec![Pick { full: false, turn: None }];
    if plan.parameters.iter().any(|part| !part.required && part.proved) {
        picks.push(Pick { full: true, turn: None });
    }
    for place in plan.places() {
        let Some(part) = plan.part(place).filter(|part| part.proved) else { continue };
        let is_usual =
            part.required && place != Place::Body(0) && !matches!(place, Place::Body(_)) || place == Place::Body(0);
        let from = usize::from(is_usual);
        picks.extend((from..part.goods.len()).map(|index| Pick { full: false, turn: Some((place, index)) }));
    }
    picks
}

fn case(plan: &Plan, pick: &Pick, origin: Origin) -> Option<Case> {
    let mut case = plan.usual(origin, Intent::Valid);
    // The first is what the document shows, to the letter: what it creates can be found under its name.
    if let (0, Some(body)) = (origin.index, plan.bodies.first()) {
        plan.put(&mut case, Place::Body(0), body.part.goods.first()?.clone());
    }
    if pick.full {
        for (index, part) in plan.parameters.iter().enumerate().filter(|(_, part)| !part.required && part.proved) {
            let place = Place::Parameter(u16::try_from(index).ok()?);
            plan.put(&mut case, place, part.goods.first()?.clone());
        }
    }
    if let Some((place, index)) = pick.turn {
        plan.put(&mut case, place, plan.part(place)?.goods.get(index)?.clone());
    }
    Some(case)
}

impl Generator for Examples {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        Some(self.picks(operation).1.len() as u64)
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let (plan, picks) = self.picks(operation);
        case(&plan, picks.get(usize::try_from(index).ok()?)?, origin(ID, index, seed))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode;
    use crate::scenario::encode::samples::operation;

    #[test]
    fn the_document_comes_first() {
        let described = json!({
            "parameters": [
                {"name": "id", "in": "path", "schema": {"type": "string"}, "example": "known"},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 20, "examples": [5, "no"]}}
            ],
            "body": {"application/json": {
                "schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"example": 3}}},
                "example": {"a": "shown"}
            }}
        });
        let operation = operation("PUT", "/x/{id}", described);
        let examples = Examples::new(Arc::default());
        let count = examples.count(&operation).unwrap();
        let sent = |index| {
            let request = encode(&examples.case(&operation, index, Seed::new(1)).unwrap(), "");
            format!("{} {}", request.target_text(), String::from_utf8_lossy(&request.body))
        };
        assert_eq!(sent(0), r#"/x/known {"a":"shown"}"#);
        assert_eq!(sent(1), r#"/x/known?limit=5 {"a":"shown"}"#);
        let all: Vec<String> = (0..count).map(sent).collect();
        assert!(all.contains(&r#"/x/known?limit=20 {"a":"shown"}"#.to_owned()), "{all:#?}");
        assert!(all.contains(&r#"/x/known {"a":"a","b":3}"#.to_owned()), "{all:#?}");
        assert!(examples.case(&operation, count, Seed::new(1)).is_none());
    }
}
