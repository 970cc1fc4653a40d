//! A step of a scenario in a file. Main type: [`StepRecord`].

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::{ByteText, base64_text};
use crate::api::OperationId;
use crate::scenario::{Capture, IdentityName, Step};
use crate::wire::Request;

/// How deep a value may be nested to stand in a file as JSON: readers stop at 128 levels, and the file has its own.
const DEEPEST: usize = 64;

/// Whether the value is nested so little that a file which holds it can be read again.
pub(crate) fn is_shallow(value: &Value) -> bool {
    depth(value) <= DEEPEST
}

/// One request with who sends it and what is taken from the answer, without credentials and without the base path.
///
/// The base path is taken off when a step is written and put before the target again when it is read, so that a file
/// replays where the API stands somewhere else. A target that is not below the base path is sent as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// The alias of who sends it.
    pub identity: IdentityName,
    /// Whether it goes out at once with the step before it, on a connection of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_once: bool,
    /// The operation that it is meant for, such as `GET /orders/{id}`.
    pub operation: String,
    /// The method.
    pub method: String,
    /// The request target, below the base path unless `outside_base_path` says otherwise.
    pub target: ByteText,
    /// Whether the target is sent as it is, without the base path before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside_base_path: bool,
    /// Name and value of each header in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(ByteText, ByteText)>,
    /// The body, unless there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyRecord>,
    /// Names that get a new unique value at each execution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fresh: Vec<String>,
    /// What is taken from the answer for later steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<Capture>,
    /// The status that it gave at discovery, for a step that prepares others: another class means that it no longer
    /// does what it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<u16>,
}

/// A body in a file: in the most readable form that gives the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyRecord {
    /// JSON whose compact text is the body.
    Json(Value),
    /// UTF-8.
    Text(String),
    /// Any other bytes.
    #[serde(with = "base64_text")]
    Base64(Bytes),
}

