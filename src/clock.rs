//! The only place that reads a clock, so that time stays data and never decides what is generated.
//!
//! Main type: [`Stopwatch`]. It does not sleep, schedule or format anything but a date.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "this module is where clocks are read")]

use std::time::{Duration, Instant};

/// Measures the time since it was started, by the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Today's date in UTC as `YYYY-MM-DD` (RFC 3339 full-date).
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// Nanoseconds since 1970: for values that must differ from run to run, never for what is generated.
pub fn moment() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or_default()
}

/// CPU time used by this process so far (user and system), where the system tells.
pub fn process_cpu() -> Option<Duration> {
    // Linux: fields 14 and 15 of /proc/self/stat, in clock ticks of 10 ms. The name in field 2 may hold spaces.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_a_full_date() {
        let today = today();
        assert_eq!(today.len(), 10, "{today}");
        assert!(today.parse::<jiff::civil::Date>().is_ok(), "{today}");
    }

    #[test]
    fn cpu_time_never_runs_backwards() {
        let before = process_cpu();
        let after = process_cpu();
        assert!(before <= after);
    }
}
