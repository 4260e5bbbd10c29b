//! Events on decks by day, hour and deck: what `presentation`, `confused` and `notes` have in common.
//!
//! Each row is one event. A row that names nobody is an event and never a person. Students are those whose
//! role in the institution says so; everybody else who is named counts among the people alone.

use super::selection::{Row, Selection};
use super::{Completeness, Query};
use crate::dictionary::EMPTY;
use crate::measures::MAX_STEPS;
use crate::table::cell_value;
use crate::table::dataset::DataStatus;
use crate::video_view_columns::SkippedRows;
use domain::institution_role::InstitutionRole;
use domain::time::{Day, monday};
use std::collections::{BTreeMap, BTreeSet};

/// Events and who did them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Rows.
    pub events: u64,
    /// What the rows add up to, where they carry an amount: words of notes.
    pub amount: u64,
    /// Distinct people.
    pub people: u64,
    /// Of these, students.
    pub students: u64,
    /// Rows of students.
    pub student_events: u64,
    /// Rows that name nobody.
    pub unnamed: u64,
}

/// A count that is growing.
#[derive(Debug, Clone, Default)]
pub struct EventCounter {
    count: EventCounts,
    people: BTreeSet<u32>,
    students: BTreeSet<u32>,
}

impl EventCounter {
    /// Adds an event of `amount`.
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

    /// What it has come to.
    #[must_use]
    pub fn finish(&self) -> EventCounts {
        EventCounts { people: self.people.len() as u64, students: self.students.len() as u64, ..self.count }
    }
}

/// One day of the week, over all weeks of the range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weekday {
    /// How many days of this name are known.
    pub known: u32,
    /// How many of those may still grow.
    pub provisional: u32,
    /// Events by hour of the day, local time.
    pub hours: [u64; 24],
}

/// The range in equal steps: what a spark-line is drawn over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// Days in each.
    pub days: usize,
    /// For each, whether any of its days is known.
    pub known: Vec<bool>,
}

impl Steps {
    /// The steps of these days: a day each for up to six weeks; then whole weeks, and more of them if there are
    /// more than a year's.
    #[must_use]
    pub fn for_days(days: &[(Day, DataStatus)]) -> Self {
        let step = if days.len() <= 42 { 1 } else { days.len().div_ceil(MAX_STEPS * 7) * 7 };
        let is_known = |days: &[(Day, DataStatus)]| days.iter().any(|(_, s)| *s != DataStatus::Missing);
        Self { days: step, known: days.chunks(step).map(is_known).collect() }
    }

    /// Adds one to the step of a day.
    pub fn add_event(&self, steps: &mut Vec<u64>, day: usize) {
        steps.resize(self.known.len(), 0);
        if let Some(count) = steps.get_mut(day / self.days.max(1)) {
            *count += 1;
        }
    }

    /// Counts by step, none where nothing is known.
    #[must_use]
    pub fn series(&self, counts: &[u64]) -> Vec<Option<u64>> {
        let count = |place: usize| counts.get(place).copied().unwrap_or(0);
        self.known.iter().enumerate().map(|(place, known)| known.then(|| count(place))).collect()
    }
}

/// One deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deck {
    /// Its UUID, as it came.
    pub id: String,
    /// Its name, as its newest row says; may be empty.
    pub name: String,
    /// Its course as displayed, as its newest row says; may be empty.
    pub course: String,
    /// What happened.
    pub count: EventCounts,
    /// What its newest row with a number says: how many slides it has.
    pub newest: Option<u64>,
    /// Events by step of the range; none where nothing is known.
    pub steps: Vec<Option<u64>>,
    /// Whether the filter of decks leaves it out of everything else.
    pub is_left_out: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Every day of the range, first to last.
    pub days: Vec<(Day, Completeness<EventCounts>)>,
    /// Over all days that are not missing; people each counted once.
    pub total: EventCounts,
    /// Monday to Sunday.
    pub week: [Weekday; 7],
    /// By deck, most events first, whatever decks are filtered by.
    pub decks: Vec<Deck>,
    /// What the steps of the decks are.
    pub steps: Steps,
    /// Rows of the copies that could not be placed.
    pub skipped_rows: SkippedRows,
}

/// The cells that it reads: the deck's name, the course as displayed, a number (or no such column).
pub type Cells = [u32; 3];

impl Activity {
    /// Counts a selection whose cells are [`Cells`].
    #[must_use]
    pub fn from_selection(selection: &Selection<'_, 3>) -> Self {
        let steps = Steps::for_days(&selection.days);
        let mut days = vec![EventCounter::default(); selection.days.len()];
        let mut total = EventCounter::default();
        let mut week = weekdays(&selection.days);
        let mut decks: BTreeMap<u32, (EventCounter, Vec<u64>, Vec<&Row<3>>)> = BTreeMap::new();
        for row in &selection.rows {
            let [_, _, number] = row.cells;
            let amount = cell_value::parse_count(selection.texts.bytes_of(number)).unwrap_or(0);
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
            if let Some(events) = hours.and_then(|hours| hours.get_mut(row.hour)) {
                *events += 1;
            }
        }
        let mut decks: Vec<Deck> = decks
            .into_iter()
            .map(|(id, (counter, series, rows))| Deck {
                id: selection.text(id).into_owned(),
                name: selection.latest_text(rows.iter().map(|row| row.cells[0])),
                course: selection.latest_text(rows.iter().map(|row| row.cells[1])),
                count: counter.finish(),
                newest: rows
                    .iter()
                    .rev()
                    .find_map(|row| cell_value::parse_count(selection.texts.bytes_of(row.cells[2]))),
                steps: steps.series(&series),
                is_left_out: rows.iter().all(|row| !row.is_chosen),
            })
            .collect();
        decks.sort_by(|a, b| b.count.events.cmp(&a.count.events).then_with(|| a.id.cmp(&b.id)));
        let days = selection
            .days
            .iter()
            .enumerate()
            .zip(&days)
            .map(|((place, (day, _)), counter)| (*day, selection.completeness(place, counter.finish())))
            .collect();
        let skipped_rows = selection.skipped_rows;
        Self { days, total: total.finish(), week, decks, steps, skipped_rows }
    }
}

/// Which days of the week are known; hours of nothing yet.
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

/// Monday is 0.
fn weekday_of(day: Day) -> usize {
    usize::try_from((day - monday(day)).num_days()).unwrap_or(0)
}

/// Whether days are known in a query at all: for an answer of nothing to say which nothing it is.
#[must_use]
pub fn is_nothing_known<T>(days: &[(Day, Completeness<T>)]) -> bool {
    days.iter().all(|(_, known)| matches!(known, Completeness::Missing))
}

/// The columns of a report about decks, with the column of its number.
#[must_use]
pub(super) fn columns(number: &'static str) -> super::selection::ColumnNames<3> {
    super::selection::ColumnNames {
        time: "event_timestamp",
        course: "courseId",
        section: "sectionId",
        user: "userid",
        role: "role",
        deck: "presentationID",
        cells: ["presentationName", "courseIdentifier", number],
    }
}

/// Sifts the tables and counts.
pub(super) fn measure_decks(
    dataset: &crate::table::dataset::Dataset,
    query: &Query,
    number: &'static str,
) -> Activity {
    Activity::from_selection(&Selection::new(dataset, query, &columns(number)))
}

#[cfg(test)]
mod tests;
