//! Quotas: how many windows one person may request at once and per day, so that nobody fills the queue for
//! everybody, and how many they may read per day through calls that read many.
//!
//! Of requested windows only those count that Echo360 has to build: windows that are stored or unfinished already
//! cost nothing, whoever requested them first.

use crate::problem::{Code, Problem};
use crate::role::Role;
use crate::time::{DAY, Day, SECOND, Timestamp, plus_days};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The limits for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Unfinished windows at once.
    pub max_unfinished: u32,
    /// New windows per UTC day.
    pub max_per_day: u32,
}

impl Quota {
    /// The quota of a role.
    ///
    /// A term of 16 weeks touches 17 Monday weeks. Seven reports with dates and one without make 7 × 17 + 1 =
    /// 120 windows: an instructor may request them at once, and twice a day. An analyst may request a year at
    /// once (7 × 53 + 1 = 372), an administrator five years (7 × 265 + 1 = 1,856); both three times a day.
    #[must_use]
    pub fn for_role(role: Role) -> Self {
        match role {
            Role::Instructor => Self { max_unfinished: 120, max_per_day: 240 },
            Role::Analyst => Self { max_unfinished: 372, max_per_day: 1_116 },
            Role::Administrator => Self { max_unfinished: 1_856, max_per_day: 5_568 },
        }
    }
}

/// The most windows that a person may read per UTC day through calls that read many of them: downloads, counts of rows, and
/// shares with their previews. It is some fifty shares of a year, or seventy files of five years.
pub const MAX_READ_PER_DAY: u32 = 20_000;

/// How many windows each person has used on one UTC day: new windows that they requested, or windows that they read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyUsage {
    day: Option<Day>,
    asked: BTreeMap<String, u32>,
}

impl DailyUsage {
    /// Counts `new` windows of a person who has `unfinished` others.
    ///
    /// # Errors
    /// `quota` if a limit would be exceeded; then nothing is counted.
    pub fn charge(
        &mut self,
        person: &str,
        quota: Quota,
        unfinished: u32,
        new: u32,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let Quota { max_unfinished, max_per_day } = quota;
        let left = self.left(person, max_per_day, now);
        if new > left {
            let detail = format!(
                "This needs {new} new weeks from Echo360. One person may request {max_per_day} per day: {left} are \
                 left today. Request fewer weeks, or try again after midnight (UTC)."
            );
            return Err(Problem::new(Code::Quota, detail).retry_after(seconds_to_midnight(now)));
        }
        if new > 0 && unfinished.saturating_add(new) > max_unfinished {
            let detail = format!(
                "This needs {new} new weeks from Echo360 while you still wait for {unfinished} others. One \
                 person may wait for {max_unfinished} at once. Request fewer weeks, or try again when some have \
                 arrived."
            );
            // Echo360 takes minutes to hours to build one.
            return Err(Problem::new(Code::Quota, detail).retry_after(15 * 60));
        }
        self.add(person, new);
        Ok(())
    }

    /// Counts `windows` that a person is about to read.
    ///
    /// # Errors
    /// `quota` above [`MAX_READ_PER_DAY`]; then nothing is counted.
    pub fn charge_reading(&mut self, person: &str, windows: u32, now: Timestamp) -> Result<(), Problem> {
        let left = self.left(person, MAX_READ_PER_DAY, now);
        if windows > left {
            let detail = format!(
                "This reads {windows} weeks of reports. One person may read {MAX_READ_PER_DAY} per day in this way: \
                 {left} are left today. Choose fewer weeks, or try again after midnight (UTC)."
            );
            return Err(Problem::new(Code::Quota, detail).retry_after(seconds_to_midnight(now)));
        }
        self.add(person, windows);
        Ok(())
    }

    /// How many of `max_per_day` are left to a person today.
    fn left(&mut self, person: &str, max_per_day: u32, now: Timestamp) -> u32 {
        if self.day != Some(now.day()) {
            *self = Self { day: Some(now.day()), asked: BTreeMap::new() };
        }
        max_per_day.saturating_sub(self.asked.get(person).copied().unwrap_or_default())
    }

    fn add(&mut self, person: &str, windows: u32) {
        if windows > 0 {
            *self.asked.entry(person.to_owned()).or_default() += windows;
        }
    }
}

fn seconds_to_midnight(now: Timestamp) -> u32 {
    let wait = Timestamp::start_of(plus_days(now.day(), 1)).since(now) / SECOND;
    u32::try_from(wait.clamp(1, DAY / SECOND)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_instructor_may_request_a_term_of_all_eight_reports_twice_a_day() {
        let (mut usage, quota, now) =
            (DailyUsage::default(), Quota::for_role(Role::Instructor), Timestamp(DAY * 9 + 5));
        assert!(usage.charge("ana", quota, 0, 120, now).is_ok());
        assert!(usage.charge("ana", quota, 1, 120, now).is_err(), "not all at once");
        assert!(usage.charge("ana", quota, 0, 120, now).is_ok(), "refused windows are not counted");
        let refused = usage.charge("ana", quota, 0, 1, now).unwrap_err();
        assert_eq!((refused.code, refused.status, refused.retry_after), (Code::Quota, 429, Some(86_399)));
        assert!(usage.charge("ana", quota, 500, 0, now).is_ok(), "stored windows cost nothing");
        assert!(usage.charge("ben", quota, 0, 1, now).is_ok());
        assert!(usage.charge("ana", quota, 0, 1, now.plus(DAY)).is_ok());
    }

    #[test]
    fn what_one_person_reads_in_a_day_is_limited() {
        let (mut usage, now) = (DailyUsage::default(), Timestamp(DAY * 9 + DAY - 1_000));
        usage.charge_reading("ana", MAX_READ_PER_DAY - 10, now).unwrap();
        let refused = usage.charge_reading("ana", 11, now).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (Code::Quota, Some(1)));
        assert!(refused.detail.contains("10 are left"), "{}", refused.detail);
        assert!(usage.charge_reading("ana", 10, now).is_ok(), "refused windows are not counted");
        assert!(usage.charge_reading("ben", 1, now).is_ok());
        assert!(usage.charge_reading("ana", 1, now.plus(1_000)).is_ok(), "tomorrow");
    }

    #[test]
    fn daily_usage_format_unchanged() {
        let mut usage = DailyUsage::default();
        usage.charge("ana", Quota::for_role(Role::Analyst), 0, 3, Timestamp(0)).unwrap();
        let text = r#"{"day":"1970-01-01","asked":{"ana":3}}"#;
        assert_eq!(serde_json::to_string(&usage).unwrap(), text);
        assert_eq!(serde_json::from_str::<DailyUsage>(text).unwrap(), usage);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_their_quota(
            requests in prop::collection::vec((0u32..200, 0u32..300, 0i64..3), 0..40),
        ) {
            let (mut usage, quota) = (DailyUsage::default(), Quota::for_role(Role::Instructor));
            let mut by_day = requests;
            by_day.sort_by_key(|(_, _, day)| *day);
            let mut granted = [0u32; 3];
            for (new, unfinished, day) in by_day {
                if usage.charge("ana", quota, unfinished, new, Timestamp(day * DAY)).is_ok() {
                    granted[usize::try_from(day).unwrap()] += new;
                    prop_assert!(new == 0 || unfinished + new <= quota.max_unfinished);
                }
            }
            prop_assert!(granted.iter().all(|granted| *granted <= quota.max_per_day));
        }
    }
}
