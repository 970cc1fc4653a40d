//! Strings: by pattern, by format, by what the member is called, or free.

use serde_json::Value;

use super::{Maker, Wire};
use crate::schema::{Constraints, Format, fits};

/// How many characters a free string has at most without being asked for more.
const USUAL: usize = 24;
/// How often a string of a pattern or format is drawn until it may stand where it is wanted.
const ATTEMPTS: u32 = 6;

/// One text in so many is one of the user's words, if there are any and it takes one.
const WORD_SHARE: u8 = 4;
/// How many words are looked at until one fits.
const WORD_ATTEMPTS: usize = 64;

/// Characters of free strings; the first are the most usual.
const PLAIN: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MARKS: &str = " -_.,:;!?'\"()[]{}<>/\\|@#$%^&*+=~`\t\n";
const FOREIGN: &str = "äéßñøçİıŁžдж中文字かな한글عربעב𝒳😀👩\u{301}\u{200B}\u{202E}\u{FEFF}\u{2028}";

/// What strings of these names mostly are. A name is compared without case and separators.
const NAMED: &[(&str, Sort)] = &[
    ("email", Sort::Format(Format::Email)),
    ("mail", Sort::Format(Format::Email)),
    ("uuid", Sort::Format(Format::Uuid)),
    ("guid", Sort::Format(Format::Uuid)),
    ("url", Sort::Format(Format::Uri)),
    ("uri", Sort::Format(Format::Uri)),
    ("website", Sort::Format(Format::Uri)),
    ("phone", Sort::Format(Format::Phone)),
    ("hostname", Sort::Format(Format::Hostname)),
    ("ipaddress", Sort::Format(Format::Ipv4)),
    ("currency", Sort::Text("USD")),
    ("country", Sort::Text("US")),
    ("countrycode", Sort::Text("US")),
    ("language", Sort::Text("en")),
    ("locale", Sort::Text("en")),
    ("timezone", Sort::Text("UTC")),
    ("version", Sort::Format(Format::Semver)),
];

#[derive(Clone, Copy)]
enum Sort {
    Format(Format),
    Text(&'static str),
}

/// Whether a text goes through servers and proxies unchanged as a path segment.
pub(super) fn stands_in_path(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
}

/// Whether a text can be a header's value as it is.
pub(super) fn stands_in_field(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && text.trim() == text
}

impl Maker<'_, '_> {
    pub(super) fn text(&mut self, constraints: &Constraints, name: Option<&str>) -> Option<String> {
        let rules = &constraints.string;
        let least = if self.how.wire == Wire::Json { rules.min_length } else { rules.min_length.max(1) };
        let most = rules.max_length.unwrap_or(usize::MAX);
        if least > most {
            // Only the empty text is legal, and it can't be said here, except in a query.
            return (self.how.wire == Wire::Pairs && rules.min_length == 0).then(String::new);
        }
        if let Some(word) = self.word(constraints) {
            return Some(word.to_owned());
        }
        if let Some(text) = self.is_careful.then(|| self.of_format_and_patterns(constraints)).flatten() {
            return Some(text);
        }
        if let Some(pattern) = rules.patterns.first() {
            let usual = most.min(least.saturating_add(200));
            return (0..ATTEMPTS).find_map(|_| {
                let text = pattern.sample(self.tape.bytes(), least, usual);
                // A pattern may ask for more than is usual.
                let text = text.or_else(|| pattern.sample(self.tape.bytes(), least, most))?;
                let others = rules.patterns[1..].iter().all(|other| other.matches(&text));
                (others && self.stands(&text)).then_some(text)
            });
        }
        if let Some(format) = rules.format.filter(|format| format.is_text()) {
            let drawn = self.format(format, least, most);
            let text = drawn.or_else(|| lengthened(format, least).filter(|text| self.stands(text)));
            if text.is_some() {
                return text;
            }
        }
        let name = name.filter(|_| rules.format.is_none() && !self.tape.once_in(4));
        let named = name.and_then(|name| self.by_name(name, least, most));
        Some(named.unwrap_or_else(|| self.free(least, most)))
    }

    /// A text of the format that has the patterns too: few texts of a pattern for dates are dates.
    fn of_format_and_patterns(&mut self, constraints: &Constraints) -> Option<String> {
        let rules = &constraints.string;
        let format = rules.format.filter(|format| format.is_text() && !rules.patterns.is_empty())?;
        let (least, most) = (rules.min_length, rules.max_length.unwrap_or(usize::MAX));
        let has_all = |text: &String| rules.patterns.iter().all(|pattern| pattern.matches(text));
        (0..ATTEMPTS).find_map(|_| self.format(format, least, most).filter(has_all))
    }

