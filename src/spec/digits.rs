//! Integers that lost digits on reading. Main function: [`lost`].
//!
//! A JSON value holds integers of 64 bits and doubles. A longer integer becomes the nearest double, which is told if it is
//! another number; exact ones such as 2^64, and what is written as a double, are not.

use std::collections::BTreeMap;

/// The least double that no integer of 64 bits reaches.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;
/// The fewest digits of an integer beyond 64 bits.
const FEWEST: usize = 19;

/// Whether a double may have been such an integer.
pub(super) fn is_suspect(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() >= BEYOND / 2.0
}

/// Pointer and message for each double that stands in the text as an integer of another value.
pub(super) fn lost(text: &str, suspects: Vec<(String, f64)>) -> Vec<(String, String)> {
    if suspects.is_empty() {
        return Vec::new();
    }
    let mut written: BTreeMap<u64, &str> = BTreeMap::new();
    for digits in integers(text) {
        // The integers of 64 bits are exact, and doubles of their size are suspects all the same.
        if let Ok(number) = digits.parse::<f64>()
            && digits.parse::<i64>().is_err()
            && digits.parse::<u64>().is_err()
            && format!("{number:.0}") != digits
        {
            written.insert(number.to_bits(), digits);
        }
    }
    let remark = |(pointer, number): (String, f64)| {
        let digits = written.get(&number.to_bits())?;
        Some((
            pointer,
            format!("the integer {digits} has more than 64 bits; it is read as {number:e}, the nearest double"),
        ))
    };
    suspects.into_iter().filter_map(remark).collect()
}

/// The long integers of a text: digits, and a sign, that no point and no exponent follows.
fn integers(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_');
    let words = text.split(move |c: char| !is_part(c));
    words.filter(|word| {
        let digits = word.strip_prefix('-').unwrap_or(word);
        digits.len() >= FEWEST && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::parse;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let remarks = parse(text).unwrap().remarks;
        assert_eq!(remarks.len(), expected.len(), "{remarks:?}");
        for ((pointer, message), (at, part)) in remarks.iter().zip(expected) {
            assert!(pointer == at && message.contains(part), "{pointer}: {message}");
        }
    }

    #[test]
    fn integers_beyond_64_bits_are_told_in_json_and_yaml() {
        let long = "99999999999999999999999";
        check(&format!(r#"{{"a": [1, {long}]}}"#), &[("/a/1", long)]);
        check(&format!("a:\n  maximum: {long}\n"), &[("/a/maximum", long)]);
        check(r#"{"a": -18446744073709551617}"#, &[("/a", "-18446744073709551617")]);
    }

    #[test]
    fn exact_numbers_and_doubles_are_not() {
        check(r#"{"a": 18446744073709551615, "b": -9223372036854775808, "c": 18446744073709551616}"#, &[]);
        check(r#"{"a": 1.7976931348623157e308, "b": 1e23, "c": "77777777777777777777777"}"#, &[]);
    }
}
