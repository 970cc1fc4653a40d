//! A finding that was proved by sending it again. Main types: [`Confirmed`], [`Ratio`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Finding, Volatile};
use crate::scenario::Scenario;
use crate::wire::Exchange;

/// How often a finding showed when it was re-sent alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// How often it showed.
    pub hits: u32,
    /// How often it was re-sent.
    pub tries: u32,
}

impl Ratio {
    /// Whether it showed each time.
    pub fn is_stable(self) -> bool {
        self.tries > 0 && self.hits == self.tries
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.hits, self.tries)
    }
}

/// A finding that was re-sent alone.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// What is wrong.
    pub finding: Finding,
    /// The requests that show it.
    pub scenario: Scenario,
    /// What they gave the last time; credentials are in it, so redact before showing.
    pub exchanges: Vec<Exchange>,
    /// What the target wrote meanwhile, where that is known; redact before showing.
    pub log: Vec<String>,
    /// What differed each time that it showed.
    pub volatile: Volatile,
    /// How often it showed; an unstable one is kept apart.
    pub ratio: Ratio,
    /// How often it showed once the target was clean again: started anew, or without what the run had made. `None` if
    /// that was not tried.
    pub clean: Option<Ratio>,
}

impl Confirmed {
    /// Whether it showed often enough to count, on a clean target as well if that was tried.
    pub fn is_proved(&self) -> bool {
        self.finding.is_proved_by(self.ratio) && self.clean.is_none_or(Ratio::is_stable)
    }
}
