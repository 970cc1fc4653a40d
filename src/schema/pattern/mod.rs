//! Regular expressions of schemas (ECMA 262): matching, and making strings that match. Main type: [`Pattern`].
//!
//! Matching is `regress`'s, which speaks ECMA. Strings are made by a walk over the tree that `regex-syntax` makes of
//! the translated pattern; look-around and back references are dropped there, so what was made is checked again.

mod common;
mod grow;
mod translate;

use std::fmt;
use std::sync::Arc;

use arbitrary::Unstructured;
use regress::Regex;

use grow::Grower;

use crate::seed::Seed;

/// How often a string is drawn before giving up.
const ATTEMPTS: u32 = 12;
/// Bytes of the tapes that stand in when the given one is at its end.
const SPARE: usize = 256;

/// A compiled pattern.
pub struct Pattern {
    source: Box<str>,
    regex: Option<Regex>,
    grower: Option<Grower>,
    /// Whether both read the pattern alike: without the `u` flag `\p{L}` means five characters.
    is_read_alike: bool,
}

impl Pattern {
    /// Compiles a pattern. One that nobody can compile matches everything, as for the validator.
    pub fn new(source: &str) -> Self {
        // Needless escapes such as `\-` are errors under the `u` flag, and real documents are full of them; Unicode
        // properties mean something only with it.
        let needs_unicode = ["\\p{", "\\P{", "\\u{"].iter().any(|mark| source.contains(mark));
        let [first, second] = if needs_unicode { ["u", ""] } else { ["", "u"] };
        let meant = Regex::with_flags(source, first).ok();
        let is_read_alike = meant.is_some();
        let regex = meant.or_else(|| Regex::with_flags(source, second).ok());
        Self { source: source.into(), regex, grower: Grower::new(source), is_read_alike }
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether every string that is made matches for certain.
    pub(crate) fn is_exact(&self) -> bool {
        self.is_read_alike && self.grower.as_ref().is_some_and(Grower::is_exact)
    }

    /// Whether a part of the text matches: patterns are not anchored (JSON Schema 2020-12, 6.3.3).
    pub fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.find(text).is_some())
    }

    /// Whether no text matches all these patterns, has this shape and a length between these two: for certain, or
    /// the answer is no.
    pub(crate) fn exclude_each_other(
        patterns: &[Arc<Self>],
        shape: Option<&str>,
        least: usize,
        most: Option<usize>,
    ) -> bool {
        let read_alike = patterns.iter().filter(|pattern| pattern.is_read_alike).map(|pattern| pattern.source());
        common::none(&read_alike.chain(shape).collect::<Vec<_>>(), least, most)
    }

    /// A string that matches and has between `least` and `most` characters; `None` if none was found.
    pub fn sample(&self, tape: &mut Unstructured<'_>, least: usize, most: usize) -> Option<String> {
        (0..ATTEMPTS).find_map(|attempt| {
            if attempt == 0 || !tape.is_empty() {
                return self.attempt(tape, least, most, attempt);
            }
            // The tape is at its end, and would give the same string again.
            let spare = Seed::new(u64::from(attempt)).tape(SPARE);
            self.attempt(&mut Unstructured::new(&spare), least, most, attempt)
        })
    }

    fn attempt(&self, tape: &mut Unstructured<'_>, least: usize, most: usize, attempt: u32) -> Option<String> {
        let grower = self.grower.as_ref()?;
        let mut text = grower.grow(tape, least, most, attempt);
        let length = text.chars().count();
        if length < least {
            // Patterns are not anchored: more of the same may be allowed.
            let filler = text.chars().last().unwrap_or('a');
            text.extend(std::iter::repeat_n(filler, least - length));
        }
        let fits = length <= most && (self.is_exact() && length >= least || self.matches(&text));
        fits.then_some(text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn a_property_that_is_none_without_the_flag_is_checked() {
        // The lone brace makes the `u` flag impossible, and without it the class holds `p`, `{`, `L` and `}`.
        let pattern = Pattern::new("^[\\p{L}]{$");
        assert!(!pattern.is_exact());
        let sample = pattern.sample(&mut Unstructured::new(&[1; 64]), 0, 9);
        assert!(sample.is_none_or(|sample| pattern.matches(&sample)));
    }

    #[track_caller]
    fn check(source: &str) {
        let pattern = Pattern::new(source);
        for index in 0..50 {
            let tape = Seed::new(index).tape(256);
            let text = pattern.sample(&mut Unstructured::new(&tape), 0, 200);
            let text = text.unwrap_or_else(|| panic!("no string for {source}"));
            assert!(pattern.matches(&text), "{source} made {text:?}");
        }
        assert!(pattern.sample(&mut Unstructured::new(&[]), 0, 200).is_some(), "{source} on an empty tape");
    }

    #[test]
    fn patterns_of_real_documents_are_honoured() {
        for source in [
            "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            r"^\d{4}-\d{2}-\d{2}$",
            r"^[\w\-\.]+@([\w-]+\.)+[\w-]{2,4}$",
            r"^\+?[1-9]\d{1,14}$",
            "abc",
            "^$|^[A-Z]{2}$",
            r"^(?!.*--)[a-z-]{3,10}$",
            r"^(?=.*[0-9])[a-z0-9]{2,8}$",
            r"\u0041+",
            r"^[^<>]{1,5}$",
            r"^\/api\/v{1}$",
            r"^#[0-9a-fA-F]{6}$",
            r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
            r"^\p{L}+$",
            "^{[a-z]}$",
            r"^[a-z_.-]+$",
            r"^[\s\S]{2}$",
            r"^(?<year>\d{4})$",
            "^[[]x]$",
        ] {
            check(source);
        }
    }

    #[test]
    fn lengths_are_met_where_the_pattern_allows() {
        let tape = Seed::new(1).tape(1024);
        let account = r"^arn:aws:appsync:[A-Za-z0-9_/.-]{0,63}:\d{12}:apis/[0-9A-Za-z_-]{26}$";
        for (source, least, most) in [
            ("^[a-z]+$", 40, 40),
            ("^[a-z]*$", 0, 0),
            ("x", 5, 5),
            ("^(ab)*$", 10, 11),
            (account, 70, 75),
            ("^[a-z]{0,9}-[0-9]{4}$", 7, 7),
        ] {
            let text = Pattern::new(source).sample(&mut Unstructured::new(&tape), least, most);
            let text = text.unwrap_or_else(|| panic!("no string for {source}"));
            assert!((least..=most).contains(&text.chars().count()), "{source} {text:?}");
            assert!(Pattern::new(source).matches(&text));
        }
    }

    #[test]
    fn the_impossible_ends() {
        assert_eq!(Pattern::new("^a{5}$").sample(&mut Unstructured::new(&[1; 64]), 0, 3), None);
        assert!(Pattern::new("(").matches("anything"));
    }
}
