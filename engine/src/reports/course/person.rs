//! Measures of one student of a course, on the course's time axis.

use super::events::{Events, completeness};
use super::people::Student;
use super::time_bins::TimeBins;
use crate::completeness::Completeness;
use crate::dictionary::EMPTY;
use crate::ordering::sort_by;
use crate::reports::polling::Poll;
use crate::reports::selection::Row;
use crate::table::cell_value;
use domain::activity::ActivityKind;
use std::collections::BTreeMap;

/// A video or deck that the student used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemUsage {
    /// Its UUID, as in the rows.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// Number of events by [`ActivityKind::index`]. A video has half minutes only, a deck all other kinds.
    pub amounts: [u64; 6],
    /// Time of the last event: seconds since 1970, UTC.
    pub last: u32,
}

/// The student's latest answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollAnswer {
    /// The poll's UUID, as in the rows.
    pub id: String,
    /// The question; may be empty.
    pub prompt: String,
    /// The name of its deck; may be empty.
    pub deck: String,
    /// Time of the latest answer: seconds since 1970, UTC.
    pub at: u32,
    /// The latest answer; `None` unless the query includes contents.
    pub answer: Option<String>,
    /// Whether it is the solution; `None` if there is no solution that can be compared.
    pub is_right: Option<bool>,
}

/// Measures of one student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The student, with the amounts of each kind.
    pub student: Student,
    /// For each kind, the amount by bin of the axis.
    pub series: Vec<(ActivityKind, Vec<Completeness<u64>>)>,
    /// Videos, most watched first.
    pub videos: Vec<ItemUsage>,
    /// Decks, most views first.
    pub decks: Vec<ItemUsage>,
    /// Polls, newest answer first.
    pub polls: Vec<PollAnswer>,
    /// Words of all note events. A note that is edited is another event, and its words count again.
    pub words: u64,
    /// Distinct days with any activity.
    pub days: u64,
}

/// Measures one student. `contents`: whether answers to polls are included.
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
        let own: Vec<&Row> = events.by_students().filter(|event| Some(event.user) == code).collect();
        let mut by_day = vec![0; events.days.len()];
        for event in &own {
            days.insert(event.day);
            if let Some(count) = by_day.get_mut(event.day) {
                *count += 1;
            }
            if *kind == ActivityKind::Notes {
                let text = events.text(events.details.code(event));
                words += cell_value::parse_count(text.as_bytes()).unwrap_or(0);
            }
        }
        let statuses = bins.statuses(&events.days);
        let sums = bins.sums(&by_day).into_iter().zip(statuses);
        series.push((*kind, sums.map(|(sum, status)| completeness(status, sum)).collect()));
        let [videos, decks] = &mut items;
        let items_of_kind = if *kind == ActivityKind::Watch { videos } else { decks };
        for event in own.into_iter().filter(|event| event.deck != EMPTY) {
            let id = events.text(event.deck);
            let usage = items_of_kind.entry(id.clone()).or_insert_with(|| ItemUsage {
                id,
                name: String::new(),
                amounts: [0; 6],
                last: 0,
            });
            if let Some(amount) = usage.amounts.get_mut(kind.index()) {
                *amount += 1;
            }
            let name = events.item_names.code(event);
            if name != EMPTY && event.at >= usage.last {
                usage.name = events.text(name);
            }
            usage.last = usage.last.max(event.at);
        }
    }
    let sorted = |items: BTreeMap<String, ItemUsage>, kind: ActivityKind| {
        let amount = |usage: &ItemUsage| usage.amounts.get(kind.index()).copied().unwrap_or(0);
        let mut items: Vec<ItemUsage> = items.into_values().collect();
        sort_by(&mut items, |a, b| amount(b).cmp(&amount(a)).then_with(|| a.id.cmp(&b.id)));
        items
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

/// The code of a user id in these events.
fn find_code(events: &Events<'_>, id: &str) -> Option<u32> {
    events.texts?.find(id.as_bytes())
}

fn poll_answers(events: &Events<'_>, id: &str, polls: &[Poll], contents: bool) -> Vec<PollAnswer> {
    let code = find_code(events, id);
    let answers = polls.iter().flat_map(|poll| poll.latest_answers.iter().map(move |answer| (poll, answer)));
    let mut own_answers: Vec<PollAnswer> = answers
        .filter(|(_, answer)| Some(answer.user) == code)
        .map(|(poll, answer)| PollAnswer {
            id: poll.id.clone(),
            prompt: poll.prompt.clone(),
            deck: poll.deck.clone(),
            at: answer.at,
            answer: contents.then(|| crate::reports::cell_text::plain_text(&events.text(answer.answer))),
            is_right: answer.is_right,
        })
        .collect();
    sort_by(&mut own_answers, |a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    own_answers
}
