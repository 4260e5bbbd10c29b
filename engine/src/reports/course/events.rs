//! Turns the rows of six reports into events: user, time, video or deck.

use crate::completeness::Completeness;
use crate::dictionary::{Dictionary, EMPTY};
use crate::reports::selection::{ColumnNames, Row, Selection, format_person_name};
use crate::table::dataset::{DataStatus, Dataset};
use crate::video_view_columns::SkippedRows;
use domain::activity::ActivityKind;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::time::{Day, plus_days};
use std::collections::BTreeSet;

/// Further cells of an event, as codes: name of the video or deck; first name and last name of the user; a
/// cell specific to the report (length in minutes, slide count, poll id, answer id, or number of words); user
/// id of the asker.
type Cells = [u32; 5];

/// One action of a person: one row, except that edits of an answer on one day are one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// Index of its day in [`Events::days`].
    pub day: usize,
    /// Code of the user id; [`EMPTY`] if the row has none.
    pub user: u32,
    /// The user's role.
    pub role: InstitutionRole,
    /// Code of the video's or deck's id; [`EMPTY`] if the report has none.
    pub item: u32,
    /// Codes of further cells: video or deck name, first name, last name, a cell specific to the report,
    /// asker.
    pub cells: Cells,
}

impl Event {
    /// Whether it has a user id.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.user != EMPTY
    }
}

/// All events of one kind.
#[derive(Debug)]
pub struct Events<'a> {
    /// The texts of the codes; `None` if the report is not loaded.
    pub texts: Option<&'a Dictionary>,
    /// Every day of the range, first to last.
    pub days: Vec<(Day, DataStatus)>,
    /// The events, in the order of time.
    pub events: Vec<Event>,
    /// Rows that could not be read.
    pub skipped_rows: SkippedRows,
}

/// The columns of the report of a kind.
fn columns(kind: ActivityKind) -> ColumnNames<5> {
    let item_columns = |id: &'static str, name: &'static str, specific: &'static str| ColumnNames {
        time: "event_timestamp",
        course: "courseId",
        section: "sectionId",
        user: "userid",
        role: "role",
        deck: id,
        cells: [name, "firstname", "lastname", specific, ""],
    };
    match kind {
        ActivityKind::Watch => item_columns("VideoId", "VideoName", "duration_Minute"),
        ActivityKind::Slides => item_columns("presentationID", "presentationName", "slide_count"),
        ActivityKind::Polls => item_columns("presentation_id", "presentation_name", "activity_id"),
        ActivityKind::Marks => item_columns("PresentationID", "PresentationName", ""),
        ActivityKind::Notes => item_columns("PresentationID", "PresentationName", "note_count"),
        ActivityKind::Answers => ColumnNames {
            user: "answer_userid",
            role: "answer_role",
            cells: ["", "answer_firstname", "answer_lastname", "answerid", "question_userid"],
            ..item_columns("", "", "")
        },
    }
}

impl<'a> Events<'a> {
    /// Reads the events of a kind. Without a dataset there are none, and every past day is missing.
    #[must_use]
    pub fn read(kind: ActivityKind, dataset: Option<&'a Dataset>, query: &MeasureQuery) -> Self {
        let Some(dataset) = dataset else {
            let base = &query.base;
            let start = |day: Day| base.zone.start_of(day).seconds();
            let empty = Dataset::default();
            let status = |day: Day| empty.status_between(start(day), start(plus_days(day, 1)), base.today);
            let days = base.range.each_day().map(|day| (day, status(day))).collect();
            return Self { texts: None, days, events: Vec::new(), skipped_rows: SkippedRows::default() };
        };
        let selection = Selection::new(dataset, query, &columns(kind));
        // Edits of an answer on one day are one event, at the time of the last edit, so that a student's last
        // activity is not too early. Rows without an answer id are separate events.
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

    /// Events of students with a user id.
    pub fn by_students(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter().filter(|event| event.role == InstitutionRole::Student && event.is_named())
    }

    /// Number of events of students with a user id, by day of the range.
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

    /// The text of a code; empty if the report is not loaded.
    #[must_use]
    pub fn text(&self, code: u32) -> String {
        self.texts.map_or_else(String::new, |texts| texts.text(code).into_owned())
    }

    /// The user id of a code, which identifies a person in all reports; `None` for the empty
    /// text.
    #[must_use]
    pub fn person(&self, code: u32) -> Option<String> {
        (code != EMPTY).then(|| self.text(code))
    }

    /// The user's name: `Nuñez, Ana`; may be empty.
    #[must_use]
    pub fn name(&self, event: &Event) -> String {
        format_person_name(&self.text(event.cells[1]), &self.text(event.cells[2]))
    }
}

/// A number with the state of its days.
#[must_use]
pub fn completeness<T>(status: DataStatus, number: T) -> Completeness<T> {
    match status {
        DataStatus::Missing => Completeness::Missing,
        DataStatus::Provisional => Completeness::Provisional(number),
        DataStatus::Complete => Completeness::Complete(number),
    }
}
