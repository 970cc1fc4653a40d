//! Traces for the oracles' tests: an operation, a request to it, and what came back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Check, Oracle};
use crate::api::{Operation, OperationId};
use crate::finding::Finding;
use crate::scenario::{
    Argument, Body, Case, Content, Datum, GeneratorId, IdentityName, Intent, Provenance, Scenario, Step, Trace,
};
use crate::seed::Seed;
use crate::spec;
use crate::wire::{Exchange, Fault, FaultKind, Headers, Outcome, Request, Response};

/// A request that is about to be answered.
#[derive(Clone)]
pub(super) struct Shot {
    operation: Arc<Operation>,
    arguments: Vec<Argument>,
    content: Option<Body>,
    intent: Intent,
    request: Request,
}

/// A request with its outcome.
pub(super) struct Played {
    scenario: Scenario,
    exchanges: Vec<Exchange>,
}

impl Played {
    pub(super) fn trace(&self) -> Trace<'_> {
        Trace { scenario: &self.scenario, exchanges: &self.exchanges }
    }

    /// The same where the process reported this meanwhile.
    pub(super) fn reporting(mut self, text: &str) -> Self {
        if let Some(Outcome::Response(response)) = self.exchanges.last_mut().map(|last| &mut last.outcome) {
            response.reported = Some(text.into());
        }
        self
    }

    /// A scenario of several steps with its exchanges.
    pub(super) fn of(scenario: Scenario, exchanges: Vec<Exchange>) -> Self {
        Self { scenario, exchanges }
    }

    /// The same as a replay sees it: without the typed values, and without the law that it was made to try.
    fn replayed(&self) -> Self {
        let mut scenario = self.scenario.clone();
        scenario.law = None;
        scenario.steps.iter_mut().for_each(|step| step.case = None);
        Self { scenario, exchanges: self.exchanges.clone() }
    }
}

impl Shot {
    /// A request to an operation as a document describes it, with its own `components`.
    pub(super) fn new(method: &str, path: &str, description: &Value) -> Self {
        Self {
            operation: operation(method, path, description),
            arguments: vec![],
            content: None,
            intent: Intent::Valid,
            request: Request::new(method, path.to_owned()),
        }
    }

    pub(super) fn target(mut self, target: &str) -> Self {
        self.request.target = target.to_owned().into();
        self
    }

