//! Videos in the same half minute: one person watches at most two, and the busy account three.

use super::Event;
use crate::institution::{Institution, Term};
use std::collections::HashMap;

/// Seconds of a half minute.
const HALF_MINUTE: i64 = 30;

/// The lectures that each person has watched in their latest half minute.
#[derive(Debug, Default)]
pub(super) struct SimultaneousViews(HashMap<usize, (i64, Vec<usize>)>);

impl SimultaneousViews {
    /// Whether one person can do this. Must be called with every view in chronological order.
    pub(super) fn is_possible(&mut self, event: &Event) -> bool {
        let Some(person) = event.person else { return true };
        let half_minute = event.at.div_euclid(HALF_MINUTE);
        let (latest, lectures) = self.0.entry(person).or_default();
        if *latest != half_minute {
            *latest = half_minute;
            lectures.clear();
        }
        if !lectures.contains(&event.lecture) {
            lectures.push(event.lecture);
        }
        lectures.iter().take(2).any(|lecture| *lecture == event.lecture)
    }
}

/// What else happens through the busy account at the time of one of its views: two other lectures of the section are watched.
pub(super) fn other_views<'a>(
    institution: &Institution,
    term: &'a Term,
    event: &'a Event,
) -> impl Iterator<Item = Event> + 'a {
    let is_busy = event.person.is_some() && event.person == institution.busy_account;
    let lectures = term.lectures.iter().enumerate().filter(move |(index, lecture)| {
        is_busy
            && *index != event.lecture
            && lecture.sections.contains(&event.section)
            && lecture.published <= event.at
    });
    lectures.take(2).map(|(lecture, _)| Event { lecture, ..*event })
}
