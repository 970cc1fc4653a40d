//! One request to one operation as typed values. Main type: [`Case`].

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::Datum;
use crate::api::Operation;
use crate::seed::Seed;

/// The stable name of a generator, such as `boundary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GeneratorId(pub &'static str);

impl fmt::Display for GeneratorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A request as typed values.
#[derive(Clone, Debug)]
pub struct Case {
    /// The operation it calls.
    pub operation: Arc<Operation>,
    /// The parameters that are sent.
    pub arguments: Vec<Argument>,
    /// Headers that are no parameter of the operation, such as an `Accept` of our own.
    pub headers: Vec<(String, Bytes)>,
    /// The body, if one is sent.
    pub body: Option<Body>,
    /// What the request is meant to be.
    pub intent: Intent,
    /// How it came to be.
    pub provenance: Provenance,
}

/// One parameter with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Index into the operation's `parameters`.
    pub parameter: usize,
    /// The value; an array for a scalar parameter is written as an array of the parameter's style.
    pub value: Datum,
}

/// A body and the media type that it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `Content-Type` as sent, without the boundary of multipart bodies; empty sends none.
    pub media_type: String,
    /// What is in it.
    pub content: Content,
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A value, written as its media type asks.
    Value(Datum),
    /// Bytes as they are.
    Raw(Bytes),
}

/// What a request is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Everything as the specification asks.
    Valid,
    /// Valid, and at the edge of this rule.
    Boundary(Rule),
    /// Exactly this rule is broken, proved after encoding.
    Malformed(Rule),
    /// Valid by the specification as far as it goes, carrying a payload of this class.
    Hostile(&'static str),
    /// Neither: bytes that no client library would send, or a body that is not of its media type.
    Wire(&'static str),
}

impl Intent {
    /// The word for tables and fixtures.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Boundary(_) => "boundary",
            Self::Malformed(_) => "malformed",
            Self::Hostile(_) => "hostile",
            Self::Wire(_) => "wire",
        }
    }

    /// The rule or the class in words, if there is one.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Valid => None,
            Self::Boundary(rule) | Self::Malformed(rule) => Some(rule.to_string()),
            Self::Hostile(class) | Self::Wire(class) => Some((*class).to_owned()),
        }
    }

    /// Whether the specification says that the request is to be accepted.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid | Self::Boundary(_))
    }
}

/// The rule that a boundary case touches or a malformed case breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The JSON Schema keyword, or `required`, `type`, `syntax`, `encoding`, `media_type`.
    pub keyword: String,
    /// Where: `body/items/0/name`, `query/limit`, `header/If-Match`.
    pub place: String,
    /// The member of the object at the place that the rule is about, where it is about one: for `required`.
    pub member: Option<String>,
    /// What was done, in a few words: `one above the maximum of 100`.
    pub change: String,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.keyword, self.place, self.change)
    }
}

/// How a case came to be: enough to make it again with the same version of gadfly and the same specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The generator.
    pub generator: GeneratorId,
    /// Its index within the generator and the operation.
    pub index: u64,
    /// The run's seed.
    pub seed: Seed,
}

impl Provenance {
    /// Of a request that was read, not made: the one of this index.
    pub fn recorded(index: u64) -> Self {
        Self { generator: GeneratorId(RECORDED), index, seed: Seed::new(0) }
    }
}

/// The generator of requests that were read, and the class of those that are neither proved valid nor proved to break one
/// rule.
pub const RECORDED: &str = "recorded";
