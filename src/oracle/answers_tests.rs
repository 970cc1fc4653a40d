//! Answers of real servers, most of them errors: what is found in each, and by which text a failure is known again.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::Registry;
use super::error_text::ErrorText;
use super::subject::Subject;
use super::testing::Shot;

/// One case of `testdata/answers.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// The server or framework that wrote it.
    server: String,
    method: String,
    target: String,
    request_body: String,
    status: u16,
    content_type: String,
    body: String,
    /// The text that goes into the signature of a failure.
    key: Option<String>,
    /// Oracles that speak, with the kind of leak.
    findings: Vec<String>,
}

#[test]
fn answers_of_real_servers_are_judged_as_a_person_would() {
    let answers: Vec<Answer> = serde_json::from_str(include_str!("testdata/answers.json")).unwrap();
    assert!(answers.len() > 20);
    let registry = Registry::default();
    let mut causes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for answer in &answers {
        let path = answer.target.split('?').next().unwrap();
        let template = if path.starts_with("/status/") { "/status/{codes}" } else { path };
        let shot = Shot::new(&answer.method, template, &json!({})).target(&answer.target);
        let shot = shot.body("application/json", answer.request_body.clone());
        let played = shot.answer(answer.status, &answer.content_type, &answer.body);
        let trace = played.trace();
        let found: Vec<String> = registry
            .judge(&trace)
            .iter()
            .map(|finding| match finding.requirement.parameters["kind"].as_str() {
                Some(kind) => format!("{} {kind}", finding.oracle()),
                None => finding.oracle().to_string(),
            })
            .collect();
        assert_eq!(found, answer.findings, "{} {} {}", answer.server, answer.target, answer.body);
        let subject = Subject::of(&trace).unwrap();
        let text = ErrorText::of(subject.response().unwrap(), &subject.echo());
        if let Some(key) = &answer.key {
            assert_eq!(text.key, *key, "{} {}", answer.server, answer.target);
            *causes.entry((answer.server.clone(), text.key)).or_default() += 1;
        }
    }
    assert!(causes.values().any(|count| *count > 1), "some answers show the same bug");
}
