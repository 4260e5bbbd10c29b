//! Views of presentations, in class and afterwards.

use super::{Detail, Event, Scene};
use crate::clock::DAY_SECONDS;
use crate::institution::Habit;

/// The views of a lecture's deck by a section's students.
pub(super) fn looks(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    let lecture = scene.lecture;
    let mut view_at = |at: i64, student: usize| {
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
                view_at(lecture.starts + dice.between(0, lecture.seconds), *student);
            }
        }
        if dice.chance(if lecture.hard { 0.3 } else { 0.12 }) {
            let later = lecture.published + dice.wait(2.5 * DAY_SECONDS as f64);
            view_at(later, *student);
        }
        for (week, day) in scene.term.exams() {
            let probability = if person.habit == Habit::Crammer { 0.25 } else { 0.08 };
            if lecture.week <= week && lecture.week > week - 8 && dice.chance(probability) {
                let at = (day - 1 - dice.between(0, 4)) * DAY_SECONDS + dice.between(9, 23) * 60 * 60;
                if at > lecture.published {
                    view_at(at + dice.between(0, 60 * 60), *student);
                }
            }
        }
    }
}
