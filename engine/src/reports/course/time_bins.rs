//! The time axis of a course page: days, or weeks for long ranges.

use crate::table::dataset::DataStatus;
use domain::calendar::WeekStart;
use domain::range::Range;
use domain::time::{Day, plus_days};

/// Longest range with a bin for each day, in days: six weeks.
const MAX_DAY_BINS: u64 = 42;

/// One bin of the axis: a day or a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBin {
    /// Its first day.
    pub first: Day,
    /// Its last day.
    pub last: Day,
}

/// The time axis of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeBins {
    /// The bins, in the order of time.
    pub all: Vec<TimeBin>,
    /// Whether they are weeks, not days.
    pub are_weeks: bool,
    /// The index of each day's bin.
    bin_indexes: Vec<usize>,
}

impl TimeBins {
    /// The axis of a range: a bin for each day up to six weeks, then for each week.
    #[must_use]
    pub fn for_range(range: Range, week_start: WeekStart) -> Self {
        if range.days() > MAX_DAY_BINS {
            return Self::by_week(range, week_start);
        }
        let all: Vec<TimeBin> = range.each_day().map(|day| TimeBin { first: day, last: day }).collect();
        Self { bin_indexes: (0..all.len()).collect(), all, are_weeks: false }
    }

    /// A bin for each week; the first and the last may be shorter.
    #[must_use]
    pub fn by_week(range: Range, week_start: WeekStart) -> Self {
        let (mut all, mut bin_indexes): (Vec<TimeBin>, Vec<usize>) = (Vec::new(), Vec::new());
        for day in range.each_day() {
            match all.last_mut() {
                Some(bin) if week_start.first_day(bin.first) == week_start.first_day(day) => bin.last = day,
                _ => all.push(TimeBin { first: day, last: day }),
            }
            bin_indexes.push(all.len() - 1);
        }
        Self { all, are_weeks: true, bin_indexes }
    }

    /// The index of the bin of a day, which is counted from the first of the range; `usize::MAX` outside the
    /// range.
    #[must_use]
    pub fn bin_of_day(&self, day: usize) -> usize {
        self.bin_indexes.get(day).copied().unwrap_or(usize::MAX)
    }

    /// Whether a bin has all seven days: a week that the range cuts cannot be compared with others.
    #[must_use]
    pub fn is_whole_week(&self, index: usize) -> bool {
        self.all.get(index).is_some_and(|bin| plus_days(bin.first, 6) == bin.last)
    }

    /// Adds up numbers by day (from the first of the range) to numbers by bin.
    #[must_use]
    pub fn sums(&self, by_day: &[u64]) -> Vec<u64> {
        let mut sums = vec![0; self.all.len()];
        for (day, number) in by_day.iter().enumerate() {
            if let Some(sum) = sums.get_mut(self.bin_of_day(day)) {
                *sum += number;
            }
        }
        sums
    }

    /// The status of each bin: the worst status of its days.
    #[must_use]
    pub fn statuses(&self, days: &[(Day, DataStatus)]) -> Vec<DataStatus> {
        let mut statuses = vec![DataStatus::Complete; self.all.len()];
        for (day, (_, status)) in days.iter().enumerate() {
            if let Some(worst) = statuses.get_mut(self.bin_of_day(day)) {
                *worst = match (*worst, *status) {
                    (DataStatus::Missing, _) | (_, DataStatus::Missing) => DataStatus::Missing,
                    (DataStatus::Provisional, _) | (_, DataStatus::Provisional) => DataStatus::Provisional,
                    _ => DataStatus::Complete,
                };
            }
        }
        statuses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_day_is_in_its_bin_and_later_weeks_begin_on_their_first_day(
            from in 0u64..3000, days in 0u64..400, week_start in prop::sample::select(vec![WeekStart::Monday, WeekStart::Sunday]),
        ) {
            let from = plus_days(Day::from_ymd_opt(2020, 1, 1).unwrap(), from);
            let range = Range::new(from, plus_days(from, days)).unwrap();
            let bins = TimeBins::for_range(range, week_start);
            for (index, day) in range.each_day().enumerate() {
                let bin = bins.all[bins.bin_of_day(index)];
                prop_assert!(bin.first <= day && day <= bin.last);
            }
            prop_assert_eq!(bins.all[0].first, range.from());
            prop_assert_eq!(bins.all[bins.all.len() - 1].last, range.to());
            for pair in bins.all.windows(2) {
                prop_assert_eq!(plus_days(pair[0].last, 1), pair[1].first);
                prop_assert!(!bins.are_weeks || week_start.first_day(pair[1].first) == pair[1].first);
            }
            let one_each = vec![1; bins.bin_indexes.len()];
            prop_assert_eq!(bins.sums(&one_each).iter().sum::<u64>(), range.days());
        }
    }
}
