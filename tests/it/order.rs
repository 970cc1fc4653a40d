//! Fixtures do not depend on their order, on each other, or on how often they were sent: 200 of them, shuffled, several at
//! once, twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use gadfly::clock;
use gadfly::demo::{self, Demo};
use gadfly::engine::Executor;
use gadfly::finding::Signature;
use gadfly::fixture::{Entry, Fixture};
use gadfly::oracle::Registry;
use gadfly::replay::{self, Conditions};
use gadfly::seed::Seed;
use gadfly::transport;

use crate::fixtures::committed;

const FIXTURES: usize = 200;
const CONCURRENCY: usize = 8;

/// The committed fixtures again and again under other ids.
fn many(is_meant: impl Fn(&Fixture) -> bool) -> Vec<Entry> {
    let entries: Vec<_> = committed().into_iter().filter(|entry| is_meant(&entry.fixture)).collect();
    let copy = |(number, entry): (usize, &Entry)| {
        let id = Signature::from_text(&format!("v1:{number:016x}"));
        Entry { key: format!("demo/{number}.json"), fixture: Fixture { id, ..entry.fixture.clone() } }
    };
    entries.iter().cycle().take(FIXTURES).enumerate().map(copy).collect()
}

/// The same in another order, the same one for the same seed.
fn shuffled(mut entries: Vec<Entry>, seed: u64) -> Vec<Entry> {
    entries.sort_by_key(|entry| Seed::new(seed).child(&entry.key, 0).number());
    entries
}

/// The verdict of each on a demo, sent in these orders one after the other.
async fn verdicts(clean: bool, orders: [Vec<Entry>; 2]) -> [BTreeMap<String, &'static str>; 2] {
    let server = Demo::start(demo::Options { clean, ..demo::Options::default() }).await.unwrap();
    let executor = Executor {
        transport: transport::http1(server.base_url().parse().unwrap()),
        identities: Arc::new(crate::demo::alice()),
        options: transport::Options { timeout: Duration::from_secs(3), fresh_connection: true },
        ledger: None,
        process: None,
    };
    let (today, registry) = (clock::today(), Registry::default());
    let mut all = [BTreeMap::new(), BTreeMap::new()];
    for (round, entries) in orders.iter().enumerate() {
        let conditions = Conditions {
            base_path: None,
            today: &today,
            fresh: Seed::new(round as u64),
            pause: Duration::from_millis(1),
        };
        let sent = entries.iter().map(|entry| async {
            let replayed = replay::run(&entry.fixture, &executor, &registry, conditions).await.unwrap();
            (entry.key.clone(), replayed.verdict.word())
        });
        all[round] = futures_util::stream::iter(sent).buffer_unordered(CONCURRENCY).collect().await;
    }
    server.stop().await;
    all
}

#[track_caller]
fn check([first, second]: &[BTreeMap<String, &'static str>; 2], verdict: &str) {
    assert_eq!(first.len(), FIXTURES);
    assert_eq!(first, second);
    let others: Vec<_> = first.iter().filter(|(_, found)| **found != verdict).collect();
    assert!(others.is_empty(), "not {verdict}: {others:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_mended_ones_pass_in_any_order() {
    let entries = many(|_| true);
    let orders = [shuffled(entries.clone(), 1), shuffled(entries, 2)];
    assert_ne!(orders[0][0].key, orders[1][0].key);
    check(&verdicts(true, orders).await, "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_bugs_fail_in_any_order() {
    // Each hang takes its seconds; that one is replayed elsewhere.
    let entries = many(|fixture| fixture.oracle != "hang");
    check(&verdicts(false, [shuffled(entries.clone(), 3), shuffled(entries, 4)]).await, "fail");
}
