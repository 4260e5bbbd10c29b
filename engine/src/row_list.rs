//! The rows behind the measures, by number: what a table shows of them, and never more at a time.
//!
//! The order is that of time. A listing is four bytes for each row, made when a table first asks.

use crate::crossfilter::{self, Crossfilter, FilterResult};
use crate::dictionary::EMPTY;
use crate::measures::Query;
use crate::sort;
use crate::video_view_columns::Dictionaries;
use crate::video_view_dataset::{VideoViewDataset, VideoViewWindowData};
use domain::wire_struct;

/// What a table shows of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowDetails {
    /// Seconds since 1970, UTC.
    pub time: u32,
    /// The video's name.
    pub video: String,
    /// The course, as displayed.
    pub course: String,
    /// The section's number.
    pub section: String,
    /// The viewer's name; empty for nobody known.
    pub person: String,
    /// The viewer's role, as Echo360 writes it.
    pub role: String,
    /// The video's whole minutes.
    pub length: Option<u32>,
}

wire_struct!(RowDetails { time, video, course, section, person, role, length });

/// Rows of one window's copy, in the order of time.
#[derive(Debug)]
struct WindowRows {
    window: String,
    rows: Vec<u32>,
}

/// The rows of a query that are counted in its measures.
#[derive(Debug, Default)]
pub struct RowList {
    runs: Vec<WindowRows>,
}

impl RowList {
    /// The rows of `query` in the dataset, of the days that are `counted`.
    #[must_use]
    pub fn new(query: &Query, counted: &[bool], dataset: &VideoViewDataset) -> Self {
        let starts = crossfilter::day_starts(query);
        let crossfilter = Crossfilter::new(query, &starts, &dataset.texts);
        let runs = dataset
            .iter()
            .map(|(window, data)| {
                let columns = &data.table.columns;
                let mut passes = vec![false; columns.rollups.len()];
                crossfilter.for_each_match(&columns.rollups, counted, |place| {
                    if let (FilterResult::All, Some(passes)) = (place.passes, passes.get_mut(place.rollup)) {
                        *passes = true;
                    }
                });
                let is_listed = |rollup: &u32| passes.get(*rollup as usize).copied().unwrap_or(false);
                let rows = (0u64..).zip(&columns.rollup).zip(&columns.time);
                // Equal times stay in the order of the file.
                let mut rows: Vec<u64> = rows
                    .filter(|((_, at), _)| is_listed(at))
                    .map(|((row, _), time)| u64::from(*time) << 32 | row)
                    .collect();
                sort::sort_ascending(&mut rows);
                let rows = rows.into_iter().map(|row| (row & 0xffff_ffff) as u32).collect();
                WindowRows { window: window.to_owned(), rows }
            })
            .filter(|run| !run.rows.is_empty())
            .collect();
        Self { runs }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.rows.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// At most `count` rows from number `from` on.
    #[must_use]
    pub fn rows(&self, from: usize, count: usize, dataset: &VideoViewDataset) -> Vec<RowDetails> {
        let mut skip = from;
        let mut shown = Vec::new();
        for run in &self.runs {
            let left = count.saturating_sub(shown.len());
            if let Some(data) = dataset.get(&run.window) {
                let rows = run.rows.iter().skip(skip).take(left);
                shown.extend(rows.map(|row| read(data, *row as usize, &dataset.texts)));
            }
            skip = skip.saturating_sub(run.rows.len());
        }
        shown
    }
}

fn read(data: &VideoViewWindowData, row: usize, texts: &Dictionaries) -> RowDetails {
    let columns = &data.table.columns;
    let time = columns.time.get(row).copied().unwrap_or(0);
    let Some(said) = columns.rollup_of_row(row) else { return RowDetails { time, ..RowDetails::default() } };
    RowDetails {
        time,
        video: texts.video_name(said.video),
        course: texts.course_code(said.course),
        section: texts.section_number(said.section).0,
        person: if said.user == EMPTY { String::new() } else { texts.person_name(said.user) },
        role: texts.role.text(said.role).into_owned(),
        length: Some(said.length).filter(|minutes| *minutes > 0),
    }
}
