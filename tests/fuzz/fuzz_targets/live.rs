//! The fuzzer's bytes as requests to a running API: GADFLY_URL says where it is, GADFLY_SPEC is its document. A 5xx answer
//! or none at all is a crash. Loopback only.

#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use gadfly::generate::strategy::CaseStrategy;
use gadfly::scenario::encode;
use gadfly::spec;
use gadfly::transport::{self, Options, Transport};
use gadfly::wire::Origin;

struct Live {
    strategies: Vec<CaseStrategy>,
    base_path: String,
    transport: Arc<dyn Transport>,
    runtime: tokio::runtime::Runtime,
}

static LIVE: LazyLock<Live> = LazyLock::new(|| {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("set {name}"));
    let loaded = spec::load_file(variable("GADFLY_SPEC").as_ref()).expect("the specification can be read");
    let url = variable("GADFLY_URL");
    let origin: Origin = url.parse().expect("GADFLY_URL is a URL");
    assert!(origin.is_loopback(), "{origin} is not this machine");
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let base_path = after_scheme.find('/').map_or("", |at| after_scheme[at..].trim_end_matches('/')).to_owned();
    let strategies: Vec<_> = loaded.api.operations.iter().filter_map(CaseStrategy::new).collect();
    assert!(!strategies.is_empty(), "no operation of the specification can be called");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Live { strategies, base_path, transport: transport::http1(origin), runtime }
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let live = &*LIVE;
    let [low, high, tape @ ..] = bytes else { return };
    let strategy = &live.strategies[usize::from(u16::from_le_bytes([*low, *high])) % live.strategies.len()];
    let Some(case) = strategy.case(tape) else { return };
    let request = Arc::new(encode(&case, &live.base_path));
    let options = Options { timeout: Duration::from_secs(3), fresh_connection: false };
    let sent = live.runtime.block_on(live.transport.send(Arc::clone(&request), options));
    let exchange = sent.expect("the wire client sends everything");
    match exchange.outcome.response() {
        Some(response) => assert!(response.status < 500, "{} {}: {}", request.method, request.target_text(), response.status),
        None => panic!("{} {}: no answer: {:?}", request.method, request.target_text(), exchange.outcome.fault()),
    }
});
