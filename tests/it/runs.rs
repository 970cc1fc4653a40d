//! Whole runs of the built command against the embedded demo: what they print and what they keep.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::Value;

use crate::support::Project;

/// Few requests, to one operation that leaks a connection string in each of its answers.
const SHORT: [&str; 5] = ["demo", "--requests", "30", "--include", "GET /health"];

#[test]
fn a_run_prints_one_documented_object() {
    let project = Project::new(&[]);
    let ran = project.gadfly(&[&SHORT[..], &["--json", "--seed", "7"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let object = ran.object();
    for (key, kind) in [
        ("format", "number"),
        ("seed", "number"),
        ("wall_seconds", "number"),
        ("cpu_seconds", "number"),
        ("requests", "number"),
        ("operations", "number"),
        ("operations_with_2xx", "number"),
        ("never_2xx", "array"),
        ("findings", "array"),
        ("planted", "array"),
        ("found", "array"),
        ("missed", "array"),
    ] {
        let is_kind = if kind == "array" { object[key].is_array() } else { object[key].is_number() };
        assert!(is_kind, "{key} is {}", object[key]);
    }
    assert_eq!(object["seed"], 7);
    let finding = &object["findings"][0];
    assert_eq!((&finding["oracle"], &finding["severity"]), (&Value::from("leaked_field"), &Value::from("critical")));
    assert_eq!(finding["operation"], "GET /health");
    assert_eq!(finding["confirmed"], serde_json::json!({"hits": 3, "tries": 3}));
    assert!(project.path(finding["fixture"].as_str().unwrap()).is_file(), "{finding}");
    assert!(ran.err.contains("CRITICAL · leaked_field · GET /health"), "{}", ran.err);
}

#[test]
fn people_get_the_report_on_standard_output() {
    let project = Project::new(&[]);
    let ran = project.gadfly(&SHORT);
    assert!(ran.out.starts_with("CRITICAL · leaked_field · GET /health\n"), "{}", ran.out);
    assert!(ran.out.contains("\nplanted bugs: "), "{}", ran.out);
    assert!(ran.err.starts_with("fuzzing Demo shop "), "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "no colours without a terminal: {ran:?}");
    let quiet = Project::new(&[]).gadfly(&[&SHORT[..], &["--quiet"]].concat());
    assert_eq!(quiet.err, "");
    assert!(quiet.out.starts_with("Demo shop at http://127.0.0.1:"), "{}", quiet.out);
    let painted = Project::new(&[]).gadfly(&[&SHORT[..], &["--color", "always"]].concat());
    assert!(painted.out.contains("\u{1b}[1;35mCRITICAL\u{1b}[0m"), "{}", painted.out);
}

#[track_caller]
fn check_exit(flags: &[&str], code: i32) {
    let ran = Project::new(&[]).gadfly(&[&SHORT[..], flags].concat());
    assert_eq!(ran.code, Some(code), "{flags:?}: {ran:?}");
}

#[test]
fn the_exit_code_follows_fail_on() {
    check_exit(&[], 1);
    check_exit(&["--fail-on", "critical"], 1);
    check_exit(&["--fail-on", "never"], 0);
    check_exit(&["--clean"], 0);
    check_exit(&["--exclude", "health"], 2);
}

#[track_caller]
fn check_kept(flags: &[&str], variables: &[(&str, &str)], pending: usize, accepted: usize, note: &str) {
    let project = Project::new(&[]);
    let ran = project.gadfly_with(&[&SHORT[..], flags].concat(), variables);
    let counts = (project.files("regressions/pending").len(), project.files("regressions/demo").len());
    assert_eq!(counts, (pending, accepted), "{flags:?} {variables:?}: {ran:?}");
    assert!(ran.err.contains(note), "{ran:?}");
}

#[test]
fn fixtures_are_written_where_somebody_wants_them() {
    check_kept(&[], &[], 1, 0, "");
    check_kept(&["--accept-all"], &[], 0, 1, "");
    check_kept(&["--no-fixtures"], &[], 0, 0, "");
    check_kept(&[], &[("CI", "true")], 0, 0, "no fixtures are written in CI");
    check_kept(&["--accept-all"], &[("CI", "true")], 0, 1, "");
}

#[test]
fn the_demo_is_served_until_it_is_stopped() {
    let project = Project::new(&[]);
    let mut child = project
        .command(&["demo", "--serve", "--port", "0"], &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    out.read_line(&mut url).unwrap();
    let (short, url) = (&SHORT[1..], url.trim());
    project.write("demo.yaml", gadfly::demo::DOCUMENT);
    let ran = project.gadfly(&[&["fuzz", "demo.yaml", "--url", url, "--no-fixtures", "--json"], short].concat());
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!((ran.code, rest.as_str()), (Some(1), ""), "{ran:?}");
    assert_eq!(ran.object()["base_url"], url);
}
