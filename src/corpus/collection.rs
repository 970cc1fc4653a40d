//! The entries of one API. Main type: [`Corpus`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::Aside;
use super::entry::{Entry, Reason};
use super::fit::{Fit, Operations};
use crate::api::Api;
use crate::engine::Remembered;
use crate::redact::Redactor;
use crate::scenario::Scenario;
use crate::scenario::file::{StepRecord, folder_name};
use crate::store::{Problem, Store};

/// The most entries of one API.
const MOST_ENTRIES: usize = 2_000;
/// How many of them are for the first success of an operation alone.
const FOR_FIRSTS: usize = 500;
/// The longest file of an entry.
const LONGEST_ENTRY: usize = 64 * 1024;
/// The most bytes of all files together, since all are held in memory.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What is told of a file that is none of ours.
const LACK: &str = "it is no entry of a corpus";

/// The corpus of one API: held in memory, written by [`Corpus::save`].
pub struct Corpus {
    settings: Settings,
    pub(super) entries: BTreeMap<String, Held>,
    unsaved: BTreeSet<String>,
    bytes: usize,
}

/// An entry and its file.
pub(super) struct Held {
    pub(super) entry: Entry,
    /// The length of the file.
    pub(super) bytes: usize,
    /// The file, which somebody may have given another name than we do.
    key: String,
}

/// Where a corpus is kept and how its scenarios are written.
#[derive(Clone)]
pub struct Settings {
    /// Where files are kept; the keys are `{api}/{hash}.json`.
    pub store: Arc<dyn Store>,
    /// The name of the API, from which its folder is named.
    pub api: String,
    /// The base path of the target: files are written without it.
    pub base_path: String,
    /// Knows every credential: a scenario that holds one is not kept.
    pub redactor: Redactor,
}

