//! What the replays of one run have in common, whoever asks for them. Main types: [`Replayer`], [`Target`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, RwLock};

use super::{Conditions, Error, Replayed, View, explain, run};
use crate::api::Api;
use crate::clock;
use crate::engine::{self, Executor};
use crate::fixture::{Entry, Fixture, REGRESSIONS, trial_name};
use crate::oracle::Registry;
use crate::seed::Seed;
use crate::transport::Options;
use crate::wire::{Origin, Request};

/// How long a replay waits before it is tried once more.
const PAUSE: Duration = Duration::from_millis(250);

/// Whether a fixture takes away what others use, perhaps something that is there before any of them is sent: it is sent alone
/// and comes after them.
pub fn takes_away(fixture: &Fixture) -> bool {
    fixture.to_scenario("").steps.iter().any(|step| engine::may_ruin(&step.operation, &step.request))
}

/// Where fixtures are sent.
pub struct Target {
    /// The way to it.
    pub executor: Executor,
    /// Where it listens.
    pub origin: Origin,
    /// The base path; `None` if it is the one at which each fixture was found.
    pub base_path: Option<String>,
}

/// Sends fixtures and says what came of them.
pub struct Replayer {
    /// The oracles that the fixtures name.
    pub registry: Registry,
    /// Today's date, `YYYY-MM-DD`.
    pub today: String,
    /// Who takes away what others use is alone meanwhile.
    pub turns: RwLock<()>,
    /// Another one for each run, since the target remembers the values that are made from it.
    pub fresh: Seed,
    /// Targets that were asked for their base URL.
    pub greeted: Mutex<BTreeSet<String>>,
}

impl Replayer {
    /// A run that begins now, with all oracles.
    pub fn begin() -> Self {
        let (registry, fresh) = (Registry::default(), Seed::new(clock::moment()));
        Self { registry, today: clock::today(), turns: RwLock::default(), fresh, greeted: Mutex::default() }
    }

    /// Sends one fixture. The document is asked for only where the answer makes one ask whether the operation was removed.
    pub async fn replay(
        &self,
        Entry { fixture, .. }: &Entry,
        target: &Target,
        document: impl FnOnce() -> Option<Arc<Api>>,
    ) -> Result<Replayed, Error> {
        let Self { registry, today, turns, fresh, .. } = self;
        self.greet(target, fixture).await?;
        let is_alone = takes_away(fixture);
        let _alone = if is_alone { Some(turns.write().await) } else { None };
        let _beside = if is_alone { None } else { Some(turns.read().await) };
        let conditions = Conditions { base_path: target.base_path.as_deref(), today, fresh: *fresh, pause: PAUSE };
        let replayed = run(fixture, &target.executor, registry, conditions).await?;
        let document = if replayed.may_be_removed() { document() } else { None };
        Ok(match document {
            Some(api) => replayed.by_document(fixture, &api),
            None => replayed,
        })
    }

    /// Asks a target for its base URL before the first fixture, as the run began that found them: a server that keeps what it
    /// is asked for has no journal without that.
    async fn greet(&self, target: &Target, fixture: &Fixture) -> Result<(), Error> {
        let mut greeted = self.greeted.lock().await;
        if greeted.insert(target.origin.to_string()) {
            let base_path = target.base_path.as_deref().unwrap_or(&fixture.base_path);
            let request = Arc::new(Request::new("GET", format!("{base_path}/")));
            let options = Options { fresh_connection: true, ..target.executor.options };
            // Whoever does not answer says so to the first fixture as well.
            target.executor.transport.send(request, options).await.map_err(engine::Error::from)?;
        }
        Ok(())
    }

    /// All that there is to say of a replay.
    pub fn explained(&self, Entry { key, fixture }: &Entry, replayed: &Replayed, target: &Target) -> String {
        let view = View {
            file: &format!("{REGRESSIONS}/{key}"),
            name: &trial_name(key),
            origin: &target.origin,
            redactor: &target.executor.identities.redactor(),
            looks_for: View::looks_for(&self.registry, &fixture.oracle),
        };
        explain(fixture, replayed, &view)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;
    use crate::fixture::State;
    use crate::replay::testing::{Fake, answer, executor, fixture};

    /// Whether a fixture of this operation is sent while another one is under way.
    #[track_caller]
    fn check(method: &str, path: &str, is_sent: bool) {
        let mut fixture = fixture(State::Open);
        for step in &mut fixture.steps {
            step.operation = format!("{method} {path}");
        }
        let entry = Entry { key: "demo/a.json".to_owned(), fixture };
        let target = Target {
            executor: executor(Fake::always(answer(200))),
            origin: "http://127.0.0.1:8080".parse().unwrap(),
            base_path: None,
        };
        let replayer = Replayer { registry: crate::replay::testing::registry(), ..Replayer::begin() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let beside = replayer.turns.read().await;
            let mut replay = pin!(replayer.replay(&entry, &target, || None));
            assert_eq!(replay.as_mut().now_or_never().is_some(), is_sent, "{method} {path}");
            drop(beside);
            if !is_sent {
                assert!(replay.await.is_ok());
            }
        });
    }

    #[test]
    fn who_takes_away_what_others_use_waits_for_them() {
        check("GET", "/a", true);
        check("DELETE", "/a/{id}", true);
        check("DELETE", "/a", false);
        check("POST", "/admin/reset", false);
    }
}
