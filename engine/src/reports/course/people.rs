//! Students of a course: amounts per kind of activity, last activity, and an engagement score.
//!
//! Students without any activity are not listed, since the reports do not contain them. Students with
//! activity only in the days before the range are listed if those days are loaded.
//!
//! Engagement score: a percentile rank among active students. For each kind, a student's rank is the fraction
//! of active students with the same or a smaller amount, and 0 without any activity of the kind. The score is
//! the weighted mean of the ranks, from 0 to 100. A kind without any activity of anybody is left out.

use super::events::Events;
use super::time_bins::TimeBins;
use crate::dictionary::EMPTY;
use crate::label::TextAge;
use crate::ordering::sort_by_cached_key;
use crate::reports::selection::Row;
use crate::table::dataset::DataStatus;
use domain::activity::{ActivityKind, Weights};
use domain::calendar::{Breaks, WeekStart};
use domain::range::Range;
use domain::time::{Day, plus_days};
use std::collections::{BTreeMap, BTreeSet};

/// One student.
#[derive(Debug, Clone, PartialEq)]
pub struct Student {
    /// Their UUID, in lower case.
    pub id: String,
    /// `Nuñez, Ana`; may be empty.
    pub name: String,
    /// Rank of their UUID among all listed students, from 1. Identifies them when names are hidden.
    pub number: u64,
    /// Amounts in the range, by [`ActivityKind::index`]: half minutes, views, polls, answers, marks, note
    /// events.
    pub amounts: [u64; 6],
    /// Days with any activity, by week of the range; `None` where nothing of the week is loaded.
    pub weeks: Vec<Option<u64>>,
    /// Time of the last activity in the range or the days before it: seconds since 1970, UTC.
    pub last: Option<u32>,
    /// Whether they have no activity in the last two weeks with classes, nor in a break since then; `false` if those days
    /// are not completely loaded.
    pub is_quiet: bool,
    /// From 0 to 100; `None` without activity in the range, or if all weights of the kinds in use are zero.
    pub score: Option<f64>,
}

// Scores are finite: fractions with a denominator above zero, by weights that are not all zero.
impl Eq for Student {}

impl Student {
    /// Whether they have any activity in the range.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.amounts.iter().any(|amount| *amount > 0)
    }

    /// The amount of one kind in the range.
    #[must_use]
    pub fn amount(&self, kind: ActivityKind) -> u64 {
        self.amounts.get(kind.index()).copied().unwrap_or(0)
    }
}

/// Counts for one student while events are read.
#[derive(Debug, Default)]
struct StudentCounter {
    /// The newest name in all reports, with its age.
    name: Option<(TextAge, String)>,
    amounts: [u64; 6],
    /// Days of the range with any activity.
    days: BTreeSet<usize>,
    last: Option<u32>,
    /// Whether they have activity in the last two weeks with classes, or in a break since then.
    is_recent: bool,
}

/// All students, by name; those without a name last, by UUID. `before` has the events of the days before the
/// range, and `quiet_since` is what [`quiet_since`] returns.
#[must_use]
pub fn students(
    now: &BTreeMap<ActivityKind, Events<'_>>,
    before: &BTreeMap<ActivityKind, Events<'_>>,
    bins: &TimeBins,
    week_start: WeekStart,
    weights: Weights,
    quiet_since: Option<Day>,
) -> Vec<Student> {
    let mut all: BTreeMap<String, StudentCounter> = BTreeMap::new();
    let is_recent = |events: &Events<'_>, day: usize| {
        events.days.get(day).zip(quiet_since).is_some_and(|((day, _), since)| *day >= since)
    };
    for (kind, events) in now {
        let mut counted_items: BTreeSet<(u32, u32)> = BTreeSet::new();
        for event in events.by_students() {
            let Some(student) = events.person(event.user).map(|id| all.entry(id).or_default()) else {
                continue;
            };
            record_seen(student, events, event);
            student.days.insert(event.day);
            student.is_recent |= is_recent(events, event.day);
            // A changed answer to a poll or a question counts once.
            let item = events.details.code(event);
            let has_item_id = matches!(kind, ActivityKind::Polls | ActivityKind::Answers) && item != EMPTY;
            if has_item_id && !counted_items.insert((event.user, item)) {
                continue;
            }
            if let Some(amount) = student.amounts.get_mut(kind.index()) {
                *amount += 1;
            }
        }
    }
    for events in before.values() {
        for event in events.by_students() {
            let Some(student) = events.person(event.user).map(|id| all.entry(id).or_default()) else {
                continue;
            };
            record_seen(student, events, event);
            student.is_recent |= is_recent(events, event.day);
        }
    }
    let weeks = loaded_weeks(now, bins, week_start);
    let mut students: Vec<Student> = (1..)
        .zip(all)
        .map(|(number, (id, counter))| Student {
            id,
            name: counter.name.map(|(_, name)| name).unwrap_or_default(),
            number,
            amounts: counter.amounts,
            weeks: weeks.as_ref().map_or_else(Vec::new, |(axis, known)| {
                let mut counts = vec![0; axis.all.len()];
                for day in &counter.days {
                    if let Some(count) = counts.get_mut(axis.bin_of_day(*day)) {
                        *count += 1;
                    }
                }
                counts.into_iter().zip(known).map(|(count, known)| known.then_some(count)).collect()
            }),
            last: counter.last,
            is_quiet: quiet_since.is_some() && !counter.is_recent,
            score: None,
        })
        .collect();
    score_students(&mut students, weights);
    // The null character ends a name, so that a name sorts before longer names that begin with it.
    sort_by_cached_key(&mut students, |student| {
        (student.name.is_empty(), format!("{}\0{}", student.name.to_lowercase(), student.id))
    });
    students
}

