//! Selects the rows that match a query, for reports with a timestamp in each row: the only module that
//! applies days, course and filters.
//!
//! Days are days of the query's zone. Rows of a day that is not completely loaded are left out, so that all
//! numbers of one result are over the same days. Rows that only the deck filter rejects are included and
//! marked, since the chart that sets this filter also shows the other decks.

use crate::completeness::Completeness;
use crate::dictionary::{Dictionary, EMPTY};
use crate::table::dataset::{DataStatus, Dataset};
use crate::table::{Table, cell_value};
use crate::video_view_columns::SkippedRows;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::time::{Day, SECOND, Timestamp, plus_days};
use std::borrow::{Borrow, Cow};
use std::collections::{BTreeSet, HashMap};

/// The names of the columns to read.
#[derive(Debug, Clone, Copy)]
pub struct ColumnNames<const N: usize> {
    /// Column of the timestamp.
    pub time: &'static str,
    /// Column of the course's UUID.
    pub course: &'static str,
    /// Column of the section's UUID.
    pub section: &'static str,
    /// Column of the user id.
    pub user: &'static str,
    /// Column of the user's institution role.
    pub role: &'static str,
    /// Column of the deck's (or video's) UUID; empty if the report has none.
    pub deck: &'static str,
    /// Further columns.
    pub cells: [&'static str; N],
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<const N: usize> {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// Index of its day in [`Selection::days`].
    pub day: usize,
    /// Its hour of the day in the query's zone, from 0.
    pub hour: usize,
    /// Code of its course.
    pub course: u32,
    /// Code of its section.
    pub section: u32,
    /// Code of its user id; [`EMPTY`] if it has none.
    pub user: u32,
    /// The user's role.
    pub role: InstitutionRole,
    /// Code of its deck.
    pub deck: u32,
    /// Whether it passes the deck filter.
    pub is_chosen: bool,
    /// Codes of the further columns.
    pub cells: [u32; N],
}

/// The rows that match a query.
#[derive(Debug)]
pub struct Selection<'a, const N: usize> {
    /// The texts of the codes.
    pub texts: &'a Dictionary,
    /// Every day of the range, first to last.
    pub days: Vec<(Day, DataStatus)>,
    /// The rows, in the order of time; rows of the same second in the order of their file.
    pub rows: Vec<Row<N>>,
    /// Rows of the whole dataset that could not be read: ragged, or without a valid time.
    pub skipped_rows: SkippedRows,
}

impl<'a, const N: usize> Selection<'a, N> {
    /// Selects the rows of a dataset that match a query.
    #[must_use]
    pub fn new(dataset: &'a Dataset, query: &MeasureQuery, columns: &ColumnNames<N>) -> Self {
        let base = &query.base;
        let starts: Vec<i64> = base
            .range
            .each_day()
            .chain([plus_days(base.range.to(), 1)])
            .map(|day| base.zone.start_of(day).seconds())
            .collect();
        let days: Vec<(Day, DataStatus)> = base
            .range
            .each_day()
            .zip(starts.iter().zip(starts.iter().skip(1)))
            .map(|(day, (start, end))| (day, dataset.status_between(*start, *end, base.today)))
            .collect();
        let texts = &dataset.texts;
        let filter = Filter {
            courses: find_codes(base.course.as_slice(), texts),
            sections: find_codes(&base.sections, texts),
            decks: find_codes(&query.decks, texts),
            users: find_codes(base.student.as_slice(), texts),
        };
        let mut roles: HashMap<u32, InstitutionRole> = HashMap::new();
        let mut rows = Vec::new();
        let mut skipped_rows = SkippedRows { ragged: dataset.ragged(), undated: 0 };
        for (_, data) in dataset.iter() {
            let indexes = ColumnIndexes::find(&data.table, columns);
            for row in 0..data.table.rows() {
                let code = |index| data.table.code(index, row);
                let Some(at) = cell_value::parse_time(texts.bytes_of(code(indexes.time))) else {
                    skipped_rows.undated += 1;
                    continue;
                };
                let second = i64::from(at);
                let Some(day) = starts.partition_point(|start| *start <= second).checked_sub(1) else {
                    continue;
                };
                if days.get(day).is_none_or(|(_, status)| *status == DataStatus::Missing) {
                    continue;
                }
                let (course, section, user) =
                    (code(indexes.course), code(indexes.section), code(indexes.user));
                let role_code = code(indexes.role);
                let role = *roles
                    .entry(role_code)
                    .or_insert_with(|| InstitutionRole::from_text(&texts.text(role_code)));
                let role_passes = base.roles.is_empty() || base.roles.contains(&role);
                let user_passes = passes(&filter.users, user) && role_passes;
                if !(passes(&filter.courses, course) && passes(&filter.sections, section) && user_passes) {
                    continue;
                }
                let deck = code(indexes.deck);
                rows.push(Row {
                    at,
                    day,
                    hour: base.zone.hour_of(Timestamp(second * SECOND)) as usize,
                    course,
                    section,
                    user,
                    role,
                    deck,
                    is_chosen: columns.deck.is_empty() || passes(&filter.decks, deck),
                    cells: indexes.cells.map(code),
                });
            }
        }
        // A stable sort: rows of one second remain in the order of their file.
        rows.sort_by_key(|row| row.at);
        Self { texts, days, rows, skipped_rows }
    }

