//! Whether a run is worth its time: nothing but 404, 401 or silence means that something is set up wrong, and nothing but 401
//! or 403 after answers of another kind that the caller is let in no more.
//!
//! Main type: [`Health`]. It says so once, as soon as it shows, and says what to change.

use std::collections::{BTreeMap, BTreeSet};

use super::Glimpse;
use crate::api::OperationId;

/// After how many answers it looks first, and again after each doubling.
const FIRST_LOOK: u64 = 24;
/// After so many answers without a 2xx the caller counts as shut out if at least such a share of them, in percent, refuses it, and
/// so many of them are of operations that had answered 2xx: one that never did may be closed to this caller. Where requests are
/// looked at before the caller is, it takes longer to be sure.
const SHUT: [(u64, u64, u64); 2] = [(32, 90, 8), (256, 40, 64)];

/// Counts outcomes and notices when a run is blind.
#[derive(Debug)]
pub struct Health {
    base_url: String,
    total: u64,
    next_look: u64,
    by_status: BTreeMap<u16, u64>,
    operations_missing: BTreeSet<OperationId>,
    operations_seen: BTreeSet<OperationId>,
    told: BTreeSet<&'static str>,
    /// Operations that answered 2xx.
    open: BTreeSet<OperationId>,
    /// What came after the last 2xx.
    since: Since,
}

/// What came after the last 2xx.
#[derive(Debug, Default)]
struct Since {
    /// Which operation that was, and how many answers there were by then.
    last: Option<(OperationId, u64)>,
    answers: u64,
    refusals: u64,
    /// Refusals by operations that had answered 2xx.
    revoked: u64,
}

