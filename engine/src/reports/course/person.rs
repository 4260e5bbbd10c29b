//! One student of a course: all of their activity on the course's time axis.

use super::events::{Event, Events, completeness};
use super::people::Student;
use super::sorted_by_key;
use super::time_bins::TimeBins;
use crate::dictionary::EMPTY;
use crate::reports::Completeness;
use crate::reports::polling::Poll;
use crate::table::cell_value;
use domain::activity::ActivityKind;
use std::collections::BTreeMap;

/// A video that they watched, or a deck that they used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemUsage {
    /// Its UUID, as it came.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// How much of each kind: of a video half minutes alone, of a deck the others.
    pub amounts: [u64; 6],
    /// When last: seconds since 1970, UTC.
    pub last: u32,
}

/// A poll that they answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollAnswer {
    /// The poll's UUID, as it came.
    pub id: String,
    /// What was asked; may be empty.
    pub prompt: String,
    /// The name of its deck; may be empty.
    pub deck: String,
    /// When they last answered.
    pub at: u32,
    /// What they answered at last; only where contents are wanted.
    pub answer: Option<String>,
    /// Whether it is the solution, where there is one that can be compared.
    pub is_right: Option<bool>,
}

/// One student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who, with how much of each kind.
    pub student: Student,
    /// Each kind by place of the axis, in their order.
    pub series: Vec<(ActivityKind, Vec<Completeness<u64>>)>,
    /// Videos, most watched first.
    pub videos: Vec<ItemUsage>,
    /// Decks, most views first.
    pub decks: Vec<ItemUsage>,
    /// Polls, newest first.
    pub polls: Vec<PollAnswer>,
    /// Words of their note events: those of a note count again with each of its events.
    pub words: u64,
    /// Distinct days with any activity.
    pub days: u64,
}

/// Everything of a student's.
#[must_use]
pub fn measure_person(
    student: Student,
    all: &BTreeMap<ActivityKind, Events<'_>>,
    bins: &TimeBins,
    polls: &[Poll],
    contents: bool,
) -> Person {
    let mut series = Vec::new();
    let mut items: [BTreeMap<String, ItemUsage>; 2] = Default::default();
    let (mut words, mut days) = (0, std::collections::BTreeSet::new());
    for (kind, events) in all {
        let code = find_code(events, &student.id);
        let own: Vec<&Event> = events.by_students().filter(|event| Some(event.user) == code).collect();
        let mut by_day = vec![0; events.days.len()];
        for event in &own {
            days.insert(event.day);
            if let Some(count) = by_day.get_mut(event.day) {
                *count += 1;
            }
            if *kind == ActivityKind::Notes {
                let text = events.text(event.cells[3]);
                words += cell_value::parse_count(text.as_bytes()).unwrap_or(0);
            }
        }
        let statuses = bins.statuses(&events.days);
        let sums = bins.sums(&by_day).into_iter().zip(statuses);
        series.push((*kind, sums.map(|(sum, status)| completeness(status, sum)).collect()));
        let [videos, decks] = &mut items;
        let into = if *kind == ActivityKind::Watch { videos } else { decks };
        for event in own.into_iter().filter(|event| event.item != EMPTY) {
            let id = events.text(event.item);
            let used = into.entry(id.clone()).or_insert_with(|| ItemUsage {
                id,
                name: String::new(),
                amounts: [0; 6],
                last: 0,
            });
            if let Some(amount) = used.amounts.get_mut(kind.index()) {
                *amount += 1;
            }
            if event.cells[0] != EMPTY && event.at >= used.last {
                used.name = events.text(event.cells[0]);
            }
            used.last = used.last.max(event.at);
        }
    }
    let sorted = |items: BTreeMap<String, ItemUsage>, kind: ActivityKind| {
        let amount = |used: &ItemUsage| used.amounts.get(kind.index()).copied().unwrap_or(0);
        sorted_by_key(items.into_values().collect(), |used| (u64::MAX - amount(used), used.id.clone()))
    };
    let [videos, decks] = items;
    let polls =
        all.get(&ActivityKind::Polls).map(|events| poll_answers(events, &student.id, polls, contents));
    Person {
        series,
        videos: sorted(videos, ActivityKind::Watch),
        decks: sorted(decks, ActivityKind::Slides),
        polls: polls.unwrap_or_default(),
        words,
        days: days.len() as u64,
        student,
    }
}

/// The code of a person in these events.
fn find_code(events: &Events<'_>, id: &str) -> Option<u32> {
    events.texts?.find(id.as_bytes())
}

fn poll_answers(events: &Events<'_>, id: &str, polls: &[Poll], contents: bool) -> Vec<PollAnswer> {
    let code = find_code(events, id);
    let given = polls.iter().flat_map(|poll| poll.latest_answers.iter().map(move |given| (poll, given)));
    let answered = given
        .filter(|(_, given)| Some(given.user) == code)
        .map(|(poll, given)| PollAnswer {
            id: poll.id.clone(),
            prompt: poll.prompt.clone(),
            deck: poll.deck.clone(),
            at: given.at,
            answer: contents.then(|| crate::reports::cell_text::plain_text(&events.text(given.answer))),
            is_right: given.is_right,
        })
        .collect();
    sorted_by_key(answered, |poll: &PollAnswer| (u64::MAX - u64::from(poll.at), poll.id.clone()))
}
