//! `gadfly import` and `gadfly compare` through the built command, against the embedded demo.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;

use gadfly::demo::{DOCUMENT, Demo, Options};
use serde_json::{Value, json};

use crate::support::{Project, Ran};

const TOML: &str =
    "[api.demo]\nspec = 'demo.yaml'\nas = 'alice'\n[api.demo.identity.alice]\nbearer = 'demo-alice-token'\n";

/// An address, then the same with an item that is null, as another tool would print it.
const COMMANDS: &str = "\
Reproduce with:

    curl -X POST -H 'Authorization: [Filtered]' -H 'Content-Type: application/json' \\
      -d '{\"items\": [null], \"note\": \"from elsewhere\"}' 'http://elsewhere.invalid/v1/orders?token=t0p-s3cret'

and the server's fine otherwise:
    curl http://elsewhere.invalid/v1/products
    curl http://elsewhere.invalid/assets/logo.png
";

fn project(files: &[(&str, &str)]) -> Project {
    Project::new(&[&[("demo.yaml", DOCUMENT), ("gadfly.toml", TOML)], files].concat())
}

async fn demo(clean: bool) -> Demo {
    Demo::start(Options { clean, address: SocketAddr::from(([127, 0, 0, 1], 0)) }).await.unwrap()
}

/// The texts of all files below a folder.
fn texts(project: &Project, folder: &str) -> Vec<String> {
    project.files(folder).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

fn session() -> String {
    let entry = |method: &str, path: &str, body: Option<&Value>, status: u16, answer: &Value| {
        json!({
            "request": {
                "method": method, "url": format!("https://live.invalid/v1{path}"),
                "headers": [{"name": "Authorization", "value": "Bearer live-s3cret"}, {"name": "Cookie", "value": "sid=c00kie"}],
                "postData": body.map(|body| json!({"mimeType": "application/json", "text": body.to_string()})),
            },
            "response": {"status": status, "headers": [], "content": {"mimeType": "application/json", "text": answer.to_string()}},
        })
    };
    let to = json!({"name": "Ann", "street": "1 Road", "city": "London", "postcode": "N1 9GU", "country": "GB"});
    let order = json!({"items": [{"sku": "MUG-0001", "quantity": 1}], "shipTo": to});
    let entries = [
        entry("POST", "/orders", Some(&order), 201, &json!({"id": 90210, "status": "new"})),
        entry("GET", "/orders/90210", None, 200, &json!({"id": 90210, "status": "new"})),
        entry("GET", "/orders/90210", None, 200, &json!({"id": 90210, "status": "new"})),
        entry("POST", "/login", Some(&json!({"email": "a@example.org", "password": "Hunter22x"})), 200, &json!({})),
        entry("GET", "/favicon.ico", None, 404, &json!({})),
    ];
    json!({"log": {"version": "1.2", "entries": entries}}).to_string()
}

#[test]
fn a_recording_becomes_kept_inputs_without_its_secrets() {
    let project = project(&[("session.har", &session())]);
    let ran = project.gadfly(&["import", "session.har"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out, "demo: 3 inputs added, 0 known already or refused; it now has 3\n");
    let parts = [
        "session.har: 5 requests, 3 imported, 1 the same as others, 1 kept out; 8 credentials were left out, 1 passwords and tokens replaced\n",
        "  kept out: entry 5, GET /v1/favicon.ico: no operation of the document has such a path\n",
    ];
    for part in parts {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    let kept = texts(&project, "corpus/demo");
    assert_eq!(kept.len(), 3);
    for secret in ["live-s3cret", "c00kie", "Hunter22x", "live.invalid", "90210"] {
        assert!(kept.iter().all(|text| !text.contains(secret)), "{secret}: {kept:?}");
    }
    assert!(kept.iter().any(|text| text.contains("/orders/{{order_id}}")), "{kept:?}");
    let ran = project.gadfly(&["import", "session.har", "--json", "--quiet"]);
    let object = ran.object();
    assert_eq!(object["corpus"], json!({"added": 0, "passed_over": 3, "entries": 3}), "{object}");
    assert_eq!(object["files"][0]["kept_out"][0]["place"], "entry 5");
    let ran = project.gadfly(&["corpus", "ls"]);
    assert!(ran.out.contains("was imported from session.har, entry 2") && !ran.out.contains("set aside:"), "{ran:?}");
}

/// A few requests of one run of Schemathesis 4.32 against the demo, in each form that it writes.
const RECORDINGS: [(&str, &str); 4] = [
    ("st.har", include_str!("recordings/schemathesis.har")),
    ("st.yaml", include_str!("recordings/schemathesis.yaml")),
    ("st.ndjson", include_str!("recordings/schemathesis.ndjson")),
    ("st.txt", include_str!("recordings/schemathesis.txt")),
];

#[test]
fn what_schemathesis_writes_is_the_same_in_each_form() {
    let project = project(&RECORDINGS);
    let imported = |file: &str| {
        let object = project.gadfly(&["import", file, "--json", "--quiet"]).object();
        let count = |pointer: &str| object.pointer(pointer).and_then(Value::as_u64).unwrap();
        (count("/files/0/requests"), count("/files/0/imported"), count("/corpus/added"))
    };
    assert_eq!(imported("st.har"), (5, 5, 5));
    assert_eq!(imported("st.yaml"), (5, 5, 0));
    assert_eq!(imported("st.ndjson"), (5, 5, 0));
    // One of them is in the log as well, with the same values.
    assert_eq!(imported("st.txt"), (3, 3, 2));
    let kept = texts(&project, "corpus/demo").concat();
    assert!(kept.contains("/orders/{{order_id}}") && !kept.contains("Filtered"), "{kept}");
}

#[test]
fn standard_input_is_read() {
    let project = project(&[]);
    let mut child = project.command(&["import", "-", "--json", "--quiet"], &[]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(COMMANDS.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &object["files"][0]["imported"]), (Some(0), &2.into()), "{object}");
    assert_eq!(object["files"][0]["file"], "standard input");
}

#[track_caller]
fn refused(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{ran:?}");
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is not in {ran:?}");
    }
}

#[test]
fn what_can_not_be_imported_is_told() {
    let project = project(&[
        ("broken.har", "{\"log\": {\"entries\": ["),
        ("other.txt", "nothing of the sort"),
        ("foreign.txt", "curl http://x.invalid/other\ncurl -d @body.json http://x.invalid/v1/orders\n"),
    ]);
    refused(&project.gadfly(&["import", "missing.har"]), 2, &["missing.har", "No such file"]);
    refused(&project.gadfly(&["import", "broken.har"]), 2, &["broken.har: this is no JSON", "line 1"]);
    refused(&project.gadfly(&["import", "other.txt"]), 2, &["other.txt: it looks like none of har, curl", "--format"]);
    let parts = ["foreign.txt: line 2: its body is the file body.json", "nothing could be imported", "--recorded-path"];
    refused(&project.gadfly(&["import", "foreign.txt"]), 2, &parts);
    refused(&project.gadfly(&["import", "foreign.txt", "--format", "hra"]), 2, &["hra"]);
    let ran = project.gadfly(&["import", "foreign.txt", "--url", "http://192.0.2.1"]);
    refused(&ran, 2, &["--allow-host 192.0.2.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_are_judged_proved_and_made_small() {
    let demo = demo(false).await;
    let url = demo.base_url();
    let checked = tokio::task::spawn_blocking(move || {
        let project = project(&[("log.txt", COMMANDS)]);
        let ran = project.gadfly(&["import", "log.txt", "--url", &url, "--json"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let run = &ran.object()["run"];
        let findings = run["findings"].as_array().unwrap();
        let crash = findings.iter().find(|finding| finding["oracle"] == "server_error");
        let crash = crash.unwrap_or_else(|| panic!("{run:#}"));
        assert_eq!(crash["confirmed"], json!({"hits": 3, "tries": 3}), "{crash}");
        let fixture = project.read(crash["fixture"].as_str().unwrap());
        assert!(fixture.contains("\"items\": [null]") && !fixture.contains("from elsewhere"), "{fixture}");
        assert!(!fixture.contains("t0p-s3cret") && !fixture.contains("demo-alice-token"), "{fixture}");
        assert_eq!(project.gadfly(&["accept", "server_error"]).code, Some(0));
        let ran = project.gadfly(&["replay", "--url", &url]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
    });
    checked.await.unwrap();
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_run_judges_what_was_imported() {
    let demo = demo(false).await;
    let url = demo.base_url();
    let checked = tokio::task::spawn_blocking(move || {
        let project = project(&[("log.txt", COMMANDS)]);
        assert_eq!(project.gadfly(&["import", "log.txt"]).code, Some(0));
        let flags = ["fuzz", "--url", &url, "--requests", "20", "--include", "POST /orders", "--no-fixtures", "--json"];
        let findings = project.gadfly(&flags).object()["findings"].clone();
        let is_it = |finding: &Value| finding["oracle"] == "server_error" && finding["rule"] == "recorded";
        assert!(findings.as_array().unwrap().iter().any(is_it), "{findings:#}");
    });
    checked.await.unwrap();
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_target_gives_no_finding_for_what_was_recorded() {
    let demo = demo(true).await;
    let url = demo.base_url();
    let checked = tokio::task::spawn_blocking(move || {
        let project = project(&[("log.txt", COMMANDS), ("session.har", &session())]);
        let ran = project.gadfly(&["import", "log.txt", "session.har", "--url", &url, "--json", "--no-fixtures"]);
        let run = ran.object()["run"].clone();
        assert_eq!((ran.code, run["findings"].as_array().map(Vec::len)), (Some(0), Some(0)), "{run:#}");
        assert_eq!((&run["ended"], &run["operations"]), (&"exhausted".into(), &4.into()), "{run:#}");
        let only = |flag: &str, value: &str| project.gadfly(&["import", "log.txt", "--url", &url, flag, value]);
        refused(&only("--include", "GET /me"), 2, &["none passes --include and --exclude"]);
        let ran = only("--requests", "1");
        assert!(ran.code == Some(0) && ran.err.contains("of 2 requests only 1 are sent"), "{ran:?}");
    });
    checked.await.unwrap();
    demo.stop().await;
}

/// What both targets are compared by.
fn compare(project: &Project, base: &Demo, head: &Demo, more: &[&str]) -> Ran {
    let (base, head) = (base.base_url(), head.base_url());
    let flags = ["compare", "demo", "--base", &base, "--head", &head, "--json"];
    project.gadfly(&[&flags, more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_have_no_difference() {
    for seed in ["1", "2", "3"] {
        let (base, head) = (demo(true).await, demo(true).await);
        let checked = tokio::task::spawn_blocking(move || {
            let project = project(&[]);
            let ran = compare(&project, &base, &head, &["--seed", seed, "--requests", "1000"]);
            let object = ran.object();
            assert_eq!((ran.code, &object["differences"]), (Some(0), &json!([])), "seed {seed}: {object:#}");
            assert!(object["compared"].as_u64().is_some_and(|compared| compared > 700), "{object:#}");
        });
        checked.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_planted_shows_beside_the_clean_twin() {
    let (base, head) = (demo(true).await, demo(false).await);
    let checked = tokio::task::spawn_blocking(move || {
        let project = project(&[]);
        let ran = compare(&project, &base, &head, &["--requests", "3000", "--exclude", "GET /reports/*"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let object = ran.object();
        let differences = object["differences"].as_array().unwrap();
        let shows = |operation: &str, class: &str, place: &str| {
            let found = differences.iter().any(|one| {
                one["operation"] == operation && one["class"] == class && one["place"].as_str().unwrap().contains(place)
            });
            assert!(found, "{operation} {class} {place}: {differences:#?}");
        };
        shows("GET /health", "member_new", "body/");
        shows("POST /accounts", "member_new", "body/password");
        shows("GET /accounts/{accountId}", "member_new", "body/passwordHash");
        shows("PUT /me/preferences", "member_gone", "body/updatedAt");
        shows("POST /orders", "status_class", "4xx -> 5xx");
        shows("GET /orders", "status_class", "4xx -> 2xx");
        let one = &differences[0];
        let diff = one["diff"].as_str().unwrap();
        assert!(diff.contains("--- base") && diff.contains("+++ head") && diff.contains("\n+"), "{one:#}");
        assert!(one["curl"].as_str().unwrap().contains("curl -i"), "{one:#}");
        assert!(!ran.out.contains("demo-alice-token") && !ran.err.contains("demo-alice-token"));
        let nothing = compare(&project, &base, &head, &["--include", "GET /nothing"]);
        assert_eq!(nothing.code, Some(2), "{nothing:?}");
        let error = nothing.object()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("none passes --include and --exclude"), "{error}");
    });
    checked.await.unwrap();
}

#[test]
fn targets_must_be_here_and_listen() {
    let project = project(&[]);
    let nobody = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let ran = project.gadfly(&["compare", "demo", "--base", "http://192.0.2.1", "--head", &nobody]);
    refused(&ran, 2, &["--base: ", "--allow-host 192.0.2.1"]);
    let ran = project.gadfly(&["compare", "demo", "--base", &nobody, "--head", &nobody]);
    refused(&ran, 4, &[&nobody]);
    refused(&project.gadfly(&["compare", "demo", "--base", &nobody]), 2, &["--head"]);
}
