//! Simpler numbers. Main type: [`Integer`]; for any other number [`rounded`] tells what is nearer to one.

use bytes::Bytes;

use super::bisect::Bisection;

/// The most digits that are counted with.
const DIGITS: usize = 38;

/// A whole number on its way to zero.
#[derive(Debug)]
pub(super) struct Integer {
    /// Whether it is below zero.
    is_negative: bool,
    /// Whether it is to be tried without its sign.
    is_sign_open: bool,
    size: Bisection,
}

impl Integer {
    /// A number as it is written; `None` if it is not a whole one, or not written as such.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (is_negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
        let is_plain = digits.iter().all(u8::is_ascii_digit) && (1..=DIGITS).contains(&digits.len());
        if !is_plain || (digits[0] == b'0' && text.len() > 1) {
            return None;
        }
        let size: u128 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Self { is_negative, is_sign_open: false, size: Bisection::new(size, true) })
    }

    /// The number to try.
    pub(super) fn next(&self) -> Option<Bytes> {
        let next = if self.is_sign_open { self.size.high() } else { self.size.next()? };
        let sign = if self.is_negative && !self.is_sign_open && next > 0 { "-" } else { "" };
        Some(format!("{sign}{next}").into())
    }

    /// Takes in whether it does.
    pub(super) fn tell(&mut self, does: bool) {
        if self.is_sign_open {
            self.is_negative &= !does;
            self.is_sign_open = false;
            return;
        }
        let is_zero = self.size.next() == Some(0);
        self.size.tell(does);
        self.is_sign_open = self.is_negative && is_zero && !does;
    }
}

/// What is nearer to a whole number than this one, or to zero: without its fraction, or with less of it and a smaller
/// exponent. Of a number that is too long, its beginning.
pub(super) fn rounded(text: &Bytes) -> Vec<Bytes> {
    let Some((sign, whole, fraction, exponent)) = parts(text) else { return Vec::new() };
    let mut all: Vec<String> = vec!["0".to_owned(), format!("{sign}{whole}")];
    all.extend(whole.parse::<u128>().ok().map(|whole| format!("{sign}{}", whole.saturating_add(1))));
    let written = |whole: &str, fraction: &str, exponent: Option<&str>| {
        let point = if fraction.is_empty() { "" } else { "." };
        let e = if exponent.is_some() { "e" } else { "" };
        format!("{sign}{whole}{point}{fraction}{e}{}", exponent.unwrap_or_default())
    };
    all.push(written(whole, "", exponent));
    all.extend(beginnings(fraction).map(|fraction| written(whole, fraction, exponent)));
    all.push(written(whole, fraction, None));
    for less in exponent.into_iter().flat_map(lesser) {
        all.push(written(whole, fraction, Some(&less)));
    }
    all.extend(beginnings(whole).filter(|begin| !begin.is_empty()).map(|begin| written(begin, fraction, exponent)));
    // As written with a smaller letter or without a plus it is the same number: shorter, or before it.
    let is_less = |other: &Bytes| (other.len(), &other[..]) < (text.len(), &text[..]);
    all.into_iter().map(Bytes::from).filter(is_less).collect()
}

/// Half of it, three quarters, and so on up to all but the last digit.
fn beginnings(digits: &str) -> impl Iterator<Item = &str> {
    let halves = std::iter::successors(Some(digits.len() / 2), |size| Some(size / 2)).take_while(|size| *size > 0);
    halves.map(move |size| &digits[..digits.len() - size])
}

/// Exponents nearer to zero.
fn lesser(exponent: &str) -> Vec<String> {
    let Ok(number) = exponent.parse::<i64>() else { return Vec::new() };
    let steps = std::iter::successors(Some(number / 2), |step| Some(step / 2)).take_while(|step| *step != 0);
    steps.chain((number != 0).then_some(number.signum())).map(|step| (number - step).to_string()).collect()
}

/// Sign, whole digits, digits after the point, exponent.
fn parts(text: &[u8]) -> Option<(&str, &str, &str, Option<&str>)> {
    let text = std::str::from_utf8(text).ok()?;
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) =
        rest.split_once(['e', 'E']).map_or((rest, None), |(before, after)| (before, Some(after)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && is_digits(whole) && is_digits(fraction)).then_some((sign, whole, fraction, exponent))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(number: i64, does: impl Fn(i64) -> bool) -> i64 {
        let mut integer = Integer::parse(number.to_string().as_bytes()).unwrap();
        let mut best = number;
        while let Some(next) = integer.next() {
            let tried: i64 = std::str::from_utf8(&next).unwrap().parse().unwrap();
            if does(tried) {
                best = tried;
            }
            integer.tell(does(tried));
        }
        best
    }

    #[test]
    fn whole_numbers_go_toward_zero() {
        assert_eq!(left(i64::MAX, |number| number > 1000), 1001);
        assert_eq!(left(-77, |number| number < 0), -1);
        assert_eq!(left(-77, |number| number.abs() > 20), 21);
        assert_eq!(left(-77, |_| true), 0);
        for text in ["", "-", "007", "-0", "1.5", "1e3", "x", "999999999999999999999999999999999999999"] {
            assert!(Integer::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[track_caller]
    fn check(text: &'static str, expected: &[&str]) {
        assert_eq!(rounded(&Bytes::from_static(text.as_bytes())), expected, "{text}");
    }

    #[test]
    fn other_numbers_go_toward_whole_ones() {
        check("2.75", &["0", "2", "3", "2", "2.7"]);
        check("-0", &["0"]);
        check(
            "1e400",
            &["0", "1", "2", "1", "1e200", "1e300", "1e350", "1e375", "1e388", "1e394", "1e397", "1e399", "1e399"],
        );
        check("abc", &[]);
        check("", &[]);
        check("\u{3}", &[]);
    }

    proptest! {
        #[test]
        fn the_least_whole_number_is_found(number in any::<i64>(), least in any::<i64>()) {
            prop_assume!(number.unsigned_abs() >= least.unsigned_abs());
            let found = left(number, |tried| tried.unsigned_abs() >= least.unsigned_abs());
            prop_assert_eq!(found.unsigned_abs(), least.unsigned_abs());
            prop_assert!(found >= 0 || number == i64::MIN, "the sign is left out where it can be");
        }

        #[test]
        fn other_numbers_get_smaller(text in "-?[0-9]{1,4}(\\.[0-9]{0,4})?([eE][+-]?[0-9]{1,3})?") {
            for other in rounded(&Bytes::from(text.clone())) {
                prop_assert!((other.len(), &other[..]) < (text.len(), text.as_bytes()), "{:?} {}", other, text);
            }
        }
    }
}
