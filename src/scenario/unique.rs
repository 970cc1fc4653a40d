//! Texts that are new in each case, and in each execution of a recorded one. Main type: [`Unique`].

use super::Provenance;
use crate::seed::Seed;

/// The alphabet: digits and letters that nobody mistakes for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What unique things are called.
const NAMES: [&str; 12] = [
    "name",
    "username",
    "user",
    "login",
    "email",
    "slug",
    "key",
    "handle",
    "title",
    "label",
    "displayname",
    "identifier",
];

/// A word of a case and a place in it: a pure function of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unique(u64);

impl Unique {
    /// Characters of the word.
    pub const LENGTH: usize = 12;

    /// The word for this place; `salt` is the case's own number.
    pub fn of(pointer: &str, salt: u64) -> Self {
        // FNV-1a is enough to tell the places of one body apart; the salt is a hash already.
        let place = pointer
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        Self(salt ^ place)
    }

    /// Whether a member of this name is likely to hold what must be unique.
    pub fn is_usual(member: &str) -> bool {
        NAMES.contains(&member.to_ascii_lowercase().replace(['_', '-'], "").as_str())
    }

    /// Whether this has the form of a word.
    pub fn is_word(text: &str) -> bool {
        text.len() == Self::LENGTH && text.starts_with('g') && text.bytes().all(|byte| LETTERS.contains(&byte))
    }

    /// A new one for each `seed`.
    pub fn fresh(seed: Seed) -> Self {
        Self(seed.number())
    }

    /// The word: letters and digits, a letter first.
    pub fn word(self) -> String {
        let letter =
            |place: usize| char::from(LETTERS[usize::from((self.0 >> (5 * (place - 1))).to_le_bytes()[0] & 31)]);
        ['g'].into_iter().chain((1..Self::LENGTH).map(letter)).collect()
    }

    /// Whether a text looks like such a word: no word of a language has a digit in it.
    pub(crate) fn is_one(text: &str) -> bool {
        let is_letter = |byte: u8| LETTERS.contains(&byte);
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        text.len() == Self::LENGTH && text.starts_with('g') && has_digit && text.bytes().all(is_letter)
    }

    /// An address under a name that is reserved for examples (RFC 2606).
    pub fn email(self) -> String {
        format!("{}@example.com", self.word())
    }
}

impl Provenance {
    /// The case's own number, by which its words are unique.
    pub fn salt(&self) -> u64 {
        self.seed.child(self.generator.0, self.index).number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_differ_by_case_and_place_and_are_of_one_form() {
        let words = [Unique::of("/a", 1), Unique::of("/b", 1), Unique::of("/a", 2), Unique::fresh(Seed::new(1))];
        for (index, word) in words.iter().enumerate() {
            let text = word.word();
            assert!(text.len() == Unique::LENGTH && text.starts_with('g'), "{text}");
            assert!(Unique::is_word(&text) && !Unique::is_word(&text.to_uppercase()), "{text}");
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            assert!(words[index + 1..].iter().all(|other| other.word() != text), "{text}");
        }
        assert_eq!(words[0].email(), format!("{}@example.com", words[0].word()));
    }
}
