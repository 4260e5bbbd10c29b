//! The loaded tables of a report, by window, with the texts that they share: the input of every measure.
//!
//! A dataset is the same for both layouts of a table: [`Table`], or the columns of `videoview`.

use super::Table;
use super::builder::WindowTable;
use domain::query::WindowCoverage;
use domain::range::Range;
use domain::time::{Day, SECOND, Timestamp};
use std::collections::BTreeMap;

/// The loaded copy of a window.
#[derive(Debug, Clone)]
pub struct WindowData<T = Table> {
    /// Generation of the copy.
    pub generation: u32,
    /// The rows.
    pub table: T,
    /// The days that it covers.
    pub coverage: WindowCoverage,
}

/// The state of a day's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataStatus {
    /// Some of the data is not loaded.
    Missing,
    /// The data may still grow.
    Provisional,
    /// The data is final.
    Complete,
}

/// The loaded copies of a report, one per window.
#[derive(Debug, Clone)]
pub struct Dataset<T: WindowTable = Table> {
    /// The texts of the codes in all tables, including those that are still being decoded. In a [`Table`] all columns
    /// share them: a person who asks in one column and answers in another has the same code.
    pub texts: T::Texts,
    /// By window id.
    windows: BTreeMap<String, WindowData<T>>,
}

impl<T: WindowTable> Default for Dataset<T> {
    fn default() -> Self {
        Self { texts: T::Texts::default(), windows: BTreeMap::new() }
    }
}

impl<T: WindowTable> Dataset<T> {
    /// Adds a window, or replaces its earlier copy.
    pub fn insert(&mut self, window: &str, data: WindowData<T>) {
        self.windows.insert(window.to_owned(), data);
    }

    /// Changes the days that a window covers. Does nothing if the window is not loaded.
    pub fn set_coverage(&mut self, window: &str, coverage: WindowCoverage) {
        if let Some(data) = self.windows.get_mut(window) {
            data.coverage = coverage;
        }
    }

    /// Removes all windows whose id does not satisfy `is_needed`.
    pub fn retain(&mut self, is_needed: impl Fn(&str) -> bool) {
        self.windows.retain(|window, _| is_needed(window));
    }

    /// The generation of a window's copy; `None` if the window is not loaded.
    #[must_use]
    pub fn generation(&self, window: &str) -> Option<u32> {
        self.windows.get(window).map(|data| data.generation)
    }

    /// A window's copy, if it is loaded.
    #[must_use]
    pub fn get(&self, window: &str) -> Option<&WindowData<T>> {
        self.windows.get(window)
    }

    /// Every window with its data, in the order of ids: for windows with dates, the order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &WindowData<T>)> {
        self.windows.iter().map(|(window, data)| (window.as_str(), data))
    }

    /// The windows that cover any day of `range`. Windows loaded for a comparison may be outside it.
    pub fn within(&self, range: Range) -> impl Iterator<Item = &WindowData<T>> {
        self.windows.values().filter(move |WindowData { coverage, .. }| {
            coverage.start.is_none_or(|start| start <= range.to())
                && coverage.end.is_none_or(|end| range.from() < end)
        })
    }

    /// Whether no window is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The status of a span, given in seconds since 1970 (`end` exclusive): the worst status of the UTC days
    /// that it overlaps. Days from `today` on are not over, so they are provisional.
    #[must_use]
    pub fn status_between(&self, start: i64, end: i64, today: Day) -> DataStatus {
        let utc_day = |seconds: i64| Timestamp(seconds * SECOND).day();
        let last = utc_day(end - 1);
        let mut status = DataStatus::Complete;
        for day in utc_day(start).iter_days().take_while(|day| *day <= last) {
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

impl Dataset {
    /// Number of rows of all windows whose number of fields differs from their header's.
    #[must_use]
    pub fn ragged(&self) -> u64 {
        self.windows.values().map(|data| data.table.ragged).sum()
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
    fn within_returns_windows_that_overlap_the_range() {
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
    fn a_span_has_the_worst_status_of_its_days() {
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
        assert_eq!(status("2026-02-09", "2026-02-10"), DataStatus::Provisional, "today is not over");
    }
}
