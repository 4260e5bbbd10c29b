//! Confusion marks on slides. They cluster on hard lectures and around the minute at which they become hard.

use super::{Detail, Event, Scene};

/// The marks of a section's students on a lecture's deck.
pub(super) fn marks(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    let lecture = scene.lecture;
    let hardest_moment =
        lecture.starts + scene.dice(0x2030, 0, 0).between(lecture.seconds / 4, lecture.seconds * 4 / 5);
    for student in scene.students(section) {
        let mut dice = scene.dice(0x2031, section, *student);
        let skill = scene.institution.people.get(*student).map_or(0.5, |person| person.skill);
        let probability = if lecture.hard { 0.75 - 0.5 * skill } else { 0.06 - 0.04 * skill };
        if !scene.attended(section, *student) || !dice.chance(probability) {
            continue;
        }
        for _ in 0..1 + dice.below(if lecture.hard { 3 } else { 1 }) {
            let at = (hardest_moment + dice.between(-240, 240)).min(lecture.starts + lecture.seconds - 1);
            let detail = Detail::Confused;
            keep(Event { at, lecture: scene.index, section, person: Some(*student), detail });
        }
    }
}
