//! Crossfilter: selects the rows of a query by days, course and filters. Each chart ignores the filter that
//! it sets.
//!
//! After a click on one item of a chart, the chart must still show the others, so that they can be clicked,
//! too. So a row that fails only one filter still counts in the chart that sets that filter.

use crate::code_map::CodeMap;
use crate::dictionary::{Dictionary, EMPTY};
use crate::person_role::{PersonRoles, RoleCounts};
use crate::rollup::QuarterHourRollup;
use crate::video_view_columns::Dictionaries;
use domain::institution_role::{InstitutionRole, RoleSet};
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

/// When each day of the query starts, and when the last one ends, in seconds since 1970.
pub(crate) fn day_starts(query: &RowQuery) -> Vec<i64> {
    let day_after = plus_days(query.range.to(), 1);
    query.range.each_day().chain([day_after]).map(|day| query.zone.start_of(day).seconds()).collect()
}

/// What all numbers of a query have in common: its days and its course. Valid until a dictionary grows.
pub(crate) struct RowScope<'a> {
    day_starts: &'a [i64],
    /// By code, whether it is the course; `None` for all courses.
    course: Option<Vec<bool>>,
    /// By code, the roles that the text names.
    role_sets: Vec<RoleSet>,
}

impl<'a> RowScope<'a> {
    /// Creates the scope of `query`, with its [`day_starts`].
    pub(crate) fn new(query: &RowQuery, day_starts: &'a [i64], texts: &Dictionaries) -> Self {
        Self {
            day_starts,
            course: matching_codes(query.course.as_slice(), &texts.course),
            role_sets: texts
                .role
                .texts()
                .map(|text| RoleSet::parse(&String::from_utf8_lossy(text)))
                .collect(),
        }
    }

    /// Counts the roles of everybody with a user id, on the days that are marked in `days`.
    pub(crate) fn count_roles(
        &self,
        rollups: &[QuarterHourRollup],
        days: &[bool],
        counts: &mut CodeMap<RoleCounts>,
    ) {
        self.for_each_rollup(rollups, days, |_, rollup, _| {
            if let Some(counts) = counts.entry(rollup.user) {
                counts
                    .add(self.role_sets.get(rollup.role as usize).copied().unwrap_or_default(), rollup.rows);
            }
        });
    }

    /// Calls `visit` with every rollup of the query's course, or of all courses, on a day that is marked in `days`, with
    /// its index and that of its day. `days` has an entry for each day of the query.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a day's index is checked once and the loop runs over all rollups"
    )]
    fn for_each_rollup(
        &self,
        rollups: &[QuarterHourRollup],
        days: &[bool],
        mut visit: impl FnMut(usize, &QuarterHourRollup, usize),
    ) {
        let day_starts = self.day_starts;
        let Some(last) = day_starts.len().checked_sub(2).filter(|last| days.len() == last + 1) else {
            return;
        };
        let (start, end) = (day_starts[0], day_starts[last + 1]);
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
            if days[day] && passes(&self.course, rollup.course) {
                visit(index, rollup, day);
            }
        }
    }
}

/// Whether a code passes a filter; `None` without a filter.
#[inline]
fn passes(filter: &Option<Vec<bool>>, code: u32) -> bool {
    filter.as_ref().is_none_or(|codes| codes.get(code as usize).copied().unwrap_or(false))
}

/// A query's filters by dictionary code: valid until a dictionary grows.
pub(crate) struct Crossfilter<'a> {
    scope: &'a RowScope<'a>,
    roles: &'a PersonRoles,
    /// By code, whether it passes; `None` without a filter.
    section: Option<Vec<bool>>,
    video: Option<Vec<bool>>,
    user: Option<Vec<bool>>,
    /// By code, the role of a row that names nobody.
    role_of_text: Vec<InstitutionRole>,
    /// In the order of [`InstitutionRole::ALL`], whether it passes.
    role_passes: [bool; InstitutionRole::ALL.len()],
}

impl<'a> Crossfilter<'a> {
    /// Creates the crossfilter of `query` in its scope. `roles` has everybody with a user id in that scope.
    pub(crate) fn new(
        query: &RowQuery,
        scope: &'a RowScope<'a>,
        roles: &'a PersonRoles,
        texts: &Dictionaries,
    ) -> Self {
        Self {
            scope,
            roles,
            section: matching_codes(&query.sections, &texts.section),
            video: matching_codes(&query.videos, &texts.video),
            user: matching_codes(query.student.as_slice(), &texts.user),
            role_of_text: scope.role_sets.iter().map(|roles| roles.prevailing()).collect(),
            role_passes: InstitutionRole::ALL
                .map(|role| query.roles.is_empty() || query.roles.contains(&role)),
        }
    }

    /// Calls `visit` with every rollup in the scope, on a day that is marked in `days`, if the filters that it passes are
    /// a [`FilterResult`]. `days` has an entry for each day of the query.
    pub(crate) fn for_each_match(
        &self,
        rollups: &[QuarterHourRollup],
        days: &[bool],
        mut visit: impl FnMut(FilteredRollup),
    ) {
        self.scope.for_each_rollup(rollups, days, |index, rollup, day| {
            let role = match rollup.user {
                EMPTY => self.role_of_text.get(rollup.role as usize),
                user => self.roles.get(user),
            };
            let role = role.copied().unwrap_or(InstitutionRole::Unnamed);
            let role_passes = self.role_passes.get(role as usize).copied().unwrap_or(true);
            let section_passes = passes(&self.section, rollup.section);
            let video_passes = passes(&self.video, rollup.video);
            let user_passes = passes(&self.user, rollup.user);
            let passes = match (section_passes, role_passes, video_passes) {
                _ if !user_passes => match section_passes && video_passes {
                    true => FilterResult::AllExceptStudent,
                    false => return,
                },
                (true, true, true) => FilterResult::All,
                (false, true, true) => FilterResult::AllExceptSections,
                (true, false, true) => FilterResult::AllExceptRoles,
                (true, true, false) => FilterResult::AllExceptVideos,
                _ => return,
            };
            visit(FilteredRollup { rollup: index, day, role, passes });
        });
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
