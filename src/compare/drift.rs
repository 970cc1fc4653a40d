//! Where what both targets hold may differ for no reason that is told. Main type: [`Drift`].
//!
//! A server that refuses now and then refuses a creation at one of the two only: from then on their lists, their ids and
//! what they find differ each time, though both do the same. It sends nothing.

use std::collections::BTreeSet;

use super::round::Round;
use super::spot::{Class, Spot};
use crate::api::OperationId;
use crate::scenario::{Scenario, Step};
use crate::wire::Response;

/// Statuses that tell what is there rather than what is done: not found, conflict, gone, precondition failed.
const TELLING: [&str; 4] = ["404", "409", "410", "412"];

/// The operations that were carried out by one of the targets only.
#[derive(Debug, Default)]
pub(super) struct Drift(BTreeSet<OperationId>);

impl Drift {
    /// Takes in what changed something at one of the two only.
    pub(super) fn look(&mut self, scenario: &Scenario, round: &Round) {
        for (index, step) in scenario.steps.iter().enumerate().filter(|(_, step)| !step.request.is_safe()) {
            let Some((base, head)) = round.base_at(index).zip(round.head_at(index)) else { break };
            let is_done = |response: Option<&Response>| response.is_some_and(Response::is_success);
            if is_done(base.exchange.outcome.response()) != is_done(head.exchange.outcome.response()) {
                self.0.insert(step.operation.clone());
            }
        }
    }

    /// The operations, but those whose difference is told: what follows from a difference is one as well.
    pub(super) fn unexplained(&self, is_told: impl Fn(&OperationId) -> bool) -> impl Iterator<Item = &OperationId> {
        self.0.iter().filter(move |operation| !is_told(operation))
    }
}

/// Whether the difference may follow from what this operation did at one of the two only: it is about what is there, below
/// the same path, and not about a thing that the scenario made itself.
pub(super) fn may_follow(step: &Step, spot: &Spot, drifted: &OperationId) -> bool {
    let (one, other) = (collection(&step.operation), collection(drifted));
    let is_near = one.starts_with(other) || other.starts_with(one);
    is_near && !is_own(step) && is_of_state(spot)
}

/// The path up to its first parameter.
fn collection(operation: &OperationId) -> &str {
    let path = operation.as_str().split_once(' ').map_or("", |(_, path)| path);
    path.split('{').next().unwrap_or_default().trim_end_matches('/')
}

/// Whether the request names what an earlier step gave.
fn is_own(step: &Step) -> bool {
    step.request.target_text().contains("{{")
}

fn is_of_state(spot: &Spot) -> bool {
    match spot.class {
        Class::StatusClass | Class::Status => {
            let is_done = |status: &str| status.starts_with('2');
            let is_telling = |status: &str| TELLING.contains(&status);
            is_telling(&spot.base) || is_telling(&spot.head) || (is_done(&spot.base) && is_done(&spot.head))
        }
        Class::MemberGone | Class::MemberNew | Class::Type | Class::Value => true,
        Class::Header | Class::Schema | Class::Slower => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::wire::Request;

    #[track_caller]
    fn check(operation: &str, target: &str, (class, base, head): (Class, &str, &str), expected: bool) {
        let step = Step {
            operation: OperationId::from_text(operation),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("GET", target.to_owned())),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        };
        let spot = Spot { class, place: String::new(), base: base.into(), head: head.into() };
        let follows = may_follow(&step, &spot, &OperationId::new("post", "/items"));
        assert_eq!(follows, expected, "{operation} {target} {spot:?}");
    }

    #[test]
    fn what_is_there_and_was_not_made_here_may_follow() {
        let length = (Class::Value, "3 items", "4 items");
        check("GET /items", "/items", length, true);
        check("GET /items/{id}", "/items/7", (Class::StatusClass, "200", "404"), true);
        check("PUT /items/{id}", "/items/7", (Class::Status, "201", "200"), true);
        check("GET /items/{id}", "/items/{{id}}", length, false);
        check("GET /orders", "/orders", length, false);
        check("GET /items", "/items", (Class::StatusClass, "200", "500"), false);
        check("GET /items", "/items", (Class::Header, "a", "b"), false);
    }
}
