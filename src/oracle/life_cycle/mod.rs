//! The life of a thing over several requests: created, read, changed, deleted. Main type: [`LifeCycle`], one oracle for
//! each [`Law`].
//!
//! - Severity: medium where data that must be gone or must not be there is; low where the semantics of HTTP are broken.
//! - Signature: the operation that breaks the law, and for a lost update whether it was made under a condition.
//! - Controls: every step before the judged one must have worked, on a thing that the scenario made itself; the reader must
//!   tell what exists from what does not; a member counts only where the client sent it and the reader shows it.
//! - Quiet: 202 and bodies that say that the work is still to be done; deleted things that answer 4xx, or that are shown
//!   changed; values that come back trimmed, folded, rounded or in another time zone; what the server sets; what changes
//!   from one read to the next. What is not true at once but soon after is waited for by `triage` and `replay`.
//! - Races ([`Law::is_race`]): the same requests one after the other are the control, in the same steps, and must hold in
//!   each try; the race itself need not show each time.
//! - Known false alarms: a member that only a creation may set and that a later PUT ignores in silence.
//!
//! The predicates need the traffic alone, so a fixture replays them without a specification.

mod compare;
mod gone;
mod made;
mod race;
#[cfg(test)]
mod race_tests;
mod stored;
mod tail;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use serde_json::json;

use super::subject::{Subject, answer};
use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Owasp, Requirement, Severity, Signature};
use crate::scenario::{Law, Trace};

use tail::Tail;

/// Reports what breaks one law.
pub(super) struct LifeCycle(pub(super) Law);

/// Whether the steps before a race show that the same requests, one after the other, do what the race is measured against.
/// Of a law without a race there is nothing to show.
pub fn holds_in_sequence(law: Law, trace: &Trace<'_>) -> bool {
    !law.is_race() || Tail::of(trace, law).is_some_and(|tail| race::control(law, &tail))
}

/// Why the law is broken, if these steps show it.
fn broken(law: Law, tail: &Tail<'_>) -> Option<String> {
    match law {
        Law::DeleteWithoutEffect => gone::delete_without_effect(tail),
        Law::UseAfterDelete => gone::use_after_delete(tail),
        Law::CreatedObjectMissing => made::created_object_missing(tail),
        Law::WrongLocation => made::wrong_location(tail),
        Law::RefusedCreateStored => made::refused_create_stored(tail),
        Law::RefusedUpdateStored => stored::refused_update_stored(tail),
        Law::PartialPut => stored::partial_put(tail),
        Law::PutNotIdempotent => stored::put_not_idempotent(tail),
        Law::PatchNotMerging => stored::patch_not_merging(tail),
        Law::DoubleCreate => race::double_create(tail),
        Law::LostUpdate => race::lost_update(tail),
    }
}

/// The step, among those that are compared, whose operation is to blame.
fn culprit(law: Law, tail: &Tail<'_>) -> usize {
    match law {
        Law::CreatedObjectMissing | Law::WrongLocation | Law::RefusedCreateStored => 0,
        Law::PutNotIdempotent => 1,
        Law::RefusedUpdateStored | Law::PartialPut | Law::PatchNotMerging | Law::DoubleCreate => 2,
        Law::DeleteWithoutEffect => 4,
        Law::LostUpdate => 7,
        Law::UseAfterDelete => tail.last(),
    }
}

fn title(law: Law) -> &'static str {
    match law {
        Law::DeleteWithoutEffect => "the deletion is confirmed, but what was deleted is still there",
        Law::UseAfterDelete => "what was deleted can still be used",
        Law::CreatedObjectMissing => "the creation is confirmed, but what was created is not there",
        Law::WrongLocation => "Location does not lead to what was created",
        Law::RefusedUpdateStored => "the change is refused, but parts of it are stored",
        Law::RefusedCreateStored => "the creation is refused, but something is created",
        Law::PartialPut => "PUT is confirmed, but not all that was sent is stored",
        Law::PutNotIdempotent => "the same PUT twice does not do what one does",
        Law::PatchNotMerging => "PATCH loses what it does not name",
        Law::DoubleCreate => "two equal creations at once make two things, where one after the other they make one",
        Law::LostUpdate => "two changes at once are both confirmed, and one of them is lost",
    }
}

