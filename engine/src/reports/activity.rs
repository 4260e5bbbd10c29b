//! Events by day, hour and deck: the measures that `presentation`, `confused` and `notes` share.
//!
//! Each row is one event. A row without a user id counts as an event, but not as a person. Students are
//! people whose institution role is student; everybody else with a user id counts as a person only.

use super::selection::{Row, Selection};
use crate::chunked_bit_set::ChunkedBitSet;
use crate::completeness::Completeness;
use crate::dictionary::EMPTY;
use crate::measures::MAX_STEPS;
use crate::ordering::sort_by;
use crate::table::cell_value;
use crate::table::dataset::DataStatus;
use crate::video_view_columns::SkippedRows;
use domain::institution_role::InstitutionRole;
use domain::time::{Day, monday};
use std::collections::BTreeMap;

/// Counts of events and of distinct people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Number of events (rows).
    pub events: u64,
    /// Sum of the events' amounts, if the report has amounts: words of notes.
    pub amount: u64,
    /// Distinct people.
    pub people: u64,
    /// Distinct students.
    pub students: u64,
    /// Events with the role student.
    pub student_events: u64,
    /// Events without a user id.
    pub unnamed: u64,
}

/// Accumulates [`EventCounts`] event by event.
#[derive(Debug, Clone, Default)]
pub struct EventCounter {
    count: EventCounts,
    people: ChunkedBitSet,
    students: ChunkedBitSet,
}

impl EventCounter {
    /// Adds an event. `user` is the code of the user id, or [`EMPTY`].
    pub fn add(&mut self, user: u32, role: InstitutionRole, amount: u64) {
        self.count.events += 1;
        self.count.amount += amount;
        self.count.student_events += u64::from(role == InstitutionRole::Student);
        if user == EMPTY {
            self.count.unnamed += 1;
            return;
        }
        self.people.insert(user);
        if role == InstitutionRole::Student {
            self.students.insert(user);
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn finish(&self) -> EventCounts {
        EventCounts { people: self.people.len(), students: self.students.len(), ..self.count }
    }
}

/// One day of the week, over all weeks of the range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weekday {
    /// Number of loaded days with this weekday.
    pub known: u32,
    /// How many of these may still grow.
    pub provisional: u32,
    /// Events by hour of the day, local time.
    pub hours: [u64; 24],
}

/// The range in equal steps: the axis of sparklines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// Days in each step; the last step may have fewer.
    pub days: usize,
    /// For each step, whether any of its days is loaded.
    pub known: Vec<bool>,
}

impl Steps {
    /// The steps for these days: single days up to six weeks, then weeks, then several weeks each if there
    /// would be more than [`MAX_STEPS`].
    #[must_use]
    pub fn for_days(days: &[(Day, DataStatus)]) -> Self {
        let step = if days.len() <= 42 { 1 } else { days.len().div_ceil(MAX_STEPS * 7) * 7 };
        let is_known = |days: &[(Day, DataStatus)]| days.iter().any(|(_, s)| *s != DataStatus::Missing);
        Self { days: step, known: days.chunks(step).map(is_known).collect() }
    }

    /// Adds one to the step of a day in `counts`. `day` is counted from the first of the range.
    pub fn add_event(&self, counts: &mut Vec<u64>, day: usize) {
        counts.resize(self.known.len(), 0);
        if let Some(count) = counts.get_mut(day / self.days.max(1)) {
            *count += 1;
        }
    }

    /// Counts by step; `None` for a step without loaded days.
    #[must_use]
    pub fn series(&self, counts: &[u64]) -> Vec<Option<u64>> {
        let count = |index: usize| counts.get(index).copied().unwrap_or(0);
        self.known.iter().enumerate().map(|(index, known)| known.then(|| count(index))).collect()
    }
}

/// One deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deck {
    /// Its UUID, as in the rows.
    pub id: String,
    /// Its name in its newest row; may be empty.
    pub name: String,
    /// Its course as displayed, in its newest row; may be empty.
    pub course: String,
    /// Counts of its events.
    pub count: EventCounts,
    /// The newest number in its rows. In `presentation` the number of slides.
    pub newest: Option<u64>,
    /// Events by step of the range; `None` for a step without loaded days.
    pub steps: Vec<Option<u64>>,
    /// Whether the deck filter excludes it from all other measures.
    pub is_left_out: bool,
}

