//! Whether an entry still applies to the document. Main type: [`Fit`].
//!
//! Steps that prepare others were valid when they were recorded, and the last one if its intent says so; those must be
//! valid still. What was never meant as valid is asked for its operation alone. In doubt an entry applies.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::Entry;
use crate::api::{Api, Operation};
use crate::scenario::file::StepRecord;
use crate::scenario::{Breach, Case, Intent, Provenance, RECORDED, breaches, is_valid, placeholder, typed};
use crate::wire::Request;

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It can be sent; the flag says that its last request is a valid one.
    Applies(bool),
    /// It is set aside for this reason.
    Aside(String),
}

/// The operations of a document by their ids.
pub(super) struct Operations<'a>(BTreeMap<&'a str, &'a Arc<Operation>>);

impl<'a> Operations<'a> {
    pub(super) fn of(api: &'a Api) -> Self {
        Self(api.operations.iter().map(|operation| (operation.id.as_str(), operation)).collect())
    }

    /// The last request as typed values, by which its answer is judged.
    pub(super) fn case(&self, entry: &Entry) -> Option<Case> {
        let (last, before) = entry.steps.split_last().filter(|(last, _)| !last.outside_base_path)?;
        let operation = self.0.get(last.operation.as_str())?;
        let mut case = typed(operation, &last.to_step("").request, Provenance::recorded(0));
        let is_complete = last.fresh.is_empty() && before.iter().all(|step| step.captures.is_empty());
        case.intent = meant(case.intent, entry, is_complete);
        Some(case)
    }

    /// Looks at all steps.
    pub(super) fn fit(&self, entry: &Entry) -> Fit {
        let mut names: Vec<String> = Vec::new();
        let mut last_is_valid = false;
        for (index, step) in entry.steps.iter().enumerate() {
            let Some(operation) = self.0.get(step.operation.as_str()) else {
                return Fit::Aside(format!("the document has no {} any more", step.operation));
            };
            names.extend(step.fresh.iter().map(|name| placeholder(name)));
            let request = step.to_step("").request;
            let is_last = index + 1 == entry.steps.len();
            let is_claimed = !is_last || entry.is_valid() == Some(true);
            // A target outside the base path is none that the document describes.
            if is_claimed && !step.outside_base_path {
                let about = |breach: &Breach| !is_excused(breach, step, &names);
                if let Some(breach) = breaches(operation, &request).iter().find(|breach| about(breach)) {
                    return Fit::Aside(format!("{}: {breach}", step.operation));
                }
            }
            last_is_valid = is_claimed || shows_valid(entry, operation, &request);
            names.extend(step.captures.iter().map(|capture| placeholder(&capture.name)));
        }
        Fit::Applies(last_is_valid)
    }
}

/// What the last request is meant to be: `shown` by its values, unless it holds what is not known yet, such as an id. A
/// payload stays one although its values conform: oracles ask less of the answer.
fn meant(shown: Intent, entry: &Entry, is_complete: bool) -> Intent {
    match entry.intent.as_deref() {
        Some("wire") => Intent::Wire(RECORDED),
        Some("hostile") => Intent::Hostile(RECORDED),
        _ if is_complete => shown,
        _ if entry.is_valid() == Some(true) => Intent::Valid,
        _ => Intent::Hostile(RECORDED),
    }
}

/// Whether the last request of an entry whose intent is not known is proved valid.
fn shows_valid(entry: &Entry, operation: &Operation, request: &Request) -> bool {
    entry.is_valid().is_none() && is_valid(operation, request)
}

/// What stands for a value that is not known yet can't be judged.
fn is_excused(breach: &Breach, step: &StepRecord, names: &[String]) -> bool {
    let holds = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        names.iter().any(|name| text.contains(name.as_str()))
    };
    match breach {
        Breach::Value(..) => holds(&step.target.0) || step.headers.iter().any(|(_, value)| holds(&value.0)),
        Breach::Body => step.body.as_ref().is_some_and(|body| holds(&body.bytes())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::testing::{api, entry};

    #[track_caller]
    fn check(intent: Option<&str>, steps: &[&str], expected: &Result<bool, &str>) {
        let api = api();
        let found = Operations::of(&api).fit(&entry(intent, steps));
        let expected = match expected {
            Ok(is_valid) => Fit::Applies(*is_valid),
            Err(reason) => Fit::Aside((*reason).to_owned()),
        };
        assert_eq!(found, expected, "{steps:?}");
    }

    #[test]
    fn what_the_document_does_not_have_any_more_is_set_aside() {
        check(Some("valid"), &["GET /notes?limit=3"], &Ok(true));
        check(Some("valid"), &["GET /gone"], &Err("the document has no GET /gone any more"));
        check(
            Some("valid"),
            &["GET /notes?limit=x"],
            &Err("GET /notes: query parameter `limit` does not take this value any more"),
        );
        check(
            Some("boundary"),
            &["GET /notes?page=1"],
            &Err("GET /notes: query parameter `page` is not declared any more"),
        );
    }

    #[track_caller]
    fn check_intent(intent: Option<&str>, steps: &[&str], expected: &str) {
        let api = api();
        let case = Operations::of(&api).case(&entry(intent, steps)).unwrap();
        assert_eq!(case.intent.word(), expected, "{steps:?}");
    }

    #[test]
    fn what_a_request_is_meant_to_be_is_known_from_its_values_or_its_entry() {
        check_intent(None, &["GET /notes?limit=3"], "valid");
        check_intent(Some("boundary"), &["GET /notes?limit=3"], "valid");
        check_intent(Some("malformed"), &["GET /notes?limit=x"], "malformed");
        check_intent(Some("malformed"), &["GET /notes?limit=3"], "valid");
        check_intent(Some("hostile"), &["GET /notes?limit=3"], "hostile");
        check_intent(Some("wire"), &["GET /notes?limit=3"], "wire");
        check_intent(Some("valid"), &["POST /notes > id", "GET /notes/{{id}}"], "valid");
        check_intent(Some("malformed"), &["POST /notes > id", "GET /notes/{{id}}"], "hostile");
    }

    #[test]
    fn what_was_never_valid_is_asked_for_its_operation_alone() {
        check(Some("malformed"), &["GET /notes?limit=x"], &Ok(false));
        check(Some("hostile"), &["GET /gone"], &Err("the document has no GET /gone any more"));
        check(None, &["GET /notes?limit=x"], &Ok(false));
        check(None, &["GET /notes?limit=3"], &Ok(true));
    }

    #[test]
    fn steps_that_prepare_others_must_be_valid_and_unknown_values_are_not_judged() {
        check(Some("hostile"), &["POST /notes {\"text\":\"a\"} > note_id", "GET /notes/{{note_id}}"], &Ok(false));
        check(Some("valid"), &["POST /notes {\"text\":\"a\"} > note_id", "GET /notes/{{note_id}}"], &Ok(true));
        check(
            Some("valid"),
            &["POST /notes {\"text\":1} > note_id", "GET /notes/{{note_id}}"],
            &Err("POST /notes: the body does not conform any more"),
        );
        check(
            Some("valid"),
            &["GET /notes/{{note_id}}"],
            &Err("GET /notes/{id}: path parameter `id` does not take this value any more"),
        );
    }
}
