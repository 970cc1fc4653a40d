//! Simpler forms of one value, one try after another, the boldest first. Main type: [`Simpler`].
//!
//! Each form is shorter, or as long and plainer. It knows the values that failed, so that none is tried twice.

use std::collections::BTreeSet;

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::bisect::Bisection;
use super::number::{Integer, rounded};
use super::units::{Unit, Written, joined, units};

/// Runs of a unit that are tried as one of them.
const RUN: usize = 3;
/// Up to how many chunks are left out one by one; of more only the first and the last.
const CHUNKS: usize = 8;
/// Up to how many units each is left out.
const FEW: usize = 16;
/// What stands for any unit where only their number matters.
const ANY: &[u8] = b"a";

/// A value of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Without the quotes, where it has any.
    pub(super) text: Bytes,
    pub(super) written: Written,
    pub(super) kind: Kind,
}

/// What a value must stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A JSON number.
    Number,
    /// A segment of a path: without it, or as one that means another place, the path is that of something else.
    Segment,
    /// Any text.
    Text,
    /// A JSON word, of which there is no simpler form.
    Word,
}

/// The search for the simplest form of a value.
#[derive(Debug)]
pub(super) struct Simpler {
    value: Value,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Integer(Integer),
    /// One unit over and over: only how often matters.
    Run(Bytes, Bisection),
    /// Anything else, and what failed of it.
    Other(BTreeSet<Bytes>),
}

impl Simpler {
    /// Begins with this value, which shows what is looked for.
    pub(super) fn of(value: Value) -> Self {
        let form = Form::of(&value);
        Self { value, form }
    }

    /// The next form to try. It stays the same until its outcome is told.
    pub(super) fn next(&self) -> Option<Bytes> {
        match &self.form {
            Form::Integer(integer) => integer.next(),
            Form::Run(unit, times) => times.next().map(|times| unit.repeat(usize::try_from(times).unwrap_or(0)).into()),
            Form::Other(failed) => self.value.simpler().into_iter().find(|candidate| !failed.contains(candidate)),
        }
    }

    /// Takes in whether the form shows what is looked for.
    pub(super) fn tell(&mut self, shows: bool) {
        let Some(candidate) = self.next() else { return };
        match &mut self.form {
            Form::Integer(integer) => integer.tell(shows),
            Form::Run(_, times) => times.tell(shows),
            Form::Other(failed) if !shows => {
                failed.insert(candidate.clone());
            }
            Form::Other(_) => {}
        }
        if shows {
            self.value.text = candidate;
            if let Form::Other(failed) = &mut self.form {
                let failed = std::mem::take(failed);
                self.form = match Form::of(&self.value) {
                    Form::Other(_) => Form::Other(failed),
                    other => other,
                };
            }
        }
    }
}

impl Form {
    fn of(value: &Value) -> Self {
        let integer = Integer::parse(&value.text).filter(|_| value.kind != Kind::Word);
        if let Some(integer) = integer {
            return Self::Integer(integer);
        }
        let units = units(&value.text, value.written);
        let is_repeatable = |unit: &Unit| !unit.is_mark && value.allows(&unit.text);
        match (value.kind, units.split_first()) {
            (Kind::Text | Kind::Segment, Some((first, rest)))
                if !rest.is_empty() && is_repeatable(first) && rest.iter().all(|unit| unit == first) =>
            {
                Self::Run(first.text.clone(), Bisection::new(units.len() as u128, value.allows(b"")))
            }
            _ => Self::Other(BTreeSet::new()),
        }
    }
}

impl Value {
    /// Whether it is this text, as it is written.
    pub(super) fn means(&self, text: &str) -> bool {
        match self.written {
            Written::Plain => self.text == text.as_bytes(),
            Written::Percent => percent_decode(&self.text).eq(text.bytes()),
            Written::Json => {
                let quoted = [b"\"", &*self.text, b"\""].concat();
                serde_json::from_slice::<String>(&quoted).is_ok_and(|own| own == text)
            }
        }
    }

