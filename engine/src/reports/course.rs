//! Measures of one course over six reports, on one time axis, by kind of activity.
//!
//! - Only students are counted. Activity of staff, and rows without a user id, are one additional number
//!   each.
//! - People are joined across reports by user id only; a row without one belongs to nobody. A person has one role: that which
//!   most of their rows name, in all reports of the range.
//! - Videos and decks are two lists, since nothing in the data joins them. Decks are joined with their marks,
//!   polls and notes by presentation id.
//! - Kinds are never added up. Whether a day is missing, provisional or complete is known per kind, from its
//!   own report.
//!
//! [`events`]: rows of all six reports as events; [`time_bins`]: the axis; [`people`]: students and their
//! scores; [`media`]: videos and decks; [`outlier`]: an unusual week or day; [`person`]: one student.

pub mod events;
pub mod media;
pub mod outlier;
pub mod people;
pub mod person;
pub mod time_bins;

use super::median;
use crate::completeness::Completeness;
use crate::identity::IdentityCounts;
use crate::person_role::RoleCounts;
use crate::table::dataset::{DataStatus, Dataset};
use crate::video_view_columns::SkippedRows;
use domain::activity::ActivityKind;
use domain::calendar::Breaks;
use domain::institution_role::InstitutionRole;
use domain::query::{Comparison, CourseOptions, MeasureQuery, RowQuery};
use events::{Events, People, completeness};
use media::{Deck, Video};
use outlier::Outlier;
use people::Student;
use person::Person;
use std::collections::{BTreeMap, BTreeSet};
use time_bins::TimeBins;

/// The datasets of a course.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// By kind; a kind whose report is not loaded has no entry.
    pub by_kind: BTreeMap<ActivityKind, &'a Dataset>,
    /// `asset`, if it is loaded: for the days on which videos were captured.
    pub library: Option<&'a Dataset>,
}

/// Totals of one kind over the pairs of days (one of the range, one of the comparison) that are both final. Earlier days
/// are compared only if both have classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ComparisonTotals {
    /// Number of pairs of days.
    pub days: u64,
    /// Activity of students on the days of the range.
    pub now: u64,
    /// Activity of students on the days of the comparison.
    pub then: u64,
    /// Number of pairs that are left out, since one of their days or both are in a break.
    pub in_breaks: u64,
}

/// One kind of activity over time. Amounts are half minutes, views, answers, marks or note events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSeries {
    /// The kind.
    pub kind: ActivityKind,
    /// Activity of students, by bin of the axis.
    pub bins: Vec<Completeness<u64>>,
    /// Activity of students in the comparison, by bin; `None` where some of it is not loaded. Empty without
    /// one.
    pub others: Vec<Option<u64>>,
    /// Activity of students on all loaded days.
    pub total: u64,
    /// Activity of people with a user id who are not students.
    pub staff: u64,
    /// Activity without a user id.
    pub unnamed: u64,
    /// Number of days that are not loaded.
    pub missing: u64,
    /// Number of days that may still grow.
    pub provisional: u64,
    /// Number of days of the range.
    pub days: u64,
    /// Rows of its copies that could not be read.
    pub skipped_rows: SkippedRows,
    /// Totals for the comparison.
    pub compared: ComparisonTotals,
}

/// Measures of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// The time axis.
    pub bins: TimeBins,
    /// A series for each kind, in the order of [`ActivityKind::ALL`].
    pub series: Vec<KindSeries>,
    /// Students with any activity in the range, and in the comparison.
    pub active: (u64, u64),
    /// Students who watched any video in the range.
    pub watched: u64,
    /// Median of the half minutes watched, over the students who watched any video.
    pub median_rows: u64,
    /// The most unusual week or day, if there is one.
    pub outlier: Option<Outlier>,
    /// Videos, most minutes first.
    pub videos: Vec<Video>,
    /// Decks, most views first.
    pub decks: Vec<Deck>,
    /// Students with activity in the range or in the days before it, by name.
    pub students: Vec<Student>,
    /// What is odd about the people with activity in the range.
    pub identities: IdentityCounts,
    /// Whether [`Student::is_quiet`] is known: the last two weeks with classes are loaded for every kind.
    pub is_quiet_known: bool,
    /// The student of [`CourseOptions::student`], if they have any activity.
    pub person: Option<Person>,
}

