//! The rows behind the measures, sorted by time: a table reads only the range of rows that it shows.
//!
//! A list takes four bytes per row and is built when a table first needs it.

use crate::aggregator::Aggregator;
use crate::crossfilter::FilterResult;
use crate::dictionary::EMPTY;
use crate::text_search::TextSearch;
use crate::video_view_columns::Dictionaries;
use crate::video_view_dataset::{VideoViewDataset, VideoViewWindowData};

/// One row as a table shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowDetails {
    /// Seconds since 1970, UTC.
    pub time: u32,
    /// The video's name.
    pub video: String,
    /// The course's code, as displayed.
    pub course: String,
    /// The section's number.
    pub section: String,
    /// The viewer's name; empty if unknown.
    pub person: String,
    /// The viewer's role, in Echo360's spelling.
    pub role: String,
    /// The video's length in whole minutes.
    pub length: Option<u32>,
}

/// Row numbers of one window's copy, sorted by time.
#[derive(Debug)]
struct WindowRows {
    id: String,
    rows: Vec<u32>,
}

/// The rows of a query that are counted in its measures.
#[derive(Debug, Default)]
pub struct RowIndex {
    windows: Vec<WindowRows>,
}

impl RowIndex {
    /// Lists the rows of the dataset that an aggregator has counted.
    #[must_use]
    pub fn new(aggregator: &Aggregator, dataset: &VideoViewDataset) -> Self {
        let scope = aggregator.scope(&dataset.texts);
        let crossfilter = aggregator.crossfilter(&scope, &dataset.texts);
        let counted_days = aggregator.counted_days();
        let windows = dataset
            .iter()
            .map(|(id, data)| {
                let columns = &data.table;
                let mut passes = vec![false; columns.rollups.len()];
                crossfilter.for_each_match(&columns.rollups, &counted_days, |found| {
                    if let (FilterResult::All, Some(passes)) = (found.passes, passes.get_mut(found.rollup)) {
                        *passes = true;
                    }
                });
                let is_listed = |rollup: &u32| passes.get(*rollup as usize).copied().unwrap_or(false);
                let rows = (0u64..).zip(&columns.rollup).zip(&columns.time);
                // Time in the high half, row number in the low: equal times keep the order of the file.
                let mut rows: Vec<u64> = rows
                    .filter(|((_, rollup), _)| is_listed(rollup))
                    .map(|((row, _), time)| u64::from(*time) << 32 | row)
                    .collect();
                rows.sort_unstable();
                let rows = rows.into_iter().map(|row| (row & 0xffff_ffff) as u32).collect();
                WindowRows { id: id.to_owned(), rows }
            })
            .filter(|window| !window.rows.is_empty())
            .collect();
        Self { windows }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.iter().map(|window| window.rows.len()).sum()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The rows that have a text which the search finds: the video, course, section, person or role.
    #[must_use]
    pub fn find(&self, search: &TextSearch, dataset: &VideoViewDataset) -> Self {
        let texts = &dataset.texts;
        // Each text is searched once, however many rows have it.
        let found = |codes: usize, text: &dyn Fn(u32) -> String| -> Vec<bool> {
            let codes = 0..u32::try_from(codes).unwrap_or(u32::MAX);
            codes.map(|code| search.finds(&text(code))).collect()
        };
        let videos = found(texts.video.len(), &|code| texts.video_name(code));
        let courses = found(texts.course.len(), &|code| texts.course_code(code));
        let sections = found(texts.section.len(), &|code| texts.section_number(code).0);
        let users = found(texts.user.len(), &|code| texts.person_name(code));
        let roles = found(texts.role.len(), &|code| texts.role.text(code).into_owned());
        let is_found = |found: &[bool], code: u32| found.get(code as usize).copied().unwrap_or(false);
        let windows = self.windows.iter().filter_map(|window| {
            let columns = &dataset.get(&window.id)?.table;
            let passes: Vec<bool> = columns
                .rollups
                .iter()
                .map(|rollup| {
                    is_found(&videos, rollup.video)
                        || is_found(&courses, rollup.course)
                        || is_found(&sections, rollup.section)
                        || is_found(&users, rollup.user)
                        || is_found(&roles, rollup.role)
                })
                .collect();
            let is_listed =
                |row: &u32| columns.rollup.get(*row as usize).is_some_and(|it| is_found(&passes, *it));
            let rows: Vec<u32> = window.rows.iter().copied().filter(is_listed).collect();
            (!rows.is_empty()).then(|| WindowRows { id: window.id.clone(), rows })
        });
        Self { windows: windows.collect() }
    }

    /// At most `count` rows, from index `from` on.
    #[must_use]
    pub fn rows(&self, from: usize, count: usize, dataset: &VideoViewDataset) -> Vec<RowDetails> {
        let mut skip = from;
        let mut details = Vec::new();
        for window in &self.windows {
            let left = count.saturating_sub(details.len());
            if let Some(data) = dataset.get(&window.id) {
                let rows = window.rows.iter().skip(skip).take(left);
                details.extend(rows.map(|row| row_details(data, *row as usize, &dataset.texts)));
            }
            skip = skip.saturating_sub(window.rows.len());
        }
        details
    }
}

fn row_details(data: &VideoViewWindowData, row: usize, texts: &Dictionaries) -> RowDetails {
    let columns = &data.table;
    let time = columns.time.get(row).copied().unwrap_or(0);
    let Some(rollup) = columns.rollup_of_row(row) else {
        return RowDetails { time, ..RowDetails::default() };
    };
    RowDetails {
        time,
        video: texts.video_name(rollup.video),
        course: texts.course_code(rollup.course),
        section: texts.section_number(rollup.section).0,
        person: if rollup.user == EMPTY { String::new() } else { texts.person_name(rollup.user) },
        role: texts.role.text(rollup.role).into_owned(),
        length: Some(rollup.length).filter(|minutes| *minutes > 0),
    }
}