    fn allows(&self, text: &[u8]) -> bool {
        match self.kind {
            Kind::Segment => !matches!(text, b"" | b"." | b".."),
            Kind::Number => !text.is_empty(),
            Kind::Text | Kind::Word => true,
        }
    }

    /// Simpler forms of a value of no special form, the boldest first.
    fn simpler(&self) -> Vec<Bytes> {
        let mut all = match self.kind {
            Kind::Word => Vec::new(),
            Kind::Number => rounded(&self.text),
            Kind::Text | Kind::Segment => shorter(&units(&self.text, self.written)),
        };
        all.retain(|text| *text != self.text && self.allows(text));
        all
    }
}

/// Nothing, no repetitions, halves, as many of something plain; then without smaller and smaller parts.
fn shorter(units: &[Unit]) -> Vec<Bytes> {
    let length = units.len();
    let without = |start: usize, end: usize| {
        let rest = |(index, unit): &(usize, &Unit)| unit.is_mark || !(start..end).contains(index);
        joined(units.iter().enumerate().filter(rest).map(|(_, unit)| unit))
    };
    let mut all = vec![without(0, length)];
    all.extend(folded(units));
    if length > 1 {
        all.extend([without(length / 2, length), without(0, length / 2)]);
        all.extend(plain(units));
    }
    let mut size = length / 4;
    if length < 4 {
        size = usize::from(length > 1);
    }
    while size > 0 {
        let starts: Vec<usize> = (0..length).step_by(size).collect();
        let is_few = starts.len() <= if size == 1 { FEW } else { CHUNKS };
        all.push(without(length - size, length));
        all.push(without(0, size));
        if is_few {
            all.extend(starts.into_iter().map(|start| without(start, start + size)));
        }
        size /= 2;
    }
    all
}

/// Each run of equal units as one of them.
fn folded(units: &[Unit]) -> Option<Bytes> {
    let runs = || units.chunk_by(|one, other| one == other);
    let is_run = |run: &[Unit]| run.len() >= RUN && !run[0].is_mark;
    let kept = |run: &'_ [Unit]| if is_run(run) { 1 } else { run.len() };
    runs().any(is_run).then(|| joined(runs().flat_map(|run| &run[..kept(run)])))
}

