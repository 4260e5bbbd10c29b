//! Rollups: rows within a quarter of an hour that are equal except for the second, with their count.
//!
//! A row is 30 seconds watched, so up to thirty consecutive rows have the same person, video and section.
//! Measures need a row's ids and its hour, never its second. So they count rollups, a tenth to a twentieth as
//! many, and a changed filter over millions of rows takes effect at once.
//!
//! The hours and days of every zone consist of whole quarter hours: since 1973 every offset from UTC is a
//! multiple of 15 minutes. A rollup belongs to the local hour and day in which its quarter starts.

/// Seconds in a quarter of an hour.
pub const QUARTER: u32 = 15 * 60;

/// Marks a viewer without a rollup.
const NONE: u32 = u32::MAX;

/// Rows that are equal except for the second. There may be several equal rollups of one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarterHourRollup {
    /// The quarter of its rows: quarters of an hour since 1970, UTC.
    pub quarter: u32,
    /// Code of the viewer; 0 if the rows have no user id.
    pub user: u32,
    /// Code of the video.
    pub video: u32,
    /// Code of the course.
    pub course: u32,
    /// Code of the section.
    pub section: u32,
    /// Code of the viewer's role.
    pub role: u32,
    /// The video's length in whole minutes; 0 if the rows have none.
    pub length: u32,
    /// The number of rows.
    pub rows: u32,
}

impl QuarterHourRollup {
    /// The start of its quarter, in seconds since 1970, UTC.
    #[must_use]
    #[inline]
    pub fn start(&self) -> i64 {
        i64::from(self.quarter) * i64::from(QUARTER)
    }

    /// Whether both are equal except for the number of rows.
    #[inline]
    fn matches(&self, other: &Self) -> bool {
        Self { rows: 0, ..*self } == Self { rows: 0, ..*other }
    }
}

/// By viewer code, the index of the viewer's last rollup: the next row most likely belongs to it.
#[derive(Debug, Default)]
pub struct RollupIndex(Vec<u32>);

impl RollupIndex {
    /// Counts a row, given as a rollup of one row; returns the index of its rollup.
    #[inline]
    pub fn count_row(&mut self, row: QuarterHourRollup, rollups: &mut Vec<QuarterHourRollup>) -> u32 {
        let user = row.user as usize;
        if user >= self.0.len() {
            // In steps, because codes are assigned in the order of first appearance.
            self.0.resize((user + 1).next_multiple_of(1024), NONE);
        }
        let last = self.0.get(user).copied().unwrap_or(NONE);
        if let Some(rollup) = rollups.get_mut(last as usize)
            && rollup.matches(&row)
        {
            rollup.rows += 1;
            return last;
        }
        let index = u32::try_from(rollups.len()).unwrap_or(NONE);
        rollups.push(QuarterHourRollup { rows: 1, ..row });
        if let Some(last) = self.0.get_mut(user) {
            *last = index;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_row_is_counted_in_one_rollup_that_matches_it(
            rows in prop::collection::vec((0u32..3, 0u32..5, 0u32..3), 0..200),
        ) {
            let (mut rollup_index, mut rollups) = (RollupIndex::default(), Vec::new());
            let mut rows_by_rollup: BTreeMap<u32, u32> = BTreeMap::new();
            for (quarter, user, video) in rows {
                let row = QuarterHourRollup { quarter, user, video, course: 1, section: 2, role: 3, length: 4, rows: 1 };
                let index = rollup_index.count_row(row, &mut rollups);
                prop_assert!(rollups[index as usize].matches(&row));
                *rows_by_rollup.entry(index).or_default() += 1;
            }
            for (index, rollup) in (0..).zip(&rollups) {
                prop_assert_eq!(rows_by_rollup.get(&index), Some(&rollup.rows));
            }
        }
    }
}