    /// The rows that pass all filters, including the deck filter.
    pub fn chosen_rows(&self) -> impl DoubleEndedIterator<Item = &Row<N>> {
        self.rows.iter().filter(|row| row.is_chosen)
    }

    /// The text of a code.
    #[must_use]
    pub fn text(&self, code: u32) -> Cow<'a, str> {
        self.texts.text(code)
    }

    /// `number` with the status of a day, given by its index.
    pub fn completeness<T>(&self, day: usize, number: T) -> Completeness<T> {
        match self.days.get(day).map(|(_, status)| *status) {
            Some(DataStatus::Complete) => Completeness::Complete(number),
            Some(DataStatus::Provisional) => Completeness::Provisional(number),
            Some(DataStatus::Missing) | None => Completeness::Missing,
        }
    }

    /// The last non-empty text of `cells`, which are codes in the order of time; may be empty.
    #[must_use]
    pub fn latest_text(&self, cells: impl DoubleEndedIterator<Item = u32>) -> String {
        let code = cells.rev().find(|code| *code != EMPTY).unwrap_or(EMPTY);
        self.text(code).into_owned()
    }
}

/// A name in sorting order: `Nuñez, Ana`. Empty if both parts are.
#[must_use]
pub fn format_person_name(first: &str, last: &str) -> String {
    match (last.is_empty(), first.is_empty()) {
        (true, _) => first.to_owned(),
        (_, true) => last.to_owned(),
        _ => format!("{last}, {first}"),
    }
}

/// The filters of a query as dictionary codes; `None` if a filter is not set.
struct Filter {
    courses: Option<BTreeSet<u32>>,
    sections: Option<BTreeSet<u32>>,
    decks: Option<BTreeSet<u32>>,
    users: Option<BTreeSet<u32>>,
}

fn passes(filter: &Option<BTreeSet<u32>>, code: u32) -> bool {
    filter.as_ref().is_none_or(|codes| codes.contains(&code))
}

/// The codes of `ids`; `None` if `ids` is empty: then there is no filter.
pub(super) fn find_codes<T: Borrow<str>>(ids: &[T], texts: &Dictionary) -> Option<BTreeSet<u32>> {
    (!ids.is_empty()).then(|| texts.find_all(ids).into_iter().collect())
}

/// The column indexes of [`ColumnNames`] in one table; `None` if the table lacks a column.
struct ColumnIndexes<const N: usize> {
    time: Option<usize>,
    course: Option<usize>,
    section: Option<usize>,
    user: Option<usize>,
    role: Option<usize>,
    deck: Option<usize>,
    cells: [Option<usize>; N],
}

impl<const N: usize> ColumnIndexes<N> {
    fn find(table: &Table, columns: &ColumnNames<N>) -> Self {
        let index = |name: &str| table.column_index(name);
        Self {
            time: index(columns.time),
            course: index(columns.course),
            section: index(columns.section),
            user: index(columns.user),
            role: index(columns.role),
            deck: index(columns.deck),
            cells: columns.cells.map(index),
        }
    }
}
