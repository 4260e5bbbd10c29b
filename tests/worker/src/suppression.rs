//! Disclosure control, implemented independently of the Worker: which numbers of a course and week a share
//! must show, and which it must suppress.
//!
//! - A sum over a section is *safe* if at least `smallest` people contribute to it, if without the two largest
//!   contributions, and without 1 of each of the others, at least 15 % of the largest remains, and if it exceeds the number of
//!   people by at least `smallest`.
//! - A section is shown if its sum is safe. Its share of right answers is, if moreover the right answers, the wrong
//!   answers and those that cannot be judged are each safe.
//! - Sums are rounded to multiples of five. The sums of a course are those of its shown sections, added up after
//!   rounding. Its share of right answers is shown if that of each shown section with judged answers is.

use std::collections::BTreeMap;

/// A sum by person.
pub type Amounts = BTreeMap<String, u64>;

/// What students did in one section in one week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// All contributions: half minutes, views, marks, notes or answers.
    pub done: Amounts,
    /// Answers equal to the solution.
    pub right: Amounts,
    /// Answers that differ from the solution.
    pub wrong: Amounts,
}

/// The rounded numbers of a shown section, or of several together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownNumbers {
    /// The amount, in the unit of the report.
    pub amount: u64,
    /// Students, once per section.
    pub students: u64,
    /// Right and wrong answers.
    pub answers: Answers,
}

/// Right and wrong answers of a shown section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// No answer can be judged.
    None,
    /// They are withheld.
    Withheld,
    /// So many are right, and so many wrong.
    Shown(u64, u64),
}

/// Whether the sum over these amounts is safe.
#[must_use]
pub fn is_safe(amounts: &Amounts, smallest: u64) -> bool {
    let mut contributions: Vec<u64> = amounts.values().copied().filter(|amount| *amount > 0).collect();
    contributions.sort_unstable();
    let (people, sum): (u64, u64) = (contributions.len() as u64, contributions.iter().sum());
    let (largest, second) = (contributions.pop().unwrap_or(0), contributions.pop().unwrap_or(0));
    let others = people.saturating_sub(2);
    people >= smallest && sum >= people + smallest && 20 * (sum - largest - second - others) >= 3 * largest
}

/// The multiple of five that is nearest to `sum` divided by `divisor`, or the larger of two.
#[must_use]
pub fn round(sum: u64, divisor: u64) -> u64 {
    let step = 5 * divisor;
    (2 * sum + step) / (2 * step) * 5
}

/// The numbers of a section, of whose amounts `divisor` make up one unit; `None` if they must be withheld.
#[must_use]
pub fn shown_numbers(section: &Section, divisor: u64, smallest: u64) -> Option<ShownNumbers> {
    if !is_safe(&section.done, smallest) {
        return None;
    }
    let sum = |amounts: &Amounts| amounts.values().sum::<u64>();
    let (all, right, wrong) = (sum(&section.done), sum(&section.right), sum(&section.wrong));
    let is_judged_safe = is_safe(&section.right, smallest) && is_safe(&section.wrong, smallest);
    let answers = if right + wrong == 0 {
        Answers::None
    } else if is_judged_safe && (all == right + wrong || is_safe(&unjudged(section), smallest)) {
        Answers::Shown(round(right, 1), round(wrong, 1))
    } else {
        Answers::Withheld
    };
    let students = section.done.values().filter(|amount| **amount > 0).count() as u64;
    Some(ShownNumbers { amount: round(all, divisor), students: round(students, 1), answers })
}

/// The numbers of a course, from those of its shown sections; `None` if there are none.
#[must_use]
pub fn add_up(sections: &[ShownNumbers]) -> Option<ShownNumbers> {
    let add = |one: ShownNumbers, other: &ShownNumbers| ShownNumbers {
        amount: one.amount + other.amount,
        students: one.students + other.students,
        answers: match (one.answers, other.answers) {
            (Answers::Withheld, _) | (_, Answers::Withheld) => Answers::Withheld,
            (Answers::None, answers) | (answers, Answers::None) => answers,
            (Answers::Shown(right, wrong), Answers::Shown(more_right, more_wrong)) => {
                Answers::Shown(right + more_right, wrong + more_wrong)
            }
        },
    };
    let (first, others) = sections.split_first()?;
    Some(others.iter().fold(first.clone(), add))
}

impl ShownNumbers {
    /// The numbers as in the API.
    #[must_use]
    pub fn numbers(&self) -> Vec<Option<f64>> {
        let to_f64 = |number: u64| f64::from(u32::try_from(number).expect("a small number"));
        let mut numbers = vec![Some(to_f64(self.amount)), Some(to_f64(self.students))];
        match self.answers {
            Answers::None => {}
            Answers::Withheld => numbers.push(None),
            Answers::Shown(right, wrong) => {
                numbers.push(Some((100.0 * to_f64(right) / to_f64(right + wrong)).round()));
            }
        }
        numbers
    }
}

fn unjudged(section: &Section) -> Amounts {
    let judged = |person: &String| -> u64 {
        [&section.right, &section.wrong].iter().filter_map(|amounts| amounts.get(person)).sum()
    };
    section.done.iter().map(|(person, all)| (person.clone(), all - judged(person))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: std::ops::Range<u32>, amount: u64) -> Amounts {
        names.map(|name| (format!("p{name}"), amount)).collect()
    }

    #[test]
    fn few_people_two_dominant_ones_and_one_event_for_each_are_unsafe() {
        assert!(is_safe(&people(0..6, 2), 6));
        assert!(!is_safe(&people(0..5, 9), 6));
        assert!(!is_safe(&people(0..11, 1), 6));
        let mut most = people(0..20, 3);
        most.extend([("p0".to_owned(), 240), ("p1".to_owned(), 240)]);
        assert!(is_safe(&most, 6), "36 is 15 % of 240");
        most.insert("p0".to_owned(), 241);
        assert!(!is_safe(&most, 6));
    }

    #[test]
    fn sums_are_rounded_before_they_are_added_up() {
        assert_eq!([0, 2, 3, 7, 8].map(|sum| round(sum, 1)), [0, 0, 5, 5, 10]);
        assert_eq!([4, 5, 14, 15].map(|half_minutes| round(half_minutes, 2)), [0, 5, 5, 10]);
        let section = |amount| Section { done: people(0..8, amount), ..Section::default() };
        let shown = [2, 2, 1].map(|amount| shown_numbers(&section(amount), 1, 6));
        assert_eq!(shown[2], None);
        let shown: Vec<ShownNumbers> = shown.into_iter().flatten().collect();
        assert_eq!(add_up(&shown).unwrap().numbers(), [Some(30.0), Some(20.0)]);
        assert_eq!(add_up(&[]), None);
    }

    #[test]
    fn right_and_wrong_answers_must_both_be_safe() {
        let answers = |right: u32, wrong: u32, unjudged: u32| {
            let done = people(0..right + wrong + unjudged, 2);
            let section =
                Section { done, right: people(0..right, 2), wrong: people(right..right + wrong, 2) };
            shown_numbers(&section, 1, 6).unwrap().answers
        };
        assert_eq!(answers(6, 7, 0), Answers::Shown(10, 15));
        assert_eq!(answers(7, 5, 0), Answers::Withheld);
        assert_eq!(answers(6, 6, 1), Answers::Withheld, "one student's answers cannot be judged");
        assert_eq!(answers(0, 0, 8), Answers::None);
    }
}
