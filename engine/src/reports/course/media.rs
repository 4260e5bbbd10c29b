//! A course's videos and decks, as two lists, since nothing in the data joins them.

use super::events::Events;
use super::time_bins::TimeBins;
use crate::dictionary::EMPTY;
use crate::measures::{is_short, minutes};
use crate::ordering::sort_by;
use crate::reports::polling::{Poll, Solution};
use crate::reports::selection::Row;
use crate::table::cell_value;
use crate::table::dataset::{DataStatus, Dataset};
use domain::activity::ActivityKind;
use domain::time::{Day, SECOND, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A video, with its use by students.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    /// Its UUID, as in the rows.
    pub id: String,
    /// Its name in its newest row; may be empty.
    pub name: String,
    /// Half minutes watched.
    pub rows: u64,
    /// Distinct students who watched it.
    pub viewers: u64,
    /// Its length in minutes, if a row has it.
    pub length: Option<f64>,
    /// The day of its capture (UTC), if the library is loaded and has it.
    pub captured: Option<Day>,
    /// Half minutes watched, by bin of the axis; `None` where some of it is not loaded.
    pub steps: Vec<Option<u64>>,
}

// Lengths are finite: `cell_value::parse_number` returns finite numbers only.
impl Eq for Video {}

impl Video {
    /// Whether it has no share of its length.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.length.is_some_and(is_short)
    }

    /// Minutes per viewer divided by the length: above 1 if parts were watched again. `None` without viewers
    /// or length, and for a short video.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
    pub fn share_of_length(&self) -> Option<f64> {
        let viewers = Some(self.viewers).filter(|viewers| *viewers > 0)? as f64;
        Some(minutes(self.rows) / viewers / self.length.filter(|_| !self.is_short())?)
    }
}

/// A deck, with its use by students.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deck {
    /// Its UUID, as in the rows.
    pub id: String,
    /// Its name in its newest row of any report; may be empty.
    pub name: String,
    /// Slide views.
    pub views: u64,
    /// Distinct students who viewed it.
    pub viewers: u64,
    /// Confusion marks.
    pub marks: u64,
    /// Note events.
    pub notes: u64,
    /// Right answers to its polls, and all answers that can be compared with a solution.
    pub right: (u64, u64),
    /// Slide views by bin of the axis; `None` where some of them are not loaded.
    pub steps: Vec<Option<u64>>,
}

/// Counts `selected`, some of `events`, by bin; `None` where some of the bin is not loaded.
fn series(bins: &TimeBins, events: &Events<'_>, selected: &[&Row]) -> Vec<Option<u64>> {
    let mut by_day = vec![0; events.days.len()];
    for event in selected {
        if let Some(count) = by_day.get_mut(event.day) {
            *count += 1;
        }
    }
    let sums = bins.sums(&by_day).into_iter();
    sums.zip(bins.statuses(&events.days))
        .map(|(sum, status)| (status != DataStatus::Missing).then_some(sum))
        .collect()
}

/// The events of students by video or deck, as its code; without events that have neither.
fn group_by_item<'a>(events: &'a Events<'_>) -> BTreeMap<u32, Vec<&'a Row>> {
    let mut items: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
    for event in events.by_students().filter(|event| event.deck != EMPTY) {
        items.entry(event.deck).or_default().push(event);
    }
    items
}

fn count_people(selected: &[&Row]) -> u64 {
    selected.iter().map(|event| event.user).collect::<BTreeSet<u32>>().len() as u64
}

/// Videos, most minutes first.
#[must_use]
pub fn videos(events: Option<&Events<'_>>, library: Option<&Dataset>, bins: &TimeBins) -> Vec<Video> {
    let Some(events) = events else { return Vec::new() };
    let captured = library.map(capture_days).unwrap_or_default();
    let video = |(code, own): (u32, Vec<&Row>)| {
        let id = events.text(code);
        Video {
            name: events.latest_text(&own, &events.item_names),
            rows: own.len() as u64,
            viewers: count_people(&own),
            length: cell_value::parse_number(events.latest_text(&own, &events.details).as_bytes())
                .filter(|minutes| *minutes > 0.0),
            captured: captured.get(&id).copied(),
            steps: series(bins, events, &own),
            id,
        }
    };
    let mut videos: Vec<Video> = group_by_item(events).into_iter().map(video).collect();
    sort_by(&mut videos, |a, b| b.rows.cmp(&a.rows).then_with(|| a.id.cmp(&b.id)));
    videos
}

/// The day (UTC) of each video's capture, by its id in lower case.
fn capture_days(library: &Dataset) -> BTreeMap<String, Day> {
    let mut captured = BTreeMap::new();
    for (_, data) in library.iter() {
        let (id, date) = (data.table.column_index("mediaid"), data.table.column_index("create_date"));
        for row in 0..data.table.rows() {
            let text = |column| library.texts.bytes_of(data.table.code(column, row));
            if let Some(at) = cell_value::parse_time(text(date)) {
                let id = String::from_utf8_lossy(text(id)).into_owned();
                captured.insert(id, Timestamp(i64::from(at) * SECOND).day());
            }
        }
    }
    captured
}

/// Decks, most views first.
#[must_use]
pub fn decks(all: &BTreeMap<ActivityKind, Events<'_>>, polls: &[Poll], bins: &TimeBins) -> Vec<Deck> {
    let mut decks: BTreeMap<String, (u32, Deck)> = BTreeMap::new();
    let empty_deck = |id: &str| Deck {
        id: id.to_owned(),
        name: String::new(),
        views: 0,
        viewers: 0,
        marks: 0,
        notes: 0,
        right: (0, 0),
        steps: all.get(&ActivityKind::Slides).map(|events| series(bins, events, &[])).unwrap_or_default(),
    };
    for kind in [ActivityKind::Slides, ActivityKind::Marks, ActivityKind::Polls, ActivityKind::Notes] {
        let Some(events) = all.get(&kind) else { continue };
        for (code, own) in group_by_item(events) {
            let id = events.text(code);
            let (name_time, deck) = decks.entry(id.clone()).or_insert_with(|| (0, empty_deck(&id)));
            let (name, last) =
                (events.latest_text(&own, &events.item_names), own.last().map_or(0, |event| event.at));
            if !name.is_empty() && last >= *name_time {
                (*name_time, deck.name) = (last, name);
            }
            match kind {
                ActivityKind::Slides => {
                    (deck.views, deck.viewers) = (own.len() as u64, count_people(&own));
                    deck.steps = series(bins, events, &own);
                }
                ActivityKind::Marks => deck.marks = own.len() as u64,
                ActivityKind::Notes => deck.notes = own.len() as u64,
                ActivityKind::Polls | ActivityKind::Watch | ActivityKind::Answers => {}
            }
        }
    }
    for poll in polls {
        if let (Some((_, deck)), Solution::Known { right, of }) =
            (decks.get_mut(&poll.deck_id), poll.solution)
        {
            deck.right = (deck.right.0 + right, deck.right.1 + of);
        }
    }
    let mut decks: Vec<Deck> = decks.into_values().map(|(_, deck)| deck).collect();
    sort_by(&mut decks, |a, b| b.views.cmp(&a.views).then_with(|| a.id.cmp(&b.id)));
    decks
}
