//! The loaded copies of `videoview` windows with their shared dictionaries: the input of every measure.

use crate::video_view_columns::Dictionaries;
use crate::video_view_table::VideoViewTable;
use domain::query::WindowCoverage;
use domain::time::{Day, SECOND, Timestamp};

/// The loaded copy of one window.
#[derive(Debug, Clone)]
pub struct VideoViewWindowData {
    /// Its rows.
    pub table: VideoViewTable,
    /// The days that it covers.
    pub coverage: WindowCoverage,
}

/// The loaded copies, one per window.
#[derive(Debug, Clone, Default)]
pub struct VideoViewDataset {
    /// The texts behind the codes of all copies, including those that are still being decoded.
    pub texts: Dictionaries,
    /// Sorted by window id.
    windows: Vec<(String, VideoViewWindowData)>,
}

impl VideoViewDataset {
    /// Adds a window's copy, or replaces the previous one.
    pub fn insert(&mut self, window: &str, table: VideoViewTable, coverage: WindowCoverage) {
        let data = VideoViewWindowData { table, coverage };
        match self.find_index(window) {
            Ok(index) => {
                if let Some((_, old)) = self.windows.get_mut(index) {
                    *old = data;
                }
            }
            Err(index) => self.windows.insert(index, (window.to_owned(), data)),
        }
    }

    /// Updates the days that a window's copy covers; does nothing if the window is not loaded.
    pub fn set_coverage(&mut self, window: &str, coverage: WindowCoverage) {
        if let Some((_, data)) = self.find_index(window).ok().and_then(|index| self.windows.get_mut(index)) {
            data.coverage = coverage;
        }
    }

    /// Removes every window for which `should_keep` is false.
    pub fn retain(&mut self, should_keep: impl Fn(&str) -> bool) {
        self.windows.retain(|(window, _)| should_keep(window));
    }

    /// The generation of a window's copy, if it is loaded.
    #[must_use]
    pub fn generation(&self, window: &str) -> Option<u32> {
        self.get(window).map(|data| data.table.generation)
    }

    /// Every window's id and copy, sorted by id: windows with dates are in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &VideoViewWindowData)> {
        self.windows.iter().map(|(window, data)| (window.as_str(), data))
    }

    /// A window's copy, if it is loaded.
    #[must_use]
    pub fn get(&self, window: &str) -> Option<&VideoViewWindowData> {
        self.windows.get(self.find_index(window).ok()?).map(|(_, data)| data)
    }

    /// The index of a window; if it is not loaded, `Err` with the index at which to insert it.
    fn find_index(&self, window: &str) -> Result<usize, usize> {
        self.windows.binary_search_by(|(id, _)| id.as_str().cmp(window))
    }

    /// Whether the time from `start` to `end`, in seconds since 1970, is final; `None` if not all of it is
    /// covered. UTC days from `today` on are not over: they are never final, and need not be covered.
    #[must_use]
    pub fn is_final(&self, start: i64, end: i64, today: Day) -> Option<bool> {
        let utc = |seconds: i64| Timestamp(seconds * SECOND).day();
        let last = utc(end - 1);
        let mut is_final = true;
        for day in utc(start).iter_days().take_while(|day| *day <= last) {
            if day >= today {
                is_final = false;
                continue;
            }
            let coverage = self.windows.iter().map(|(_, data)| data.coverage).find(|coverage| {
                coverage.start.is_none_or(|start| start <= day) && coverage.end.is_none_or(|end| day < end)
            })?;
            is_final &= coverage.provisional_from.is_none_or(|from| day < from);
        }
        Some(is_final)
    }
}
