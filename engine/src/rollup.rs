//! Rollups: rows that say the same but for the second, within one quarter of an hour.
//!
//! A row is 30 seconds watched, so up to thirty rows in a row name the same person, video and section. Every
//! measure counts rows by what they name and by their hour, never by their second: so it counts rollups, of
//! which there are a tenth as many, and a changed filter over millions of rows is answered at once.
//!
//! A quarter of an hour is what every zone's hours and days are made of: since 1973 every offset from UTC is a
//! multiple of 15 minutes. A rollup is of the local hour and day in which its quarter begins.

/// Seconds in a quarter of an hour.
pub const QUARTER: u32 = 15 * 60;

/// No rollup.
const NONE: u32 = u32::MAX;

/// Rows that say the same but for the second. One viewer may have several equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarterHourRollup {
    /// Quarters of an hour from 1970 to the one its rows are in, UTC.
    pub quarter: u32,
    /// Code of the viewer; 0 where the rows name nobody.
    pub user: u32,
    /// Code of the video.
    pub video: u32,
    /// Code of the course.
    pub course: u32,
    /// Code of the section.
    pub section: u32,
    /// Code of the viewer's role.
    pub role: u32,
    /// The video's whole minutes, 0 where the rows give none.
    pub length: u32,
    /// How many rows.
    pub rows: u32,
}

impl QuarterHourRollup {
    /// Seconds from 1970 to the start of its quarter of an hour, UTC.
    #[must_use]
    #[inline]
    pub fn start(&self) -> i64 {
        i64::from(self.quarter) * i64::from(QUARTER)
    }

    /// Whether a row that says what `other` does belongs to it.
    #[inline]
    fn matches(&self, other: &Self) -> bool {
        Self { rows: 0, ..*self } == Self { rows: 0, ..*other }
    }
}

/// The rollup that each viewer was last seen in: where their next row most likely belongs.
#[derive(Debug, Default)]
pub struct RollupIndex(Vec<u32>);

impl RollupIndex {
    /// Counts one row that says what `row` does; gives the place of its rollup.
    #[inline]
    pub fn count_row(&mut self, row: QuarterHourRollup, rollups: &mut Vec<QuarterHourRollup>) -> u32 {
        let user = row.user as usize;
        if user >= self.0.len() {
            // In steps: viewers are numbered in the order of first sight.
            self.0.resize((user + 1).next_multiple_of(1024), NONE);
        }
        let place_of_last = self.0.get(user).copied().unwrap_or(NONE);
        if let Some(rollup) = rollups.get_mut(place_of_last as usize)
            && rollup.matches(&row)
        {
            rollup.rows += 1;
            return place_of_last;
        }
        let place = u32::try_from(rollups.len()).unwrap_or(NONE);
        rollups.push(QuarterHourRollup { rows: 1, ..row });
        if let Some(place_of_last) = self.0.get_mut(user) {
            *place_of_last = place;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_row_is_in_one_sitting_that_says_what_it_says(
            rows in prop::collection::vec((0u32..3, 0u32..5, 0u32..3), 0..200),
        ) {
            let (mut rollup_index, mut rollups) = (RollupIndex::default(), Vec::new());
            let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
            for (quarter, user, video) in rows {
                let row = QuarterHourRollup { quarter, user, video, course: 1, section: 2, role: 3, length: 4, rows: 1 };
                let place = rollup_index.count_row(row, &mut rollups);
                prop_assert!(rollups[place as usize].matches(&row));
                *seen.entry(place).or_default() += 1;
            }
            for (place, rollup) in (0..).zip(&rollups) {
                prop_assert_eq!(seen.get(&place), Some(&rollup.rows));
            }
        }
    }
}
