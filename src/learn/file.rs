//! What was learned, kept from run to run: one file for each API. Main type: [`Kept`].
//!
//! It stands beside the folder of the API's corpus, as `NAME.learned.json`. A rule that would hold a credential is not
//! written. A file that can't be read is told of, and left as it is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{LearnedRule, Rule, Spot};
use crate::redact::Redactor;
use crate::scenario::file::{folder_name, pretty};
use crate::store::{Problem, Store};

/// The version of the format.
const FORMAT: u32 = 1;
/// The longest file that is read.
const LONGEST: usize = 4 << 20;
/// The most rules that are kept.
const MOST_RULES: usize = 10_000;
/// What is told of a file that is none of ours.
const LACK: &str = "it holds no learned rules";

/// The file as it stands on disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    rules: Vec<Record>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    operation: String,
    place: String,
    rule: Rule,
}

/// Where the rules of one API are kept.
#[derive(Clone)]
pub struct Kept {
    store: Arc<dyn Store>,
    key: String,
    redactor: Redactor,
    /// What the file holds; nothing if it is to be left alone.
    written: Option<Vec<u8>>,
}

impl Kept {
    /// Reads the rules of this API.
    pub fn open(store: Arc<dyn Store>, api: &str, redactor: Redactor) -> (Self, Vec<LearnedRule>, Option<Problem>) {
        let key = format!("{}.learned.json", folder_name(api));
        let mut kept = Self { store, key, redactor, written: None };
        let file = kept.key.clone();
        let bytes = match kept.store.get(&kept.key) {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(source) => return (kept, Vec::new(), Some(Problem::Io { file, source })),
        };
        match read(&bytes) {
            Ok(rules) => {
                kept.written = Some(bytes);
                (kept, rules, None)
            }
            Err(reason) => (kept, Vec::new(), Some(Problem::Unreadable { file, lack: LACK, reason })),
        }
    }

    /// Writes the rules if they are others than those that are kept.
    pub fn save(&mut self, rules: &[LearnedRule]) -> Option<Problem> {
        let written = self.written.as_ref()?;
        let bytes = write(rules, &self.redactor);
        if bytes == *written || rules.is_empty() && written.is_empty() {
            return None;
        }
        match self.store.put(&self.key, &bytes) {
            Ok(()) => {
                self.written = Some(bytes);
                None
            }
            Err(source) => Some(Problem::Io { file: self.key.clone(), source }),
        }
    }
}

fn write(rules: &[LearnedRule], redactor: &Redactor) -> Vec<u8> {
    let record = |rule: &LearnedRule| Record {
        operation: rule.operation.clone(),
        place: rule.place.to_string(),
        rule: rule.rule.clone(),
    };
    let is_public = |record: &Record| serde_json::to_string(record).is_ok_and(|text| !redactor.finds(&text));
    let rules = rules.iter().map(record).filter(is_public).take(MOST_RULES).collect();
    let value = serde_json::to_value(File { format: FORMAT, rules }).expect("all keys of a record are strings");
    pretty(&value).into_bytes()
}

fn read(bytes: &[u8]) -> Result<Vec<LearnedRule>, String> {
    /// What all versions have in common.
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    if bytes.len() > LONGEST {
        return Err(format!("it has {} bytes, more than {LONGEST}", bytes.len()));
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if head.format != FORMAT {
        return Err(format!("it is of format {}, and this gadfly reads format {FORMAT}", head.format));
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let rule = |Record { operation, place, rule }| {
        let place = Spot::parse(&place).ok_or_else(|| format!("{place:?} is no place"))?;
        Ok(LearnedRule { operation, place, rule })
    };
    file.rules.into_iter().take(MOST_RULES).map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Place;
    use crate::redact::Secret;
    use crate::store::Memory;

    fn rule(name: &str, rule: Rule) -> LearnedRule {
        let place = Spot { place: Place::Body, tokens: vec![name.to_owned()] };
        LearnedRule { operation: "POST /orders".into(), place, rule }
    }

    #[test]
    fn rules_come_back_and_credentials_are_not_written() {
        let store = Arc::new(Memory::default());
        let redactor = Redactor::new([&Secret::new("tok-123")]);
        let (mut kept, rules, problem) = Kept::open(store.clone(), "My shop", redactor.clone());
        assert!(rules.is_empty() && problem.is_none());
        assert!(kept.save(&[]).is_none() && store.list("").unwrap().is_empty(), "nothing learned, nothing written");
        let public = vec![
            rule("kind", Rule::OneOf(vec!["a".into(), 1.into()])),
            rule("a/b", Rule::Format(crate::schema::Format::Uuid)),
            rule("age", Rule::Minimum(crate::learn::rule::Bound { value: 18.0, exclusive: true })),
        ];
        let mut all = public.clone();
        all.push(rule("token", Rule::OneOf(vec!["tok-123".into()])));
        assert!(kept.save(&all).is_none());
        let key = store.list("").unwrap().remove(0);
        let text = String::from_utf8(store.get(&key).unwrap().unwrap()).unwrap();
        assert!(!text.contains("tok-123"), "{text}");
        let (_, again, problem) = Kept::open(store, "My shop", redactor);
        assert!(problem.is_none());
        assert_eq!(again, public);
    }

    #[track_caller]
    fn check(file: &[u8], expected: &str) {
        let store = Arc::new(Memory::default());
        store.put("shop.learned.json", file).unwrap();
        let (mut kept, rules, problem) = Kept::open(store.clone(), "shop", Redactor::default());
        let text = problem.unwrap().to_string();
        assert!(rules.is_empty() && text.contains("shop.learned.json") && text.contains(expected), "{text}");
        assert!(kept.save(&[rule("a", Rule::Required)]).is_none());
        assert_eq!(store.get("shop.learned.json").unwrap().unwrap(), file, "what is not understood is left alone");
    }

    #[test]
    fn files_of_another_kind_are_passed_over_and_left_alone() {
        check(b"{", "EOF");
        check(b"{\"format\": 7}", "format 7");
        check(b"{\"format\": 1, \"rules\": [], \"x\": 1}", "unknown field");
        check(
            b"{\"format\": 1, \"rules\": [{\"operation\": \"a\", \"place\": \"x\", \"rule\": \"required\"}]}",
            "no place",
        );
        check(
            b"{\"format\": 1, \"rules\": [{\"operation\": \"a\", \"place\": \"body\", \"rule\": {\"format\": \"x\"}}]}",
            "format",
        );
    }
}
