//! The whole loop (generate, send, judge, record) against a server that is already running, as a user's process pays
//! for it: requests per second, microseconds of CPU per request, peak resident memory.
//!
//! `benches/compare.sh` starts the server, runs this beside `wrk`, and prints ratios. By hand:
//! `GADFLY_BENCH_URL=http://127.0.0.1:PORT cargo bench --bench loop`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints and is steered by the environment"
)]

use std::time::Duration;

use gadfly::campaign::{self, Options, Target};
use gadfly::clock;
use gadfly::spec;

/// A believable operation: a path parameter, two query parameters, a nested body of a dozen properties.
const DOCUMENT: &str = include_str!("loop.yaml");

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
    for concurrency in [1, 16, 64] {
        runtime.block_on(measure(&url, concurrency, Duration::from_secs(seconds)));
    }
    if let Some(peak) = peak_memory() {
        println!("loop peak_rss_mb={peak:.1}");
    }
}

async fn measure(url: &str, concurrency: usize, time: Duration) {
    let loaded = spec::load_bytes("loop.yaml", DOCUMENT.as_bytes()).expect("the bench's own document is sound");
    let target = Target { origin: url.parse().expect("GADFLY_BENCH_URL is a URL"), base_path: String::new() };
    let mut options = Options::new("bench", target);
    options.concurrency = concurrency;
    options.time = Some(time);
    let before = clock::process_cpu();
    let summary = campaign::run(&loaded, options, &mut ()).await.expect("the server answers");
    let cpu = clock::process_cpu().zip(before).map(|(after, before)| after.saturating_sub(before));
    let micros = cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64() * 1e6 / summary.requests.max(1) as f64);
    println!(
        "loop connections={concurrency} requests_per_second={:.0} cpu_us_per_request={micros:.1} findings={}",
        summary.requests as f64 / summary.wall_seconds,
        summary.findings.len()
    );
}

/// Peak resident memory of this process in MB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
