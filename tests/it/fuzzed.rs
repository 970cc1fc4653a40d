//! The fuzz targets of `tests/fuzz` with fixed inputs: their seeds, and what a mutator makes of those from a fixed seed.
//!
//! `cargo test --test it fuzzed -- --ignored` searches on; libFuzzer does it better (README, "Fuzzing gadfly itself").

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use gadfly::clock::Stopwatch;
use gadfly::seed::Seed;

use crate::fuzz::{TARGETS, Target};
use crate::sources::root;

/// How long one input may take in an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest input that is made.
const LONGEST: usize = 4 << 10;

/// The seeds of a target, by file name.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = root().join("tests/fuzz/seeds").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// What is put into inputs now and then: marks of the formats that are read.
const MARKS: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\r\n",
    b"\n",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"$ref",
    b"null",
    b"-1",
    b"1e400",
    b"\\",
    b"*",
    b"&",
    b"%",
    b"  ",
    b"18446744073709551616",
    b"~1",
    b"\xed\xa0\x80",
];

/// An input made from one or two others.
fn mutated(seeds: &[Vec<u8>], seed: Seed) -> Vec<u8> {
    let below = |label: &str, index: u64, bound: usize| {
        usize::try_from(seed.child(label, index).below(bound.max(1) as u64)).unwrap()
    };
    let mut input = seeds[below("seed", 0, seeds.len())].clone();
    for step in 0..=below("steps", 0, 6) as u64 {
        let at = below("at", step, input.len());
        let end = (at + 1 + below("length", step, 24)).min(input.len());
        match below("kind", step, 7) {
            0 if !input.is_empty() => input[at] ^= 1 << below("bit", step, 8),
            1 => drop(input.drain(at.min(end)..end)),
            2 => drop(input.splice(at..at, MARKS[below("mark", step, MARKS.len())].iter().copied())),
            3 => {
                let piece = input[at.min(end)..end].to_vec();
                let to = below("to", step, input.len());
                drop(input.splice(to..to, piece));
            }
            4 => {
                let other = &seeds[below("other", step, seeds.len())];
                let from = below("from", step, other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            5 => drop(input.splice(at.min(end)..end, MARKS[below("mark", step, MARKS.len())].iter().copied())),
            _ => {
                let noise = seed.child("noise", step).tape(below("length", step, 24));
                drop(input.splice(at..at, noise));
            }
        }
    }
    input.truncate(LONGEST);
    input
}

/// Runs a target; a panic or a hang names the input.
fn run((name, target): Target, input: &[u8]) {
    let watch = Stopwatch::start();
    let result = catch_unwind(AssertUnwindSafe(|| target(input)));
    assert!(result.is_ok(), "{name} panics for b\"{}\"", input.escape_ascii());
    assert!(watch.elapsed() < PATIENCE, "{name} takes {:?} for b\"{}\"", watch.elapsed(), input.escape_ascii());
}

fn search(name: &str, rounds: u64) {
    let target = *TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for seed in &seeds {
        run(target, seed);
    }
    run(target, b"");
    for round in 0..rounds {
        run(target, &mutated(&seeds, Seed::new(1).child(name, round)));
    }
}

/// Every target is named by one of the tests below.
macro_rules! targets {
    ($($name:ident: $rounds:expr),* $(,)?) => {
        mod briefly { $(#[test] fn $name() { super::search(stringify!($name), $rounds); })* }
        mod at_length {
            $(#[test] #[ignore = "takes minutes"] fn $name() { super::search(stringify!($name), 1_000 * $rounds); })*
        }
        const NAMED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    document: 300, generation: 30, encoding: 800, answer: 3_000, fixture: 800, corpus: 800, configuration: 500,
    dictionary: 60, pattern: 400, refusal: 400, recording: 200,
}

#[test]
fn every_target_is_run() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, NAMED);
}