fn severity(law: Law) -> (Severity, Option<Owasp>) {
    match law {
        // Who deletes data relies on that, and who was told that data is kept relies on that as well. What is unique and there
        // twice, and what was confirmed and is lost, can be brought about by whoever times requests.
        Law::DeleteWithoutEffect | Law::CreatedObjectMissing | Law::DoubleCreate | Law::LostUpdate => {
            (Severity::Medium, None)
        }
        // What nobody may see any more is served.
        Law::UseAfterDelete => (Severity::Medium, Some(Owasp::ObjectAuthorization)),
        // Unvalidated input gets past the check that refuses it.
        Law::RefusedUpdateStored | Law::RefusedCreateStored => (Severity::Medium, Some(Owasp::Misconfiguration)),
        // The semantics of HTTP are broken; whether that hurts depends on the client.
        Law::PatchNotMerging | Law::PartialPut | Law::WrongLocation | Law::PutNotIdempotent => (Severity::Low, None),
    }
}

impl Oracle for LifeCycle {
    fn id(&self) -> OracleId {
        OracleId(self.0.word())
    }

    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        let is_whole = trace.exchanges.len() == trace.scenario.steps.len();
        if trace.scenario.law != Some(self.0) || !is_whole || Subject::of(trace).is_none() {
            return Vec::new();
        }
        let Some(tail) = Tail::of(trace, self.0) else { return Vec::new() };
        let Some(reason) = broken(self.0, &tail) else { return Vec::new() };
        let Some(operation) = tail.operation(culprit(self.0, &tail)).cloned() else { return Vec::new() };
        let (severity, owasp) = severity(self.0);
        vec![Finding {
            requirement: Requirement { oracle: self.id(), parameters: json!({"steps": tail.last() + 1}) },
            severity,
            owasp,
            signature: Signature::new(self.id(), &operation, race::discriminators(self.0, &tail)),
            operation,
            step: trace.last_index().unwrap_or_default(),
            title: title(self.0).to_owned(),
            evidence: format!("{reason}: {}", tail.course()),
        }]
    }

    fn check(&self, _requirement: &Requirement, trace: &Trace<'_>) -> Check {
        if let Err(broken) = answer(trace) {
            return broken;
        }
        let Some(tail) = Tail::of(trace, self.0) else {
            return Check::broken("the steps that are to be compared are not all there");
        };
        match broken(self.0, &tail) {
            Some(reason) => Check::broken(format!("{}: {reason}", title(self.0))),
            None => Check::Holds,
        }
    }

    fn explain(&self) -> &'static str {
        match self.0 {
            Law::DeleteWithoutEffect => "a thing that was deleted with success is read as before",
            Law::UseAfterDelete => "a thing that was deleted with success is changed, or what belongs to it is read",
            Law::CreatedObjectMissing => "a thing that was created with success is answered 404",
            Law::WrongLocation => "the Location of a created thing leads nowhere, or to another thing",
            Law::RefusedUpdateStored => "a change that was refused as invalid is stored, in whole or in part",
            Law::RefusedCreateStored => "a creation that was refused as invalid creates something",
            Law::PartialPut => "a PUT that was answered with success leaves a member as it was before",
            Law::PutNotIdempotent => "a PUT that is sent again changes what the first one stored",
            Law::PatchNotMerging => "a PATCH empties members that it does not name",
            Law::DoubleCreate => "two equal creations at once make two things, where one after the other they make one",
            Law::LostUpdate => "of two changes at once that are both answered with success one is lost",
        }
    }
}
