//! Reads the body of a 4xx answer. Main function: [`complaints`].
//!
//! Structured shapes first (`shapes`, `codes`), then the sentences in them (`message`), then plain text. What is not
//! understood is no complaint; nothing is learned from a guess. Work is bounded, whatever the body is.

mod codes;
mod message;
mod shapes;
mod table;

use serde_json::Value;

use super::{Complaint, Rule};
use crate::wire::Response;

/// The longest body that is read.
const LONGEST: usize = 64 * 1024;
/// The most complaints of one answer.
const MOST: usize = 24;
/// The most sentences of one answer that are looked at.
const MOST_SENTENCES: usize = 64;
/// The most bytes of the values of one rule, and of the way to a field.
const LONGEST_RULE: usize = 2_000;
const LONGEST_WAY: usize = 400;
/// The most lines of a plain text.
const MOST_LINES: usize = 24;

/// Whether a status says that the request itself was at fault, not the caller, the thing that it names, or the moment: a
/// failed precondition (412) is about the thing as it is now.
pub fn is_refusal(status: u16) -> bool {
    matches!(status, 400 | 406 | 411 | 413..=415 | 417 | 422 | 428)
}

/// What an answer complains of; nothing unless it is a refusal.
pub fn complaints(response: &Response) -> Vec<Complaint> {
    if !is_refusal(response.status) || response.body.len() > LONGEST {
        return Vec::new();
    }
    let mut found = Found::default();
    match response.json() {
        Some(value) => shapes::read(value, &mut found),
        None => plain(&response.text(), &mut found),
    }
    found.complaints
}

fn plain(text: &str, found: &mut Found) {
    // A page for people says what is wrong in its own layout, and much else.
    if text.trim_start().starts_with('<') {
        return;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => shapes::read(&value, found),
        Err(_) => text.lines().take(MOST_LINES).for_each(|line| found.extend(message::free(line))),
    }
}

/// Complaints so far, each once.
#[derive(Debug, Default)]
struct Found {
    complaints: Vec<Complaint>,
    sentences: usize,
}

impl Found {
    fn push(&mut self, complaint: Complaint) {
        let is_new = || !self.complaints.contains(&complaint);
        if self.complaints.len() < MOST && is_small(&complaint) && is_new() {
            self.complaints.push(complaint);
        }
    }

    fn extend(&mut self, complaints: impl IntoIterator<Item = Complaint>) {
        complaints.into_iter().for_each(|complaint| self.push(complaint));
    }

    /// Whether another sentence may be looked at.
    fn has_room(&mut self) -> bool {
        self.sentences += 1;
        self.sentences <= MOST_SENTENCES
    }
}

/// Whether a complaint is worth its memory: rules are kept, and answers may be long.
fn is_small(complaint: &Complaint) -> bool {
    let length = match &complaint.rule {
        Rule::OneOf(values) => values.iter().map(|value| value.as_str().map_or(8, str::len)).sum(),
        Rule::Pattern(pattern) => 8 * pattern.len(),
        _ => 0,
    };
    let is_flat = |value: &Value| !value.is_array() && !value.is_object();
    let is_plain = !matches!(&complaint.rule, Rule::OneOf(values) if values.is_empty() || !values.iter().all(is_flat));
    is_plain && length <= LONGEST_RULE && complaint.field.iter().map(String::len).sum::<usize>() <= LONGEST_WAY
}

#[cfg(test)]
mod tests;
