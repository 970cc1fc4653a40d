//! What a person sees of a run: a made-up one, compared with text that is kept in files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gadfly::api::{Api, OperationId};
use gadfly::engine::{References, RuleCounts, Tally};
use gadfly::finding::{Confirmed, Finding, OracleId, Owasp, Ratio, Requirement, Severity, Signature, Volatile};
use gadfly::learn::{LearnedRule, Place, Rule, Spot};
use gadfly::redact::{Redactor, Secret};
use gadfly::report::{
    Console, Effort, Event, FindingRecord, Look, Pace, Paint, Progress, Reporter, Screen, Summary, Unreached,
};
use gadfly::scenario::Scenario;
use gadfly::seed::Seed;

/// A finding by what differs from finding to finding.
struct Made {
    severity: Severity,
    oracle: &'static str,
    operation: &'static str,
    title: &'static str,
    evidence: &'static str,
    request: (&'static str, Option<&'static str>),
    outcome: &'static str,
    curl: &'static str,
}

impl Made {
    fn record(&self) -> FindingRecord {
        let operation = OperationId::from_text(self.operation);
        let signature = Signature::new(OracleId(self.oracle), &operation, &[self.title]);
        let file = format!("{}-{}-{}.json", operation.slug(), self.oracle, signature.short());
        FindingRecord {
            oracle: self.oracle.into(),
            severity: self.severity,
            owasp: (self.severity > Severity::Low).then_some(Owasp::Misconfiguration),
            operation: self.operation.into(),
            title: self.title.into(),
            evidence: self.evidence.into(),
            signature: signature.to_string(),
            confirmed: Ratio { hits: 3, tries: 3 },
            clean: None,
            stable: true,
            intent: self.request.0.into(),
            rule: self.request.1.map(str::to_owned),
            outcome: self.outcome.into(),
            log: vec![],
            curl: format!("curl -i --path-as-is {}", self.curl),
            steps: vec![],
            fixture: (self.severity > Severity::Remark).then(|| format!("regressions/pending/shop/{file}")),
            known_until: None,
            seconds: 1.5,
        }
    }
}

fn findings() -> Vec<FindingRecord> {
    let mut all: Vec<_> = MADE.iter().map(Made::record).collect();
    let flaky = all.iter_mut().find(|record| record.oracle == "hang").unwrap();
    flaky.confirmed = Ratio { hits: 1, tries: 3 };
    flaky.stable = false;
    flaky.fixture = None;
    all
}

/// One of each kind. The first quotes an answer that would clear the screen and turn the text around, and a token.
const MADE: &[Made] = &[
    Made {
        severity: Severity::Critical,
        oracle: "leaked_field",
        operation: "GET /accounts/{id}",
        title: "the answer holds the undeclared property passwordHash",
        evidence: "{\"passwordHash\":\"$2b$12$C\u{1b}[2J\u{202e}\",\n  \"token\":\"tok-123-secret\"}",
        request: ("valid", None),
        outcome: "200",
        curl: "http://127.0.0.1:8080/v1/accounts/7",
    },
    Made {
        severity: Severity::High,
        oracle: "server_error",
        operation: "POST /orders",
        title: "a quantity beyond 64 bits is answered with 500",
        evidence: "{\"error\":\"number too large to fit in target type\"}",
        request: ("malformed", Some("maximum at body/quantity: an integer beyond 64 bits")),
        outcome: "500",
        curl: "-X POST http://127.0.0.1:8080/v1/orders -H 'Content-Type: application/json' --data-binary \
               '{\"sku\":\"MUG-0001\",\"quantity\":99999999999999999999}'",
    },
    Made {
        severity: Severity::High,
        oracle: "hang",
        operation: "GET /reports",
        title: "no answer within 3 seconds",
        evidence: "",
        request: ("boundary", Some("minimum at query/from: the smallest date")),
        outcome: "no answer in time",
        curl: "'http://127.0.0.1:8080/v1/reports?from=0001-01-01'",
    },
    Made {
        severity: Severity::Low,
        oracle: "invalid_input_accepted",
        operation: "GET /orders",
        title: "a limit of 101 is accepted",
        evidence: "200",
        request: ("malformed", Some("maximum at query/limit: one above the maximum of 100")),
        outcome: "200",
        curl: "'http://127.0.0.1:8080/v1/orders?limit=101'",
    },
    Made {
        severity: Severity::Remark,
        oracle: "undocumented_status",
        operation: "GET /orders",
        title: "the status 404 is not documented",
        evidence: "404",
        request: ("valid", None),
        outcome: "404",
        curl: "http://127.0.0.1:8080/v1/orders",
    },
    Made {
        severity: Severity::Remark,
        oracle: "response_schema",
        operation: "GET /orders",
        title: "the answer lacks the required property total",
        evidence: "{}",
        request: ("valid", None),
        outcome: "200",
        curl: "http://127.0.0.1:8080/v1/orders",
    },
    Made {
        severity: Severity::Remark,
        oracle: "undocumented_status",
        operation: "PUT /orders/{id}",
        title: "the status 409 is not documented",
        evidence: "409",
        request: ("valid", None),
        outcome: "409",
        curl: "-X PUT http://127.0.0.1:8080/v1/orders/7",
    },
];

