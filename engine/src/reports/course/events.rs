//! Turns the rows of six reports into events: who, when, at which video or deck.

use crate::dictionary::{Dictionary, EMPTY};
use crate::reports::selection::{ColumnNames, Row, Selection, format_person_name};
use crate::reports::{Completeness, Query};
use crate::table::dataset::{DataStatus, Dataset};
use crate::video_view_columns::SkippedRows;
use domain::activity::ActivityKind;
use domain::institution_role::InstitutionRole;
use domain::time::{Day, plus_days};
use std::collections::BTreeSet;

/// The cells of an event, as codes: the name of the video or deck; first and last name of who did it; what the
/// report alone has (a length in minutes, a poll, an answer, a number of words); who asked.
type Cells = [u32; 5];

/// One thing that somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// Its day, counted from the first.
    pub day: usize,
    /// Code of who did it.
    pub user: u32,
    /// Their role.
    pub role: InstitutionRole,
    /// Code of the video or deck.
    pub item: u32,
    /// Codes of the rest.
    pub cells: Cells,
}

impl Event {
    /// Whether it is somebody's.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.user != EMPTY
    }
}

/// All events of one kind, in the order of time.
#[derive(Debug)]
pub struct Events<'a> {
    /// The texts behind the codes; none where the report is not here.
    pub texts: Option<&'a Dictionary>,
    /// Every day, first to last.
    pub days: Vec<(Day, DataStatus)>,
    /// The events.
    pub events: Vec<Event>,
    /// Rows that could not be placed.
    pub skipped_rows: SkippedRows,
}

/// Which columns each report has them in.
fn columns(kind: ActivityKind) -> ColumnNames<5> {
    let deck = |id: &'static str, name: &'static str, own: &'static str| ColumnNames {
        time: "event_timestamp",
        course: "courseId",
        section: "sectionId",
        user: "userid",
        role: "role",
        deck: id,
        cells: [name, "firstname", "lastname", own, ""],
    };
    match kind {
        ActivityKind::Watch => deck("VideoId", "VideoName", "duration_Minute"),
        ActivityKind::Slides => deck("presentationID", "presentationName", "slide_count"),
        ActivityKind::Polls => deck("presentation_id", "presentation_name", "activity_id"),
        ActivityKind::Marks => deck("PresentationID", "PresentationName", ""),
        ActivityKind::Notes => deck("PresentationID", "PresentationName", "note_count"),
        ActivityKind::Answers => ColumnNames {
            user: "answer_userid",
            role: "answer_role",
            cells: ["", "answer_firstname", "answer_lastname", "answerid", "question_userid"],
            ..deck("", "", "")
        },
    }
}

impl<'a> Events<'a> {
    /// Reads a kind's tables; every day is missing where there are none.
    #[must_use]
    pub fn read(kind: ActivityKind, dataset: Option<&'a Dataset>, query: &Query) -> Self {
        let Some(dataset) = dataset else {
            let base = &query.base;
            let start = |day: Day| base.zone.start_of(day).seconds();
            let nothing = Dataset::default();
            let status = |day: Day| nothing.status_between(start(day), start(plus_days(day, 1)), base.today);
            let days = base.range.each_day().map(|day| (day, status(day))).collect();
            return Self { texts: None, days, events: Vec::new(), skipped_rows: SkippedRows::default() };
        };
        let selection = Selection::new(dataset, query, &columns(kind));
        // An answer that is edited on a day is one answer of that day, as of its last edit: later, nobody would have
        // been seen. One without an id is known by its row alone.
        let mut seen: BTreeSet<(u32, usize)> = BTreeSet::new();
        let mut rows = selection.rows;
        rows.reverse();
        rows.retain(|row| {
            kind != ActivityKind::Answers || row.cells[3] == EMPTY || seen.insert((row.cells[3], row.day))
        });
        rows.reverse();
        let event = |row: &Row<5>| Event {
            at: row.at,
            day: row.day,
            user: row.user,
            role: row.role,
            item: row.deck,
            cells: row.cells,
        };
        Self {
            texts: Some(selection.texts),
            days: selection.days,
            events: rows.iter().map(event).collect(),
            skipped_rows: selection.skipped_rows,
        }
    }

    /// What named students did.
    pub fn by_students(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter().filter(|event| event.role == InstitutionRole::Student && event.is_named())
    }

    /// How much named students did, by day.
    #[must_use]
    pub fn by_day(&self) -> Vec<u64> {
        let mut days = vec![0; self.days.len()];
        for event in self.by_students() {
            if let Some(count) = days.get_mut(event.day) {
                *count += 1;
            }
        }
        days
    }

    /// A text.
    #[must_use]
    pub fn text(&self, code: u32) -> String {
        self.texts.map_or_else(String::new, |texts| texts.text(code).into_owned())
    }

    /// Somebody's UUID: what they are known by in every report. `None` of nobody.
    #[must_use]
    pub fn person(&self, code: u32) -> Option<String> {
        (code != EMPTY).then(|| self.text(code))
    }

    /// The name of who did it, as a list of people is sorted; may be empty.
    #[must_use]
    pub fn name(&self, event: &Event) -> String {
        format_person_name(&self.text(event.cells[1]), &self.text(event.cells[2]))
    }
}

/// A number as sure as its days are.
#[must_use]
pub fn completeness<T>(status: DataStatus, number: T) -> Completeness<T> {
    match status {
        DataStatus::Missing => Completeness::Missing,
        DataStatus::Provisional => Completeness::Provisional(number),
        DataStatus::Complete => Completeness::Complete(number),
    }
}
