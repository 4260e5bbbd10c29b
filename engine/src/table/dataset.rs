//! The tables of a report that are present, by window, with their dictionaries: the input of every measure.

use super::Table;
use crate::dictionary::Dictionary;
use crate::video_view_dataset::WindowCoverage;
use domain::range::Range;
use domain::time::{Day, SECOND, Timestamp};
use std::collections::BTreeMap;

/// A table that is here.
#[derive(Debug, Clone)]
pub struct WindowData {
    /// Which copy of its window.
    pub generation: u32,
    /// Its rows.
    pub table: Table,
    /// The days it answers for.
    pub coverage: WindowCoverage,
}

/// Whether a day's numbers can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataStatus {
    /// Not all of it is here, so that no number of it would be true.
    Missing,
    /// It may still grow.
    Provisional,
    /// Final.
    Complete,
}

/// The tables that are here.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// The texts behind the codes of all of them, whatever the column: a person who asks in one column and
    /// answers in another has one code.
    pub texts: Dictionary,
    windows: BTreeMap<String, WindowData>,
}

impl Dataset {
    /// Puts a window's copy in, in place of the one that was there.
    pub fn insert(&mut self, window: &str, data: WindowData) {
        self.windows.insert(window.to_owned(), data);
    }

    /// Says anew which days a window's copy answers for.
    pub fn set_coverage(&mut self, window: &str, coverage: WindowCoverage) {
        if let Some(data) = self.windows.get_mut(window) {
            data.coverage = coverage;
        }
    }

    /// Takes out every window but these.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.windows.retain(|window, _| wanted(window));
    }

    /// Which copy of a window is here.
    #[must_use]
    pub fn generation(&self, window: &str) -> Option<u32> {
        self.windows.get(window).map(|data| data.generation)
    }

    /// Every window with its table, by id: for windows with dates, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &WindowData)> {
        self.windows.iter().map(|(window, data)| (window.as_str(), data))
    }

    /// Those that answer for any day of `range`: what numbers are held against lies here, too.
    pub fn within(&self, range: Range) -> impl Iterator<Item = &WindowData> {
        self.windows.values().filter(move |WindowData { coverage, .. }| {
            coverage.start.is_none_or(|start| start <= range.to())
                && coverage.end.is_none_or(|end| range.from() < end)
        })
    }

    /// How many are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Rows in all tables, and those that are in none of them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.windows.values().map(|data| data.table.rows() as u64 + data.table.ragged).sum()
    }

    /// Rows with another number of fields than their header, in all tables.
    #[must_use]
    pub fn ragged(&self) -> u64 {
        self.windows.values().map(|data| data.table.ragged).sum()
    }

    /// How the seconds from `start` to `end` stand: as badly as the worst UTC day that they touch. What begins
    /// `today` or later is not over, and therefore neither final nor missing.
    #[must_use]
    pub fn status_between(&self, start: i64, end: i64, today: Day) -> DataStatus {
        let utc = |seconds: i64| Timestamp(seconds * SECOND).day();
        let last = utc(end - 1);
        let mut status = DataStatus::Complete;
        for day in utc(start).iter_days().take_while(|day| *day <= last) {
            if day >= today {
                status = DataStatus::Provisional;
                continue;
            }
            let coverage = self.windows.values().map(|data| data.coverage).find(|coverage| {
                coverage.start.is_none_or(|start| start <= day) && coverage.end.is_none_or(|end| day < end)
            });
            match coverage {
                None => return DataStatus::Missing,
                Some(coverage) if coverage.provisional_from.is_some_and(|from| day >= from) => {
                    status = DataStatus::Provisional;
                }
                Some(_) => {}
            }
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::parse_day;

    fn day(text: &str) -> Day {
        parse_day(text).unwrap()
    }

    #[test]
    fn what_lies_outside_a_range_is_not_within_it() {
        let mut dataset = Dataset::default();
        for (from, to) in [("2026-02-02", "2026-02-09"), ("2026-02-09", "2026-02-16")] {
            let coverage =
                WindowCoverage { start: Some(day(from)), end: Some(day(to)), provisional_from: None };
            dataset.insert(from, WindowData { generation: 1, table: Table::default(), coverage });
        }
        let within = |from: &str, to: &str| dataset.within(Range::parse(from, to).unwrap()).count();
        assert_eq!(within("2026-02-08", "2026-02-08"), 1);
        assert_eq!(within("2026-02-08", "2026-02-09"), 2);
        assert_eq!(within("2026-02-16", "2026-02-20"), 0);
    }

    #[test]
    fn a_span_stands_as_badly_as_the_worst_day_it_touches() {
        let mut dataset = Dataset::default();
        let coverage = WindowCoverage {
            start: Some(day("2026-02-02")),
            end: Some(day("2026-02-09")),
            provisional_from: Some(day("2026-02-07")),
        };
        dataset.insert("2026-02-02", WindowData { generation: 1, table: Table::default(), coverage });
        let start = |text: &str| Timestamp::start_of(day(text)).seconds();
        let status = |from: &str, to: &str| dataset.status_between(start(from), start(to), day("2026-02-09"));
        assert_eq!(status("2026-02-02", "2026-02-07"), DataStatus::Complete);
        assert_eq!(status("2026-02-06", "2026-02-08"), DataStatus::Provisional);
        assert_eq!(status("2026-02-01", "2026-02-03"), DataStatus::Missing);
        assert_eq!(status("2026-02-09", "2026-02-10"), DataStatus::Provisional, "not over");
    }
}
