//! The ranges that are a click away: whole weeks, Monday to Sunday, up to the last that is over; and terms, with the
//! number that a week has in its term.

use domain::api::{Course, Courses, Section};
use domain::directory::Term;
use domain::ids::CourseId;
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
pub const DEFAULT_PRESET: Preset = Preset { weeks: 4 };

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
pub fn term_ranges(terms: &[Term], today: Day) -> Vec<(String, Range)> {
    let yesterday = minus_days(today, 1);
    let days = |term: &Term| Range::new(term.from, term.to.min(yesterday)).ok();
    let begun = terms.iter().rev().filter(|term| term.from <= yesterday);
    begun.filter_map(|term| Some((term.name.clone(), days(term)?))).take(TERMS).collect()
}

/// The sections of `course` that could have rows in `range`: those of its terms, and those of which no term is known.
/// Each with its term's name where several terms are meant, newest term first.
#[must_use]
pub fn list_sections<'a>(
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

/// Weeks of a term by their numbers: its first day is in week 1, whatever day of the week it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermWeeks<'a> {
    /// The term.
    pub term: &'a Term,
    /// The first of them.
    pub first: i64,
    /// The last.
    pub last: i64,
}

/// The weeks of a term in which `range` lies, where it lies within the weeks of one. Of several terms that of the
/// course, then the one that has most of the days, then the shortest: a term rather than its year.
#[must_use]
pub fn find_term_weeks<'a>(
    directory: &'a Courses,
    course: Option<&CourseId>,
    range: Range,
) -> Option<TermWeeks<'a>> {
    let week = |term: &Term, day: Day| (monday(day) - monday(term.from)).num_days() / 7 + 1;
    let is_within = |term: &&Term| monday(term.from) <= range.from() && monday(range.to()) <= monday(term.to);
    let chosen = course.and_then(|id| directory.courses.iter().find(|it| it.id == *id));
    let is_of_course = |term: &Term| {
        chosen.is_some_and(|it| it.sections.iter().any(|section| section.term.as_ref() == Some(&term.id)))
    };
    let days = |term: &Term| (range.to().min(term.to) - range.from().max(term.from)).num_days();
    let found = directory.terms.iter().filter(is_within).min_by_key(|term| {
        (!is_of_course(term), std::cmp::Reverse(days(term)), (term.to - term.from).num_days())
    })?;
    Some(TermWeeks { term: found, first: week(found, range.from()), last: week(found, range.to()) })
}

/// The days before `range`, as many.
#[must_use]
pub fn step_back(range: Range) -> Option<Range> {
    Range::new(minus_days(range.from(), range.days()), minus_days(range.from(), 1)).ok()
}

