//! Patterns in the words of other regular expressions, as ECMA 262 says them. Main function: [`mended`].
//!
//! Java's POSIX classes, the anchors of Ruby and Python, octal escapes and pairs of surrogates mean something in the
//! language of the server that the document was made from, and nothing or something else in ECMA.

use super::keyword::{Tidy, shortened};
use super::types::type_names;

/// Classes by their names in Java that ECMA does not know.
const CLASSES: [(&str, &str); 10] = [
    ("Alnum", "0-9A-Za-z"),
    ("Blank", r" \t"),
    ("Cntrl", r"\x00-\x1F\x7F"),
    ("Digit", "0-9"),
    ("Graph", "!-~"),
    ("LD", r"\p{L}\p{Nd}"),
    ("Print", " -~"),
    ("Punct", r"!-\/:-@\[-`{-~"),
    ("XDigit", "0-9A-Fa-f"),
    ("all", r"\s\S"),
];

/// All characters beyond the first plane, as ranges of surrogates that documents write.
const SURROGATES: [&str; 2] = [r"\uD800\uDC00-\uDBFF\uDFFF", r"\uD800\uDBFF-\uDC00\uDFFF"];

impl Tidy<'_> {
    pub(super) fn pattern(&mut self) {
        let Some(pattern) = self.map.get("pattern").and_then(|pattern| pattern.as_str()) else { return };
        let types = type_names(self.map.get("type"));
        if !types.is_empty() && !types.iter().any(|name| name == "string") {
            let message = format!("`pattern` has no effect on a value of type {}", types.join(" or "));
            return self.assumed("pattern", message);
        }
        // `/^a$/` is how a pattern is written in programs, not in schemas.
        let inner = pattern.strip_prefix("/^").and_then(|rest| rest.strip_suffix("$/"));
        if let Some(inner) = inner.map(|inner| format!("^{inner}$")) {
            self.assumed("pattern", format!("`{pattern}` stands in slashes; it is read without them"));
            self.map.insert("pattern".into(), inner.into());
        } else if let Some(mended) = mended(pattern) {
            let message =
                format!("`{}` is not of ECMA-262; it is read as `{}`", shortened(pattern), shortened(&mended));
            self.assumed("pattern", message);
            self.map.insert("pattern".into(), mended.into());
        } else if let Err(error) = regress::Regex::new(pattern) {
            let message =
                format!("`{}` is no regular expression of ECMA-262 ({error}); it may go unchecked", shortened(pattern));
            self.assumed("pattern", message);
        }
    }
}

/// The pattern in ECMA's words, if it is in others and what comes out is a pattern.
fn mended(pattern: &str) -> Option<String> {
    if !pattern.contains('\\') {
        return None;
    }
    let mut out = String::with_capacity(pattern.len());
    let mut is_in_class = false;
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        let (text, length) = if next == '\\' {
            escape(rest, is_in_class, pattern.len() - rest.len())
        } else {
            is_in_class = if is_in_class { next != ']' } else { next == '[' };
            (String::from(next), next.len_utf8())
        };
        out.push_str(&text);
        rest = &rest[length..];
    }
    let is_read = |flags| regress::Regex::with_flags(&out, flags).is_ok();
    (out != pattern && (is_read("") || is_read("u"))).then_some(out)
}

/// What the escape at the beginning of a text becomes, and how long it is.
fn escape(text: &str, is_in_class: bool, at: usize) -> (String, usize) {
    if let Some(pair) = SURROGATES.iter().find(|pair| is_in_class && starts_with(text, pair)) {
        return ("\u{10000}-\u{10FFFF}".to_owned(), pair.len());
    }
    let letter = text[1..].chars().next().unwrap_or('\\');
    let length = (1 + letter.len_utf8()).min(text.len());
    let is_last = text.len() == length;
    let octal = text.get(2..4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
    match (letter, octal) {
        ('p' | 'P', _) => property(text, letter, is_in_class).unwrap_or_else(|| (text[..length].to_owned(), length)),
        ('0', Some(code)) => (format!("\\x{code:02X}"), 4),
        ('A', _) if at == 0 => ("^".to_owned(), length),
        ('z' | 'Z', _) if is_last && !is_in_class => ("$".to_owned(), length),
        _ => (text[..length].to_owned(), length),
    }
}

/// `\p{Name}` of Java.
fn property(text: &str, letter: char, is_in_class: bool) -> Option<(String, usize)> {
    let end = text.find('}')?;
    let name = text.get(3..end).filter(|_| text[2..].starts_with('{'))?;
    let (_, class) = CLASSES.iter().find(|(known, _)| *known == name)?;
    let written = match (letter, is_in_class) {
        ('p', true) => (*class).to_owned(),
        ('p', false) => format!("[{class}]"),
        (_, false) => format!("[^{class}]"),
        (_, true) => return None,
    };
    Some((written, end + 1))
}

fn starts_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: &str) {
        assert_eq!(mended(pattern).as_deref().unwrap_or(pattern), expected);
    }

    #[test]
    fn words_of_other_languages_become_ecma() {
        check(r"\p{Print}+", "[ -~]+");
        check(r"^[\-\p{Alnum}_:.]+$", r"^[\-0-9A-Za-z_:.]+$");
        check(r"\P{Digit}", "[^0-9]");
        check(r"\A[a-z]+\z", "^[a-z]+$");
        check(r"[^/:|\000-\037]+", r"[^/:|\x00-\x1F]+");
        check(r"[\u0020-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r]*", "[\\u0020-\\uFFFD\u{10000}-\u{10FFFF}\\r]*");
    }

    #[test]
    fn what_is_ecma_stays_as_it_is() {
        for pattern in
            [r"^\d{3}\.\p{L}\0$", r"\\p{Print}", r"[\]\p{Lu}]+", r"a\z?b\Ac", "\\", r"[A-Z]\/", r"\ud83d\ude00"]
        {
            check(pattern, pattern);
        }
    }
}
