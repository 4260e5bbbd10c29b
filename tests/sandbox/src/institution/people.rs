//! The people: students with different habits, and teaching staff.

use super::words::{FAMILY_NAMES, GIVEN_NAMES};
use crate::chance::Dice;
use crate::clock::DAY_SECONDS;

/// How a student studies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Watches most weeks, in the days after a lecture.
    Steady,
    /// Watches little until an exam is near.
    Crammer,
    /// Starts like a steady one and watches less each week.
    Fading,
    /// Is enrolled, and never does anything.
    Absent,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// User id (UUID).
    pub(crate) id: String,
    /// First name.
    pub(crate) first: String,
    /// Last name.
    pub(crate) last: String,
    /// E-mail address.
    pub(crate) email: String,
    /// Role in the institution as a whole.
    pub(crate) role: &'static str,
    /// How they study.
    pub(crate) habit: Habit,
    /// Probability of answering a question of average difficulty correctly.
    pub(crate) skill: f64,
    /// Real seconds for 30 s of video: 30, or 20 at 1.5 times the speed.
    pub(crate) pace: i64,
}

/// What is odd about the identities of some students.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Oddities {
    /// The rows of every fifth student name different roles, some of them two.
    pub(crate) mixed_roles: bool,
    /// From this time on, in seconds since 1970, files name some students `Deleted User`, and others not at all.
    pub(crate) renamed_from: Option<i64>,
    /// Some students have the e-mail address of another one.
    pub(crate) two_ids: bool,
}

impl Oddities {
    /// The role in a row of a student at a time.
    pub(super) fn role(self, person: usize, at: i64) -> Option<&'static str> {
        let is_mixed = self.mixed_roles && person % 5 == 2;
        let turn = (at.div_euclid(DAY_SECONDS) + i64::try_from(person).unwrap_or(0)).rem_euclid(4);
        is_mixed.then_some(match (turn, person % 10) {
            (0, _) | (1, 2) => "student",
            (1 | 2, _) => "Student;Instructor",
            _ => "[\"Teaching Assistant\"]",
        })
    }

    /// The names of a student in a file that is made at a time.
    pub(super) fn name(self, person: usize, as_of: i64) -> Option<[&'static str; 2]> {
        let is_renamed = self.renamed_from.is_some_and(|from| as_of >= from);
        match person % 10 {
            3 if is_renamed => Some(["Deleted", "User"]),
            4 if is_renamed => Some(["", ""]),
            _ => None,
        }
    }
}

/// All people: students, then an instructor for each course, then an assistant for each.
pub(super) fn people(seed: u64, students: usize, courses: usize, oddities: Oddities) -> Vec<Person> {
    let mut people: Vec<Person> = (0..students + 2 * courses)
        .map(|index| {
            let role = if index < students {
                "Student"
            } else if index < students + courses {
                "Instructor"
            } else {
                "Teaching Assistant"
            };
            person(seed, index, role)
        })
        .collect();
    if oddities.two_ids {
        for index in (6..students).step_by(10) {
            let email = people.get(index - 1).map(|person| person.email.clone());
            if let (Some(person), Some(email)) = (people.get_mut(index), email) {
                person.email = email;
            }
        }
    }
    people
}

fn person(seed: u64, index: usize, role: &'static str) -> Person {
    let mut dice = Dice::new(seed, &[0x1001, index as u64]);
    let id = dice.uuid();
    let first = dice.pick(GIVEN_NAMES).unwrap_or("Ada");
    let last = dice.pick(FAMILY_NAMES).unwrap_or("Lovelace");
    let habit = match dice.below(100) {
        0..45 => Habit::Steady,
        45..73 => Habit::Crammer,
        73..90 => Habit::Fading,
        _ => Habit::Absent,
    };
    let skill = 0.35 + 0.6 * dice.unit();
    let pace = if dice.chance(0.2) { 20 } else { 30 };
    let local = [ascii_letters(first), ascii_letters(last)].join(".");
    let email = format!("{}{index}@westmere.example", local.trim_matches('.'));
    Person { id, first: first.to_owned(), last: last.to_owned(), email, role, habit, skill, pace }
}

/// The ASCII letters of a name, in lower case.
fn ascii_letters(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'á' | 'à' | 'å' | 'ä' | 'ã' | 'Á' | 'Å' => 'a',
            'é' | 'è' | 'ë' | 'ê' | 'É' => 'e',
            'í' | 'ï' | 'î' => 'i',
            'ó' | 'ö' | 'ø' | 'ô' | 'Ø' | 'Ö' => 'o',
            'ú' | 'ü' | 'Ü' => 'u',
            'ñ' => 'n',
            'ç' | 'Ç' | 'č' | 'Č' => 'c',
            'ł' | 'Ł' => 'l',
            'š' | 'Š' | 'ş' => 's',
            other => other,
        })
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}
