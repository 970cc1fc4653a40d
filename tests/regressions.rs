//! Every committed fixture as a test of its own, and a brief deterministic fuzz of each operation of `specs/`.
//!
//! `GADFLY_URL=http://127.0.0.1:8080 cargo test --test regressions` runs them against that server; without it the
//! embedded demo API (its clean twin) stands in. A project of your own needs the same three lines, and in its
//! `Cargo.toml` a `[[test]]` table with `harness = false`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gadfly::harness::main()
}
