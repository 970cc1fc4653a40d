//! Memory that a process says it leaked, when it ends. Main types: [`Leaks`], [`Leak`].
//!
//! `LeakSanitizer` looks when a program exits, and so it can't tell which request is to blame: this is no finding. Only a
//! process that is asked to end gets that far; one that is killed tells nothing.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::CrashReport;

/// What the processes of a target told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaks {
    /// How many of them told of a leak.
    pub told: u32,
    /// The largest.
    pub worst: Leak,
}

/// What one process told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leak {
    bytes: u64,
    allocations: u64,
    /// The innermost function of the program's own that allocated the first of them, if it is told.
    place: Option<String>,
}

impl Leaks {
    /// Takes in what a process wrote when it ended.
    pub(super) fn take_in(&mut self, text: &str) {
        let Some(leak) = Leak::find(text) else { return };
        self.told += 1;
        if leak.bytes > self.worst.bytes {
            self.worst = leak;
        }
    }
}

/// The last line of a report, which is there however long the report is.
static SUMMARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^SUMMARY: \w+Sanitizer: (?<bytes>\d+) byte\(s\) leaked in (?<allocations>\d+) allocation\(s\)")
        .expect("the pattern is tested")
});

impl Leak {
    fn find(text: &str) -> Option<Self> {
        let found = SUMMARY.captures(text)?;
        let report = CrashReport::find(text).filter(|report| report.kind.starts_with("LeakSanitizer"));
        Some(Self {
            bytes: found["bytes"].parse().ok()?,
            allocations: found["allocations"].parse().ok()?,
            place: report.and_then(|report| report.frames.into_iter().next()),
        })
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {} allocations", self.bytes, self.allocations)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, ", the first of them in {place}"))
    }
}

/// Whether this variable asks a program for such reports. They are on by themselves in many builds, but only who wants to
/// read them waits until a process has ended in its own time.
pub fn asks_for_leaks(name: &str, value: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ':' | ',');
    matches!(name, "ASAN_OPTIONS" | "LSAN_OPTIONS") && value.split(is_separator).any(|one| one == "detect_leaks=1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "bye\n\
        =================================================================\n\
        ==17507==ERROR: LeakSanitizer: detected memory leaks\n\n\
        Direct leak of 5000 byte(s) in 50 object(s) allocated from:\n    \
        #0 0x7fe7d1eb89cf in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69\n    \
        #1 0x55bed705c2a9 in keep_note notes.c:8\n    \
        #2 0x55bed705c3d5 in main notes.c:9\n\n\
        SUMMARY: AddressSanitizer: 5000 byte(s) leaked in 50 allocation(s).\n";

    #[test]
    fn the_worst_of_all_is_remembered() {
        let mut leaks = Leaks::default();
        leaks.take_in("SUMMARY: AddressSanitizer: heap-use-after-free notes.c:9 in show_note\n");
        assert_eq!(leaks, Leaks::default());
        leaks.take_in(REPORT);
        leaks.take_in("SUMMARY: LeakSanitizer: 7 byte(s) leaked in 1 allocation(s).\n");
        assert_eq!(leaks.told, 2);
        assert_eq!(leaks.worst.to_string(), "5000 bytes in 50 allocations, the first of them in keep_note");
        leaks.take_in("SUMMARY: LeakSanitizer: 7000 byte(s) leaked in 1 allocation(s).\n");
        assert_eq!(leaks.worst.to_string(), "7000 bytes in 1 allocations", "of a long report only the end is there");
    }

    #[test]
    fn a_variable_asks_for_them() {
        assert!(asks_for_leaks("ASAN_OPTIONS", "halt_on_error=0:detect_leaks=1"));
        assert!(asks_for_leaks("LSAN_OPTIONS", "detect_leaks=1 suppressions=x"));
        assert!(!asks_for_leaks("ASAN_OPTIONS", "detect_leaks=0"));
        assert!(!asks_for_leaks("UBSAN_OPTIONS", "detect_leaks=1"));
    }
}
