//! Questions and answers about a lecture.

use super::{Detail, Event, Scene, uuid};
use crate::chance::Dice;
use crate::clock::DAY_SECONDS;
use crate::institution::{ANSWERS, Institution, Lecture, QUESTIONS};

/// A question that was answered; the report omits unanswered ones.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Question id (UUID).
    pub(crate) id: String,
    /// The question's text.
    pub(crate) text: &'static str,
    /// Index of the person who asked.
    pub(crate) asker: usize,
}

impl Question {
    /// One of a section's questions about a lecture; `students` are the section's.
    pub(crate) fn of(
        institution: &Institution,
        lecture: &Lecture,
        section: usize,
        students: &[usize],
        question: u64,
    ) -> Self {
        let mut dice = Dice::new(institution.seed, &[0x2050, lecture.number, section as u64, question]);
        let id = dice.uuid();
        let text = dice.pick(QUESTIONS).unwrap_or("?");
        let asker = dice.pick(students).unwrap_or(0);
        Self { id, text, asker }
    }

    /// The id (UUID) of one of its answers, which stays the same when the answer is edited.
    pub(crate) fn answer_id(&self, institution: &Institution, lecture: &Lecture, answer: u64) -> String {
        let (high, _) = self.id.split_at(8);
        uuid(institution, 0x2051, &[lecture.number, u64::from_str_radix(high, 16).unwrap_or(0), answer])
    }

    /// The text of an answer after `revision` edits.
    pub(crate) fn answer_text(&self, institution: &Institution, answer: u64, revision: u64) -> String {
        let (high, _) = self.id.split_at(8);
        let key = [0x2052, u64::from_str_radix(high, 16).unwrap_or(0), answer];
        let text = Dice::new(institution.seed, &key).pick(ANSWERS).unwrap_or("Yes.");
        if revision == 0 { text.to_owned() } else { format!("{text}\n(edited, {revision}×)") }
    }
}

/// The answers to a section's questions about a lecture.
pub(super) fn answers(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    let lecture = scene.lecture;
    let students = scene.students(section);
    let Some(course) = scene.institution.courses.get(lecture.course) else { return };
    if students.is_empty() {
        return;
    }
    let mut plan = scene.dice(0x2053, section, 0);
    let questions = if lecture.hard { 2 + plan.below(4) } else { plan.below(3) };
    for question in 0..questions {
        let mut dice = scene.dice(0x2054 + (question << 16), section, 0);
        let asked = lecture.starts + dice.between(5 * 60, lecture.seconds + DAY_SECONDS);
        if dice.chance(0.15) {
            continue;
        }
        let answers = 1 + u64::from(dice.chance(0.35)) + u64::from(dice.chance(0.1));
        for answer in 0..answers {
            let person = match dice.below(20) {
                0..10 => course.instructor,
                10..15 => course.assistant,
                _ => dice.pick(students).unwrap_or(course.instructor),
            };
            let mut at = asked + 120 + dice.wait(9.0 * 60.0 * 60.0);
            for revision in 0..1 + u64::from(dice.chance(0.18)) {
                if at < scene.term.end() {
                    let detail = Detail::Answer { question, answer, revision };
                    keep(Event { at, lecture: scene.index, section, person: Some(person), detail });
                }
                at += dice.between(60, 2 * DAY_SECONDS);
            }
        }
    }
}
