//! Integers of more than 64 bits, as the text writes them. Main function: [`written`].
//!
//! A JSON value holds integers of 64 bits and doubles; what a longer integer loses on reading is found here in the text.

use std::collections::BTreeSet;

use crate::schema::Digits;

/// The least double that no integer of 64 bits reaches.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;
/// The fewest digits of an integer beyond 64 bits.
const FEWEST: usize = 19;

/// Whether a double may have been such an integer.
pub(super) fn is_suspect(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() >= BEYOND / 2.0
}

/// The digits of those of the doubles that stand in the text as integers, and what is to be told of them: pointer and
/// message for each that stands there in two ways.
pub(super) fn written(text: &str, suspects: &[(String, f64)]) -> (Digits, Vec<(String, String)>) {
    let (mut digits, mut remarks) = (Digits::default(), Vec::new());
    if suspects.is_empty() {
        return (digits, remarks);
    }
    let doubles: BTreeSet<u64> = suspects.iter().map(|(_, number)| number.to_bits()).collect();
    for found in integers(text) {
        // The integers of 64 bits are exact, and doubles of their size are suspects all the same.
        let is_short = found.parse::<i64>().is_ok() || found.parse::<u64>().is_ok();
        let number = found.parse::<f64>().ok().filter(|number| !is_short && doubles.contains(&number.to_bits()));
        let Some(number) = number else { continue };
        if let Some(first) = digits.keep(number, found) {
            let message =
                format!("the integers {first} and {found} are the same double; the first one is sent for both");
            let same = suspects.iter().filter(|(_, suspect)| suspect.to_bits() == number.to_bits());
            remarks.extend(same.map(|(pointer, _)| (pointer.clone(), message.clone())));
        }
    }
    (digits, remarks)
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

    /// What is kept of the number at a pointer, and what is told.
    #[track_caller]
    fn check(text: &str, pointer: &str, expected: Option<&str>, remarks: &[(&str, &str)]) {
        let parsed = parse(text).unwrap();
        let number = parsed.value.pointer(pointer).and_then(serde_json::Value::as_number).unwrap();
        assert_eq!(parsed.digits.of(number), expected, "{text}");
        assert_eq!(parsed.remarks.len(), remarks.len(), "{:?}", parsed.remarks);
        for ((pointer, message), (at, part)) in parsed.remarks.iter().zip(remarks) {
            assert!(pointer == at && message.contains(part), "{pointer}: {message}");
        }
    }

    #[test]
    fn integers_beyond_64_bits_are_kept_in_json_and_yaml() {
        let long = "99999999999999999999999";
        check(&format!(r#"{{"a": [1, {long}]}}"#), "/a/1", Some(long), &[]);
        check(&format!("a:\n  maximum: {long}\n"), "/a/maximum", Some(long), &[]);
        check(r#"{"a": -18446744073709551617}"#, "/a", Some("-18446744073709551617"), &[]);
        check("a: 18446744073709551616\n", "/a", Some("18446744073709551616"), &[]);
        let longest = "9".repeat(78);
        check(&format!("a: {longest}\n"), "/a", Some(&longest), &[]);
    }

    #[test]
    fn integers_of_64_bits_and_doubles_are_what_they_are() {
        check(r#"{"a": 18446744073709551615, "b": -9223372036854775808}"#, "/a", None, &[]);
        check(r#"{"a": 1.7976931348623157e308, "b": 1e23, "c": "77777777777777777777777"}"#, "/b", None, &[]);
    }

    #[test]
    fn two_that_are_one_double_are_told() {
        let text = r#"{"a": 99999999999999999999999, "b": 99999999999999999999998}"#;
        let part = "99999999999999999999999 and 99999999999999999999998 are the same double";
        check(text, "/b", Some("99999999999999999999999"), &[("/a", part), ("/b", part)]);
    }
}
