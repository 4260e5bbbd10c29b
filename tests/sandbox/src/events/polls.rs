//! Polls in class, with right and wrong answers and changed answers.

use super::{Detail, Event, Scene, uuid};
use crate::institution::{Institution, Lecture, POLLS};

/// A poll.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    /// Activity id (UUID).
    pub(crate) id: String,
    /// The question.
    pub(crate) prompt: &'static str,
    /// The possible answers.
    pub(crate) choices: &'static [&'static str],
    /// Index of the right answer.
    pub(crate) right: usize,
}

impl Poll {
    /// One of a lecture's polls.
    pub(crate) fn of(institution: &Institution, lecture: &Lecture, poll: u64) -> Self {
        let mut dice = crate::chance::Dice::new(institution.seed, &[0x2040, lecture.number, poll]);
        let (prompt, choices, right) = dice.pick(POLLS).unwrap_or(("?", &["Yes", "No"], 0));
        Self { id: dice.uuid(), prompt, choices, right }
    }

    /// The choices as JSON, as the report contains them.
    pub(crate) fn content(&self) -> String {
        let choices: Vec<_> = self
            .choices
            .iter()
            .enumerate()
            .map(|(index, text)| serde_json::json!({ "id": index, "text": text }))
            .collect();
        serde_json::json!({ "type": "multiple-choice", "choices": choices }).to_string()
    }

    /// A choice's text.
    pub(crate) fn choice(&self, index: usize) -> &'static str {
        self.choices.get(index).copied().unwrap_or_default()
    }

    /// The id (UUID) of a person's answer, which stays the same when they change it.
    pub(crate) fn answer_id(
        institution: &Institution,
        lecture: &Lecture,
        poll: u64,
        person: usize,
    ) -> String {
        uuid(institution, 0x2041, &[lecture.number, poll, person as u64])
    }
}

/// The responses of a section's students to the polls of a lecture.
pub(super) fn responses(scene: &Scene<'_>, section: usize, keep: &mut dyn FnMut(Event)) {
    let lecture = scene.lecture;
    let mut plan = scene.dice(0x2042, 0, 0);
    let polls = plan.pick(&[0, 0, 0, 1, 1, 2, 3]).unwrap_or(0);
    for poll in 0..polls {
        let opens = lecture.starts + plan.between(5 * 60, (lecture.seconds - 5 * 60).max(6 * 60));
        let poll_data = Poll::of(scene.institution, lecture, poll);
        for student in scene.students(section) {
            let mut dice = scene.dice(0x2043 + (poll << 16), section, *student);
            if !scene.attended(section, *student) || !dice.chance(0.88) {
                continue;
            }
            let skill = scene.institution.people.get(*student).map_or(0.5, |person| person.skill);
            let knowledge = if lecture.hard { skill * 0.6 } else { skill };
            let mut choose = || {
                if dice.chance(knowledge) { poll_data.right } else { dice.index(poll_data.choices.len()) }
            };
            let (first, second) = (choose(), choose());
            let mut answer_at = |at: i64, choice: usize| {
                let detail = Detail::Poll { poll, choice };
                keep(Event { at, lecture: scene.index, section, person: Some(*student), detail });
            };
            let at = opens + 8 + dice.wait(25.0).min(120);
            answer_at(at, first);
            if dice.chance(0.12) {
                answer_at(at + dice.between(3, 60), second);
            }
        }
    }
}
