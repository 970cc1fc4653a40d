//! A request as sent and what came of it. Main type: [`Exchange`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Request, Response};

/// What came back: an answer, or none.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The target answered.
    Response(Response),
    /// It did not, or not in HTTP.
    Fault(Fault),
}

impl Outcome {
    /// The answer, if there is one.
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::Response(response) => Some(response),
            Self::Fault(_) => None,
        }
    }

    /// The status, if there is an answer.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status)
    }

    /// Whether it is an answer that a server under load gives to anybody (RFC 9110 sections 15.6.3 to 15.6.5, RFC 6585
    /// section 4).
    pub fn may_be_load(&self) -> bool {
        self.status().is_some_and(is_load)
    }

    /// The fault, if there is one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Response(_) => None,
            Self::Fault(fault) => Some(fault),
        }
    }

    /// Whether it is a fault of this class.
    pub fn is_fault(&self, kind: FaultKind) -> bool {
        self.fault().is_some_and(|fault| fault.kind == kind)
    }
}

/// Whether the last of these exchanges is a fault of this class.
pub fn ends_in(exchanges: &[Exchange], kind: FaultKind) -> bool {
    exchanges.last().is_some_and(|last| last.outcome.is_fault(kind))
}

/// Statuses that a server under load gives to anybody: 429, 502, 503, 504.
pub fn is_load(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(response) => write!(f, "{}", response.status),
            Self::Fault(fault) => fault.kind.fmt(f),
        }
    }
}

/// Why there is no answer. This is the target's doing, never an error of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The class.
    pub kind: FaultKind,
    /// The system's or the parser's own words.
    pub detail: String,
    /// The bytes that came, up to a bound.
    pub partial: Bytes,
}

/// The classes of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// No connection could be made.
    Refused,
    /// The connection was closed or reset before a byte of the answer came.
    Closed,
    /// The connection was closed in the middle of an answer.
    Truncated,
    /// Not a byte of the answer came in time.
    TimedOut,
    /// What came is not HTTP.
    Unparsable,
    /// The process under test ended: told by its supervisor, never by a connection. The detail says how, and the partial
    /// bytes are what it wrote about that.
    Died,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::Closed => "connection closed without an answer",
            Self::Truncated => "connection closed in the middle of an answer",
            Self::TimedOut => "no answer in time",
            Self::Unparsable => "not HTTP",
            Self::Died => "the process died",
        })
    }
}

/// A request as sent, its outcome, and how long it took.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request with everything the transport was given, credentials among it: redact before showing.
    pub request: Arc<Request>,
    /// The bytes as written to the connection, where the transport knows them.
    pub sent: Bytes,
    /// What came back.
    pub outcome: Outcome,
    /// From the first byte sent to the end of the answer. Data, never a decision.
    pub elapsed: Duration,
}
