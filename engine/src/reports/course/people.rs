//! Students of a course: amounts per kind of activity, last activity, and an engagement score.
//!
//! Nobody is listed who did nothing at all: no report names them. Who did something in the days before and
//! nothing in these is listed, where the days before are here.
//!
//! A score compares students with each other, kind by kind. In each kind a student has a place: the share of the
//! active students who did as much as they or less, and 0 for nothing. The score is the mean of these places by
//! the chosen weights, from 0 to 100; a kind that nobody did anything of is left out.

use super::events::Events;
use super::sorted_by_key;
use super::time_bins::TimeBins;
use crate::table::dataset::DataStatus;
use domain::activity::{ActivityKind, Weights};
use domain::range::Range;
use domain::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Days without activity after which somebody is quiet: two weeks.
pub const QUIET_DAYS: usize = 14;

/// One student.
#[derive(Debug, Clone, PartialEq)]
pub struct Student {
    /// Their UUID, in lower case.
    pub id: String,
    /// As a list of people is sorted; may be empty.
    pub name: String,
    /// Where they stand when all students of the list stand in the order of their UUIDs, from 1: what they are
    /// called when names are hidden.
    pub number: u64,
    /// How much of each kind: half minutes, views, polls, answers, marks, note events.
    pub amounts: [u64; 6],
    /// Days with any activity, by week; none where nothing of the week is here.
    pub weeks: Vec<Option<u64>>,
    /// When they were last seen, on these days or those before: seconds since 1970, UTC.
    pub last: Option<u32>,
    /// Whether nothing is recorded of them in the last two weeks; `false` where those are not all here.
    pub is_quiet: bool,
    /// From 0 to 100; none where nothing weighs anything, and for who did nothing on these days.
    pub score: Option<f64>,
}

// Scores are finite: shares of a count that is not zero, by weights that are not all zero.
impl Eq for Student {}

impl Student {
    /// Whether anything is recorded of them on these days.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.amounts.iter().any(|amount| *amount > 0)
    }

    /// How much of a kind.
    #[must_use]
    pub fn amount(&self, kind: ActivityKind) -> u64 {
        self.amounts.get(kind.index()).copied().unwrap_or(0)
    }
}

/// A student who is being counted.
#[derive(Debug, Default)]
struct StudentCounter {
    /// The newest name, and when it was given.
    name: (u32, String),
    amounts: [u64; 6],
    /// Days with any activity.
    days: BTreeSet<usize>,
    last: Option<u32>,
    /// Whether they were seen in the last two weeks.
    is_recent: bool,
}

/// Every student, by name; those without one last, by UUID.
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
    // The first of the last fourteen days; of the days before, those that these do not fill.
    let recent = count.saturating_sub(QUIET_DAYS);
    let short = QUIET_DAYS.saturating_sub(count);
    for (kind, events) in now {
        let mut polls: BTreeSet<(u32, u32)> = BTreeSet::new();
        for event in events.by_students() {
            let Some(student) = events.person(event.user).map(|id| all.entry(id).or_default()) else {
                continue;
            };
            record_seen(student, event.at, || events.name(event));
            student.days.insert(event.day);
            student.is_recent |= event.day >= recent;
            // A poll or an answer that is changed is still one.
            let is_one = matches!(kind, ActivityKind::Polls | ActivityKind::Answers)
                && event.cells[3] != crate::dictionary::EMPTY;
            if is_one && !polls.insert((event.user, event.cells[3])) {
                continue;
            }
            if let Some(amount) = student.amounts.get_mut(kind.index()) {
                *amount += 1;
            }
        }
    }
    let length = count_days(before);
    for events in before.values() {
        for event in events.by_students() {
            let Some(student) = events.person(event.user).map(|id| all.entry(id).or_default()) else {
                continue;
            };
            record_seen(student, event.at, || events.name(event));
            student.is_recent |= event.day + short >= length;
        }
    }
    let weeks = weeks(now, bins);
    let mut students: Vec<Student> = (1..)
        .zip(all)
        .map(|(number, (id, growing))| Student {
            id,
            name: growing.name.1,
            number,
            amounts: growing.amounts,
            weeks: weeks.as_ref().map_or_else(Vec::new, |(axis, known)| {
                let mut counts = vec![0; axis.all.len()];
                for day in &growing.days {
                    if let Some(count) = counts.get_mut(axis.bin_of_day(*day)) {
                        *count += 1;
                    }
                }
                counts.into_iter().zip(known).map(|(count, known)| known.then_some(count)).collect()
            }),
            last: growing.last,
            is_quiet: is_quiet_known && !growing.is_recent,
            score: None,
        })
        .collect();
    score_students(&mut students, weights);
    // A name ends before any letter, so that one that begins another stands before it.
    sorted_by_key(students, |student| {
        (u64::from(student.name.is_empty()), format!("{}\0{}", student.name.to_lowercase(), student.id))
    })
}

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

/// Weeks, and whether anything of each is here.
fn weeks(now: &BTreeMap<ActivityKind, Events<'_>>, bins: &TimeBins) -> Option<(TimeBins, Vec<bool>)> {
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

/// Whether every kind has all of the last fourteen days, on these days and those before them.
#[must_use]
pub fn is_quiet_known(
    now: &BTreeMap<ActivityKind, Events<'_>>,
    before: &BTreeMap<ActivityKind, Events<'_>>,
) -> bool {
    let is_here = |kind: &ActivityKind, events: &Events<'_>| {
        let these = events.days.iter().rev();
        // The days before end right before these only where both are whole weeks.
        let is_next =
            |earlier: &&(Day, DataStatus)| events.days.first().is_some_and(|(first, _)| earlier.0 < *first);
        let earlier =
            before.get(kind).into_iter().flat_map(|events| events.days.iter().rev().filter(is_next));
        let last: Vec<&(Day, DataStatus)> = these.chain(earlier).take(QUIET_DAYS).collect();
        let is_unbroken = last
            .windows(2)
            .all(|pair| matches!(pair, [(a, _), (b, _)] if domain::time::plus_days(*b, 1) == *a));
        last.len() == QUIET_DAYS
            && is_unbroken
            && last.iter().all(|(_, status)| *status != DataStatus::Missing)
    };
    !now.is_empty() && now.iter().all(|(kind, events)| is_here(kind, events))
}

/// Gives every active student their score.
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
        for (student, (sum, of)) in students.iter().zip(&mut sums) {
            let amount = student.amount(kind);
            let as_much_or_less = amounts.partition_point(|other| *other <= amount);
            #[expect(clippy::cast_precision_loss, reason = "students are far below 2^53")]
            let place = if amount == 0 { 0.0 } else { as_much_or_less as f64 / active as f64 };
            *sum += weight * place;
            *of += weight;
        }
    }
    for (student, (sum, of)) in students.iter_mut().zip(sums) {
        student.score = (of > 0.0 && student.is_active()).then(|| 100.0 * sum / of);
    }
}
