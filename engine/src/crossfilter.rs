//! Crossfilter: selects the rows of a query by days, course and filters. Each chart ignores the filter that
//! it sets.
//!
//! After a click on one item of a chart, the chart must still show the others, so that they can be clicked,
//! too. So a row that fails only one filter still counts in the chart that sets that filter.

use crate::dictionary::Dictionary;
use crate::rollup::QuarterHourRollup;
use crate::video_view_columns::Dictionaries;
use domain::institution_role::InstitutionRole;
use domain::query::RowQuery;
use domain::time::{DAY, SECOND, plus_days};
use std::borrow::Borrow;

/// Which filters a rollup passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterResult {
    /// All filters.
    All,
    /// All but the filter by section.
    AllExceptSections,
    /// All but the filter by role.
    AllExceptRoles,
    /// All but the filter by video.
    AllExceptVideos,
    /// All but the filter by student, and maybe the one by role: only relevant for a video's first view.
    AllExceptStudent,
}

/// A rollup on a selected day, with the filters that it passes: all, or all but one as [`FilterResult`] lists them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilteredRollup {
    /// Its index among the rollups.
    pub(crate) rollup: usize,
    /// The index of its day in the range.
    pub(crate) day: usize,
    /// The role of its viewer.
    pub(crate) role: InstitutionRole,
    /// The filters that it passes.
    pub(crate) passes: FilterResult,
}

/// A query's filters by dictionary code: valid until a dictionary grows.
pub(crate) struct Crossfilter<'a> {
    day_starts: &'a [i64],
    /// By code, whether it passes; `None` without a filter.
    course: Option<Vec<bool>>,
    section: Option<Vec<bool>>,
    video: Option<Vec<bool>>,
    user: Option<Vec<bool>>,
    /// By code, the role and whether it passes.
    role: Vec<(InstitutionRole, bool)>,
}

/// When each day of the query starts, and when the last one ends, in seconds since 1970.
pub(crate) fn day_starts(query: &RowQuery) -> Vec<i64> {
    let day_after = plus_days(query.range.to(), 1);
    query.range.each_day().chain([day_after]).map(|day| query.zone.start_of(day).seconds()).collect()
}

impl<'a> Crossfilter<'a> {
    /// Creates the crossfilter of `query`, with its [`day_starts`].
    pub(crate) fn new(query: &RowQuery, day_starts: &'a [i64], texts: &Dictionaries) -> Self {
        let role = texts
            .role
            .texts()
            .map(|text| InstitutionRole::from_text(&String::from_utf8_lossy(text)))
            .map(|role| (role, query.roles.is_empty() || query.roles.contains(&role)))
            .collect();
        Self {
            day_starts,
            course: matching_codes(query.course.as_slice(), &texts.course),
            section: matching_codes(&query.sections, &texts.section),
            video: matching_codes(&query.videos, &texts.video),
            user: matching_codes(query.student.as_slice(), &texts.user),
            role,
        }
    }

    /// Calls `visit` with every rollup of the query's course, or of all courses, on a day that is marked in `days`, if
    /// the filters that it passes are a [`FilterResult`]. `days` has an entry for each day of the query.
    #[expect(
        clippy::indexing_slicing,
        reason = "a day's index is checked once and the loop runs over all rollups"
    )]
    pub(crate) fn for_each_match(
        &self,
        rollups: &[QuarterHourRollup],
        days: &[bool],
        mut visit: impl FnMut(FilteredRollup),
    ) {
        let day_starts = self.day_starts;
        let Some(last) = day_starts.len().checked_sub(2).filter(|last| days.len() == last + 1) else {
            return;
        };
        let (start, end) = (day_starts[0], day_starts[last + 1]);
        let passes = |filter: &Option<Vec<bool>>, code: u32| {
            filter.as_ref().is_none_or(|codes| codes.get(code as usize).copied().unwrap_or(false))
        };
        let mut day = 0;
        for (index, rollup) in rollups.iter().enumerate() {
            let time = rollup.start();
            if time < start || time >= end {
                continue;
            }
            // Consecutive rollups are mostly of the same day.
            if time < day_starts[day] || time >= day_starts[day + 1] {
                // Days have 23 to 25 hours, so division by 24 hours gives a close estimate.
                day = usize::try_from((time - start) / (DAY / SECOND)).unwrap_or(0).min(last);
                while day_starts[day] > time {
                    day -= 1;
                }
                while day_starts[day + 1] <= time {
                    day += 1;
                }
            }
            if !days[day] || !passes(&self.course, rollup.course) {
                continue;
            }
            let (role, role_passes) =
                self.role.get(rollup.role as usize).copied().unwrap_or((InstitutionRole::Unnamed, true));
            let section_passes = passes(&self.section, rollup.section);
            let video_passes = passes(&self.video, rollup.video);
            let user_passes = passes(&self.user, rollup.user);
            let passes = match (section_passes, role_passes, video_passes) {
                _ if !user_passes => match section_passes && video_passes {
                    true => FilterResult::AllExceptStudent,
                    false => continue,
                },
                (true, true, true) => FilterResult::All,
                (false, true, true) => FilterResult::AllExceptSections,
                (true, false, true) => FilterResult::AllExceptRoles,
                (true, true, false) => FilterResult::AllExceptVideos,
                _ => continue,
            };
            visit(FilteredRollup { rollup: index, day, role, passes });
        }
    }
}

/// By code, whether its text is in `ids`; `None` if `ids` is empty: then there is no filter.
fn matching_codes<T: Borrow<str>>(ids: &[T], dictionary: &Dictionary) -> Option<Vec<bool>> {
    if ids.is_empty() {
        return None;
    }
    let mut is_match = vec![false; dictionary.len()];
    for code in dictionary.find_all(ids) {
        if let Some(place) = is_match.get_mut(code as usize) {
            *place = true;
        }
    }
    Some(is_match)
}
