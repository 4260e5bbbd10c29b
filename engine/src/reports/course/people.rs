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
use crate::ordering::sort_by_cached_key;
use crate::table::dataset::DataStatus;
use domain::activity::{ActivityKind, Weights};
use domain::range::Range;
use domain::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Days without activity after which a student is quiet: two weeks.
pub const QUIET_DAYS: usize = 14;

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
    /// Whether they have no activity in the last two weeks; `false` if those are not completely loaded.
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
    /// The newest name, with the time of its row.
    name: (u32, String),
    amounts: [u64; 6],
    /// Days of the range with any activity.
    days: BTreeSet<usize>,
    last: Option<u32>,
    /// Whether they have activity in the last two weeks.
    is_recent: bool,
}

/// All students, by name; those without a name last, by UUID. `before` has the events of the days before the
/// range.
#[must_use]
pub fn students(
    now: &BTreeMap<ActivityKind, Events<'_>>,
    before: &BTreeMap<ActivityKind, Events<'_>>,
    bins: &TimeBins,
    weights: Weights,
    is_quiet_known: bool,
) -> Vec<Student> {
    let mut all: BTreeMap<String, StudentCounter> = BTreeMap::new();
    let count = count_days(now);
    // First of the last 14 days in the range, and how many of the 14 days are before the range.
    let recent_start = count.saturating_sub(QUIET_DAYS);
    let recent_days_before = QUIET_DAYS.saturating_sub(count);
    for (kind, events) in now {
        let mut counted_items: BTreeSet<(u32, u32)> = BTreeSet::new();
        for event in events.by_students() {
            let Some(student) = events.person(event.user).map(|id| all.entry(id).or_default()) else {
                continue;
            };
            record_seen(student, event.at, || events.name(event));
            student.days.insert(event.day);
            student.is_recent |= event.day >= recent_start;
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
    let days_before = count_days(before);
    for events in before.values() {
        for event in events.by_students() {
            let Some(student) = events.person(event.user).map(|id| all.entry(id).or_default()) else {
                continue;
            };
            record_seen(student, event.at, || events.name(event));
            student.is_recent |= event.day + recent_days_before >= days_before;
        }
    }
    let weeks = loaded_weeks(now, bins);
    let mut students: Vec<Student> = (1..)
        .zip(all)
        .map(|(number, (id, counter))| Student {
            id,
            name: counter.name.1,
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
            is_quiet: is_quiet_known && !counter.is_recent,
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
fn record_seen(student: &mut StudentCounter, at: u32, name: impl FnOnce() -> String) {
    student.last = student.last.max(Some(at));
    if at >= student.name.0 {
        let name = name();
        if !name.is_empty() {
            student.name = (at, name);
        }
    }
}

fn count_days(all: &BTreeMap<ActivityKind, Events<'_>>) -> usize {
    all.values().map(|events| events.days.len()).max().unwrap_or(0)
}

/// The weeks of the axis, and for each whether any day of any kind is loaded.
fn loaded_weeks(now: &BTreeMap<ActivityKind, Events<'_>>, bins: &TimeBins) -> Option<(TimeBins, Vec<bool>)> {
    let (first, last) = bins.all.first().zip(bins.all.last())?;
    let axis = TimeBins::by_week(Range::new(first.first, last.last).ok()?);
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

/// Whether the last 14 days (of the range, continued in the days before it) are loaded for every kind.
#[must_use]
pub fn is_quiet_known(
    now: &BTreeMap<ActivityKind, Events<'_>>,
    before: &BTreeMap<ActivityKind, Events<'_>>,
) -> bool {
    let is_loaded = |kind: &ActivityKind, events: &Events<'_>| {
        let in_range = events.days.iter().rev();
        // The earlier days end right before the range only if the range is whole weeks; otherwise there is a
        // gap.
        let is_before_range =
            |day: &&(Day, DataStatus)| events.days.first().is_some_and(|(first, _)| day.0 < *first);
        let earlier =
            before.get(kind).into_iter().flat_map(|events| events.days.iter().rev().filter(is_before_range));
        let last: Vec<&(Day, DataStatus)> = in_range.chain(earlier).take(QUIET_DAYS).collect();
        let is_unbroken = last
            .windows(2)
            .all(|pair| matches!(pair, [(a, _), (b, _)] if domain::time::plus_days(*b, 1) == *a));
        last.len() == QUIET_DAYS
            && is_unbroken
            && last.iter().all(|(_, status)| *status != DataStatus::Missing)
    };
    !now.is_empty() && now.iter().all(|(kind, events)| is_loaded(kind, events))
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
