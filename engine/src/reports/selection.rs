//! Selects the rows that match a query, for reports with a timestamp in each row: the only module that
//! applies days, course and filters.
//!
//! Days are days of the query's zone. Rows of a day that is not completely loaded are left out, so that all
//! numbers of one result are over the same days. A row has the role of its person in all rows of those days and that course
//! (`person_role`). Rows that only the deck filter rejects are included and
//! marked, since the chart that sets this filter also shows the other decks.

use super::person_name::PersonNames;
use crate::chunked_bit_set::ChunkedBitSet;
use crate::code_map::CodeMap;
use crate::completeness::Completeness;
use crate::dictionary::{Dictionary, EMPTY};
use crate::identity::{EmailIndex, IdentityCounts};
use crate::person_role::{PersonRoles, RoleCounts, TableRoleCounter, decide_roles};
use crate::table::dataset::{DataStatus, Dataset};
use crate::table::{Table, cell_value};
use crate::video_view_columns::SkippedRows;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::{Day, SECOND, Timestamp, plus_days};
use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet};

/// The names of the columns that rows are selected by; empty for a column that the report lacks.
#[derive(Debug, Clone, Copy)]
pub struct ColumnNames {
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
    /// Column of the deck's (or video's) UUID.
    pub deck: &'static str,
}

impl ColumnNames {
    /// The columns that the descriptor of a report names.
    #[must_use]
    pub fn of(report: KnownReport) -> Self {
        let report = report.descriptor();
        let (user, role) = report.person.map_or(("", ""), |person| (person.user, person.role));
        Self {
            time: report.time.unwrap_or_default(),
            course: report.course,
            section: report.section,
            user,
            role,
            deck: report.deck.or(report.video).unwrap_or_default(),
        }
    }
}

/// One row. Its cells in further columns are read by [`Column::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// Index of its day in [`Selection::days`].
    pub day: usize,
    /// Code of its course.
    pub course: u32,
    /// Code of its section.
    pub section: u32,
    /// Code of its user id; [`EMPTY`] if it has none.
    pub user: u32,
    /// Code of its deck.
    pub deck: u32,
    /// Number of its table, in the order of [`Dataset::iter`].
    table: u32,
    /// Its number in that table.
    number: u32,
    /// Its hour of the day in the query's zone, from 0.
    pub hour: u8,
    /// The user's role in all rows of the query's days and course; without a user id, that of the row.
    pub role: InstitutionRole,
    /// Whether it passes the deck filter.
    pub is_chosen: bool,
}

impl Row {
    /// Whether it has a user id.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.user != EMPTY
    }
}

/// A row of the query's days and course, with the code of its role.
struct CourseRow {
    at: u32,
    day: usize,
    course: u32,
    section: u32,
    user: u32,
    role: u32,
    deck: u32,
    table: u32,
    number: u32,
}

/// A further column: the cells of a dataset's rows under one name.
#[derive(Debug, Clone, Default)]
pub struct Column<'a> {
    /// For each table, the codes of its rows; empty if the table lacks the column.
    codes: Vec<&'a [u32]>,
}

impl<'a> Column<'a> {
    /// The column called `name`.
    #[must_use]
    pub fn find(dataset: &'a Dataset, name: &str) -> Self {
        Self { codes: dataset.iter().map(|(_, data)| codes_of(&data.table, name)).collect() }
    }

    /// The code of a row's cell; [`EMPTY`] if its table lacks the column. The row is one of the same dataset.
    #[must_use]
    #[inline]
    pub fn code(&self, row: &Row) -> u32 {
        self.codes.get(row.table as usize).map_or(EMPTY, |codes| code_at(codes, row.number))
    }
}

/// The codes of the column called `name`; empty if the table lacks it.
fn codes_of<'a>(table: &'a Table, name: &str) -> &'a [u32] {
    table.column_index(name).map_or(&[], |column| table.codes(column))
}

#[inline]
fn code_at(codes: &[u32], row: u32) -> u32 {
    codes.get(row as usize).copied().unwrap_or(EMPTY)
}

/// The rows that match a query.
#[derive(Debug)]
pub struct Selection<'a> {
    dataset: &'a Dataset,
    /// The texts of the codes.
    pub texts: &'a Dictionary,
    /// Every day of the range, first to last.
    pub days: Vec<(Day, DataStatus)>,
    /// The rows, in the order of time; rows of the same second in the order of their file.
    pub rows: Vec<Row>,
    /// Rows of the whole dataset that could not be read: ragged, or without a valid time.
    pub skipped_rows: SkippedRows,
    /// The roles that each person's rows name, on the days and in the course of the query.
    pub(crate) role_counts: CodeMap<RoleCounts>,
}

