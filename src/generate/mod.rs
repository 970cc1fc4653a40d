//! Ways to make a case.
//!
//! Main type: trait [`Generator`]; [`standard`] is the set that a campaign uses. One file per way: the document's
//! examples, enumerated boundaries, random valid values, malformed ones, hostile payloads, bytes that no client
//! sends. A generator is a pure function of operation, index and seed; it sends and judges nothing.

mod boundary;
mod clause;
mod coverage;
mod dictionary;
mod examples;
mod hostile;
mod list;
mod malformed;
mod payloads;
mod plan;
pub mod strategy;
mod tape;
mod user;
mod valid;
mod value;
mod wire;

use std::sync::Arc;

pub use coverage::{Aim, Goal, ShownBy, Side, UNPROVED};
pub use user::{Mistake, UserValues, words};
pub use value::valid_value;

use crate::api::Operation;
use crate::scenario::{Body, Case, Content, Datum, GeneratorId, Intent, encode};
use crate::schema::{Document, NodeId};
use crate::seed::Seed;
use crate::wire::Request;

use plan::{Plan, Plans};

/// Makes cases for an operation.
pub trait Generator: Send + Sync {
    /// Its stable name.
    fn id(&self) -> GeneratorId;

    /// How many different cases it has for the operation; `None` if it never runs out.
    fn count(&self, operation: &Arc<Operation>) -> Option<u64>;

    /// How many of its cases are an enumeration that goes through something once.
    fn enumerated(&self, operation: &Arc<Operation>) -> u64 {
        self.count(operation).unwrap_or(0)
    }

    /// Which rule the case of this index is about, for cases that go through the document's rules; known without making
    /// the case.
    fn aim(&self, _operation: &Arc<Operation>, _index: u64) -> Option<Aim> {
        None
    }

    /// The case of this index, or `None` if it has none such (an index past its end, or a draw that did not
    /// become what was meant). `seed` is the run's seed; the same arguments give the same case.
    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case>;

    /// The same with its request, without a base path; some need the request to tell whether the case is what was meant.
    fn written(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<(Case, Request)> {
        let case = self.case(operation, index, seed)?;
        let request = encode(&case, "");
        Some((case, request))
    }
}

/// Generators that share what they know of the operations.
pub struct Generators {
    plans: Arc<Plans>,
    all: Vec<Arc<dyn Generator>>,
}

impl Generators {
    /// Each of them, the most telling first.
    pub fn all(&self) -> &[Arc<dyn Generator>] {
        &self.all
    }

    /// The generator of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<dyn Generator>> {
        self.all.iter().find(|generator| generator.id().0 == name)
    }

    /// The usual case of the operation: what is required, everything of it known to be good, names new for each index.
    /// `None` if no valid one can be made.
    pub fn usual(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let plan = self.plans.plan(operation);
        plan.is_proved().then(|| plan.usual(list::origin(GeneratorId("usual"), index, seed), Intent::Valid))
    }

    /// Whether the user has fixed what stands at this pointer of a parameter, or of the body.
    pub fn is_fixed(&self, operation: &Arc<Operation>, parameter: Option<usize>, pointer: &str) -> bool {
        let plan = self.plans.plan(operation);
        let is_fixed = |part: &plan::Part| part.is_fixed() || part.has_pin(pointer);
        match parameter {
            Some(index) => plan.parameters.get(index).is_some_and(is_fixed),
            None => plan.bodies.iter().any(|body| is_fixed(&body.part)),
        }
    }

    /// A value of a parameter that is known to be good.
    pub(crate) fn good_argument(&self, operation: &Arc<Operation>, parameter: usize) -> Option<Datum> {
        let plan = self.plans.plan(operation);
        plan.parameters.get(parameter).filter(|part| part.proved)?.goods.first().cloned()
    }

    /// A body that is known to be good, in the most usual media type.
    pub(crate) fn good_body(&self, operation: &Arc<Operation>) -> Option<Body> {
        let plan = self.plans.plan(operation);
        let body = plan.bodies.first().filter(|body| body.part.proved)?;
        let content = Content::Value(body.part.goods.first()?.clone());
        Some(Body { media_type: body.media_type.clone(), content })
    }

    /// A likely value of a schema's node, which nobody has validated.
    pub(crate) fn likely(document: &Document, node: NodeId, seed: Seed) -> Option<Datum> {
        value::likely(document, node, seed)
    }

    /// What the operation's rules ask to be exercised.
    pub fn goals(&self, operation: &Arc<Operation>) -> Vec<Goal> {
        coverage::goals(&self.plans.plan(operation), operation, &self.all)
    }
}

/// All generators. They share what the user has to say as well.
pub fn standard(values: &Arc<UserValues>) -> Generators {
    let plans = Arc::new(Plans::new(Arc::clone(values)));
    let all: Vec<Arc<dyn Generator>> = vec![
        Arc::new(examples::Examples::new(Arc::clone(&plans))),
        Arc::new(dictionary::Dictionary::new(Arc::clone(&plans))),
        Arc::new(malformed::Malformed::new(Arc::clone(&plans))),
        Arc::new(hostile::Hostile::new(Arc::clone(&plans))),
        Arc::new(wire::Wire::new(Arc::clone(&plans))),
        Arc::new(boundary::Boundary::new(Arc::clone(&plans))),
        Arc::new(valid::Valid::new(Arc::clone(&plans))),
    ];
    Generators { plans, all }
}

/// Why no valid case of the operation can be made, one sentence for each part; empty if all is well. Its other
/// cases are still made, around a likely value that is never called valid.
pub fn unbuildable(operation: &Arc<Operation>, values: &UserValues) -> Vec<String> {
    Plan::with_values(operation, values).problems
}

#[cfg(test)]
mod tests;
