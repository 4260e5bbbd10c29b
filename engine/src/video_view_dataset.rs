//! The `videoview` tables that are present, by window, with their dictionaries: the input of every measure.

use crate::video_view_columns::Dictionaries;
use crate::video_view_table::VideoViewTable;
use domain::time::{Day, SECOND, Timestamp};
use domain::wire_struct;

/// The days a window's copy answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowCoverage {
    /// The first UTC day; `None` without dates.
    pub start: Option<Day>,
    /// The UTC day after the last that the copy covers; `None` without dates.
    pub end: Option<Day>,
    /// The first UTC day that was not complete when the copy was asked for.
    pub provisional_from: Option<Day>,
}

wire_struct!(WindowCoverage { start, end, provisional_from });

/// A table that is here.
#[derive(Debug, Clone)]
pub struct VideoViewWindowData {
    /// Its rows.
    pub table: VideoViewTable,
    /// The days it answers for.
    pub coverage: WindowCoverage,
}

/// The copies that are here.
#[derive(Debug, Clone, Default)]
pub struct VideoViewDataset {
    /// The texts behind the codes of all of them, and of those that are builder.
    pub texts: Dictionaries,
    /// By window, in the order of their ids.
    windows: Vec<(String, VideoViewWindowData)>,
}

impl VideoViewDataset {
    /// Puts a window's copy in, in place of the one that was there.
    pub fn insert(&mut self, window: &str, table: VideoViewTable, coverage: WindowCoverage) {
        let data = VideoViewWindowData { table, coverage };
        match self.place(window) {
            Ok(place) => {
                if let Some((_, old)) = self.windows.get_mut(place) {
                    *old = data;
                }
            }
            Err(place) => self.windows.insert(place, (window.to_owned(), data)),
        }
    }

    /// Says anew which days a window's copy answers for.
    pub fn set_coverage(&mut self, window: &str, coverage: WindowCoverage) {
        if let Some((_, data)) = self.place(window).ok().and_then(|place| self.windows.get_mut(place)) {
            data.coverage = coverage;
        }
    }

    /// Takes out every window but these.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.windows.retain(|(window, _)| wanted(window));
    }

    /// Which copy of a window is here.
    #[must_use]
    pub fn generation(&self, window: &str) -> Option<u32> {
        self.get(window).map(|data| data.table.generation)
    }

    /// Every window with its copy, by id: for windows with dates, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &VideoViewWindowData)> {
        self.windows.iter().map(|(window, data)| (window.as_str(), data))
    }

    /// A window's copy.
    #[must_use]
    pub fn get(&self, window: &str) -> Option<&VideoViewWindowData> {
        self.windows.get(self.place(window).ok()?).map(|(_, data)| data)
    }

    /// Where a window is, or would be put.
    fn place(&self, window: &str) -> Result<usize, usize> {
        self.windows.binary_search_by(|(id, _)| id.as_str().cmp(window))
    }

    /// How many copies are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Whether the seconds from `start` to `end` are final; `None` when not all of them are here. What
    /// begins `today` or later is not over, and therefore neither final nor missing.
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
