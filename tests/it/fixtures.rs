//! The committed fixtures of the demo: green against the clean twin, red against the one with the bugs, and for the
//! reason that each of them names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gadfly::clock;
use gadfly::demo::{self, Demo};
use gadfly::engine::Executor;
use gadfly::finding::Verdict;
use gadfly::fixture::{Entry, Shelf};
use gadfly::oracle::Registry;
use gadfly::replay::{self, Conditions, Replayed};
use gadfly::seed::Seed;
use gadfly::store::Directory;
use gadfly::transport;

pub(crate) fn committed() -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let (shelf, problems) = Shelf::open(Arc::new(Directory::new(folder)), "regressions").unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let listing = shelf.accepted().unwrap();
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    listing.entries.into_iter().filter(|entry| entry.key.starts_with("demo/")).collect()
}

async fn replay_all(clean: bool) -> Vec<(Entry, Replayed)> {
    let server = Demo::start(demo::Options { clean, ..demo::Options::default() }).await.unwrap();
    let origin: gadfly::wire::Origin = server.base_url().parse().unwrap();
    let executor = Executor {
        transport: transport::http1(origin),
        identities: Arc::new(crate::demo::alice()),
        options: transport::Options { timeout: Duration::from_secs(3), fresh_connection: true },
        ledger: None,
        process: None,
    };
    let today = clock::today();
    let registry = Registry::default();
    let mut replayed = Vec::new();
    for entry in committed() {
        let conditions =
            Conditions { base_path: None, today: &today, fresh: Seed::new(1), pause: Duration::from_millis(50) };
        let outcome = replay::run(&entry.fixture, &executor, &registry, conditions).await.unwrap();
        replayed.push((entry, outcome));
    }
    server.stop().await;
    replayed
}

#[tokio::test]
async fn every_fixture_is_green_where_the_bugs_are_mended() {
    let replayed = replay_all(true).await;
    assert!(replayed.len() >= 25, "only {} fixtures are committed", replayed.len());
    for (entry, replayed) in &replayed {
        assert_eq!(replayed.verdict, Verdict::Pass, "{}", entry.key);
    }
}

#[tokio::test]
async fn every_fixture_is_red_where_the_bugs_are() {
    for (entry, replayed) in &replay_all(false).await {
        let Verdict::Fail { reason } = &replayed.verdict else {
            panic!("{} is {}", entry.key, replayed.verdict);
        };
        assert_right_reason(entry, replayed, reason);
    }
}

/// The right reason: what came back is what was recorded when the bug was found, and not another failure.
fn assert_right_reason(entry: &Entry, replayed: &Replayed, reason: &str) {
    let answer = &replayed.exchanges.last().unwrap().outcome;
    let seen = entry.fixture.observed.render();
    let status = answer.to_string();
    assert!(seen.contains(&status), "{}: {reason}: now {status}, at discovery:\n{seen}", entry.key);
}
