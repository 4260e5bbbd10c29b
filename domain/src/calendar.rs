//! The calendar of a view: the first day of its weeks, and breaks.
//!
//! Breaks are the days without classes that Echo360's terms list. Nobody is quiet because of one, charts over time
//! mark them, and no day of one is compared with another day.

use crate::range::{LONGEST_DAYS, Range};
use crate::time::{Day, minus_days, monday, plus_days};
use serde::{Deserialize, Serialize};

/// The days with classes that a student is without activity before they are quiet: two weeks.
pub const QUIET_DAYS: u64 = 14;

/// The first day of the week in charts and preset ranges. Windows and shares have Monday weeks, whatever is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WeekStart {
    /// Weeks are Monday to Sunday.
    #[default]
    Monday,
    /// Weeks are Sunday to Saturday.
    Sunday,
}

impl WeekStart {
    /// Parses `monday` or `sunday`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "monday" => Some(Self::Monday),
            "sunday" => Some(Self::Sunday),
            _ => None,
        }
    }

    /// The first day of the week that contains `day`.
    #[must_use]
    pub fn first_day(self, day: Day) -> Day {
        match self {
            Self::Monday => monday(day),
            Self::Sunday => minus_days(monday(plus_days(day, 1)), 1),
        }
    }

    /// The Monday of the week that contains `day`. The weeks of terms are numbered by it.
    #[must_use]
    pub fn monday(self, day: Day) -> Day {
        match self {
            Self::Monday => monday(day),
            Self::Sunday => plus_days(self.first_day(day), 1),
        }
    }

    /// The weekdays in the order of the week; Monday is 0.
    #[must_use]
    pub fn weekdays(self) -> [u64; 7] {
        match self {
            Self::Monday => [0, 1, 2, 3, 4, 5, 6],
            Self::Sunday => [6, 0, 1, 2, 3, 4, 5],
        }
    }
}

/// Days without classes: ranges in the order of time that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Breaks(Vec<Range>);

impl Breaks {
    /// The breaks of all `ranges`. The weekend after five weekdays without classes belongs to their break.
    ///
    /// ```
    /// use domain::{calendar::Breaks, range::Range};
    /// let weekdays = Breaks::new(Range::parse("2026-10-12", "2026-10-16"));
    /// assert_eq!(weekdays.iter().collect::<Vec<_>>(), [Range::parse("2026-10-12", "2026-10-18").unwrap()]);
    /// ```
    #[must_use]
    pub fn new(ranges: impl IntoIterator<Item = Range>) -> Self {
        let with_weekend = |range: Range| {
            let week = monday(range.to());
            let is_whole_week = range.from() <= week && plus_days(week, 4) <= range.to();
            let to = if is_whole_week { plus_days(week, 6) } else { range.to() };
            Range::new(range.from(), to).unwrap_or(range)
        };
        Self(merge(merge(ranges.into_iter().collect()).into_iter().map(with_weekend).collect()))
    }

