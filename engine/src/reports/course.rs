//! Measures of one course over several reports, on one time axis, by kind of activity.
//!
//! - Students alone are counted; what staff did, and what names nobody, stands beside as a number.
//! - People are the same in several reports by their UUID, and by nothing else: a row without one is nobody's.
//! - Nothing joins a video to a deck: videos and decks are two lists. Decks are joined to their marks, polls and
//!   notes by the deck's UUID.
//! - Kinds are never added up. Each day stands for each kind as its own report knows it: what one of them lacks is
//!   missing there alone.
//!
//! [`events`]: rows of any of the six as events; [`time_bins`]: the axis; [`people`]: students, with what a score is;
//! [`media`]: videos and decks; [`outlier`]: what was unlike the rest; [`person`]: one student alone.

pub mod events;
pub mod media;
pub mod outlier;
pub mod people;
pub mod person;
pub mod time_bins;

use super::{Completeness, Query, median};
pub use crate::measures::Comparison;
use crate::table::dataset::{DataStatus, Dataset};
use crate::video_view_columns::SkippedRows;
use domain::activity::{ActivityKind, Weights};
use domain::ids::UserId;
use domain::institution_role::InstitutionRole;
use domain::wire_struct;
use events::{Events, completeness};
use media::{Deck, Video};
use outlier::Outlier;
use people::Student;
use person::Person;
use std::collections::{BTreeMap, BTreeSet};
use time_bins::TimeBins;

/// What is wanted of a course, beside its days and sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseOptions {
    /// This student alone (UUID).
    pub student: Option<UserId>,
    /// What the numbers are held against. The days before cost nothing where they are here.
    pub comparison: Comparison,
    /// Whether somebody chose to compare, so that it is drawn, too.
    pub is_chosen: bool,
    /// What a score is made of.
    pub weights: Weights,
    /// Whether people stand without their names.
    pub is_nameless: bool,
}

wire_struct!(CourseOptions { student, comparison, is_chosen, weights, is_nameless });

/// The tables of a course, by what they know.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// By kind; a kind whose report is not here has no tables.
    pub by_kind: BTreeMap<ActivityKind, &'a Dataset>,
    /// `asset`, if it is here: for the days on which videos were captured.
    pub library: Option<&'a Dataset>,
}

/// The same kind over the same number of days, of which all are final on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ComparisonTotals {
    /// Pairs of days.
    pub days: u64,
    /// What students did on these days.
    pub now: u64,
    /// What students did on the others.
    pub then: u64,
}

/// One kind on the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSeries {
    /// Which kind.
    pub kind: ActivityKind,
    /// What students did, by bin: half minutes, views, answers, marks, note events.
    pub bins: Vec<Completeness<u64>>,
    /// What they did where it is held against, by bin; none where not all of it is here.
    pub others: Vec<Option<u64>>,
    /// What students did on all days that are here.
    pub total: u64,
    /// What people did who are named and no students.
    pub staff: u64,
    /// What names nobody.
    pub unnamed: u64,
    /// Days that are not here.
    pub missing: u64,
    /// Days that may still grow.
    pub provisional: u64,
    /// Days in all.
    pub days: u64,
    /// Rows of its copies that could not be placed.
    pub skipped_rows: SkippedRows,
    /// What it comes to against the others.
    pub compared: ComparisonTotals,
}

/// What happened in a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// The axis.
    pub bins: TimeBins,
    /// Each kind on it, in their order.
    pub series: Vec<KindSeries>,
    /// Students with any activity on these days, and those with some in what it is held against.
    pub active: (u64, u64),
    /// Of these, students who watched anything, each as half of the former.
    pub watched: u64,
    /// Half minutes that the student in the middle watched, of those who did.
    pub median_rows: u64,
    /// What was unlike the rest.
    pub outlier: Option<Outlier>,
    /// Most minutes first.
    pub videos: Vec<Video>,
    /// Most views first.
    pub decks: Vec<Deck>,
    /// Students with activity on these days or those before, by name.
    pub students: Vec<Student>,
    /// Whether it can be said who was quiet: all of the last two weeks is here.
    pub is_quiet_known: bool,
    /// One student alone, where one is wanted and has anything.
    pub person: Option<Person>,
}

