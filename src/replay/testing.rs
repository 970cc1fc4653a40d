//! A target that was made up, an oracle and fixtures for the tests of replay.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use serde_json::json;

use crate::engine::Executor;
use crate::finding::{Finding, OracleId, Requirement};
use crate::fixture::testing::{redactor, sample, step};
use crate::fixture::{Fixture, Observed, State};
use crate::identity::{Credentials, Identities};
use crate::oracle::{Check, Oracle, Registry};
use crate::redact::Secret;
use crate::scenario::file::StepRecord;
use crate::scenario::{ANONYMOUS, Capture, IdentityName, Source, Step, Trace};
use crate::transport::{self, Options, Transport};
use crate::wire::{Exchange, Fault, FaultKind, Headers, Outcome, Request, Response};

/// Answers from a list, and remembers what it was asked and how.
pub(super) struct Fake {
    answers: Mutex<VecDeque<Outcome>>,
    repeats: bool,
    sent: Mutex<Vec<(Arc<Request>, Options)>>,
}

impl Fake {
    /// Each of these once; one more request is an error.
    pub(super) fn list(answers: Vec<Outcome>) -> Self {
        Self { answers: Mutex::new(answers.into()), repeats: false, sent: Mutex::default() }
    }

    /// This one each time.
    pub(super) fn always(answer: Outcome) -> Self {
        Self { repeats: true, ..Self::list(vec![answer]) }
    }

    pub(super) fn sent(&self) -> Vec<(Arc<Request>, Options)> {
        self.sent.lock().unwrap().clone()
    }
}

impl Transport for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, transport::Error>> {
        self.sent.lock().unwrap().push((Arc::clone(&request), options));
        let mut answers = self.answers.lock().unwrap();
        let outcome = answers.pop_front().expect("the test has an answer for each request");
        if self.repeats {
            answers.push_back(outcome.clone());
        }
        Box::pin(ready(Ok(Exchange { request, sent: Bytes::new(), outcome, elapsed: Duration::ZERO })))
    }
}

/// An executor with the identity `alice`.
pub(super) fn executor(transport: Fake) -> Executor {
    let mut identities = Identities::new();
    let headers = vec![("Authorization".to_owned(), Secret::new("Bearer tok-123"))];
    identities.insert(IdentityName::new("alice"), Credentials { headers, query: vec![] });
    identities.push_common_header("X-Tenant", "7");
    let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
    Executor { transport: Arc::new(transport), identities: Arc::new(identities), options }
}

pub(super) fn registry() -> Registry {
    Registry::new(vec![Box::new(NoServerError)])
}

/// Requires an answer below 500.
struct NoServerError;

impl Oracle for NoServerError {
    fn id(&self) -> OracleId {
        OracleId("no_5xx")
    }

    fn judge(&self, _: &Trace<'_>) -> Vec<Finding> {
        vec![]
    }

    fn check(&self, _: &Requirement, trace: &Trace<'_>) -> Check {
        match &trace.last().expect("a step was carried out").1.outcome {
            Outcome::Response(response) if response.status < 500 => Check::Holds,
            Outcome::Response(response) => Check::Broken { reason: format!("the server answered {}", response.status) },
            Outcome::Fault(fault) => Check::Broken { reason: fault.kind.to_string() },
        }
    }

    fn explain(&self) -> &'static str {
        "the server answers 5xx"
    }
}

/// A fixture of one request, `GET /a`.
pub(super) fn fixture(state: State) -> Fixture {
    Fixture {
        title: "GET /a answers 500".into(),
        oracle: "no_5xx".into(),
        parameters: json!({}),
        operation: crate::api::OperationId::new("get", "/a"),
        state,
        steps: vec![StepRecord::of(&step(ANONYMOUS, "GET /a", Request::new("GET", "/a")), "")],
        observed: Observed::of(&answer(500), &redactor()),
        ..sample()
    }
}

/// A fixture that creates something and asks for it.
pub(super) fn two_steps() -> Fixture {
    let mut create = StepRecord::of(&step(ANONYMOUS, "POST /a", Request::new("POST", "/a")), "");
    create.captures = vec![Capture { name: "id".into(), from: Source::Body("/id".into()) }];
    create.answered = Some(201);
    let mut fixture = fixture(State::Open);
    fixture.steps.insert(0, create);
    fixture
}

pub(super) fn answer(status: u16) -> Outcome {
    Outcome::Response(Response::new(status, Headers::new(), "x"))
}

pub(super) fn created(body: &'static str) -> Outcome {
    Outcome::Response(Response::new(201, Headers::new(), body))
}

pub(super) fn fault(kind: FaultKind) -> Outcome {
    Outcome::Fault(Fault { kind, detail: "port closed".into(), partial: Bytes::new() })
}

pub(super) fn refused() -> Outcome {
    fault(FaultKind::Refused)
}

pub(super) fn exchange(step: &Step, outcome: Outcome) -> Exchange {
    Exchange { request: Arc::clone(&step.request), sent: Bytes::new(), outcome, elapsed: Duration::ZERO }
}
