//! Polling intervals and backoff, so that waiting for hours costs few calls.

use crate::time::{HOUR, MINUTE, SECOND, Timestamp};
use serde::{Deserialize, Serialize};

/// "120 calls a minute": we stop at 100, since the upstream's minute need not begin where ours does and a
/// call may go out twice (a renewed token, the other spelling of a path).
pub const CALLS_PER_MINUTE: usize = 100;

/// The first look comes this soon, and no two looks at one upstream request are closer.
pub const MIN_POLL_INTERVAL: i64 = 2 * SECOND;

/// However old an upstream request is, it is looked at this often: 3 slots × 1 a minute = 3 calls a minute.
pub const MAX_POLL_INTERVAL: i64 = MINUTE;

/// How long after a look the next one is due, for an upstream request of this age: a twentieth of it, so
/// that on average a file waits for a fortieth (2.5 %) of the time that it took to build.
#[must_use]
pub fn poll_interval(age: i64) -> i64 {
    (age / 20).clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL)
}

/// The wait before a window is tried again: the first is short, for faults that pass.
#[must_use]
pub fn retry_interval(tries: u8) -> i64 {
    if tries <= 1 { 2 * SECOND } else { 20 * SECOND }
}

/// A wait that doubles with every trouble in a row and is forgotten with the first success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    troubles: u8,
    until: Timestamp,
}

impl Backoff {
    /// The first wait.
    pub const BASE: i64 = 5 * SECOND;
    /// The longest wait that is our own choice.
    pub const LONGEST: i64 = 5 * MINUTE;
    /// The longest wait that an upstream may ask of us.
    pub const LONGEST_ASKED: i64 = 24 * HOUR;
    /// Whom somebody hurries waits as after this many troubles: 5 × 2² = 20 s from the last of them.
    const HURRIED: u8 = 3;

    /// Notes a trouble at `now`; `asked` is the upstream's own `Retry-After` in milliseconds.
    pub fn record_failure(&mut self, now: Timestamp, asked: Option<i64>) {
        self.troubles = self.troubles.saturating_add(1);
        let wait = asked.map_or(self.own_wait(), |asked| asked.clamp(SECOND, Self::LONGEST_ASKED));
        self.until = now.plus(wait);
    }

    /// The wait of our own choice after this many troubles.
    fn own_wait(self) -> i64 {
        (Self::BASE << self.troubles.saturating_sub(1).min(10)).min(Self::LONGEST)
    }

    /// Somebody thinks that it is mended: wait no more than 20 s after the last trouble. However often this is
    /// said, no wait gets shorter than that. For troubles whose waits are our own.
    pub fn shorten(&mut self) {
        if self.troubles > Self::HURRIED {
            let last = self.until.plus(-self.own_wait());
            self.troubles = Self::HURRIED;
            self.until = last.plus(self.own_wait());
        }
    }

    /// Notes that all is well again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Until when to wait, if that is after `now`. A time that no wait could have set (the clock went back)
    /// does not bind.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        (self.until > now && self.until.since(now) <= Self::LONGEST_ASKED).then_some(self.until)
    }
}

/// The calls of the last minute, ours to count since nobody else calls the reporting API for us.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallLedger {
    at: Vec<Timestamp>,
}

impl CallLedger {
    /// Notes a call at `now`.
    pub fn record_call(&mut self, now: Timestamp) {
        self.at.retain(|at| *at <= now && now.since(*at) < MINUTE);
        self.at.push(now);
    }

    /// Whether half of the minute's calls are still free: for what can wait.
    #[must_use]
    pub fn has_spare_calls(&self, now: Timestamp) -> bool {
        self.at.iter().filter(|at| **at <= now && now.since(**at) < MINUTE).count() < CALLS_PER_MINUTE / 2
    }

    /// When the next call may go out, if not now.
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
    fn a_clock_that_went_back_does_not_hold_anything() {
        let mut backoff = Backoff::default();
        backoff.record_failure(Timestamp(10 * HOUR), Some(30 * SECOND));
        assert_eq!(backoff.until(Timestamp(10 * HOUR)), Some(Timestamp(10 * HOUR + 30 * SECOND)));
        assert_eq!(backoff.until(Timestamp(-20 * HOUR)), None);
    }

    #[test]
    fn a_hurried_wait_is_short_and_never_shorter_however_often_it_is_hurried() {
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
        assert_eq!(fresh.until(last), Some(last.plus(5 * SECOND)), "it is short as it is");
    }

    #[test]
    fn looks_are_quick_at_first_and_slower_with_age() {
        let intervals: Vec<i64> =
            [0, MINUTE, 10 * MINUTE, 5 * HOUR].iter().map(|age| poll_interval(*age) / SECOND).collect();
        assert_eq!(intervals, [2, 3, 30, 60]);
    }
}
