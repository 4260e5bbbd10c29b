//! The ranges that are a click away: whole weeks, Monday to Sunday, up to the last that is over; and terms.

use domain::api::{Course, Section};
use domain::directory::Term;
use domain::range::Range;
use domain::time::{Day, minus_days, monday, plus_days};

/// Terms that are offered: this one or the last, and those before it that somebody may compare it with.
const TERMS: usize = 3;

/// A range by how many weeks it goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its number of weeks.
    pub weeks: u64,
}

/// Those that are offered.
pub const PRESETS: [Preset; 3] = [Preset { weeks: 1 }, Preset { weeks: 4 }, Preset { weeks: 12 }];

/// What a first visit is offered.
pub const FIRST: Preset = Preset { weeks: 4 };

impl Preset {
    /// Its days, as of `today` in the view's zone.
    #[must_use]
    pub fn range(self, today: Day) -> Option<Range> {
        let this = monday(today);
        Range::new(minus_days(this, self.weeks * 7), minus_days(this, 1)).ok()
    }
}

/// The terms that have begun, newest first, each with its days as far as they are over.
#[must_use]
pub fn of_terms(terms: &[Term], today: Day) -> Vec<(String, Range)> {
    let yesterday = minus_days(today, 1);
    let days = |term: &Term| Range::new(term.from, term.to.min(yesterday)).ok();
    let begun = terms.iter().rev().filter(|term| term.from <= yesterday);
    begun.filter_map(|term| Some((term.name.clone(), days(term)?))).take(TERMS).collect()
}

/// The sections of `course` that could have rows in `range`: those of its terms, and those of which no term is known.
/// Each with its term's name where several terms are meant, newest term first.
#[must_use]
pub fn sections_in<'a>(
    course: &'a Course,
    terms: &'a [Term],
    range: Option<Range>,
) -> Vec<(&'a Section, Option<&'a str>)> {
    let of = |section: &Section| terms.iter().position(|term| Some(&term.id) == section.term.as_ref());
    let is_meant = |place: usize| {
        let term = terms.get(place);
        term.zip(range).is_none_or(|(term, range)| term.from <= range.to() && range.from() <= term.to)
    };
    let mut sections: Vec<(&Section, Option<usize>)> = course
        .sections
        .iter()
        .map(|section| (section, of(section)))
        .filter(|(_, place)| place.is_none_or(is_meant))
        .collect();
    sections.sort_by_key(|(_, place)| std::cmp::Reverse(*place));
    let first = sections.first().and_then(|(_, place)| *place);
    let is_one = sections.iter().all(|(_, place)| *place == first);
    let name = |place: Option<usize>| Some(terms.get(place?)?.name.as_str()).filter(|_| !is_one);
    sections.into_iter().map(|(section, place)| (section, name(place))).collect()
}

/// The days before `range`, as many.
#[must_use]
pub fn before(range: Range) -> Option<Range> {
    Range::new(minus_days(range.from(), range.days()), minus_days(range.from(), 1)).ok()
}

/// The days after `range`, as many; `None` unless all of them are over at `today`.
#[must_use]
pub fn after(range: Range, today: Day) -> Option<Range> {
    Range::new(plus_days(range.to(), 1), plus_days(range.to(), range.days()))
        .ok()
        .filter(|it| it.to() < today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_whole_weeks_that_are_over() {
        let days = |today: &str| Preset { weeks: 4 }.range(today.parse().unwrap()).unwrap();
        assert_eq!(days("2026-03-05"), Range::parse("2026-02-02", "2026-03-01").unwrap());
        assert_eq!(days("2026-03-02"), Range::parse("2026-02-02", "2026-03-01").unwrap());
        assert_eq!(days("2026-03-01"), Range::parse("2026-01-26", "2026-02-22").unwrap());
    }

    fn terms() -> Vec<Term> {
        let term = |id: &str, name: &str, from: &str, to: &str| Term {
            id: id.into(),
            name: name.into(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        };
        vec![
            term("t1", "Summer 2025", "2025-05-05", "2025-08-31"),
            term("t2", "Autumn 2025", "2025-09-01", "2026-01-04"),
            term("t3", "Spring 2026", "2026-01-05", "2026-05-03"),
            term("t4", "Summer 2026", "2026-05-04", "2026-08-30"),
        ]
    }

    #[test]
    fn terms_are_offered_as_far_as_they_are_over_and_not_before_they_begin() {
        let offered = |today: &str| of_terms(&terms(), today.parse().unwrap());
        let days = |from, to| Range::parse(from, to).unwrap();
        let march = offered("2026-03-05");
        assert_eq!(march[0], ("Spring 2026".to_owned(), days("2026-01-05", "2026-03-04")));
        assert_eq!(march[1], ("Autumn 2025".to_owned(), days("2025-09-01", "2026-01-04")));
        assert_eq!(march.len(), 3);
        assert_eq!(offered("2026-05-04")[0].0, "Spring 2026", "no day of the next one is over");
        assert_eq!(offered("2026-05-05")[0].1, days("2026-05-04", "2026-05-04"));
    }

    #[test]
    fn sections_are_those_of_the_terms_in_the_days_and_name_their_term_where_there_are_several() {
        let section = |id: &str, term: Option<&str>| Section {
            id: id.into(),
            number: "1".into(),
            term: term.map(str::to_owned),
        };
        let course = Course {
            id: "c".into(),
            code: "BIO-101".into(),
            name: "Cells".into(),
            sections: vec![section("a", Some("t2")), section("b", Some("t3")), section("c", Some("t4"))],
        };
        let found = |from, to| -> Vec<(String, Option<String>)> {
            let range = Range::parse(from, to).ok();
            let terms = terms();
            let found = sections_in(&course, &terms, range).into_iter();
            found.map(|(section, term)| (section.id.clone(), term.map(str::to_owned))).collect()
        };
        assert_eq!(found("2026-02-02", "2026-02-08"), [("b".to_owned(), None)]);
        let two = found("2025-12-29", "2026-01-11");
        assert_eq!(two[0], ("b".to_owned(), Some("Spring 2026".to_owned())));
        assert_eq!(two[1], ("a".to_owned(), Some("Autumn 2025".to_owned())));
        assert_eq!(sections_in(&course, &[], None).len(), 3, "without terms all of them");
    }

    #[test]
    fn an_arrow_goes_by_the_ranges_own_length_and_not_into_days_that_are_not_over() {
        let range = Range::parse("2026-02-02", "2026-03-01").unwrap();
        let earlier = Range::parse("2026-01-05", "2026-02-01").unwrap();
        assert_eq!(before(range), Some(earlier));
        let today = |text: &str| text.parse().unwrap();
        assert_eq!(after(earlier, today("2026-03-02")), Some(range));
        assert_eq!(after(earlier, today("2026-03-01")), None);
        let year = Range::parse("2024-02-29", "2024-02-29").unwrap();
        assert_eq!(after(before(year).unwrap(), today("2026-03-01")), Some(year));
    }
}
