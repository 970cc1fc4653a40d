//! What differs without meaning anything. Main type: [`Noise`]; main function: [`by_nature`].

use std::collections::{BTreeMap, BTreeSet};

use super::spot::{Class, KINDS, Spot};
use crate::api::OperationId;
use crate::finding::seconds;
use crate::schema::is_uuid;

/// Two times that are nearer than this many seconds are two readings of one clock.
const SAME_HOUR: i64 = 3_600;
/// The shortest text that may be a random token.
const TOKEN: usize = 16;
/// How often something may fail to be confirmed at a place before the place is noise.
const DOUBTS: u32 = 3;

/// In what an answer differs, whichever way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Respect {
    Status,
    Member,
    Type,
    Value,
    Header,
    Schema,
    Time,
}

/// A place of an operation's answers, in one respect.
type Place = (OperationId, Respect, String);

/// The places at which a target's answers to equal requests were not equal. Noise is for the whole run: who differs from
/// itself once may do so at any time.
#[derive(Debug, Default)]
pub(super) struct Noise {
    /// What the first target was seen to change between: statuses, and types of values.
    base: BTreeMap<Place, BTreeSet<String>>,
    /// Where a value or a header of the second one changed.
    head: BTreeSet<Place>,
    doubts: BTreeMap<Place, u32>,
}

impl Noise {
    /// Takes in that the first target differed from itself.
    pub(super) fn learn(&mut self, operation: &OperationId, spot: &Spot) {
        let shown = self.base.entry(place(operation, spot)).or_default();
        shown.extend(parts(spot.class, &spot.base).chain(parts(spot.class, &spot.head)).map(str::to_owned));
    }

    /// Takes in that the second one did. That it is unsteady may be what is wrong with it, so only values count: none is
    /// right or wrong by itself.
    pub(super) fn learn_head(&mut self, operation: &OperationId, spot: &Spot) {
        if matches!(spot.class, Class::Value | Class::Header) {
            self.head.insert(place(operation, spot));
        }
    }

    /// Takes in that what seemed to differ here did not in the end. After some times it is not asked again.
    pub(super) fn doubt(&mut self, operation: &OperationId, spot: &Spot) {
        let doubts = self.doubts.entry(place(operation, spot)).or_default();
        *doubts += 1;
        if *doubts >= DOUBTS {
            self.learn(operation, spot);
        }
    }

    /// Whether the difference says no more than what is known to differ by itself.
    pub(super) fn covers(&self, operation: &OperationId, spot: &Spot) -> bool {
        self.head.contains(&place(operation, spot)) || self.is_shown_by_base(operation, spot)
    }

    /// Whether what the first target shows here is among what it changes between.
    pub(super) fn is_among_base(&self, operation: &OperationId, spot: &Spot) -> bool {
        self.base.get(&place(operation, spot)).is_some_and(|shown| shown.contains(&spot.base))
    }

    /// Whether the first target has shown by itself what the second one shows here.
    pub(super) fn is_shown_by_base(&self, operation: &OperationId, spot: &Spot) -> bool {
        let Some(shown) = self.base.get(&place(operation, spot)) else { return false };
        match spot.class {
            Class::StatusClass | Class::Status => shown.contains(&spot.head),
            Class::Type => {
                let own: BTreeSet<_> = parts(spot.class, &spot.base).collect();
                parts(spot.class, &spot.head).all(|kind| own.contains(kind) || shown.contains(kind))
            }
            _ => true,
        }
    }
}

fn place(operation: &OperationId, spot: &Spot) -> Place {
    let respect = match spot.class {
        // A spot's place says from what to what here: that is what noise remembers besides.
        Class::StatusClass | Class::Status => return (operation.clone(), Respect::Status, String::new()),
        Class::MemberGone | Class::MemberNew => Respect::Member,
        Class::Type => Respect::Type,
        Class::Value => Respect::Value,
        Class::Header => Respect::Header,
        Class::Schema => Respect::Schema,
        Class::Slower => Respect::Time,
    };
    (operation.clone(), respect, spot.place.clone())
}

fn parts(class: Class, shown: &str) -> impl Iterator<Item = &str> {
    let separator = if class == Class::Type { KINDS } else { "\0" };
    shown.split(separator)
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

    fn spot(class: Class, base: &str, head: &str) -> Spot {
        let place = if class == Class::StatusClass { format!("{base} -> {head}") } else { "200 body/x".to_owned() };
        Spot { class, place, base: base.into(), head: head.into() }
    }

    /// Whether a difference is noise once base has shown the first one by itself.
    #[track_caller]
    fn check_learned(seen: (Class, &str, &str), asked: (Class, &str, &str), expected: bool) {
        let mut noise = Noise::default();
        let operation = OperationId::new("get", "/a");
        let of = |(class, base, head): (Class, &str, &str)| spot(class, base, head);
        noise.learn(&operation, &of(seen));
        assert_eq!(noise.covers(&operation, &of(asked)), expected, "{seen:?} {asked:?}");
        assert!(!noise.covers(&OperationId::new("put", "/a"), &of(asked)), "{asked:?} of another operation");
    }

    #[test]
    fn what_base_shows_by_itself_is_noise_for_the_whole_run() {
        use Class::{Header, MemberGone, MemberNew, Status, StatusClass, Type, Value};
        check_learned((Value, "1", "2"), (Value, "3", "4"), true);
        check_learned((Header, "1", "2"), (Header, "3", "4"), true);
        check_learned((Value, "1", "2"), (Type, "number", "text"), false);
        check_learned((MemberNew, "", ""), (MemberGone, "", ""), true);
        check_learned((StatusClass, "200", "503"), (StatusClass, "200", "503"), true);
        check_learned((StatusClass, "503", "200"), (StatusClass, "200", "503"), true);
        check_learned((StatusClass, "200", "503"), (StatusClass, "200", "500"), false);
        check_learned((StatusClass, "200", "503"), (Status, "503", "500"), false);
        check_learned((Type, "null", "text"), (Type, "text", "null"), true);
        check_learned((Type, "null", "text"), (Type, "null", "number"), false);
        check_learned((Type, "null", "text"), (Type, "number", "null or number or text"), true);
    }

    #[test]
    fn of_head_only_values_are_noise_and_only_for_what_is_asked_later() {
        let mut noise = Noise::default();
        let operation = OperationId::new("get", "/a");
        let (value, status) = (spot(Class::Value, "1", "2"), spot(Class::StatusClass, "200", "500"));
        noise.learn_head(&operation, &value);
        noise.learn_head(&operation, &status);
        assert!(noise.covers(&operation, &value) && !noise.is_shown_by_base(&operation, &value));
        assert!(!noise.covers(&operation, &status));
    }

    #[test]
    fn what_is_not_confirmed_time_and_again_is_noise() {
        let mut noise = Noise::default();
        let operation = OperationId::new("get", "/a");
        let member = spot(Class::MemberNew, "(none)", "(there)");
        for _ in 1..DOUBTS {
            noise.doubt(&operation, &member);
        }
        assert!(!noise.covers(&operation, &member));
        noise.doubt(&operation, &member);
        assert!(noise.covers(&operation, &member));
    }
}
