//! Secrets: a type whose `Debug` hides them, and their removal from any text before it leaves the process.
//!
//! Main types: [`Secret`], [`Redactor`]. It does not guess what is secret in an answer; the oracles do that.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What stands in place of a secret.
pub const MASK: &str = "[redacted]";

/// A value that must never reach a file, a log or a terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the wire only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Replaces every known secret in a text.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Knows these secrets. Values shorter than four characters are left out: masking them would shred the text.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut known: Vec<String> = Vec::new();
        for secret in secrets {
            for part in parts(secret.expose()) {
                if part.len() >= 4 && !known.contains(&part) {
                    known.push(part);
                }
            }
        }
        known.sort_by_key(|k| std::cmp::Reverse(k.len()));
        Self { secrets: known }
    }

    /// Knows these as well.
    #[must_use]
    pub fn and<'a>(&self, secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut all = Self::new(secrets).secrets;
        all.extend(self.secrets.iter().cloned());
        all.sort_by_key(|known| std::cmp::Reverse(known.len()));
        all.dedup();
        Self { secrets: all }
    }

    /// The text without the secrets.
    pub fn text(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }

    /// Whether the text holds a known secret.
    pub fn finds(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
    }
}

/// What of a secret may come back alone: `Bearer TOKEN` is sent whole, but an answer may hold its token; a cookie's
/// value may come without its name; the password of `Basic` comes in plain.
fn parts(secret: &str) -> Vec<String> {
    let last = secret.rsplit(' ').next().unwrap_or(secret);
    let mut parts = vec![secret.to_owned(), last.to_owned()];
    if let Some(encoded) = secret.strip_prefix("Basic ") {
        let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        parts.extend(decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.to_owned()));
    } else {
        let cookies = secret.split(';').filter_map(|cookie| cookie.split_once('='));
        parts.extend(cookies.map(|(_, value)| value.trim().to_owned()));
    }
    parts
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_secret() {
        let secret = Secret::new("Bearer s3cret-token");
        assert_eq!(format!("{secret:?}"), MASK);
        assert!(!format!("{:?}", Redactor::new([&secret])).contains("s3cret"));
    }

    #[track_caller]
    fn check(secrets: &[&str], text: &str, expected: &str) {
        let secrets: Vec<Secret> = secrets.iter().copied().map(Secret::new).collect();
        assert_eq!(Redactor::new(&secrets).text(text), expected);
    }

    #[test]
    fn more_secrets_are_known_beside_the_first_ones() {
        let [first, more] = ["abcd", "abcdef"].map(Secret::new);
        assert_eq!(Redactor::new([&first]).and([&more]).text("abcdef abcd"), "[redacted] [redacted]");
    }

    #[test]
    fn secrets_are_masked_longest_first() {
        check(&["Bearer tok-123"], "Authorization: Bearer tok-123", "Authorization: [redacted]");
        check(&["Bearer tok-123"], "{\"token\":\"tok-123\"}", "{\"token\":\"[redacted]\"}");
        check(&["abcd", "abcdef"], "abcdef abcd", "[redacted] [redacted]");
        check(&["a"], "a banana", "a banana");
        check(&["sid=s3cret; theme=dark"], "sid: s3cret", "sid: [redacted]");
        // alice:hunter2
        check(&["Basic YWxpY2U6aHVudGVyMg=="], "no user with password hunter2", "no user with password [redacted]");
    }
}