impl BodyRecord {
    /// The record of these bytes; `None` for none.
    pub fn of(bytes: &Bytes) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let json = serde_json::from_slice(bytes)
            .ok()
            .filter(|value| is_shallow(value) && value.to_string().as_bytes() == bytes.as_ref());
        Some(match (json, std::str::from_utf8(bytes)) {
            (Some(value), _) => Self::Json(value),
            (None, Ok(text)) => Self::Text(text.to_owned()),
            (None, Err(_)) => Self::Base64(bytes.clone()),
        })
    }

    /// The bytes.
    pub fn bytes(&self) -> Bytes {
        match self {
            Self::Json(value) => value.to_string().into(),
            Self::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Self::Base64(bytes) => bytes.clone(),
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

impl StepRecord {
    /// The record of a step of an API at this base path.
    pub fn of(step: &Step, base_path: &str) -> Self {
        let request = &step.request;
        let below = below(&request.target, base_path);
        Self {
            identity: step.identity.clone(),
            at_once: step.at_once,
            operation: step.operation.as_str().to_owned(),
            method: request.method.clone(),
            target: ByteText(below.clone().unwrap_or_else(|| request.target.clone())),
            outside_base_path: below.is_none(),
            headers: request.headers.iter().map(|h| (ByteText(h.name.clone()), ByteText(h.value.clone()))).collect(),
            body: BodyRecord::of(&request.body),
            fresh: step.fresh.clone(),
            captures: step.captures.clone(),
            answered: None,
        }
    }

    /// The step at this base path.
    pub fn to_step(&self, base_path: &str) -> Step {
        Step {
            operation: OperationId::from_text(&self.operation),
            identity: self.identity.clone(),
            request: Arc::new(Request {
                method: self.method.clone(),
                target: self.target_at(base_path),
                headers: self.headers.iter().map(|(name, value)| (name.0.clone(), value.0.clone())).collect(),
                body: self.body.as_ref().map(BodyRecord::bytes).unwrap_or_default(),
            }),
            fresh: self.fresh.clone(),
            captures: self.captures.clone(),
            case: None,
            at_once: self.at_once,
        }
    }

    fn target_at(&self, base_path: &str) -> Bytes {
        let target = &self.target.0;
        if self.outside_base_path || base_path.is_empty() && target.starts_with(b"/") {
            return target.clone();
        }
        // `/v1?q` is `?q` below `/v1`; where there is no base path it needs the root before it.
        let base_path = if base_path.is_empty() { "/" } else { base_path };
        [base_path.as_bytes(), target].concat().into()
    }
}

/// The target below the base path, if it is there.
fn below(target: &Bytes, base_path: &str) -> Option<Bytes> {
    let rest = target.strip_prefix(base_path.as_bytes())?;
    let ends_segment = match rest.first() {
        Some(b'/') => true,
        Some(b'?') | None => !base_path.is_empty(),
        Some(_) => false,
    };
    ends_segment.then(|| target.slice_ref(rest))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::Source;

    fn step(request: Request) -> Step {
        Step {
            operation: OperationId::new("get", "/a"),
            identity: IdentityName::new("alice"),
            request: Arc::new(request),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        }
    }

    #[track_caller]
    fn check_target(target: &str, base_path: &str, stored: &str, elsewhere: [(&str, &str); 2]) {
        let record = StepRecord::of(&step(Request::new("GET", target.to_owned())), base_path);
        assert_eq!(record.target.0, stored, "{target} below {base_path:?}");
        assert_eq!(record.to_step(base_path).request.target, target);
        for (base_path, expected) in elsewhere {
            assert_eq!(record.to_step(base_path).request.target, expected, "{target} at {base_path:?}");
        }
    }

    #[test]
    fn the_base_path_is_taken_off_and_put_before_again() {
        check_target("/v1/a?b", "/v1", "/a?b", [("", "/a?b"), ("/v2", "/v2/a?b")]);
        check_target("/v1", "/v1", "", [("", "/"), ("/v2", "/v2")]);
        check_target("/v1?b", "/v1", "?b", [("", "/?b"), ("/v2", "/v2?b")]);
        check_target("/a", "", "/a", [("/v1", "/v1/a"), ("/v2", "/v2/a")]);
        check_target("//a", "", "//a", [("/v1", "/v1//a"), ("/v2", "/v2//a")]);
    }

    #[test]
    fn a_target_that_is_not_below_the_base_path_is_sent_as_it_is() {
        for (target, base_path) in [("*", ""), ("?b", ""), ("", ""), ("/v10/a", "/v1"), ("http://x/v1/a", "/v1")] {
            check_target(target, base_path, target, [("", target), ("/v2", target)]);
        }
    }

    #[track_caller]
    fn check_body(body: &'static [u8], json: &str) {
        let record = BodyRecord::of(&Bytes::from_static(body));
        assert_eq!(serde_json::to_string(&record).unwrap(), json);
        assert_eq!(record.map(|record| record.bytes()).unwrap_or_default(), body);
    }

    #[test]
    fn bodies_are_readable_and_exact() {
        check_body(b"", "null");
        check_body(b"{\"b\":1,\"a\":[1.5,null]}", "{\"json\":{\"b\":1,\"a\":[1.5,null]}}");
        check_body(b"{\"a\": 1}", r#"{"text":"{\"a\": 1}"}"#);
        check_body(b"{\"a\":1,\"a\":2}", r#"{"text":"{\"a\":1,\"a\":2}"}"#);
        check_body(b"1e400", r#"{"text":"1e400"}"#);
        check_body(b"-0", r#"{"text":"-0"}"#);
        check_body(b"\"\\ud800\"", r#"{"text":"\"\\ud800\""}"#);
        check_body(b"\xff", r#"{"base64":"/w=="}"#);
    }

    #[test]
    fn a_deep_body_is_text_so_that_the_file_can_be_read() {
        let deep: Bytes = format!("{}{}", "[".repeat(100), "]".repeat(100)).into();
        assert!(matches!(BodyRecord::of(&deep), Some(BodyRecord::Text(_))));
    }

    fn bytes() -> impl Strategy<Value = Bytes> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from),
            any::<String>().prop_map(Bytes::from),
            Just(Bytes::from_static(b"{\"a\":{\"b\":[1,\"{{id}}\"]}}")),
        ]
    }

    prop_compose! {
        /// Any request, also what no client would send.
        pub(crate) fn requests()(
            method in ".{0,8}",
            target in bytes(),
            headers in prop::collection::vec((bytes(), bytes()), 0..4),
            body in bytes(),
        ) -> Request {
            Request { method, target, headers: headers.into_iter().collect(), body }
        }
    }

    proptest! {
        #[test]
        fn every_request_comes_back_byte_for_byte(
            request in requests(),
            base_path in prop_oneof![Just(""), Just("/v1")],
            below in any::<bool>(),
            at_once in any::<bool>(),
        ) {
            let mut request = request;
            if below {
                request.target = [base_path.as_bytes(), b"/", &request.target].concat().into();
            }
            let mut step = step(request);
            step.fresh = vec!["name".to_owned()];
            step.at_once = at_once;
            step.captures = vec![Capture { name: "id".into(), from: Source::Body("/id".into()) }];
            let file = super::super::pretty(&serde_json::to_value(StepRecord::of(&step, base_path)).unwrap());
            let read = serde_json::from_str::<StepRecord>(&file).unwrap().to_step(base_path);
            prop_assert_eq!(&*read.request, &*step.request);
            prop_assert_eq!((read.fresh, read.captures), (step.fresh, step.captures));
            prop_assert_eq!((read.identity, read.operation), (step.identity, step.operation));
            prop_assert_eq!(read.at_once, at_once);
        }
    }
}
