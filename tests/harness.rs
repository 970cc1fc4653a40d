//! A bug that is found, mended, and brought back, seen by the test program that a user's crate has: red, green, red.
//!
//! This program is both: run by cargo it is the test, and run by itself in the folder of a project it is that program, which
//! is one call of `gadfly::harness::main`.

#![expect(clippy::unwrap_used, reason = "a test fails by unwrapping, in its helpers as well")]

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use gadfly::demo::{Demo, Options};
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;

/// In a project there is one; in the folder where cargo runs tests there is the crate's own.
const PROJECT: &str = "this-is-a-project";

fn main() -> ExitCode {
    if Path::new(PROJECT).exists() {
        return gadfly::harness::main();
    }
    let trial = |name: &str, run: fn()| {
        Trial::test(name, move || {
            run();
            Ok(())
        })
    };
    let trials = vec![
        trial("a_bug_that_comes_back_is_red_green_red", red_green_red),
        trial("a_target_with_a_command_is_started_for_fixtures_and_for_the_brief_fuzz", started_for_all),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn red_green_red() {
    let name = "get_orders_orderid-server_error-d523edea.json";
    let test = "demo::get_orders_orderid::server_error_d523edea";
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("regressions/demo")).unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join(PROJECT), "").unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/demo").join(name);
    std::fs::copy(committed, folder.path().join("regressions/demo").join(name)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for clean in [false, true, false] {
        let demo = runtime.block_on(Demo::start(Options { clean, ..Options::default() })).unwrap();
        let ran = tested(folder.path(), &demo.base_url());
        let out = String::from_utf8(ran.stdout).unwrap();
        let (code, words) = if clean { (0, "ok") } else { (101, "FAILED") };
        assert_eq!(ran.status.code(), Some(code), "clean: {clean}\n{out}");
        assert!(out.contains(&format!("test {test} ... {words}")), "clean: {clean}\n{out}");
        assert_eq!(out.contains("fail: the server answered 500"), !clean, "{out}");
    }
}

const DOCUMENT: &str = include_str!("it/servers/crashing.json");

fn started_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let server = path("server");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/servers/crashing.rs");
    let built = Command::new("rustc").args(["--edition", "2021", "-o"]).arg(&server).arg(source).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut document: Value = serde_json::from_str(DOCUMENT).unwrap();
    document["paths"].as_object_mut().unwrap().retain(|path, _| ["/ping", "/abort", "/spawn"].contains(&path.as_str()));
    for name in [".git", "specs"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    std::fs::write(path(PROJECT), "").unwrap();
    std::fs::write(path("specs/crashing.json"), document.to_string()).unwrap();
    let toml = format!(
        "[api.crashing]\nspec = 'specs/crashing.json'\nrun = ['/bin/sh', '-c', 'exec \"$SERVER\" {{port}} $MODE']\n\
         env = {{ SERVER = '{}', MODE = '${{MODE:-broken-at-times}}' }}\n",
        server.display()
    );
    std::fs::write(path("gadfly.toml"), toml).unwrap();
    let mut gadfly = Command::new(env!("CARGO_BIN_EXE_gadfly"));
    let kept = ["fuzz", "crashing", "--requests", "120", "--include", "POST /abort", "--accept-all"];
    let kept = gadfly.args(kept).current_dir(folder.path()).env_clear().output().unwrap();
    assert_eq!(kept.status.code(), Some(1), "{}", String::from_utf8_lossy(&kept.stderr));
    // That the server takes any parameter is another matter.
    for kept in std::fs::read_dir(path("regressions/crashing")).unwrap() {
        let kept = kept.unwrap().path();
        if !kept.to_str().unwrap().contains("process_died") {
            std::fs::remove_file(kept).unwrap();
        }
    }

    let ran = |mode: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let ran = command.current_dir(folder.path()).env_clear().env("MODE", mode).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    };
    let (code, out) = ran("broken-at-times");
    assert_eq!(code, Some(101), "{out}");
    let verdict = |out: &str, test: &str| {
        let line = out.lines().find(|line| line.starts_with(&format!("test {test}")));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    let tests =
        ["fuzz::crashing::get_ping", "fuzz::crashing::post_abort", "fuzz::crashing::get_spawn", "crashing::post_abort"];
    let verdicts =
        |out: &str| tests.map(|test| verdict(out, test).unwrap_or_else(|| panic!("{test} is missing: {out}")));
    assert_eq!(verdicts(&out), ["ok", "FAILED", "FAILED", "FAILED"], "{out}");
    for part in
        ["process_died in POST /abort", "runtime_error in GET /spawn", "keep them as fixtures: gadfly fuzz crashing\n"]
    {
        assert!(out.contains(part), "{part} is missing: {out}");
    }
    let (code, out) = ran("fixed");
    assert_eq!((code, verdicts(&out)), (Some(0), ["ok"; 4].map(str::to_owned)), "{out}");
}

/// The test program of the project against this target.
fn tested(folder: &Path, url: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("GADFLY_URL", url).args(["--test-threads", "1"]);
    command.output().unwrap()
}
