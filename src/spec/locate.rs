//! Lines and columns of JSON pointers. Main function: [`locate`].
//!
//! The text is read a second time, and only when there is something to say about it. The same parser that read the
//! values tells where they stand; it reads JSON as well, being YAML's.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::granit_parser::{Event, Parser, Span};

use crate::schema::escape_token;

/// Line and column of each pointer, or of its nearest ancestor in the text; both count from 1.
pub(super) fn locate<'a>(text: &str, pointers: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, (usize, usize)> {
    let wanted: BTreeSet<&str> = pointers.into_iter().collect();
    let mut finder =
        Finder { wanted: with_ancestors(&wanted), found: BTreeMap::new(), stack: Vec::new(), at: String::new() };
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        finder.event(&event, &span);
    }
    wanted.into_iter().filter_map(|pointer| Some((pointer, finder.nearest(pointer)?))).collect()
}

fn with_ancestors(pointers: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for pointer in pointers {
        let mut here = *pointer;
        while all.insert(here.to_owned()) {
            let Some(end) = here.rfind('/') else { break };
            here = &here[..end];
        }
    }
    all
}

/// A collection that is open.
enum Open {
    /// A mapping: how long the pointer to it is, and whether a key comes next.
    Mapping { length: usize, is_key_next: bool },
    /// A sequence: how long the pointer to it is, and the next index.
    Sequence { length: usize, next: usize },
    /// A mapping or sequence that stands as a key, and has no pointer.
    Key,
}

struct Finder {
    wanted: BTreeSet<String>,
    found: BTreeMap<String, (usize, usize)>,
    stack: Vec<Open>,
    at: String,
}

impl Finder {
    fn nearest(&self, pointer: &str) -> Option<(usize, usize)> {
        let mut here = pointer;
        loop {
            if let Some(place) = self.found.get(here) {
                return Some(*place);
            }
            here = &here[..here.rfind('/')?];
        }
    }

    fn event(&mut self, event: &Event<'_>, span: &Span) {
        match event {
            Event::Scalar(text, ..) => {
                if self.takes_key(Some(text), span) {
                    return;
                }
                self.begin(span);
            }
            Event::Alias(_) => {
                if !self.takes_key(None, span) {
                    self.begin(span);
                }
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => self.open(event, span),
            Event::MappingEnd | Event::SequenceEnd => drop(self.stack.pop()),
            _ => {}
        }
    }

    fn open(&mut self, event: &Event<'_>, span: &Span) {
        if self.stack.last().is_some_and(|open| matches!(open, Open::Key)) || self.takes_key(None, span) {
            return self.stack.push(Open::Key);
        }
        self.begin(span);
        let length = self.at.len();
        self.stack.push(match event {
            Event::MappingStart(..) => Open::Mapping { length, is_key_next: true },
            _ => Open::Sequence { length, next: 0 },
        });
    }

    /// Takes a node as the key of the innermost mapping, if one is due; the key is where its value is shown.
    fn takes_key(&mut self, text: Option<&str>, span: &Span) -> bool {
        let Some(Open::Mapping { length, is_key_next }) = self.stack.last_mut() else { return false };
        if !*is_key_next {
            return false;
        }
        *is_key_next = false;
        self.at.truncate(*length);
        self.at.push('/');
        self.at.push_str(&escape_token(text.unwrap_or("?")));
        self.note(span);
        true
    }

    /// A value begins: the pointer is brought up to it.
    fn begin(&mut self, span: &Span) {
        match self.stack.last_mut() {
            Some(Open::Mapping { is_key_next, .. }) => *is_key_next = true,
            Some(Open::Sequence { length, next }) => {
                self.at.truncate(*length);
                self.at.push('/');
                self.at.push_str(&next.to_string());
                *next += 1;
                self.note(span);
            }
            Some(Open::Key) => {}
            None => self.note(span),
        }
    }

    fn note(&mut self, span: &Span) {
        if self.wanted.contains(&self.at) {
            self.found.insert(self.at.clone(), (span.start.line(), span.start.col() + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pointer: &str, place: (usize, usize)) {
        assert_eq!(locate(text, [pointer]).get(pointer), Some(&place), "{pointer}");
    }

    #[test]
    fn pointers_are_found_in_yaml() {
        let text = "# top\na:\n  - b: 1\n    c/d: {e: [1, 2]}\n  - x\nlast: &l {y: 1}\nagain: *l\n? [k]\n: v\nz: 1\n";
        check(text, "", (2, 1));
        check(text, "/a/0", (3, 5));
        check(text, "/a/0/c~1d", (4, 5));
        check(text, "/a/0/c~1d/e/1", (4, 18));
        check(text, "/a/1", (5, 5));
        check(text, "/again/y", (7, 1));
        check(text, "/z", (10, 1));
    }

    #[test]
    fn pointers_are_found_in_json() {
        let text = "{\n  \"paths\": {\n\t\"/a\": {\"get\": [1, {\"b\": null}]}\n  }\n}\n";
        check(text, "/paths/~1a", (3, 2));
        check(text, "/paths/~1a/get/1/b", (3, 21));
        check(text, "/paths/~1a/post/x", (3, 2));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert!(locate("", ["/a"]).is_empty());
    }
}
