//! `gadfly corpus`, links and graphs through the built command.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use gadfly::demo::{DOCUMENT, Demo, Options};
use serde_json::{Value, json};

use crate::support::{self, Project};

const NOTES: &str = r"
openapi: 3.1.0
info: {title: Notes, version: '1'}
servers: [{url: 'http://127.0.0.1:9'}]
paths:
  /notes:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses: {'200': {description: ok}}
";

const TOML: &str = "[api.notes]\nspec = 'notes.yaml'\n";

/// An entry about a request without a body, kept for an answer of this kind.
fn entry(operation: &str, target: &str, intent: &str, kind: &str) -> String {
    let (method, _) = operation.split_once(' ').unwrap();
    json!({
        "format": 2, "novelty": "answered 200 in a new way", "intent": intent, "status": 200, "kind": kind,
        "steps": [{"identity": "anonymous", "operation": operation, "method": method, "target": target}]
    })
    .to_string()
}

fn notes() -> Project {
    Project::new(&[
        ("notes.yaml", NOTES),
        ("gadfly.toml", TOML),
        ("corpus/notes/a.json", &entry("GET /notes", "/notes?limit=7", "valid", "one")),
        ("corpus/notes/b.json", &entry("GET /notes", "/notes?limit=7000", "valid", "one")),
        ("corpus/notes/c.json", &entry("GET /notes", "/notes?limit=x", "malformed", "two")),
        ("corpus/notes/d.json", &entry("GET /notes", "/notes?page=1", "valid", "three")),
        ("corpus/notes/e.json", &entry("GET /old", "/old", "hostile", "four")),
    ])
}

