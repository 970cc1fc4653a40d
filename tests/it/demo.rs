//! The self-check: gadfly finds what is planted in the demo, and nothing in its clean twin.

use std::sync::Arc;

use gadfly::campaign::{self, Options, Target};
use gadfly::demo::{self, Demo, PLANTED_BUGS, TOKENS};
use gadfly::finding::Severity;
use gadfly::identity::{Credentials, Identities};
use gadfly::redact::Secret;
use gadfly::report::Summary;
use gadfly::scenario::IdentityName;
use gadfly::seed::Seed;
use gadfly::spec;
use gadfly::store::{Memory, Store};

/// Enough for every operation's enumerated cases; a budget of requests, so that no slow machine changes the outcome.
const REQUESTS: u64 = 9_000;

async fn fuzz(clean: bool, seed: u64, store: Arc<dyn Store>) -> Summary {
    let server = Demo::start(demo::Options { clean, ..demo::Options::default() }).await.unwrap();
    let loaded = spec::load_bytes("demo.yaml", demo::DOCUMENT.as_bytes()).unwrap();
    let origin = server.base_url().parse().unwrap();
    let mut options = Options::new("demo", Target { origin, base_path: demo::BASE_PATH.to_owned() });
    options.identities = alice();
    options.identity = IdentityName::new("alice");
    options.seed = Seed::new(seed);
    options.requests = Some(REQUESTS);
    options.time = None;
    options.fixtures = Some(store);
    let summary = campaign::run(&loaded, options, &mut ()).await.unwrap();
    server.stop().await;
    summary
}

pub(crate) fn alice() -> Identities {
    let token = TOKENS.iter().find(|token| token.identity == "alice").unwrap();
    let mut identities = Identities::new();
    let headers = vec![("Authorization".to_owned(), Secret::new(format!("Bearer {}", token.token)))];
    identities.insert(IdentityName::new("alice"), Credentials { headers, query: vec![] });
    identities
}

#[tokio::test]
async fn planted_bugs_are_found_and_kept() {
    let store = Arc::new(Memory::default());
    let summary = fuzz(false, 1, store.clone()).await;
    let missed: Vec<_> = PLANTED_BUGS
        .iter()
        .filter(|bug| !summary.findings.iter().any(|finding| gadfly::cli::shows(bug, finding)))
        .map(|bug| (bug.id, bug.sentence))
        .collect();
    assert!(missed.len() * 10 <= PLANTED_BUGS.len(), "more than a tenth was missed: {missed:#?}");
    let kept = store.list("pending/").unwrap();
    let worth = summary.findings.iter().filter(|f| f.stable && f.severity > Severity::Remark).count();
    assert_eq!(kept.len(), worth, "one fixture for each finding");
}

#[tokio::test]
async fn the_clean_twin_is_quiet() {
    for seed in [1, 2, 3] {
        let summary = fuzz(true, seed, Arc::new(Memory::default())).await;
        let alarms: Vec<_> = summary.proved(Severity::Low).collect();
        assert!(alarms.is_empty(), "seed {seed}: {alarms:#?}");
        assert!(summary.operations_with_2xx * 10 >= summary.operations * 8, "{:#?}", summary.never_2xx);
    }
}
