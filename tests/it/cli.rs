//! The contract of the command line: standard output, standard error and exit code together.

use crate::support::{Project, Ran};

const SHOP: &str = r"
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: 'http://127.0.0.1:9/v1'}]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: ok}}
";

/// A URL behind which nobody listens: the port was free a moment ago.
fn nobody() -> String {
    // Bound and never listening, for as long as the tests run: nobody else gets the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    std::mem::forget(socket);
    url
}

/// One message for people on standard error, nothing on standard output, and this exit code.
#[track_caller]
fn refused(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    assert_eq!(ran.err.matches("error:").count(), 1, "{ran:?}");
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is not in {ran:?}");
    }
    for odd in ["panicked", "RUST_BACKTRACE", "Error {", "Os {"] {
        assert!(!ran.err.contains(odd), "{ran:?}");
    }
}

#[test]
fn a_missing_file_is_a_mistake_of_usage() {
    let project = Project::new(&[]);
    refused(&project.gadfly(&["spec", "missing.yaml"]), 2, &["missing.yaml", "No such file"]);
    refused(&project.gadfly(&["fuzz", "missing.yaml"]), 2, &["missing.yaml"]);
    refused(&project.gadfly(&["fuzz", "shop"]), 2, &["\"shop\" is neither a file nor an API of gadfly.toml"]);
    refused(&project.gadfly(&["fuzz"]), 2, &["no specification given", "[api.NAME]"]);
}

#[test]
fn a_broken_document_is_told_with_its_place() {
    let project = Project::new(&[
        ("broken.yaml", "openapi: 3.0.0\ninfo: {title: x\npaths: {}\n"),
        ("broken.json", "{\"openapi\": \"3.0.0\",\n  \"info\": {"),
        ("other.yaml", "kind: Deployment\napiVersion: v1\n"),
        ("list.json", "[1, 2]"),
        ("empty.yaml", ""),
    ]);
    refused(&project.gadfly(&["spec", "broken.yaml"]), 3, &["broken.yaml:"]);
    refused(&project.gadfly(&["spec", "broken.json"]), 3, &["broken.json:2:"]);
    for other in ["other.yaml", "list.json", "empty.yaml"] {
        refused(&project.gadfly(&["fuzz", other]), 3, &[other]);
    }
}

#[test]
fn a_target_that_does_not_listen_has_its_own_exit_code() {
    let project = Project::new(&[("shop.yaml", SHOP)]);
    let url = nobody();
    refused(&project.gadfly(&["fuzz", "shop.yaml", "--url", &url]), 4, &[&url, "--url"]);
}

#[test]
fn other_machines_are_refused_with_the_flag_to_add() {
    let project = Project::new(&[("shop.yaml", SHOP)]);
    let ran = project.gadfly(&["fuzz", "shop.yaml", "--url", "http://192.0.2.1:8080"]);
    refused(&ran, 2, &["http://192.0.2.1:8080", "--allow-host 192.0.2.1"]);
}

#[test]
fn unknown_flags_and_words_are_refused() {
    let project = Project::new(&[]);
    refused(&project.gadfly(&["fuzz", "--sed", "1"]), 2, &["--sed", "--seed"]);
    refused(&project.gadfly(&["fuzz", "--time", "soon"]), 2, &["--time", "90s, 5m, 1h"]);
    refused(&project.gadfly(&["fuzz", "-H", "t0ken"]), 2, &["'Name: value'"]);
    refused(&project.gadfly(&["fuzz", "--fail-on", "bad"]), 2, &["remark, low, medium, high, critical, and never"]);
    refused(&project.gadfly(&["repaly"]), 2, &["repaly", "replay"]);
    refused(&project.gadfly(&["accept"]), 2, &["--all", "PATTERN"]);
}