impl Health {
    /// Watches a run against this base URL.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            total: 0,
            next_look: FIRST_LOOK,
            by_status: BTreeMap::new(),
            operations_missing: BTreeSet::new(),
            operations_seen: BTreeSet::new(),
            told: BTreeSet::new(),
            open: BTreeSet::new(),
            since: Since::default(),
        }
    }

    /// Takes an answer in.
    pub fn observe(&mut self, operation: &OperationId, glimpse: Glimpse) {
        self.total += 1;
        let Ok(status) = glimpse.outcome else { return };
        *self.by_status.entry(status).or_default() += 1;
        let seen = if status == 404 { &mut self.operations_missing } else { &mut self.operations_seen };
        if !seen.contains(operation) {
            seen.insert(operation.clone());
        }
        if glimpse.is_success() {
            if !self.open.contains(operation) {
                self.open.insert(operation.clone());
            }
            self.since = Since { last: Some((operation.clone(), self.total)), ..Since::default() };
        } else {
            let is_refusal = matches!(status, 401 | 403);
            self.since.answers += 1;
            self.since.refusals += u64::from(is_refusal);
            self.since.revoked += u64::from(is_refusal && self.open.contains(operation));
        }
    }

    /// What the user should know, once each.
    pub fn notice(&mut self) -> Option<String> {
        if let Some(text) = self.shut_out() {
            return self.told.insert("shut").then_some(text);
        }
        if self.total < self.next_look {
            return None;
        }
        self.next_look = self.total * 2;
        let (kind, text) = self.diagnosis()?;
        self.told.insert(kind).then_some(text)
    }

    /// That the caller is let in no more, if it is so: single operations that refuse it are their own matter.
    fn shut_out(&self) -> Option<String> {
        let Since { last, answers, refusals, revoked } = &self.since;
        let (operation, number) = last.as_ref()?;
        let is_shut = |(least, share, known): (u64, u64, u64)| {
            *answers >= least && *revoked >= known && refusals * 100 >= answers * share
        };
        SHUT.into_iter().any(is_shut).then(|| {
            format!(
                "the target lets this caller in no more: since answer {number}, a 2xx of {operation}, no request is answered \
                 2xx, and what was before is answered 401 or 403. The run may have changed its password or ended its \
                 session; keep the operation that does so out with --exclude, or give the caller a login in gadfly.toml"
            )
        })
    }

    fn diagnosis(&self) -> Option<(&'static str, String)> {
        let share = |statuses: &[u16]| {
            let count: u64 = statuses.iter().filter_map(|status| self.by_status.get(status)).sum();
            count * 100 / self.total.max(1)
        };
        if self.by_status.keys().any(|status| status / 100 == 2) {
            return None;
        }
        let base = &self.base_url;
        // One operation that is not there is its own matter; several, and no other, point at the base URL.
        if share(&[404]) >= 90 && self.operations_seen.len() * 4 <= self.operations_missing.len() {
            let text = format!(
                "{}% of the answers are 404 and none is 2xx: the base URL {base} is probably wrong. Look up the prefix \
                 under which the API is served and pass it with the URL, such as --url {base}/api",
                share(&[404])
            );
            return Some(("404", text));
        }
        if share(&[401, 403]) >= 80 {
            let text = format!(
                "{}% of the answers are 401 or 403 and none is 2xx: the API wants credentials. Pass them with \
                 -H 'Authorization: ...', or configure an identity in gadfly.toml and choose it with --as NAME",
                share(&[401, 403])
            );
            return Some(("401", text));
        }
        if share(&[429]) >= 50 {
            let text = "half of the answers are 429: the API limits the rate. Pass --rate N to stay below".to_owned();
            return Some(("429", text));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::wire::{Exchange, Headers, Outcome, Request, Response};

    #[track_caller]
    fn check(statuses: &[u16], expected: Option<&str>) {
        let mut health = Health::new("http://127.0.0.1:1/v1");
        for _ in 0..30 {
            for (index, status) in statuses.iter().enumerate() {
                let operation = OperationId::new("get", &format!("/{index}"));
                let exchange = Exchange {
                    request: Arc::new(Request::new("GET", "/")),
                    sent: Bytes::new(),
                    outcome: Outcome::Response(Response::new(*status, Headers::new(), "")),
                    elapsed: Duration::ZERO,
                };
                health.observe(&operation, Glimpse::of(&exchange));
            }
        }
        let notice = health.notice();
        assert_eq!(notice.is_some(), expected.is_some(), "{notice:?}");
        if let (Some(notice), Some(expected)) = (notice, expected) {
            assert!(notice.contains(expected), "{notice}");
            assert_eq!(health.notice(), None, "a notice is given once");
        }
    }

    #[test]
    fn blind_runs_are_noticed() {
        check(&[404, 404, 404, 404], Some("--url http://127.0.0.1:1/v1/api"));
        check(&[401, 403, 401], Some("-H 'Authorization"));
        check(&[429, 429, 400], Some("--rate"));
    }

    /// Whether a caller that was let in by both of two operations at first is told to be shut out by these answers.
    #[track_caller]
    fn check_after(first: u16, second: u16, expected: bool) {
        let mut health = Health::new("http://127.0.0.1:1/v1");
        let mut observe = |path: &str, status: u16| {
            let exchange = Exchange {
                request: Arc::new(Request::new("GET", "/")),
                sent: Bytes::new(),
                outcome: Outcome::Response(Response::new(status, Headers::new(), "")),
                elapsed: Duration::ZERO,
            };
            health.observe(&OperationId::new("get", path), Glimpse::of(&exchange));
            health.notice()
        };
        let before = [observe("/a", 200), observe("/b", 200)];
        let notices: Vec<_> = (0..200).flat_map(|_| [observe("/a", first), observe("/b", second)]).flatten().collect();
        assert!(before.iter().all(Option::is_none) && notices.len() == usize::from(expected), "{notices:?}");
        assert!(notices.iter().all(|notice| notice.contains("GET /b")), "{notices:?}");
    }

    #[test]
    fn a_caller_that_is_let_in_no_more_is_noticed() {
        check_after(401, 401, true);
        check_after(403, 401, true);
        check_after(401, 200, false);
        check_after(200, 403, false);
        check_after(404, 404, false);
        check_after(400, 401, true);
        check_after(400, 404, false);
    }

    #[test]
    fn runs_that_see_something_are_left_alone() {
        check(&[404, 404, 404, 200], None);
        check(&[400, 404, 422], None);
        check(&[404, 405, 400, 400], None);
    }
}