/// What students did in a course.
#[must_use]
pub fn measure(sources: &Sources<'_>, query: &Query, options: &CourseOptions) -> Measures {
    let query = without_filters(query);
    let held_against = comparison_query(&query, &options.comparison);
    let before = comparison_query(&query, &Comparison::Before);
    let now = read_events(sources, &query);
    let others = held_against.as_ref().map_or_else(BTreeMap::new, |query| read_events(sources, query));
    let earlier = match options.comparison {
        Comparison::Before => None,
        Comparison::Section(_) => before.as_ref().map(|query| read_events(sources, query)),
    };
    let earlier = earlier.as_ref().unwrap_or(&others);
    let bins = TimeBins::for_range(query.base.range);
    let series =
        now.iter().map(|(kind, events)| kind_series(*kind, events, others.get(kind), &bins)).collect();
    let is_quiet_known = people::is_quiet_known(&now, earlier);
    let polls = sources
        .by_kind
        .get(&ActivityKind::Polls)
        .map(|dataset| super::polling::measure(dataset, &query).polls);
    let polls = polls.unwrap_or_default();
    let students = people::students(&now, earlier, &bins, options.weights, is_quiet_known);
    let rows = |student: &Student| student.amounts.get(ActivityKind::Watch.index()).copied().unwrap_or(0);
    let watched: Vec<u64> = students.iter().map(rows).filter(|rows| *rows > 0).collect();
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
        outlier: outlier::find(&now),
        videos: media::videos(now.get(&ActivityKind::Watch), sources.library, &bins),
        decks: media::decks(&now, &polls, &bins),
        students,
        is_quiet_known,
        person,
        bins,
    }
}

/// A course is shown whole: what other pages filter by does not reach it.
fn without_filters(query: &Query) -> Query {
    let mut query = query.clone();
    query.base.roles.clear();
    query.base.videos.clear();
    query.base.student = None;
    query.decks.clear();
    query
}

/// The query that it is held against.
fn comparison_query(query: &Query, comparison: &Comparison) -> Option<Query> {
    Some(query.with_base(query.base.comparison_query(comparison)?))
}

/// Things in the order of a key. Sorting is much code for each type that is sorted: so only keys are.
#[must_use]
pub fn sorted_by_key<T>(items: Vec<T>, key: impl Fn(&T) -> (u64, String)) -> Vec<T> {
    let mut keys: Vec<((u64, String), usize)> = items.iter().map(key).zip(0..).collect();
    keys.sort();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    keys.into_iter().filter_map(|(_, place)| items.get_mut(place)?.take()).collect()
}

/// Every kind, whether it is here or not.
fn read_events<'a>(sources: &Sources<'a>, query: &Query) -> BTreeMap<ActivityKind, Events<'a>> {
    ActivityKind::ALL
        .into_iter()
        .map(|kind| (kind, Events::read(kind, sources.by_kind.get(&kind).copied(), query)))
        .collect()
}

/// Distinct students with any activity.
fn count_active_students(all: &BTreeMap<ActivityKind, Events<'_>>) -> u64 {
    let students =
        all.values().flat_map(|events| events.by_students().filter_map(|event| events.person(event.user)));
    students.collect::<BTreeSet<String>>().len() as u64
}

fn kind_series(
    kind: ActivityKind,
    events: &Events<'_>,
    others: Option<&Events<'_>>,
    bins: &TimeBins,
) -> KindSeries {
    let by_day = events.by_day();
    let days = || events.days.iter().map(|(_, status)| *status);
    let count = |wanted: DataStatus| days().filter(|status| *status == wanted).count() as u64;
    let binned = |events: &Events<'_>, by_day: &[u64]| -> Vec<Completeness<u64>> {
        let sums = bins.sums(by_day);
        let statuses = bins.statuses(&events.days);
        sums.into_iter().zip(statuses).map(|(sum, status)| completeness(status, sum)).collect()
    };
    let mut compared = ComparisonTotals::default();
    let others = others.map(|others| {
        let theirs = others.by_day();
        let pairs = days().zip(others.days.iter()).zip(by_day.iter().zip(&theirs));
        for (_, (now, then)) in pairs
            .filter(|((now, (_, then)), _)| (*now, *then) == (DataStatus::Complete, DataStatus::Complete))
        {
            compared.days += 1;
            compared.now += now;
            compared.then += then;
        }
        binned(others, &theirs).iter().map(|known| known.value().copied()).collect()
    });
    let staff = events
        .events
        .iter()
        .filter(|event| event.is_named() && event.role != InstitutionRole::Student)
        .count();
    KindSeries {
        kind,
        bins: binned(events, &by_day),
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
