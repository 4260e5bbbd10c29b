//! What is asked of the rows, and what is answered: minutes and viewers by day, hour, video, section, role,
//! student; who came for the first time; how long after it appeared a video is watched.
//!
//! One row is 30 seconds watched, so minutes are rows halved, and every count of rows stays whole. Rows that
//! name nobody count minutes, never viewers. All numbers of one answer are over the same rows: those of the
//! days that are known; a day that is not all here counts nowhere. Each filter is applied to every number but
//! those of the chart that sets it.

use crate::video_view_columns::SkippedRows;
pub use crate::video_view_dataset::WindowCoverage;
use domain::ids::{CourseId, MediaId, SectionId, UserId};
use domain::institution_role::InstitutionRole;
use domain::range::Range;
use domain::time::Day;
use domain::zone::Zone;
use domain::{wire_enum, wire_struct};

/// How many videos or sections are answered by name; the others are summed up.
pub const MAX_NAMED: usize = 20;

/// Parts of the range in a spark-line: at most a year of weeks.
pub const MAX_STEPS: usize = 53;

/// Days after a video first appeared at which each span of [`Measures::by_delay`] begins: it ends before the next.
pub const DELAY_STARTS: [usize; 7] = [0, 1, 2, 4, 8, 15, 29];

/// What is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which days.
    pub range: Range,
    /// In which zone they begin and end.
    pub zone: Zone,
    /// Only rows of this course (UUID).
    pub course: Option<CourseId>,
    /// Only rows of these sections (UUIDs), if there are any.
    pub sections: Vec<SectionId>,
    /// Only rows of people with these roles, if there are any.
    pub roles: Vec<InstitutionRole>,
    /// Only rows of these videos (UUIDs), if there are any.
    pub videos: Vec<MediaId>,
    /// Only rows of this student (UUID).
    pub student: Option<UserId>,
    /// What the days are held against, if anything.
    pub comparison: Option<Comparison>,
    /// The current UTC day: it and what follows is not over.
    pub today: Day,
}

wire_struct!(Query { range, zone, course, sections, roles, videos, student, comparison, today });

/// What numbers are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// As many days before, moved by whole weeks.
    Before,
    /// The same days of this section (UUID).
    Section(SectionId),
}

wire_enum!(Comparison { 0 Before, 1 Section(id) });

impl Query {
    /// The same query of what it is held against; `None` of days before there were any.
    #[must_use]
    pub fn comparison_query(&self, comparison: &Comparison) -> Option<Self> {
        let mut other = Self { comparison: None, ..self.clone() };
        match comparison {
            Comparison::Before => other.range = self.range.previous_weeks()?,
            Comparison::Section(id) => other.sections = vec![id.clone()],
        }
        Some(other)
    }
}

/// What was watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchTotals {
    /// Rows: half minutes.
    pub rows: u64,
    /// Distinct viewers.
    pub viewers: u64,
}

wire_struct!(WatchTotals { rows, viewers });

impl WatchTotals {
    /// Minutes watched.
    #[must_use]
    pub fn minutes(self) -> f64 {
        minutes(self.rows)
    }
}

/// The minutes that rows stand for.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "half minutes stay exact below 2^53 rows")]
pub fn minutes(rows: u64) -> f64 {
    rows as f64 / 2.0
}

/// What is known of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Not all of it is here, so that no number of it would be true.
    Missing,
    /// It may still grow.
    Provisional(WatchTotals),
    /// Final.
    Complete(WatchTotals),
}

wire_enum!(Completeness { 0 Missing, 1 Provisional(watched), 2 Complete(watched) });

impl Completeness {
    /// What was watched, where it is known.
    #[must_use]
    pub fn watched(self) -> Option<WatchTotals> {
        match self {
            Self::Missing => None,
            Self::Provisional(watched) | Self::Complete(watched) => Some(watched),
        }
    }
}

/// One day of the week, over all weeks of the range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weekday {
    /// How many days of this name are known.
    pub known: u32,
    /// How many of those may still grow.
    pub provisional: u32,
    /// Rows by hour of the day, local time.
    pub hours: [u64; 24],
}

wire_struct!(Weekday { known, provisional, hours });

/// One video or one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id, as it came.
    pub id: String,
    /// Its name or number, as its newest row says; may be empty.
    pub name: String,
    /// What it is part of, for a section: its course, as displayed; may be empty.
    pub part_of: String,
    /// Its length in seconds, for a video that says so.
    pub seconds: Option<u32>,
    /// What was watched.
    pub watched: WatchTotals,
    /// Of its rows those that name a viewer.
    pub viewer_rows: u64,
}

