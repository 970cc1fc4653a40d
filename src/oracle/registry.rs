//! All oracles by name. Main type: [`Registry`].

use super::{Check, Oracle};
use crate::finding::{Finding, OracleId, Requirement};
use crate::scenario::Trace;

/// The oracles of a run.
pub struct Registry {
    oracles: Vec<Box<dyn Oracle>>,
}

/// A name that no oracle has.
#[derive(Debug, thiserror::Error)]
#[error("no oracle is named {name:?}; there are {known}")]
pub struct UnknownOracle {
    name: String,
    known: String,
}

impl Default for Registry {
    /// All oracles.
    fn default() -> Self {
        Self::new(vec![])
    }
}

impl Registry {
    /// These oracles.
    pub fn new(oracles: Vec<Box<dyn Oracle>>) -> Self {
        Self { oracles }
    }

    /// What all of them say about a trace.
    pub fn judge(&self, trace: &Trace<'_>) -> Vec<Finding> {
        self.oracles.iter().flat_map(|oracle| oracle.judge(trace)).collect()
    }

    /// Whether the requirement holds of the trace.
    pub fn check(&self, requirement: &Requirement, trace: &Trace<'_>) -> Result<Check, UnknownOracle> {
        Ok(self.find(requirement.oracle.0)?.check(requirement, trace))
    }

    /// The id of the oracle that has this name.
    pub fn id(&self, name: &str) -> Result<OracleId, UnknownOracle> {
        self.find(name).map(Oracle::id)
    }

    /// All oracles.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Oracle> {
        self.oracles.iter().map(AsRef::as_ref)
    }

    fn find(&self, name: &str) -> Result<&dyn Oracle, UnknownOracle> {
        self.iter().find(|oracle| oracle.id().0 == name).ok_or_else(|| {
            let known: Vec<_> = self.iter().map(|oracle| oracle.id().0).collect();
            UnknownOracle { name: name.to_owned(), known: known.join(", ") }
        })
    }
}
