//! Counts a course's activity in one week, per section and student, from the rows of its windows.
//!
//! Students alone are counted, by their user ids: staff and rows that name nobody are left out. The amounts are those of the
//! page: half minutes watched, views, marks, answers as they stood at last, notes.
//!
//! Rows are counted as they are decoded, so that a week of a large course takes no more memory than its students do; polls
//! alone are kept, since only all answers to a poll say what its solution means.

use crate::decode::Decoder;
use crate::disclosure_control::{Amounts, SectionAmounts};
use crate::measures;
use crate::reports::{Query, library, polling};
use crate::slice::SliceInflater;
use crate::table::builder::{DecodeError, TableBuilder};
use crate::table::dataset::{Dataset, WindowData};
use crate::table::{HeaderRow, cell_value};
use crate::video_view_dataset::WindowCoverage;
use domain::column;
use domain::frame::{Head, SliceHead};
use domain::ids::{CourseId, normalize_id, normalize_text};
use domain::institution_role::InstitutionRole;
use domain::range::Range;
use domain::report::{KnownReport, ReportName};
use domain::time::{Day, plus_days};
use domain::zone::Zone;
use std::collections::{BTreeMap, BTreeSet};

/// What is counted, of whom, when.
#[derive(Debug, Clone)]
pub struct CourseWeekQuery {
    /// The report: one with weeks and people.
    pub report: ReportName,
    /// The course's UUID.
    pub course: CourseId,
    /// The week's first day.
    pub monday: Day,
    /// The zone in which its days begin.
    pub zone: Zone,
    /// The current UTC day.
    pub today: Day,
}

/// What students did, by section, as the rows name it; what names no section stands under the empty text.
pub type AmountsBySection = BTreeMap<String, SectionAmounts>;

/// A course's week that is being counted, from one window after the other.
#[derive(Debug)]
pub struct CourseWeekCounter {
    week_query: CourseWeekQuery,
    /// The second at which each of its days begins, and at which the last ends.
    starts: Vec<i64>,
    reader: RowCounter,
    inflater: SliceInflater,
    current: Option<CurrentWindow>,
}

/// A window whose rows are coming.
#[derive(Debug)]
struct CurrentWindow {
    places: Places,
    decoder: Decoder,
    width: usize,
    expected_rows: u64,
    counted_rows: u64,
    /// Of polls, which are kept.
    builder: Option<TableBuilder>,
}

/// Where the columns stand.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    time: Option<usize>,
    course: Option<usize>,
    section: Option<usize>,
    user: Option<usize>,
    role: Option<usize>,
    answer: Option<usize>,
}

#[derive(Debug)]
enum RowCounter {
    /// Each row is one of whatever is counted.
    Rows(AmountsBySection),
    /// Each answer is one a day, however often it was edited.
    Answers(AmountsBySection, BTreeSet<(Vec<u8>, usize)>),
    Polls(Dataset),
}

impl CourseWeekCounter {
    /// Begins to count; `None` of a report without people or weeks.
    #[must_use]
    pub fn new(week_query: CourseWeekQuery) -> Option<Self> {
        let reader = match week_query.report.known()? {
            KnownReport::VideoView
            | KnownReport::Presentation
            | KnownReport::Confused
            | KnownReport::Notes => RowCounter::Rows(AmountsBySection::new()),
            KnownReport::QAndA => RowCounter::Answers(AmountsBySection::new(), BTreeSet::new()),
            KnownReport::Polling => RowCounter::Polls(Dataset::default()),
            KnownReport::Asset | KnownReport::AssetByDate => return None,
        };
        let start = |days: u64| week_query.zone.start_of(plus_days(week_query.monday, days)).seconds();
        let starts = (0..=7).map(start).collect();
        Some(Self { week_query, starts, reader, inflater: SliceInflater::default(), current: None })
    }

