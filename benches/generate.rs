//! Cases generated and encoded per second and core, for a nested body of a dozen properties, by generator: made with their
//! requests as a run makes them.
//!
//! `cargo bench --bench generate`; the figures are in `benches/RESULTS.md`.

use std::sync::Arc;

use divan::counter::ItemsCount;
use gadfly::api::Operation;
use gadfly::generate::{self, Generator};
use gadfly::seed::Seed;
use gadfly::spec;

/// Cases in one sample.
const CASES: u64 = 2_000;

/// That of the `gadfly` command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

fn operation() -> Arc<Operation> {
    let loaded = spec::load_bytes("loop.yaml", include_bytes!("loop.yaml")).expect("the bench's own document is sound");
    Arc::clone(&loaded.api.operations[0])
}

fn generator(name: &str) -> Arc<dyn Generator> {
    Arc::clone(generate::standard(&Arc::default()).named(name).expect("the generator exists"))
}

#[divan::bench(args = ["boundary", "hostile", "malformed", "valid", "wire"])]
fn cases(bencher: divan::Bencher<'_, '_>, name: &str) {
    let (operation, generator) = (operation(), generator(name));
    let count = generator.count(&operation).unwrap_or(u64::MAX);
    bencher.counter(ItemsCount::new(CASES)).bench(|| {
        (0..CASES)
            .filter_map(|index| generator.written(&operation, index % count, Seed::new(1)))
            .map(|(_, request)| request.body.len())
            .sum::<usize>()
    });
}
