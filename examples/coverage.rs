//! One pass over the rules of documents, without a server: how many of them the enumerated cases keep and break.
//!
//! `cargo run --release --example coverage -- FILE...` prints one line per document: operations, rules, the shares that
//! were kept and broken of those for which a request can be made, those for which none can, and the cases it took.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "an example reads its arguments and prints"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gadfly::engine::{Account, RuleCounts};
use gadfly::generate::{Generators, Side, standard};
use gadfly::seed::Seed;
use gadfly::spec;

fn main() {
    let mut reasons = Reasons::new();
    for path in std::env::args().skip(1) {
        match spec::load_file(Path::new(&path)) {
            Ok(loaded) => pass(&path, &loaded.api, &mut reasons),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
    for ((reason, keyword, done), count) in reasons {
        println!("{count:>7} {keyword} not {done}: {reason}");
    }
}

/// How often a keyword was not kept, or not broken, for a reason.
type Reasons = BTreeMap<(&'static str, &'static str, &'static str), u64>;

fn pass(path: &str, api: &gadfly::api::Api, reasons: &mut Reasons) {
    let mut counts = RuleCounts::default();
    let mut cases = 0_u64;
    for operation in &api.operations {
        // Plans are not kept from one operation to the next: memory stays that of one.
        let generators = standard(&Arc::default());
        let mut account = Account::new(generators.goals(operation));
        cases += all(&generators, operation, &mut account);
        // What every request could show and none did is a gap; what no request could be proved to show has a reason.
        account.close();
        counts = counts.plus(account.counts());
        for goal in account.goals() {
            for (done, side) in [("kept", goal.legal), ("broken", goal.illegal)] {
                if let Side::Unreachable(reason) = side {
                    *reasons.entry((reason, goal.keyword, done)).or_default() += 1;
                }
            }
        }
    }
    let name = Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy());
    println!(
        "{name}: {} operations, {} rules, kept {} of {}, broken {} of {}, {cases} cases",
        api.operations.len(),
        counts.rules,
        counts.legal,
        counts.legal_reachable,
        counts.illegal,
        counts.illegal_reachable
    );
}

fn all(generators: &Generators, operation: &Arc<gadfly::api::Operation>, account: &mut Account) -> u64 {
    let mut sent = 0;
    // The other generators are about no rule.
    for generator in ["examples", "boundary", "malformed"].iter().filter_map(|name| generators.named(name)) {
        for index in 0..generator.enumerated(operation) {
            if let Some(case) = generator.case(operation, index, Seed::new(1)) {
                account.observe(&case);
                sent += 1;
            }
        }
    }
    sent
}
