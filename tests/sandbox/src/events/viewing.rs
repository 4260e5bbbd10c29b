//! Views of videos: who watched which video, when, and for how long.
//!
//! A student's viewing sessions with one lecture are generated together: possibly live, possibly in the days after it
//! (less likely each day), possibly again if it was hard, and before the exam that covers it.

use super::{Detail, Event, Scene, Span};
use crate::chance::Dice;
use crate::clock::DAY_SECONDS;
use crate::institution::{Habit, Person};

/// Seconds of video per event.
const EVENT_SECONDS: i64 = 30;
/// Relative frequencies of the hour (UTC) in which a session starts.
const HOURS: [u64; 24] =
    [6, 3, 1, 1, 1, 1, 2, 4, 10, 16, 20, 20, 18, 20, 24, 26, 24, 22, 24, 32, 38, 36, 26, 14];

/// One session with one video.
#[derive(Clone, Copy, Debug)]
pub(super) struct ViewingSession {
    pub(super) person: Option<usize>,
    pub(super) start: i64,
    /// Number of events.
    pub(super) events: i64,
    /// Seconds between two events.
    pub(super) pace: i64,
    pub(super) live: bool,
    pub(super) public: bool,
}

impl ViewingSession {
    /// The time of the event with index `place`, in seconds since 1970.
    pub(super) const fn at(&self, place: i64) -> i64 {
        self.start + place * self.pace
    }
}

/// Visits every session of a section's people with a lecture, in no particular order.
pub(super) fn viewing_sessions(scene: &Scene<'_>, section: usize, each: &mut dyn FnMut(ViewingSession)) {
    let end = scene.term.end();
    let mut keep = |session: ViewingSession| {
        if session.events > 0 && session.at(session.events) < end {
            each(session);
        }
    };
    for student in scene.students(section) {
        if let Some(person) = scene.institution.people.get(*student) {
            student_viewing_sessions(scene, section, *student, person, &mut keep);
        }
    }
    staff_viewing_sessions(scene, section, &mut keep);
    public_viewing_sessions(scene, section, &mut keep);
}

fn student_viewing_sessions(
    scene: &Scene<'_>,
    section: usize,
    student: usize,
    person: &Person,
    keep: &mut dyn FnMut(ViewingSession),
) {
    let lecture = scene.lecture;
    let (watch_probability, exam_probability) = match person.habit {
        Habit::Absent => return,
        Habit::Steady => (0.46, 0.14),
        Habit::Crammer => (0.10, 0.5),
        Habit::Fading => (0.62 * 0.74_f64.powf(lecture.week as f64), 0.05),
    };
    let mut dice = scene.dice(0x2010, section, student);
    let lecture_events = lecture.seconds / EVENT_SECONDS;
    if lecture.streamed && dice.chance(0.07) {
        let late = dice.between(0, 600);
        let events = ((lecture.seconds - late) / EVENT_SECONDS * dice.between(30, 101) / 100).max(1);
        keep(ViewingSession {
            person: Some(student),
            start: lecture.starts + late,
            events,
            pace: EVENT_SECONDS,
            live: true,
            public: false,
        });
    }
    if dice.chance(watch_probability) {
        let days = dice.wait(1.7).min(20);
        let session = on_demand(scene, student, person, days, lecture_events, &mut dice);
        keep(session);
        if lecture.hard && dice.chance(0.35) {
            let day = (session.start - lecture.published).div_euclid(DAY_SECONDS) + dice.between(1, 4);
            keep(on_demand(scene, student, person, day, lecture_events, &mut dice));
        }
    }
    let mut after = -1;
    for (week, day) in scene.term.exams() {
        if after < lecture.week && lecture.week <= week && dice.chance(exam_probability) {
            let before = 1 + dice.wait(1.3).min(6);
            let days = day - before - lecture.published.div_euclid(DAY_SECONDS);
            if days >= 0 {
                keep(on_demand(scene, student, person, days, lecture_events, &mut dice));
            }
        }
        after = week;
    }
}

/// A session `days` days after the video was published.
fn on_demand(
    scene: &Scene<'_>,
    student: usize,
    person: &Person,
    days: i64,
    lecture_events: i64,
    dice: &mut Dice,
) -> ViewingSession {
    let published = scene.lecture.published;
    let day = published.div_euclid(DAY_SECONDS) + days;
    let mut start = day * DAY_SECONDS + second_of_day(dice);
    if start < published {
        start = published + dice.between(10 * 60, 5 * 60 * 60);
    }
    let events =
        if dice.chance(0.3) { lecture_events } else { (lecture_events * dice.between(4, 70) / 100).max(1) };
    ViewingSession { person: Some(student), start, events, pace: person.pace, live: false, public: false }
}

fn second_of_day(dice: &mut Dice) -> i64 {
    let mut remaining = dice.below(HOURS.iter().sum());
    let mut hour = 0;
    for (place, weight) in HOURS.iter().enumerate() {
        if remaining < *weight {
            hour = place;
            break;
        }
        remaining -= weight;
    }
    i64::try_from(hour).unwrap_or(0) * 60 * 60 + dice.between(0, 60 * 60)
}

/// Teaching staff sometimes watch their own lectures, in the first section of the lecture.
fn staff_viewing_sessions(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(ViewingSession)) {
    let Some(course) = scene.institution.courses.get(scene.lecture.course) else { return };
    if scene.lecture.sections.first() != Some(&section) {
        return;
    }
    for staff in [course.instructor, course.assistant] {
        let mut dice = scene.dice(0x2011, section, staff);
        if dice.chance(0.15) {
            keep(ViewingSession {
                person: Some(staff),
                start: scene.lecture.published + dice.between(5 * 60, 8 * 60 * 60),
                events: dice.between(1, 30),
                pace: EVENT_SECONDS,
                live: false,
                public: false,
            });
        }
    }
}

/// A public link is opened by unknown people.
fn public_viewing_sessions(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(ViewingSession)) {
    if !scene.lecture.public || scene.lecture.sections.first() != Some(&section) {
        return;
    }
    let mut dice = scene.dice(0x2012, section, 0);
    for _ in 0..dice.below(6) {
        keep(ViewingSession {
            person: None,
            start: scene.lecture.published + dice.wait(5.0 * DAY_SECONDS as f64),
            events: dice.between(1, 40),
            pace: EVENT_SECONDS,
            live: false,
            public: true,
        });
    }
}

/// The view events of a section's people with a lecture in one span.
pub(super) fn views(scene: &Scene<'_>, section: usize, span: Span, keep: &mut dyn FnMut(Event)) {
    viewing_sessions(scene, section, &mut |session| {
        if session.start >= span.end || session.at(session.events) <= span.start {
            return;
        }
        for place in 0..session.events {
            keep(Event {
                at: session.at(place),
                lecture: scene.index,
                section,
                person: session.person,
                detail: Detail::View { first: place == 0, live: session.live, public: session.public },
            });
        }
    });
}

/// The downloads of a lecture by a section's students.
pub(super) fn downloads(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    for student in scene.students(section) {
        let absent =
            scene.institution.people.get(*student).is_none_or(|person| person.habit == Habit::Absent);
        let mut dice = scene.dice(0x2013, section, *student);
        if !absent && dice.chance(0.025) {
            let at = scene.lecture.published + dice.wait(4.0 * DAY_SECONDS as f64);
            if at < scene.term.end() {
                let detail = Detail::Download;
                keep(Event { at, lecture: scene.index, section, person: Some(*student), detail });
            }
        }
    }
}
