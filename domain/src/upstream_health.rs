//! Whether Echo360 has failed for so long that an administrator has to act.
//!
//! An outage of an hour ends by itself, and the scheduler tries again. There are two reasons to tell somebody:
//! Echo360 refuses the credentials, or the last three days with results all failed. A *result* is an answer to a
//! call, an error in place of one, a window that was collected, or a window that was given up. A UTC day failed if
//! no call on it was answered, or if windows were given up and none was collected. Days without results do not
//! count, as nobody needed Echo360 on them. The current day counts as failed from its first failure on, until
//! something succeeds.

use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

/// How many days with results have to fail in a row.
pub const FAILED_DAYS: u8 = 3;

/// Why an administrator has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamFailure {
    /// Echo360 refused the credentials, and has accepted them for no call since.
    CredentialsRefused,
    /// Nothing succeeded on the last three days on which Lectern needed Echo360.
    FailedDays,
}

/// A result of the work with Echo360.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamResult {
    /// A call was answered.
    Answered,
    /// A call got no usable answer: no response, a 5xx, or refused credentials.
    Unanswered,
    /// A window was collected.
    Collected,
    /// A window was given up after its last try.
    GivenUp,
}

/// The results of the latest day, and how many days before it failed in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpstreamRecord {
    /// The latest UTC day with results.
    day: Day,
    /// Which results occurred on that day.
    answered: bool,
    unanswered: bool,
    collected: bool,
    given_up: bool,
    /// The days with results directly before that day that failed, at most [`FAILED_DAYS`].
    failed_before: u8,
}

impl UpstreamRecord {
    /// Adds a result. Returns whether that changed the record. A clock that was set back adds to the latest day.
    pub fn add(&mut self, result: UpstreamResult, now: Timestamp) -> bool {
        let before = *self;
        if now.day() > self.day {
            *self = Self { day: now.day(), failed_before: self.failed_days(), ..Self::default() };
        }
        let occurred = match result {
            UpstreamResult::Answered => &mut self.answered,
            UpstreamResult::Unanswered => &mut self.unanswered,
            UpstreamResult::Collected => &mut self.collected,
            UpstreamResult::GivenUp => &mut self.given_up,
        };
        *occurred = true;
        *self != before
    }

    /// Whether nothing was recorded yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the last [`FAILED_DAYS`] days with results failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failed_days() >= FAILED_DAYS
    }

    /// The days with results that failed in a row up to now, at most [`FAILED_DAYS`].
    fn failed_days(&self) -> u8 {
        let has_failed = (self.unanswered && !self.answered) || (self.given_up && !self.collected);
        if has_failed { self.failed_before.saturating_add(1).min(FAILED_DAYS) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};
    use UpstreamResult::{Answered, Collected, GivenUp, Unanswered};
    use proptest::prelude::*;

    fn result() -> impl Strategy<Value = UpstreamResult> {
        prop_oneof![Just(Answered), Just(Unanswered), Just(Collected), Just(GivenUp)]
    }

    /// The rule, from all results of all days.
    fn is_failing(days: &[Vec<UpstreamResult>]) -> bool {
        let with_results = days.iter().filter(|results| !results.is_empty());
        let last: Vec<_> = with_results.rev().take(usize::from(FAILED_DAYS)).collect();
        last.len() == usize::from(FAILED_DAYS)
            && last.iter().all(|results| {
                (results.contains(&Unanswered) && !results.contains(&Answered))
                    || (results.contains(&GivenUp) && !results.contains(&Collected))
            })
    }

    proptest! {
        #[test]
        fn the_record_agrees_with_the_rule_over_all_results(
            days in prop::collection::vec(prop::collection::vec(result(), 0..4), 1..9),
        ) {
            let mut record = UpstreamRecord::default();
            for (day, results) in (1..).zip(&days) {
                for (hour, result) in (0..).zip(results) {
                    record.add(*result, Timestamp(day * DAY + hour * HOUR));
                }
            }
            prop_assert_eq!(record.is_failing(), is_failing(&days));
            let stored: UpstreamRecord =
                serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
            prop_assert_eq!(stored, record);
        }

        #[test]
        fn one_success_of_each_kind_ends_it(
            days in prop::collection::vec(prop::collection::vec(result(), 0..4), 1..9),
        ) {
            let mut record = UpstreamRecord::default();
            for (day, results) in (1..).zip(&days) {
                for result in results {
                    record.add(*result, Timestamp(day * DAY));
                }
            }
            for success in [Answered, Collected] {
                record.add(success, Timestamp(99 * DAY));
            }
            prop_assert!(!record.is_failing());
        }
    }

    #[test]
    fn the_third_failed_day_counts_from_its_first_failure() {
        let mut record = UpstreamRecord::default();
        for day in 1..3 {
            record.add(Unanswered, Timestamp(day * DAY + HOUR));
            assert!(!record.is_failing(), "day {day}");
        }
        // Nobody needed Echo360 for a week.
        assert!(record.add(Unanswered, Timestamp(10 * DAY)));
        assert!(record.is_failing());
        assert!(!record.add(Unanswered, Timestamp(10 * DAY + HOUR)), "nothing to save");
        record.add(Answered, Timestamp(10 * DAY + 2 * HOUR));
        assert!(!record.is_failing());
    }

    #[test]
    fn a_clock_that_was_set_back_starts_no_day() {
        let mut record = UpstreamRecord::default();
        for day in [5, 4, 3, 2] {
            record.add(Unanswered, Timestamp(day * DAY));
        }
        assert!(!record.is_failing());
    }
}
