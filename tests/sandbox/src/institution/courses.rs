//! The courses, which are taught every term.

use super::words::SUBJECTS;
use crate::chance::Dice;

/// A course; the same in every term.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// Course id (UUID).
    pub(crate) id: String,
    /// The code, such as `MATH101`.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// The department that teaches it.
    pub(crate) department: &'static str,
    /// The topics of its lectures, in order.
    pub(crate) topics: &'static [&'static str],
    /// Index of the instructor.
    pub(crate) instructor: usize,
    /// Index of the teaching assistant.
    pub(crate) assistant: usize,
    /// The number of sections in each term.
    pub(crate) sections: usize,
}

/// All courses: each subject in turn, numbered when the subjects repeat.
pub(super) fn courses(seed: u64, students: usize, courses: usize) -> Vec<Course> {
    let mut made = Vec::with_capacity(courses);
    let mut round = 0;
    while made.len() < courses {
        for (code, name, department, topics) in SUBJECTS {
            let index = made.len();
            if index == courses {
                break;
            }
            let mut dice = Dice::new(seed, &[0x1002, index as u64]);
            made.push(Course {
                id: dice.uuid(),
                code: if round == 0 { (*code).to_owned() } else { format!("{code}-{round}") },
                name: if round == 0 { (*name).to_owned() } else { format!("{name}, part {}", round + 1) },
                department,
                topics,
                instructor: students + index,
                assistant: students + courses + index,
                sections: if index == 0 { 3 } else { 2 + dice.index(3) },
            });
        }
        round += 1;
    }
    made
}
