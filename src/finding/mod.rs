//! What an oracle reports, by which key two reports are the same bug, and what a replay concludes.
//!
//! Main types: [`Finding`], [`Confirmed`], [`Signature`], [`Verdict`], [`Volatile`]. Nothing here judges.

mod confirmed;
mod signature;
mod verdict;
mod volatile;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use confirmed::{Confirmed, Ratio};
pub use signature::{Signature, normalised};
pub use verdict::Verdict;
pub use volatile::Volatile;
pub(crate) use volatile::seconds;

use crate::api::OperationId;
use crate::scenario::Law;

/// The stable name of an oracle, such as `server_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OracleId(pub &'static str);

impl fmt::Display for OracleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document and the server disagree; nothing is broken.
    Remark,
    /// A defect without security impact that is visible.
    Low,
    /// A defect to mend soon.
    Medium,
    /// A crash, a leak, a hang.
    High,
    /// The service is down, or a secret is out.
    Critical,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Remark];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Remark => "remark",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A class of the OWASP API Security Top 10 (2023).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each variant is named by its text in `Owasp::text`")]
pub enum Owasp {
    #[serde(rename = "API1:2023")]
    ObjectAuthorization,
    #[serde(rename = "API2:2023")]
    Authentication,
    #[serde(rename = "API3:2023")]
    PropertyAuthorization,
    #[serde(rename = "API4:2023")]
    ResourceConsumption,
    #[serde(rename = "API5:2023")]
    FunctionAuthorization,
    #[serde(rename = "API6:2023")]
    BusinessFlows,
    #[serde(rename = "API7:2023")]
    RequestForgery,
    #[serde(rename = "API8:2023")]
    Misconfiguration,
    #[serde(rename = "API9:2023")]
    Inventory,
    #[serde(rename = "API10:2023")]
    UnsafeConsumption,
}

impl Owasp {
    /// The class as people quote it, such as `API3:2023`.
    pub fn code(self) -> &'static str {
        match self {
            Self::ObjectAuthorization => "API1:2023",
            Self::Authentication => "API2:2023",
            Self::PropertyAuthorization => "API3:2023",
            Self::ResourceConsumption => "API4:2023",
            Self::FunctionAuthorization => "API5:2023",
            Self::BusinessFlows => "API6:2023",
            Self::RequestForgery => "API7:2023",
            Self::Misconfiguration => "API8:2023",
            Self::Inventory => "API9:2023",
            Self::UnsafeConsumption => "API10:2023",
        }
    }
}

/// What must hold of an answer for ever after: an oracle's predicate with its parameters. It needs no
/// specification, so a fixture that carries it replays on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// Whose predicate.
    pub oracle: OracleId,
    /// The oracle's own parameters, a JSON object.
    pub parameters: Value,
}

/// What an oracle reports about a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What must hold and does not.
    pub requirement: Requirement,
    /// How bad it is.
    pub severity: Severity,
    /// Its OWASP class, if it has one.
    pub owasp: Option<Owasp>,
    /// The operation that it is about.
    pub operation: OperationId,
    /// The index of the step whose answer shows it.
    pub step: usize,
    /// One sentence in plain words: what is wrong.
    pub title: String,
    /// What in the answer shows it, short; may hold text of the answer, so redact before showing.
    pub evidence: String,
    /// By what it is the same bug as another.
    pub signature: Signature,
}

impl Finding {
    /// The oracle that reports it.
    pub fn oracle(&self) -> OracleId {
        self.requirement.oracle
    }

    /// Whether it showed often enough to count: each time, or for a race at least once.
    pub fn is_proved_by(&self, ratio: Ratio) -> bool {
        let is_race = Law::named(self.oracle().0).is_some_and(Law::is_race);
        ratio.is_stable() || is_race && ratio.hits > 0
    }
}
