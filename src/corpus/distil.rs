//! Fewer entries that are worth as much: what to drop, and what to take from elsewhere. Main types: [`Surplus`],
//! [`Shown`].
//!
//! Without a target, what an entry is kept for tells which ones are worth the same. With one, [`Corpus::replay`] looks at
//! what each shows there, and the smallest entries that together show all of it stay, as `afl-cmin` and libFuzzer's merge
//! do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Corpus;
use super::collection::Held;
use super::entry::Entry;
use super::fit::{Fit, Operations};
use crate::api::{Api, OperationId};
use crate::engine::{Error, Executor, Glimpse};
use crate::scenario::IdentityName;
use crate::seed::Seed;
use crate::wire::FaultKind;

/// An entry that may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Surplus {
    /// The entry.
    pub hash: String,
    /// The operation that it is about.
    pub operation: String,
    /// Why it may go.
    pub reason: String,
    /// Bytes of its file.
    pub bytes: usize,
}

/// What came of taking in another corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Entries that were taken in.
    pub added: usize,
    /// Entries that show nothing new.
    pub known: usize,
    /// Entries that do not apply to the document.
    pub set_aside: usize,
    /// Entries that are too long, hold a credential, or for which there is no room.
    pub refused: usize,
}

/// What an entry shows when it is sent.
#[derive(Clone, Debug)]
pub struct Shown {
    hash: String,
    /// Steps, bytes, hash: the smallest one wins.
    size: (usize, usize, String),
    /// Kinds of answers by operation; a reason in words if its steps do not work any more.
    answers: Result<BTreeSet<(OperationId, u64)>, String>,
}

impl Corpus {
    /// What may go without asking a target: entries that do not apply to the document, and those for which a better one
    /// is kept for the same.
    pub fn surplus(&self, api: Option<&Api>) -> Vec<Surplus> {
        let operations = api.map(Operations::of);
        let mut best: BTreeMap<(OperationId, String), &str> = BTreeMap::new();
        let mut surplus = Vec::new();
        for (hash, held) in self.ranked() {
            let reason = match operations.as_ref().map(|operations| operations.fit(&held.entry)) {
                Some(Fit::Aside(reason)) => Some(reason),
                _ => match best.entry(held.entry.topic()) {
                    std::collections::btree_map::Entry::Occupied(better) => {
                        Some(format!("{} is kept for the same: {}", better.get(), held.entry.novelty))
                    }
                    std::collections::btree_map::Entry::Vacant(free) => {
                        free.insert(hash);
                        None
                    }
                },
            };
            surplus.extend(reason.map(|reason| of(hash, held, reason)));
        }
        surplus
    }

    /// What may go after all were sent to a target.
    pub fn surplus_of(&self, shown: &[Shown]) -> Vec<Surplus> {
        let stays = smallest(shown);
        let mut surplus = Vec::new();
        for Shown { hash, answers, .. } in shown.iter().filter(|shown| !stays.contains(shown.hash.as_str())) {
            let reason = match answers {
                Ok(_) => "others show all that it shows".to_owned(),
                Err(reason) => reason.clone(),
            };
            surplus.extend(self.entries.get(hash).map(|held| of(hash, held, reason)));
        }
        surplus
    }

    /// Takes in what another corpus has and this one has not.
    pub fn merge(&mut self, other: &Self, api: Option<&Api>) -> Merged {
        let operations = api.map(Operations::of);
        let mut topics: BTreeSet<_> = self.entries.values().map(|held| held.entry.topic()).collect();
        let mut merged = Merged::default();
        for (hash, held) in other.ranked() {
            let topic = held.entry.topic();
            if self.entries.contains_key(hash) || topics.contains(&topic) {
                merged.known += 1;
            } else if operations.as_ref().is_some_and(|all| matches!(all.fit(&held.entry), Fit::Aside(_))) {
                merged.set_aside += 1;
            } else if self.admit(held.entry.clone(), held.entry.reaches()) {
                topics.insert(topic);
                merged.added += 1;
            } else {
                merged.refused += 1;
            }
        }
        merged
    }

    /// Sends all entries, one after the other, and looks at what they show: those that reach something first, those
    /// that delete something last. An error says that nobody listens; then nothing is known of any of them. `names` makes
    /// the values that must be unique.
    pub async fn replay(
        &self,
        executor: &Executor,
        identity: &IdentityName,
        names: Seed,
    ) -> Result<Result<Vec<Shown>, String>, Error> {
        let mut order: Vec<(&String, &Held)> = self.entries.iter().collect();
        let is_deletion = |entry: &Entry| entry.steps.last().is_some_and(|step| step.method == "DELETE");
        order.sort_by_cached_key(|(_, held)| {
            let entry = &held.entry;
            (is_deletion(entry), !entry.reaches(), entry.rank(held.bytes))
        });
        let mut all = Vec::with_capacity(order.len());
        for (index, (hash, held)) in order.into_iter().enumerate() {
            let mut scenario = self.scenario(&held.entry);
            scenario.steps.iter_mut().for_each(|step| step.identity = identity.clone());
            let execution = executor.run(&scenario, names.child("prune", index as u64)).await?;
            let glimpses: Vec<_> = execution.exchanges.iter().map(Glimpse::of).collect();
            if glimpses.iter().any(|glimpse| glimpse.is_fault(FaultKind::Refused)) {
                return Ok(Err(format!("the target refused connections after {index} entries; nothing was removed")));
            }
            let answers = match execution.broken {
                Some(broken) => Err(format!("its steps do not work any more: {}", broken.reason)),
                None => Ok(scenario
                    .steps
                    .iter()
                    .map(|s| s.operation.clone())
                    .zip(glimpses.iter().map(|g| g.kind()))
                    .collect()),
            };
            let size = (held.entry.steps.len(), held.bytes, hash.clone());
            all.push(Shown { hash: hash.clone(), size, answers });
        }
        Ok(Ok(all))
    }