/// Measures a course.
#[must_use]
pub fn measure(sources: &Sources<'_>, query: &MeasureQuery, options: &CourseOptions) -> Measures {
    let query = without_filters(query);
    let compared_query = comparison_query(&query, &options.comparison);
    let before = query_before(&query);
    let calendar = &query.base.calendar;
    let people = sources.by_kind.iter().map(|(kind, dataset)| (*kind, (*dataset, People::read(dataset))));
    let datasets: BTreeMap<ActivityKind, (&Dataset, People)> = people.collect();
    let read_events = |query: &MeasureQuery| read_events(&datasets, query);
    let mut now = read_events(&query);
    let mut others = compared_query.as_ref().map_or_else(BTreeMap::new, read_events);
    // The days of the comparison are all days before the range, unless there is a gap between them, such as a break.
    let earlier = before.filter(|before| Some(before) != compared_query.as_ref());
    let mut earlier = earlier.as_ref().map(read_events);
    let people = unify_roles(&mut now, [Some(&mut others), earlier.as_mut()]);
    let earlier = earlier.as_ref().unwrap_or(&others);
    let bins = TimeBins::for_range(query.base.range, calendar.week_start);
    let skipped = match options.comparison {
        Comparison::Before => &calendar.breaks,
        Comparison::Section(_) => &Breaks::default(),
    };
    let series = now
        .iter()
        .map(|(kind, events)| kind_series(*kind, events, others.get(kind), &bins, skipped))
        .collect();
    let identities = count_identities(&people, &now);
    let quiet_since = people::quiet_since(&now, earlier, &calendar.breaks);
    let polls =
        sources.by_kind.get(&ActivityKind::Polls).zip(now.get(&ActivityKind::Polls)).map(
            |(dataset, events)| super::polling::measure_with_roles(dataset, &query, &events.roles).polls,
        );
    let polls = polls.unwrap_or_default();
    let students = people::students(&now, earlier, &bins, calendar.week_start, options.weights, quiet_since);
    let watched_rows =
        |student: &Student| student.amounts.get(ActivityKind::Watch.index()).copied().unwrap_or(0);
    let watched: Vec<u64> = students.iter().map(watched_rows).filter(|rows| *rows > 0).collect();
    let person = options.student.as_ref().and_then(|id| {
        let student = students.iter().find(|student| student.id == id.as_str())?;
        Some(person::measure_person(student.clone(), &now, &bins, &polls, query.contents))
    });
    Measures {
        series,
        active: (
            students.iter().filter(|student| student.is_active()).count() as u64,
            count_active_students(&others),
        ),
        watched: watched.len() as u64,
        median_rows: median(watched),
        outlier: outlier::find(&now, calendar),
        videos: media::videos(now.get(&ActivityKind::Watch), sources.library, &bins),
        decks: media::decks(&now, &polls, &bins),
        students,
        identities,
        is_quiet_known: quiet_since.is_some(),
        person,
        bins,
    }
}

/// The query without the filters that a course page does not have.
fn without_filters(query: &MeasureQuery) -> MeasureQuery {
    let mut query = query.clone();
    query.base.roles.clear();
    query.base.videos.clear();
    query.base.student = None;
    query.decks.clear();
    query
}

/// The query of the comparison; `None` if it would begin before the first possible day.
fn comparison_query(query: &MeasureQuery, comparison: &Comparison) -> Option<MeasureQuery> {
    Some(query.with_base(query.base.comparison_query(comparison)?))
}

/// The query of the days before the range; `None` if they would begin before the first possible day.
fn query_before(query: &MeasureQuery) -> Option<MeasureQuery> {
    let range = query.base.calendar.breaks.days_before(query.base.range)?;
    Some(query.with_base(RowQuery { range, comparison: None, ..query.base.clone() }))
}

/// The events of every kind; without events for a kind that is not loaded.
fn read_events<'a>(
    datasets: &'a BTreeMap<ActivityKind, (&'a Dataset, People)>,
    query: &MeasureQuery,
) -> BTreeMap<ActivityKind, Events<'a>> {
    let read = |kind: ActivityKind| {
        let dataset = datasets.get(&kind).map(|(dataset, people)| (*dataset, people));
        (kind, Events::read(kind, dataset, query))
    };
    ActivityKind::ALL.into_iter().map(read).collect()
}

