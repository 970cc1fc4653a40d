//! What a person sees of a run: a made-up one, compared with text that is kept in files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gadfly::api::{Api, OperationId};
use gadfly::finding::{Confirmed, Finding, OracleId, Owasp, Ratio, Requirement, Severity, Signature};
use gadfly::redact::{Redactor, Secret};
use gadfly::report::{Console, Event, FindingRecord, Look, Pace, Paint, Progress, Reporter, Screen, Summary, Unreached};
use gadfly::scenario::Scenario;
use gadfly::seed::Seed;

fn record(severity: Severity, oracle: &str, operation: &str, title: &str, evidence: &str) -> FindingRecord {
    FindingRecord {
        oracle: oracle.into(),
        severity,
        owasp: (severity > Severity::Low).then_some(Owasp::Misconfiguration),
        operation: operation.into(),
        title: title.into(),
        evidence: evidence.into(),
        signature: Signature::new(OracleId("made_up"), &OperationId::from_text(operation), &[title]).to_string(),
        confirmed: Ratio { hits: 3, tries: 3 },
        stable: true,
        intent: "malformed".into(),
        rule: Some("maximum at body/quantity: one above the maximum of 100".into()),
        outcome: "500".into(),
        curl: "curl -i --path-as-is -X POST http://127.0.0.1:8080/v1/orders -H 'Content-Type: application/json' \
               --data-binary '{\"quantity\":101}'"
            .into(),
        fixture: (severity > Severity::Remark).then(|| format!("regressions/pending/shop/{oracle}.json")),
        seconds: 1.5,
    }
}

fn findings() -> Vec<FindingRecord> {
    let leak = "{\"passwordHash\":\"$2b$12$C\u{1b}[2J\u{202e}\", \"token\":\"tok-123-secret\"}";
    let mut flaky = record(Severity::High, "hang", "GET /reports", "no answer within 3 s", "");
    flaky.confirmed = Ratio { hits: 1, tries: 3 };
    flaky.stable = false;
    flaky.fixture = None;
    vec![
        record(Severity::Critical, "leaked_field", "GET /accounts/{id}", "the answer holds a password hash", leak),
        record(Severity::High, "server_error", "POST /orders", "a quantity beyond its maximum gives a 500", "overflow"),
        flaky,
        record(Severity::Low, "invalid_input_accepted", "GET /orders", "a limit of 101 is accepted", "200"),
        record(Severity::Remark, "undocumented_status", "GET /orders", "404 is not documented", "404"),
        record(Severity::Remark, "response_schema", "GET /orders", "`total` is missing", "{}"),
        record(Severity::Remark, "undocumented_status", "PUT /orders/{id}", "409 is not documented", "409"),
    ]
}

fn unreached() -> Vec<Unreached> {
    let of = |operation: &str, mostly: &str| Unreached { operation: operation.into(), requests: 40, mostly: mostly.into() };
    let admin = ["GET /admin/users", "PUT /admin/users/{id}", "DELETE /admin/users/{id}", "GET /admin/log"];
    let mut all: Vec<_> = admin.iter().map(|operation| of(operation, "403")).collect();
    all.push(of("GET /files/{id}", "404"));
    all.extend((0..10).map(|n| of(&format!("GET /odd/{n}"), &format!("4{n:02}9"))));
    all
}

fn summary() -> Summary {
    Summary {
        format: 1,
        gadfly: "0.0.0",
        api: "Shop".into(),
        base_url: "http://127.0.0.1:8080/v1".into(),
        seed: 42,
        wall_seconds: 60.04,
        cpu_seconds: Some(14.21),
        requests: 24_601,
        proof_requests: 312,
        operations: 38,
        operations_with_2xx: 23,
        never_2xx: unreached(),
        outcomes: BTreeMap::from([("2xx".into(), 15_000), ("4xx".into(), 9_500), ("5xx".into(), 101)]),
        findings: findings(),
        notices: vec!["notice".into()],
        ended: "time",
    }
}

fn api() -> Api {
    gadfly::spec::load_bytes("shop.json", br#"{"openapi":"3.1.0","info":{"title":"Shop","version":"2"},"paths":{}}"#)
        .map(|loaded| Arc::unwrap_or_clone(loaded.api))
        .unwrap()
}

fn confirmed(record: &FindingRecord) -> Confirmed {
    let operation = OperationId::from_text(&record.operation);
    let finding = Finding {
        requirement: Requirement { oracle: OracleId("made_up"), parameters: serde_json::Value::Null },
        severity: record.severity,
        owasp: record.owasp,
        operation,
        step: 0,
        title: record.title.clone(),
        evidence: record.evidence.clone(),
        signature: Signature::from_text(&record.signature),
    };
    Confirmed { finding, scenario: Scenario { steps: vec![] }, exchanges: vec![], ratio: record.confirmed }
}

/// All that the made-up run tells, as standard output and standard error.
fn told(look: Look) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let secret = Secret::new("Bearer tok-123-secret");
    let screen = Screen { out: Some(&mut out), err: &mut err };
    let mut console = Console::new(screen, look, Redactor::new([&secret]));
    let (api, summary) = (api(), summary());
    let started = Event::Started { api: &api, base_url: &summary.base_url, seed: Seed::new(42), operations: 38 };
    console.event(&started).unwrap();
    for seconds in [1, 6] {
        let progress = Progress {
            elapsed: Duration::from_secs(seconds),
            time: Some(Duration::from_secs(60)),
            requests: 400 * seconds,
            operations: 38,
            reached: 20,
            findings: BTreeMap::from([(Severity::High, 1)]),
            ..Progress::default()
        };
        console.event(&Event::Progress(&progress)).unwrap();
    }
    console.event(&Event::Notice("9 of 10 answers are 404;\u{1b}[2J check --url")).unwrap();
    for record in &summary.findings {
        console.event(&Event::Found { confirmed: &confirmed(record), record }).unwrap();
    }
    console.event(&Event::Finished(&summary)).unwrap();
    drop(console);
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn look(progress: Pace, remarks: bool) -> Look {
    Look {
        paint: Paint::new(false),
        notice_paint: Paint::new(false),
        progress,
        remarks,
        width: 120,
        next: vec![("accept", "gadfly accept shop".into()), ("replay", "gadfly replay shop --url URL".into())],
    }
}

#[test]
fn a_run_looks_so() {
    let (out, err) = told(look(Pace::Lines, false));
    assert_eq!(out, include_str!("expected/run.out"));
    assert_eq!(err, include_str!("expected/run.err"));
}

#[test]
fn with_remarks_each_is_listed() {
    let (out, _) = told(look(Pace::Lines, true));
    for title in ["404 is not documented", "`total` is missing", "409 is not documented"] {
        assert_eq!(out.matches(title).count(), 2, "{title}: once when it is proved, once in the table\n{out}");
    }
    assert!(!out.contains("--remarks"), "{out}");
}

#[test]
fn a_quiet_run_tells_only_its_end() {
    let (out, err) = told(look(Pace::Quiet, false));
    assert_eq!(err, "");
    assert!(include_str!("expected/run.out").ends_with(&out), "{out}");
    assert!(out.starts_with("Shop at http://127.0.0.1:8080/v1\n"), "{out}");
}

#[test]
fn colours_change_no_word() {
    let painted = Look { paint: Paint::new(true), notice_paint: Paint::new(true), ..look(Pace::Lines, false) };
    let (out, err) = told(painted);
    let plain = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
    };
    assert_ne!(out, plain(&out));
    assert_eq!(plain(&out), include_str!("expected/run.out"));
    assert_eq!(plain(&err), include_str!("expected/run.err"));
}
