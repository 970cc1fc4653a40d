//! Targets that gadfly runs itself: started, awaited, watched, restarted; and each death blamed on the right request.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Project, Ran};

const DOCUMENT: &str = include_str!("servers/crashing.json");

/// The server of `servers/crashing.rs`, compiled once.
static SERVER: LazyLock<String> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = tempfile::NamedTempFile::new_in(folder).unwrap().into_temp_path();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/servers/crashing.rs");
    let ran = Command::new("rustc").args(["--edition", "2021", "-o"]).arg(&built).arg(source).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    // Moved into its place at once: a test runner may have several processes, and each compiles it.
    let program = folder.join("crashing");
    built.persist(&program).unwrap();
    program.to_str().unwrap().to_owned()
});

fn project() -> Project {
    Project::new(&[("crashing.json", DOCUMENT)])
}

/// Runs gadfly on a server of its own with these arguments.
fn supervised(project: &Project, arguments: &[&str], server: &[&str]) -> Ran {
    let command = ["--run", "--json", "--", &SERVER, "{port}"];
    project.gadfly(&[arguments, &command, server].concat())
}

fn fuzz(project: &Project, operations: &[&str], more: &[&str]) -> Ran {
    let include = operations.iter().flat_map(|operation| ["--include", operation]);
    let arguments: Vec<&str> =
        ["fuzz", "crashing.json"].into_iter().chain(include).chain(more.iter().copied()).collect();
    supervised(project, &arguments, &[])
}

/// The findings that are crashes; that the server accepts what is invalid is another matter.
fn crashes(summary: &Value) -> Vec<&Value> {
    let all = summary["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["oracle"] != "invalid_input_accepted").collect()
}

/// The proved finding of this oracle about this operation.
#[track_caller]
fn finding<'a>(summary: &'a Value, oracle: &str, operation: &str) -> &'a Value {
    let all = summary["findings"].as_array().unwrap();
    let is_it = |finding: &&Value| finding["oracle"] == oracle && finding["operation"] == operation;
    let found: Vec<_> = all.iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{oracle} {operation}: {summary:#}");
    assert_eq!(found[0]["stable"], true, "{:#}", found[0]);
    found[0]
}

#[test]
fn a_command_is_started_awaited_fuzzed_and_ended() {
    let project = project();
    let arguments =
        ["fuzz", "crashing.json", "--include", "GET /ping", "--requests", "20", "--ready", "log: listening on"];
    let up = format!("up={}", project.path("up").display());
    let ran = supervised(&project, &arguments, &["slow", &up]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let summary = ran.object();
    assert_eq!(summary["operations_with_2xx"], 1, "{summary:#}");
    assert_eq!((&summary["process"]["starts"], &summary["process"]["deaths"]), (&1.into(), &0.into()), "{summary:#}");
    assert!(!is_alive(&project.read("up")), "the server is still there");
}

#[test]
fn it_ends_with_gadfly_however_that_ends() {
    let project = project();
    let up = project.path("up");
    let told = format!("up={}", up.display());
    let arguments = ["fuzz", "crashing.json", "--include", "GET /ping", "--time", "10m", "--run", "--", &SERVER];
    let mut command = project.command(&[&arguments[..], &["{port}", &told]].concat(), &[]);
    let mut gadfly = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = awaited("the server is up", || std::fs::read_to_string(&up).ok().filter(|text| !text.is_empty()));
    assert!(is_alive(&server));
    // On Unix this is SIGKILL: gadfly has no say in it.
    gadfly.kill().unwrap();
    gadfly.wait().unwrap();
    awaited("the server is gone", || (!is_alive(&server)).then_some(()));
}

/// What comes of this beside a server that gadfly does not run; it is told where that is.
fn beside(project: &Project, more: &[&str], run: impl FnOnce(&str) -> Ran) -> Ran {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let up = project.path("up");
    // Of an earlier one.
    let _ = std::fs::remove_file(&up);
    let mut command = Command::new(&*SERVER);
    let command = command.args([&port, &format!("up={}", up.display())]).args(more);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    awaited("the server is up", || std::fs::read_to_string(&up).ok().filter(|text| !text.is_empty()));
    let ran = run(&format!("http://127.0.0.1:{port}"));
    server.kill().unwrap();
    server.wait().unwrap();
    ran
}

/// Whether there is a process of this number.
fn is_alive(process: &str) -> bool {
    Command::new("sh").args(["-c", "kill -0 \"$1\" 2>/dev/null", "sh", process]).status().unwrap().success()
}

/// Asks again and again, with a bound that only a broken promise reaches.
#[track_caller]
fn awaited<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not in time: {what}");
}

