//! Wrong keys from one address: slowed more and more, never locked for good, and nobody else with it.

use crate::time::{HOUR, MINUTE, SECOND, Timestamp};

/// Wrong keys that cost nothing: a person mistypes.
const FREE: u32 = 5;

/// The wait after the first that is not free; it doubles with each.
const FIRST_WAIT: i64 = 10 * SECOND;

/// The longest wait: 4 tries an hour, for a key of 128 bits.
const LONGEST_WAIT: i64 = 15 * MINUTE;

/// What one address has tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginThrottle {
    /// Wrong keys.
    pub wrong: u32,
    /// When the last of them came.
    pub last: Timestamp,
}

impl LoginThrottle {
    /// An address that tries nothing for this long is as any other.
    pub const FORGOTTEN_AFTER: i64 = HOUR;

    /// How long the address still has to wait, in milliseconds, if it has to.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Option<i64> {
        let over = self.wrong.checked_sub(FREE)?;
        let wait = FIRST_WAIT.saturating_mul(1 << over.min(20)).min(LONGEST_WAIT);
        // A time that lies ahead is a clock that went back: nobody waits longer for that.
        let passed = now.since(self.last).max(0);
        (passed < wait).then_some(wait - passed)
    }

    /// Notes a wrong key.
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
