//! What is to be proved. Main type: [`Suspicion`].

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Finding, Signature};
use crate::scenario::Scenario;
use crate::wire::Exchange;

/// A finding that was seen once.
#[derive(Clone, Debug)]
pub struct Suspicion {
    /// What an oracle said.
    pub finding: Finding,
    /// The requests that led to it.
    pub scenario: Scenario,
    /// Other forms of a scenario that makes things first: for things that do not exist, with things that are made in
    /// another way, and for those that existed when the suspicion arose.
    pub alone: Vec<Scenario>,
    /// What they gave.
    pub exchanges: Vec<Exchange>,
    /// A request that was answered before: if it is not answered now, the target is stalled, and nobody hangs alone.
    pub witness: Option<Scenario>,
    /// A request to the same operation that was answered 2xx before: if it fails as well now, the operation fails for
    /// everybody, and it is not this request that breaks it.
    pub control: Option<Scenario>,
    /// What is proved already: another bug may be answered in the same way.
    pub known: Arc<BTreeSet<Signature>>,
    /// Whether nothing else is sent while it is proved.
    pub is_quiet: bool,
    /// Whether it showed only a while after the last answer: then nothing smaller is looked for, since whatever does not
    /// show it has to be waited for each time.
    pub is_late: bool,
    /// How it is tried.
    pub trying: Trying,
}

/// How something is tried several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trying {
    /// With a pause where a server may take a while to show what it has confirmed.
    Patiently,
    /// Without it: something like it was waited for before.
    Again,
    /// The same, and what each try makes is ended before the next one: only while nothing else is sent.
    Tidily,
}

impl Suspicion {
    /// Nothing is known beyond what was seen.
    pub fn new(finding: Finding, scenario: Scenario, exchanges: Vec<Exchange>) -> Self {
        Self {
            finding,
            scenario,
            alone: Vec::new(),
            exchanges,
            witness: None,
            control: None,
            known: Arc::default(),
            is_quiet: false,
            is_late: false,
            trying: Trying::Patiently,
        }
    }
}
