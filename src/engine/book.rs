//! The entries of a ledger: what was made, where it is now, and what became of it. Main type: [`Book`]. What an exchange says
//! of that, [`Ledger`](super::Ledger) tells.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, percent_encode};
use serde::Serialize;

use crate::api::OperationId;
use crate::scenario::IdentityName;

/// How many things are remembered at most.
const MOST: usize = 50_000;

/// What the run made, as far as it is known for sure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many things were made.
    pub made: u64,
    /// How many of them the run ended.
    pub ended: u64,
    /// How many are left, by the operation that would end them.
    pub left: BTreeMap<String, u64>,
    /// How many were not where they should be when they were to be ended, though nobody ended them: nobody knows whether they
    /// are left. By the operation that would end them.
    pub lost: BTreeMap<String, u64>,
    /// How many nothing can end, by the operation that made them, or gave them such a name.
    pub endless: BTreeMap<String, u64>,
}

/// What was made and not ended, and how much else there was.
#[derive(Debug, Default)]
pub(super) struct Book {
    tally: Tally,
    /// Operations that have answered 201.
    creating: BTreeSet<OperationId>,
    /// By the path at which it is ended, in one spelling.
    open: BTreeMap<Vec<u8>, Thing>,
    /// Paths at which something was once, the first of them.
    had: BTreeSet<Vec<u8>>,
    entered: u64,
}

/// A thing that was made and not ended.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    /// The path as it is asked for.
    pub(super) target: Vec<u8>,
    /// What ends it.
    pub(super) end: OperationId,
    /// Who made it.
    pub(super) identity: IdentityName,
    /// In which order it was entered.
    number: u64,
    /// Whether it was made; otherwise it may have been.
    is_sure: bool,
    /// Whether its path was answered 2xx: only then does a later 404 mean that it is gone.
    was_seen: bool,
    /// Whether it was not there when it was to be ended.
    is_lost: bool,
}

impl Book {
    /// Whether nothing more is remembered.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= MOST
    }

    /// How many things were entered.
    pub(super) fn entered(&self) -> u64 {
        self.entered
    }

    /// The operation has answered 201.
    pub(super) fn creates(&mut self, operation: &OperationId) {
        self.creating.insert(operation.clone());
    }

    /// Whether the operation has answered 201.
    pub(super) fn has_created(&self, operation: &OperationId) -> bool {
        self.creating.contains(operation)
    }

    /// Enters a thing, unless it is known: what is made twice at one place is one thing.
    pub(super) fn open(&mut self, target: Vec<u8>, end: &OperationId, identity: &IdentityName, is_sure: bool) {
        let (number, end, identity) = (self.entered + 1, end.clone(), identity.clone());
        let key = plain(&target);
        self.remember(&key);
        let thing = self.open.entry(key).or_insert_with(|| {
            self.entered = number;
            Thing { target, end, identity, number, is_sure: false, was_seen: false, is_lost: false }
        });
        if is_sure && !thing.is_sure {
            thing.is_sure = true;
            self.tally.made += 1;
        }
    }

    /// This operation made something that nothing can end.
    pub(super) fn endless(&mut self, operation: &OperationId) {
        self.tally.made += 1;
        *self.tally.endless.entry(operation.to_string()).or_default() += 1;
    }

    /// Whether there is something at this path.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.open.contains_key(&plain(path))
    }

    /// Whether there was something at this path once.
    pub(super) fn had(&self, path: &[u8]) -> bool {
        self.had.contains(&plain(path))
    }

    /// What is at this path was answered 2xx.
    pub(super) fn seen(&mut self, path: &[u8]) {
        if let Some(thing) = self.open.get_mut(&plain(path)) {
            (thing.was_seen, thing.is_lost) = (true, false);
        }
    }

    /// What was here is there now; `false` if nothing was.
    pub(super) fn moved(&mut self, here: &[u8], there: &[u8]) -> bool {
        let Some(thing) = self.open.remove(&plain(here)) else { return false };
        self.remember(&plain(there));
        self.open.insert(plain(there), Thing { target: there.to_vec(), was_seen: false, ..thing });
        true
    }

    /// What was here this operation has put where nothing can end it.
    pub(super) fn out_of_reach(&mut self, here: &[u8], operation: &OperationId) {
        if self.open.remove(&plain(here)).is_some_and(|thing| thing.is_sure) {
            *self.tally.endless.entry(operation.to_string()).or_default() += 1;
        }
    }

    fn remember(&mut self, key: &[u8]) {
        if self.had.len() < MOST {
            self.had.insert(key.to_vec());
        }
    }

    /// What is at this path is gone, and what lies below it with it.
    pub(super) fn gone(&mut self, path: &[u8]) {
        let path = plain(path);
        let below = [path.strip_suffix(b"/").unwrap_or(&path), b"/"].concat();
        let with_it = self.open.range(below.clone()..).take_while(|(target, _)| target.starts_with(&below));
        for target in with_it.map(|(target, _)| target.clone()).collect::<Vec<_>>() {
            let was_sure = self.open.remove(&target).is_some_and(|thing| thing.is_sure);
            self.tally.ended += u64::from(was_sure);
        }
        if let Some(thing) = self.open.remove(&path) {
            self.tally.made += u64::from(!thing.is_sure);
            self.tally.ended += 1;
        }
    }

    /// What was to be ended at this path is not there.
    pub(super) fn missing(&mut self, path: &[u8]) {
        match self.open.get_mut(&plain(path)) {
            Some(thing) if !thing.is_sure => drop(self.open.remove(&plain(path))),
            Some(thing) if !thing.was_seen => thing.is_lost = true,
            _ => self.gone(path),
        }
    }

    /// What is to be ended of what was entered after so many others: what was made for sure first, and of that the newest.
    pub(super) fn due(&self, entered: u64) -> Vec<Thing> {
        let is_due = |thing: &&Thing| thing.number > entered && !thing.is_lost;
        let mut due: Vec<Thing> = self.open.values().filter(is_due).cloned().collect();
        due.sort_by_key(|thing| (!thing.is_sure, Reverse(thing.number)));
        due
    }

    /// What became of all that was made.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        for thing in self.open.values().filter(|thing| thing.is_sure) {
            let by_operation = if thing.is_lost { &mut tally.lost } else { &mut tally.left };
            *by_operation.entry(thing.end.to_string()).or_default() += 1;
        }
        tally
    }
}

/// A path in one spelling: what is escaped need not be, and where it must be it is.
fn plain(path: &[u8]) -> Vec<u8> {
    let segment =
        |segment: &[u8]| percent_encode(&percent_decode(segment).collect::<Vec<u8>>(), NON_ALPHANUMERIC).to_string();
    path.split(|byte| *byte == b'/').map(segment).collect::<Vec<_>>().join("/").into_bytes()
}
