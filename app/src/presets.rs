//! The ranges that are a click away: whole weeks, Monday to Sunday, up to the last that is over.

use domain::range::Range;
use domain::time::{Day, minus_days, monday, plus_days};

/// A range by how many weeks it goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its number of weeks.
    pub weeks: u64,
}

/// Those that are offered.
pub const PRESETS: [Preset; 3] = [Preset { weeks: 1 }, Preset { weeks: 4 }, Preset { weeks: 12 }];

/// What a first visit is offered.
pub const FIRST: Preset = Preset { weeks: 4 };

impl Preset {
    /// Its days, as of `today` in the view's zone.
    #[must_use]
    pub fn range(self, today: Day) -> Option<Range> {
        let this = monday(today);
        Range::new(minus_days(this, self.weeks * 7), minus_days(this, 1)).ok()
    }
}

/// The days before `range`, as many.
#[must_use]
pub fn before(range: Range) -> Option<Range> {
    Range::new(minus_days(range.from(), range.days()), minus_days(range.from(), 1)).ok()
}

/// The days after `range`, as many; `None` unless all of them are over at `today`.
#[must_use]
pub fn after(range: Range, today: Day) -> Option<Range> {
    Range::new(plus_days(range.to(), 1), plus_days(range.to(), range.days()))
        .ok()
        .filter(|it| it.to() < today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_whole_weeks_that_are_over() {
        let days = |today: &str| Preset { weeks: 4 }.range(today.parse().unwrap()).unwrap();
        assert_eq!(days("2026-03-05"), Range::parse("2026-02-02", "2026-03-01").unwrap());
        assert_eq!(days("2026-03-02"), Range::parse("2026-02-02", "2026-03-01").unwrap());
        assert_eq!(days("2026-03-01"), Range::parse("2026-01-26", "2026-02-22").unwrap());
    }

    #[test]
    fn an_arrow_goes_by_the_ranges_own_length_and_not_into_days_that_are_not_over() {
        let range = Range::parse("2026-02-02", "2026-03-01").unwrap();
        let earlier = Range::parse("2026-01-05", "2026-02-01").unwrap();
        assert_eq!(before(range), Some(earlier));
        let today = |text: &str| text.parse().unwrap();
        assert_eq!(after(earlier, today("2026-03-02")), Some(range));
        assert_eq!(after(earlier, today("2026-03-01")), None);
        let year = Range::parse("2024-02-29", "2024-02-29").unwrap();
        assert_eq!(after(before(year).unwrap(), today("2026-03-01")), Some(year));
    }
}
