//! The life of a fixture through the built command: listed, shown, moved, reviewed, rejected; and what replays make of
//! states and of operations that are gone.

use gadfly::demo::{Demo, Options};
use serde_json::Value;

use crate::support::{Project, Ran, committed};

const HEALTH: &str = "get_health-leaked_field-eef21bcb.json";
const ORDER: &str = "get_orders_orderid-server_error-d523edea.json";
const ADDRESS: &str = "delete_addresses_addressid-delete_without_effect-ac11f8cf.json";

/// A project whose fixtures are one that waits and two that are replayed.
fn project() -> Project {
    let project = Project::new(&[]);
    project.write(&format!("regressions/pending/demo/{HEALTH}"), &committed(HEALTH));
    for name in [ORDER, ADDRESS] {
        project.write(&format!("regressions/demo/{name}"), &committed(name));
    }
    project
}

/// Runs something while the demo is served.
fn with_demo<T>(clean: bool, run: impl FnOnce(&str) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let demo = runtime.block_on(Demo::start(Options { clean, ..Options::default() })).unwrap();
    run(&demo.base_url())
}

#[track_caller]
fn check(ran: &Ran, code: i32, out: &[&str], err: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    for part in out {
        assert!(ran.out.contains(part), "{part:?} is missing in:\n{}", ran.out);
    }
    for part in err {
        assert!(ran.err.contains(part), "{part:?} is missing in:\n{}", ran.err);
    }
}

fn states(project: &Project) -> Vec<(String, String)> {
    let object = project.gadfly(&["list", "--json"]).object();
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    let lines = object["fixtures"].as_array().unwrap();
    lines.iter().map(|line| (text(line, "state"), text(line, "oracle"))).collect()
}

