//! What is to be measured. The page and the Worker build queries, and the engine evaluates them.
//!
//! [`RowQuery`] selects rows by range and by the filters that all reports share; [`MeasureQuery`] adds what only some
//! reports have, and [`CourseOptions`] what only a course page has. [`Comparison`] is what a range is compared with,
//! and [`WindowCoverage`] the days that a window's copy covers.

use crate::activity::Weights;
use crate::calendar::Calendar;
use crate::ids::{CourseId, MediaId, PresentationId, SectionId, UserId};
use crate::institution_role::InstitutionRole;
use crate::range::Range;
use crate::time::{Day, iso};
use crate::zone::Zone;
use serde::{Deserialize, Serialize};

/// The rows to measure: range, zone, and the filters that all reports share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowQuery {
    /// The days to measure.
    #[serde(deserialize_with = "Range::deserialize_checked")]
    pub range: Range,
    /// The zone of those days.
    pub zone: Zone,
    /// Only rows of this course (UUID).
    pub course: Option<CourseId>,
    /// Only rows of these sections (UUIDs); all if empty.
    pub sections: Vec<SectionId>,
    /// Only rows of people with these roles; all if empty.
    pub roles: Vec<InstitutionRole>,
    /// Only rows of these videos (UUIDs); all if empty.
    pub videos: Vec<MediaId>,
    /// Only rows of this student (UUID).
    pub student: Option<UserId>,
    /// What the days are compared with.
    pub comparison: Option<Comparison>,
    /// The first day of the week, and breaks.
    pub calendar: Calendar,
    /// The current UTC day; it and later days are not over.
    #[serde(with = "iso")]
    pub today: Day,
}

impl RowQuery {
    /// The query whose days are compared with this one's; `None` if its range would be out of bounds.
    #[must_use]
    pub fn comparison_query(&self, comparison: &Comparison) -> Option<Self> {
        let mut query = Self { comparison: None, ..self.clone() };
        match comparison {
            Comparison::Before => query.range = self.calendar.breaks.previous_weeks(self.range)?,
            Comparison::Section(id) => query.sections = vec![id.clone()],
        }
        Some(query)
    }
}

/// What a query's days are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// As many days earlier, shifted by whole weeks: see [`Breaks::previous_weeks`](crate::calendar::Breaks::previous_weeks).
    Before,
    /// The same days in this section (UUID).
    Section(SectionId),
}

/// The rows to measure, and what to measure of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureQuery {
    /// Range, zone, and the filters that all reports share.
    pub base: RowQuery,
    /// Only rows of these decks (UUIDs); all rows if empty.
    pub decks: Vec<PresentationId>,
    /// Whether the measures include texts that people wrote: notes, questions, answers. Off by default, since
    /// they are rarely needed.
    pub contents: bool,
}

impl MeasureQuery {
    /// The same query with another `base`.
    #[must_use]
    pub fn with_base(&self, base: RowQuery) -> Self {
        Self { base, ..self.clone() }
    }
}

/// Options of a course page, in addition to the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseOptions {
    /// The student (UUID) whose own activity is measured, too.
    pub student: Option<UserId>,
    /// The comparison. By default with the days before, which needs no further download if they are loaded.
    pub comparison: Comparison,
    /// Whether the visitor chose the comparison, so that it is drawn, too.
    pub is_chosen: bool,
    /// Weights of the kinds in the engagement score.
    pub weights: Weights,
    /// Whether names of people are hidden.
    pub is_nameless: bool,
}

/// The days that a window's copy covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCoverage {
    /// The first UTC day; `None` for a report without dates.
    #[serde(with = "iso::option")]
    pub start: Option<Day>,
    /// The UTC day after the last one; `None` for a report without dates.
    #[serde(with = "iso::option")]
    pub end: Option<Day>,
    /// The first UTC day that was not complete when the copy was requested; `None` if all were.
    #[serde(with = "iso::option")]
    pub provisional_from: Option<Day>,
}
