//! Finds the week (or the day, if there are few weeks) with far more of one kind of activity than usual.
//!
//! Only final days count. The usual amount is the median of the other weeks or days with any activity of the
//! kind; weeks and days in breaks are left out. A week is an outlier from twice the usual amount on, a day from three times, since days vary more;
//! both need a minimum amount.

use super::events::Events;
use super::time_bins::{TimeBin, TimeBins};
use crate::dictionary::EMPTY;
use crate::reports::median;
use crate::reports::selection::Row;
use crate::table::dataset::DataStatus;
use domain::activity::ActivityKind;
use domain::calendar::Calendar;
use domain::range::Range;
use domain::time::Day;
use std::collections::BTreeMap;

/// Number of whole, final weeks needed to compare weeks; with fewer, days are compared.
const MIN_WEEKS: usize = 3;

/// Number of final days with any activity needed to compare days.
const MIN_DAYS: usize = 5;

/// A week or day with far more of one kind of activity than usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlier {
    /// The kind.
    pub kind: ActivityKind,
    /// The first day of the week, or the day.
    pub first: Day,
    /// The last day of the week, or the day.
    pub last: Day,
    /// The amount, in the unit of the kind (half minutes for [`ActivityKind::Watch`]).
    pub amount: u64,
    /// The usual amount.
    pub usual: u64,
    /// The name of the video or deck with at least half of the amount, if there is one.
    pub main_item: Option<String>,
}

/// The smallest amount of an outlier: an hour watched (120 half minutes), or a few events.
fn min_amount(kind: ActivityKind, is_week: bool) -> u64 {
    match (kind, is_week) {
        (ActivityKind::Watch, _) => 120,
        (_, true) => 10,
        (_, false) => 5,
    }
}

/// The outlier of any kind with the largest ratio of amount to usual amount.
#[must_use]
pub fn find(all: &BTreeMap<ActivityKind, Events<'_>>, calendar: &Calendar) -> Option<Outlier> {
    let outliers = all.iter().filter_map(|(kind, events)| find_in_kind(*kind, events, calendar));
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    let ratio = |outlier: &Outlier| outlier.amount as f64 / outlier.usual as f64;
    outliers.max_by(|a, b| ratio(a).total_cmp(&ratio(b)))
}

fn find_in_kind(kind: ActivityKind, events: &Events<'_>, calendar: &Calendar) -> Option<Outlier> {
    let (first, last) = events.days.first().zip(events.days.last())?;
    let range = Range::new(first.0, last.0).ok()?;
    let weeks = TimeBins::by_week(range, calendar.week_start);
    let has_classes = |bin: &TimeBin| !calendar.breaks.are_most_of(bin.first, bin.last);
    let whole_weeks: Vec<usize> = weeks
        .statuses(&events.days)
        .iter()
        .enumerate()
        .filter(|(index, status)| **status == DataStatus::Complete && weeks.is_whole_week(*index))
        .map(|(index, _)| index)
        .filter(|index| weeks.all.get(*index).is_some_and(has_classes))
        .collect();
    let by_day = events.by_day();
    if whole_weeks.len() >= MIN_WEEKS {
        let sums = weeks.sums(&by_day);
        let amounts: Vec<(usize, u64)> =
            whole_weeks.into_iter().filter_map(|index| Some((index, *sums.get(index)?))).collect();
        let (index, amount, usual) = largest_and_usual(&amounts, 1)?;
        let bin = weeks.all.get(index)?;
        let is_outlier = amount >= min_amount(kind, true) && amount >= 2 * usual;
        return is_outlier.then(|| Outlier {
            kind,
            first: bin.first,
            last: bin.last,
            amount,
            usual,
            main_item: main_item(events, amount, |event| weeks.bin_of_day(event.day) == index),
        });
    }
    let amounts: Vec<(usize, u64)> = events
        .days
        .iter()
        .zip(by_day)
        .enumerate()
        .filter(|(_, ((day, status), _))| *status == DataStatus::Complete && !calendar.breaks.contains(*day))
        .map(|(day, (_, amount))| (day, amount))
        .collect();
    let (day, amount, usual) = largest_and_usual(&amounts, MIN_DAYS - 1)?;
    let (date, _) = events.days.get(day)?;
    let is_outlier = amount >= min_amount(kind, false) && amount >= 3 * usual;
    is_outlier.then(|| Outlier {
        kind,
        first: *date,
        last: *date,
        amount,
        usual,
        main_item: main_item(events, amount, |event| event.day == day),
    })
}

/// Index and amount of the largest of `amounts`, and the median of the others above zero; `None` if there are
/// fewer than `min_others` of those. The pairs are an index and its amount.
fn largest_and_usual(amounts: &[(usize, u64)], min_others: usize) -> Option<(usize, u64, u64)> {
    let (index, amount) = amounts.iter().rev().copied().max_by_key(|(_, amount)| *amount)?;
    let others: Vec<u64> = amounts
        .iter()
        .filter(|(other, amount)| *other != index && *amount > 0)
        .map(|(_, amount)| *amount)
        .collect();
    (others.len() >= min_others).then(|| (index, amount, median(others)))
}

/// The name of the item with at least half of `amount`, among the events that satisfy `is_in`.
fn main_item(events: &Events<'_>, amount: u64, is_in: impl Fn(&Row) -> bool) -> Option<String> {
    let mut items: BTreeMap<u32, (u64, u32)> = BTreeMap::new();
    for event in events.by_students().filter(|event| event.deck != EMPTY && is_in(event)) {
        let (count, name) = items.entry(event.deck).or_default();
        *count += 1;
        let newer_name = events.item_names.code(event);
        if newer_name != EMPTY {
            *name = newer_name;
        }
    }
    let (count, name) = items.into_values().max_by_key(|(count, _)| *count)?;
    Some(events.text(name)).filter(|name| !name.is_empty() && 2 * count >= amount)
}
