//! House rules that no lint knows: short files, a module doc on each, no `unwrap` outside tests, and nothing of the
//! machine on which it was written.

use std::process::Command;

use crate::sources::{Source, bare, root};

/// Lines of code that a file may have; tests at its foot are not counted.
const MOST_LINES: usize = 400;

/// What is wrong with a source file.
fn complaints(file: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let code = file.code();
    let lines = code.lines().count();
    if lines > MOST_LINES {
        complaints.push(format!("{}: {lines} lines of code, more than {MOST_LINES}", file.path));
    }
    if !file.is_test && !file.text.starts_with("//! ") {
        complaints.push(format!("{}: no module doc `//!` on its first line", file.path));
    }
    for call in [".unwrap()", ".unwrap_err()", "todo!", "unimplemented!", "#[allow("] {
        if bare(code).contains(call) {
            complaints.push(format!("{}: {call} outside tests", file.path));
        }
    }
    complaints
}

#[test]
fn sources_follow_the_house_rules() {
    let files = Source::all("src");
    assert!(files.len() > 50, "the sources were not found: {} files", files.len());
    let complaints: Vec<_> = files.iter().flat_map(complaints).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found = complaints(&Source { path: "src/x.rs".into(), text: text.into(), is_test: false });
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (complaint, part) in found.iter().zip(expected) {
        assert!(complaint.contains(part), "{complaint}");
    }
}

#[test]
fn a_breach_is_noticed() {
    check("//! X.\nfn f() {}\n", &[]);
    check("fn f() {}\n", &["module doc"]);
    check("//! X.\nfn f() { g().unwrap() }\n", &[".unwrap()"]);
    check("//! X.\n// .unwrap()\n\n#[cfg(test)]\nmod tests { fn f() { g().unwrap() } }\n", &[]);
    check("//! X.\nfn f() { todo!() }\n", &["todo!"]);
    check(&format!("//! X.\n{}", "fn f() {}\n".repeat(MOST_LINES)), &["401 lines"]);
}

/// Parts of paths of the machines that the code is written on; put together so that this file does not hold them.
fn machine_paths() -> Vec<String> {
    let parts =
        [["/.cargo", "/registry"], ["/.rust", "up/"], ["/tmp", "/wt"], ["/work", "/main"], ["/work", "/shared"]];
    let mut paths: Vec<_> = parts.map(|parts| parts.concat()).into();
    paths.push(format!("{}/", root().display()));
    paths
}

/// The lines of a committed text that hold a path of a machine.
fn traces(text: &str) -> Vec<&str> {
    let paths = machine_paths();
    text.lines().filter(|line| paths.iter().any(|path| line.contains(path.as_str()))).collect()
}

#[test]
fn a_path_of_a_machine_is_noticed() {
    let line = format!("see {}/src/lib.rs", root().display());
    assert_eq!(traces(&format!("fine\n{line}\nfine")), [line]);
    assert!(traces("GET /homepage /network/1").is_empty());
}

#[test]
fn no_committed_file_names_a_path_of_a_machine() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    // Outside a clone, such as in a published package, there is nothing to list.
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else { return };
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut found = Vec::new();
    for name in names.split('\0').filter(|name| !name.is_empty() && *name != "Cargo.lock") {
        // A file that is listed but was just removed, or that is no text, holds no path.
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        found.extend(traces(&text).iter().map(|line| format!("{name}: {line}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}
