//! Lines and columns of JSON pointers. Main function: [`locate`].
//!
//! The text is read a second time, and only when there is something to say about it. For YAML the parser that read
//! the values tells where they stand; JSON is scanned, which is many times faster and nearly all that is big is JSON.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::granit_parser::{Event, Parser};

use crate::schema::escape_token;

/// Line and column, from 1.
type LineColumn = (usize, usize);

/// Line and column of each pointer, or of its nearest ancestor in the text.
pub(super) fn locate<'a>(
    text: &str,
    is_json: bool,
    pointers: impl IntoIterator<Item = &'a str>,
) -> BTreeMap<&'a str, LineColumn> {
    let wanted: BTreeSet<&str> = pointers.into_iter().collect();
    let mut finder =
        Finder { wanted: with_ancestors(&wanted), found: BTreeMap::new(), stack: Vec::new(), at: String::new() };
    if is_json {
        json(text, &mut finder);
    } else {
        yaml(text, &mut finder);
    }
    wanted.into_iter().filter_map(|pointer| Some((pointer, finder.nearest(pointer)?))).collect()
}

fn yaml(text: &str, finder: &mut Finder) {
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let place = || (span.start.line(), span.start.col() + 1);
        match event {
            Event::Scalar(text, ..) => finder.scalar(Some(&text), &place),
            Event::Alias(_) => finder.scalar(None, &place),
            Event::MappingStart(..) => finder.open(true, &place),
            Event::SequenceStart(..) => finder.open(false, &place),
            Event::MappingEnd | Event::SequenceEnd => finder.close(),
            Event::DocumentEnd => break,
            _ => {}
        }
    }
}

/// Goes over JSON that is known to be valid.
fn json(text: &str, finder: &mut Finder) {
    let bytes = text.as_bytes();
    let (mut line, mut line_start, mut here) = (1, 0, 0);
    // How far the line was counted: one line may be the whole document, and may be asked about thousands of times.
    let counted = Cell::new((0, 1));
    while let Some(byte) = bytes.get(here) {
        let place = || {
            let (from, column) = counted.get();
            let (from, column) = if from < line_start { (line_start, 1) } else { (from, column) };
            let column = column + text[from..here].chars().count();
            counted.set((here, column));
            (line, column)
        };
        let mut next = here + 1;
        match byte {
            b'\n' => (line, line_start) = (line + 1, here + 1),
            b' ' | b'\t' | b'\r' | b',' | b':' => {}
            b'{' => finder.open(true, &place),
            b'[' => finder.open(false, &place),
            b'}' | b']' => finder.close(),
            b'"' => {
                next = string_end(bytes, here + 1);
                let key = text.get(here..next).map(|quoted| unquoted(quoted));
                finder.scalar(key.as_deref(), &place);
            }
            _ => {
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}');
                next = bytes[here..].iter().position(is_end).map_or(bytes.len(), |length| here + length.max(1));
                finder.scalar(None, &place);
            }
        }
        here = next;
    }
}

/// Where a string ends, its closing quote included.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut here = start;
    while let Some(byte) = bytes.get(here) {
        match byte {
            b'"' => return here + 1,
            b'\\' => here += 2,
            _ => here += 1,
        }
    }
    bytes.len()
}

fn unquoted(quoted: &str) -> Cow<'_, str> {
    if quoted.contains('\\') {
        return serde_json::from_str(quoted).map_or(Cow::Borrowed(quoted), Cow::Owned);
    }
    Cow::Borrowed(quoted.trim_matches('"'))
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
    /// One that is not looked into: it stands as a key, or nothing below it is wanted.
    Ignored,
}

struct Finder {
    wanted: BTreeSet<String>,
    found: BTreeMap<String, LineColumn>,
    stack: Vec<Open>,
    at: String,
}

impl Finder {
    fn nearest(&self, pointer: &str) -> Option<LineColumn> {
        let mut here = pointer;
        loop {
            if let Some(place) = self.found.get(here) {
                return Some(*place);
            }
            here = &here[..here.rfind('/')?];
        }
    }

    fn scalar(&mut self, text: Option<&str>, place: &dyn Fn() -> LineColumn) {
        if !self.takes_key(text, place) {
            self.begin(place);
        }
    }

    fn open(&mut self, is_mapping: bool, place: &dyn Fn() -> LineColumn) {
        let is_ignored = matches!(self.stack.last(), Some(Open::Ignored));
        if is_ignored || self.takes_key(None, place) || !self.begin(place) {
            return self.stack.push(Open::Ignored);
        }
        let length = self.at.len();
        self.stack.push(if is_mapping {
            Open::Mapping { length, is_key_next: true }
        } else {
            Open::Sequence { length, next: 0 }
        });
    }

    fn close(&mut self) {
        self.stack.pop();
    }

    /// Takes a node as the key of the innermost mapping, if one is due; the key is where its value is shown.
    fn takes_key(&mut self, text: Option<&str>, place: &dyn Fn() -> LineColumn) -> bool {
        let Some(Open::Mapping { length, is_key_next }) = self.stack.last_mut() else { return false };
        if !*is_key_next {
            return false;
        }
        *is_key_next = false;
        self.at.truncate(*length);
        self.at.push('/');
        self.at.push_str(&escape_token(text.unwrap_or("?")));
        self.note(place);
        true
    }

    /// A value begins: the pointer is brought up to it. Tells whether it, or something below it, is wanted.
    fn begin(&mut self, place: &dyn Fn() -> LineColumn) -> bool {
        match self.stack.last_mut() {
            Some(Open::Mapping { is_key_next, .. }) => {
                *is_key_next = true;
                self.wanted.contains(&self.at)
            }
            Some(Open::Sequence { length, next }) => {
                self.at.truncate(*length);
                self.at.push('/');
                self.at.push_str(&next.to_string());
                *next += 1;
                self.note(place)
            }
            Some(Open::Ignored) => false,
            None => self.note(place),
        }
    }

    fn note(&mut self, place: &dyn Fn() -> LineColumn) -> bool {
        let is_wanted = self.wanted.contains(&self.at);
        if is_wanted {
            self.found.insert(self.at.clone(), place());
        }
        is_wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pointer: &str, place: LineColumn) {
        assert_eq!(locate(text, false, [pointer]).get(pointer), Some(&place), "{pointer}");
        if text.starts_with('{') {
            assert_eq!(locate(text, true, [pointer]).get(pointer), Some(&place), "{pointer} in JSON");
        }
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
        let text = r#"{"a\u002fb": [{"c": "}\\"}, -1.5e3, true], "\"": {"\u00e4": "ä", "d": 1}}"#;
        check(text, "/a~1b/0/c", (1, 16));
        check(text, "/a~1b/1", (1, 29));
        check(text, "/\"/d", (1, 66));
    }

    #[test]
    fn columns_add_up_over_one_long_line() {
        let text = "{\"a\": \"\u{e4}\u{e4}\", \"b\": [1, 2],\n\"c\": {\"d\": 1, \"e\": 2}}";
        let places = locate(text, true, ["/a", "/b/1", "/c/e", "/c"]);
        let expected = [("/a", (1, 2)), ("/b/1", (1, 22)), ("/c", (2, 1)), ("/c/e", (2, 15))];
        assert_eq!(places, BTreeMap::from(expected));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert!(locate("", true, ["/a"]).is_empty() && locate("", false, ["/a"]).is_empty());
    }
}