#[track_caller]
fn check_states(project: &Project, expected: &[(&str, &str)]) {
    let mut found = states(project);
    found.sort();
    let expected: Vec<_> = expected.iter().map(|(state, oracle)| ((*state).to_owned(), (*oracle).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn fixtures_are_listed_by_state_and_oracle() {
    let project = project();
    let ran = project.gadfly(&["list"]);
    check(&ran, 0, &["eef21bcb  pending  critical  leaked_field", "d523edea  open", "2 open, 1 pending"], &[]);
    let ran = project.gadfly(&["list", "--state", "open", "--oracle", "server_error", "--json"]);
    let object = ran.object();
    let [line] = &object["fixtures"].as_array().unwrap()[..] else { panic!("{ran:?}") };
    assert_eq!(line["file"], format!("regressions/demo/{ORDER}"));
    assert_eq!(line["name"], "demo::get_orders_orderid::server_error_d523edea");
    assert_eq!((&line["steps"], &line["overdue"]), (&1.into(), &false.into()));
    check(&project.gadfly(&["list", "--state", "rejected"]), 0, &["nothing of that kind"], &[]);
    check(&project.gadfly(&["list", "--state", "gone"]), 2, &[], &["--state", "rejected"]);
    project.write("regressions/demo/broken.json", "{");
    check(&project.gadfly(&["list"]), 2, &["2 open"], &["regressions/demo/broken.json:1:"]);
}

#[test]
fn a_fixture_is_shown_with_every_step() {
    let project = project();
    let ran = project.gadfly(&["show", "ac11", "--url", "http://127.0.0.1:9999"]);
    let parts = [
        "open\n\nfixture    regressions/demo/delete_addresses_addressid-",
        "requires   delete_without_effect {\"steps\":6}",
        "request 1 as alice:\n  curl -i --path-as-is -X POST http://127.0.0.1:9999/v1/addresses ",
        "# {{address_id}} is /id of the answer",
        "request 6 as alice:\n  curl -i --path-as-is --globoff 'http://127.0.0.1:9999/v1/addresses/{{address_id}}'",
        "the answer at discovery:\n  status: 200",
    ];
    check(&ran, 0, &parts, &[]);
    assert!(!ran.out.contains("demo-alice-token"), "{}", ran.out);
    let object = project.gadfly(&["show", "eef21bcb", "--json"]).object();
    assert_eq!((&object["state"], &object["fixture"]["oracle"]["name"]), (&"pending".into(), &"leaked_field".into()));
    check(&project.gadfly(&["show", "v1:"]), 2, &[], &["names 3 fixtures", HEALTH]);
    check(&project.gadfly(&["show", "beef"]), 2, &[], &["\"beef\"", "gadfly list"]);
}

#[test]
fn a_fixture_is_moved_from_state_to_state() {
    let project = project();
    let ran = project.gadfly(&["move", "eef2", "--to", "open"]);
    check(&ran, 0, &["pending -> open", &format!("regressions/demo/{HEALTH}")], &[]);
    assert!(project.read(&format!("regressions/demo/{HEALTH}")).contains("\"state\": \"open\""));
    let known = ["move", "eef2", "--to", "known", "--reason", "vendor", "--owner", "team", "--until", "2999-01-31"];
    check(&project.gadfly(&known), 0, &["open -> known"], &[]);
    check(&project.gadfly(&["list"]), 0, &["eef21bcb  known until 2999-01-31", ": vendor"], &[]);
    check(
        &project.gadfly(&["move", "eef2", "d523", "--to", "pending"]),
        0,
        &["known -> pending", "open -> pending"],
        &[],
    );
    let expected = [("open", "delete_without_effect"), ("pending", "leaked_field"), ("pending", "server_error")];
    check_states(&project, &expected);
    // Whatever is wrong, nothing moves.
    check(&project.gadfly(&["move", "eef2", "nothing", "--to", "open"]), 2, &[], &["\"nothing\""]);
    check(&project.gadfly(&["move", "eef2", "--to", "known", "--reason", "x"]), 2, &[], &["--until"]);
    check_states(&project, &expected);
}

#[test]
fn a_known_fixture_is_red_after_its_day_and_a_pass_is_told() {
    let project = project();
    let known = |until: &str| {
        let state = format!(r#""state": {{"known": {{"reason": "vendor", "until": "{until}"}}}}"#);
        project.write(&format!("regressions/demo/{ORDER}"), &committed(ORDER).replace("\"state\": \"open\"", &state));
    };
    with_demo(false, |url| {
        known("2999-01-31");
        check(&project.gadfly(&["replay", "d523", "--url", url]), 0, &["known", "1 fixture: 1 known"], &[]);
        known("2020-01-31");
        let ran = project.gadfly(&["replay", "d523", "--url", url]);
        check(&ran, 1, &["fail", "accepted until 2020-01-31 (vendor), and that day has passed"], &[]);
        check(&project.gadfly(&["list"]), 0, &["known until 2020-01-31: passed"], &[]);
    });
    with_demo(true, |url| {
        known("2999-01-31");
        let ran = project.gadfly(&["replay", "d523", "--url", url]);
        check(&ran, 0, &["unexpected pass", "gadfly move d523edea --to open"], &[]);
    });
}

#[test]
fn a_review_walks_what_is_pending() {
    let project = project();
    for name in [ORDER, ADDRESS] {
        project.write(&format!("regressions/pending/demo/{name}"), &committed(name));
        std::fs::remove_file(project.path(format!("regressions/demo/{name}"))).unwrap();
    }
    // An unknown key and an empty reason ask again; a day that has passed is refused.
    let lines = ["x", "k", "the vendor mends it", "2020-01-01", "2999-01-31", "team", "r", "", "r", "a demo", "a"];
    let ran = project.gadfly_told(&["review", "--answers", "-", "--owner", "ann", "--json"], &[], &lines);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in [
        "1 of 3  regressions/pending/demo/",
        "\n\npending\n\nfixture ",
        "request 6 as alice:",
        "the answer at discovery:",
        "has passed",
        "[a/k/r/s/q]",
    ] {
        assert!(ran.err.contains(part), "{part} is missing in:\n{}", ran.err);
    }
    let object = ran.object();
    let decided: Vec<_> = object["decided"].as_array().unwrap().iter().map(|one| one["decision"].clone()).collect();
    assert_eq!(decided, ["known", "rejected", "accepted"], "{object:#}");
    let expected = [("known", "delete_without_effect"), ("open", "server_error"), ("rejected", "leaked_field")];
    check_states(&project, &expected);
    let known = project.read(&format!("regressions/demo/{ADDRESS}"));
    assert!(known.contains("\"reason\": \"the vendor mends it\"") && known.contains("\"owner\": \"team\""), "{known}");
    let rejected = project.read("regressions/demo/rejected.json");
    assert!(rejected.contains("\"reason\": \"a demo\"") && rejected.contains("\"by\": \"ann\""), "{rejected}");
    check(&project.gadfly(&["list", "--state", "rejected"]), 0, &["eef21bcb  rejected", ": a demo"], &[]);
}

#[test]
fn a_review_that_ends_early_loses_nothing() {
    let project = project();
    project.write(&format!("regressions/pending/demo/{ORDER}"), &committed(ORDER));
    std::fs::remove_file(project.path(format!("regressions/demo/{ORDER}"))).unwrap();
    project.write("answers.txt", "s\nk\nvendor\n");
    let ran = project.gadfly(&["review", "--answers", "answers.txt"]);
    check(&ran, 0, &["skipped: regressions/pending/demo/", "1 skipped, 2 pending"], &[]);
    let expected = [("open", "delete_without_effect"), ("pending", "leaked_field"), ("pending", "server_error")];
    check_states(&project, &expected);
    check(&project.gadfly_told(&["review", "d523", "--answers", "-"], &[], &["a"]), 0, &["1 of 1", "accepted: "], &[]);
}

#[test]
fn a_review_shows_what_changed_where_it_is_told_of_a_target() {
    let project = project();
    with_demo(true, |url| {
        let ran = project.gadfly_told(&["review", "--url", url, "--answers", "-"], &[], &["s"]);
        check(&ran, 0, &["pass\n", "how the answer changed:", "--- at discovery", "-  \"database\":"], &[]);
    });
}

#[test]
fn nobody_reviews_in_ci_or_without_a_terminal() {
    let project = project();
    check(&project.gadfly_told(&["review"], &[], &["a"]), 2, &[], &["no terminal", "--answers -"]);
    let ran = project.gadfly_told(&["review", "--answers", "-"], &[("CI", "true")], &["a"]);
    check(&ran, 2, &[], &["in CI there is none"]);
    check(&project.gadfly(&["review", "--answers", "none.txt"]), 2, &[], &["none.txt"]);
    assert!(project.path(format!("regressions/pending/demo/{HEALTH}")).is_file());
}

#[test]
fn what_was_rejected_stays_rejected() {
    let project = Project::new(&[]);
    let demo = ["demo", "--requests", "30", "--include", "GET /health", "--json"];
    let first = project.gadfly(&demo);
    assert_eq!((first.code, first.object()["rejected"].as_u64()), (Some(1), Some(0)), "{first:?}");
    let id = first.object()["findings"][0]["signature"].as_str().unwrap().to_owned();
    let ran = project.gadfly_with(&["move", &id, "--to", "rejected", "--reason", "a demo"], &[("USER", "ann")]);
    check(&ran, 0, &["pending -> rejected", "regressions/demo/rejected.json", "is removed"], &[]);
    // In CI nothing is written, but the list is read all the same.
    for variables in [&[][..], &[("CI", "true")]] {
        let ran = project.gadfly_with(&demo, variables);
        let object = ran.object();
        assert_eq!((ran.code, &object["rejected"]), (Some(0), &1.into()), "{ran:?}");
        assert_eq!(object["findings"].as_array().unwrap().len(), 0, "{object:#}");
        assert!(!project.path(format!("regressions/pending/demo/{HEALTH}")).exists());
    }
    check(&project.gadfly(&demo[..5]), 0, &["rejected    1 finding left out"], &[]);
    let list = project.read("regressions/demo/rejected.json");
    assert!(list.contains("\"by\": \"ann\""), "{list}");
    // Whoever takes the entry out gets the finding back.
    project.write("regressions/demo/rejected.json", "{\"format\": 1, \"rejected\": []}\n");
    assert_eq!(project.gadfly(&demo).code, Some(1));
    project.write("regressions/demo/rejected.json", "{\"format\": 1}");
    check(&project.gadfly(&demo), 2, &[], &["regressions/demo/rejected.json:1:", "missing field `rejected`"]);
}

#[test]
fn a_known_finding_does_not_make_a_run_fail() {
    let project = Project::new(&[]);
    let demo = ["demo", "--requests", "30", "--include", "GET /health"];
    let known = |until: &str| {
        let state = format!(r#""state": {{"known": {{"reason": "vendor", "until": "{until}"}}}}"#);
        project.write(&format!("regressions/demo/{HEALTH}"), &committed(HEALTH).replace("\"state\": \"open\"", &state));
    };
    known("2999-01-31");
    let ran = project.gadfly(&demo);
    check(
        &ran,
        0,
        &["known     until 2999-01-31", "3 of 3, known until 2999-01-31", "no finding was proved; 1 known"],
        &[],
    );
    known("2020-01-31");
    check(&project.gadfly(&demo), 1, &["1 finding proved: 1 critical"], &[]);
}

#[test]
fn a_fixture_of_a_removed_operation_says_so() {
    let project = Project::new(&[]);
    let gone = committed(ORDER).replace("/orders/{orderId}", "/bills/{id}").replace("\"/orders/", "\"/bills/");
    project.write("regressions/demo/gone.json", &gone);
    project.write("regressions/other/gone.json", &gone.replace("\"alice\"", "\"anonymous\""));
    with_demo(true, |url| {
        let ran = project.gadfly(&["replay", "demo/gone", "--url", url]);
        let reason = "stale: GET /bills/{id} is not in the document any more, and 404 is all that the target answers";
        check(&ran, 1, &[reason, "1 fixture: 1 stale"], &[]);
        // Without a document there is no telling: a 404 may be the right answer.
        check(&project.gadfly(&["replay", "other/gone", "--url", url]), 0, &["1 fixture: 1 pass"], &[]);
        let deleted = gone.replace("\"GET", "\"DELETE").replace("\"method\": \"GET\"", "\"method\": \"DELETE\"");
        project.write(
            "regressions/other/gone.json",
            &deleted
                .replace("/bills/{id}", "/health")
                .replace("\"/bills/99999999999999999999999\"", "\"/health\"")
                .replace("\"alice\"", "\"anonymous\""),
        );
        let ran = project.gadfly(&["replay", "other/gone", "--url", url]);
        check(&ran, 1, &["stale: the target answers 405 to DELETE /health"], &[]);
    });
}

#[test]
fn a_set_up_that_fails_names_its_step_and_its_answer() {
    let project = Project::new(&[]);
    let broken = committed(ADDRESS).replace("\"target\": \"/addresses\"", "\"target\": \"/addresses?limit=x/../..\"");
    let broken = broken.replacen("\"method\": \"POST\"", "\"method\": \"PUT\"", 1);
    project.write("regressions/demo/broken.json", &broken);
    with_demo(false, |url| {
        let ran = project.gadfly(&["replay", "--url", url]);
        check(&ran, 1, &["stale: step 1 that prepares the request: POST /addresses answered 405"], &[]);
    });
}