#[test]
fn the_configuration_is_checked() {
    let project = Project::new(&[("gadfly.toml", "[api.shop]\nspec = 'shop.yaml'\nulr = 'x'\n"), ("shop.yaml", SHOP)]);
    refused(&project.gadfly(&["fuzz"]), 2, &["gadfly.toml:3:1", "unknown key `ulr` in [api.shop]", "`url`"]);
    project.write("gadfly.toml", "[api.shop]\nspec = 'shop.yaml'\n[api.shop.identity.bob]\nbearer = '${BOB}'\n");
    let ran = project.gadfly(&["fuzz", "--as", "bob", "--url", &nobody()]);
    refused(&ran, 2, &["gadfly.toml:4:10", "`bearer` of identity \"bob\"", "BOB"]);
    refused(&project.gadfly(&["fuzz", "--as", "eve", "--url", &nobody()]), 2, &["\"eve\"", "anonymous"]);
    // An identity that is not used needs no variable.
    refused(&project.gadfly(&["fuzz", "--url", &nobody()]), 4, &["failed to reach"]);
    refused(&project.gadfly_with(&["fuzz"], &[("GADFLY_PROOF", "no")]), 2, &["GADFLY_PROOF", "\"no\""]);
}

#[test]
fn flags_beat_the_environment_and_the_environment_beats_the_file() {
    let toml = "[api.shop]\nspec = 'shop.yaml'\nseed = 3\nproof = 5\ntime = '5m'\n[api.shop.identity.bob]\nbearer = 's3cret'\n";
    let project = Project::new(&[("gadfly.toml", toml), ("shop.yaml", SHOP)]);
    let arguments = ["fuzz", "shop", "--print-config", "--seed", "1", "--json"];
    let ran = project.gadfly_with(&arguments, &[("GADFLY_SEED", "2"), ("GADFLY_PROOF", "4")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let settings = &ran.object()["settings"];
    let expected = [("seed", "1", "flag"), ("proof", "4", "environment"), ("time", "\"5m\"", "gadfly.toml")];
    for (key, value, source) in expected {
        assert_eq!(settings[key]["value"].to_string(), value);
        assert_eq!(settings[key]["source"], source);
    }
    assert_eq!(settings["concurrency"]["source"], "default");
    assert!(!ran.err.contains("s3cret") && !ran.out.contains("s3cret"), "{ran:?}");
    assert!(ran.err.contains("[api.shop.identity.bob]"), "{ran:?}");
}

#[test]
fn values_of_the_user_are_checked() {
    let toml = "[api.shop]\nspec = 'shop.yaml'\ndictionaries = 'words.dict'\n[api.shop.values]\n\"path/idd\" = 7\n";
    let project = Project::new(&[("gadfly.toml", toml), ("shop.yaml", SHOP), ("words.dict", "a=\"b\"\nc=\"d\n")]);
    let url = nobody();
    let fuzz = |arguments: &[&str]| project.gadfly(&[&["fuzz", "--url", &url], arguments].concat());
    refused(&fuzz(&[]), 2, &["words.dict:2:5: ", "closing quote"]);
    refused(&fuzz(&["--dict", "none.txt"]), 2, &["none.txt", "No such file"]);
    project.write("words.dict", "one\ntwo\n");
    refused(&fuzz(&[]), 2, &["gadfly.toml:5:1: ", "no operation has a path parameter \"idd\"; did you mean `id`?"]);
    project.write(
        "gadfly.toml",
        "[api.shop]\nspec = 'shop.yaml'\n[api.shop.values]\n\"path/id\" = [1, 1979-05-27, inf]\n",
    );
    refused(&fuzz(&[]), 2, &["gadfly.toml:4:13: ", "inf is no number of JSON"]);
    project.write("gadfly.toml", "[api.shop]\nspec = 'shop.yaml'\n[api.shop.values]\n\"path/id\" = 'seven'\n");
    refused(&fuzz(&["--set", "GET /order/{id} path/id=7"]), 2, &["--set", "did you mean `GET /orders/{id}`?"]);
    refused(&fuzz(&["--set", "id"]), 2, &["--set", "PLACE=VALUE"]);
    let ran = fuzz(&[]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(
        ran.err.contains("warning: GET /orders/{id}: path parameter \"id\": the value that is fixed does not"),
        "{ran:?}"
    );
    let ran = fuzz(&["--set", "path/id=7", "--dict", "words.dict", "--print-config"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in ["dictionaries = [\"words.dict\"]", "values.\"path/id\" = \"7\"", "# flag"] {
        assert!(ran.out.contains(part), "{part}: {ran:?}");
    }
    assert!(!ran.out.contains("seven"), "{ran:?}");
}

#[test]
fn a_specification_is_described() {
    let project = Project::new(&[("shop.yaml", SHOP)]);
    let ran = project.gadfly(&["spec", "shop.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.contains("Shop 1") && ran.out.contains("GET /orders/{id}"), "{ran:?}");
    let object = project.gadfly(&["spec", "shop.yaml", "--json", "--quiet"]).object();
    assert_eq!(object["format"], 1);
    assert_eq!(object["operations"][0]["id"], "GET /orders/{id}");
    assert_eq!(object["operations"][0]["parameters"][0]["location"], "path");
}

#[test]
fn what_was_lifted_and_assumed_stands_beside_its_lines() {
    let old = "swagger: '2.0'\ninfo: {title: Old, version: '1'}\npaths:\n  /a:\n    get:\n      parameters:\n      \
               - {name: q, in: query, type: integer, minimum: 1, exclusiveMinimum: true}\n      \
               - {name: r, in: query, type: int}\n      responses: {200: {description: ok}}\n";
    let project = Project::new(&[("old.yaml", old)]);
    let ran = project.gadfly(&["spec", "old.yaml", "--notes"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let parts = [
        "lifted: Swagger 2.0 is read as OpenAPI 3: ",
        " --> old.yaml:1:1\n  |\n1 | swagger: '2.0'\n  | ^^^^^^^\n  = pointer: /swagger\n",
        "lifted: an exclusive limit that is true or false is read as the limit itself\n --> old.yaml:7:",
        "assumed: ",
        "8 |       - {name: r, in: query, type: int}\n",
        "  = operation: GET /a\n",
        "1 operation, 2 lifted, 1 assumed, 0 skipped\n",
    ];
    for part in parts {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let object = project.gadfly(&["spec", "old.yaml", "--json", "--quiet"]).object();
    assert_eq!((&object["spec_version"], &object["lifted"]), (&"2.0".into(), &2.into()));
    assert_eq!(object["notes"][0]["level"], "lifted");
    assert_eq!(object["notes"][0]["position"], serde_json::json!({"file": "old.yaml", "line": 1, "column": 1}));
}

const NOTES: &str = r"
openapi: 3.1.0
info: {title: Notes, version: '1'}
servers: [{url: 'https://notes.invalid/v1'}]
paths:
  /notes/{id}:
    put:
      operationId: putNote
      parameters: [{name: id, in: path, required: true, schema: {type: integer}, example: 7}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [text], properties: {text: {type: string}, stars: {type: integer, minimum: 1}}}
            example: {text: hello}
      responses: {'200': {description: ok}}
";

#[test]
fn samples_show_requests_of_every_intent() {
    let project = Project::new(&[("notes.yaml", NOTES)]);
    let ran = project.gadfly(&["spec", "notes.yaml", "--sample", "put /notes/{id}"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let first = "# valid (examples)\nPUT /v1/notes/7 HTTP/1.1\nHost: notes.invalid\n";
    assert!(ran.out.starts_with(first), "{}", ran.out);
    assert!(ran.out.contains("\nContent-Length: 16\n\n{\"text\":\"hello\"}\n"), "{}", ran.out);
    for part in
        ["\n# malformed: type at body", "\n# hostile: polyglot\n", "\n# wire: ", "\n# boundary: ", "\n# valid\n"]
    {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(!ran.out.contains(|c: char| c.is_control() && c != '\n'), "{:?}", ran.out);
    let arguments = ["spec", "notes.yaml", "--sample", "putNote", "--json", "--quiet"];
    let object = project.gadfly(&arguments).object();
    assert_eq!((&object["format"], &object["operation"]), (&1.into(), &"PUT /notes/{id}".into()));
    let samples = object["samples"].as_array().unwrap();
    let intents: std::collections::BTreeSet<&str> = samples.iter().filter_map(|s| s["intent"].as_str()).collect();
    assert_eq!(intents.into_iter().collect::<Vec<_>>(), ["boundary", "hostile", "malformed", "valid", "wire"]);
    let expected = serde_json::json!({"json": {"text": "hello"}});
    assert_eq!((&samples[0]["target"], &samples[0]["body"]), (&"/v1/notes/7".into(), &expected));
    assert!(samples.iter().all(|sample| sample["curl"].as_str().is_some_and(|curl| curl.contains("curl -i"))));
    let details = samples.iter().filter_map(|sample| sample["detail"].as_str());
    assert!(details.into_iter().any(|detail| detail.contains(" at body/stars: ")), "{samples:#?}");
    assert_eq!(object, project.gadfly(&arguments).object());
    let ran = project.gadfly(&["spec", "notes.yaml", "--sample", "PUT /note/{id}"]);
    refused(&ran, 2, &["no operation \"PUT /note/{id}\"; did you mean `PUT /notes/{id}`?"]);
}

#[test]
fn samples_hold_the_users_own_values() {
    let toml = "[api.notes]\nspec = 'notes.yaml'\ndictionaries = 'words'\n[api.notes.values]\n'path/id' = 41\n";
    let project = Project::new(&[("notes.yaml", NOTES), ("gadfly.toml", toml), ("words", "adfsj\n")]);
    let ran = project.gadfly(&["spec", "--sample", "putNote"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.starts_with("# valid (examples)\nPUT /v1/notes/41 "), "{}", ran.out);
    assert!(ran.out.contains("# valid (dictionary)\nPUT /v1/notes/41 "), "{}", ran.out);
    assert!(ran.out.contains("{\"text\":\"adfsj\"}"), "{}", ran.out);
}

#[test]
fn a_project_without_fixtures_is_no_silent_success() {
    let project = Project::new(&[]);
    refused(&project.gadfly(&["replay"]), 2, &["regressions holds no fixture"]);
    let ran = project.gadfly(&["accept", "--all"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.err.contains("no fixture is pending"), "{ran:?}");
}

#[test]
fn fixtures_that_can_not_be_read_are_told_and_left_alone() {
    let corrupt = "{\"format\": 1, \"id\": ";
    let newer = "{\"format\": 99, \"id\": \"v9:x\"}";
    let project = Project::new(&[
        ("regressions/shop/corrupt.json", corrupt),
        ("regressions/shop/newer.json", newer),
        ("regressions/pending/shop/corrupt.json", corrupt),
    ]);
    let ran = project.gadfly(&["replay", "--url", &nobody()]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("regressions/shop/corrupt.json:1:"), "{ran:?}");
    assert!(ran.err.contains("regressions/shop/newer.json is of format 99"), "{ran:?}");
    let ran = project.gadfly(&["accept", "--all", "--json"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(ran.object()["accepted"].as_array().map(Vec::len), Some(0));
    assert_eq!(project.read("regressions/shop/corrupt.json"), corrupt);
    assert_eq!(project.read("regressions/shop/newer.json"), newer);
    assert_eq!(project.read("regressions/pending/shop/corrupt.json"), corrupt);
}

/// A fixture that any server without a 5xx at `/v1/orders/0` passes.
const FIXTURE: &str = include_str!("../../src/fixture/v1.json");

#[test]
fn fixtures_are_accepted_and_replayed() {
    let pending = "regressions/pending/shop/post_orders_id-server_error-89abcdef.json";
    let accepted = "regressions/shop/post_orders_id-server_error-89abcdef.json";
    let toml = "[api.shop]\nspec = 'shop.yaml'\n[api.shop.identity.alice]\nbearer = 't0ken-of-alice'\n";
    let project = Project::new(&[(pending, FIXTURE), ("gadfly.toml", toml), ("shop.yaml", SHOP)]);
    let ran = project.gadfly(&["accept", "nothing-like-it"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("no pending fixture matches \"nothing-like-it\""), "{ran:?}");
    let ran = project.gadfly(&["accept", "server_error"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), format!("accepted {accepted}\n").as_str()), "{ran:?}");
    assert_eq!(project.read(accepted), FIXTURE);
    assert!(!project.path(pending).exists());
    let ran = project.gadfly(&["replay", "--url", &nobody(), "--json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let object = ran.object();
    assert_eq!(object["fixtures"][0]["verdict"], "unreachable");
    assert_eq!(object["fixtures"][0]["file"], accepted);
    assert!(!ran.err.contains("t0ken-of-alice"), "{ran:?}");
    refused(&project.gadfly(&["replay", "nothing-like-it"]), 2, &["no fixture of regressions matches"]);
}

#[test]
fn help_tells_the_exit_codes() {
    let ran = Project::new(&[]).gadfly(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    for part in ["Exit codes:", "  4   the target", "fuzz", "replay", "accept", "spec"] {
        assert!(ran.out.contains(part), "{part}: {ran:?}");
    }
}