    /// The breaks, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = Range> {
        self.0.iter().copied()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a day has no classes.
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        self.0.iter().any(|range| range.from() <= day && day <= range.to())
    }

    /// The breaks, or the parts of them, from `first` to `last`.
    pub fn between(&self, first: Day, last: Day) -> impl Iterator<Item = Range> {
        self.0.iter().filter_map(move |range| Range::new(range.from().max(first), range.to().min(last)).ok())
    }

    /// The days that `range` is compared with: [`Range::previous_weeks`], moved back by further weeks while the last week
    /// of them (all of them, if they are fewer than seven days) is in a break.
    #[must_use]
    pub fn previous_weeks(&self, range: Range) -> Option<Range> {
        let mut previous = range.previous_weeks()?;
        let is_in_break = |days: Range| {
            let first = minus_days(days.to(), days.days().min(7) - 1);
            (0..days.days().min(7)).all(|day| self.contains(plus_days(first, day)))
        };
        while is_in_break(previous) {
            previous = Range::new(minus_days(previous.from(), 7), minus_days(previous.to(), 7)).ok()?;
        }
        Some(previous)
    }

    /// By how many weeks more than without breaks [`Self::previous_weeks`] moves `range` back.
    #[must_use]
    pub fn skipped_weeks(&self, range: Range) -> u64 {
        let both = range.previous_weeks().zip(self.previous_weeks(range));
        let days = both.map_or(0, |(without, with)| (without.from() - with.from()).num_days());
        u64::try_from(days / 7).unwrap_or(0)
    }

    /// Whether most of the days from `first` to `last` have no classes.
    #[must_use]
    pub fn are_most_of(&self, first: Day, last: Day) -> bool {
        let without_classes: u64 = self.between(first, last).map(Range::days).sum();
        Range::new(first, last).is_ok_and(|range| 2 * without_classes > range.days())
    }

    /// The days before `range` that a course page reads: from the first day that `range` is compared with to the day
    /// before it. If a break makes them too few to tell who is quiet, they begin earlier.
    #[must_use]
    pub fn days_before(&self, range: Range) -> Option<Range> {
        let mut first = self.previous_weeks(range)?.from();
        let is_known_without_breaks =
            range.previous_weeks()?.from() <= minus_days(range.to(), QUIET_DAYS - 1);
        if is_known_without_breaks && let Some(since) = self.quiet_since(range.to()) {
            first = first.min(monday(since));
        }
        Range::new(first, minus_days(range.from(), 1)).ok()
    }

    /// The first of the last [`QUIET_DAYS`] days with classes, up to `last`; `None` if there are no so many.
    #[must_use]
    pub fn quiet_since(&self, last: Day) -> Option<Day> {
        let days = (0..LONGEST_DAYS.unsigned_abs()).map(|day| minus_days(last, day));
        days.filter(|day| !self.contains(*day)).nth(usize::try_from(QUIET_DAYS - 1).ok()?)
    }
}

/// The union of `ranges`: in the order of time, none of which touches another.
fn merge(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        let touching = merged.last_mut().filter(|last| range.from() <= plus_days(last.to(), 1));
        let whole = touching.and_then(|last| {
            let whole = Range::new(last.from(), last.to().max(range.to())).ok()?;
            Some((last, whole))
        });
        match whole {
            Some((last, whole)) => *last = whole,
            None => merged.push(range),
        }
    }
    merged
}

