//! Numbers as the document writes them. Main types: [`Literal`], and [`Digits`], which knows those that a JSON value can't
//! hold.
//!
//! A JSON value holds integers of 64 bits and doubles. A longer integer is read as the nearest double, and by that double
//! its digits are found again: the reader of documents keeps them, and whoever writes a number of the document into a request
//! asks for them. Validation goes by doubles, as that of most servers does.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Number;

/// The digits of integers beyond 64 bits, by the doubles that they are read as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digits(BTreeMap<u64, Box<str>>);

impl Digits {
    /// Keeps an integer as it is written. The first of two that are the same double counts, and is told.
    pub fn keep(&mut self, double: f64, digits: &str) -> Option<&str> {
        let known: &str = self.0.entry(double.to_bits()).or_insert_with(|| digits.into());
        (known != digits).then_some(known)
    }

    /// Keeps what others have kept.
    pub fn extend(&mut self, others: Self) {
        for (double, digits) in others.0 {
            self.0.entry(double).or_insert(digits);
        }
    }

    /// The digits of a number, if it is one of those.
    pub fn of(&self, number: &Number) -> Option<&str> {
        if self.0.is_empty() || !number.is_f64() {
            return None;
        }
        self.0.get(&number.as_f64()?.to_bits()).map(|digits| &**digits)
    }

    /// Whether no number is one of those.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    number: Number,
    /// What is written, where the number can't hold it.
    digits: Option<Box<str>>,
}

impl Literal {
    /// The number with what is kept of it.
    pub fn new(number: &Number, digits: &Digits) -> Self {
        Self { number: number.clone(), digits: digits.of(number).map(Into::into) }
    }

    /// The number, or the double that is nearest.
    pub fn as_f64(&self) -> Option<f64> {
        self.number.as_f64()
    }

    /// The number, if it is an integer of 128 bits.
    pub fn as_i128(&self) -> Option<i128> {
        self.digits.as_ref().map_or_else(|| self.number.as_i128(), |digits| digits.parse().ok())
    }

    /// Whether it is an integer that a JSON value can't hold.
    pub fn is_long(&self) -> bool {
        self.digits.is_some()
    }

    /// The integer one above, or one below, if this is an integer.
    pub fn next(&self, is_up: bool) -> Option<String> {
        let step = if is_up { 1 } else { -1 };
        match (self.as_i128().and_then(|number| number.checked_add(step)), &self.digits) {
            (Some(next), _) => Some(next.to_string()),
            (None, Some(digits)) => Some(stepped(digits, is_up)),
            (None, None) => None,
        }
    }

    /// The order of two numbers, exact for integers of 128 bits.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self.as_i128(), other.as_i128()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => self.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.digits {
            Some(digits) => f.write_str(digits),
            None => self.number.fmt(f),
        }
    }
}

/// An integer of many digits, one further up or down.
fn stepped(digits: &str, is_up: bool) -> String {
    let (sign, magnitude) = digits.strip_prefix('-').map_or(("", digits), |magnitude| ("-", magnitude));
    let grows = is_up == sign.is_empty();
    // Nines become zeros on the way up, and zeros nines on the way down; the digit before them takes the step.
    let (passed, replaced) = if grows { (b'9', b'0') } else { (b'0', b'9') };
    let mut bytes = magnitude.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        if *byte != passed {
            *byte = if grows { *byte + 1 } else { *byte - 1 };
            return format!("{sign}{}", String::from_utf8_lossy(&bytes).trim_start_matches('0'));
        }
        *byte = replaced;
    }
    format!("{sign}1{}", String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(digits: &str, above: &str, below: &str) {
        let value = json!(digits.parse::<f64>().unwrap());
        let number = value.as_number().unwrap();
        let mut kept = Digits::default();
        kept.keep(number.as_f64().unwrap(), digits);
        let literal = Literal::new(number, &kept);
        assert!(literal.is_long());
        assert_eq!(literal.to_string(), digits);
        assert_eq!([literal.next(true).as_deref(), literal.next(false).as_deref()], [Some(above), Some(below)]);
    }

    #[test]
    fn integers_of_any_length_have_neighbours() {
        check("18446744073709551616", "18446744073709551617", "18446744073709551615");
        check("-18446744073709551617", "-18446744073709551616", "-18446744073709551618");
        let nines = "9".repeat(50);
        check(&nines, &format!("1{}", "0".repeat(50)), &format!("{}8", "9".repeat(49)));
        let round = format!("-1{}", "0".repeat(50));
        check(&round, &format!("-{}", "9".repeat(50)), &format!("-1{}1", "0".repeat(49)));
    }

    #[test]
    fn the_first_of_two_that_are_one_double_counts() {
        let mut digits = Digits::default();
        assert_eq!(digits.keep(1e23, "99999999999999999999999"), None);
        assert_eq!(digits.keep(1e23, "99999999999999999999999"), None);
        assert_eq!(digits.keep(1e23, "99999999999999999999998"), Some("99999999999999999999999"));
        assert_eq!(digits.of(json!(1e23).as_number().unwrap()), Some("99999999999999999999999"));
        assert_eq!(digits.of(json!(7).as_number().unwrap()), None);
    }

    #[test]
    fn short_numbers_are_what_they_are() {
        let literal = |value: serde_json::Value| Literal::new(value.as_number().unwrap(), &Digits::default());
        assert_eq!(literal(json!(7)).next(true).as_deref(), Some("8"));
        assert_eq!(literal(json!(0.5)).next(true), None);
        assert_eq!(literal(json!(7)).compare(&literal(json!(7.5))), Ordering::Less);
    }
}