fn files(project: &Project, folder: &str) -> Vec<String> {
    let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<_> = project.files(folder).iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn kept_inputs_are_listed_and_counted() {
    let project = notes();
    let ran = project.gadfly(&["corpus", "ls"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.starts_with("notes: 5 inputs, 2 of them set aside\n"), "{}", ran.out);
    for part in [
        "GET /notes  1      valid      answered 200 in a new way\n",
        "set aside: GET /notes: query parameter `page` is not declared any more\n",
        "GET /old    1      hostile    set aside: the document has no GET /old any more\n",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let object = project.gadfly(&["corpus", "ls", "notes", "--operation", "OLD", "--json", "--quiet"]).object();
    let entries = object["apis"][0]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{object}");
    assert_eq!(entries[0]["set_aside"], "the document has no GET /old any more");
    let object = project.gadfly(&["corpus", "stats", "--json", "--quiet"]).object();
    let survey = &object["apis"][0];
    assert_eq!((&survey["entries"], &survey["novelty"]["answered 200 in a new way"]), (&5.into(), &5.into()));
    let expected = json!({"operations": 1, "covered": 1, "applies": 3, "set_aside": 2});
    assert_eq!(survey["document"], expected);
    let ran = Project::new(&[]).gadfly(&["corpus", "stats"]);
    assert_eq!((ran.code, ran.err.contains("holds no input yet")), (Some(0), true), "{ran:?}");
}

#[test]
fn pruning_says_what_it_removes_and_a_dry_run_removes_nothing() {
    let project = notes();
    let ran = project.gadfly(&["corpus", "prune", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("would remove 3 inputs of ") && ran.out.ends_with("; 2 inputs stay\n"), "{}", ran.out);
    assert_eq!(files(&project, "corpus/notes").len(), 5);
    let object = project.gadfly(&["corpus", "prune", "--json", "--quiet"]).object();
    assert_eq!((&object["entries_before"], &object["entries"]), (&5.into(), &2.into()), "{object}");
    assert_eq!(object["removed"].as_array().map(Vec::len), Some(3));
    assert_eq!(files(&project, "corpus/notes"), ["a.json", "c.json"]);
}

#[test]
fn merging_takes_in_what_is_new() {
    let project = Project::new(&[
        ("notes.yaml", NOTES),
        ("gadfly.toml", TOML),
        ("corpus/notes/a.json", &entry("GET /notes", "/notes?limit=7", "valid", "one")),
        ("theirs/notes/x.json", &entry("GET /notes", "/notes?limit=8", "valid", "one")),
        ("theirs/notes/y.json", &entry("GET /notes", "/notes?limit=9", "valid", "two")),
        ("theirs/notes/z.json", &entry("GET /old", "/old", "valid", "three")),
    ]);
    let ran = project.gadfly(&["corpus", "merge", "theirs"]);
    let expected =
        "theirs: 1 added, 1 show nothing new, 1 do not apply to the document, 0 refused\nnotes now has 2 inputs\n";
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), expected), "{ran:?}");
    assert_eq!((files(&project, "corpus/notes").len(), files(&project, "theirs/notes").len()), (2, 3));
    let object = project.gadfly(&["corpus", "merge", "theirs/notes", "--json", "--quiet"]).object();
    assert_eq!(object["from"][0]["merged"], json!({"added": 0, "known": 2, "set_aside": 1, "refused": 0}));
    let ran = project.gadfly(&["corpus", "merge", "nowhere"]);
    assert!(ran.code == Some(2) && ran.err.contains("nowhere is no folder"), "{ran:?}");
}

#[test]
fn nothing_is_removed_when_nobody_listens() {
    let project = notes();
    let url = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let ran = project.gadfly(&["corpus", "prune", "--url", &url]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(files(&project, "corpus/notes").len(), 5);
}

#[test]
fn a_second_run_finds_what_the_first_one_did() {
    let project = Project::new(&[]);
    let found = || {
        let ran =
            project.gadfly(&["demo", "--requests", "600", "--include", "POST /orders", "--json", "--no-fixtures"]);
        ran.object()["found"].clone()
    };
    let first = found();
    assert!(first.as_array().is_some_and(|found| found.contains(&"D01".into())), "{first}");
    assert_eq!(found(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_sends_again_is_judged_again() {
    let demo = Demo::start(Options { clean: false, address: SocketAddr::from(([127, 0, 0, 1], 0)) }).await.unwrap();
    let url = demo.base_url();
    let checked = tokio::task::spawn_blocking(move || {
        // Half of the requests are for what is kept.
        let flags = ["fuzz", "shop.yaml", "--url", &url, "--requests", "2", "--include", "GET /products", "--json"];
        let crashes = |project: &Project| {
            let summary = project.gadfly(&[&flags[..], &["--no-fixtures"]].concat()).object();
            let all = summary["findings"].as_array().unwrap().clone();
            all.iter().filter(|finding| finding["oracle"] == "server_error").count()
        };
        assert_eq!(crashes(&Project::new(&[("shop.yaml", DOCUMENT)])), 0);
        let kept = entry("GET /products", "/products?pageSize=0", "malformed", "a");
        assert_eq!(crashes(&Project::new(&[("shop.yaml", DOCUMENT), ("corpus/shop/a.json", &kept)])), 1);
    });
    checked.await.unwrap();
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_tells_what_is_worth_keeping() {
    let demo = Demo::start(Options { clean: true, address: SocketAddr::from(([127, 0, 0, 1], 0)) }).await.unwrap();
    let url = demo.base_url();
    let checked = tokio::task::spawn_blocking(move || {
        let project = Project::new(&[("shop.yaml", DOCUMENT)]);
        for (name, target) in [("a", "/health"), ("b", "/health?x=1"), ("c", "/health?x=12")] {
            project.write(&format!("corpus/shop/{name}.json"), &entry("GET /health", target, "wire", name));
        }
        project.write("corpus/shop/d.json", &entry("GET /old", "/old", "valid", "d"));
        // What is kept for an operation that is gone is told at the start of a run.
        let fuzz =
            ["fuzz", "shop.yaml", "--url", &url, "--requests", "20", "--include", "GET /health", "--no-fixtures"];
        let ran = project.gadfly(&fuzz);
        let part = "1 of 4 kept inputs do not apply to the document any more and are set aside: 1 since the document has \
                    no GET /old any more; `gadfly corpus ls` lists them";
        assert!(ran.err.contains(part), "{ran:?}");
        let before = files(&project, "corpus/shop").len();
        let ran = project.gadfly(&["corpus", "prune", "shop.yaml", "--url", &url]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let left = files(&project, "corpus/shop");
        assert!(left.len() < before, "{left:?}");
        // The undeclared query is refused, so the second shows something of its own and the third one does not.
        assert!(left.contains(&"a.json".to_owned()) && !left.contains(&"c.json".to_owned()), "{left:?} {ran:?}");
        let again = project.gadfly(&["corpus", "prune", "shop.yaml", "--url", &url, "--json", "--quiet"]).object();
        assert_eq!(again["removed"].as_array().map(Vec::len), Some(0), "{again}");
    });
    checked.await.unwrap();
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pruning_makes_at_the_target_is_deleted_again() {
    let demo = Demo::start(Options { clean: true, address: SocketAddr::from(([127, 0, 0, 1], 0)) }).await.unwrap();
    let url = demo.base_url();
    let checked = tokio::task::spawn_blocking(move || {
        let toml =
            "[api.shop]\nspec = 'shop.yaml'\nas = 'alice'\n[api.shop.identity.alice]\nbearer = 'demo-alice-token'\n";
        let project = Project::new(&[("shop.yaml", DOCUMENT), ("gadfly.toml", toml)]);
        let mut order: Value = serde_json::from_str(&entry("POST /orders", "/orders", "valid", "a")).unwrap();
        let to = json!({"name": "Ann", "street": "1 Road", "city": "London", "postcode": "N1 9GU", "country": "GB"});
        let step = &mut order["steps"][0];
        step["headers"] = json!([["Content-Type", "application/json"]]);
        step["body"] = json!({"json": {"items": [{"sku": "MUG-0001", "quantity": 1}], "shipTo": to}});
        project.write("corpus/shop/a.json", &order.to_string());
        let prune = ["corpus", "prune", "shop", "--url", &url, "--dry-run", "--json"];
        let ran = project.gadfly(&prune);
        let object = ran.object();
        assert_eq!(object["made"], json!({"made": 1, "ended": 1, "left": {}, "lost": {}, "endless": {}}), "{ran:?}");
        assert!(ran.err.contains("made there: 1 object, 1 of them deleted again"), "{ran:?}");
        let left = project.gadfly(&[&prune[..], &["--no-clean-up"]].concat()).object();
        assert_eq!(left["made"], Value::Null, "{left}");
    });
    checked.await.unwrap();
    demo.stop().await;
}

const TICKETS: &str = r"
openapi: 3.1.0
info: {title: Tickets, version: '1'}
paths:
  /tickets: {post: {responses: {'201': {description: made}}}}
  /door:
    get:
      parameters: [{name: pass, in: query, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}, '403': {description: no}}
";

const LINKED: &str = "[api.tickets]\nspec = 'tickets.yaml'\n\n[[api.tickets.link]]\nfrom = 'POST /tickets'\n\
                      take = '/ticket/code'\nto = 'GET /door'\ninto = 'query/pass'\n";

/// A door that opens for a ticket, of which no name tells; answers its origin.
async fn door() -> String {
    let codes: Arc<Mutex<Vec<String>>> = Arc::default();
    let make = async |State(codes): State<Arc<Mutex<Vec<String>>>>| {
        let mut codes = codes.lock().unwrap();
        let code = format!("c{}-{}", codes.len(), codes.len() * 7919);
        codes.push(code.clone());
        (StatusCode::CREATED, Json(json!({"ticket": {"code": code}, "a": 1, "b": 2, "c": 3, "d": 4})))
    };
    let open = async |State(codes): State<Arc<Mutex<Vec<String>>>>, Query(query): Query<Vec<(String, String)>>| {
        let is_known = query.iter().any(|(name, value)| name == "pass" && codes.lock().unwrap().contains(value));
        if is_known { StatusCode::OK } else { StatusCode::FORBIDDEN }
    };
    let app = Router::new().route("/tickets", post(make)).route("/door", get(open)).with_state(codes);
    support::serve(app).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_where_no_name_does() {
    let origin = door().await;
    let checked = tokio::task::spawn_blocking(move || {
        let reached = |toml: &str| {
            let project = Project::new(&[("tickets.yaml", TICKETS), ("gadfly.toml", toml)]);
            let ran = project.gadfly(&["fuzz", "--url", &origin, "--requests", "200", "--json", "--no-fixtures"]);
            let reached = ran.object()["reached_at"].as_array().unwrap().clone();
            reached.iter().any(|reached| reached["operation"] == "GET /door")
        };
        assert!(!reached("[api.tickets]\nspec = 'tickets.yaml'\n"));
        assert!(reached(LINKED));
    });
    checked.await.unwrap();
}

#[test]
fn links_are_checked_against_the_document_and_drawn() {
    let project = Project::new(&[("tickets.yaml", TICKETS), ("gadfly.toml", LINKED)]);
    let ran = project.gadfly(&["spec", "--graph", "mermaid"]);
    let expected = "flowchart LR\n  n0[\"POST /tickets\"]\n  n1([\"ticket\"])\n  n2[\"GET /door\"]\n  n0 --> n1\n  n1 \
                    ==>|\"query/pass = ticket.code\"| n2\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), expected, ""));
    project.write("gadfly.toml", &LINKED.replace("query/pass", "query/pas"));
    let ran = project.gadfly(&["spec", "--graph", "svg"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("gadfly.toml:4:1: GET /door has no query parameter \"pas\"; did you mean `pass`?"),
        "{ran:?}"
    );
}

#[test]
fn the_graph_of_the_demo_is_as_expected() {
    let project = Project::new(&[("demo.yaml", DOCUMENT)]);
    let ran = project.gadfly(&["spec", "demo.yaml", "--graph", "mermaid"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), include_str!("expected/graph.mmd")), "{ran:?}");
    let ran = project.gadfly(&["spec", "demo.yaml", "--graph", "svg", "--json", "--quiet"]);
    let svg: &Value = &ran.object()["graph"];
    let drawn = svg.as_str().unwrap();
    assert!(drawn.contains(">POST /orders/{orderId}/payments</text>") && drawn.ends_with("</svg>\n"), "{drawn}");
}