/// As many units of which each may be any.
fn plain(units: &[Unit]) -> Option<Bytes> {
    let is_odd = units.iter().any(|unit| unit.is_mark);
    (!is_odd).then(|| ANY.repeat(units.len()).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str, written: Written, kind: Kind) -> Value {
        Value { text: Bytes::copy_from_slice(text.as_bytes()), written, kind }
    }

    /// What is left where these forms show what is looked for, and after how many tries.
    fn simplest(value: Value, shows: impl Fn(&str) -> bool) -> (String, usize) {
        let mut best = value.text.clone();
        let mut simpler = Simpler::of(value);
        let mut tries = 0;
        while let Some(candidate) = simpler.next() {
            tries += 1;
            assert!(tries < 10_000, "no end");
            let does = shows(&String::from_utf8_lossy(&candidate));
            assert!(measure(&candidate) < measure(&best), "{candidate:?} is not smaller than {best:?}");
            if does {
                best = candidate;
            }
            simpler.tell(does);
        }
        (String::from_utf8_lossy(&best).into_owned(), tries)
    }

    /// Shorter is smaller, then plainer, then what comes first.
    fn measure(text: &Bytes) -> (usize, usize, Bytes) {
        (text.len(), text.iter().filter(|byte| **byte != b'a').count(), text.clone())
    }

    #[track_caller]
    fn check(value: Value, shows: impl Fn(&str) -> bool, expected: &str, most: usize) {
        let (left, tries) = simplest(value, shows);
        assert_eq!(left, expected);
        assert!(tries <= most, "{tries} tries");
    }

    #[test]
    fn a_text_is_cut_down_to_what_matters() {
        let text = |text: &str| value(text, Written::Json, Kind::Text);
        check(text("k3jd92kfj39dk2kd93kdnvbw7fhq"), |text| text.len() > 20, &"a".repeat(21), 16);
        check(text("it's what it is"), |text| text.contains('\''), "'", 16);
        check(text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), |text| text.len() > 20, &"A".repeat(21), 10);
        check(text("x%%%%%%%%%%%%%%%%y"), |text| text.contains("x%"), "x%", 24);
        check(text("2024-02-30"), |text| text == "2024-02-30", "2024-02-30", 24);
        check(text("one\\u0000two\\n"), |text| text.contains("\\u0000"), "\\u0000", 24);
        check(text("anything"), |_| true, "", 1);
    }

    #[test]
    fn what_is_filled_in_stays() {
        let text = value("{{fresh_1}}tail@example.com", Written::Json, Kind::Text);
        check(text.clone(), |_| true, "{{fresh_1}}", 1);
        check(text, |text| text.contains('@'), "{{fresh_1}}@", 40);
        assert_eq!(Simpler::of(value("{{fresh_1}}", Written::Json, Kind::Text)).next(), None);
    }

    #[test]
    fn a_segment_stays_one() {
        let segment = |text: &str| value(text, Written::Percent, Kind::Segment);
        check(segment("some%20thing"), |_| true, "s", 8);
        check(segment("..a.."), |text| text.contains('.'), "a.", 24);
        check(segment("98765"), |_| true, "0", 1);
        check(segment("%C3%A9%C3%A9x"), |text| text.contains("%C3%A9"), "%C3%A9", 8);
        check(segment("...."), |_| true, "a", 8);
    }

    #[test]
    fn a_value_means_what_is_written() {
        let means = |text: &str, written| value(text, written, Kind::Text).means("a b");
        assert!(means("a b", Written::Plain) && means("a%20b", Written::Percent) && means("a\\u0020b", Written::Json));
        assert!(
            !means("a%20b", Written::Plain)
                && !means("a%2520b", Written::Percent)
                && !means("a\\\\u0020b", Written::Json)
        );
    }

    #[test]
    fn words_stay() {
        for word in ["true", "null"] {
            assert_eq!(Simpler::of(value(word, Written::Plain, Kind::Word)).next(), None);
        }
    }

    proptest! {
        #[test]
        fn a_text_ends_as_short_as_the_rule_allows(text in "[a-c0-9]{1,60}", least in 1_usize..40) {
            prop_assume!(text.len() >= least);
            let (left, tries) = simplest(value(&text, Written::Json, Kind::Text), |text| text.len() >= least);
            prop_assert_eq!(left.len(), least);
            prop_assert!(tries <= 40, "{} tries", tries);
        }

        #[test]
        fn of_a_short_text_each_unit_is_needed(text in "[a-e]{1,16}", needed in "[a-e]{1,3}") {
            let shows = |text: &str| needed.chars().all(|c| text.contains(c));
            prop_assume!(shows(&text));
            let (left, _) = simplest(value(&text, Written::Json, Kind::Text), shows);
            for index in 0..left.len() {
                let mut without = left.clone();
                without.remove(index);
                prop_assert!(!shows(&without), "{} would do for {}", without, left);
            }
        }

        #[test]
        fn the_search_ends_whatever_shows(text in ".{0,40}", seed in any::<u64>()) {
            let written = [Written::Json, Written::Percent, Written::Plain];
            for (written, kind) in written.into_iter().zip([Kind::Text, Kind::Segment, Kind::Number]) {
                let hash = |text: &str| text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
                let (left, _) = simplest(value(&text, written, kind), |text| hash(text) % 3 == 0);
                prop_assert!(left.len() <= text.len());
            }
        }
    }
}
