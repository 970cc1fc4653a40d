//! Amounts of memory as people write them: `512MiB`, `1GiB`, `200MB`, or a number of bytes. Main type: [`Size`].

use std::fmt;
use std::str::FromStr;

/// An amount of memory in bytes; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// The binary units first: `MB` must not be read of `MiB`.
const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("", 1),
];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || format!("{text:?} is no size; write 512MiB, 1GiB, 200MB or a number of bytes");
        let lower = text.trim().to_ascii_lowercase();
        let found =
            UNITS.iter().find_map(|(unit, scale)| Some((lower.strip_suffix(&unit.to_ascii_lowercase())?, scale)));
        let (number, scale) = found.ok_or_else(refuse)?;
        let number = number.trim_end();
        let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let bytes = number.parse::<u64>().ok().filter(|_| is_plain).and_then(|number| number.checked_mul(*scale));
        bytes.filter(|bytes| *bytes > 0).map(Self).ok_or_else(refuse)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = UNITS.iter().find(|(_, scale)| self.0.is_multiple_of(*scale)).unwrap_or(&("", 1));
        write!(f, "{}{unit}", self.0 / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        let size = text.parse::<Size>().ok();
        assert_eq!(size.map(|size| size.0), expected, "{text:?}");
        assert!(size.is_none_or(|size| size.to_string().parse() == Ok(size)), "{text:?}");
    }

    #[test]
    fn sizes_are_read_and_shown() {
        check("256MiB", Some(256 << 20));
        check(" 1 gib ", Some(1 << 30));
        check("200MB", Some(200_000_000));
        check("1234", Some(1234));
        assert_eq!(Size(256 << 20).to_string(), "256MiB");
        assert_eq!(Size(1001).to_string(), "1001");
        for wrong in ["", "MiB", "1.5GiB", "-1", "0", "lots", "99999999999999GiB", "+1"] {
            check(wrong, None);
        }
    }
}