    /// A window's copy begins.
    ///
    /// # Errors
    /// [`DecodeError::Column`]: it is not the report it should be.
    pub fn begin_window(&mut self, head: &Head) -> Result<(), DecodeError> {
        let known = self.week_query.report.known();
        let report = known.map(KnownReport::descriptor);
        let names = Decoder::parse_header(&head.header);
        if let Some(missing) = report.and_then(|report| report.missing_from(&names)) {
            return Err(DecodeError::Column(missing));
        }
        let place = |name: &str| column::position(&names, name);
        let is_answers = matches!(self.reader, RowCounter::Answers(..));
        let of = |plain: &str, answer: &str| place(if is_answers { answer } else { plain });
        let builder = match self.reader {
            RowCounter::Polls(_) => Some(TableBuilder::new(head, known)?),
            RowCounter::Rows(_) | RowCounter::Answers(..) => None,
        };
        self.current = Some(CurrentWindow {
            places: Places {
                time: report.and_then(|report| report.time).and_then(place),
                course: report.and_then(|report| place(report.course)),
                section: report.and_then(|report| place(report.section)),
                user: of("userid", "answer_userid"),
                role: of("role", "answer_role"),
                answer: place("answerid").filter(|_| is_answers),
            },
            decoder: Decoder::new(HeaderRow::parse(&head.header).delimiter()),
            width: names.len(),
            expected_rows: head.rows,
            counted_rows: 0,
            builder,
        });
        Ok(())
    }

    /// Takes in a slice.
    ///
    /// # Errors
    /// [`DecodeError`]: the copy cannot be counted.
    pub fn push_slice(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), DecodeError> {
        let Some(current) = &mut self.current else { return Err(DecodeError::Rows) };
        let parts = match (&mut self.reader, &mut current.builder) {
            (RowCounter::Polls(dataset), Some(builder)) => {
                return builder.push_slice(head, deflated, &mut dataset.texts);
            }
            (RowCounter::Rows(parts), _) => (parts, None),
            (RowCounter::Answers(parts, seen), _) => (parts, Some(seen)),
            (RowCounter::Polls(_), None) => return Err(DecodeError::Rows),
        };
        let (parts, mut answers) = parts;
        let csv = self.inflater.inflate(head, deflated).map_err(DecodeError::Slice)?;
        let (places, width, starts) = (current.places, current.width, &self.starts);
        let course = self.week_query.course.as_str().as_bytes();
        let mut rows = 0;
        current.decoder.for_each_record(csv, |row| {
            rows += 1;
            let cell = |place: Option<usize>| place.map_or(&[][..], |place| row.field(place).trim_ascii());
            if row.width() != width || *normalize_id(cell(places.course)) != *course {
                return;
            }
            let Some(at) = cell_value::parse_time(cell(places.time)).map(i64::from) else { return };
            let Some(day) = starts.partition_point(|start| *start <= at).checked_sub(1) else { return };
            let text = |place| String::from_utf8_lossy(cell(place)).into_owned();
            if day >= 7
                || cell(places.user).is_empty()
                || InstitutionRole::from_text(&text(places.role)) != InstitutionRole::Student
            {
                return;
            }
            let answer = cell(places.answer);
            if let Some(seen) = &mut answers
                && !answer.is_empty()
                && !seen.insert((answer.to_vec(), day))
            {
                return;
            }
            let id = |place| String::from_utf8_lossy(&normalize_id(cell(place))).into_owned();
            let part = parts.entry(id(places.section)).or_default();
            *part.done.entry(id(places.user)).or_default() += 1;
        });
        if rows != u64::from(head.rows) {
            return Err(DecodeError::Rows);
        }
        current.counted_rows += rows;
        Ok(())
    }

    /// A window's copy is whole; `coverage` are its days.
    ///
    /// # Errors
    /// [`DecodeError::Rows`]: it is not.
    pub fn end_window(&mut self, window: &str, coverage: WindowCoverage) -> Result<(), DecodeError> {
        let current = self.current.take().ok_or(DecodeError::Rows)?;
        match (&mut self.reader, current.builder) {
            (RowCounter::Polls(dataset), Some(builder)) => {
                dataset.insert(window, WindowData { generation: 0, table: builder.finish()?, coverage });
                Ok(())
            }
            _ if current.counted_rows == current.expected_rows => Ok(()),
            _ => Err(DecodeError::Rows),
        }
    }

