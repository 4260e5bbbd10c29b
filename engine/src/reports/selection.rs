//! The rows that a query is about, of a report with a time in each row: the one place where days, course and
//! filters are applied.
//!
//! A day is a day of the query's zone. The rows of a day that is not all here are left out, so that every
//! number of one answer is over the same days. A row that only the filter of decks turns away is kept and
//! marked: the chart that sets that filter must keep showing what was not chosen.

use super::{Completeness, Query};
use crate::dictionary::{Dictionary, EMPTY};
use crate::table::dataset::{DataStatus, Dataset};
use crate::table::{Table, cell_value};
use crate::video_view_columns::SkippedRows;
use domain::institution_role::InstitutionRole;
use domain::time::{Day, SECOND, Timestamp, plus_days};
use std::borrow::{Borrow, Cow};
use std::collections::{BTreeSet, HashMap};

/// Which columns are read, by name.
#[derive(Debug, Clone, Copy)]
pub struct ColumnNames<const N: usize> {
    /// The row's time.
    pub time: &'static str,
    /// The course's UUID.
    pub course: &'static str,
    /// The section's UUID.
    pub section: &'static str,
    /// Who did it.
    pub user: &'static str,
    /// Their role in the institution.
    pub role: &'static str,
    /// The deck, where the report names one; empty where it does not.
    pub deck: &'static str,
    /// Whatever else is needed.
    pub cells: [&'static str; N],
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<const N: usize> {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// Its day, counted from the first of the range.
    pub day: usize,
    /// Its hour, local time.
    pub hour: usize,
    /// Code of its course.
    pub course: u32,
    /// Code of its section.
    pub section: u32,
    /// Code of who did it; [`EMPTY`] where the row names nobody.
    pub user: u32,
    /// Their role.
    pub role: InstitutionRole,
    /// Code of its deck.
    pub deck: u32,
    /// Whether the filter of decks lets it pass.
    pub is_chosen: bool,
    /// Codes of the other columns.
    pub cells: [u32; N],
}

/// The rows of a query, in the order of time; those of one second in the order of their file.
#[derive(Debug)]
pub struct Selection<'a, const N: usize> {
    /// The texts behind the codes.
    pub texts: &'a Dictionary,
    /// Every day of the range, first to last.
    pub days: Vec<(Day, DataStatus)>,
    /// The rows.
    pub rows: Vec<Row<N>>,
    /// Rows that could not be placed, whatever their day, course and filters.
    pub skipped_rows: SkippedRows,
}

impl<'a, const N: usize> Selection<'a, N> {
    /// Sifts the tables.
    #[must_use]
    pub fn new(dataset: &'a Dataset, query: &Query, columns: &ColumnNames<N>) -> Self {
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
            let places = ColumnIndexes::find(&data.table, columns);
            for row in 0..data.table.rows() {
                let code = |place| data.table.code(place, row);
                let Some(at) = cell_value::parse_time(texts.bytes_of(code(places.time))) else {
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
                let (course, section, user) = (code(places.course), code(places.section), code(places.user));
                let role_code = code(places.role);
                let role = *roles
                    .entry(role_code)
                    .or_insert_with(|| InstitutionRole::from_text(&texts.text(role_code)));
                let role_passes = base.roles.is_empty() || base.roles.contains(&role);
                let user_passes = passes(&filter.users, user) && role_passes;
                if !(passes(&filter.courses, course) && passes(&filter.sections, section) && user_passes) {
                    continue;
                }
                let deck = code(places.deck);
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
                    cells: places.cells.map(code),
                });
            }
        }
        // Stable: what stands later in a file stays later.
        rows.sort_by_key(|row| row.at);
        Self { texts, days, rows, skipped_rows }
    }

    /// The rows that pass every filter.
    pub fn chosen_rows(&self) -> impl DoubleEndedIterator<Item = &Row<N>> {
        self.rows.iter().filter(|row| row.is_chosen)
    }

    /// A text.
    #[must_use]
    pub fn text(&self, code: u32) -> Cow<'a, str> {
        self.texts.text(code)
    }

    /// `number` of a day, as sure as the day is.
    pub fn completeness<T>(&self, day: usize, number: T) -> Completeness<T> {
        match self.days.get(day).map(|(_, status)| *status) {
            Some(DataStatus::Complete) => Completeness::Complete(number),
            Some(DataStatus::Provisional) => Completeness::Provisional(number),
            Some(DataStatus::Missing) | None => Completeness::Missing,
        }
    }

    /// The last text that is not empty among some rows' cells, which stand in the order of time.
    #[must_use]
    pub fn latest_text(&self, cells: impl DoubleEndedIterator<Item = u32>) -> String {
        let code = cells.rev().find(|code| *code != EMPTY).unwrap_or(EMPTY);
        self.text(code).into_owned()
    }
}

/// A person as a list of people is sorted: `Nuñez, Ana`; empty for nobody.
#[must_use]
pub fn format_person_name(first: &str, last: &str) -> String {
    match (last.is_empty(), first.is_empty()) {
        (true, _) => first.to_owned(),
        (_, true) => last.to_owned(),
        _ => format!("{last}, {first}"),
    }
}

struct Filter {
    courses: Option<BTreeSet<u32>>,
    sections: Option<BTreeSet<u32>>,
    decks: Option<BTreeSet<u32>>,
    users: Option<BTreeSet<u32>>,
}

fn passes(wanted: &Option<BTreeSet<u32>>, code: u32) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted.contains(&code))
}

/// The codes of `ids`; `None` when there are no ids, and so no filter.
pub(super) fn find_codes<T: Borrow<str>>(ids: &[T], texts: &Dictionary) -> Option<BTreeSet<u32>> {
    (!ids.is_empty()).then(|| texts.find_all(ids).into_iter().collect())
}

/// Where the columns stand in one table.
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
        let place = |name: &str| table.column_index(name);
        Self {
            time: place(columns.time),
            course: place(columns.course),
            section: place(columns.section),
            user: place(columns.user),
            role: place(columns.role),
            deck: place(columns.deck),
            cells: columns.cells.map(place),
        }
    }
}
