//! The ranges that are a click away: whole weeks, Monday to Sunday, up to the last that is over.

use domain::range::Range;
use domain::time::{Day, minus_days, monday};

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
}
