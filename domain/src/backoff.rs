//! Polling intervals, retry delays and backoff, so that waiting for hours costs few calls. All times are in
//! milliseconds.

use crate::time::{HOUR, MINUTE, SECOND, Timestamp};
use serde::{Deserialize, Serialize};

/// "120 calls a minute": we stop at 100, since Echo360's minute may begin at another time than ours and a
/// call may go out twice (a renewed token, the other spelling of a path).
pub const CALLS_PER_MINUTE: usize = 100;

/// The time until the first poll of an upstream request, and the shortest time between two polls.
pub const MIN_POLL_INTERVAL: i64 = 2 * SECOND;

/// The longest time between two polls: 3 slots × 1 poll a minute = 3 calls a minute.
pub const MAX_POLL_INTERVAL: i64 = MINUTE;

/// The time until the next poll of an upstream request of this age: a twentieth of it, so that on average a
/// finished file is noticed after a fortieth (2.5 %) of the time that it took to build.
#[must_use]
pub fn poll_interval(age: i64) -> i64 {
    (age / 20).clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL)
}

/// The wait before a window is tried again after `tries` failures: short after a first, transient fault.
#[must_use]
pub fn retry_interval(tries: u8) -> i64 {
    if tries <= 1 { 2 * SECOND } else { 20 * SECOND }
}

/// Exponential backoff: the wait doubles with each failure in a row, and the first success resets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    troubles: u8,
    until: Timestamp,
}

impl Backoff {
    /// The wait after the first failure.
    pub const BASE: i64 = 5 * SECOND;
    /// The longest wait that doubling reaches.
    pub const LONGEST: i64 = 5 * MINUTE;
    /// The longest `Retry-After` that is respected: a wrong one must not stop collecting for days.
    pub const LONGEST_ASKED: i64 = HOUR;
    /// The level of a shortened backoff, in failures: 5 × 2² = 20 s after the last one.
    const SHORTENED_LEVEL: u8 = 3;

    /// Records a failure at `now`. `retry_after`: Echo360's own `Retry-After`, in milliseconds.
    pub fn record_failure(&mut self, now: Timestamp, retry_after: Option<i64>) {
        self.troubles = self.troubles.saturating_add(1);
        let wait = retry_after.map_or(self.doubled_wait(), |wait| wait.clamp(SECOND, Self::LONGEST_ASKED));
        self.until = now.plus(wait);
    }

    /// The wait after this many failures, without a `Retry-After`.
    fn doubled_wait(self) -> i64 {
        (Self::BASE << self.troubles.saturating_sub(1).min(10)).min(Self::LONGEST)
    }

    /// Shortens the wait to 20 s after the last failure, because a person may have corrected the cause.
    /// Repeated calls shorten it no further. Only for failures without a `Retry-After`.
    pub fn shorten(&mut self) {
        if self.troubles > Self::SHORTENED_LEVEL {
            let last_failure = self.until.plus(-self.doubled_wait());
            self.troubles = Self::SHORTENED_LEVEL;
            self.until = last_failure.plus(self.doubled_wait());
        }
    }

    /// Ends the wait, because an administrator tries again. The next failure waits as long as it would have.
    pub fn end_wait(&mut self) {
        self.until = Timestamp::default();
    }

    /// Whether the last of these calls failed, even if its wait is over.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.troubles > 0
    }

    /// Ends the backoff after a success.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Until when to wait, if that is after `now`. A time that is further ahead than any wait is ignored: the
    /// clock was set back.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        (self.until > now && self.until.since(now) <= Self::LONGEST_ASKED).then_some(self.until)
    }
}

/// The times of the calls of the last minute. All calls to the reporting API go through the scheduler, so
/// the count is complete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallLedger {
    at: Vec<Timestamp>,
}

impl CallLedger {
    /// Records a call at `now`.
    pub fn record_call(&mut self, now: Timestamp) {
        self.at.retain(|at| *at <= now && now.since(*at) < MINUTE);
        self.at.push(now);
    }

    /// Whether fewer than half of a minute's calls are used: the condition for calls of low priority.
    #[must_use]
    pub fn has_spare_calls(&self, now: Timestamp) -> bool {
        self.at.iter().filter(|at| **at <= now && now.since(**at) < MINUTE).count() < CALLS_PER_MINUTE / 2
    }

    /// When the next call may go out; `None` if it may go out now.
    #[must_use]
    pub fn next_free_at(&self, now: Timestamp) -> Option<Timestamp> {
        let mut recent = self.at.iter().filter(|at| **at <= now && now.since(**at) < MINUTE);
        let first = *recent.next()?;
        (recent.count() + 1 >= CALLS_PER_MINUTE).then(|| first.plus(MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_calls_than_the_limit() {
        let mut ledger = CallLedger::default();
        let (mut now, mut calls) = (Timestamp(0), Vec::new());
        for _ in 0..1000 {
            now = ledger.next_free_at(now).unwrap_or(now).plus(7);
            ledger.record_call(now);
            calls.push(now);
            let minute = calls.iter().filter(|at| now.since(**at) < MINUTE).count();
            assert!(minute <= CALLS_PER_MINUTE);
        }
    }

    #[test]
    fn a_backoff_does_not_apply_after_the_clock_was_set_back() {
        let mut backoff = Backoff::default();
        backoff.record_failure(Timestamp(10 * HOUR), Some(30 * SECOND));
        assert_eq!(backoff.until(Timestamp(10 * HOUR)), Some(Timestamp(10 * HOUR + 30 * SECOND)));
        assert_eq!(backoff.until(Timestamp(-20 * HOUR)), None);
    }

    #[test]
    fn a_retry_after_holds_for_an_hour_at_most_and_an_administrator_ends_it() {
        let mut backoff = Backoff::default();
        for _ in 0..3 {
            backoff.record_failure(Timestamp(0), Some(24 * HOUR));
        }
        assert_eq!(backoff.until(Timestamp(0)), Some(Timestamp(HOUR)));
        backoff.end_wait();
        assert_eq!((backoff.until(Timestamp(0)), backoff.has_failed()), (None, true));
        backoff.record_failure(Timestamp(0), None);
        assert_eq!(backoff.until(Timestamp(0)), Some(Timestamp(40 * SECOND)), "the fourth failure");
    }

    #[test]
    fn shortening_a_backoff_again_shortens_it_no_further() {
        let mut backoff = Backoff::default();
        for n in 0..6 {
            backoff.record_failure(Timestamp(n * HOUR), None);
        }
        let last = Timestamp(5 * HOUR);
        assert_eq!(backoff.until(last), Some(last.plus(160 * SECOND)));
        for _ in 0..3 {
            backoff.shorten();
            assert_eq!(backoff.until(last), Some(last.plus(20 * SECOND)));
        }
        let mut fresh = Backoff::default();
        fresh.record_failure(last, None);
        fresh.shorten();
        assert_eq!(fresh.until(last), Some(last.plus(5 * SECOND)), "a shorter wait is not changed");
    }

    #[test]
    fn polls_become_less_frequent_with_age() {
        let intervals: Vec<i64> =
            [0, MINUTE, 10 * MINUTE, 5 * HOUR].iter().map(|age| poll_interval(*age) / SECOND).collect();
        assert_eq!(intervals, [2, 3, 30, 60]);
    }
}