/// The calendar of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The first day of its weeks.
    pub week_start: WeekStart,
    /// Its days without classes.
    pub breaks: Breaks,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(from: &str, to: &str) -> Range {
        Range::parse(from, to).unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_break_that_lists_weekdays_has_the_weekends_between_and_after_them() {
        let breaks = Breaks::new([
            range("2026-10-19", "2026-10-23"),
            range("2026-10-12", "2026-10-16"),
            range("2026-11-26", "2026-11-27"),
        ]);
        let expected = [range("2026-10-12", "2026-10-25"), range("2026-11-26", "2026-11-27")];
        assert_eq!(breaks.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_days_of_a_comparison_are_before_a_break() {
        let breaks = Breaks::new([range("2026-10-12", "2026-10-18")]);
        let before = |from, to| breaks.previous_weeks(range(from, to));
        assert_eq!(before("2026-10-19", "2026-10-25"), Some(range("2026-10-05", "2026-10-11")));
        assert_eq!(before("2026-10-20", "2026-10-21"), Some(range("2026-10-06", "2026-10-07")));
        let month = before("2026-10-19", "2026-11-15");
        assert_eq!(month, Some(range("2026-09-14", "2026-10-11")), "four weeks before the break");
        let later = before("2026-10-26", "2026-11-08");
        assert_eq!(later, Some(range("2026-10-12", "2026-10-25")), "a break among the days stays");
        let skipped = |from, to| breaks.skipped_weeks(range(from, to));
        assert_eq!((skipped("2026-10-19", "2026-10-25"), skipped("2026-10-26", "2026-11-08")), (1, 0));
        let most = |from, to| breaks.are_most_of(day(from), day(to));
        assert!(most("2026-10-12", "2026-10-12") && most("2026-10-11", "2026-10-17"));
        assert!(!most("2026-10-11", "2026-10-11") && !most("2026-10-05", "2026-10-18"));
    }

    #[test]
    fn days_before_are_enough_to_tell_who_is_quiet_across_a_break() {
        let breaks = Breaks::new([range("2026-10-12", "2026-10-18")]);
        let days = |from, to| breaks.days_before(range(from, to));
        assert_eq!(breaks.quiet_since(day("2026-10-25")), Some(day("2026-10-05")));
        assert_eq!(days("2026-10-19", "2026-10-25"), Some(range("2026-10-05", "2026-10-18")));
        assert_eq!(days("2026-10-12", "2026-10-18"), Some(range("2026-09-28", "2026-10-11")));
        assert_eq!(days("2026-11-02", "2026-11-08"), Some(range("2026-10-26", "2026-11-01")));
        assert_eq!(days("2026-11-04", "2026-11-04"), Some(range("2026-10-28", "2026-11-03")));
    }

    #[test]
    fn a_week_starts_on_monday_or_sunday() {
        assert_eq!(WeekStart::Sunday.first_day(day("2026-10-18")), day("2026-10-18"));
        assert_eq!(WeekStart::Sunday.first_day(day("2026-10-17")), day("2026-10-11"));
        assert_eq!(WeekStart::Monday.first_day(day("2026-10-18")), day("2026-10-12"));
        for same_week in ["2026-10-18", "2026-10-19", "2026-10-24"] {
            assert_eq!(WeekStart::Sunday.monday(day(same_week)), day("2026-10-19"));
        }
        for (name, week_start) in [("monday", WeekStart::Monday), ("sunday", WeekStart::Sunday)] {
            assert_eq!(WeekStart::parse(name), Some(week_start));
            assert_eq!(serde_json::to_value(week_start).unwrap(), serde_json::json!(name));
        }
    }

    proptest! {
        #[test]
        fn breaks_are_apart_and_have_every_listed_day(
            listed in prop::collection::vec((0u64..400, 0u64..20), 0..12),
            from in 0u64..400,
            days in 0u64..100,
        ) {
            let first = day("2026-01-01");
            let listed: Vec<Range> = listed.into_iter()
                .map(|(from, days)| Range::new(plus_days(first, from), plus_days(first, from + days)).unwrap())
                .collect();
            let breaks = Breaks::new(listed.clone());
            for range in &listed {
                prop_assert!(range.each_day().all(|day| breaks.contains(day)));
            }
            let all: Vec<Range> = breaks.iter().collect();
            prop_assert!(all.windows(2).all(|pair| plus_days(pair[0].to(), 1) < pair[1].from()));
            for day in all.iter().flat_map(|range| range.each_day()) {
                let is_weekend = monday(day) < minus_days(day, 4);
                prop_assert!(is_weekend || listed.iter().any(|range| range.from() <= day && day <= range.to()));
            }
            prop_assert_eq!(&Breaks::new(breaks.iter()), &breaks, "nothing changes a second time");

            let range = Range::new(plus_days(first, from), plus_days(first, from + days)).unwrap();
            let previous = breaks.previous_weeks(range).unwrap();
            prop_assert_eq!(previous.days(), range.days());
            prop_assert_eq!((range.from() - previous.from()).num_days() % 7, 0);
            prop_assert!(previous.to() < range.from());
            let last_week = minus_days(previous.to(), previous.days().min(7) - 1);
            prop_assert!((0..previous.days().min(7)).any(|n| !breaks.contains(plus_days(last_week, n))));
            let before = breaks.days_before(range).unwrap();
            prop_assert_eq!(plus_days(before.to(), 1), range.from());
            prop_assert!(before.from() <= previous.from());
            let since = breaks.quiet_since(range.to()).unwrap();
            let class_days = (0..=(range.to() - since).num_days().unsigned_abs())
                .filter(|n| !breaks.contains(plus_days(since, *n))).count() as u64;
            prop_assert_eq!(class_days, QUIET_DAYS);
            if days + 1 >= QUIET_DAYS / 2 {
                prop_assert!(before.from() <= since, "who is quiet can be told");
            }
        }
    }
}
