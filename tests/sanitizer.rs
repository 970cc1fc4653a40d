//! A target under `AddressSanitizer`: its report names the bug, and the fixture keeps it. A program of its own, since it is
//! ignored, with the reason, where no C compiler has that sanitizer.

#![expect(clippy::unwrap_used, reason = "a test fails by unwrapping, in its helpers as well")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Completion, Trial};
use serde_json::Value;

use support::Project;

#[expect(dead_code, reason = "shared with the other integration tests, which use all of it")]
#[path = "it/support.rs"]
mod support;

const DOCUMENT: &str = include_str!("it/servers/notes.json");

fn main() -> ExitCode {
    let trial = Trial::ignorable_test("a_use_after_free_is_blamed_on_its_request", || Ok(a_use_after_free()));
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn a_use_after_free() -> Completion {
    let project = Project::new(&[("notes.json", DOCUMENT)]);
    let program = match compiled(&project.path("notes")) {
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

/// The server, or why it can't be compiled here.
fn compiled(program: &Path) -> Result<String, String> {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/servers/notes.c");
    let flags = ["-fsanitize=address", "-fno-omit-frame-pointer", "-g", "-O0", "-o"];
    let output = Command::new("cc").args(flags).arg(program).arg(source).output();
    let output = output.map_err(|error| format!("no C compiler: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cc has no AddressSanitizer here: {}", said.lines().last().unwrap_or_default()));
    }
    Ok(program.to_str().unwrap().to_owned())
}
