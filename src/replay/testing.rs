//! A target that was made up, an oracle and fixtures for the tests of replay.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
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
use crate::transport::{self, Canned, Options, Transport};
use crate::wire::{Exchange, Fault, FaultKind, Headers, Outcome, Request, Response};

/// Canned answers, with a record of how they were asked for.
pub(super) struct Fake {
    canned: Canned,
    options: Mutex<Vec<Options>>,
}

impl Fake {
    /// Each of these once; one more request is an error.
    pub(super) fn list(answers: Vec<Outcome>) -> Self {
        Self { canned: Canned::list(answers), options: Mutex::default() }
    }

    /// This one each time.
    pub(super) fn always(answer: Outcome) -> Self {
        Self { canned: Canned::new(move |_| answer.clone()), options: Mutex::default() }
    }

    pub(super) fn targets(&self) -> Vec<String> {
        self.canned.requests().iter().map(|request| request.target_text().into_owned()).collect()
    }

    pub(super) fn options(&self) -> Vec<Options> {
        self.options.lock().unwrap().clone()
    }
}

impl Transport for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, transport::Error>> {
        self.options.lock().unwrap().push(options);
        self.canned.send(request, options)
    }
}

/// An executor with the identity `alice`.
pub(super) fn executor(transport: Fake) -> Executor {
    let mut identities = Identities::new();
    let headers = vec![("Authorization".to_owned(), Secret::new("Bearer tok-123"))];
    identities.insert(IdentityName::new("alice"), Credentials { headers, query: vec![] });
    identities.push_common_header("X-Tenant", "7");
    let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
    Executor { transport: Arc::new(transport), identities: Arc::new(identities), options, ledger: None, process: None }
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