impl<'a> Selection<'a> {
    /// Selects the rows of a dataset that match a query.
    #[must_use]
    pub fn new(dataset: &'a Dataset, query: &MeasureQuery, columns: &ColumnNames) -> Self {
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
        let names = [columns.time, columns.course, columns.section, columns.user, columns.role, columns.deck];
        let mut role_counter = TableRoleCounter::new(texts);
        let mut rows_of_course = Vec::new();
        let mut skipped_rows = SkippedRows { ragged: dataset.ragged(), undated: 0 };
        for (table, (_, data)) in (0..).zip(dataset.iter()) {
            let [times, courses, sections, users, roles, decks] =
                names.map(|name| codes_of(&data.table, name));
            let people = TableRoleCounter::find_people(&data.table);
            for number in (0..).take(data.table.rows()) {
                let Some(at) = cell_value::parse_time(texts.bytes_of(code_at(times, number))) else {
                    skipped_rows.undated += 1;
                    continue;
                };
                let Some(day) = starts.partition_point(|start| *start <= i64::from(at)).checked_sub(1) else {
                    continue;
                };
                let course = code_at(courses, number);
                if days.get(day).is_none_or(|(_, status)| *status == DataStatus::Missing)
                    || !passes(&filter.courses, course)
                {
                    continue;
                }
                role_counter.add_row(&people, number as usize);
                let [section, user, role, deck] =
                    [sections, users, roles, decks].map(|codes| code_at(codes, number));
                rows_of_course.push(CourseRow { at, day, course, section, user, role, deck, table, number });
            }
        }
        let role_counts = role_counter.finish();
        let person_roles = decide_roles(&role_counts, None);
        let mut roles_by_code: BTreeMap<u32, InstitutionRole> = BTreeMap::new();
        let mut rows = Vec::new();
        for row in rows_of_course {
            let CourseRow { at, day, course, section, user, deck, table, number, .. } = row;
            let role_of_text = || InstitutionRole::from_text(&texts.text(row.role));
            let role = match person_roles.get(user) {
                Some(role) => *role,
                None => *roles_by_code.entry(row.role).or_insert_with(role_of_text),
            };
            let role_passes = base.roles.is_empty() || base.roles.contains(&role);
            if !(role_passes && passes(&filter.sections, section) && passes(&filter.users, user)) {
                continue;
            }
            rows.push(Row {
                at,
                day,
                course,
                section,
                user,
                deck,
                table,
                number,
                hour: u8::try_from(base.zone.hour_of(Timestamp(i64::from(at) * SECOND))).unwrap_or(0),
                role,
                is_chosen: columns.deck.is_empty() || passes(&filter.decks, deck),
            });
        }
        Self { dataset, texts, days, rows: sort_by_time(&rows), skipped_rows, role_counts }
    }

    /// The names of all people, by the codes of their user ids.
    #[must_use]
    pub fn names(&self) -> PersonNames {
        PersonNames::read(self.dataset)
    }

    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Column<'a> {
        Column::find(self.dataset, name)
    }

    /// The role of a person by the code of their user id; of a row without one by the code of the role in it.
    #[must_use]
    pub fn role_of(&self, user: u32, role: u32) -> InstitutionRole {
        let role_of_text = || InstitutionRole::from_text(&self.text(role));
        self.role_counts.get(user).map_or_else(role_of_text, RoleCounts::role)
    }

    /// What is odd about the people in `rows`.
    #[must_use]
    pub fn count_identities<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> IdentityCounts {
        let mut people = ChunkedBitSet::default();
        rows.into_iter().filter(|row| row.is_named()).for_each(|row| {
            people.insert(row.user);
        });
        let is_counted = |user: u32| people.contains(user);
        let (names, emails) = (self.names(), self.emails());
        let mut identities = IdentityCounts {
            shared_emails: emails.count_shared(is_counted),
            ambiguous_ids: emails.ambiguous(is_counted).count() as u64,
            ..IdentityCounts::default()
        };
        for (user, roles) in self.role_counts.iter().filter(|(user, _)| is_counted(*user)) {
            identities.ambiguous_roles += u64::from(roles.is_ambiguous());
            identities.deleted_users += u64::from(names.is_deleted(user, self.texts));
        }
        identities
    }

    /// The e-mail addresses of all people.
    #[must_use]
    pub fn emails(&self) -> EmailIndex {
        EmailIndex::read(self.dataset.iter().map(|(_, data)| &data.table.emails))
    }

    /// The rows that pass all filters, including the deck filter.
    pub fn chosen_rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
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

    /// The last non-empty text of a column in `rows`, which are in the order of time; may be empty.
    #[must_use]
    pub fn latest_text(&self, rows: &[&Row], column: &Column<'_>) -> String {
        self.text(latest_code(rows, column)).into_owned()
    }
}

/// Gives the rows of each person the role that `roles` has by the code of their user id.
pub(super) fn assign_roles(rows: &mut [Row], roles: &PersonRoles) {
    for row in rows {
        row.role = roles.get(row.user).copied().unwrap_or(row.role);
    }
}

/// The last non-empty code of a column in `rows`; [`EMPTY`] if there is none.
pub(super) fn latest_code(rows: &[&Row], column: &Column<'_>) -> u32 {
    rows.iter().rev().map(|row| column.code(row)).find(|code| *code != EMPTY).unwrap_or(EMPTY)
}

/// The rows in the order of time; rows of the same second keep their order.
fn sort_by_time(rows: &[Row]) -> Vec<Row> {
    // Time in the high half, position in the low: short keys are sorted faster than rows.
    let mut keys: Vec<u64> =
        (0u64..).zip(rows).map(|(position, row)| u64::from(row.at) << 32 | position).collect();
    keys.sort_unstable();
    let mut sorted = Vec::with_capacity(rows.len());
    sorted.extend(keys.iter().filter_map(|key| rows.get((key & 0xffff_ffff) as usize).copied()));
    sorted
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
