//! Crossfilter: selects the rows of a query by days, course and filters. Each chart ignores the filter that it sets.
//!
//! A chart that is filtered by a click must keep showing what was not clicked, or nobody could click a
//! second time. So a row that only one filter turns away still counts in the chart that sets that filter.

use crate::dictionary::Dictionary;
use crate::measures::Query;
use crate::rollup::QuarterHourRollup;
use crate::video_view_columns::Dictionaries;
use domain::institution_role::InstitutionRole;
use domain::time::{DAY, SECOND, plus_days};
use std::borrow::Borrow;

/// Which filters a row passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterResult {
    /// All of them.
    All,
    /// All but that of sections.
    AllExceptSections,
    /// All but that of roles.
    AllExceptRoles,
    /// All but that of videos.
    AllExceptVideos,
    /// All but that of a student, and perhaps that of roles: it says when a video appeared, and counts nowhere.
    AllExceptStudent,
}

/// A rollup of the query, by where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilteredRollup {
    /// Its place among the rollups.
    pub(crate) rollup: usize,
    /// Its day, counted from the first of the range.
    pub(crate) day: usize,
    /// The role of its viewer.
    pub(crate) role: InstitutionRole,
    /// Which filters it passes.
    pub(crate) passes: FilterResult,
}

/// The query in terms of codes: good until a dictionary grows.
pub(crate) struct Crossfilter<'a> {
    starts: &'a [i64],
    course: Option<Vec<bool>>,
    section: Option<Vec<bool>>,
    video: Option<Vec<bool>>,
    user: Option<Vec<bool>>,
    role: Vec<(InstitutionRole, bool)>,
}

/// The seconds since 1970 at which each day of the query starts, and at last that at which its range ends.
pub(crate) fn day_starts(query: &Query) -> Vec<i64> {
    let after = plus_days(query.range.to(), 1);
    query.range.each_day().chain([after]).map(|day| query.zone.start_of(day).seconds()).collect()
}

impl<'a> Crossfilter<'a> {
    /// The crossfilter of `query`, whose days begin at `starts`.
    pub(crate) fn new(query: &Query, starts: &'a [i64], texts: &Dictionaries) -> Self {
        let wanted = &query.roles;
        let role = texts
            .role
            .texts()
            .map(|text| InstitutionRole::from_text(&String::from_utf8_lossy(text)))
            .map(|role| (role, wanted.is_empty() || wanted.contains(&role)))
            .collect();
        Self {
            starts,
            course: matching_codes(query.course.as_slice(), &texts.course),
            section: matching_codes(&query.sections, &texts.section),
            video: matching_codes(&query.videos, &texts.video),
            user: matching_codes(query.student.as_slice(), &texts.user),
            role,
        }
    }

    /// Shows every rollup that is of one of `days` and passes all filters or all but one.
    #[expect(
        clippy::indexing_slicing,
        reason = "a day's place is checked once and the loop runs over all rollups"
    )]
    pub(crate) fn for_each_match(
        &self,
        rollups: &[QuarterHourRollup],
        days: &[bool],
        mut visit: impl FnMut(FilteredRollup),
    ) {
        let Some(last) = self.starts.len().checked_sub(2).filter(|last| days.len() == last + 1) else {
            return;
        };
        let (first, end) = (self.starts[0], self.starts[last + 1]);
        let passes = |wanted: &Option<Vec<bool>>, code: u32| {
            wanted.as_ref().is_none_or(|codes| codes.get(code as usize).copied().unwrap_or(false))
        };
        let mut day = 0;
        for (place, rollup) in rollups.iter().enumerate() {
            let time = rollup.start();
            if time < first || time >= end {
                continue;
            }
            // Sittings that stand together are mostly of one day.
            if time < self.starts[day] || time >= self.starts[day + 1] {
                // Days are 23 to 25 hours long, so counting in whole days lands close by.
                day = usize::try_from((time - first) / (DAY / SECOND)).unwrap_or(0).min(last);
                while self.starts[day] > time {
                    day -= 1;
                }
                while self.starts[day + 1] <= time {
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
            visit(FilteredRollup { rollup: place, day, role, passes });
        }
    }
}

/// Which codes are those of `ids`; `None` when there are no ids, and so no filter.
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
