//! Quotas: how much one person may request at once and per day, so that nobody fills the queue for everybody.
//!
//! Only windows that Echo360 has to build count: what is here or on its way already costs nothing, whoever asked first.

use crate::problem::{Code, Problem};
use crate::scope::Role;
use crate::time::{DAY, Day, SECOND, Timestamp, plus_days};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What somebody may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Windows of theirs that are unfinished at once.
    pub max_unfinished: u32,
    /// Windows that are newly asked for in one UTC day.
    pub max_per_day: u32,
}

impl Quota {
    /// The quota of a role.
    ///
    /// A term of 16 weeks touches 17 Monday weeks; seven reports with dates and one without are 7 × 17 + 1 = 120
    /// windows. An instructor gets that at once, and twice a day. For an analyst it is a year: 7 × 53 + 1 = 372. An
    /// administrator fills an institution's five years, 7 × 265 + 1 = 1,856.
    #[must_use]
    pub fn for_role(role: Role) -> Self {
        match role {
            Role::Instructor => Self { max_unfinished: 120, max_per_day: 240 },
            Role::Analyst => Self { max_unfinished: 372, max_per_day: 1_116 },
            Role::Administrator => Self { max_unfinished: 1_856, max_per_day: 5_568 },
        }
    }
}

/// What has been asked for on one UTC day, by person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyUsage {
    day: Option<Day>,
    asked: BTreeMap<String, u32>,
}

impl DailyUsage {
    /// Takes `new` windows into the count of a person who has `unfinished` others.
    ///
    /// # Errors
    /// `quota`, and nothing is counted.
    pub fn charge(
        &mut self,
        person: &str,
        quota: Quota,
        unfinished: u32,
        new: u32,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if new == 0 {
            return Ok(());
        }
        if self.day != Some(now.day()) {
            *self = Self { day: Some(now.day()), asked: BTreeMap::new() };
        }
        let Quota { max_unfinished, max_per_day } = quota;
        let asked = self.asked.get(person).copied().unwrap_or_default();
        if asked.saturating_add(new) > max_per_day {
            let detail = format!(
                "This asks Echo360 for {new} new weeks, and one person may ask for {max_per_day} a day: {} are left today. \
                 Ask for fewer, or again after midnight (UTC).",
                max_per_day.saturating_sub(asked)
            );
            let wait = Timestamp::start_of(plus_days(now.day(), 1)).since(now) / SECOND;
            let wait = u32::try_from(wait.clamp(1, DAY / SECOND)).unwrap_or(1);
            return Err(Problem::new(Code::Quota, detail).retry_after(wait));
        }
        if unfinished.saturating_add(new) > max_unfinished {
            let detail = format!(
                "This asks Echo360 for {new} new weeks while {unfinished} of yours are not here yet, and one person \
                 may wait for {max_unfinished} at once. Ask for fewer, or again when some have come."
            );
            // Echo360 takes minutes to hours for each.
            return Err(Problem::new(Code::Quota, detail).retry_after(15 * 60));
        }
        self.asked.insert(person.to_owned(), asked + new);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_term_of_all_eight_reports_fits_twice_a_day_and_no_third_time() {
        let (mut tally, quota, now) =
            (DailyUsage::default(), Quota::for_role(Role::Instructor), Timestamp(DAY * 9 + 5));
        assert!(tally.charge("ana", quota, 0, 120, now).is_ok());
        assert!(tally.charge("ana", quota, 1, 120, now).is_err(), "not all at once");
        assert!(tally.charge("ana", quota, 0, 120, now).is_ok(), "what was refused is not counted");
        let refused = tally.charge("ana", quota, 0, 1, now).unwrap_err();
        assert_eq!((refused.code, refused.status, refused.retry_after), (Code::Quota, 429, Some(86_399)));
        assert!(tally.charge("ana", quota, 500, 0, now).is_ok(), "what is here already costs nothing");
        assert!(tally.charge("ben", quota, 0, 1, now).is_ok());
        assert!(tally.charge("ana", quota, 0, 1, now.plus(DAY)).is_ok());
    }

    #[test]
    fn tally_format_unchanged() {
        let mut tally = DailyUsage::default();
        tally.charge("ana", Quota::for_role(Role::Analyst), 0, 3, Timestamp(0)).unwrap();
        let text = r#"{"day":"1970-01-01","asked":{"ana":3}}"#;
        assert_eq!(serde_json::to_string(&tally).unwrap(), text);
        assert_eq!(serde_json::from_str::<DailyUsage>(text).unwrap(), tally);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_their_quota_whatever_they_try(
            asks in prop::collection::vec((0u32..200, 0u32..300, 0i64..3), 0..40),
        ) {
            let (mut tally, quota) = (DailyUsage::default(), Quota::for_role(Role::Instructor));
            let mut days = asks;
            days.sort_by_key(|(_, _, day)| *day);
            let mut given = [0u32; 3];
            for (new, unfinished, day) in days {
                if tally.charge("ana", quota, unfinished, new, Timestamp(day * DAY)).is_ok() {
                    given[usize::try_from(day).unwrap()] += new;
                    prop_assert!(new == 0 || unfinished + new <= quota.max_unfinished);
                }
            }
            prop_assert!(given.iter().all(|given| *given <= quota.max_per_day));
        }
    }
}
