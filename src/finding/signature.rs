//! The key by which two findings are the same bug. Main type: [`Signature`].
//!
//! Version 1: `v1:` and 16 hex digits of a hash over oracle, operation, and the oracle's own discriminators
//! (status class, normalised error text, location in the schema, rule that was broken). Where answers are alike and the
//! target's own log has a stack trace, the type of the error and the frame that raised it narrow it down.

use std::fmt;

use crate::api::OperationId;

use super::OracleId;

/// A versioned key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature(String);

impl Signature {
    /// The signature of a finding by its oracle, its operation, and what else tells bugs apart.
    pub fn new(oracle: OracleId, operation: &OperationId, discriminators: &[&str]) -> Self {
        Self::hashed([oracle.0, operation.as_str()].iter().chain(discriminators))
    }

    /// The signature of one of several bugs that have this one in common, by what tells them apart.
    #[must_use]
    pub fn narrowed(&self, discriminators: &[&str]) -> Self {
        Self::hashed([self.as_str()].iter().chain(discriminators))
    }

    fn hashed<'a>(parts: impl Iterator<Item = &'a &'a str>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(format!("v1:{}", &hasher.finalize().to_hex()[..16]))
    }

    /// Takes the text of a signature as it is, such as from a fixture.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last eight hex digits, for names of files and tests.
    pub fn short(&self) -> &str {
        let start = self.0.len().saturating_sub(8);
        self.0.get(start..).unwrap_or(&self.0)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of a text decides.
const NORMALISED_LENGTH: usize = 160;

/// An error text without what varies from request to request: quoted parts, paths of files, numbers, hex and long
/// tokens become `#`, white space is folded, and the rest is cut.
pub fn normalised(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() >= NORMALISED_LENGTH {
            break;
        }
        if c.is_alphanumeric() || c == '_' {
            let mut word = String::from(c);
            while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
                word.push(next);
            }
            let varies = word.chars().any(|c| c.is_ascii_digit()) || !word.is_ascii() || word.len() > 40;
            push(&mut out, if varies { "#" } else { &word });
        } else if c == '/' && begins_path(&out, chars.peek()) {
            while chars.next_if(|c| !c.is_whitespace() && !"\"'`()[]<>{},;".contains(*c)).is_some() {}
            push(&mut out, "#");
        } else if c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if matches!(c, '"' | '\'' | '`' | '“' | '”') {
            let end = if c == '“' { '”' } else { c };
            let rest = chars.clone();
            let quoted = rest.take_while(|next| *next != end).count();
            // Only a short quotation that is closed is one: an apostrophe is no opening quote.
            if quoted <= 200 && chars.clone().nth(quoted) == Some(end) {
                for _ in 0..=quoted {
                    chars.next();
                }
                push(&mut out, "#");
            }
        } else if c.is_ascii() && !c.is_control() {
            out.push(c);
        } else {
            push(&mut out, "#");
        }
    }
    out.trim().to_owned()
}

/// Whether a slash after this text and before this character is the first one of a path.
fn begins_path(before: &str, next: Option<&char>) -> bool {
    let is_after_word = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | '.' | '/' | ':'));
    !is_after_word && next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '.'))
}

/// Adds a part, folding runs of `#`.
fn push(out: &mut String, part: &str) {
    if part == "#" && out.ends_with('#') {
        return;
    }
    out.push_str(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(left: &str, right: &str) {
        assert_eq!(normalised(left), normalised(right));
    }

    #[test]
    fn what_varies_does_not_decide() {
        same("no row with id 17", "no row with id 99123");
        same("cannot parse 'abc' at 3", "cannot parse 'x\u{301}y' at 44");
        same("request 3f2a-11 failed", "request 9c-0be1 failed");
        same("no such file: /srv/data/a.txt", "no such file: /srv/b");
        assert_ne!(normalised("read/write error"), normalised("read/seek error"));
        assert_ne!(normalised("division by zero"), normalised("index out of bounds"));
    }

    #[test]
    fn an_open_quote_is_kept_as_text() {
        assert_eq!(normalised("can't divide"), "cant divide");
    }

    #[test]
    fn signatures_separate_their_parts() {
        let operation = OperationId::new("get", "/a");
        let of = |parts: &[&str]| Signature::new(OracleId("server_error"), &operation, parts);
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["ab"]), of(&["a", "b"]));
        assert!(of(&[]).as_str().starts_with("v1:"));
        assert_eq!(of(&[]).short().len(), 8);
    }
}
