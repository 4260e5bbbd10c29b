//! The time axis of a course page: days, or Monday weeks for long ranges.

use crate::table::dataset::DataStatus;
use domain::range::Range;
use domain::time::{Day, monday, plus_days};

/// Days that are drawn one by one: six weeks.
const MAX_DAY_BINS: u64 = 42;

/// One place of the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBin {
    /// Its first day.
    pub first: Day,
    /// Its last day.
    pub last: Day,
}

/// The axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeBins {
    /// Its places, in order.
    pub all: Vec<TimeBin>,
    /// Whether they are weeks.
    pub are_weeks: bool,
    /// The place of each day of the range.
    places: Vec<usize>,
}

impl TimeBins {
    /// The axis of these days: by day for up to six weeks, then by week.
    #[must_use]
    pub fn for_range(range: Range) -> Self {
        if range.days() > MAX_DAY_BINS {
            return Self::by_week(range);
        }
        let all: Vec<TimeBin> = range.each_day().map(|day| TimeBin { first: day, last: day }).collect();
        Self { places: (0..all.len()).collect(), all, are_weeks: false }
    }

    /// Weeks, of which the first and the last may be shorter.
    #[must_use]
    pub fn by_week(range: Range) -> Self {
        let (mut all, mut places): (Vec<TimeBin>, Vec<usize>) = (Vec::new(), Vec::new());
        for day in range.each_day() {
            match all.last_mut() {
                Some(bin) if monday(bin.first) == monday(day) => bin.last = day,
                _ => all.push(TimeBin { first: day, last: day }),
            }
            places.push(all.len() - 1);
        }
        Self { all, are_weeks: true, places }
    }

    /// The place of a day, counted from the first.
    #[must_use]
    pub fn bin_of_day(&self, day: usize) -> usize {
        self.places.get(day).copied().unwrap_or(usize::MAX)
    }

    /// Whether all seven days of a place are there: a week that the range cuts is no week to compare.
    #[must_use]
    pub fn is_whole_week(&self, place: usize) -> bool {
        self.all.get(place).is_some_and(|bin| plus_days(bin.first, 6) == bin.last)
    }

    /// Numbers by day as numbers by place.
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

    /// How each place stands: as badly as the worst of its days.
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
        fn every_day_has_a_place_and_no_week_begins_but_on_a_monday(from in 0u64..3000, days in 0u64..400) {
            let from = plus_days(Day::from_ymd_opt(2020, 1, 1).unwrap(), from);
            let range = Range::new(from, plus_days(from, days)).unwrap();
            let bins = TimeBins::for_range(range);
            for (place, day) in range.each_day().enumerate() {
                let bin = bins.all[bins.bin_of_day(place)];
                prop_assert!(bin.first <= day && day <= bin.last);
            }
            prop_assert_eq!(bins.all[0].first, range.from());
            prop_assert_eq!(bins.all[bins.all.len() - 1].last, range.to());
            for pair in bins.all.windows(2) {
                prop_assert_eq!(plus_days(pair[0].last, 1), pair[1].first);
                prop_assert!(!bins.are_weeks || monday(pair[1].first) == pair[1].first);
            }
            let one_each = vec![1; bins.places.len()];
            prop_assert_eq!(bins.sums(&one_each).iter().sum::<u64>(), range.days());
        }
    }
}
