//! What is in a corpus, for people and machines. Main types: [`Kept`], [`Survey`].

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Corpus;
use super::collection::Held;
use super::fit::{Fit, Operations};
use crate::api::Api;

/// An entry that does not apply to the document any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// The entry.
    pub hash: String,
    /// The operation that it is about.
    pub operation: String,
    /// Why, in words.
    pub reason: String,
}

/// An entry as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// A hash of what it sends, which is the name of its file.
    pub hash: String,
    /// The operation of its last step, about which it is.
    pub operation: String,
    /// The operations of the steps before, which make what the last one needs.
    pub prepared_by: Vec<String>,
    /// Why it is kept, in words.
    pub novelty: String,
    /// What its last request was meant to be, where that is known.
    pub intent: Option<String>,
    /// The status of its last answer, where there was one.
    pub status: Option<u16>,
    /// Bytes of its file.
    pub bytes: usize,
    /// Why it is set aside; none if it applies to the document, or if no document was asked.
    pub set_aside: Option<String>,
}

/// A corpus in figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// The name of the API.
    pub api: String,
    /// Entries.
    pub entries: usize,
    /// Bytes of their files.
    pub bytes: usize,
    /// Entries of several steps.
    pub with_steps: usize,
    /// Operations that entries are about or prepare with.
    pub operations: usize,
    /// Operations that an entry was seen to reach, that is with a 2xx answer.
    pub reached: usize,
    /// Entries by why they are kept.
    pub novelty: BTreeMap<String, usize>,
    /// What a document says of them, where one was asked.
    pub document: Option<Against>,
}

/// A corpus against a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Against {
    /// Operations of the document.
    pub operations: usize,
    /// Those of them that entries are about or prepare with.
    pub covered: usize,
    /// Entries that apply.
    pub applies: usize,
    /// Entries that are set aside.
    pub set_aside: usize,
}

impl Corpus {
    /// All entries by operation, the better ones of one operation first.
    pub fn list(&self, api: Option<&Api>) -> Vec<Kept> {
        let operations = api.map(Operations::of);
        let mut held: Vec<(&String, &Held)> = self.entries.iter().collect();
        held.sort_by_cached_key(|(_, Held { entry, bytes, .. })| {
            (entry.operation(), !entry.reaches(), entry.rank(*bytes))
        });
        let kept = |(hash, Held { entry, bytes, .. }): (&String, &Held)| {
            let before = entry.steps.iter().rev().skip(1).rev();
            let fit = operations.as_ref().map(|operations| operations.fit(entry));
            Kept {
                hash: hash.clone(),
                operation: entry.operation().to_string(),
                prepared_by: before.map(|step| step.operation.clone()).collect(),
                novelty: entry.novelty.clone(),
                intent: entry.intent.clone(),
                status: entry.status,
                bytes: *bytes,
                set_aside: match fit {
                    Some(Fit::Aside(reason)) => Some(reason),
                    _ => None,
                },
            }
        };
        held.into_iter().map(kept).collect()
    }

    /// The figures.
    pub fn survey(&self, api: Option<&Api>) -> Survey {
        let all = self.list(api);
        let mut novelty = BTreeMap::new();
        for kept in &all {
            *novelty.entry(kept.novelty.clone()).or_default() += 1;
        }
        let set_aside = all.iter().filter(|kept| kept.set_aside.is_some()).count();
        let named: BTreeSet<&str> =
            all.iter().flat_map(|kept| kept.prepared_by.iter().chain([&kept.operation])).map(String::as_str).collect();
        let reaching = all.iter().filter(|kept| kept.status.is_some_and(|status| status / 100 == 2));
        let reached: BTreeSet<&str> = reaching.map(|kept| kept.operation.as_str()).collect();
        let document = api.map(|api| Against {
            operations: api.operations.len(),
            covered: api.operations.iter().filter(|operation| named.contains(operation.id.as_str())).count(),
            applies: all.len() - set_aside,
            set_aside,
        });
        Survey {
            api: self.api().to_owned(),
            entries: all.len(),
            bytes: self.bytes(),
            with_steps: all.iter().filter(|kept| !kept.prepared_by.is_empty()).count(),
            operations: named.len(),
            reached: reached.len(),
            novelty,
            document,
        }
    }
}
