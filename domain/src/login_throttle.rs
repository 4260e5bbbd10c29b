//! Login throttle: each further wrong key from an address makes it wait longer. No address is locked out for
//! good, and other addresses are not affected. All times are in milliseconds.

use crate::time::{HOUR, MINUTE, SECOND, Timestamp};

/// How many wrong keys an address may enter without a wait, for people who mistype.
const FREE_ATTEMPTS: u32 = 5;

/// The first wait; it doubles with each further wrong key.
const FIRST_WAIT: i64 = 10 * SECOND;

/// The longest wait: 4 attempts an hour, against a key of 128 bits.
const LONGEST_WAIT: i64 = 15 * MINUTE;

/// The wrong keys of one address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginThrottle {
    /// How many wrong keys there were, without longer pauses than [`LoginThrottle::FORGOTTEN_AFTER`].
    pub wrong: u32,
    /// When the last one was entered.
    pub last: Timestamp,
}

/// The result of one attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginAttempt {
    /// The address has to wait, whether or not the key was right. Nothing is recorded.
    Throttled {
        /// Seconds until the next attempt is checked, rounded up.
        retry_after_seconds: u32,
    },
    /// The key was wrong: store this record for the address.
    Failed(LoginThrottle),
    /// The key was right: delete the record of the address.
    Succeeded,
}

impl LoginThrottle {
    /// The count starts again after this long without a wrong key.
    pub const FORGOTTEN_AFTER: i64 = HOUR;

    /// Decides about one attempt. An address that has to wait gets [`LoginAttempt::Throttled`] even for the
    /// right key: otherwise the response would let a guesser test keys without waiting.
    #[must_use]
    pub fn attempt(mut self, is_right: bool, now: Timestamp) -> LoginAttempt {
        if let Some(wait) = self.wait(now) {
            let seconds = wait.saturating_add(SECOND - 1) / SECOND;
            let retry_after_seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            return LoginAttempt::Throttled { retry_after_seconds };
        }
        if is_right {
            return LoginAttempt::Succeeded;
        }
        self.record_failure(now);
        LoginAttempt::Failed(self)
    }

    /// Records last written before this instant can be deleted.
    #[must_use]
    pub fn expiry_cutoff(now: Timestamp) -> Timestamp {
        now.plus(-Self::FORGOTTEN_AFTER)
    }

    /// How long the address still has to wait; `None` if it may try now.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Option<i64> {
        let doublings = self.wrong.checked_sub(FREE_ATTEMPTS)?;
        let wait = FIRST_WAIT.saturating_mul(1 << doublings.min(20)).min(LONGEST_WAIT);
        // A last attempt in the future means that the clock was set back: that must not lengthen the wait.
        let passed = now.since(self.last).max(0);
        (passed < wait).then_some(wait - passed)
    }

    /// Counts a wrong key at `now`.
    pub fn record_failure(&mut self, now: Timestamp) {
        let is_old = now.since(self.last) > Self::FORGOTTEN_AFTER;
        self.wrong = if is_old { 1 } else { self.wrong.saturating_add(1) };
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn five_wrong_keys_are_free_and_further_ones_cost_longer_and_longer_waits() {
        let mut throttle = LoginThrottle::default();
        let mut now = Timestamp(HOUR * 9);
        for _ in 0..FREE_ATTEMPTS {
            assert_eq!(throttle.wait(now), None);
            throttle.record_failure(now);
        }
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait = throttle.wait(now).unwrap();
            waits.push(wait / SECOND);
            now = now.plus(wait);
            assert_eq!(throttle.wait(now), None);
            throttle.record_failure(now);
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
        now = now.plus(LoginThrottle::FORGOTTEN_AFTER + 1);
        throttle.record_failure(now);
        assert_eq!((throttle.wrong, throttle.wait(now)), (1, None));
    }

    #[test]
    fn a_throttled_address_does_not_learn_whether_its_key_was_right() {
        let now = Timestamp(HOUR * 9);
        let throttle = LoginThrottle { wrong: FREE_ATTEMPTS, last: now.plus(-1) };
        for is_right in [true, false] {
            let attempt = throttle.attempt(is_right, now);
            assert_eq!(attempt, LoginAttempt::Throttled { retry_after_seconds: 10 }, "rounded up");
        }
        let later = now.plus(FIRST_WAIT);
        assert_eq!(throttle.attempt(true, later), LoginAttempt::Succeeded);
        let failed = LoginThrottle { wrong: FREE_ATTEMPTS + 1, last: later };
        assert_eq!(throttle.attempt(false, later), LoginAttempt::Failed(failed));
    }

    proptest! {
        #[test]
        fn every_wait_ends_and_twenty_attempts_take_over_an_hour(
            steps in prop::collection::vec((0i64..40 * MINUTE, any::<bool>()), 0..200),
        ) {
            let (mut throttle, mut now, mut attempts) = (LoginThrottle::default(), Timestamp(0), Vec::new());
            for (pause, backwards) in steps {
                now = now.plus(if backwards { -pause / 9 } else { pause });
                prop_assert!(throttle.wait(now).is_none_or(|wait| (1..=LONGEST_WAIT).contains(&wait)));
                if throttle.wait(now).is_none() {
                    throttle.record_failure(now);
                    attempts.push(now);
                }
            }
            if attempts.is_sorted() {
                for twenty in attempts.windows(20) {
                    prop_assert!(twenty[19].since(twenty[0]) > HOUR, "20 attempts take over an hour");
                }
            }
        }
    }
}
