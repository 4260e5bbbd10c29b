//! Titles of the figures of every report but `videoview`: what each shows, in a few words.

/// Title.
pub const MARKS_PER_DAY: &str = "Confusion marks per day";
/// Title.
pub const MARKS_BY_HOUR: &str = "Confusion marks by weekday and hour";
/// Title.
pub const MARKS_PER_DECK: &str = "Confusion marks per deck";
/// Title.
pub const DECKS_WITH_MARKS: &str = "Every deck with confusion marks";
/// Title.
pub const OUTLIERS: &str = "Days that stand out";
/// Title.
pub const LIBRARY: &str = "Library";
/// Title.
pub const BY_TERM: &str = "Videos by term";
/// Title.
pub const BY_DEPARTMENT: &str = "Videos by department";
/// Title.
pub const BY_CAMPUS: &str = "Videos by campus";
/// Title.
pub const BY_DEVICE: &str = "Videos by capture device";
/// Title.
pub const BY_ROOM: &str = "Videos by room";
/// Title.
pub const MOST_VIEWED: &str = "Most viewed videos";
/// Title.
pub const EVERY_VIDEO: &str = "Every video";
/// Title.
pub const EVENTS_PER_DAY: &str = "Note events per day";
/// Title.
pub const EVENTS_PER_DECK: &str = "Note events per deck";
/// Title.
pub const DECKS_WITH_NOTES: &str = "Every deck with notes";
/// Title.
pub const STUDENTS: &str = "Students";
/// Title.
pub const NOTES: &str = "Notes";
/// Title.
pub const POLL_ANSWERS_PER_DAY: &str = "Poll answers per day";
/// Title.
pub const EVERY_POLL: &str = "Every poll";
/// Title.
pub const VIEWS_PER_DAY: &str = "Slide views per day";
/// Title.
pub const VIEWS_BY_HOUR: &str = "Slide views by weekday and hour";
/// Title.
pub const VIEWS_PER_DECK: &str = "Slide views per deck";
/// Title.
pub const EVERY_DECK: &str = "Every deck";
/// Title.
pub const ANSWERS_PER_DAY: &str = "Answers per day";
/// Title.
pub const ANSWERS_BY_ROLE: &str = "Answers by role";
/// Title.
pub const THREADS: &str = "Questions and answers";
/// Title.
pub const VIDEOS_BY_WEEK: &str = "Videos viewed per week";
/// Title.
pub const VIEWS_BY_WEEK: &str = "Views per week";
/// Title.
pub const SECTIONS: &str = "Sections";
/// Title.
pub const VIDEOS_BY_SECTION: &str = "Every video in every section";
/// Title.
pub const EVERY_ROW: &str = "Every row";
/// Title.
pub const VIEWS_PER_SECTION: &str = "Slide views per section";
/// Title.
pub const VIEWS_BY_ROLE: &str = "Slide views by role";
/// Title.
pub const MARKS_PER_SECTION: &str = "Confusion marks per section";
/// Title.
pub const MARKS_BY_ROLE: &str = "Confusion marks by role";
/// Title.
pub const EVENTS_PER_SECTION: &str = "Note events per section";
/// Title.
pub const EVENTS_BY_ROLE: &str = "Note events by role";
/// Title.
pub const POLL_ANSWERS_PER_SECTION: &str = "Poll answers per section";
/// Title.
pub const POLL_ANSWERS_BY_ROLE: &str = "Poll answers by role";
/// Title.
pub const ANSWERS_PER_SECTION: &str = "Answers per section";

/// Rows by the day of a column, of a report that nobody knows.
#[must_use]
pub fn rows_per_day(column: &str) -> String {
    format!("Rows per day of {column}")
}

/// A column added up by the day of another, of a report that nobody knows.
#[must_use]
pub fn sum_per_day(name: &str, column: &str) -> String {
    format!("Sum of {name} per day of {column}")
}
