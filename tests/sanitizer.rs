//! Targets under `AddressSanitizer` and `UndefinedBehaviorSanitizer`: the report names the bug, and the fixture keeps it,
//! whether the process dies of it or lives on. What leaks is told, and is no finding. A program of its own, since its tests are ignored, with the reason, where no C
//! compiler has that sanitizer.

#![expect(clippy::unwrap_used, reason = "a test fails by unwrapping, in its helpers as well")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Completion, Trial};
use serde_json::Value;

use support::Project;

#[expect(dead_code, reason = "shared with the other integration tests, which use all of it")]
#[path = "it/support.rs"]
mod support;

const NOTES: &str = include_str!("it/servers/notes.json");
const SUMS: &str = include_str!("it/servers/sums.json");

fn main() -> ExitCode {
    let trials = vec![
        Trial::ignorable_test("a_use_after_free_is_blamed_on_its_request", || Ok(a_use_after_free())),
        Trial::ignorable_test("undefined_behaviour_that_is_outlived_is_blamed", || Ok(undefined_behaviour())),
        Trial::ignorable_test("what_leaks_is_told_where_that_is_asked_for", || Ok(what_leaks())),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn a_use_after_free() -> Completion {
    let project = Project::new(&[("notes.json", NOTES)]);
    let program = match compiled(&project.path("notes"), "address") {
        Ok(program) => program,
        Err(reason) => return Completion::ignored_with(reason),
    };
    let server = ["--run", "--json", "--", &program, "{port}"];
    let ran = project.gadfly(&[&["fuzz", "notes.json", "--requests", "60"][..], &server].concat());
    let summary = ran.object();
    assert_eq!(summary["operations_with_2xx"], 2, "the run goes on: {ran:?}");
    let findings = summary["findings"].as_array().unwrap().iter();
    let deaths: Vec<_> = findings.filter(|finding| finding["oracle"] == "process_died").collect();
    assert_eq!(deaths.len(), 1, "{summary:#}");
    let found = deaths[0];
    assert_eq!(found["operation"], "GET /notes", "{found:#}");
    assert_eq!(found["title"], "the process dies: AddressSanitizer heap-use-after-free in show_note");
    assert_eq!(found["stable"], true);
    let fixture: Value = serde_json::from_str(&project.read(found["fixture"].as_str().unwrap())).unwrap();
    assert_eq!(fixture["scenario"]["steps"][0]["target"], "/notes?order=dropped", "{fixture:#}");
    let evidence = fixture["observed"]["body"]["text"].as_str().unwrap();
    assert!(evidence.contains("ERROR: AddressSanitizer: heap-use-after-free"), "{evidence}");
    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let replayed = project.gadfly(&[&["replay", "process_died"][..], &server].concat());
    assert_eq!((replayed.code, &replayed.object()["counts"]["fail"]), (Some(1), &1.into()), "{replayed:?}");
    Completion::Completed
}

fn undefined_behaviour() -> Completion {
    let project = Project::new(&[("sums.json", SUMS)]);
    let program = match compiled(&project.path("sums"), "undefined") {
        Ok(program) => program,
        Err(reason) => return Completion::ignored_with(reason),
    };
    let server = ["--run", "--json", "--", &program, "{port}"];
    let twin = [&server[..], &["fixed"]].concat();
    let fuzz = ["fuzz", "sums.json", "--requests", "60"];
    let found = |summary: &Value| {
        let findings = summary["findings"].as_array().unwrap().iter();
        findings.filter(|finding| finding["oracle"] == "runtime_error").cloned().collect::<Vec<_>>()
    };
    let ran = project.gadfly(&[&fuzz[..], &server].concat());
    let summary = ran.object();
    assert_eq!(summary["process"]["deaths"], 0, "it lives on: {ran:?}");
    let findings = found(&summary);
    assert_eq!(findings.len(), 1, "{summary:#}");
    let overflow = &findings[0];
    assert_eq!((&overflow["operation"], &overflow["stable"]), (&"GET /sum".into(), &true.into()), "{overflow:#}");
    assert_eq!(overflow["title"], "the process reports UndefinedBehaviorSanitizer in notes.c");
    let fixture: Value = serde_json::from_str(&project.read(overflow["fixture"].as_str().unwrap())).unwrap();
    assert_eq!(fixture["scenario"]["steps"][0]["target"], "/sum?term=2147483647", "{fixture:#}");
    let log = fixture["observed"]["log"].to_string();
    assert!(log.contains("runtime error: signed integer overflow: 2147483647 + 1"), "{log}");

    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let replay = ["replay", "runtime_error"];
    let red = project.gadfly(&[&replay[..], &server].concat());
    assert_eq!((red.code, &red.object()["counts"]), (Some(1), &serde_json::json!({"fail": 1})), "{red:?}");
    let reason = red.object()["fixtures"][0]["reason"].clone();
    assert_eq!(reason, "the process reports UndefinedBehaviorSanitizer in notes.c");
    let green = project.gadfly(&[&replay[..], &twin].concat());
    assert_eq!((green.code, &green.object()["counts"]), (Some(0), &serde_json::json!({"pass": 1})), "{green:?}");

    let clean = project.gadfly(&[&fuzz[..], &["--no-fixtures"], &twin].concat());
    assert!(found(&clean.object()).is_empty(), "{clean:?}");
    Completion::Completed
}

fn what_leaks() -> Completion {
    const ASKED: (&str, &str) = ("ASAN_OPTIONS", "detect_leaks=1");
    let project = Project::new(&[("sums.json", SUMS)]);
    let program = match compiled(&project.path("sums"), "address") {
        Ok(program) => program,
        Err(reason) => return Completion::ignored_with(reason),
    };
    let tried = Command::new(&program).arg("forget").env(ASKED.0, ASKED.1).output().unwrap();
    if !String::from_utf8_lossy(&tried.stderr).contains("detected memory leaks") {
        return Completion::ignored_with("LeakSanitizer does not work here");
    }
    let notices = |more: &[&str], variables: &[(&str, &str)]| {
        let server =
            ["fuzz", "sums.json", "--requests", "40", "--no-fixtures", "--run", "--json", "--", &program, "{port}"];
        let ran = project.gadfly_with(&[&server[..], more].concat(), variables);
        assert_eq!(ran.object()["process"]["deaths"], 0, "{ran:?}");
        ran.object()["notices"].to_string()
    };
    let told = notices(&[], &[ASKED]);
    assert!(told.contains("of the target's processes told of leaked memory when they were ended"), "{told}");
    assert!(told.contains(", the first of them in forget; which requests leak is not known"), "{told}");
    assert_eq!(notices(&["fixed"], &[ASKED]), "[]");
    assert_eq!(notices(&[], &[]), "[]", "nobody asks for it");
    Completion::Completed
}

/// The server with this sanitizer, or why it can't be compiled here.
fn compiled(program: &Path, sanitizer: &str) -> Result<String, String> {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/servers/notes.c");
    let sanitize = format!("-fsanitize={sanitizer}");
    let flags = [&*sanitize, "-fno-omit-frame-pointer", "-g", "-O0", "-o"];
    let output = Command::new("cc").args(flags).arg(program).arg(source).output();
    let output = output.map_err(|error| format!("no C compiler: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cc has no sanitizer {sanitizer} here: {}", said.lines().last().unwrap_or_default()));
    }
    Ok(program.to_str().unwrap().to_owned())
}
