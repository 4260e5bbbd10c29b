//! Counts a course's activity in one week as one report records it, per section and student, from the rows
//! of its windows.
//!
//! Only students are counted, by user id: staff, shared accounts and rows without a user id are left out. Somebody is a student
//! if most of their rows of the week in the report say so (`person_role`). The amounts are
//! those of the page: half minutes watched, views, marks, latest answers, note events.
//!
//! Rows are counted while they are decoded, so memory grows with the number of people, not of rows. Only
//! rows of polls are stored, since matching a solution needs all answers to the poll.

use crate::decode::Decoder;
use crate::disclosure_control::{Amounts, SectionAmounts};
use crate::person_role::RoleCounts;
use crate::reports::{library, polling};
use crate::shared_account::{PersonFields, SharedAccountSet};
use crate::slice::SliceInflater;
use crate::table::builder::{DecodeError, TableBuilder};
use crate::table::dataset::{Dataset, WindowData};
use crate::table::{HeaderRow, cell_value};
use domain::calendar::Calendar;
use domain::column;
use domain::frame::{Head, SliceHead};
use domain::ids::{CourseId, normalize_id, normalize_text};
use domain::institution_role::{InstitutionRole, RoleSet};
use domain::query::{MeasureQuery, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::{KnownReport, PersonColumns, ReportName};
use domain::time::{Day, plus_days};
use domain::zone::Zone;
use std::collections::{BTreeMap, BTreeSet};

/// The report, course and week to count.
#[derive(Debug, Clone)]
pub struct CourseWeekQuery {
    /// The report, which must have people and timestamps.
    pub report: ReportName,
    /// The course's UUID.
    pub course: CourseId,
    /// The first day of the week.
    pub monday: Day,
    /// The time zone of the days.
    pub zone: Zone,
    /// The current UTC day.
    pub today: Day,
    /// The accounts that are counted as shared.
    pub shared_accounts: SharedAccountSet,
}

/// Amounts by section id in lower case; rows without a section are under the empty text.
pub type AmountsBySection = BTreeMap<String, SectionAmounts>;

/// Counts a course's week, window by window.
#[derive(Debug)]
pub struct CourseWeekCounter {
    week_query: CourseWeekQuery,
    /// Begin of each day, and end of the last: 8 numbers, in seconds since 1970, UTC.
    starts: Vec<i64>,
    /// The columns that say whose a row is.
    person: PersonColumns,
    row_counter: RowCounter,
    /// By user id, the roles that the rows name. Amounts are everybody's until all rows are counted.
    roles: BTreeMap<String, RoleCounts>,
    inflater: SliceInflater,
    current: Option<CurrentWindow>,
}

/// The window whose rows are being counted.
#[derive(Debug)]
struct CurrentWindow {
    columns: ColumnIndexes,
    /// The people in each row.
    people: Vec<PersonFields>,
    decoder: Decoder,
    /// Number of fields of a row.
    width: usize,
    expected_rows: u64,
    counted_rows: u64,
    /// Stores the rows of polls; `None` for other reports.
    builder: Option<TableBuilder>,
}

/// The indexes of the columns.
#[derive(Debug, Clone, Copy, Default)]
struct ColumnIndexes {
    time: Option<usize>,
    course: Option<usize>,
    section: Option<usize>,
    user: Option<usize>,
    role: Option<usize>,
    event: Option<usize>,
}

/// How the rows of a report are counted.
#[derive(Debug)]
enum RowCounter {
    /// Each row counts.
    Rows(AmountsBySection),
    /// An event counts once a day, however often it was edited. The set contains its id and the day.
    Events(AmountsBySection, BTreeSet<(Vec<u8>, usize)>),
    /// Rows are stored, and latest answers are counted at the end.
    Polls(Dataset),
}

impl CourseWeekCounter {
    /// A counter without any rows; `None` for a report without people or timestamps.
    #[must_use]
    pub fn new(week_query: CourseWeekQuery) -> Option<Self> {
        let report = week_query.report.known()?.descriptor();
        let person = report.person.filter(|_| report.time.is_some())?;
        let row_counter = if report.has_solutions {
            RowCounter::Polls(Dataset::default())
        } else if report.event.is_some() {
            RowCounter::Events(AmountsBySection::new(), BTreeSet::new())
        } else {
            RowCounter::Rows(AmountsBySection::new())
        };
        let start = |days: u64| week_query.zone.start_of(plus_days(week_query.monday, days)).seconds();
        let starts = (0..=7).map(start).collect();
        Some(Self {
            week_query,
            starts,
            person,
            row_counter,
            roles: BTreeMap::new(),
            inflater: SliceInflater::default(),
            current: None,
        })
    }

    /// Starts a window's copy.
    ///
    /// # Errors
    /// [`DecodeError::Column`]: the header row lacks a required column of the report.
    pub fn begin_window(&mut self, head: &Head) -> Result<(), DecodeError> {
        let known = self.week_query.report.known();
        let report = known.map(KnownReport::descriptor);
        let names = Decoder::parse_header(&head.header);
        if let Some(missing) = report.and_then(|report| report.missing_from(&names)) {
            return Err(DecodeError::Column(missing));
        }
        let index = |name: &str| column::position(&names, name);
        let builder = match self.row_counter {
            RowCounter::Polls(_) => {
                let accounts = &self.week_query.shared_accounts;
                Some(TableBuilder::new(head, known)?.with_shared_accounts(accounts))
            }
            RowCounter::Rows(_) | RowCounter::Events(..) => None,
        };
        self.current = Some(CurrentWindow {
            columns: ColumnIndexes {
                time: report.and_then(|report| report.time).and_then(index),
                course: report.and_then(|report| index(report.course)),
                section: report.and_then(|report| index(report.section)),
                user: index(self.person.user),
                role: index(self.person.role),
                event: report.and_then(|report| report.event).and_then(index),
            },
            people: PersonFields::find(&names),
            decoder: Decoder::new(HeaderRow::parse(&head.header).delimiter()),
            width: names.len(),
            expected_rows: head.rows,
            counted_rows: 0,
            builder,
        });
        Ok(())
    }

    /// Counts the rows of a slice.
    ///
    /// # Errors
    /// [`DecodeError`]: the slice is damaged, or no window was started.
    pub fn push_slice(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), DecodeError> {
        let Some(current) = &mut self.current else { return Err(DecodeError::Rows) };
        let (sections, mut seen_events) = match (&mut self.row_counter, &mut current.builder) {
            (RowCounter::Polls(dataset), Some(builder)) => {
                return builder.push_slice(head, deflated, &mut dataset.texts);
            }
            (RowCounter::Rows(sections), _) => (sections, None),
            (RowCounter::Events(sections, seen), _) => (sections, Some(seen)),
            (RowCounter::Polls(_), None) => return Err(DecodeError::Rows),
        };
        let csv = self.inflater.inflate(head, deflated).map_err(DecodeError::Slice)?;
        let (columns, width, starts) = (current.columns, current.width, &self.starts);
        let people: Vec<&PersonFields> = current
            .people
            .iter()
            .filter(|person| columns.user.is_some_and(|user| person.identifies(user)))
            .collect();
        let (roles, accounts) = (&mut self.roles, &self.week_query.shared_accounts);
        let course = self.week_query.course.as_str().as_bytes();
        let mut rows = 0;
        current.decoder.for_each_record(csv, |row| {
            rows += 1;
            let cell = |column: Option<usize>| column.map_or(&[][..], |index| row.field(index).trim_ascii());
            if row.width() != width || *normalize_id(cell(columns.course)) != *course {
                return;
            }
            let Some(at) = cell_value::parse_time(cell(columns.time)).map(i64::from) else { return };
            let Some(day) = starts.partition_point(|start| *start <= at).checked_sub(1) else { return };
            let user = normalize_id(cell(columns.user));
            let is_shared =
                people.iter().any(|person| person.is_shared_account(accounts, |at| row.field(at)));
            if day >= 7 || user.is_empty() || is_shared {
                return;
            }
            let text = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
            let named = RoleSet::parse(&String::from_utf8_lossy(cell(columns.role)));
            roles.entry(text(&user)).or_default().add(named, 1);
            let event = normalize_id(cell(columns.event));
            if let Some(seen) = &mut seen_events
                && !event.is_empty()
                && !seen.insert((event.into_owned(), day))
            {
                return;
            }
            let section = sections.entry(text(&normalize_id(cell(columns.section)))).or_default();
            *section.done.entry(text(&user)).or_default() += 1;
        });
        if rows != u64::from(head.rows) {
            return Err(DecodeError::Rows);
        }
        current.counted_rows += rows;
        Ok(())
    }

    /// Ends a window's copy after its last slice. `coverage`: the days of the window.
    ///
    /// # Errors
    /// [`DecodeError::Rows`]: the copy is incomplete, or no window was started.
    pub fn end_window(&mut self, window: &str, coverage: WindowCoverage) -> Result<(), DecodeError> {
        let current = self.current.take().ok_or(DecodeError::Rows)?;
        match (&mut self.row_counter, current.builder) {
            (RowCounter::Polls(dataset), Some(builder)) => {
                dataset.insert(window, WindowData { generation: 0, table: builder.finish()?, coverage });
                Ok(())
            }
            _ if current.counted_rows == current.expected_rows => Ok(()),
            _ => Err(DecodeError::Rows),
        }
    }

    /// The amounts of all windows.
    #[must_use]
    pub fn finish(self) -> AmountsBySection {
        match self.row_counter {
            RowCounter::Rows(mut sections) | RowCounter::Events(mut sections, _) => {
                let is_student = |user: &String| {
                    self.roles.get(user).is_some_and(|roles| roles.role() == InstitutionRole::Student)
                };
                for section in sections.values_mut() {
                    section.done.retain(|user, _| is_student(user));
                }
                sections.retain(|_, section| !section.done.is_empty());
                sections
            }
            RowCounter::Polls(dataset) => count_polls(&dataset, &self.week_query),
        }
    }
}

/// Counts the latest answers to polls, and which of them are right or wrong.
fn count_polls(dataset: &Dataset, week_query: &CourseWeekQuery) -> AmountsBySection {
    let Ok(range) = Range::new(week_query.monday, plus_days(week_query.monday, 6)) else {
        return AmountsBySection::new();
    };
    let measures = polling::measure(
        dataset,
        &course_query(&week_query.course, range, &week_query.zone, week_query.today),
    );
    let mut sections = AmountsBySection::new();
    let text = |code| dataset.texts.text(code).into_owned();
    for answer in measures.polls.iter().flat_map(|poll| &poll.latest_answers) {
        let user = text(answer.user);
        if answer.role != InstitutionRole::Student || user.is_empty() {
            continue;
        }
        let section = sections.entry(text(answer.section)).or_default();
        let mut add = |amounts: fn(&mut SectionAmounts) -> &mut Amounts| {
            *amounts(section).entry(user.clone()).or_default() += 1;
        };
        add(|section| &mut section.done);
        match answer.is_right {
            Some(true) => add(|section| &mut section.right),
            Some(false) => add(|section| &mut section.wrong),
            None => {}
        }
    }
    sections
}

/// A query for a whole course, without further filters.
fn course_query(course: &CourseId, range: Range, zone: &Zone, today: Day) -> MeasureQuery {
    MeasureQuery {
        base: RowQuery {
            range,
            zone: zone.clone(),
            course: Some(course.clone()),
            sections: Vec::new(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            comparison: None,
            calendar: Calendar::default(),
            today,
        },
        decks: Vec::new(),
        contents: false,
    }
}

/// Views and videos of a course by section, from a report without people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewCounts {
    /// By section number in lower case; rows without one are under the empty text.
    pub sections: BTreeMap<String, SectionViews>,
    /// Whether a row has no number of views.
    pub is_unknown: bool,
}

/// Views and videos of one section.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SectionViews {
    /// Views of any length.
    pub views: u64,
    /// Distinct videos.
    pub videos: u64,
    /// Whether a video of this section is in another one, too. Their rows may then contain the same views, so sections
    /// must neither be added up nor subtracted.
    pub is_repeated: bool,
}

