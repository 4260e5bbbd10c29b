//! Titles of the figures of reports. Those that only `videoview` has are in [`crate::text::videoview`].

use domain::report::UnitWords;

pub const MARKS_PER_DAY: &str = "Confusion marks per day";
pub const MARKS_BY_HOUR: &str = "Confusion marks by weekday and hour";
pub const MARKS_PER_DECK: &str = "Confusion marks per deck";
pub const DECKS_WITH_MARKS: &str = "Every deck with confusion marks";
pub const OUTLIERS: &str = "Days that stand out";
pub const LIBRARY: &str = "Library";
pub const BY_TERM: &str = "Videos by term";
pub const BY_DEPARTMENT: &str = "Videos by department";
pub const BY_CAMPUS: &str = "Videos by campus";
pub const BY_DEVICE: &str = "Videos by capture device";
pub const BY_ROOM: &str = "Videos by room";
pub const MOST_VIEWED: &str = "Most viewed videos";
pub const EVERY_VIDEO: &str = "Every video";
pub const EVENTS_PER_DAY: &str = "Note events per day";
pub const EVENTS_PER_DECK: &str = "Note events per deck";
pub const DECKS_WITH_NOTES: &str = "Every deck with notes";
pub const STUDENTS: &str = "Students";
pub const NOTES: &str = "Notes";
pub const POLL_ANSWERS_PER_DAY: &str = "Poll answers per day";
pub const EVERY_POLL: &str = "Every poll";
pub const VIEWS_PER_DAY: &str = "Slide views per day";
pub const VIEWS_BY_HOUR: &str = "Slide views by weekday and hour";
pub const VIEWS_PER_DECK: &str = "Slide views per deck";
pub const EVERY_DECK: &str = "Every deck";
pub const ANSWERS_PER_DAY: &str = "Answers per day";
pub const THREADS: &str = "Questions and answers";
pub const VIDEOS_BY_WEEK: &str = "Videos viewed per week";
pub const VIEWS_BY_WEEK: &str = "Views per week";
pub const SECTIONS: &str = "Sections";
pub const VIDEOS_BY_SECTION: &str = "Every video in every section";
pub const EVERY_ROW: &str = "Every row";

/// Rows of an unknown report by the day in a column.
#[must_use]
pub fn rows_per_day(column: &str) -> String {
    format!("Rows per day of {column}")
}

/// Sums of a column of an unknown report by the day in another column.
#[must_use]
pub fn sum_per_day(name: &str, column: &str) -> String {
    format!("Sum of {name} per day of {column}")
}

/// The title of a report's figure by section: `Slide views per section`.
#[must_use]
pub fn per_section(words: UnitWords) -> String {
    format!("{} per section", words.title)
}

/// The title of a report's figure by role: `Slide views by role`.
#[must_use]
pub fn by_role(words: UnitWords) -> String {
    format!("{} by role", words.title)
}
