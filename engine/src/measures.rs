//! The measures of `videoview` rows: minutes and viewers by day, hour, video, section, role
//! and student; new and returning viewers; how long after its first view a video is watched.
//!
//! One row is 30 seconds watched. Minutes are counted as rows, so that counts stay integers. Rows without a
//! user id count as minutes, but not as viewers. All numbers of one result cover the same rows: those of the
//! known days; a day that is not fully loaded counts nowhere. Each filter applies to all numbers except those
//! of the chart that sets it. A person has one role, whatever their rows name (`person_role`).

use crate::completeness::Completeness;
use crate::identity::IdentityCounts;
use crate::video_view_columns::SkippedRows;
use domain::institution_role::InstitutionRole;
use domain::time::Day;

/// Maximum number of videos or sections listed by name, besides filtered ones; the others are summed up.
pub const MAX_NAMED: usize = 20;

/// Maximum number of steps in a sparkline: a year of weeks.
pub const MAX_STEPS: usize = 53;

/// Days after a video's first view at which the spans of [`Measures::by_delay`] start; each ends before the
/// next.
pub const DELAY_STARTS: [usize; 7] = [0, 1, 2, 4, 8, 15, 29];

/// Time watched and the number of viewers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchTotals {
    /// Rows of 30 seconds each.
    pub rows: u64,
    /// Distinct user ids.
    pub viewers: u64,
}

impl WatchTotals {
    /// Minutes watched.
    #[must_use]
    pub fn minutes(self) -> f64 {
        minutes(self.rows)
    }
}

/// Converts rows of 30 seconds to minutes.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "half minutes stay exact below 2^53 rows")]
pub fn minutes(rows: u64) -> f64 {
    rows as f64 / 2.0
}

/// Sums over all days of the range that fall on one weekday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weekday {
    /// Number of known days.
    pub known: u32,
    /// How many of those are provisional.
    pub provisional: u32,
    /// Rows by hour of the day in the query's zone.
    pub hours: [u64; 24],
}

/// One video or one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id, in the normal form of [`domain::ids`].
    pub id: String,
    /// The video's name or the section's number, from the newest row; may be empty.
    pub name: String,
    /// For a section, its course's code as displayed; may be empty.
    pub part_of: String,
    /// For a video, its length in seconds, if known.
    pub seconds: Option<u32>,
    /// Its totals.
    pub watched: WatchTotals,
    /// Its rows with a user id.
    pub viewer_rows: u64,
}

/// The shortest video that has a share of its length, in seconds: a row stands for so many, however little was watched.
pub const MIN_SECONDS: u32 = 30;

/// Whether a video of so many minutes has no share of its length: shorter than [`MIN_SECONDS`].
#[must_use]
pub fn is_short(minutes: f64) -> bool {
    minutes * 60.0 < f64::from(MIN_SECONDS)
}

impl Item {
    /// Whether it is a video that has no share of its length.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.seconds.is_some_and(|seconds| seconds < MIN_SECONDS)
    }

    /// Minutes per viewer divided by the video's length; over 1 if parts were watched repeatedly. `None`
    /// without viewers or a length, and for a short video. Rows without a user id are left out.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
    pub fn share_of_length(&self) -> Option<f64> {
        let length = f64::from(self.seconds.filter(|_| !self.is_short())?) / 60.0;
        let viewers = Some(self.watched.viewers).filter(|viewers| *viewers > 0)? as f64;
        Some(minutes(self.viewer_rows) / viewers / length)
    }
}

/// Videos or sections, most minutes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Items {
    /// The first [`MAX_NAMED`], and all that the query filters by.
    pub named: Vec<Item>,
    /// Number of other items.
    pub others: u64,
    /// Rows of the other items.
    pub other_rows: u64,
    /// Rows that name no item.
    pub unnamed_rows: u64,
}

/// Distribution of students by minutes watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Students {
    /// Students with recorded activity. Rows do not tell how many have none.
    pub active: u64,
    /// Their rows.
    pub rows: u64,
    /// Median of the students' rows, rounded down.
    pub median_rows: u64,
    /// Width of a bin in minutes.
    pub bin_minutes: u64,
    /// `bins[i]` counts students with `i * bin_minutes <= minutes < (i + 1) * bin_minutes`.
    pub bins: Vec<u64>,
    /// Days in each step of a student's sparkline.
    pub step_days: usize,
    /// For each step, whether any of its days is known.
    pub steps_known: Vec<bool>,
}

/// New and returning viewers of one step of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrivals {
    /// The totals, if any of its days is known. Complete only if it and all earlier steps are complete:
    /// viewers may have watched on a missing day.
    pub known: Completeness<WatchTotals>,
    /// Viewers without rows in an earlier step.
    pub new: u64,
}

impl Arrivals {
    /// Viewers with rows in an earlier step; `None` if the step is missing.
    #[must_use]
    pub fn returning(self) -> Option<u64> {
        Some(self.known.value()?.viewers.saturating_sub(self.new))
    }
}

/// The result of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Every day of the range, first to last.
    pub days: Vec<(Day, Completeness<WatchTotals>)>,
    /// Totals over all known days; a viewer of several days counts once.
    pub total: WatchTotals,
    /// Of these, rows that name no course, such as those of media embedded in other pages.
    pub rows_without_course: u64,
    /// By weekday, Monday to Sunday.
    pub week: [Weekday; 7],
    /// By video, ignoring the filter by video.
    pub videos: Items,
    /// By section, ignoring the filter by section.
    pub sections: Items,
    /// By role, ignoring the filter by role; only roles with rows, in the order of [`InstitutionRole::ALL`].
    pub roles: Vec<(InstitutionRole, WatchTotals)>,
    /// What is odd about the people in `roles`.
    pub identities: IdentityCounts,
    /// Students only.
    pub students: Students,
    /// New and returning viewers by step; steps are as long as a sparkline's ([`Students::step_days`]).
    pub arrivals: Vec<Arrivals>,
    /// Rows by days since their video's first view, in the spans of [`DELAY_STARTS`]. The first view is the
    /// first known day on which a person of any role watched it. Rows without a video are left out.
    pub by_delay: [u64; DELAY_STARTS.len()],
    /// The comparison's days, in the order of `days`; empty without a comparison.
    pub others: Vec<Completeness<WatchTotals>>,
    /// Name of the student that the query filters by: `Nuñez, Ana`; empty without such a filter or name.
    pub student: String,
    /// Rows that were skipped while decoding, regardless of day, course and filters.
    pub skipped_rows: SkippedRows,
}

impl Measures {
    /// Whether every day is final.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.days.iter().all(|(_, known)| matches!(known, Completeness::Complete(_)))
    }

    /// Number of missing days.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.days.iter().filter(|(_, known)| *known == Completeness::Missing).count()
    }

    /// Number of provisional days.
    #[must_use]
    pub fn provisional(&self) -> usize {
        self.days.iter().filter(|(_, known)| matches!(known, Completeness::Provisional(_))).count()
    }
}
