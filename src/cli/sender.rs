//! Sends the fixtures of one API to where it is. Main type: [`Sender`].

use std::cell::OnceCell;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::Error;
use super::site::Site;
use crate::api::Api;
use crate::fixture::{Entry, REGRESSIONS};
use crate::redact::Redactor;
use crate::replay::{Replayed, Replayer};
use crate::transport;

/// Fixtures are sent from here to one site.
pub(super) struct Sender {
    site: Site,
    replayer: Replayer,
    /// Read once, and only where an answer makes one ask for it.
    api: OnceCell<Option<Arc<Api>>>,
}

impl Sender {
    /// Sends at most so many requests at once.
    pub(super) fn new(mut site: Site, concurrency: NonZeroU32) -> Self {
        let executor = &mut site.target.executor;
        executor.transport = transport::limited(Arc::clone(&executor.transport), concurrency.get());
        Self { site, replayer: Replayer::begin(), api: OnceCell::new() }
    }

    /// Knows every credential.
    pub(super) fn redactor(&self) -> Redactor {
        self.site.target.executor.identities.redactor()
    }

    /// Sends one fixture.
    pub(super) async fn replay(&self, entry: &Entry) -> Result<Replayed, Error> {
        let document = || self.api.get_or_init(|| self.site.api()).clone();
        let replayed = self.replayer.replay(entry, &self.site.target, document).await;
        let failed = |source| Error::Replay { file: format!("{REGRESSIONS}/{}", entry.key), source: Box::new(source) };
        replayed.map_err(failed)
    }

    /// All that there is to say of a replay.
    pub(super) fn explained(&self, entry: &Entry, replayed: &Replayed) -> String {
        self.replayer.explained(entry, replayed, &self.site.target)
    }
}
