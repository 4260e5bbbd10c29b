//! A course's videos and decks, as two lists, since nothing in the data joins them.

use super::events::{Event, Events};
use super::sorted_by_key;
use super::time_bins::TimeBins;
use crate::dictionary::EMPTY;
use crate::measures::minutes;
use crate::reports::polling::{Poll, Solution};
use crate::table::cell_value;
use crate::table::dataset::{DataStatus, Dataset};
use domain::activity::ActivityKind;
use domain::time::{Day, SECOND, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// One video, as students watched it.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    /// Its UUID, as it came.
    pub id: String,
    /// Its name, as its newest row says; may be empty.
    pub name: String,
    /// Half minutes.
    pub rows: u64,
    /// Distinct students.
    pub viewers: u64,
    /// Its length in minutes, where a row gives it.
    pub length: Option<f64>,
    /// The day it was captured, where the library is here and knows it.
    pub captured: Option<Day>,
    /// Half minutes by place of the axis; none where not all of it is here.
    pub steps: Vec<Option<u64>>,
}

// Lengths are finite: `cell_value::parse_number` reads no other.
impl Eq for Video {}

impl Video {
    /// Minutes per viewer as a share of the length: passes 1 where parts were watched again.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
    pub fn share_of_length(&self) -> Option<f64> {
        let viewers = Some(self.viewers).filter(|viewers| *viewers > 0)? as f64;
        Some(minutes(self.rows) / viewers / self.length?)
    }
}

/// One deck, as students used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deck {
    /// Its UUID, as it came.
    pub id: String,
    /// Its name, as its newest row in any report says; may be empty.
    pub name: String,
    /// Views.
    pub views: u64,
    /// Distinct students who looked at it.
    pub viewers: u64,
    /// Marks of confusion.
    pub marks: u64,
    /// Note events.
    pub notes: u64,
    /// Answers that are right, of those that can be compared with a solution.
    pub right: (u64, u64),
    /// Views by place of the axis; none where not all of it is here.
    pub steps: Vec<Option<u64>>,
}

/// Counts by place, none where not all of it is here.
fn series(bins: &TimeBins, events: &Events<'_>, of: &[&Event]) -> Vec<Option<u64>> {
    let mut by_day = vec![0; events.days.len()];
    for event in of {
        if let Some(count) = by_day.get_mut(event.day) {
            *count += 1;
        }
    }
    let sums = bins.sums(&by_day).into_iter();
    sums.zip(bins.statuses(&events.days)).map(|(sum, s)| (s != DataStatus::Missing).then_some(sum)).collect()
}

/// Events of students by their item.
fn by_item<'a>(events: &'a Events<'_>) -> BTreeMap<u32, Vec<&'a Event>> {
    let mut items: BTreeMap<u32, Vec<&Event>> = BTreeMap::new();
    for event in events.by_students().filter(|event| event.item != EMPTY) {
        items.entry(event.item).or_default().push(event);
    }
    items
}

fn count_people(of: &[&Event]) -> u64 {
    of.iter().map(|event| event.user).collect::<BTreeSet<u32>>().len() as u64
}

/// The last cell that is not empty.
fn latest_cell(events: &Events<'_>, of: &[&Event], cell: usize) -> String {
    let codes = of.iter().rev().filter_map(|event| event.cells.get(cell).copied());
    events.text(codes.into_iter().find(|code| *code != EMPTY).unwrap_or(EMPTY))
}

/// Videos, most minutes first.
#[must_use]
pub fn videos(events: Option<&Events<'_>>, library: Option<&Dataset>, bins: &TimeBins) -> Vec<Video> {
    let Some(events) = events else { return Vec::new() };
    let captured = library.map(capture_days).unwrap_or_default();
    let video = |(code, of): (u32, Vec<&Event>)| {
        let id = events.text(code);
        Video {
            name: latest_cell(events, &of, 0),
            rows: of.len() as u64,
            viewers: count_people(&of),
            length: cell_value::parse_number(latest_cell(events, &of, 3).as_bytes())
                .filter(|minutes| *minutes > 0.0),
            captured: captured.get(&id).copied(),
            steps: series(bins, events, &of),
            id,
        }
    };
    sorted_by_key(by_item(events).into_iter().map(video).collect(), |video| {
        (u64::MAX - video.rows, video.id.clone())
    })
}

/// The day of each medium's capture, UTC.
fn capture_days(library: &Dataset) -> BTreeMap<String, Day> {
    let mut captured = BTreeMap::new();
    for (_, data) in library.iter() {
        let (id, date) = (data.table.column_index("mediaid"), data.table.column_index("create_date"));
        for row in 0..data.table.rows() {
            let text = |place| library.texts.bytes_of(data.table.code(place, row));
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
    let nothing = |id: &str| Deck {
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
        for (code, of) in by_item(events) {
            let id = events.text(code);
            let (named, deck) = decks.entry(id.clone()).or_insert_with(|| (0, nothing(&id)));
            let (name, last) = (latest_cell(events, &of, 0), of.last().map_or(0, |event| event.at));
            if !name.is_empty() && last >= *named {
                (*named, deck.name) = (last, name);
            }
            match kind {
                ActivityKind::Slides => {
                    (deck.views, deck.viewers) = (of.len() as u64, count_people(&of));
                    deck.steps = series(bins, events, &of);
                }
                ActivityKind::Marks => deck.marks = of.len() as u64,
                ActivityKind::Notes => deck.notes = of.len() as u64,
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
    let decks = decks.into_values().map(|(_, deck)| deck).collect();
    sorted_by_key(decks, |deck: &Deck| (u64::MAX - deck.views, deck.id.clone()))
}