/// Gives everybody one role in all reports: the one that their rows of the range name, or else those that the range is
/// compared with. Returns the roles that the rows of the range name, by user id.
fn unify_roles<'a>(
    now: &mut BTreeMap<ActivityKind, Events<'a>>,
    others: [Option<&mut BTreeMap<ActivityKind, Events<'a>>>; 2],
) -> BTreeMap<String, RoleCounts> {
    let mut in_range = BTreeMap::new();
    now.values().for_each(|events| events.count_roles(&mut in_range));
    let role_in = |people: &BTreeMap<String, RoleCounts>, id: &str| {
        people.get(id).map_or(InstitutionRole::Unnamed, RoleCounts::role)
    };
    for events in now.values_mut() {
        events.assign_roles(|id| role_in(&in_range, id));
    }
    for all in others.into_iter().flatten() {
        // Each by itself: the days before say nothing about another section of the same days.
        let mut in_others = BTreeMap::new();
        all.values().for_each(|events| events.count_roles(&mut in_others));
        for events in all.values_mut() {
            events.assign_roles(|id| match role_in(&in_range, id) {
                InstitutionRole::Unnamed => role_in(&in_others, id),
                role => role,
            });
        }
    }
    in_range
}

/// What is odd about `people`, the roles of everybody with activity in the range, in all reports together.
fn count_identities(
    people: &BTreeMap<String, RoleCounts>,
    now: &BTreeMap<ActivityKind, Events<'_>>,
) -> IdentityCounts {
    let is_counted = |id: &String| people.contains_key(id);
    let mut users_by_email: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for (email, id) in now.values().flat_map(Events::emails).filter(|(_, id)| is_counted(id)) {
        users_by_email.entry(email).or_default().insert(id);
    }
    let ambiguous: BTreeSet<String> =
        now.values().flat_map(Events::ambiguous_ids).filter(is_counted).collect();
    let deleted = people.keys().filter(|id| {
        let named = now.values().filter_map(|events| events.newest_name(id));
        named.max_by_key(|(age, _)| *age).is_some_and(|(_, is_deleted)| is_deleted)
    });
    IdentityCounts {
        ambiguous_roles: people.values().filter(|roles| roles.is_ambiguous()).count() as u64,
        deleted_users: deleted.count() as u64,
        shared_emails: users_by_email.values().filter(|ids| ids.len() > 1).count() as u64,
        ambiguous_ids: ambiguous.len() as u64,
    }
}

/// Number of distinct students with any activity.
fn count_active_students(all: &BTreeMap<ActivityKind, Events<'_>>) -> u64 {
    let mut students: BTreeSet<String> = BTreeSet::new();
    for events in all.values() {
        students.extend(events.by_students().filter_map(|event| events.person(event.user)));
    }
    students.len() as u64
}

fn kind_series(
    kind: ActivityKind,
    events: &Events<'_>,
    others: Option<&Events<'_>>,
    bins: &TimeBins,
    skipped: &Breaks,
) -> KindSeries {
    let by_day = events.by_day();
    let days = || events.days.iter().map(|(_, status)| *status);
    let count = |expected: DataStatus| days().filter(|status| *status == expected).count() as u64;
    let sum_by_bin = |events: &Events<'_>, by_day: &[u64]| -> Vec<Completeness<u64>> {
        let sums = bins.sums(by_day);
        let statuses = bins.statuses(&events.days);
        sums.into_iter().zip(statuses).map(|(sum, status)| completeness(status, sum)).collect()
    };
    let mut compared = ComparisonTotals::default();
    let others = others.map(|others| {
        let others_by_day = others.by_day();
        let pairs = events.days.iter().zip(&others.days).zip(by_day.iter().zip(&others_by_day));
        for (((day, status), (other_day, other_status)), (now, then)) in pairs {
            if skipped.contains(*day) || skipped.contains(*other_day) {
                compared.in_breaks += 1;
            } else if (*status, *other_status) == (DataStatus::Complete, DataStatus::Complete) {
                compared.days += 1;
                compared.now += now;
                compared.then += then;
            }
        }
        sum_by_bin(others, &others_by_day).iter().map(|bin| bin.value().copied()).collect()
    });
    let staff = events
        .events
        .iter()
        .filter(|event| event.is_named() && event.role != InstitutionRole::Student)
        .count();
    KindSeries {
        kind,
        bins: sum_by_bin(events, &by_day),
        others: others.unwrap_or_default(),
        total: by_day.iter().sum(),
        staff: staff as u64,
        unnamed: events.events.iter().filter(|event| !event.is_named()).count() as u64,
        missing: count(DataStatus::Missing),
        provisional: count(DataStatus::Provisional),
        days: events.days.len() as u64,
        skipped_rows: events.skipped_rows,
        compared,
    }
}

#[cfg(test)]
mod tests;
