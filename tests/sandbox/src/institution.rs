//! The institution: its people, its courses, its terms, all drawn from one seed.
//!
//! Nothing in it depends on what time it is. A term is worked out whole when somebody first asks about it, and kept:
//! a term is a few hundred lectures, so even years of them are small beside one day of views.

mod calendar;
mod courses;
mod people;
mod term;
mod words;

pub(crate) use calendar::{FIRST_TERM, TermKey};
pub(crate) use courses::Course;
pub(crate) use people::{Habit, Person};
pub(crate) use term::{Lecture, Term};
pub(crate) use words::{ANSWERS, POLLS, QUESTIONS};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One believable institution.
#[derive(Debug)]
pub(crate) struct Institution {
    /// What it is drawn from.
    pub(crate) seed: u64,
    /// Its name.
    pub(crate) name: &'static str,
    /// Students first, then one instructor and one assistant for each course.
    pub(crate) people: Vec<Person>,
    /// How many of the people are students.
    pub(crate) students: usize,
    /// What it teaches, every term.
    pub(crate) courses: Vec<Course>,
    terms: Mutex<BTreeMap<TermKey, Arc<Term>>>,
}

impl Institution {
    /// The institution of this seed, with so many students and courses (at least one of each).
    pub(crate) fn new(seed: u64, students: usize, courses: usize) -> Self {
        let (students, courses) = (students.max(1), courses.max(1));
        Self {
            seed,
            name: "Westmere University",
            people: people::people(seed, students, courses),
            students,
            courses: courses::courses(seed, students, courses),
            terms: Mutex::new(BTreeMap::new()),
        }
    }

    /// The term that a day belongs to, its break after it included; none before the first one.
    pub(crate) fn term_of_day(&self, day: i64) -> Option<Arc<Term>> {
        TermKey::of_day(day).map(|key| self.term(key))
    }

    /// One term, worked out when first asked for.
    pub(crate) fn term(&self, key: TermKey) -> Arc<Term> {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(terms.entry(key).or_insert_with(|| Arc::new(Term::draw(self, key))))
    }

    /// Every term that has begun by a day, oldest first.
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