#[test]
fn each_death_is_blamed_on_its_request_and_kept_as_a_fixture() {
    let project = project();
    let operations = ["GET /ping", "POST /abort", "GET /nest", "GET /panic"];
    let ran = fuzz(&project, &operations, &["--requests", "200"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let summary = ran.object();
    assert!(matches!(summary["ended"].as_str(), Some("requests" | "exhausted")), "{summary:#}");
    assert_eq!(summary["operations_with_2xx"], 4, "the run goes on: {summary:#}");
    let aborted = finding(&summary, "process_died", "POST /abort");
    assert_eq!(aborted["severity"], "critical");
    assert_eq!(aborted["title"], "the process dies: killed by signal 6 (SIGABRT)");
    let curl = aborted["curl"].as_str().unwrap();
    assert!(curl.contains("mode=boom") && !curl.contains("note="), "not minimal: {curl}");
    let nested = finding(&summary, "process_died", "GET /nest");
    assert_eq!(nested["title"], "the process dies: Rust stack overflow");
    // A thread that panics takes its connection with it, and nothing else.
    finding(&summary, "connection_dropped", "GET /panic");
    assert_eq!(crashes(&summary).len(), 3, "{summary:#}");

    let fixture: Value = serde_json::from_str(&project.read(nested["fixture"].as_str().unwrap())).unwrap();
    assert_eq!(fixture["observed"]["fault"], "the process died: killed by signal 6 (SIGABRT)", "{fixture:#}");
    let evidence = fixture["observed"]["body"]["text"].as_str().unwrap();
    assert!(evidence.contains("has overflowed its stack"), "{evidence}");

    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let replay = ["replay", "process_died", "connection_dropped"];
    let red = supervised(&project, &replay, &[]);
    assert_eq!((red.code, &red.object()["counts"]), (Some(1), &json!({"fail": 3})), "{red:?}");
    let green = supervised(&project, &replay, &["fixed"]);
    assert_eq!((green.code, &green.object()["counts"]), (Some(0), &json!({"pass": 3})), "{green:?}");
}

#[test]
fn a_panic_that_is_outlived_is_found_unless_the_answer_tells_of_it() {
    let project = project();
    let operations = ["GET /ping", "GET /spawn", "GET /caught", "GET /panic"];
    let summary = fuzz(&project, &operations, &["--requests", "200"]).object();
    assert_eq!(summary["process"]["deaths"], 0, "{summary:#}");
    let spawned = finding(&summary, "runtime_error", "GET /spawn");
    assert_eq!(spawned["title"], "the process reports Rust panic in crashing.rs");
    let evidence = spawned["evidence"].as_str().unwrap();
    assert!(evidence.contains("no seventh thing"), "{evidence}");
    // Its panic is its evidence, and no finding of its own; so is that of a connection that is dropped.
    let caught = finding(&summary, "server_error", "GET /caught");
    assert!(caught["log"].to_string().contains("no fifth thing"), "{caught:#}");
    let dropped = finding(&summary, "connection_dropped", "GET /panic");
    assert!(dropped["log"].to_string().contains("no ninth thing"), "{dropped:#}");
    assert_eq!(crashes(&summary).len(), 3, "{summary:#}");
    assert_eq!(summary["notices"], json!([]));

    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let red = supervised(&project, &["replay", "runtime_error"], &[]);
    assert_eq!((red.code, &red.object()["counts"]), (Some(1), &json!({"fail": 1})), "{red:?}");
    let green = supervised(&project, &["replay", "runtime_error"], &["fixed"]);
    assert_eq!((green.code, &green.object()["counts"]), (Some(0), &json!({"pass": 1})), "{green:?}");
}

#[test]
fn a_death_after_the_answer_is_blamed_as_well() {
    let project = project();
    let summary = fuzz(&project, &["GET /ping", "GET /late"], &["--requests", "60"]).object();
    let late = finding(&summary, "process_died", "GET /late");
    assert_eq!(late["title"], "the process dies: exited with code 4");
    assert!(late["curl"].as_str().unwrap().contains("when=soon"), "{late:#}");
    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let red = supervised(&project, &["replay", "process_died"], &[]);
    assert_eq!(red.object()["counts"], json!({"fail": 1}), "{red:?}");

    // Against a target that gadfly does not run, the fixture asks whether somebody is still there.
    let red = beside(&project, &[], |url| project.gadfly(&["replay", "process_died", "--url", url, "--json"]));
    assert_eq!(red.code, Some(1), "{red:?}");
    let reason = red.object()["fixtures"][0]["reason"].clone();
    assert_eq!(reason, "it was answered, and nobody takes connections any more");
}

#[test]
fn a_death_a_while_after_the_answer_is_found_and_its_fixture_waits_for_it() {
    let project = project();
    // Slowly, so that the run is not over before the process dies.
    let more = ["--requests", "60", "--rate", "30"];
    let summary = fuzz(&project, &["GET /ping", "GET /timer"], &more).object();
    let timer = finding(&summary, "process_died", "GET /timer");
    assert_eq!(timer["title"], "the process dies: exited with code 5");
    assert!(timer["curl"].as_str().unwrap().contains("set=yes"), "{timer:#}");
    assert_eq!(timer["steps"], Value::Null, "one request is enough: {timer:#}");
    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let red = supervised(&project, &["replay", "process_died"], &[]);
    assert_eq!(red.object()["counts"], json!({"fail": 1}), "{red:?}");
    let green = supervised(&project, &["replay", "process_died"], &["fixed"]);
    assert_eq!(green.object()["counts"], json!({"pass": 1}), "{green:?}");
}

#[test]
fn a_death_that_nothing_accounts_for_is_no_success() {
    let project = project();
    let fuzz = |more: &[&str]| {
        let arguments =
            ["fuzz", "crashing.json", "--include", "GET /ping", "--include", "GET /once", "--requests", "20"];
        let once = format!("once={}", project.path("died").display());
        supervised(&project, &[&arguments, more].concat(), &[&once])
    };
    let died = fuzz(&[]);
    let summary = died.object();
    assert_eq!((died.code, &summary["unexplained_deaths"]), (Some(1), &1.into()), "{died:?}");
    assert_eq!(crashes(&summary).len(), 0, "{summary:#}");
    assert!(died.err.contains("no request is proved to be the reason"), "{died:?}");
    let lives = fuzz(&[]);
    assert_eq!((lives.code, &lives.object()["unexplained_deaths"]), (Some(0), &Value::Null), "{lives:?}");
    std::fs::remove_file(project.path("died")).unwrap();
    let tolerated = fuzz(&["--fail-on", "never"]);
    assert_eq!((tolerated.code, &tolerated.object()["unexplained_deaths"]), (Some(0), &1.into()), "{tolerated:?}");
}

#[test]
fn a_target_that_answers_nobody_any_more_is_started_anew_and_its_request_blamed() {
    let project = project();
    let more = ["--requests", "30", "--timeout", "400ms"];
    let ran = fuzz(&project, &["GET /ping", "POST /lock"], &more);
    let summary = ran.object();
    assert_eq!(summary["operations_with_2xx"], 2, "the run goes on: {ran:?}");
    let hung = finding(&summary, "process_died", "POST /lock");
    assert_eq!(hung["title"], "the process hangs: it answers nobody any more");
    assert!(hung["curl"].as_str().unwrap().contains("for=ever"), "{hung:#}");
    assert_eq!(crashes(&summary).len(), 1, "{summary:#}");
    let fixture: Value = serde_json::from_str(&project.read(hung["fixture"].as_str().unwrap())).unwrap();
    let fault = "the process died: hung: it answered nobody any more, and was ended";
    assert_eq!(fixture["observed"]["fault"], fault, "{fixture:#}");
    let evidence = fixture["observed"]["body"]["text"].as_str().unwrap();
    assert!(evidence.contains(" id [id]\nnever let go"), "{evidence}");
    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let red = supervised(&project, &["replay", "process_died", "--timeout", "400ms"], &[]);
    assert_eq!((red.code, &red.object()["counts"]), (Some(1), &json!({"fail": 1})), "{red:?}");
    let green = supervised(&project, &["replay", "process_died", "--timeout", "400ms"], &["fixed"]);
    assert_eq!((green.code, &green.object()["counts"]), (Some(0), &json!({"pass": 1})), "{green:?}");
}

#[test]
fn a_target_that_dies_too_often_ends_the_run() {
    let project = project();
    let more = ["--requests", "60", "--restarts", "3", "--no-fixtures"];
    let ran = fuzz(&project, &["GET /ping", "POST /abort"], &more);
    let summary = ran.object();
    assert_eq!((ran.code, &summary["ended"]), (Some(4), &"unreachable".into()), "{ran:?}");
    let notices = summary["notices"].to_string();
    assert!(notices.contains("the target is down") && notices.contains("`restarts` allows no more"), "{notices}");
}

#[test]
fn what_the_server_writes_about_a_finding_is_kept_without_credentials() {
    let project = project();
    let header = ["--requests", "40", "-H", "Authorization: Bearer s3cret-t0ken"];
    let summary = fuzz(&project, &["GET /ping", "GET /fail"], &header).object();
    let failed = finding(&summary, "server_error", "GET /fail");
    let log = ["request GET /fail?at=3 HTTP/1.1 as [redacted] id [id]", "there is no third thing"];
    assert_eq!(failed["log"], json!(log), "{failed:#}");
    let text = project.read(failed["fixture"].as_str().unwrap());
    let fixture: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(fixture["observed"]["log"], json!(log), "{fixture:#}");
    assert!(!text.contains("s3cret") && !text.contains("Gadfly-Id"), "{text}");
    assert!(!failed["curl"].as_str().unwrap().contains("Gadfly-Id"), "{failed:#}");
    let shown = project.gadfly(&["show", failed["signature"].as_str().unwrap()]);
    let lines = "what the target wrote at discovery:\n  request GET /fail?at=3 HTTP/1.1 as [redacted] id [id]\n  there is no third thing\n";
    assert!(shown.code == Some(0) && shown.out.contains(lines), "{shown:?}");
    let reviewed = project.gadfly_told(&["review", "get_fail-server_error", "--answers", "-"], &[], &["q"]);
    assert!(reviewed.out.contains(lines), "{reviewed:?}");

    let off = fuzz(&project, &["GET /ping", "GET /fail"], &["--requests", "40", "--run-id", "off"]).object();
    let log = ["request GET /fail?at=3 HTTP/1.1 as nobody", "there is no third thing"];
    assert_eq!(finding(&off, "server_error", "GET /fail")["log"], json!(log), "{off:#}");
}

#[test]
fn memory_without_bound_is_stopped_and_blamed() {
    let project = project();
    let ran = fuzz(&project, &["GET /ping", "GET /fill"], &["--requests", "60", "--max-memory", "128MiB"]);
    let summary = ran.object();
    if summary["process"]["most"].is_null() {
        // Where the system does not tell what a process uses, nothing is stopped, and the summary does not claim it.
        assert_eq!(summary["process"]["deaths"], 0);
        return;
    }
    let filled = finding(&summary, "process_died", "GET /fill");
    assert_eq!(filled["title"], "the process dies: out of memory: it used more than max_memory");
    assert_eq!(summary["operations_with_2xx"], 2, "the run goes on: {summary:#}");
    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let red = supervised(&project, &["replay", "process_died", "--max-memory", "128MiB"], &[]);
    assert_eq!(red.object()["counts"], json!({"fail": 1}), "{red:?}");
    assert!(red.object()["fixtures"][0]["reason"].as_str().unwrap().contains("out of memory"), "{red:?}");
}

#[test]
fn a_death_of_several_requests_is_found_in_sequence() {
    let project = project();
    let ran = fuzz(&project, &["GET /ping", "PUT /arm", "POST /fire"], &["--requests", "60"]);
    let summary = ran.object();
    let fired = finding(&summary, "process_died", "POST /fire");
    assert_eq!(fired["title"], "the process dies: exited with code 3");
    let fixture: Value = serde_json::from_str(&project.read(fired["fixture"].as_str().unwrap())).unwrap();
    let steps = fixture["scenario"]["steps"].as_array().unwrap();
    let targets: Vec<_> = steps.iter().map(|step| step["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["/arm", "/fire"], "{fixture:#}");
    assert_eq!(fixture["requires_fresh"], true);
    assert_eq!(project.gadfly(&["accept", "--all"]).code, Some(0));
    let red = supervised(&project, &["replay"], &[]);
    assert_eq!(red.object()["counts"], json!({"fail": 1}), "{red:?}");
    let green = supervised(&project, &["replay"], &["fixed"]);
    assert_eq!(green.object()["counts"], json!({"pass": 1}), "{green:?}");
}

#[test]
fn the_same_deaths_are_found_at_any_concurrency() {
    let signatures = |concurrency: &str| {
        let more = ["--requests", "150", "--no-fixtures", "--concurrency", concurrency];
        let summary = fuzz(&project(), &["GET /ping", "POST /abort", "GET /nest"], &more).object();
        let mut found: Vec<_> =
            crashes(&summary).iter().map(|finding| finding["signature"].as_str().unwrap().to_owned()).collect();
        found.sort();
        (found, summary["outcomes"].clone())
    };
    let alone = signatures("1");
    assert_eq!(alone.0.len(), 2);
    assert_eq!(alone, signatures("16"));
}

#[test]
fn a_command_of_the_file_is_started_and_a_given_url_is_not_started_twice() {
    let project = project();
    let toml = format!(
        "[api.crashing]\nspec = 'crashing.json'\nrun = ['sh', '-c', 'exec \"$SERVER\" {{port}} $MODE']\nenv = {{ SERVER = '{}', \
         MODE = '${{MODE:-fixed}}' }}\nready = '/ping'\nmax_memory = '1GiB'\nrestarts = 9\n",
        *SERVER
    );
    project.write("gadfly.toml", &toml);
    let ran = project.gadfly(&["fuzz", "crashing", "--requests", "80", "--json"]);
    // Once for the run, and once for each finding to see whether it shows on a target that nobody has used.
    let object = ran.object();
    let looked_at = object["findings"].as_array().unwrap().iter().filter(|finding| !finding["clean"].is_null()).count();
    assert_eq!((ran.code, &object["process"]["starts"]), (Some(0), &(1 + looked_at).into()), "{ran:?}");
    let nobody = project.gadfly(&["fuzz", "crashing", "--requests", "80", "--url", "http://127.0.0.1:9"]);
    assert_eq!(nobody.code, Some(4), "{nobody:?}");
    let broken = project.gadfly_with(&["fuzz", "crashing", "--requests", "80"], &[("MODE", "broken")]);
    assert_eq!(broken.code, Some(4), "{broken:?}");
    assert!(broken.err.contains("exited with code 7"), "{broken:?}");
    // What came from the environment may be a secret, wherever it turns up.
    assert!(broken.err.contains("the configuration is [redacted]"), "{broken:?}");
}

#[test]
fn what_does_not_get_up_is_told() {
    let project = project();
    let missing = project.gadfly(&["fuzz", "crashing.json", "--run", "--", "./no-such-program"]);
    assert_eq!(missing.code, Some(4), "{missing:?}");
    assert!(missing.err.contains("failed to start \"./no-such-program\""), "{missing:?}");
    let alone = project.gadfly(&["fuzz", "crashing.json", "--", "./server"]);
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.err.contains("--run"), "{alone:?}");
    let abroad = ["fuzz", "crashing.json", "--url", "http://api.example.com", "--run", "--", "./server"];
    let abroad = project.gadfly(&abroad);
    assert_eq!(abroad.code, Some(2), "{abroad:?}");
    assert!(abroad.err.contains("listens on this machine"), "{abroad:?}");
}

#[test]
fn a_head_that_is_run_is_compared_and_its_death_is_a_difference() {
    let project = project();
    let ran = beside(&project, &["fixed"], |base| {
        let include = ["--include", "GET /ping", "--include", "POST /abort"];
        let flags = ["compare", "crashing.json", "--base", base, "--requests", "100"];
        supervised(&project, &[&flags[..], &include].concat(), &[])
    });
    let object = ran.object();
    let differences = object["differences"].as_array().unwrap();
    assert_eq!((ran.code, differences.len()), (Some(1), 1), "{ran:?}");
    let died = &differences[0];
    assert_eq!((&died["operation"], &died["class"]), (&"POST /abort".into(), &"status_class".into()), "{died:#}");
    assert_eq!((&died["head"], &died["confirmed"]), (&"the process died".into(), &json!({"hits": 5, "tries": 5})));
    let diff = died["diff"].as_str().unwrap();
    assert!(diff.contains("+no answer: the process died: killed by signal 6 (SIGABRT)"), "{diff}");
    assert!(diff.contains("mode=boom HTTP/1.1 as nobody\n"), "both get the same request, without an id: {diff}");
    assert!(died["curl"].as_str().unwrap().contains("mode=boom"), "{died:#}");
    assert!(object["compared"].as_u64().is_some_and(|compared| compared > 20), "it goes on: {object:#}");
    assert!(object["process"]["deaths"].as_u64().is_some_and(|deaths| deaths >= 3), "{object:#}");
    assert!(ran.err.contains("was started anew"), "{ran:?}");

    // The command may stand in the file as well.
    let toml = format!("[api.crashing]\nspec = 'crashing.json'\nrun = ['{}', '{{port}}', 'fixed']\n", *SERVER);
    project.write("gadfly.toml", &toml);
    let flags = ["compare", "crashing", "--requests", "30", "--include", "POST /abort", "--json", "--base"];
    let twins = beside(&project, &["fixed"], |base| project.gadfly(&[&flags[..], &[base]].concat()));
    assert_eq!((twins.code, &twins.object()["differences"]), (Some(0), &json!([])), "{twins:?}");
    assert_eq!(twins.object()["process"]["deaths"], 0, "{twins:?}");
}

#[test]
fn deaths_of_a_head_that_are_no_difference_are_told() {
    let project = project();
    let compared = |more: &[&str]| {
        beside(&project, &["fixed"], |base| {
            let flags = ["compare", "crashing.json", "--base", base, "--requests", "30"];
            supervised(&project, &[&flags[..], more].concat(), &[])
        })
    };
    let fired = compared(&["--include", "PUT /arm", "--include", "POST /fire"]);
    assert!(fired.object()["process"]["deaths"].as_u64().is_some_and(|deaths| deaths > 0), "{fired:?}");
    assert!(fired.err.contains("--head died of no request alone; `gadfly fuzz` with --run looks"), "{fired:?}");
    let spent = compared(&["--include", "GET /ping", "--include", "POST /abort", "--restarts", "1"]);
    assert_eq!((spent.code, &spent.object()["unreachable"]), (Some(1), &"head".into()), "{spent:?}");
    assert!(spent.err.contains("--head is down: the target died"), "{spent:?}");
}

#[test]
fn recordings_are_sent_to_a_target_that_is_run() {
    let log = "curl -X POST 'http://elsewhere.invalid/abort?mode=boom'\ncurl http://elsewhere.invalid/ping\n";
    let project = project();
    project.write("log.txt", log);
    let import = ["import", "log.txt", "--spec", "crashing.json"];
    let ran = supervised(&project, &import, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let run = ran.object()["run"].clone();
    finding(&run, "process_died", "POST /abort");
    assert_eq!((&run["operations"], &run["operations_with_2xx"]), (&2.into(), &1.into()), "{run:#}");
    assert!(run["process"]["starts"].as_u64().is_some_and(|starts| starts > 1), "{run:#}");
    let green = supervised(&project, &import, &["fixed"]);
    assert_eq!((green.code, &green.object()["run"]["process"]["deaths"]), (Some(0), &0.into()), "{green:?}");
}
