//! The calendar: three terms a year, each of fifteen weeks of teaching and a break, aligned to ISO weeks.

use crate::clock::date_of_day;
use chrono::Datelike as _;

/// A term: the year, and 0 to 2 for spring, summer and autumn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TermKey {
    year: i32,
    part: u8,
}

/// Weeks of teaching in a term.
pub(crate) const TEACHING_WEEKS: i64 = 15;
/// The institution's first term; nothing happened before it.
pub(crate) const FIRST_TERM: TermKey = TermKey { year: 2024, part: 0 };
/// The ISO week in which each term of a year starts; its break starts 15 weeks later.
const START_WEEKS: [u32; 3] = [2, 19, 36];

impl TermKey {
    /// The term of a day, including the break after it; `None` before the first term.
    pub(crate) fn of_day(day: i64) -> Option<Self> {
        let week = date_of_day(day).iso_week();
        let part = START_WEEKS.iter().filter(|start| week.week() >= **start).count();
        let key = match part {
            0 => Self { year: week.year() - 1, part: 2 },
            1 => Self { year: week.year(), part: 0 },
            2 => Self { year: week.year(), part: 1 },
            _ => Self { year: week.year(), part: 2 },
        };
        (key >= FIRST_TERM).then_some(key)
    }

    /// The term after this one.
    pub(crate) const fn next(self) -> Self {
        if self.part == 2 {
            Self { year: self.year + 1, part: 0 }
        } else {
            Self { year: self.year, part: self.part + 1 }
        }
    }

    /// The Monday on which teaching starts, as a day number.
    pub(crate) fn first_day(self) -> i64 {
        let week = START_WEEKS.get(usize::from(self.part)).copied().unwrap_or(2);
        let monday = chrono::NaiveDate::from_isoywd_opt(self.year, week, chrono::Weekday::Mon);
        i64::from(monday.unwrap_or_default().to_epoch_days())
    }

    /// The term's name: `Spring 2026`.
    pub(crate) fn name(self) -> String {
        let season = match self.part {
            0 => "Spring",
            1 => "Summer",
            _ => "Autumn",
        };
        format!("{season} {}", self.year)
    }

    /// A unique number for keys of [`Dice`](crate::chance::Dice).
    pub(crate) fn number(self) -> u64 {
        u64::from(self.year.unsigned_abs()) * 3 + u64::from(self.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_belongs_to_the_latest_term_that_has_started() {
        let mut key = FIRST_TERM;
        for day in FIRST_TERM.first_day()..FIRST_TERM.first_day() + 3000 {
            if day == key.next().first_day() {
                key = key.next();
            }
            assert_eq!(TermKey::of_day(day), Some(key), "day {day}");
        }
        assert_eq!(TermKey::of_day(FIRST_TERM.first_day() - 1), None);
    }

    #[test]
    fn a_break_lasts_two_to_five_weeks() {
        let mut key = FIRST_TERM;
        for _ in 0..60 {
            let weeks = (key.next().first_day() - key.first_day()) / 7 - TEACHING_WEEKS;
            assert!((2..=5).contains(&weeks), "{weeks} weeks after {}", key.name());
            key = key.next();
        }
    }
}
