//! Oracles judge traces: pure functions to findings, and the same predicates again for fixtures.
//!
//! Main types: trait [`Oracle`], [`Registry`]. One file per oracle. They send nothing and keep no state; what must
//! be re-sent to be believed is re-sent by `triage`. False alarms decide adoption: in doubt an oracle stays quiet,
//! and each names in its own file what it knowingly passes over.

#[cfg(test)]
mod answers_tests;
mod asked;
mod connection_dropped;
mod contract;
mod crash;
mod declared;
mod disclosure;
mod echo;
mod error_text;
mod hang;
mod invalid_http;
mod invalid_input_accepted;
mod leak;
mod leaked_field;
mod lenient;
mod life_cycle;
mod markup;
mod names;
mod process_died;
mod registry;
mod response_schema;
mod runtime_error;
mod secrets;
mod server_error;
mod stack_trace;
mod subject;
#[cfg(test)]
mod testing;
mod undocumented_content_type;
mod undocumented_status;

use crate::finding::{Finding, OracleId, Requirement};
use crate::scenario::Trace;

pub use asked::{may_wait, to_wait_long};
pub use crash::{Told, reported};
pub(crate) use hang::ID as HANG;
pub(crate) use invalid_input_accepted::ID as INVALID_INPUT_ACCEPTED;
pub use life_cycle::holds_in_sequence;
pub(crate) use process_died::ID as PROCESS_DIED;
pub use registry::{Registry, Shown, UnknownOracle};
pub(crate) use response_schema::ID as RESPONSE_SCHEMA;
pub(crate) use runtime_error::ID as RUNTIME_ERROR;

/// What a replay of a requirement shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// What is required holds.
    Holds,
    /// It does not; the reason in plain words.
    Broken {
        /// Why.
        reason: String,
    },
}

impl Check {
    /// Broken for this reason.
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken { reason: reason.into() }
    }
}

/// Judges traces.
pub trait Oracle: Send + Sync {
    /// Its stable name.
    fn id(&self) -> OracleId;

    /// What is wrong with this trace's last step, by the specification and by common sense.
    fn judge(&self, trace: &Trace<'_>) -> Vec<Finding>;

    /// Whether what a finding of this oracle requires holds of this trace's last step. Needs no specification:
    /// the parameters carry all. Called with an answer or a fault; a refused connection never gets here.
    fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Check;

    /// What the oracle looks for, in one sentence.
    fn explain(&self) -> &'static str;
}