/// Updates time and name from an event.
fn record_seen(student: &mut StudentCounter, events: &Events<'_>, event: &Row) {
    student.last = student.last.max(Some(event.at));
    let age = events.age_of_name(event.user);
    if student.name.as_ref().is_none_or(|(newest, _)| age > *newest) {
        student.name = Some((age, events.name(event.user)));
    }
}

/// The weeks of the axis, and for each whether any day of any kind is loaded.
fn loaded_weeks(
    now: &BTreeMap<ActivityKind, Events<'_>>,
    bins: &TimeBins,
    week_start: WeekStart,
) -> Option<(TimeBins, Vec<bool>)> {
    let (first, last) = bins.all.first().zip(bins.all.last())?;
    let axis = TimeBins::by_week(Range::new(first.first, last.last).ok()?, week_start);
    let mut known = vec![false; axis.all.len()];
    for events in now.values() {
        for (day, (_, status)) in events.days.iter().enumerate() {
            if let Some(known) = known.get_mut(axis.bin_of_day(day)) {
                *known |= *status != DataStatus::Missing;
            }
        }
    }
    Some((axis, known))
}

/// The first of the last two weeks of days with classes, up to the end of the range; `None` unless every day since then,
/// in the range and the days before it, is loaded for every kind.
#[must_use]
pub fn quiet_since(
    now: &BTreeMap<ActivityKind, Events<'_>>,
    before: &BTreeMap<ActivityKind, Events<'_>>,
    breaks: &Breaks,
) -> Option<Day> {
    let (last, _) = now.values().next()?.days.last()?;
    let since = breaks.quiet_since(*last)?;
    let is_loaded = |kind: &ActivityKind, events: &Events<'_>| {
        let days = before.get(kind).into_iter().chain([events]).flat_map(|events| &events.days);
        let loaded = days.filter(|(_, status)| *status != DataStatus::Missing).map(|(day, _)| *day);
        let loaded: BTreeSet<Day> = loaded.collect();
        (0..).map(|n| plus_days(since, n)).take_while(|day| day <= last).all(|day| loaded.contains(&day))
    };
    now.iter().all(|(kind, events)| is_loaded(kind, events)).then_some(since)
}

/// Sets the score of every active student.
fn score_students(students: &mut [Student], weights: Weights) {
    let active = students.iter().filter(|student| student.is_active()).count();
    let mut sums = vec![(0.0, 0.0); students.len()];
    for kind in ActivityKind::ALL {
        let weight = f64::from(weights.get(kind));
        let mut amounts: Vec<u64> = students
            .iter()
            .filter(|student| student.is_active())
            .map(|student| student.amount(kind))
            .collect();
        amounts.sort_unstable();
        if weight == 0.0 || amounts.last().is_none_or(|most| *most == 0) {
            continue;
        }
        for (student, (sum, weight_sum)) in students.iter().zip(&mut sums) {
            let amount = student.amount(kind);
            let same_or_less = amounts.partition_point(|other| *other <= amount);
            #[expect(clippy::cast_precision_loss, reason = "students are far below 2^53")]
            let rank = if amount == 0 { 0.0 } else { same_or_less as f64 / active as f64 };
            *sum += weight * rank;
            *weight_sum += weight;
        }
    }
    for (student, (sum, weight_sum)) in students.iter_mut().zip(sums) {
        student.score = (weight_sum > 0.0 && student.is_active()).then(|| 100.0 * sum / weight_sum);
    }
}
