//! A written value as a row of what can be left out one by one. Main function: [`units`].
//!
//! An escape, a percent-encoded character and a character of several bytes stay whole; so does what a scenario fills in.

use bytes::Bytes;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Between the quotes of a JSON string.
    Json,
    /// In a path, a query or a form.
    Percent,
    /// As it is.
    Plain,
}

/// What can't be taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) text: Bytes,
    /// Whether it is a placeholder: what a scenario fills in is there or the request is another one.
    pub(super) is_mark: bool,
}

/// The units of a value.
pub(super) fn units(value: &Bytes, written: Written) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut start = 0;
    while start < value.len() {
        let rest = &value[start..];
        let mark = mark(rest);
        let length = mark.or_else(|| escape(rest, written)).unwrap_or_else(|| character(rest));
        units.push(Unit { text: value.slice(start..start + length), is_mark: mark.is_some() });
        start += length;
    }
    units
}

/// The value that these are the units of.
pub(super) fn joined<'a>(units: impl IntoIterator<Item = &'a Unit>) -> Bytes {
    units.into_iter().flat_map(|unit| unit.text.iter().copied()).collect::<Vec<u8>>().into()
}

/// The length of the placeholder that this begins with.
fn mark(text: &[u8]) -> Option<usize> {
    let name = text.strip_prefix(b"{{")?;
    let length = name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    (length > 0 && name[length..].starts_with(b"}}")).then_some(length + 4)
}

fn escape(text: &[u8], written: Written) -> Option<usize> {
    match written {
        Written::Json => json_escape(text),
        Written::Percent => percent_encoded(text),
        Written::Plain => None,
    }
}

/// The two halves of a character beyond the first 65536 belong together (RFC 8259 section 7).
fn json_escape(text: &[u8]) -> Option<usize> {
    let number = |text: &[u8]| {
        let digits = text.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let Some(first) = number(text) else { return (text.len() > 1 && text[0] == b'\\').then_some(2) };
    let second = text.get(6..).and_then(number);
    let is_pair = (0xD800..0xDC00).contains(&first) && second.is_some_and(|low| (0xDC00..0xE000).contains(&low));
    Some(if is_pair { 12 } else { 6 })
}

/// All bytes of one encoded character.
fn percent_encoded(text: &[u8]) -> Option<usize> {
    let byte = |text: &[u8]| {
        let digits = text.strip_prefix(b"%")?.get(..2)?;
        u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let follow = width(byte(text)?) - 1;
    let is_whole =
        (1..=follow).all(|index| text.get(3 * index..).and_then(byte).is_some_and(|next| next & 0xC0 == 0x80));
    Some(if is_whole { 3 * (follow + 1) } else { 3 })
}

fn character(text: &[u8]) -> usize {
    let length = width(text[0]);
    let is_character = text.get(..length).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok());
    if is_character { length } else { 1 }
}

/// How many bytes a character takes that begins with this one (RFC 3629 section 3).
fn width(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(value: &str, written: Written, expected: &[&str]) {
        let units = units(&Bytes::copy_from_slice(value.as_bytes()), written);
        let shown: Vec<_> = units.iter().map(|unit| String::from_utf8_lossy(&unit.text).into_owned()).collect();
        assert_eq!(shown, expected, "{value}");
    }

    #[test]
    fn what_belongs_together_stays_together() {
        check("aé", Written::Plain, &["a", "é"]);
        check("a\\nb\\u00e9\\\"", Written::Json, &["a", "\\n", "b", "\\u00e9", "\\\""]);
        check("\\ud83d\\ude00\\ud83dx", Written::Json, &["\\ud83d\\ude00", "\\ud83d", "x"]);
        check("a%41%C3%A9%C3x%", Written::Percent, &["a", "%41", "%C3%A9", "%C3", "x", "%"]);
        check("{{id_2}}{{7*7}}", Written::Plain, &["{{id_2}}", "{", "{", "7", "*", "7", "}", "}"]);
    }

    proptest! {
        #[test]
        fn units_make_up_the_value(value in prop::collection::vec(any::<u8>(), 0..40), text in "[%a\\\\u0-9{}é]{0,24}") {
            for written in [Written::Json, Written::Percent, Written::Plain] {
                for value in [Bytes::from(value.clone()), Bytes::from(text.clone())] {
                    let units = units(&value, written);
                    prop_assert!(units.iter().all(|unit| !unit.text.is_empty()));
                    prop_assert_eq!(joined(&units), value);
                }
            }
        }
    }
}
