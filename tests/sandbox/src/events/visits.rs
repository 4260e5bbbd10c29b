//! Page visits per person and day, for the report that is not in the vendor's reference.

use crate::chance::Dice;
use crate::institution::{Habit, Institution};

/// A person's visits to a page on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// Index of the person.
    pub(crate) person: usize,
    /// The page.
    pub(crate) page: &'static str,
    /// The number of visits.
    pub(crate) count: u64,
}

/// The visits on a day number, in the order of people.
pub(crate) fn visits_of_day(institution: &Institution, day: i64) -> Vec<Visit> {
    let mut visits = Vec::new();
    if institution.term_of_day(day).is_none() {
        return visits;
    }
    for (index, person) in institution.people.iter().enumerate() {
        let probability = match person.habit {
            Habit::Steady => 0.5,
            Habit::Crammer => 0.25,
            Habit::Fading => 0.2,
            Habit::Absent => 0.0,
        };
        for (place, page) in ["home", "courses", "video", "profile, settings"].into_iter().enumerate() {
            let key = [0x2070, day.unsigned_abs(), index as u64, place as u64];
            let mut dice = Dice::new(institution.seed, &key);
            if dice.chance(probability / (1.0 + place as f64)) {
                visits.push(Visit { person: index, page, count: 1 + dice.below(6) });
            }
        }
    }
    visits
}
