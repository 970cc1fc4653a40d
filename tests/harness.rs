//! A bug that is found, mended, and brought back, seen by the test program that a user's crate has: red, green, red.
//!
//! This program is both: run by cargo it is the test, and run by itself in the folder of a project it is that program, which
//! is one call of `gadfly::harness::main`.

#![expect(clippy::unwrap_used, reason = "a test fails by unwrapping, in its helpers as well")]

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use gadfly::demo::{Demo, Options};
use libtest_mimic::{Arguments, Trial};

/// In a project there is one; in the folder where cargo runs tests there is the crate's own.
const PROJECT: &str = "this-is-a-project";

fn main() -> ExitCode {
    if Path::new(PROJECT).exists() {
        return gadfly::harness::main();
    }
    let trial = Trial::test("a_bug_that_comes_back_is_red_green_red", || {
        red_green_red();
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
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

/// The test program of the project against this target.
fn tested(folder: &Path, url: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("GADFLY_URL", url).args(["--test-threads", "1"]);
    command.output().unwrap()
}