    pub(super) fn method(mut self, method: &str) -> Self {
        self.request.method = method.to_owned();
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn body(self, media_type: &str, body: impl Into<Bytes>) -> Self {
        let mut shot = self.header("Content-Type", media_type);
        shot.request.body = body.into();
        shot
    }

    pub(super) fn intent(mut self, intent: Intent) -> Self {
        self.intent = intent;
        self
    }

    pub(super) fn argument(mut self, name: &str, value: Datum) -> Self {
        let parameter = self.operation.parameters.iter().position(|parameter| parameter.name == name).unwrap();
        self.arguments.push(Argument { parameter, value });
        self
    }

    pub(super) fn json_body(self, value: &Value) -> Self {
        self.value_body("application/json", Datum::from(value))
    }

    pub(super) fn value_body(mut self, media_type: &str, value: Datum) -> Self {
        self.content = Some(Body { media_type: media_type.to_owned(), content: Content::Value(value) });
        self
    }

    pub(super) fn raw_body(mut self, media_type: &str, raw: &'static str) -> Self {
        self.content = Some(Body { media_type: media_type.to_owned(), content: Content::Raw(raw.into()) });
        self
    }

    /// The typed values of the request.
    pub(super) fn case(&self) -> Case {
        Case {
            operation: Arc::clone(&self.operation),
            arguments: self.arguments.clone(),
            headers: vec![],
            body: self.content.clone(),
            intent: self.intent.clone(),
            provenance: Provenance { generator: GeneratorId("test"), index: 0, seed: Seed::new(0) },
        }
    }

    pub(super) fn json(&self, status: u16, body: &Value) -> Played {
        self.answer(status, "application/json", &body.to_string())
    }

    pub(super) fn text(&self, status: u16, body: &str) -> Played {
        self.answer(status, "text/plain; charset=utf-8", body)
    }

    pub(super) fn html(&self, status: u16, body: &str) -> Played {
        self.answer(status, "text/html", body)
    }

    /// An answer; an empty media type sends none.
    pub(super) fn answer(&self, status: u16, media_type: &str, body: &str) -> Played {
        let headers: Headers = [("Content-Type", media_type.to_owned())].into_iter().collect();
        let headers = if media_type.is_empty() { Headers::new() } else { headers };
        self.outcome(Outcome::Response(Response::new(status, headers, body.to_owned())))
    }

    pub(super) fn fault(&self, kind: FaultKind) -> Played {
        self.outcome(Outcome::Fault(Fault { kind, detail: String::new(), partial: Bytes::new() }))
    }

    /// The process ended in this way, and wrote this.
    pub(super) fn died(&self, detail: &str, output: &str) -> Played {
        let (kind, partial) = (FaultKind::Died, output.to_owned().into());
        self.outcome(Outcome::Fault(Fault { kind, detail: detail.to_owned(), partial }))
    }

    pub(super) fn garbage(&self, detail: &str, partial: &str) -> Played {
        let kind = FaultKind::Unparsable;
        self.outcome(Outcome::Fault(Fault { kind, detail: detail.to_owned(), partial: partial.to_owned().into() }))
    }

    pub(super) fn outcome(&self, outcome: Outcome) -> Played {
        let request = Arc::new(self.request.clone());
        let mut step = step_of("/", &request);
        step.operation = self.operation.id.clone();
        step.case = Some(Arc::new(self.case()));
        let exchange = Exchange { request, sent: Bytes::new(), outcome, elapsed: Duration::from_secs(3) };
        Played { scenario: Scenario::single(step), exchanges: vec![exchange] }
    }
}

/// A step without typed values.
pub(super) fn step_of(path: &str, request: &Request) -> Step {
    Step {
        operation: OperationId::new("GET", path),
        identity: IdentityName::new("anonymous"),
        request: Arc::new(request.clone()),
        fresh: vec![],
        captures: vec![],
        case: None,
        at_once: false,
    }
}

/// The oracle reports exactly one finding, and what it requires is broken when the same is replayed.
#[track_caller]
pub(super) fn fires(oracle: &dyn Oracle, planted: &Played) -> Finding {
    let mut findings = oracle.judge(&planted.trace());
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = findings.remove(0);
    assert_eq!(finding.oracle(), oracle.id());
    assert!(!finding.title.is_empty() && finding.title.len() < 300, "{}", finding.title);
    assert!(finding.requirement.parameters.is_object());
    let check = oracle.check(&finding.requirement, &planted.replayed().trace());
    assert!(matches!(check, Check::Broken { .. }), "a replay of the bug must be red");
    assert!(oracle.judge(&planted.replayed().trace()).is_empty(), "a step without a case is never judged");
    finding
}

#[track_caller]
pub(super) fn quiet(oracle: &dyn Oracle, clean: &Played) {
    assert_eq!(oracle.judge(&clean.trace()), [], "must stay quiet");
}

/// Fires on the planted answer, stays quiet on its clean twin, and holds there on replay.
#[track_caller]
pub(super) fn pair(oracle: &dyn Oracle, planted: &Played, clean: &Played) -> Finding {
    let finding = fires(oracle, planted);
    quiet(oracle, clean);
    assert_eq!(oracle.check(&finding.requirement, &clean.replayed().trace()), Check::Holds);
    let hung = Shot::new("GET", "/", &json!({})).fault(FaultKind::TimedOut);
    assert_ne!(oracle.check(&finding.requirement, &hung.trace()), Check::Holds, "a fault is worse than any finding");
    finding
}

/// Reads the description as a whole document does.
fn operation(method: &str, path: &str, description: &Value) -> Arc<Operation> {
    let mut description = description.clone();
    let members = description.as_object_mut().expect("a description is an object");
    let components = members.remove("components").unwrap_or_else(|| json!({}));
    members.entry("responses").or_insert_with(|| json!({}));
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "test", "version": "1"},
        "paths": {path: {method.to_ascii_lowercase(): description}},
        "components": components
    });
    let loaded = spec::load_bytes("test.json", document.to_string().as_bytes()).unwrap();
    assert_eq!(loaded.api.operations.len(), 1, "{:?}", loaded.notes);
    Arc::clone(&loaded.api.operations[0])
}