wire_struct!(Item { id, name, part_of, seconds, watched, viewer_rows });

impl Item {
    /// Minutes per viewer, as a share of the length: passes 1 where parts were watched again. `None` without
    /// viewers or a length. Minutes of nobody known are no viewer's, and left out.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
    pub fn share_of_length(&self) -> Option<f64> {
        let length = f64::from(self.seconds?) / 60.0;
        let viewers = Some(self.watched.viewers).filter(|viewers| *viewers > 0)? as f64;
        Some(minutes(self.viewer_rows) / viewers / length)
    }
}

/// Videos or sections, most minutes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Items {
    /// The first [`MAX_NAMED`], and whatever is filtered by.
    pub named: Vec<Item>,
    /// How many others there are.
    pub others: u64,
    /// Their rows.
    pub other_rows: u64,
}

wire_struct!(Items { named, others, other_rows });

/// How many students watched how much.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Students {
    /// Students with recorded activity. Nobody knows how many have none.
    pub active: u64,
    /// Their rows.
    pub rows: u64,
    /// Rows of the student in the middle; of two, the mean of both, rounded down.
    pub median_rows: u64,
    /// Minutes that each of `bins` spans, from zero up: `0 ≤ minutes < width`, and so on.
    pub bin_minutes: u64,
    /// Students by their minutes.
    pub bins: Vec<u64>,
    /// Days in each step of a student's spark-line.
    pub step_days: usize,
    /// For each step, whether any of its days is known.
    pub steps_known: Vec<bool>,
}

wire_struct!(Students { active, rows, median_rows, bin_minutes, bins, step_days, steps_known });

/// Who came on one day, or in one step of several: for the first time in the range, or again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrivals {
    /// What was watched, where any of its days is known. Final only with every day before it: somebody may have been
    /// here already on a day that is missing.
    pub known: Completeness,
    /// Of its viewers those that no earlier day knows.
    pub new: u64,
}

wire_struct!(Arrivals { known, new });

impl Arrivals {
    /// Of its viewers those that an earlier step knows.
    #[must_use]
    pub fn returning(self) -> Option<u64> {
        Some(self.known.watched()?.viewers.saturating_sub(self.new))
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Every day of the range, first to last.
    pub days: Vec<(Day, Completeness)>,
    /// Over all days that are not missing: rows, and viewers each counted once.
    pub total: WatchTotals,
    /// Monday to Sunday.
    pub week: [Weekday; 7],
    /// By video, whatever videos are filtered by.
    pub videos: Items,
    /// By section, whatever sections are filtered by.
    pub sections: Items,
    /// By role, whatever roles are filtered by; only those that have rows, in their own order.
    pub roles: Vec<(InstitutionRole, WatchTotals)>,
    /// Students, apart from everybody else.
    pub students: Students,
    /// Viewers by when they came first, in steps as long as those of a spark-line ([`Students::step_days`]).
    pub arrivals: Vec<Arrivals>,
    /// Rows by days after their video first appeared ([`DELAY_STARTS`]): the first known day on which anybody, of whatever
    /// role, watched it. Rows that name no video are left out.
    pub by_delay: [u64; DELAY_STARTS.len()],
    /// The days that these are held against, as many and in the same order; empty where they are held against nothing.
    pub others: Vec<Completeness>,
    /// What the student is called whose rows alone these are: `Nuñez, Ana`; empty where nobody is, or is named.
    pub student: String,
    /// Rows of the copies that could not be placed, whatever their day, course and filters.
    pub skipped_rows: SkippedRows,
}

wire_struct!(Measures {
    days,
    total,
    week,
    videos,
    sections,
    roles,
    students,
    arrivals,
    by_delay,
    others,
    student,
    skipped_rows
});

impl Measures {
    /// Whether every day is final.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.days.iter().all(|(_, known)| matches!(known, Completeness::Complete(_)))
    }

    /// Days that are not here.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.days.iter().filter(|(_, known)| *known == Completeness::Missing).count()
    }

    /// Days that may still grow.
    #[must_use]
    pub fn provisional(&self) -> usize {
        self.days.iter().filter(|(_, known)| matches!(known, Completeness::Provisional(_))).count()
    }
}