    /// A text of this many characters, by the pattern or the format if there is one.
    pub(super) fn text_of_length(&mut self, constraints: &Constraints, length: usize) -> Option<String> {
        let rules = &constraints.string;
        if let Some(pattern) = rules.patterns.first() {
            return pattern.sample(self.tape.bytes(), length, length);
        }
        match rules.format.filter(|format| format.is_text() && !matches!(format, Format::Password | Format::Binary)) {
            // Those that have one length only have it in every sample.
            Some(format) => lengthened(format, length).or_else(|| self.format(format, length, length)),
            None => Some(self.free(length, length)),
        }
    }

    /// One of the user's words, in a part of the texts that take one.
    fn word(&mut self, constraints: &Constraints) -> Option<&str> {
        let words = self.how.words;
        if words.is_empty() || !self.tape.once_in(WORD_SHARE) {
            return None;
        }
        let first = self.tape.below(words.len());
        let mut turned = words.iter().cycle().skip(first).take(words.len().min(WORD_ATTEMPTS)).map(|word| &**word);
        // A format is judged by the validator, which is asked before a value that is not proved is used.
        turned.find(|word| fits(self.document, constraints, &Value::from(*word)) && self.can_say(word))
    }

    /// Whether a text arrives as it is where it is wanted.
    fn can_say(&self, text: &str) -> bool {
        self.how.wire == Wire::Json || !text.is_empty() && self.stands(text)
    }

    fn stands(&self, text: &str) -> bool {
        match self.how.wire {
            Wire::Json | Wire::Pairs => true,
            Wire::Path => stands_in_path(text),
            Wire::Field => stands_in_field(text),
        }
    }

    fn format(&mut self, format: Format, least: usize, most: usize) -> Option<String> {
        if matches!(format, Format::Password | Format::Binary) {
            return None;
        }
        (0..ATTEMPTS).find_map(|_| {
            let text = format.sample(self.tape.bytes());
            ((least..=most).contains(&text.chars().count()) && self.stands(&text)).then_some(text)
        })
    }

    fn by_name(&mut self, name: &str, least: usize, most: usize) -> Option<String> {
        let letters = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        let length = letters().count();
        let matches = |known: &str| known.len() == length && letters().eq(known.bytes());
        match NAMED.iter().find(|(known, _)| matches(known))?.1 {
            Sort::Format(format) => self.format(format, least, most),
            Sort::Text(text) => ((least..=most).contains(&text.len()) && self.stands(text)).then(|| text.to_owned()),
        }
    }

    /// Letters mostly; a few strings are of marks or of foreign characters.
    fn free(&mut self, least: usize, most: usize) -> String {
        let first = least.max(most.min(1));
        let usual = most.min(first.saturating_add(USUAL));
        let length = first + self.tape.below(usual - first + 1);
        let sort = if matches!(self.how.wire, Wire::Json | Wire::Pairs) { self.tape.below(16) } else { 0 };
        let alphabet = match sort {
            14 => MARKS,
            15 => FOREIGN,
            _ => return self.plain(length),
        };
        let characters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| characters[self.tape.below(characters.len())]).collect()
    }

    /// Letters and digits, read from the tape in one go.
    fn plain(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.tape.fill(&mut bytes);
        for byte in &mut bytes {
            *byte = PLAIN[usize::from(*byte) % PLAIN.len()];
        }
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// A text of a format that has no length of its own, of this many characters.
fn lengthened(format: Format, length: usize) -> Option<String> {
    let filled = |before: &str, after: &str| {
        let rest = length.checked_sub(before.len() + after.len())?;
        Some(format!("{before}{}{after}", "a".repeat(rest)))
    };
    match format {
        Format::Email | Format::IdnEmail => filled("", "@b.co"),
        Format::Uri => filled("http://example.com/", ""),
        Format::UriReference | Format::JsonPointer => filled("/", ""),
        // Seconds have as many decimals as there is room for.
        Format::DateTime => match length {
            20 => filled("2024-05-06T07:08:09Z", ""),
            _ => Some(format!("2024-05-06T07:08:09.{}Z", "0".repeat(length.checked_sub(21).filter(|rest| *rest > 0)?))),
        },
        Format::Byte => length.is_multiple_of(4).then(|| "A".repeat(length)),
        Format::Regex | Format::Hex => filled("", ""),
        _ => None,
    }
}
