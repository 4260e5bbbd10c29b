//! Notes, written in class and extended afterwards.

use super::{Detail, Event, Scene};
use crate::chance::Dice;
use crate::clock::DAY_SECONDS;
use crate::institution::{Habit, Institution, Lecture, QUESTIONS};

/// A note as the report lists it.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// The content, as JSON.
    pub(crate) content: String,
    /// Number of words.
    pub(crate) words: u64,
}

impl Note {
    /// A person's note on a lecture after `revision` edits.
    pub(crate) fn of(institution: &Institution, lecture: &Lecture, person: usize, revision: u64) -> Self {
        let mut dice = Dice::new(institution.seed, &[0x2060, lecture.number, person as u64]);
        let slide = 1 + dice.below(u64::from(lecture.slides));
        let words = 3 + dice.below(60) + revision * (4 + dice.below(30));
        let text = dice.pick(QUESTIONS).unwrap_or("…");
        let content = serde_json::json!({ "slide": slide, "text": text, "revision": revision }).to_string();
        Self { content, words }
    }
}

/// The notes of a section's students on a lecture's deck.
pub(super) fn notes(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    let lecture = scene.lecture;
    for student in scene.students(section) {
        let mut dice = scene.dice(0x2061, section, *student);
        let probability = match scene.institution.people.get(*student).map(|person| person.habit) {
            Some(Habit::Steady) => 0.22,
            Some(Habit::Crammer) => 0.06,
            Some(Habit::Fading) => 0.1,
            Some(Habit::Absent) | None => 0.0,
        };
        if !dice.chance(probability) || !scene.attended(section, *student) {
            continue;
        }
        let mut at = lecture.starts + dice.between(0, lecture.seconds);
        for revision in 0..1 + dice.below(3) {
            if at < scene.term.end() {
                let detail = Detail::Note { revision };
                keep(Event { at, lecture: scene.index, section, person: Some(*student), detail });
            }
            at += if dice.chance(0.6) { dice.between(30, 900) } else { dice.between(3600, 5 * DAY_SECONDS) };
        }
    }
}
