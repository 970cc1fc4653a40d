//! What differs without meaning anything. Main type: [`Noise`]; main function: [`by_nature`].

use std::collections::BTreeSet;

use super::spot::{Class, Spot};
use crate::api::OperationId;

/// Two times that are nearer than this many seconds are two readings of one clock.
const SAME_HOUR: i64 = 3_600;
/// Numbers that look like seconds since 1970 in our century.
const EPOCH: std::ops::Range<i64> = 1_000_000_000..4_000_000_000;
/// The shortest text that may be a random token.
const TOKEN: usize = 16;

/// The places that differ between two equal requests to one target.
#[derive(Debug, Default)]
pub(super) struct Noise(BTreeSet<(OperationId, Class, String)>);

impl Noise {
    /// Takes in what differed.
    pub(super) fn learn(&mut self, operation: &OperationId, spots: &[Spot]) {
        let lasting = spots.iter().filter(|spot| spot.class.is_of_value());
        self.0.extend(lasting.map(|spot| (operation.clone(), spot.class, spot.place.clone())));
    }

    /// Whether the place is known to differ.
    pub(super) fn covers(&self, operation: &OperationId, spot: &Spot) -> bool {
        self.0.contains(&(operation.clone(), spot.class, spot.place.clone()))
    }
}

/// Whether two values are of a sort that is another one each time: times that are near each other, UUIDs, random tokens.
pub(super) fn by_nature(one: &str, other: &str) -> bool {
    near_times(one, other)
        || (is_uuid(one) && is_uuid(other))
        || (one.len() == other.len() && is_token(one) && is_token(other))
}

fn near_times(one: &str, other: &str) -> bool {
    let times = seconds(one).zip(seconds(other));
    times.is_some_and(|(one, other)| (one - other).abs() < SAME_HOUR)
}

/// A time in seconds: RFC 3339, HTTP dates, seconds or milliseconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(number) = text.split('.').next()?.parse::<i64>() {
        let seconds = if EPOCH.contains(&(number / 1000)) { number / 1000 } else { number };
        return EPOCH.contains(&seconds).then_some(seconds);
    }
    let timestamp = text.parse::<jiff::Timestamp>().ok();
    let without_zone = || format!("{text}Z").parse::<jiff::Timestamp>().ok();
    let http = || Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp());
    timestamp.or_else(without_zone).or_else(http).map(jiff::Timestamp::as_second)
}

fn is_uuid(text: &str) -> bool {
    let is_right = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

/// A long word of letters and digits that nobody would choose.
fn is_token(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=+/.".contains(&byte));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() >= TOKEN && is_plain && digits >= 2 && digits < text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, expected: bool) {
        assert_eq!(by_nature(one, other), expected, "{one} {other}");
        assert_eq!(by_nature(other, one), expected, "{other} {one}");
    }

    #[test]
    fn times_ids_and_tokens_differ_by_nature() {
        check("2026-01-02T03:04:05Z", "2026-01-02T03:04:06.123+00:00", true);
        check("2026-01-02T03:04:05", "2026-01-02T03:04:09", true);
        check("2026-01-02T03:04:05Z", "2026-01-03T03:04:05Z", false);
        check("Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:07 GMT", true);
        check("1767323045", "1767323046", true);
        check("1767323045123", "1767323046001", true);
        check("100", "101", false);
        check("8f14e45f-ceea-467f-a8d5-3a3f0f1f2f3f", "8f14e45f-ceea-467f-a8d5-3a3f0f1f2f30", true);
        check("a1b2c3d4e5f60718", "ffffffff00000001", true);
        check("paid", "open", false);
        check("the whole sentence is text", "the whole sentence is test", false);
        check("2024-01-02", "2024-01-03", false);
    }

    #[test]
    fn only_values_and_headers_are_noise_for_the_whole_run() {
        let mut noise = Noise::default();
        let operation = OperationId::new("get", "/a");
        let spot = |class| Spot { class, place: "200 body/x".into(), base: String::new(), head: String::new() };
        noise.learn(&operation, &[spot(Class::Value), spot(Class::Type)]);
        assert!(noise.covers(&operation, &spot(Class::Value)) && !noise.covers(&operation, &spot(Class::Type)));
        assert!(!noise.covers(&OperationId::new("put", "/a"), &spot(Class::Value)));
    }
}