/// Counts the views in one copy of `asset`, or of one week of `assetbydate`.
#[derive(Debug)]
pub struct ViewCounter {
    builder: TableBuilder,
    dataset: Dataset,
}

impl ViewCounter {
    /// Starts a copy.
    ///
    /// # Errors
    /// [`DecodeError::Column`]: the header row lacks a required column of the report.
    pub fn new(head: &Head, report: &ReportName) -> Result<Self, DecodeError> {
        Ok(Self { builder: TableBuilder::new(head, report.known())?, dataset: Dataset::default() })
    }

    /// Decodes a slice.
    ///
    /// # Errors
    /// [`DecodeError`]: the slice is damaged.
    pub fn push_slice(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), DecodeError> {
        self.builder.push_slice(head, deflated, &mut self.dataset.texts)
    }

    /// The counts of a course, after the last slice. `day` is any day of the copy.
    ///
    /// # Errors
    /// [`DecodeError::Rows`]: rows are missing.
    pub fn finish(self, course: &CourseId, day: Day) -> Result<ViewCounts, DecodeError> {
        let Self { builder, mut dataset } = self;
        let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
        dataset.insert("all", WindowData { generation: 0, table: builder.finish()?, coverage });
        let range = Range::from_day(day);
        let measures = library::measure(&dataset, &course_query(course, range, &Zone::utc(), day));
        // Rows of the same video in the same section are one entry.
        let mut rows_by_video: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &measures.entries {
            *rows_by_video.entry(&entry.id).or_default() += 1;
        }
        let mut views = ViewCounts::default();
        for entry in measures.entries.iter().filter(|entry| entry.course == course.as_str()) {
            let section = views.sections.entry(normalize_text(&entry.section).into_owned()).or_default();
            section.videos += 1;
            section.is_repeated |= rows_by_video.get(entry.id.as_str()).is_some_and(|rows| *rows > 1);
            section.views = section.views.saturating_add(entry.sums.views.unwrap_or(0));
            views.is_unknown |= entry.sums.views.is_none();
        }
        Ok(views)
    }
}

#[cfg(test)]
mod tests;
