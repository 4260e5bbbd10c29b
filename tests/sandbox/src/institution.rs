//! The institution: people, courses and terms, generated from one seed.
//!
//! It does not depend on the clock. A term is generated on first use and cached: it has a few hundred
//! lectures, far fewer than the views of one day.

mod calendar;
mod courses;
mod people;
mod term;
mod words;

pub(crate) use calendar::{FIRST_TERM, TermKey};
pub(crate) use courses::Course;
pub(crate) use people::{Habit, Oddities, Person};
pub(crate) use term::{Lecture, Term};
pub(crate) use words::{ANSWERS, POLLS, QUESTIONS};

use crate::settings::Settings;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// An institution.
#[derive(Debug)]
pub(crate) struct Institution {
    /// The seed.
    pub(crate) seed: u64,
    /// Its name.
    pub(crate) name: &'static str,
    /// Students first, then one instructor and one assistant for each course.
    pub(crate) people: Vec<Person>,
    /// The number of students.
    pub(crate) students: usize,
    oddities: Oddities,
    /// Its courses, taught every term.
    pub(crate) courses: Vec<Course>,
    /// Whether views of public links name neither section nor course.
    pub(crate) has_embedded_media: bool,
    /// The student's account through which several people watch at the same time.
    pub(crate) busy_account: Option<usize>,
    /// The Monday of the week without classes, as a day number.
    pub(crate) break_week: Option<i64>,
    terms: Mutex<BTreeMap<TermKey, Arc<Term>>>,
}

impl Institution {
    /// Generates an institution with at least one student and one course.
    pub(crate) fn new(settings: &Settings) -> Self {
        let seed = settings.seed;
        let (students, courses) = (settings.students.max(1), settings.courses.max(1));
        let Settings { mixed_roles, renamed_from, two_ids, .. } = *settings;
        let oddities = Oddities { mixed_roles, renamed_from, two_ids };
        let people = people::people(seed, students, courses, oddities);
        let is_steady = |person: &Person| person.habit == Habit::Steady;
        let busy_account = people.iter().take(students).position(is_steady).filter(|_| settings.busy_account);
        Self {
            seed,
            name: "Westmere University",
            people,
            busy_account,
            students,
            oddities,
            courses: courses::courses(seed, students, courses),
            has_embedded_media: settings.embedded_media,
            break_week: settings.break_week,
            terms: Mutex::new(BTreeMap::new()),
        }
    }

    /// Whether nothing happens on a day.
    pub(crate) fn is_in_break(&self, day: i64) -> bool {
        self.break_week.is_some_and(|monday| (monday..monday + 7).contains(&day))
    }

    /// The role of a person in a row at a time, in seconds since 1970.
    pub(crate) fn role(&self, person: usize, at: i64) -> &'static str {
        let odd_role = self.oddities.role(person, at).filter(|_| person < self.students);
        odd_role.or_else(|| Some(self.people.get(person)?.role)).unwrap_or("")
    }

    /// The first and last name of a person in a file that is made at a time.
    pub(crate) fn name(&self, person: usize, as_of: i64) -> [&str; 2] {
        let odd_name = self.oddities.name(person, as_of).filter(|_| person < self.students);
        let name = || self.people.get(person).map(|person| [person.first.as_str(), person.last.as_str()]);
        odd_name.or_else(name).unwrap_or_default()
    }

    /// The term of a day, including the break after it; `None` before the first term.
    pub(crate) fn term_of_day(&self, day: i64) -> Option<Arc<Term>> {
        TermKey::of_day(day).map(|key| self.term(key))
    }

    /// A term, generated on first use.
    pub(crate) fn term(&self, key: TermKey) -> Arc<Term> {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(terms.entry(key).or_insert_with(|| Arc::new(Term::draw(self, key))))
    }

    /// All terms that have started by a day, oldest first.
    pub(crate) fn terms_until(&self, day: i64) -> Vec<Arc<Term>> {
        let mut terms = Vec::new();
        let mut key = FIRST_TERM;
        while key.first_day() <= day {
            terms.push(self.term(key));
            key = key.next();
        }
        terms
    }
}
