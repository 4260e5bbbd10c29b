//! Events: generated in order for any time span, day by day, and never stored.
//!
//! The events of a day depend only on the seed, so two halves of a span have the same events as the whole
//! span, and memory holds at most one day.

mod bulk;
mod confusion;
mod decks;
mod notes;
mod polls;
mod questions;
mod simultaneous;
mod totals;
mod viewing;
mod visits;

pub(crate) use notes::Note;
pub(crate) use polls::Poll;
pub(crate) use questions::Question;
pub(crate) use totals::Totals;
pub(crate) use visits::{Visit, visits_of_day};

use crate::chance::Dice;
use crate::clock::DAY_SECONDS;
use crate::institution::{Habit, Institution, Lecture, Term};
use std::ops::ControlFlow;

/// A half-open span of seconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first second in it.
    pub(crate) start: i64,
    /// The first second after it.
    pub(crate) end: i64,
}

impl Span {
    /// Whether an instant is in the span.
    pub(crate) const fn holds(self, at: i64) -> bool {
        self.start <= at && at < self.end
    }

    /// The part of the span before `as_of`, since nothing later has happened yet.
    pub(crate) fn until(self, as_of: i64) -> Self {
        Self { start: self.start, end: self.end.min(as_of) }
    }

    /// The day numbers that the span overlaps.
    pub(crate) const fn days(self) -> std::ops::Range<i64> {
        let first = self.start.div_euclid(DAY_SECONDS);
        if self.end <= self.start { first..first } else { first..(self.end - 1).div_euclid(DAY_SECONDS) + 1 }
    }
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 30 s of video watched.
    View,
    /// A video downloaded.
    Download,
    /// A deck viewed.
    Deck,
    /// A slide marked as confusing.
    Confused,
    /// A poll answered, or an answer changed.
    Poll,
    /// A question answered, or an answer edited.
    Answer,
    /// A note written or edited.
    Note,
}

/// The details of an event by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// 30 s of video watched.
    View {
        /// Whether this is the first event of its session, which counts as a view.
        first: bool,
        /// Whether it was watched during the lecture.
        live: bool,
        /// Whether it was watched through a public link.
        public: bool,
    },
    /// A video downloaded.
    Download,
    /// A deck viewed.
    Deck,
    /// A slide marked as confusing.
    Confused,
    /// A poll answered.
    Poll {
        /// Index of the poll in the lecture.
        poll: u64,
        /// Index of the choice.
        choice: usize,
    },
    /// An answer to a question of the lecture.
    Answer {
        /// Index of the question among the section's questions about this lecture.
        question: u64,
        /// Index of the answer to the question.
        answer: u64,
        /// Number of earlier edits.
        revision: u64,
    },
    /// A note written or edited.
    Note {
        /// Number of earlier edits.
        revision: u64,
    },
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// Seconds since 1970, UTC.
    pub(crate) at: i64,
    /// Index of the lecture in its term.
    pub(crate) lecture: usize,
    /// Index of the section in its term.
    pub(crate) section: usize,
    /// Index of the person; `None` for a public link.
    pub(crate) person: Option<usize>,
    /// The kind of event and its details.
    pub(crate) detail: Detail,
}

impl Event {
    /// Whether its row names neither section nor course, since the video is embedded in another page.
    pub(crate) const fn is_embedded(&self, institution: &Institution) -> bool {
        institution.has_embedded_media && matches!(self.detail, Detail::View { public: true, .. })
    }
}

/// One lecture with its institution and term, from which events are generated.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) institution: &'a Institution,
    pub(crate) term: &'a Term,
    pub(crate) lecture: &'a Lecture,
    /// Index of the lecture in its term.
    pub(crate) index: usize,
}

impl Scene<'_> {
    /// A generator for one topic, this lecture, and a section and person.
    pub(crate) fn dice(&self, topic: u64, section: usize, person: usize) -> Dice {
        let key = [topic, self.lecture.number, section as u64, person as u64];
        Dice::new(self.institution.seed, &key)
    }

    /// The students of a section in the term.
    pub(crate) fn students(&self, section: usize) -> &[usize] {
        self.term.sections.get(section).map_or(&[], |section| &section.students)
    }

    /// Whether a student attended the lecture in person.
    pub(crate) fn attended(&self, section: usize, student: usize) -> bool {
        let Some(person) = self.institution.people.get(student) else { return false };
        let probability = match person.habit {
            Habit::Steady => 0.8,
            Habit::Crammer => 0.45,
            Habit::Fading => 0.85 * 0.82_f64.powf(self.lecture.week as f64),
            Habit::Absent => 0.0,
        };
        self.dice(0x2001, section, student).chance(probability)
    }
}

/// Visits every event of a kind in a span, in chronological order, until `visit` breaks.
///
/// Ignores events at or after `as_of`.
pub(crate) fn each(
    institution: &Institution,
    kind: Kind,
    span: Span,
    as_of: i64,
    visit: &mut dyn FnMut(&Term, &Event) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let span = span.until(as_of);
    let mut events = Vec::new();
    for day in span.days() {
        if institution.is_in_break(day) {
            continue;
        }
        let Some(term) = institution.term_of_day(day) else { continue };
        let today = Span { start: day * DAY_SECONDS, end: (day + 1) * DAY_SECONDS };
        let today = Span { start: today.start.max(span.start), end: today.end.min(span.end) };
        events.clear();
        for (index, lecture) in term.lectures.iter().enumerate() {
            if lecture.starts >= today.end {
                continue;
            }
            let scene = Scene { institution, term: &term, lecture, index };
            for section in &lecture.sections {
                let mut keep = |event: Event| {
                    if today.holds(event.at) {
                        events.push(event);
                    }
                };
                match kind {
                    Kind::View => viewing::views(&scene, *section, today, &mut keep),
                    Kind::Download => viewing::downloads(&scene, *section, &mut keep),
                    Kind::Deck => decks::looks(&scene, *section, &mut keep),
                    Kind::Confused => confusion::marks(&scene, *section, &mut keep),
                    Kind::Poll => polls::responses(&scene, *section, &mut keep),
                    Kind::Answer => questions::answers(&scene, *section, &mut keep),
                    Kind::Note => notes::notes(&scene, *section, &mut keep),
                }
            }
        }
        events.sort_unstable();
        for event in &events {
            visit(&term, event)?;
        }
    }
    ControlFlow::Continue(())
}

/// Visits the video views of a span as `videoview` has them: the modeled ones, without a third video of a person in the same
/// half minute, or about `bulk` per week.
pub(crate) fn each_view(
    institution: &Institution,
    bulk: Option<u64>,
    span: Span,
    as_of: i64,
    visit: &mut dyn FnMut(&Term, &Event) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match bulk {
        None => {
            let mut views = simultaneous::SimultaneousViews::default();
            each(institution, Kind::View, span, as_of, &mut |term, event| {
                if !views.is_possible(event) {
                    return ControlFlow::Continue(());
                }
                visit(term, event)?;
                simultaneous::other_views(institution, term, event).try_for_each(|event| visit(term, &event))
            })
        }
        Some(weekly) => bulk::each(institution, weekly, span.until(as_of), visit),
    }
}

/// The UUID of an object that belongs to a lecture.
fn uuid(institution: &Institution, topic: u64, key: &[u64]) -> String {
    let mut topic_and_key = vec![topic];
    topic_and_key.extend_from_slice(key);
    Dice::new(institution.seed, &topic_and_key).uuid()
}