/// Measures of events by day, hour and deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Every day of the range, first to last.
    pub days: Vec<(Day, Completeness<EventCounts>)>,
    /// Counts over all loaded days; each person counts once.
    pub total: EventCounts,
    /// Monday to Sunday.
    pub week: [Weekday; 7],
    /// All decks, most events first; ignores the deck filter.
    pub decks: Vec<Deck>,
    /// The axis of [`Deck::steps`].
    pub steps: Steps,
    /// Rows of the copies that could not be read.
    pub skipped_rows: SkippedRows,
}

/// Column of the deck's name in a report about decks.
pub(super) const DECK_NAME: &str = "presentationName";

/// Column of the course as displayed.
pub(super) const COURSE_NAME: &str = "courseIdentifier";

impl Activity {
    /// Measures a selection. `deck_name` is the column of the deck's name, and `number` that of a number; empty if the
    /// report has none.
    #[must_use]
    pub fn from_selection(selection: &Selection<'_>, deck_name: &str, number: &str) -> Self {
        let [deck_names, course_names, numbers] =
            [deck_name, COURSE_NAME, number].map(|name| selection.column(name));
        let number_in = |row: &Row| cell_value::parse_count(selection.texts.bytes_of(numbers.code(row)));
        let steps = Steps::for_days(&selection.days);
        let mut days = vec![EventCounter::default(); selection.days.len()];
        let mut total = EventCounter::default();
        let mut week = weekdays(&selection.days);
        let mut decks: BTreeMap<u32, (EventCounter, Vec<u64>, Vec<&Row>)> = BTreeMap::new();
        for row in &selection.rows {
            let amount = number_in(row).unwrap_or(0);
            let (deck, series, rows) = decks.entry(row.deck).or_default();
            deck.add(row.user, row.role, amount);
            steps.add_event(series, row.day);
            rows.push(row);
            if !row.is_chosen {
                continue;
            }
            total.add(row.user, row.role, amount);
            if let Some(day) = days.get_mut(row.day) {
                day.add(row.user, row.role, amount);
            }
            let weekday = selection.days.get(row.day).map(|(day, _)| weekday_of(*day));
            let hours = weekday.and_then(|weekday| week.get_mut(weekday)).map(|weekday| &mut weekday.hours);
            if let Some(events) = hours.and_then(|hours| hours.get_mut(usize::from(row.hour))) {
                *events += 1;
            }
        }
        let mut decks: Vec<Deck> = decks
            .into_iter()
            .map(|(id, (counter, series, rows))| Deck {
                id: selection.text(id).into_owned(),
                name: selection.latest_text(&rows, &deck_names),
                course: selection.latest_text(&rows, &course_names),
                count: counter.finish(),
                newest: rows.iter().rev().find_map(|row| number_in(row)),
                steps: steps.series(&series),
                is_left_out: rows.iter().all(|row| !row.is_chosen),
            })
            .collect();
        sort_by(&mut decks, |a, b| b.count.events.cmp(&a.count.events).then_with(|| a.id.cmp(&b.id)));
        let days = selection
            .days
            .iter()
            .enumerate()
            .zip(&days)
            .map(|((index, (day, _)), counter)| (*day, selection.completeness(index, counter.finish())))
            .collect();
        let skipped_rows = selection.skipped_rows;
        Self { days, total: total.finish(), week, decks, steps, skipped_rows }
    }
}

/// The weekdays with their numbers of loaded days, and without events.
fn weekdays(days: &[(Day, DataStatus)]) -> [Weekday; 7] {
    let mut week = [Weekday::default(); 7];
    for (day, status) in days.iter().filter(|(_, status)| *status != DataStatus::Missing) {
        if let Some(weekday) = week.get_mut(weekday_of(*day)) {
            weekday.known += 1;
            weekday.provisional += u32::from(*status == DataStatus::Provisional);
        }
    }
    week
}

/// The weekday as an index: Monday is 0.
fn weekday_of(day: Day) -> usize {
    usize::try_from((day - monday(day)).num_days()).unwrap_or(0)
}

/// Whether no day is loaded. Distinguishes "no data loaded" from "no events".
#[must_use]
pub fn is_nothing_known<T>(days: &[(Day, Completeness<T>)]) -> bool {
    days.iter().all(|(_, known)| matches!(known, Completeness::Missing))
}

#[cfg(test)]
mod tests;