    /// All entries, the better ones first.
    fn ranked(&self) -> Vec<(&str, &Held)> {
        let mut all: Vec<(&str, &Held)> = self.entries.iter().map(|(hash, held)| (hash.as_str(), held)).collect();
        all.sort_by_cached_key(|(_, held)| held.entry.rank(held.bytes));
        all
    }
}

fn of(hash: &str, held: &Held, reason: String) -> Surplus {
    Surplus { hash: hash.to_owned(), operation: held.entry.operation().to_string(), reason, bytes: held.bytes }
}

/// The entries that stay: for each kind of answer that is not shown yet the smallest one that shows it, the rarest kinds
/// first.
fn smallest(shown: &[Shown]) -> BTreeSet<&str> {
    let mut by_answer: BTreeMap<&(OperationId, u64), Vec<&Shown>> = BTreeMap::new();
    for one in shown {
        for answer in one.answers.iter().flatten() {
            by_answer.entry(answer).or_default().push(one);
        }
    }
    let mut rarest: Vec<_> = by_answer.into_iter().collect();
    rarest.sort_by_key(|(answer, all)| (all.len(), *answer));
    let (mut stays, mut is_shown) = (BTreeSet::new(), BTreeSet::new());
    for (answer, all) in rarest {
        let best = all.into_iter().min_by_key(|one| &one.size).filter(|_| !is_shown.contains(answer));
        if let Some(best) = best {
            stays.insert(best.hash.as_str());
            is_shown.extend(best.answers.iter().flatten());
        }
    }
    stays
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::corpus::Settings;
    use crate::corpus::testing::{api, reason, scenario};
    use crate::redact::Redactor;
    use crate::store::{Memory, Store};

    fn corpus(entries: &[(&[&str], &str, Option<&str>)]) -> (Corpus, Arc<Memory>) {
        let store = Arc::new(Memory::default());
        let settings = Settings {
            store: store.clone(),
            api: "notes".into(),
            base_path: String::new(),
            redactor: Redactor::default(),
        };
        let (mut corpus, _) = Corpus::open(settings);
        for (steps, words, kind) in entries {
            assert!(corpus.add(&scenario(steps), &reason(words, *kind)), "{steps:?}");
        }
        assert!(corpus.save().is_empty());
        (corpus, store)
    }

    const NEW: &str = "answered 200 in a new way";

    fn last(corpus: &Corpus) -> Vec<String> {
        let target =
            |scenario: &crate::scenario::Scenario| scenario.steps.last().unwrap().request.target_text().into_owned();
        let mut targets: Vec<_> = corpus.scenarios().iter().map(target).collect();
        targets.sort();
        targets
    }

    #[test]
    fn the_smallest_entry_stays_of_those_that_are_kept_for_the_same() {
        let (mut corpus, store) = corpus(&[
            (&["GET /notes?limit=1"], NEW, Some("a")),
            (&["GET /notes?limit=1000"], NEW, Some("a")),
            (&["GET /notes?limit=22"], NEW, Some("b")),
            (&["GET /gone"], NEW, Some("a")),
        ]);
        let surplus = corpus.surplus(Some(&api()));
        let found: Vec<_> = surplus.iter().map(|one| one.operation.as_str()).collect();
        assert_eq!(found, ["GET /gone", "GET /notes"]);
        for one in &surplus {
            corpus.remove(&one.hash).unwrap();
        }
        assert_eq!(last(&corpus), ["/notes?limit=1", "/notes?limit=22"]);
        assert_eq!(store.list("notes/").unwrap().len(), 2);
        assert!(corpus.surplus(Some(&api())).is_empty());
    }

    #[test]
    fn another_corpus_gives_what_is_new() {
        let (mut own, _) = corpus(&[(&["GET /notes?limit=1"], NEW, Some("a"))]);
        let (other, _) = corpus(&[
            (&["GET /notes?limit=1"], NEW, Some("a")),
            (&["GET /notes?limit=2"], NEW, Some("a")),
            (&["GET /notes?limit=3"], NEW, Some("b")),
            (&["GET /notes?limit=4"], NEW, Some("b")),
            (&["GET /gone"], NEW, Some("c")),
        ]);
        let merged = own.merge(&other, Some(&api()));
        assert_eq!(merged, Merged { added: 1, known: 3, set_aside: 1, refused: 0 });
        assert_eq!(last(&own), ["/notes?limit=1", "/notes?limit=3"]);
        assert_eq!(own.merge(&other, Some(&api())).added, 0);
    }

    fn shown(hash: &str, steps: usize, answers: &[(&str, u64)]) -> Shown {
        let answers = answers.iter().map(|(operation, kind)| (OperationId::from_text(operation), *kind)).collect();
        Shown { hash: hash.into(), size: (steps, 100, hash.into()), answers: Ok(answers) }
    }

    #[track_caller]
    fn check(all: &[Shown], expected: &[&str]) {
        assert_eq!(smallest(all).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn all_kinds_of_answers_stay_shown() {
        let (made, read) = (("POST /a", 201), ("GET /a/{id}", 200));
        check(&[shown("a", 1, &[made]), shown("b", 1, &[made]), shown("c", 2, &[made, read])], &["c"]);
        check(&[shown("a", 1, &[made]), shown("b", 3, &[made, read]), shown("c", 1, &[read])], &["a", "c"]);
        let broken = Shown { answers: Err("broken".into()), ..shown("d", 1, &[]) };
        check(&[shown("a", 1, &[made]), broken], &["a"]);
    }
}
