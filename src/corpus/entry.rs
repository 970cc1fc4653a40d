//! One entry as a file. Main type: [`Entry`].

use serde::{Deserialize, Serialize};

use crate::api::OperationId;
use crate::scenario::file::{StepRecord, pretty};

/// The version of the format. The first one had neither intent nor status nor kind.
const FORMAT: u32 = 2;

/// A scenario with the reason for which it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    format: u32,
    /// What it reached, in words.
    pub(super) novelty: String,
    /// What the last request was meant to be, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<String>,
    /// The status of the last answer; none for a fault, or where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// By what the last answer is told from others of its operation, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    /// Whether it was answered so on a target without anything that its run had made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) alone: bool,
    /// What is sent.
    pub(super) steps: Vec<StepRecord>,
}

/// Why a scenario is worth keeping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// In words, such as `answered 201 for the first time`.
    pub words: String,
    /// The status of the last answer; none for a fault.
    pub status: Option<u16>,
    /// By what the last answer is told from others of its operation.
    pub kind: Option<String>,
    /// Whether its operation had never answered 2xx before.
    pub reaches: bool,
    /// Whether it was answered so on a target without anything that the run had made.
    pub alone: bool,
}

impl Reason {
    /// For what somebody else recorded: in which file, where, and what it was answered.
    pub fn imported(file: &str, place: &str, status: Option<u16>) -> Self {
        let reaches = status.is_some_and(|status| status / 100 == 2);
        Self { words: format!("was imported from {file}, {place}"), status, kind: None, reaches, alone: false }
    }
}

impl Entry {
    pub(super) fn new(reason: &Reason, intent: Option<&str>, steps: Vec<StepRecord>) -> Self {
        let Reason { words, status, kind, alone, .. } = reason.clone();
        Self { format: FORMAT, novelty: words, intent: intent.map(str::to_owned), status, kind, alone, steps }
    }

    /// The operation of the last step, about which the entry is.
    pub(super) fn operation(&self) -> OperationId {
        self.steps.last().map_or_else(|| OperationId::from_text(""), |step| OperationId::from_text(&step.operation))
    }

    /// What two entries have in common that are kept for the same: the operation, and what it answered. Where that is
    /// not known, nothing is the same.
    pub(super) fn topic(&self) -> (OperationId, String) {
        (self.operation(), self.kind.clone().unwrap_or_else(|| self.hash()))
    }

    /// Whether the last answer was 2xx.
    pub(super) fn reaches(&self) -> bool {
        self.status.is_some_and(|status| status / 100 == 2)
    }

    /// Whether the last request was meant as a valid one; `None` where that is not known.
    pub(super) fn is_valid(&self) -> Option<bool> {
        self.intent.as_deref().map(|intent| matches!(intent, "valid" | "boundary"))
    }

    /// By which of two entries of one topic the better one comes first: those that need nothing else, then valid ones, then
    /// short ones.
    pub(super) fn rank(&self, bytes: usize) -> (bool, bool, usize, usize, String) {
        (!self.alone, self.is_valid() != Some(true), self.steps.len(), bytes, self.hash())
    }

    /// By what two entries are the same: a hash of what is sent, not of why it is kept.
    pub(super) fn hash(&self) -> String {
        let canonical = serde_json::to_vec(&self.steps).expect("steps are always written to memory");
        blake3::hash(&canonical).to_hex()[..16].to_owned()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).expect("all keys of an entry are strings");
        pretty(&value).into_bytes()
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        /// What all versions have in common.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if !(1..=FORMAT).contains(&head.format) {
            return Err(format!("it is of format {}, and this gadfly reads formats up to {FORMAT}", head.format));
        }
        let mut entry: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if entry.steps.is_empty() {
            return Err("it has no step".to_owned());
        }
        if entry.format == 1 {
            entry.format = FORMAT;
            entry.status = status_in(&entry.novelty);
        }
        Ok(entry)
    }
}

/// The status in the words of the first format: `answered 201 in a new way`.
fn status_in(novelty: &str) -> Option<u16> {
    novelty.strip_prefix("answered ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"format": 1, "novelty": "answered 201 in a new way", "steps": [
        {"identity": "alice", "operation": "POST /a", "method": "POST", "target": "/a"}]}"#;

    #[test]
    fn the_first_format_is_read() {
        let entry = Entry::read(FIRST.as_bytes()).unwrap();
        assert_eq!((entry.status, entry.reaches(), entry.is_valid()), (Some(201), true, None));
        assert_eq!(entry.topic(), (OperationId::from_text("POST /a"), entry.hash()));
        assert_eq!(Entry::read(&entry.write()).unwrap(), entry);
    }

    #[track_caller]
    fn check(novelty: &str, status: Option<u16>) {
        assert_eq!(status_in(novelty), status, "{novelty}");
    }

    #[test]
    fn a_status_is_read_from_words() {
        check("answered 404 in a new way", Some(404));
        check("answered no answer in time in a new way", None);
        check("n", None);
    }
}
