//! What was unlike the rest: the week, or where there are few weeks the day, with far more of a kind than usual.
//!
//! Only final days count. Usual is the one in the middle among the others that have any of the kind; a week stands
//! out with twice the usual, a day with three times, since days differ more; and neither with only a little.

use super::events::{Event, Events};
use super::time_bins::TimeBins;
use crate::dictionary::EMPTY;
use crate::reports::median;
use crate::table::dataset::DataStatus;
use domain::activity::ActivityKind;
use domain::range::Range;
use domain::time::Day;
use std::collections::BTreeMap;

/// Whole weeks from which weeks are held against each other.
const FEWEST_WEEKS: usize = 3;

/// Days with any of a kind from which days are.
const FEWEST_DAYS: usize = 5;

/// What was unlike the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlier {
    /// Of which kind.
    pub kind: ActivityKind,
    /// When: a week, or a day.
    pub first: Day,
    /// The last day of it.
    pub last: Day,
    /// How much.
    pub amount: u64,
    /// How much is usual.
    pub usual: u64,
    /// The name of the video or deck that at least half of it is of, if there is one.
    pub main_item: Option<String>,
}

/// The least that stands out: an hour, or a handful.
fn min_amount(kind: ActivityKind, is_week: bool) -> u64 {
    match (kind, is_week) {
        (ActivityKind::Watch, _) => 120,
        (_, true) => 10,
        (_, false) => 5,
    }
}

/// What stands out most, by how many times the usual it is.
#[must_use]
pub fn find(all: &BTreeMap<ActivityKind, Events<'_>>) -> Option<Outlier> {
    let found = all.iter().filter_map(|(kind, events)| of_kind(*kind, events));
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    let times = |outlier: &Outlier| outlier.amount as f64 / outlier.usual as f64;
    found.max_by(|a, b| times(a).total_cmp(&times(b)))
}

fn of_kind(kind: ActivityKind, events: &Events<'_>) -> Option<Outlier> {
    let (first, last) = events.days.first().zip(events.days.last())?;
    let range = Range::new(first.0, last.0).ok()?;
    let weeks = TimeBins::by_week(range);
    let whole: Vec<usize> = weeks
        .statuses(&events.days)
        .iter()
        .enumerate()
        .filter(|(place, status)| **status == DataStatus::Complete && weeks.is_whole_week(*place))
        .map(|(place, _)| place)
        .collect();
    let by_day = events.by_day();
    if whole.len() >= FEWEST_WEEKS {
        let sums = weeks.sums(&by_day);
        let amounts: Vec<(usize, u64)> =
            whole.into_iter().filter_map(|place| Some((place, *sums.get(place)?))).collect();
        let (place, amount, usual) = largest_and_usual(&amounts, 1)?;
        let bin = weeks.all.get(place)?;
        let is_out = amount >= min_amount(kind, true) && amount >= 2 * usual;
        return is_out.then(|| Outlier {
            kind,
            first: bin.first,
            last: bin.last,
            amount,
            usual,
            main_item: main_item(events, amount, |event| weeks.bin_of_day(event.day) == place),
        });
    }
    let amounts: Vec<(usize, u64)> = events
        .days
        .iter()
        .zip(by_day)
        .enumerate()
        .filter(|(_, ((_, status), _))| *status == DataStatus::Complete)
        .map(|(day, (_, amount))| (day, amount))
        .collect();
    let (day, amount, usual) = largest_and_usual(&amounts, FEWEST_DAYS - 1)?;
    let (date, _) = events.days.get(day)?;
    let is_out = amount >= min_amount(kind, false) && amount >= 3 * usual;
    is_out.then(|| Outlier {
        kind,
        first: *date,
        last: *date,
        amount,
        usual,
        main_item: main_item(events, amount, |event| event.day == day),
    })
}

/// The largest, with what is usual among the others that have any; none with fewer than `fewest` of these.
fn largest_and_usual(amounts: &[(usize, u64)], fewest: usize) -> Option<(usize, u64, u64)> {
    let (place, amount) = amounts.iter().rev().copied().max_by_key(|(_, amount)| *amount)?;
    let others: Vec<u64> = amounts
        .iter()
        .filter(|(other, amount)| *other != place && *amount > 0)
        .map(|(_, amount)| *amount)
        .collect();
    (others.len() >= fewest).then(|| (place, amount, median(others)))
}

/// The name of the item that at least half of it is of.
fn main_item(events: &Events<'_>, amount: u64, is_it: impl Fn(&Event) -> bool) -> Option<String> {
    let mut items: BTreeMap<u32, (u64, u32)> = BTreeMap::new();
    for event in events.by_students().filter(|event| event.item != EMPTY && is_it(event)) {
        let (count, name) = items.entry(event.item).or_default();
        *count += 1;
        if event.cells[0] != EMPTY {
            *name = event.cells[0];
        }
    }
    let (count, name) = items.into_values().max_by_key(|(count, _)| *count)?;
    Some(events.text(name)).filter(|name| !name.is_empty() && 2 * count >= amount)
}