    /// What was counted.
    #[must_use]
    pub fn finish(self) -> AmountsBySection {
        match self.reader {
            RowCounter::Rows(parts) | RowCounter::Answers(parts, _) => parts,
            RowCounter::Polls(dataset) => count_polls(&dataset, &self.week_query),
        }
    }
}

/// The latest answers to polls, and which of them are right.
fn count_polls(dataset: &Dataset, week_query: &CourseWeekQuery) -> AmountsBySection {
    let Ok(range) = Range::new(week_query.monday, plus_days(week_query.monday, 6)) else {
        return AmountsBySection::new();
    };
    let measures =
        polling::measure(dataset, &query(&week_query.course, range, &week_query.zone, week_query.today));
    let mut parts = AmountsBySection::new();
    let text = |code| dataset.texts.text(code).into_owned();
    for given in measures.polls.iter().flat_map(|poll| &poll.latest_answers) {
        let user = text(given.user);
        if given.role != InstitutionRole::Student || user.is_empty() {
            continue;
        }
        let part = parts.entry(text(given.section)).or_default();
        let mut add =
            |to: fn(&mut SectionAmounts) -> &mut Amounts| *to(part).entry(user.clone()).or_default() += 1;
        add(|part| &mut part.done);
        match given.is_right {
            Some(true) => add(|part| &mut part.right),
            Some(false) => add(|part| &mut part.wrong),
            None => {}
        }
    }
    parts
}

/// A query about a course as a whole.
fn query(course: &CourseId, range: Range, zone: &Zone, today: Day) -> Query {
    Query {
        base: measures::Query {
            range,
            zone: zone.clone(),
            course: Some(course.clone()),
            sections: Vec::new(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            comparison: None,
            today,
        },
        decks: Vec::new(),
        contents: false,
    }
}

/// Views and videos by section, of a report that knows no people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewCounts {
    /// By section number; what names no section stands under the empty text.
    pub sections: BTreeMap<String, SectionViews>,
    /// Distinct videos of the course.
    pub videos: u64,
    /// Whether a video stands in several sections: nobody knows whose views its rows then tell, and they are not added up.
    pub is_repeated: bool,
    /// Whether some row does not say how many views there were.
    pub is_unknown: bool,
}

/// One section's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SectionViews {
    /// Views, of whatever length.
    pub views: u64,
    /// Distinct videos.
    pub videos: u64,
}

/// A copy of `asset` or of a week of `assetbydate` that is being counted.
#[derive(Debug)]
pub struct ViewCounter {
    builder: TableBuilder,
    dataset: Dataset,
}

impl ViewCounter {
    /// Begins.
    ///
    /// # Errors
    /// [`DecodeError::Column`].
    pub fn new(head: &Head, report: &ReportName) -> Result<Self, DecodeError> {
        Ok(Self { builder: TableBuilder::new(head, report.known())?, dataset: Dataset::default() })
    }

    /// Takes in a slice.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn push_slice(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), DecodeError> {
        self.builder.push_slice(head, deflated, &mut self.dataset.texts)
    }

    /// What was counted of a course.
    ///
    /// # Errors
    /// [`DecodeError::Rows`].
    pub fn finish(self, course: &CourseId, day: Day) -> Result<ViewCounts, DecodeError> {
        let Self { builder, mut dataset } = self;
        let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
        dataset.insert("all", WindowData { generation: 0, table: builder.finish()?, coverage });
        let range = Range::from_day(day);
        let measures = library::measure(&dataset, &query(course, range, &Zone::utc(), day));
        let mut views = ViewCounts {
            videos: measures.videos,
            is_repeated: measures.repeated > 0,
            ..ViewCounts::default()
        };
        for entry in measures.entries.iter().filter(|entry| entry.course == course.as_str()) {
            let section = views.sections.entry(normalize_text(&entry.section).into_owned()).or_default();
            section.videos += 1;
            section.views = section.views.saturating_add(entry.sums.views.unwrap_or(0));
            views.is_unknown |= entry.sums.views.is_none();
        }
        Ok(views)
    }
}

#[cfg(test)]
mod tests;
