//! The steps that a law compares. Main type: [`Tail`]. It judges nothing.

use serde_json::{Map, Value};

use crate::api::OperationId;
use crate::oracle::invalid_input_accepted::is_acceptance;
use crate::scenario::{Law, Step, Trace};
use crate::wire::{Exchange, Response};

/// The last steps of a scenario with their exchanges.
#[derive(Clone, Copy)]
pub(super) struct Tail<'a> {
    steps: &'a [Step],
    exchanges: &'a [Exchange],
}

impl<'a> Tail<'a> {
    /// As many steps as the law compares, if they are there.
    pub(super) fn of(trace: &Trace<'a>, law: Law) -> Option<Self> {
        // What comes after a race may not have been sent; what comes before it and the race itself must.
        let end = if law.is_race() { trace.scenario.steps.len() } else { trace.exchanges.len() };
        let length = match law {
            // Without a way to read the thing itself there is no step between the deletion and the use.
            Law::UseAfterDelete if trace.exchanges.get(end.checked_sub(2)?)?.request.method == "DELETE" => 5,
            Law::UseAfterDelete | Law::DeleteWithoutEffect | Law::PutNotIdempotent | Law::DoubleCreate => 6,
            Law::RefusedUpdateStored | Law::PartialPut | Law::PatchNotMerging => 4,
            Law::WrongLocation => 3,
            Law::CreatedObjectMissing | Law::RefusedCreateStored => 2,
            Law::LostUpdate => 10,
        };
        let start = end.checked_sub(length)?;
        let tail = Self { steps: trace.scenario.steps.get(start..end)?, exchanges: trace.exchanges.get(start..)? };
        let raced = match law {
            Law::DoubleCreate => 3,
            Law::LostUpdate => 8,
            _ => return Some(tail),
        };
        (tail.steps[raced].at_once && tail.exchanges.len() > raced).then_some(tail)
    }

    /// The index of the last step.
    pub(super) fn last(&self) -> usize {
        self.exchanges.len() - 1
    }

    pub(super) fn step(&self, index: usize) -> &'a Step {
        &self.steps[index]
    }

    pub(super) fn exchange(&self, index: usize) -> &'a Exchange {
        &self.exchanges[index]
    }

    pub(super) fn operation(&self, index: usize) -> Option<&'a OperationId> {
        self.steps.get(index).map(|step| &step.operation)
    }

    pub(super) fn status(&self, index: usize) -> Option<u16> {
        self.exchanges.get(index)?.outcome.status()
    }

    pub(super) fn response(&self, index: usize) -> Option<&'a Response> {
        self.exchanges.get(index)?.outcome.response()
    }

    /// What the first capture of the step `taker` takes from this answer.
    pub(super) fn captured(&self, index: usize, taker: usize) -> Option<String> {
        self.steps.get(taker)?.captures.first()?.take(self.response(index)?)
    }

    /// The answer to a read that showed the thing.
    pub(super) fn read(&self, index: usize) -> Option<&'a Response> {
        self.response(index).filter(|response| response.status == 200 && is_acceptance(response))
    }

    /// Whether a creation, a change or a deletion was carried out: not accepted for later, not refused in words.
    pub(super) fn is_done(&self, index: usize) -> bool {
        self.response(index).is_some_and(|response| {
            matches!(response.status, 200 | 201 | 204)
                && (response.status == 204 || is_acceptance(response))
                && !is_later(response)
        })
    }

    /// Whether the request was refused as what it is; 401, 403, 404, 409 and 412 have other reasons.
    pub(super) fn is_refused(&self, index: usize) -> bool {
        matches!(self.status(index), Some(400 | 422))
    }

    /// The members of the JSON object that was sent.
    pub(super) fn sent(&self, index: usize) -> Option<Map<String, Value>> {
        match serde_json::from_slice(&self.exchanges[index].request.body).ok()? {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The text of a member before its placeholders were filled in; empty if there is none.
    pub(super) fn template(&self, index: usize, name: &str) -> String {
        let body: Option<Value> = serde_json::from_slice(&self.steps[index].request.body).ok();
        let text = body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// The members that a read shows: those of the answer, or of the object in it that has more of what was sent.
    pub(super) fn shown(&self, index: usize, sent: &Map<String, Value>) -> Option<&'a Map<String, Value>> {
        let all = self.read(index)?.json()?.as_object()?;
        let known = |members: &Map<String, Value>| sent.keys().filter(|name| members.contains_key(*name)).count();
        let inner = all.values().filter_map(Value::as_object).max_by_key(|members| known(members));
        Some(inner.filter(|inner| known(inner) > known(all)).unwrap_or(all))
    }

    /// What was sent and answered, in one line.
    pub(super) fn course(&self) -> String {
        let each = self.steps.iter().zip(self.exchanges);
        let words = each.map(|(step, exchange)| {
            let before = if step.at_once { " and at once " } else { ", " };
            format!("{before}{} {}", step.operation, exchange.outcome)
        });
        words.collect::<String>().trim_start_matches(", ").to_owned()
    }
}

/// Whether the answer says that the work is still to be done.
fn is_later(response: &Response) -> bool {
    const WORDS: [&str; 16] = [
        "pending",
        "queued",
        "scheduled",
        "accepted",
        "processing",
        "deleting",
        "creating",
        "updating",
        "in_progress",
        "in-progress",
        "running",
        "started",
        "provisioning",
        "submitted",
        "waiting",
        "terminating",
    ];
    let says = |name: &str| {
        let word = response.json().and_then(|body| body.get(name)).and_then(Value::as_str);
        word.is_some_and(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
    };
    ["status", "state", "phase"].into_iter().any(says)
}
