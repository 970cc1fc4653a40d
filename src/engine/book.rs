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

/// What the run made.
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
    /// How many nothing can end, by the operation that made them.
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
    /// Paths from which something of the run was moved away, the first of them.
    left: BTreeSet<Vec<u8>>,
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
    /// In which order it was made.
    number: u64,
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

    /// How many things were made.
    pub(super) fn made(&self) -> u64 {
        self.tally.made
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
    pub(super) fn open(&mut self, target: Vec<u8>, end: &OperationId, identity: &IdentityName) {
        let key = plain(&target);
        if self.open.contains_key(&key) {
            return;
        }
        self.tally.made += 1;
        let (number, end, identity) = (self.tally.made, end.clone(), identity.clone());
        self.open.insert(key, Thing { target, end, identity, number, was_seen: false, is_lost: false });
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

    /// Whether something of the run was moved away from this path, and nothing was ended there since.
    pub(super) fn was_left(&self, path: &[u8]) -> bool {
        self.left.contains(&plain(path))
    }

    /// What is at this path was answered 2xx.
    pub(super) fn seen(&mut self, path: &[u8]) {
        if let Some(thing) = self.open.get_mut(&plain(path)) {
            (thing.was_seen, thing.is_lost) = (true, false);
        }
    }

    /// Nobody knows whether what was here is there still.
    pub(super) fn doubt(&mut self, path: &[u8]) {
        if let Some(thing) = self.open.get_mut(&plain(path)) {
            thing.was_seen = false;
        }
    }

    /// What was here is there now; `false` if nothing was.
    pub(super) fn moved(&mut self, here: &[u8], there: &[u8]) -> bool {
        let here = plain(here);
        let Some(thing) = self.open.remove(&here) else { return false };
        if self.left.len() < MOST {
            self.left.insert(here);
        }
        self.open.insert(plain(there), Thing { target: there.to_vec(), was_seen: false, ..thing });
        true
    }

    /// What is at this path is gone, and what lies below it with it.
    pub(super) fn gone(&mut self, path: &[u8]) {
        let path = plain(path);
        let below = [path.strip_suffix(b"/").unwrap_or(&path), b"/"].concat();
        let with_it =
            self.open.range(below.clone()..).map(|(target, _)| target).take_while(|it| it.starts_with(&below));
        let mut all: Vec<Vec<u8>> = with_it.cloned().collect();
        all.push(path.clone());
        let left = self.left.range(below.clone()..).take_while(|left| left.starts_with(&below));
        for left in left.cloned().chain([path]).collect::<Vec<_>>() {
            self.left.remove(&left);
        }
        let ended = all.iter().filter(|target| self.open.remove(*target).is_some()).count();
        self.tally.ended += ended as u64;
    }

    /// What was to be ended at this path is not there. It is gone if it was seen there before; otherwise its path was but
    /// guessed, and nobody knows where it is.
    pub(super) fn missing(&mut self, path: &[u8]) {
        match self.open.get_mut(&plain(path)) {
            Some(thing) if !thing.was_seen => thing.is_lost = true,
            _ => self.gone(path),
        }
    }

    /// What is to be ended of what was made after so many other things, the newest first.
    pub(super) fn due(&self, made: u64) -> Vec<Thing> {
        let is_due = |thing: &&Thing| thing.number > made && !thing.is_lost;
        let mut due: Vec<Thing> = self.open.values().filter(is_due).cloned().collect();
        due.sort_by_key(|thing| Reverse(thing.number));
        due
    }

    /// What became of all that was made.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        for thing in self.open.values() {
            let by_operation = if thing.is_lost { &mut tally.lost } else { &mut tally.left };
            *by_operation.entry(thing.end.to_string()).or_default() += 1;
        }
        tally
    }
}

/// A path in one spelling: what is escaped need not be, and where it must be it is.
pub(super) fn plain(path: &[u8]) -> Vec<u8> {
    let segment =
        |segment: &[u8]| percent_encode(&percent_decode(segment).collect::<Vec<u8>>(), NON_ALPHANUMERIC).to_string();
    path.split(|byte| *byte == b'/').map(segment).collect::<Vec<_>>().join("/").into_bytes()
}