fn unreached() -> Vec<Unreached> {
    let because = |operation: &str, mostly: &str, why: Option<&str>| Unreached {
        operation: operation.into(),
        requests: 40,
        mostly: mostly.into(),
        why: why.map(str::to_owned),
    };
    let of = |operation: &str, mostly: &str| because(operation, mostly, None);
    let admin = (0..12).map(|n| of(&format!("GET /admin/section-{n}"), "403"));
    let statuses = ["400", "402", "405", "406", "409", "410", "413", "415", "422", "429"];
    let odd = statuses.iter().map(|status| of(&format!("PUT /odd/{status}"), status));
    admin.chain([because("GET /files/{id}", "404", Some("no file is known"))]).chain(odd).collect()
}

fn learned() -> Vec<LearnedRule> {
    let rule = |name: &str, rule: Rule| LearnedRule {
        operation: "POST /orders".into(),
        place: Spot { place: Place::Body, tokens: vec![name.into()] },
        rule,
    };
    vec![rule("name", Rule::Required), rule("note", Rule::MaxLength(80))]
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
        operations_with_2xx: 15,
        reached_at: vec![],
        never_2xx: unreached(),
        references: References { bound: 9_876, of: 12_345 },
        rules: RuleCounts {
            rules: 1_204,
            legal: 1_100,
            legal_reachable: 1_150,
            illegal: 600,
            illegal_reachable: 1_000,
        },
        coverage: Vec::new(),
        learned: learned(),
        outcomes: BTreeMap::from([("2xx".into(), 15_000), ("4xx".into(), 9_500), ("5xx".into(), 101)]),
        process: None,
        unexplained_deaths: 0,
        made: Some(Tally {
            made: 1_204,
            ended: 1_190,
            left: BTreeMap::from([("DELETE /orders/{id}".into(), 2)]),
            lost: BTreeMap::from([("DELETE /bolts/{id}".into(), 3)]),
            endless: BTreeMap::from([("POST /notes".into(), 12)]),
        }),
        minimisation: Effort::of(vec![12, 40, 8]),
        rejected: 2,
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
    let (scenario, exchanges, log) = (Scenario::plain(vec![]), vec![], vec![]);
    let (volatile, ratio, clean) = (Volatile::default(), record.confirmed, record.clean);
    Confirmed { finding, scenario, exchanges, log, volatile, ratio, clean }
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
            time: Some(Duration::from_mins(1)),
            requests: 400 * seconds,
            operations: 38,
            reached: 12,
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
    for title in ["404 is not documented", "property total", "409 is not documented"] {
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
