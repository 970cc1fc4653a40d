//! How long a run may go on. Main type: [`Budget`].

use std::time::Duration;

use crate::clock::Stopwatch;

/// The share of a time budget, in percent, that is kept for proving what waits for the end.
const RESERVE: u32 = 10;

/// How much longer a run may take than its time, for all that comes after it together: proof of what is grave, cleaning
/// up, and looking at the findings once more.
const GRACE: Duration = Duration::from_secs(15);

/// Limits of a run: requests, time, rate.
#[derive(Debug)]
pub(super) struct Budget {
    watch: Stopwatch,
    time: Option<Duration>,
    requests: Option<u64>,
    rate: Option<u32>,
    planned: u64,
    sent: u64,
}

impl Budget {
    /// Starts now.
    pub(super) fn start(time: Option<Duration>, requests: Option<u64>, rate: Option<u32>) -> Self {
        Self { watch: Stopwatch::start(), time, requests, rate, planned: 0, sent: 0 }
    }

    /// Time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.watch.elapsed()
    }

    /// How many of `wanted` requests may be planned. They count once [`Budget::planned`] was told of them.
    pub(super) fn room(&self, wanted: usize) -> usize {
        let left = self.requests.map_or(u64::MAX, |requests| requests.saturating_sub(self.planned));
        usize::try_from(left).unwrap_or(usize::MAX).min(wanted)
    }

    /// How many of `wanted` requests the next epoch may have: none of the last tenth as long as that has not begun, so that what
    /// waits for it has all of it.
    pub(super) fn next_epoch(&self, wanted: usize) -> usize {
        let before = self.requests.map_or(0, |requests| (requests - requests / 10).saturating_sub(self.planned));
        let before = usize::try_from(before).unwrap_or(usize::MAX);
        self.room(if before > 0 { wanted.min(before) } else { wanted })
    }

    /// Counts what was planned.
    pub(super) fn planned(&mut self, requests: usize) {
        self.planned += requests as u64;
    }

    /// Whether the request budget is used up.
    pub(super) fn is_spent(&self) -> bool {
        self.requests.is_some_and(|requests| self.planned >= requests)
    }

    /// Whether the end is near: the last tenth of the requests, or the last fifth of the time.
    pub(super) fn is_late(&self) -> bool {
        let by_requests = self.requests.is_some_and(|requests| self.planned >= requests - requests / 10);
        let by_time = self.time.is_some_and(|time| self.elapsed() >= time / 5 * 4);
        by_requests || by_time
    }

    /// Counts requests that go out.
    pub(super) fn sent(&mut self, requests: usize) {
        self.sent += requests as u64;
    }

    /// How long to wait before the next request, to keep the rate.
    pub(super) fn pause(&self) -> Duration {
        let Some(rate) = self.rate else { return Duration::ZERO };
        let due = Duration::from_secs_f64(self.sent as f64 / f64::from(rate.max(1)));
        due.saturating_sub(self.elapsed())
    }

    /// Time left for sending new cases. Where proofs wait, a part of the budget is theirs.
    pub(super) fn left(&self, proofs_wait: bool) -> Option<Duration> {
        let time = self.time?;
        let usable = if proofs_wait { time * (100 - RESERVE) / 100 } else { time };
        Some(usable.saturating_sub(self.elapsed()))
    }

    /// Time left until even proofs are given up.
    pub(super) fn left_for_proof(&self) -> Option<Duration> {
        self.time.map(|time| time.saturating_sub(self.elapsed()))
    }

    /// Time left until the run has to be over, with the grace that all shares that comes after its time.
    pub(super) fn left_in_all(&self) -> Duration {
        self.time.map_or(Duration::MAX, |time| time.saturating_add(GRACE).saturating_sub(self.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_when_planned() {
        let mut budget = Budget::start(None, Some(100), None);
        assert_eq!(budget.room(64), 64);
        budget.planned(64);
        assert_eq!(budget.room(64), 36);
        assert_eq!((budget.next_epoch(64), budget.is_late()), (26, false));
        budget.planned(26);
        assert_eq!((budget.next_epoch(64), budget.is_late()), (10, true));
        budget.planned(10);
        assert!(budget.is_spent());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let budget = Budget::start(None, None, None);
        assert_eq!(budget.left(true), None);
        assert_eq!(budget.pause(), Duration::ZERO);
        assert!(!budget.is_spent());
    }

    #[test]
    fn remarks_have_a_share_of_the_time() {
        let budget = Budget::start(Some(Duration::from_secs(1000)), None, None);
        assert!(budget.left(true) <= Some(Duration::from_mins(15)));
        assert!(budget.left(false) > Some(Duration::from_mins(15)));
    }

    #[test]
    fn what_comes_after_the_time_shares_one_grace() {
        let over = Budget::start(Some(Duration::ZERO), None, None);
        assert_eq!(over.left_for_proof(), Some(Duration::ZERO));
        let (first, second) = (over.left_in_all(), over.left_in_all());
        assert!(second <= first && first <= GRACE && !second.is_zero());
        assert_eq!(Budget::start(None, None, None).left_in_all(), Duration::MAX);
        assert!(Budget::start(Some(Duration::MAX), None, None).left_in_all() > GRACE);
    }

    #[test]
    fn the_rate_spaces_requests() {
        let mut budget = Budget::start(None, None, Some(1));
        assert_eq!(budget.pause(), Duration::ZERO);
        (0..1000).for_each(|_| budget.sent(1));
        assert!(budget.pause() > Duration::from_mins(15));
    }
}
