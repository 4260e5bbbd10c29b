//! Login throttle: wrong keys from one address are slowed more and more. Nobody is locked out for good, and no other address
//! is slowed with it.

use crate::time::{HOUR, MINUTE, SECOND, Timestamp};

/// Wrong keys that cost nothing: a person mistypes.
const FREE: u32 = 5;

/// The wait after the first wrong key that is not free; it doubles with each further one.
const FIRST_WAIT: i64 = 10 * SECOND;

/// The longest wait: 4 tries an hour, against a key of 128 bits.
const LONGEST_WAIT: i64 = 15 * MINUTE;

/// The wrong keys of one address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginThrottle {
    /// How many.
    pub wrong: u32,
    /// When the last one came.
    pub last: Timestamp,
}

/// What becomes of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginAttempt {
    /// The address has to wait, whether or not the key was right. Nothing is recorded.
    Throttled {
        /// Until the next try counts, rounded up to whole seconds.
        retry_after_seconds: u32,
    },
    /// The key was wrong: record this.
    Failed(LoginThrottle),
    /// The key was right: the address's record is deleted.
    Succeeded,
}

impl LoginThrottle {
    /// An address that tries nothing for this long starts afresh.
    pub const FORGOTTEN_AFTER: i64 = HOUR;

    /// Judges one try. An address that must wait is told so even when its key is right: otherwise the answer would tell a
    /// guesser which key is right without the wait.
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

    /// How long the address still has to wait, in milliseconds; `None` when it may try.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Option<i64> {
        let over = self.wrong.checked_sub(FREE)?;
        let wait = FIRST_WAIT.saturating_mul(1 << over.min(20)).min(LONGEST_WAIT);
        // A last try that lies ahead means that the clock went back: nobody waits longer for that.
        let passed = now.since(self.last).max(0);
        (passed < wait).then_some(wait - passed)
    }

    /// Counts a wrong key.
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
    fn a_mistyped_key_costs_nothing_and_guessing_costs_more_and_more() {
        let mut tries = LoginThrottle::default();
        let mut now = Timestamp(HOUR * 9);
        for _ in 0..FREE {
            assert_eq!(tries.wait(now), None);
            tries.record_failure(now);
        }
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait = tries.wait(now).unwrap();
            waits.push(wait / SECOND);
            now = now.plus(wait);
            assert_eq!(tries.wait(now), None);
            tries.record_failure(now);
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
        now = now.plus(LoginThrottle::FORGOTTEN_AFTER + 1);
        tries.record_failure(now);
        assert_eq!((tries.wrong, tries.wait(now)), (1, None));
    }

    #[test]
    fn whoever_must_wait_is_not_told_whether_their_key_was_right() {
        let now = Timestamp(HOUR * 9);
        let throttle = LoginThrottle { wrong: FREE, last: now.plus(-1) };
        for is_right in [true, false] {
            let attempt = throttle.attempt(is_right, now);
            assert_eq!(attempt, LoginAttempt::Throttled { retry_after_seconds: 10 }, "rounded up");
        }
        let later = now.plus(FIRST_WAIT);
        assert_eq!(throttle.attempt(true, later), LoginAttempt::Succeeded);
        let failed = LoginThrottle { wrong: FREE + 1, last: later };
        assert_eq!(throttle.attempt(false, later), LoginAttempt::Failed(failed));
    }

    proptest! {
        #[test]
        fn nobody_is_locked_out_and_nobody_guesses_fast(
            steps in prop::collection::vec((0i64..40 * MINUTE, any::<bool>()), 0..200),
        ) {
            let (mut tries, mut now, mut taken) = (LoginThrottle::default(), Timestamp(0), Vec::new());
            for (pause, backwards) in steps {
                now = now.plus(if backwards { -pause / 9 } else { pause });
                prop_assert!(tries.wait(now).is_none_or(|wait| (1..=LONGEST_WAIT).contains(&wait)));
                if tries.wait(now).is_none() {
                    tries.record_failure(now);
                    taken.push(now);
                }
            }
            if taken.is_sorted() {
                for window in taken.windows(20) {
                    prop_assert!(window[19].since(window[0]) > HOUR, "20 tries take over an hour");
                }
            }
        }
    }
}
