//! Whether a run is worth its time: nothing but 404, 401 or silence means that something is set up wrong.
//!
//! Main type: [`Health`]. It says so once, in the first seconds, and says what to change.

use std::collections::{BTreeMap, BTreeSet};

use super::Glimpse;
use crate::api::OperationId;

/// After how many answers it looks first, and again after each doubling.
const FIRST_LOOK: u64 = 24;

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
    }

    /// What the user should know, once each.
    pub fn notice(&mut self) -> Option<String> {
        if self.total < self.next_look {
            return None;
        }
        self.next_look = self.total * 2;
        let (kind, text) = self.diagnosis()?;
        self.told.insert(kind).then_some(text)
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

    #[test]
    fn runs_that_see_something_are_left_alone() {
        check(&[404, 404, 404, 200], None);
        check(&[400, 404, 422], None);
        check(&[404, 405, 400, 400], None);
    }
}
