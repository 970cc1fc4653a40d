//! A run that is killed at any moment leaves no half file, loses no finding that it told of, and the next run carries on.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use gadfly::seed::Seed;
use serde_json::Value;

use crate::support::Project;

/// A moment is a number of lines on standard output: there a run tells each finding as soon as it is kept, so that they come
/// while files are written. A run of so many requests tells of more.
const MOST_LINES: u64 = 80;

/// Kills the run after so many lines; answers the fixtures that it told of.
fn killed(project: &Project, seed: u64, lines: usize) -> Vec<String> {
    let seed = seed.to_string();
    let mut command = project.command(&["demo", "--requests", "6000", "--seed", &seed], &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).take(lines);
    let file = |line: String| line.trim().strip_prefix("fixture ").map(|file| file.trim().to_owned());
    let told = out.filter_map(file).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    told
}

/// How many files are there that were never finished.
fn unfinished(project: &Project) -> usize {
    let folders = ["regressions", "regressions/demo", "regressions/pending", "regressions/pending/demo"];
    let folders = folders.iter().chain(&["corpus", "corpus/demo"]);
    let entries = folders.flat_map(|folder| std::fs::read_dir(project.path(folder)).into_iter().flatten());
    entries.filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(".gadfly-")).count()
}

/// Kills one run after the other in one project, each at another moment.
fn check(moments: u64, seed: Seed) {
    let project = Project::new(&[]);
    let mut told = 0;
    for moment in 0..moments {
        // Half of them early, when most is written for the first time.
        let most = if moment % 2 == 0 { MOST_LINES / 8 } else { MOST_LINES };
        let lines = usize::try_from(seed.child("moment", moment).below(most)).unwrap();
        let found = killed(&project, moment + 1, lines);
        told += found.len();
        for file in found.iter().map(|file| project.path(file)).chain(project.files("regressions")) {
            let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{lines}: {}: {error}", file.display()));
            serde_json::from_slice::<Value>(&text)
                .unwrap_or_else(|error| panic!("{lines}: {}: {error}", file.display()));
        }
        for file in project.files("corpus") {
            serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap())
                .unwrap_or_else(|error| panic!("{lines}: {}: {error}", file.display()));
        }
    }
    assert!(told > 0, "no run told of a fixture before it was killed");
    let kept = project.gadfly(&["list", "--json"]);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    project.write("regressions/pending/demo/.gadfly-abc.tmp", "{");
    project.write("corpus/demo/.gadfly-abc.tmp", "{");
    let next = project.gadfly(&["demo", "--requests", "30", "--include", "GET /health", "--json"]);
    assert_eq!(next.code, Some(1), "{next:?}");
    let notices = next.object()["notices"].clone();
    assert_eq!(notices, serde_json::json!([]), "the next run has something to complain of");
    if cfg!(unix) {
        assert_eq!(unfinished(&project), 0, "a killed run's unfinished files are still there");
    }
    let accepted = project.gadfly(&["accept", "--all", "--json"]);
    assert_eq!(accepted.code, Some(0), "{accepted:?}");
    let count = accepted.object()["accepted"].as_array().unwrap().len() as u64;
    assert!(Some(count) >= kept.object()["counts"]["pending"].as_u64(), "{accepted:?}");
}

#[test]
fn a_kill_leaves_no_half_file_and_loses_no_proved_finding() {
    check(4, Seed::new(7));
}

#[test]
#[ignore = "takes a minute or more; .ci/run runs it"]
fn fifty_kills_leave_no_half_file_and_lose_no_proved_finding() {
    check(50, Seed::new(1));
}
