//! Sends the fixtures of one API to where it is. Main type: [`Sender`].

use std::cell::OnceCell;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::site::Site;
use crate::api::Api;
use crate::clock;
use crate::fixture::{Entry, REGRESSIONS, trial_name};
use crate::oracle::Registry;
use crate::redact::Redactor;
use crate::replay::{self, Conditions, Replayed, View};
use crate::seed::Seed;
use crate::transport;

/// How long to wait before a fixture is sent once more.
const PAUSE: Duration = Duration::from_millis(250);

/// What replays have in common.
pub(super) struct Sender {
    site: Site,
    registry: Registry,
    today: String,
    /// Another one for each run, since the target remembers the values that are made from it.
    fresh: Seed,
    /// Read once, and only where an answer makes one ask for it.
    api: OnceCell<Option<Arc<Api>>>,
}

impl Sender {
    /// Sends at most so many requests at once.
    pub(super) fn new(mut site: Site, concurrency: NonZeroU32) -> Self {
        site.executor.transport = transport::limited(site.executor.transport, concurrency.get());
        let fresh = Seed::new(clock::moment());
        Self { site, registry: Registry::default(), today: clock::today(), fresh, api: OnceCell::new() }
    }

    /// Knows every credential.
    pub(super) fn redactor(&self) -> Redactor {
        self.site.executor.identities.redactor()
    }

    /// Sends one fixture.
    pub(super) async fn replay(&self, Entry { key, fixture }: &Entry) -> Result<Replayed, Error> {
        let Self { site, today, fresh, .. } = self;
        let conditions = Conditions { base_path: site.base_path.as_deref(), today, fresh: *fresh, pause: PAUSE };
        let replayed = replay::run(fixture, &site.executor, &self.registry, conditions).await;
        let failed = |source| Error::Replay { file: format!("{REGRESSIONS}/{key}"), source: Box::new(source) };
        let replayed = replayed.map_err(failed)?;
        if !replayed.may_be_removed() {
            return Ok(replayed);
        }
        let api = self.api.get_or_init(|| self.site.api());
        Ok(match api {
            Some(api) => replayed.by_document(fixture, api),
            None => replayed,
        })
    }

    /// All that there is to say of a replay.
    pub(super) fn explained(&self, Entry { key, fixture }: &Entry, replayed: &Replayed) -> String {
        let view = View {
            file: &format!("{REGRESSIONS}/{key}"),
            name: &trial_name(key),
            origin: &self.site.target.origin,
            redactor: &self.redactor(),
            looks_for: View::looks_for(&self.registry, &fixture.oracle),
        };
        replay::explain(fixture, replayed, &view)
    }
}
