//! The wire client alone against a server that is already running: requests per second and microseconds of CPU per
//! request, at 1, 16 and 64 connections on one thread.
//!
//! `benches/compare.sh` starts the server, runs this beside `wrk`, and prints ratios. By hand:
//! `GADFLY_BENCH_URL=http://127.0.0.1:PORT cargo bench --bench transport`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints and is steered by the environment"
)]

use std::sync::Arc;
use std::time::Duration;

use gadfly::clock::{self, Stopwatch};
use gadfly::transport::{self, Options, Transport};
use gadfly::wire::Request;
use tokio::task::JoinSet;

/// That of the `gadfly` command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let Ok(url) = std::env::var("GADFLY_BENCH_URL") else {
        println!("set GADFLY_BENCH_URL to the address of a server; benches/compare.sh does");
        return;
    };
    let seconds = std::env::var("GADFLY_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    for connections in [1, 16, 64] {
        runtime.block_on(measure(&url, connections, Duration::from_secs(seconds)));
    }
}

async fn measure(url: &str, connections: usize, time: Duration) {
    let transport = transport::http1(url.parse().expect("GADFLY_BENCH_URL is a URL"));
    let (watch, before) = (Stopwatch::start(), clock::process_cpu());
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        senders.spawn(send(Arc::clone(&transport), watch, time));
    }
    let requests: u32 = senders.join_all().await.into_iter().sum();
    let wall = watch.elapsed().as_secs_f64();
    let cpu = clock::process_cpu().zip(before).map(|(after, before)| after.saturating_sub(before));
    let micros = cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64() * 1e6 / f64::from(requests));
    println!(
        "transport connections={connections} requests_per_second={:.0} cpu_us_per_request={micros:.1}",
        f64::from(requests) / wall
    );
}

/// Sends one request after another until the time is up, and counts them.
async fn send(transport: Arc<dyn Transport>, watch: Stopwatch, time: Duration) -> u32 {
    let options = Options { timeout: Duration::from_secs(10), fresh_connection: false };
    let request = Arc::new(Request::new("GET", "/"));
    let mut requests = 0;
    while watch.elapsed() < time {
        let exchange = transport.send(Arc::clone(&request), options).await.expect("a plain request can be sent");
        assert_eq!(exchange.outcome.status(), Some(200), "{:?}", exchange.outcome);
        requests += 1;
    }
    requests
}
