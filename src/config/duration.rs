//! Durations as people write them: `90s`, `5m`, `1h`, `250ms`, or a number of seconds. Main type: [`Span`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A duration that was written by a person: never zero, at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Far above any budget, and far below what overflows a clock.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Units and their milliseconds; `ms` before `m` and `s`, for the suffix is looked up in this order.
const UNITS: [(&str, f64); 4] = [("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0), ("h", 3_600_000.0)];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || format!("{text:?} is no duration; write 90s, 5m, 1h, 250ms or a number of seconds");
        let text = text.trim();
        let unit = UNITS.iter().find(|(suffix, _)| text.ends_with(suffix));
        let (suffix, scale) = unit.copied().unwrap_or(("", 1_000.0));
        let number = text.strip_suffix(suffix).unwrap_or(text).trim_end();
        // `f64` also reads `inf`, `1e9` and `+1`; people who write those made a mistake.
        let plain =
            number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(|c| c.is_ascii_digit() || c == '.');
        let amount: f64 = if plain { number.parse().map_err(|_| refuse())? } else { return Err(refuse()) };
        let seconds = Duration::try_from_secs_f64(amount * scale / 1_000.0).map_err(|_| refuse())?;
        // Whole milliseconds: what is shown must be read back as the same.
        let duration =
            Duration::from_millis(u64::try_from((seconds.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX));
        match duration {
            Duration::ZERO => Err(format!("{text:?} is zero; give a duration above it")),
            long if long > LONGEST => Err(format!("{text:?} is longer than a year")),
            fitting => Ok(Self(fitting)),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            _ if !millis.is_multiple_of(1_000) => write!(f, "{millis}ms"),
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ => write!(f, "{}s", millis / 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, millis: Option<u64>) {
        let read = text.parse::<Span>();
        assert_eq!(read.as_ref().ok().map(|span| span.0), millis.map(Duration::from_millis), "{text:?}: {read:?}");
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        check("60", Some(60_000));
        check("60s", Some(60_000));
        check("5m", Some(300_000));
        check("1h", Some(3_600_000));
        check("250ms", Some(250));
        check("1.5 s", Some(1_500));
        for wrong in ["", "s", "0", "0s", "-1s", "5x", "inf", "1e9", "1m30s", "9999999h", "5 minutes", "1.2.3"] {
            check(wrong, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(millis in 1..31_000_000_000_u64) {
            let span = Span(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = text.parse::<Span>();
        }
    }
}