impl fmt::Debug for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Corpus")
            .field("api", &self.settings.api)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Corpus {
    /// Reads what is there; tells which files are passed over. A file that can't be read stops nothing.
    pub fn open(settings: Settings) -> (Self, Vec<Problem>) {
        let folder = folder_name(&settings.api);
        let store = Arc::clone(&settings.store);
        let mut corpus = Self { settings, entries: BTreeMap::new(), unsaved: BTreeSet::new(), bytes: 0 };
        let mut keys = match store.list(&format!("{folder}/")) {
            Ok(keys) => keys,
            Err(source) => return (corpus, vec![Problem::Io { file: folder, source }]),
        };
        keys.retain(|key| key.strip_suffix(".json").is_some());
        let mut problems = Vec::new();
        let mut surplus = 0;
        for key in keys {
            if !corpus.has_room(0) {
                surplus += 1;
                continue;
            }
            match corpus.read(&key) {
                Ok((entry, length)) => corpus.insert(entry, length, key),
                Err(problem) => problems.push(problem),
            }
        }
        if surplus > 0 {
            problems.push(Problem::TooMany { folder, count: surplus, most: MOST_ENTRIES });
        }
        (corpus, problems)
    }

    /// Keeps a scenario. `false` if the same is kept already and no more is known of it now, if it is too long or holds a
    /// credential, or if the corpus is full.
    pub fn add(&mut self, scenario: &Scenario, reason: &Reason) -> bool {
        let base_path = &self.settings.base_path;
        let steps = scenario.steps.iter().map(|step| StepRecord::of(step, base_path)).collect();
        let intent = scenario.steps.last().and_then(|step| step.case.as_ref()).map(|case| case.intent.word());
        let words = self.settings.redactor.text(&reason.words);
        self.admit(Entry::new(&Reason { words, ..reason.clone() }, intent, steps), reason.reaches)
    }

    /// Takes an entry in, unless there is a reason not to.
    pub(super) fn admit(&mut self, entry: Entry, reaches: bool) -> bool {
        let hash = entry.hash();
        let is_full = !reaches && self.entries.len() >= MOST_ENTRIES - FOR_FIRSTS;
        let is_known = self.entries.get(&hash).is_some_and(|held| held.entry.alone || !entry.alone);
        if entry.steps.is_empty() || is_full || is_known {
            return false;
        }
        let bytes = entry.write();
        let holds_secret = entry.steps.iter().any(|step| step.secret_place(&self.settings.redactor).is_some());
        if bytes.len() > LONGEST_ENTRY || !self.has_room(bytes.len()) || holds_secret {
            return false;
        }
        let key = format!("{}/{hash}.json", folder_name(&self.settings.api));
        self.unsaved.insert(hash);
        self.insert(entry, bytes.len(), key);
        true
    }

    /// Writes what was added since the last time. What could not be written is tried again next time.
    pub fn save(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for hash in std::mem::take(&mut self.unsaved) {
            let Some(held) = self.entries.get(&hash) else { continue };
            if let Err(source) = self.settings.store.put(&held.key, &held.entry.write()) {
                problems.push(Problem::Io { file: held.key.clone(), source });
                self.unsaved.insert(hash);
            }
        }
        problems
    }

    /// Removes an entry, and its file.
    pub fn remove(&mut self, hash: &str) -> Result<(), Problem> {
        let Some(held) = self.entries.get(hash) else { return Ok(()) };
        let io = |source| Problem::Io { file: held.key.clone(), source };
        self.settings.store.delete(&held.key).map_err(io)?;
        self.bytes -= held.bytes;
        self.unsaved.remove(hash);
        self.entries.remove(hash);
        Ok(())
    }

    /// All scenarios, in an order that depends on their content alone.
    pub fn scenarios(&self) -> Vec<Scenario> {
        self.entries.values().map(|held| self.scenario(&held.entry)).collect()
    }

    /// The scenarios that apply to the document, and those that do not with the reason.
    pub fn recall(&self, api: &Api) -> (Vec<Remembered>, Vec<Aside>) {
        let operations = Operations::of(api);
        let (mut remembered, mut aside) = (Vec::new(), Vec::new());
        for (hash, Held { entry, .. }) in &self.entries {
            match operations.fit(entry) {
                Fit::Applies(is_valid) => {
                    let mut scenario = self.scenario(entry);
                    if let Some(last) = scenario.steps.last_mut() {
                        last.case = operations.case(entry).map(Arc::new);
                    }
                    let (reaches, alone) = (entry.reaches(), entry.alone);
                    remembered.push(Remembered { scenario, is_valid, reaches, alone });
                }
                Fit::Aside(reason) => {
                    aside.push(Aside { hash: hash.clone(), operation: entry.operation().to_string(), reason });
                }
            }
        }
        (remembered, aside)
    }

    /// How many scenarios are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many bytes their files have.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Says where the target has the API: scenarios are read as being there.
    pub fn set_base_path(&mut self, base_path: &str) {
        base_path.clone_into(&mut self.settings.base_path);
    }

    /// The name of the API.
    pub fn api(&self) -> &str {
        &self.settings.api
    }

    pub(super) fn scenario(&self, entry: &Entry) -> Scenario {
        let base_path = &self.settings.base_path;
        Scenario::plain(entry.steps.iter().map(|step| step.to_step(base_path)).collect())
    }

    fn has_room(&self, more: usize) -> bool {
        self.entries.len() < MOST_ENTRIES && self.bytes + more <= MOST_BYTES
    }

    fn insert(&mut self, entry: Entry, length: usize, key: String) {
        let hash = entry.hash();
        if let Some(twin) = self.entries.insert(hash, Held { entry, bytes: length, key }) {
            self.bytes -= twin.bytes;
        }
        self.bytes += length;
    }

    fn read(&self, key: &str) -> Result<(Entry, usize), Problem> {
        let unreadable = |reason| Problem::Unreadable { file: key.to_owned(), lack: LACK, reason };
        let bytes = self.settings.store.get(key).map_err(|source| Problem::Io { file: key.to_owned(), source })?;
        let bytes = bytes.unwrap_or_default();
        if bytes.len() > LONGEST_ENTRY {
            return Err(unreadable(format!("it has {} bytes, more than {LONGEST_ENTRY}", bytes.len())));
        }
        Entry::read(&bytes).map(|entry| (entry, bytes.len())).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OperationId;
    use crate::redact::Secret;
    use crate::scenario::{ANONYMOUS, IdentityName, Step};
    use crate::store::Memory;
    use crate::wire::Request;

    fn reason(words: &str) -> Reason {
        crate::corpus::testing::reason(words, None)
    }

    fn scenario(target: &str) -> Scenario {
        Scenario::single(Step {
            operation: OperationId::new("get", "/a"),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("GET", target.to_owned())),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        })
    }

    fn open(store: &Arc<Memory>, base_path: &str) -> (Corpus, Vec<Problem>) {
        let redactor = Redactor::new([&Secret::new("tok-123")]);
        Corpus::open(Settings { store: store.clone(), api: "demo".into(), base_path: base_path.into(), redactor })
    }

    fn targets(corpus: &Corpus) -> Vec<String> {
        corpus.scenarios().iter().map(|s| s.steps[0].request.target_text().into_owned()).collect()
    }

    #[test]
    fn scenarios_are_kept_once_and_come_back_elsewhere() {
        let store = Arc::new(Memory::default());
        let (mut corpus, problems) = open(&store, "/v1");
        assert!(problems.is_empty() && corpus.is_empty());
        assert!(corpus.add(&scenario("/v1/a"), &reason("a status of 201")));
        assert!(corpus.add(&scenario("/v1/b"), &reason("a new shape")));
        assert!(!corpus.add(&scenario("/v1/a"), &reason("something else")));
        assert!(corpus.save().is_empty());
        assert_eq!(store.list("demo/").unwrap().len(), 2);

        let (again, problems) = open(&store, "");
        assert!(problems.is_empty(), "{problems:?}");
        let mut found = targets(&again);
        found.sort();
        assert_eq!(found, ["/a", "/b"]);
    }

    #[test]
    fn what_is_recalled_can_be_judged() {
        let (mut corpus, _) = open(&Arc::new(Memory::default()), "");
        let notes = crate::corpus::testing::scenario(&["POST /notes {\"text\":1}"]);
        assert!(corpus.add(&notes, &reason("answered 500 in a new way")));
        let (remembered, aside) = corpus.recall(&crate::corpus::testing::api());
        assert_eq!((remembered.len(), aside.len()), (1, 0));
        let case = remembered[0].scenario.steps[0].case.as_ref().unwrap();
        assert_eq!((case.operation.id.as_str(), case.intent.word()), ("POST /notes", "malformed"));
    }

    #[test]
    fn the_order_does_not_depend_on_the_order_of_adding() {
        let kept = |order: [&str; 3]| {
            let (mut corpus, _) = open(&Arc::new(Memory::default()), "");
            for target in order {
                assert!(corpus.add(&scenario(target), &reason("n")));
            }
            targets(&corpus)
        };
        assert_eq!(kept(["/a", "/b", "/c"]), kept(["/c", "/a", "/b"]));
    }

    #[test]
    fn what_is_too_long_or_secret_is_not_kept() {
        let (mut corpus, _) = open(&Arc::new(Memory::default()), "");
        assert!(!corpus.add(&scenario(&format!("/{}", "x".repeat(LONGEST_ENTRY))), &reason("n")));
        assert!(!corpus.add(&scenario("/a?token=tok-123"), &reason("n")));
        assert!(!corpus.add(&Scenario::plain(vec![]), &reason("n")));
        assert!(corpus.is_empty());
    }

    #[test]
    fn a_corpus_is_bounded_when_it_grows_and_when_it_is_read() {
        let store = Arc::new(Memory::default());
        let (mut corpus, _) = open(&store, "");
        let mut add = |range: std::ops::Range<usize>, reaches| {
            let reason = Reason { reaches, ..reason("n") };
            range.filter(|index| corpus.add(&scenario(&format!("/{index}")), &reason)).count()
        };
        assert_eq!(add(0..MOST_ENTRIES + 5, false), MOST_ENTRIES - FOR_FIRSTS);
        assert_eq!(add(MOST_ENTRIES..2 * MOST_ENTRIES, true), FOR_FIRSTS);
        assert_eq!(corpus.len(), MOST_ENTRIES);
        corpus.save();
        let sample = store.get(&store.list("").unwrap()[0]).unwrap().unwrap();
        store.put("demo/zz.json", &sample).unwrap();
        let (again, problems) = open(&store, "");
        assert_eq!(again.len(), MOST_ENTRIES);
        assert!(problems[0].to_string().starts_with("1 entries of demo are passed over"), "{problems:?}");
    }

    #[track_caller]
    fn check(file: &[u8], expected: &str) {
        let store = Arc::new(Memory::default());
        let (mut corpus, _) = open(&store, "");
        corpus.add(&scenario("/good"), &reason("n"));
        corpus.save();
        store.put("demo/bad.json", file).unwrap();
        let (corpus, problems) = open(&store, "");
        assert_eq!(targets(&corpus), ["/good"]);
        let text = problems[0].to_string();
        assert!(text.contains("demo/bad.json") && text.contains(expected), "{text}");
    }

    #[test]
    fn files_that_are_no_entries_are_passed_over_with_a_reason() {
        check(b"{\n", "EOF while parsing an object at line 2");
        check(b"{\"format\": 9}", "format 9");
        check(b"{\"format\": 1, \"novelty\": \"\", \"steps\": []}", "no step");
        check(b"{\"format\": 1, \"novelty\": \"\", \"steps\": [], \"x\": 1}", "unknown field `x`");
        check(&vec![b' '; LONGEST_ENTRY + 1], "bytes, more than");
    }
}
