//! Fixtures of operations that were removed. A route that is gone answers 404, which is no 5xx and leaks nothing: that must
//! not look like a bug that was mended.
//!
//! A 404 alone does not tell a route that is gone from a thing that is not there, which may well be the right answer. So a
//! document is asked, where one is known; and a 405 tells it without one.

use super::Replayed;
use crate::api::{Api, OperationId};
use crate::finding::Verdict;
use crate::fixture::Fixture;

impl Replayed {
    /// Whether the operation may have been removed, so that it is worth reading the document.
    pub fn may_be_removed(&self) -> bool {
        let status = self.exchanges.last().and_then(|last| last.outcome.status());
        match self.verdict {
            Verdict::Pass | Verdict::UnexpectedPass => matches!(status, Some(404 | 405 | 410 | 501)),
            Verdict::Stale { .. } => true,
            _ => false,
        }
    }

    /// What it comes to if this is what the API has.
    #[must_use]
    pub fn by_document(mut self, fixture: &Fixture, api: &Api) -> Self {
        if !self.may_be_removed() {
            return self;
        }
        let is_stale = matches!(self.verdict, Verdict::Stale { .. });
        // Where it passes, the steps before the last one did what they are for, whatever the document says.
        let before = if is_stale { 0 } else { self.scenario.steps.len().saturating_sub(1) };
        let steps = self.scenario.steps.iter().skip(before).map(|step| &step.operation);
        let removed = steps.chain([&fixture.operation]).find(|operation| !has(api, operation));
        let Some(what) = removed.map(|removed| format!("{removed} is not in the document any more")) else {
            return self;
        };
        let status = self.exchanges.last().map(|last| last.outcome.to_string()).unwrap_or_default();
        let reason = match &self.verdict {
            Verdict::Stale { reason } => format!("{reason}; {what}"),
            _ => format!(
                "{what}, and {status} is all that the target answers: delete the fixture, or restore the operation"
            ),
        };
        self.verdict = Verdict::Stale { reason };
        self
    }
}

/// Whether the API has this operation, whatever the parameters of its path are called.
fn has(api: &Api, operation: &OperationId) -> bool {
    let wanted = shape(operation);
    api.operations.iter().any(|known| shape(&known.id) == wanted)
}

/// The operation's id without the names of its path's parameters.
fn shape(operation: &OperationId) -> String {
    let mut parts = operation.as_str().split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shape, part| shape + "{" + part.split_once('}').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Volatile;
    use crate::fixture::State;
    use crate::replay::testing::{answer, exchange, fixture};

    fn api(path: &str) -> Api {
        let text = format!(
            r#"{{"openapi":"3.1.0","info":{{"title":"x","version":"1"}},"paths":{{"{path}":{{"get":{{"parameters":[
            {{"name":"id","in":"path","required":true,"schema":{{}}}}],"responses":{{"200":{{"description":"x"}}}}}}}}}}}}"#
        );
        (*crate::spec::load_bytes("x.json", text.as_bytes()).unwrap().api).clone()
    }

    /// The verdict of a fixture of `GET /a/{key}` that was answered so, by a document that has `GET` of this path.
    #[track_caller]
    fn check(verdict: Verdict, status: u16, path: &str, expected: &str) {
        let mut fixture = fixture(State::Open);
        fixture.operation = OperationId::new("get", "/a/{key}");
        fixture.steps[0].operation = fixture.operation.to_string();
        let scenario = fixture.to_scenario("");
        let exchanges = vec![exchange(&scenario.steps[0], answer(status))];
        let replayed = Replayed { verdict, scenario, exchanges, attempts: 1, volatile: Volatile::default() };
        assert_eq!(replayed.by_document(&fixture, &api(path)).verdict.to_string(), expected);
    }

    #[test]
    fn what_passes_since_the_route_is_gone_is_stale() {
        let gone = "stale: GET /a/{key} is not in the document any more, and 404 is all that the target answers: delete \
                    the fixture, or restore the operation";
        check(Verdict::Pass, 404, "/b/{id}", gone);
        check(Verdict::UnexpectedPass, 404, "/b/{id}", gone);
        let broken = Verdict::Stale { reason: "step 1".into() };
        check(broken, 404, "/b/{id}", "stale: step 1; GET /a/{key} is not in the document any more");
    }

    #[test]
    fn what_is_still_answered_or_documented_is_left_alone() {
        check(Verdict::Pass, 404, "/a/{id}", "pass");
        check(Verdict::Pass, 200, "/b/{id}", "pass");
        check(Verdict::Fail { reason: "x".into() }, 404, "/b/{id}", "fail: x");
        check(Verdict::Stale { reason: "step 1".into() }, 404, "/a/{id}", "stale: step 1");
    }
}
