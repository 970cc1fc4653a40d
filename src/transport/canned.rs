//! Answers that were made up beforehand, for tests: no connection, no waiting. Main type: [`Canned`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use serde_json::Value;

use super::{Error, Options, Transport};
use crate::wire::{Exchange, Fault, FaultKind, Headers, Outcome, Request, Response};

type Answer = dyn Fn(&Request) -> Option<Outcome> + Send + Sync;

/// Answers from a function or a list, and remembers what it was asked.
pub struct Canned {
    answer: Box<Answer>,
    requests: Mutex<Vec<Arc<Request>>>,
}

impl Canned {
    /// Answers each request by this function.
    pub fn new(answer: impl Fn(&Request) -> Outcome + Send + Sync + 'static) -> Self {
        Self::with(move |request| Some(answer(request)))
    }

    /// Answers with these in order; one more request is an [`Error`].
    pub fn list(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let outcomes: Mutex<VecDeque<Outcome>> = Mutex::new(outcomes.into_iter().collect());
        Self::with(move |_| outcomes.lock().unwrap_or_else(PoisonError::into_inner).pop_front())
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Arc<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn with(answer: impl Fn(&Request) -> Option<Outcome> + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), requests: Mutex::default() }
    }

    fn exchange(&self, request: Arc<Request>) -> Result<Exchange, Error> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&request));
        let Some(outcome) = (self.answer)(&request) else {
            return Err(Error::new(self.name(), &request, "the list of canned answers is used up"));
        };
        Ok(Exchange { request, sent: Bytes::new(), outcome, elapsed: Duration::ZERO })
    }
}

impl Transport for Canned {
    fn name(&self) -> &'static str {
        "canned"
    }

    fn send(&self, request: Arc<Request>, _: Options) -> BoxFuture<'_, Result<Exchange, Error>> {
        Box::pin(ready(self.exchange(request)))
    }
}

/// An answer with a JSON body and its content type.
pub fn json(status: u16, body: &Value) -> Outcome {
    let headers: Headers = [("Content-Type", "application/json")].into_iter().collect();
    Outcome::Response(Response::new(status, headers, body.to_string()))
}

/// No answer, for this reason.
pub fn fault(kind: FaultKind) -> Outcome {
    Outcome::Fault(Fault { kind, detail: "canned".to_owned(), partial: Bytes::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn status(canned: &Canned, target: &'static str) -> Option<u16> {
        let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
        let sent = canned.send(Arc::new(Request::new("GET", target)), options);
        futures_util::FutureExt::now_or_never(sent).unwrap().unwrap().outcome.status()
    }

    #[test]
    fn a_function_sees_the_request() {
        let canned = Canned::new(|request| match &request.target[..] {
            b"/" => json(200, &serde_json::json!({"a": 1})),
            _ => fault(FaultKind::Closed),
        });
        assert_eq!(status(&canned, "/"), Some(200));
        assert_eq!(status(&canned, "/x"), None);
        assert_eq!(canned.requests()[1].target, "/x");
    }

    #[test]
    fn a_list_is_answered_in_order_and_then_used_up() {
        let canned = Canned::list([201, 404].map(|status| json(status, &Value::Null)));
        assert_eq!(status(&canned, "/"), Some(201));
        assert_eq!(status(&canned, "/"), Some(404));
        let error = canned.exchange(Arc::new(Request::new("GET", "/z"))).unwrap_err();
        assert!(error.to_string().contains("GET /z through canned"), "{error}");
    }
}
