//! Bulk views for load tests: a given number of views per week, generated row by row in chronological order.
//!
//! A fixed number of lanes watch in parallel. A lane's rows are some 30 s apart, and after 60 rows another
//! viewer takes it over. Each row can be computed on its own, so memory holds only the current viewer of each
//! lane.

use super::{Detail, Event, Span};
use crate::chance::Dice;
use crate::clock::DAY_SECONDS;
use crate::institution::{Institution, Term};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Seconds in a week.
const WEEK_SECONDS: i64 = 7 * DAY_SECONDS;
/// Monday, 1969-12-29, from which weeks are counted, in seconds since 1970.
const FIRST_MONDAY: i64 = -3 * DAY_SECONDS;
/// Rows of one viewing session: one viewer of one lecture in a lane.
const SESSION_ROWS: u64 = 60;

/// Visits the rows of a span in chronological order.
pub(super) fn each(
    institution: &Institution,
    weekly: u64,
    span: Span,
    visit: &mut dyn FnMut(&Term, &Event) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if weekly == 0 || span.end <= span.start {
        return ControlFlow::Continue(());
    }
    let first = (span.start - FIRST_MONDAY).div_euclid(WEEK_SECONDS);
    let last = (span.end - 1 - FIRST_MONDAY).div_euclid(WEEK_SECONDS);
    for week in first..=last {
        let monday = FIRST_MONDAY + week * WEEK_SECONDS;
        let Some((term, published)) = watchable_term(institution, monday) else { continue };
        // Row n of the week is at Monday plus n/weekly of a week, rounded down.
        let offset = |row| i64::try_from(mul_div(row, WEEK_SECONDS.unsigned_abs(), weekly)).unwrap_or(0);
        let begin = first_row_from(weekly, span.start - monday);
        let end = first_row_from(weekly, span.end - monday);
        let lanes = (weekly * 30).div_ceil(WEEK_SECONDS.unsigned_abs()).max(1);
        let mut watching: Vec<Option<(u64, Event)>> = Vec::new();
        watching.resize(usize::try_from(lanes).unwrap_or(1), None);
        for row in begin..end {
            let (lane, turn) = (row % lanes, row / lanes);
            let session = turn / SESSION_ROWS;
            let Some(slot) = usize::try_from(lane).ok().and_then(|lane| watching.get_mut(lane)) else {
                continue;
            };
            let mut event = match slot {
                Some((current, event)) if *current == session => *event,
                _ => {
                    let event = new_session(
                        institution,
                        &term,
                        published,
                        lanes,
                        [week.unsigned_abs(), lane, session],
                    );
                    *slot = Some((session, event));
                    event
                }
            };
            event.at = monday + offset(row);
            event.detail =
                Detail::View { first: turn % SESSION_ROWS == 0, live: false, public: event.person.is_none() };
            visit(&term, &event)?;
        }
    }
    ControlFlow::Continue(())
}

/// The first row that is at least `into` seconds after the start of its week.
fn first_row_from(weekly: u64, into: i64) -> u64 {
    let into = into.clamp(0, WEEK_SECONDS).unsigned_abs();
    let week = WEEK_SECONDS.unsigned_abs();
    mul_div(into, weekly, week)
        + u64::from(!(u128::from(into) * u128::from(weekly)).is_multiple_of(u128::from(week)))
}

/// `number * times / over`, rounded down, without overflow in between.
fn mul_div(number: u64, times: u64, over: u64) -> u64 {
    u64::try_from(u128::from(number) * u128::from(times) / u128::from(over)).unwrap_or(u64::MAX)
}

/// The term whose videos are watched in a week, and how many of them were published when the week started.
fn watchable_term(institution: &Institution, monday: i64) -> Option<(Arc<Term>, usize)> {
    for day in [monday, monday - WEEK_SECONDS] {
        if let Some(term) = institution.term_of_day(day.div_euclid(DAY_SECONDS)) {
            let published = term.lectures.partition_point(|lecture| lecture.published <= monday);
            if published > 0 {
                return Some((term, published));
            }
        }
    }
    None
}

/// A session of the lane `key[1]`. A student is in at most two lanes, as far as there are enough: nobody watches three videos
/// at once.
fn new_session(institution: &Institution, term: &Term, published: usize, lanes: u64, key: [u64; 3]) -> Event {
    let mut dice = Dice::new(institution.seed, &[0x2080, key[0], key[1], key[2]]);
    let lecture = dice.index(published);
    let sections = term.lectures.get(lecture).map_or(&[][..], |lecture| &lecture.sections);
    let section = dice.pick(sections).unwrap_or(0);
    let students = term.sections.get(section).map_or(&[][..], |section| &section.students);
    let groups = lanes.div_ceil(2);
    let is_in_lane = |student: &usize| *student as u64 % groups == key[1] % groups;
    let mut own: Vec<usize> = students.iter().copied().filter(is_in_lane).collect();
    if own.is_empty() {
        own = (0..institution.students).filter(is_in_lane).collect();
    }
    let students = if own.is_empty() { students } else { &own };
    let person = if dice.chance(0.002) { None } else { dice.pick(students) };
    let detail = Detail::View { first: true, live: false, public: person.is_none() };
    Event { at: 0, lecture, section, person, detail }
}