/// The days after `range`, as many; `None` unless all of them are over at `today`.
#[must_use]
pub fn step_forward(range: Range, today: Day) -> Option<Range> {
    Range::new(plus_days(range.to(), 1), plus_days(range.to(), range.days()))
        .ok()
        .filter(|it| it.to() < today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let offered = |today: &str| term_ranges(&terms(), today.parse().unwrap());
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
            let found = list_sections(&course, &terms, range).into_iter();
            found.map(|(section, term)| (section.id.clone(), term.map(str::to_owned))).collect()
        };
        assert_eq!(found("2026-02-02", "2026-02-08"), [("b".to_owned(), None)]);
        let two = found("2025-12-29", "2026-01-11");
        assert_eq!(two[0], ("b".to_owned(), Some("Spring 2026".to_owned())));
        assert_eq!(two[1], ("a".to_owned(), Some("Autumn 2025".to_owned())));
        assert_eq!(list_sections(&course, &[], None).len(), 3, "without terms all of them");
    }

    fn directory(terms: Vec<Term>) -> Courses {
        Courses { courses: Vec::new(), terms }
    }

    #[test]
    fn a_week_has_its_number_in_the_term_that_it_lies_in() {
        let directory = directory(terms());
        let weeks = |from, to| {
            let found = find_term_weeks(&directory, None, Range::parse(from, to).unwrap());
            found.map(|it| (it.term.name.as_str(), it.first, it.last))
        };
        assert_eq!(weeks("2026-01-05", "2026-01-11"), Some(("Spring 2026", 1, 1)));
        assert_eq!(weeks("2026-01-19", "2026-02-15"), Some(("Spring 2026", 3, 6)));
        assert_eq!(weeks("2026-01-22", "2026-01-22"), Some(("Spring 2026", 3, 3)), "a day has its week's");
        assert_eq!(weeks("2026-01-05", "2026-05-03"), Some(("Spring 2026", 1, 17)));
        assert_eq!(weeks("2025-12-29", "2026-01-11"), None, "two terms");
        assert_eq!(weeks("2025-04-01", "2025-04-30"), None, "before every term");
        assert_eq!(weeks("2026-08-31", "2026-09-06"), None, "after every term");
    }

    #[test]
    fn a_term_begins_with_the_week_of_its_first_day_and_ends_with_that_of_its_last() {
        let mut all = terms();
        for (id, from, to) in [("t5", "2026-09-02", "2026-12-15"), ("t6", "2026-12-16", "2027-02-04")] {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            all.push(Term { id: id.into(), name: id.into(), from, to });
        }
        let directory = directory(all);
        let weeks = |from, to| {
            let found = find_term_weeks(&directory, None, Range::parse(from, to).unwrap());
            found.map(|it| (it.term.name.as_str(), it.first, it.last))
        };
        assert_eq!(weeks("2026-08-31", "2026-09-06"), Some(("t5", 1, 1)), "from Wednesday on");
        assert_eq!(weeks("2026-12-07", "2026-12-13"), Some(("t5", 15, 15)));
        assert_eq!(
            weeks("2026-12-14", "2026-12-20"),
            Some(("t6", 1, 1)),
            "most of its days are the next term's"
        );
        assert_eq!(weeks("2027-02-01", "2027-02-07"), Some(("t6", 8, 8)), "to Thursday");
    }

    #[test]
    fn of_several_terms_that_of_the_course_counts_and_then_the_shortest() {
        let mut all = terms();
        let (from, to) = ("2025-09-01".parse().unwrap(), "2026-05-03".parse().unwrap());
        all.insert(1, Term { id: "y".into(), name: "Year 2025".into(), from, to });
        let section = |term: &str| Section { id: "s".into(), number: "1".into(), term: Some(term.into()) };
        let course = |id: &str, term| Course {
            id: id.into(),
            code: String::new(),
            name: String::new(),
            sections: vec![section(term)],
        };
        let directory = Courses { courses: vec![course("a", "y"), course("b", "t1")], terms: all };
        let week = |course| {
            let range = Range::parse("2026-01-19", "2026-01-25").unwrap();
            find_term_weeks(&directory, course, range).map(|it| (it.term.name.as_str(), it.first))
        };
        assert_eq!(week(None), Some(("Spring 2026", 3)));
        assert_eq!(week(Some("A")), Some(("Year 2025", 21)));
        assert_eq!(week(Some("b")), Some(("Spring 2026", 3)), "its own term is another");
    }

    proptest! {
        #[test]
        fn the_week_after_has_the_next_number(day in 0u64..600, term in 0usize..4) {
            let all = terms();
            let term = all[term].clone();
            let directory = directory(vec![term.clone()]);
            let day = plus_days("2025-05-05".parse().unwrap(), day);
            let week = |day| find_term_weeks(&directory, None, Range::from_day(day)).map(|it| (it.first, it.last));
            let is_within = |day: Day| monday(term.from) <= day && monday(day) <= monday(term.to);
            prop_assert_eq!(week(day).is_some(), is_within(day));
            if let (Some((first, last)), Some((next, _))) = (week(day), week(plus_days(day, 7))) {
                prop_assert!(first == last && next == first + 1 && first >= 1);
            }
        }
    }

    #[test]
    fn an_arrow_goes_by_the_ranges_own_length_and_not_into_days_that_are_not_over() {
        let range = Range::parse("2026-02-02", "2026-03-01").unwrap();
        let earlier = Range::parse("2026-01-05", "2026-02-01").unwrap();
        assert_eq!(step_back(range), Some(earlier));
        let today = |text: &str| text.parse().unwrap();
        assert_eq!(step_forward(earlier, today("2026-03-02")), Some(range));
        assert_eq!(step_forward(earlier, today("2026-03-01")), None);
        let year = Range::parse("2024-02-29", "2024-02-29").unwrap();
        assert_eq!(step_forward(step_back(year).unwrap(), today("2026-03-01")), Some(year));
    }
}
