//! Decks: who looked at a presentation, in class and afterwards.

use super::{Detail, Event, Scene};
use crate::clock::DAY_SECONDS;
use crate::institution::Habit;

/// The looks of a section's students at a lecture's deck.
pub(super) fn looks(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    let lecture = scene.lecture;
    let mut look = |at: i64, student: usize| {
        if at < scene.term.end() {
            let detail = Detail::Deck;
            keep(Event { at, lecture: scene.index, section, person: Some(student), detail });
        }
    };
    for student in scene.students(section) {
        let Some(person) = scene.institution.people.get(*student) else { continue };
        if person.habit == Habit::Absent {
            continue;
        }
        let mut dice = scene.dice(0x2020, section, *student);
        if scene.attended(section, *student) && dice.chance(0.6) {
            for _ in 0..1 + dice.below(2) {
                look(lecture.starts + dice.between(0, lecture.seconds), *student);
            }
        }
        if dice.chance(if lecture.hard { 0.3 } else { 0.12 }) {
            let later = lecture.published + dice.wait(2.5 * DAY_SECONDS as f64);
            look(later, *student);
        }
        for (week, day) in scene.term.exams() {
            let crams = if person.habit == Habit::Crammer { 0.25 } else { 0.08 };
            if lecture.week <= week && lecture.week > week - 8 && dice.chance(crams) {
                let at = (day - 1 - dice.between(0, 4)) * DAY_SECONDS + dice.between(9, 23) * 60 * 60;
                if at > lecture.published {
                    look(at + dice.between(0, 60 * 60), *student);
                }
            }
        }
    }
}
