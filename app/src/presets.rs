//! Preset ranges: the latest complete weeks, and terms. Also the number of a week in its term, breaks, and the ranges
//! that the arrows lead to.

use domain::api::{Course, Courses, Section};
use domain::calendar::{Breaks, WeekStart};
use domain::directory::Term;
use domain::ids::{CourseId, normalize_text};
use domain::range::Range;
use domain::time::{Day, minus_days, plus_days};
use domain::view::View;
use protocol::SectionTerm;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The number of terms offered: the current or latest one, and earlier ones.
const TERMS: usize = 3;

/// A preset range of complete weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The number of weeks.
    pub weeks: u64,
}

/// All presets.
pub const PRESETS: [Preset; 3] = [Preset { weeks: 1 }, Preset { weeks: 4 }, Preset { weeks: 12 }];

/// The preset of the first visit.
pub const DEFAULT_PRESET: Preset = Preset { weeks: 4 };

impl Preset {
    /// Its days, given today in the view's time zone and the first day of the week.
    #[must_use]
    pub fn range(self, today: Day, week_start: WeekStart) -> Option<Range> {
        let this_week = week_start.first_day(today);
        Range::new(minus_days(this_week, self.weeks * 7), minus_days(this_week, 1)).ok()
    }
}

/// The latest terms that have begun, newest first, as pairs of name and the days until yesterday.
#[must_use]
pub fn term_ranges(terms: &[Term], today: Day) -> Vec<(String, Range)> {
    let yesterday = minus_days(today, 1);
    let days = |term: &Term| Range::new(term.from, term.to.min(yesterday)).ok();
    let begun = terms.iter().rev().filter(|term| term.from <= yesterday);
    begun.filter_map(|term| Some((term.name.clone(), days(term)?))).take(TERMS).collect()
}

/// The sections of `course` that could have rows in `range`: those of overlapping terms, newest term first,
/// then those without a known term. Sections of several terms are paired with the names of their terms.
#[must_use]
pub fn list_sections<'a>(
    course: &'a Course,
    terms: &'a [Term],
    range: Option<Range>,
) -> Vec<(&'a Section, Option<&'a str>)> {
    let term_index =
        |section: &Section| terms.iter().position(|term| Some(&term.id) == section.term.as_ref());
    let overlaps = |index: usize| {
        let term = terms.get(index);
        term.zip(range).is_none_or(|(term, range)| term.from <= range.to() && range.from() <= term.to)
    };
    let mut sections: Vec<(&Section, Option<usize>)> = course
        .sections
        .iter()
        .map(|section| (section, term_index(section)))
        .filter(|(_, index)| index.is_none_or(overlaps))
        .collect();
    sections.sort_by_key(|(_, index)| std::cmp::Reverse(*index));
    let first = sections.first().and_then(|(_, index)| *index);
    let is_one_term = sections.iter().all(|(_, index)| *index == first);
    let name = |index: Option<usize>| Some(terms.get(index?)?.name.as_str()).filter(|_| !is_one_term);
    sections.into_iter().map(|(section, index)| (section, name(index))).collect()
}

/// The term of a section, if its number does not tell it apart from all other sections of its course that could have rows
/// in `range`: every term may have a section 001.
#[must_use]
pub fn distinguishing_term<'a>(
    directory: &'a Courses,
    course: &Course,
    section: &Section,
    range: Option<Range>,
) -> Option<&'a Term> {
    let number = normalize_text(&section.number);
    let listed = list_sections(course, &directory.terms, range).into_iter();
    let is_same = |other: &Section| other.id != section.id && normalize_text(&other.number) == number;
    directory.term_of(section).filter(|_| listed.map(|(other, _)| other).any(is_same))
}

/// The [`distinguishing_term`] of each section of the chosen course, or of all courses, that has one.
#[must_use]
pub fn list_section_terms(directory: &Courses, view: &View) -> Vec<SectionTerm> {
    let is_chosen = |course: &&Course| view.course.as_ref().is_none_or(|chosen| *chosen == course.id);
    let terms_of = |course: &Course| {
        let sections = list_sections(course, &directory.terms, view.range);
        let mut counts: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
        for (section, _) in &sections {
            *counts.entry(normalize_text(&section.number)).or_default() += 1;
        }
        let is_repeated =
            |section: &Section| counts.get(&normalize_text(&section.number)).is_some_and(|count| *count > 1);
        let term_of = |(section, _): &(&Section, Option<&str>)| {
            let term = directory.term_of(section).filter(|_| is_repeated(section))?;
            Some(SectionTerm { section: section.id.clone(), term: term.name.clone() })
        };
        sections.iter().filter_map(term_of).collect::<Vec<_>>()
    };
    directory.courses.iter().filter(is_chosen).flat_map(terms_of).collect()
}

/// Consecutive weeks by their numbers in a term. Week 1 is the Monday week that contains the term's first
/// day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermWeeks<'a> {
    /// The term.
    pub term: &'a Term,
    /// The number of the first week.
    pub first: i64,
    /// The number of the last week.
    pub last: i64,
}

/// The weeks of a term that contain `range`; `None` if no term contains all of it. Of several terms, prefers
/// one of the course, then the one with most days of the range, then the shortest: a term rather than its
/// academic year. A week that starts on Sunday has the number of its Monday.
#[must_use]
pub fn find_term_weeks<'a>(
    directory: &'a Courses,
    course: Option<&CourseId>,
    range: Range,
    week_start: WeekStart,
) -> Option<TermWeeks<'a>> {
    let monday = |day: Day| week_start.monday(day);
    let week = |term: &Term, day: Day| (monday(day) - monday(term.from)).num_days() / 7 + 1;
    let is_within =
        |term: &&Term| monday(term.from) <= monday(range.from()) && monday(range.to()) <= monday(term.to);
    let course = course.and_then(|id| directory.courses.iter().find(|it| it.id == *id));
    let is_of_course = |term: &Term| {
        course.is_some_and(|it| it.sections.iter().any(|section| section.term.as_ref() == Some(&term.id)))
    };
    let days = |term: &Term| (range.to().min(term.to) - range.from().max(term.from)).num_days();
    let found = directory.terms.iter().filter(is_within).min_by_key(|term| {
        (!is_of_course(term), std::cmp::Reverse(days(term)), (term.to - term.from).num_days())
    })?;
    Some(TermWeeks { term: found, first: week(found, range.from()), last: week(found, range.to()) })
}

/// How many days before a range its comparison and its quiet students may need, in addition to as many as it has: a year,
/// since a break is shorter.
const DAYS_BEFORE: u64 = 365;

/// The breaks that matter to `range` and the days before it: those of the terms of the chosen sections or of the chosen
/// course, if they are known, otherwise those of all terms.
#[must_use]
pub fn find_breaks(directory: &Courses, view: &View, range: Range) -> Breaks {
    let course = directory.courses.iter().find(|course| view.course.as_ref() == Some(&course.id));
    let sections = || course.into_iter().flat_map(|course| &course.sections);
    let is_chosen = |section: &&Section| view.sections.is_empty() || view.sections.contains(&section.id);
    let own: Vec<&Term> =
        sections().filter(is_chosen).filter_map(|section| directory.term_of(section)).collect();
    let terms: Vec<&Term> = if own.is_empty() { directory.terms.iter().collect() } else { own };
    let first = minus_days(range.from(), range.days() + DAYS_BEFORE);
    Breaks::new(terms.into_iter().flat_map(|term| term.breaks.between(first, range.to())))
}

/// The days before `range`, of the same length.
#[must_use]
pub fn step_back(range: Range) -> Option<Range> {
    Range::new(minus_days(range.from(), range.days()), minus_days(range.from(), 1)).ok()
}

/// The days after `range`, of the same length; `None` unless all of them are before `today`.
#[must_use]
pub fn step_forward(range: Range, today: Day) -> Option<Range> {
    Range::new(plus_days(range.to(), 1), plus_days(range.to(), range.days()))
        .ok()
        .filter(|it| it.to() < today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::monday;
    use proptest::prelude::*;

    #[test]
    fn a_preset_has_complete_weeks_only() {
        let days =
            |today: &str| Preset { weeks: 4 }.range(today.parse().unwrap(), WeekStart::Monday).unwrap();
        assert_eq!(days("2026-03-05"), Range::parse("2026-02-02", "2026-03-01").unwrap());
        assert_eq!(days("2026-03-02"), Range::parse("2026-02-02", "2026-03-01").unwrap());
        assert_eq!(days("2026-03-01"), Range::parse("2026-01-26", "2026-02-22").unwrap());
    }

    #[test]
    fn weeks_of_presets_start_on_the_day_that_is_set() {
        let days =
            |today: &str| Preset { weeks: 1 }.range(today.parse().unwrap(), WeekStart::Sunday).unwrap();
        assert_eq!(days("2026-03-05"), Range::parse("2026-02-22", "2026-02-28").unwrap());
        assert_eq!(days("2026-03-01"), Range::parse("2026-02-22", "2026-02-28").unwrap());
        assert_eq!(days("2026-02-28"), Range::parse("2026-02-15", "2026-02-21").unwrap());
    }

    #[test]
    fn the_breaks_of_a_view_are_those_of_its_terms() {
        let mut terms = terms();
        let breaks = |from: &str, to: &str| Breaks::new(Range::parse(from, to));
        terms[1].breaks = breaks("2025-10-13", "2025-10-17");
        terms[2].breaks = breaks("2026-02-16", "2026-02-20");
        let section =
            |id: &str, term: &str| Section { id: id.into(), number: "1".into(), term: Some(term.into()) };
        let course =
            |id: &str, sections| Course { id: id.into(), code: id.into(), name: String::new(), sections };
        let courses = vec![
            course("c", vec![section("a", "t2"), section("b", "t3")]),
            course("d", vec![section("s", "t4")]),
            course("e", Vec::new()),
        ];
        let directory = Courses { courses, terms };
        let range = Range::parse("2026-02-09", "2026-03-01").unwrap();
        let find = |course: Option<&str>, section: Option<&str>| {
            let view = View {
                course: course.map(Into::into),
                sections: section.map(Into::into).into_iter().collect(),
                ..View::default()
            };
            find_breaks(&directory, &view, range)
                .iter()
                .map(|it| format!("{} – {}", it.from(), it.to()))
                .collect::<Vec<_>>()
        };
        let both = ["2025-10-13 – 2025-10-19", "2026-02-16 – 2026-02-22"];
        assert_eq!(find(None, None), both);
        assert_eq!(find(Some("c"), None), both);
        assert_eq!(find(Some("c"), Some("b")), both[1..]);
        assert_eq!(find(Some("d"), None), [""; 0], "its term has no break");
        assert_eq!(find(Some("e"), None), both, "the terms of a course without sections are unknown");
        let later = Range::parse("2027-09-01", "2027-09-07").unwrap();
        assert!(find_breaks(&directory, &View::default(), later).is_empty());
    }

    fn terms() -> Vec<Term> {
        let term = |id: &str, name: &str, from: &str, to: &str| Term {
            id: id.into(),
            name: name.into(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            breaks: Breaks::default(),
        };
        vec![
            term("t1", "Summer 2025", "2025-05-05", "2025-08-31"),
            term("t2", "Autumn 2025", "2025-09-01", "2026-01-04"),
            term("t3", "Spring 2026", "2026-01-05", "2026-05-03"),
            term("t4", "Summer 2026", "2026-05-04", "2026-08-30"),
        ]
    }

    #[test]
    fn terms_are_offered_once_they_begin_and_end_yesterday_at_the_latest() {
        let offered = |today: &str| term_ranges(&terms(), today.parse().unwrap());
        let days = |from, to| Range::parse(from, to).unwrap();
        let march = offered("2026-03-05");
        assert_eq!(march[0], ("Spring 2026".to_owned(), days("2026-01-05", "2026-03-04")));
        assert_eq!(march[1], ("Autumn 2025".to_owned(), days("2025-09-01", "2026-01-04")));
        assert_eq!(march.len(), 3);
        assert_eq!(offered("2026-05-04")[0].0, "Spring 2026", "no day of the next term is over");
        assert_eq!(offered("2026-05-05")[0].1, days("2026-05-04", "2026-05-04"));
    }

    #[test]
    fn sections_of_overlapping_terms_are_listed_with_terms_where_there_are_several() {
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
            found.map(|(section, term)| (section.id.to_string(), term.map(str::to_owned))).collect()
        };
        assert_eq!(found("2026-02-02", "2026-02-08"), [("b".to_owned(), None)]);
        let two = found("2025-12-29", "2026-01-11");
        assert_eq!(two[0], ("b".to_owned(), Some("Spring 2026".to_owned())));
        assert_eq!(two[1], ("a".to_owned(), Some("Autumn 2025".to_owned())));
        assert_eq!(list_sections(&course, &[], None).len(), 3, "all sections without known terms");
    }

    #[test]
    fn a_number_of_several_terms_is_told_apart_by_its_term_where_both_can_be_listed() {
        let section = |id: &str, number: &str, term: &str| Section {
            id: id.into(),
            number: number.into(),
            term: Some(term.into()),
        };
        let sections = vec![section("a", "001", "t2"), section("b", "001", "t3"), section("c", "002", "t3")];
        let course = Course { id: "c".into(), code: String::new(), name: String::new(), sections };
        let directory = Courses { courses: vec![course], terms: terms() };
        let listed = |range: Option<Range>| {
            let terms = list_section_terms(&directory, &View { range, ..View::default() });
            terms.into_iter().map(|it| (it.section.to_string(), it.term)).collect::<Vec<_>>()
        };
        let both = [("b", "Spring 2026"), ("a", "Autumn 2025")];
        let both = both.map(|(section, term)| (section.to_owned(), term.to_owned()));
        assert_eq!(listed(Range::parse("2025-12-29", "2026-01-11").ok()), both);
        assert_eq!(listed(None), both, "a report without days has all terms");
        assert_eq!(listed(Range::parse("2026-02-02", "2026-02-08").ok()), []);
    }

    fn directory(terms: Vec<Term>) -> Courses {
        Courses { courses: Vec::new(), terms }
    }

    #[test]
    fn a_week_is_numbered_in_its_term() {
        let directory = directory(terms());
        let weeks = |from, to| {
            let found = find_term_weeks(&directory, None, Range::parse(from, to).unwrap(), WeekStart::Monday);
            found.map(|it| (it.term.name.as_str(), it.first, it.last))
        };
        assert_eq!(weeks("2026-01-05", "2026-01-11"), Some(("Spring 2026", 1, 1)));
        assert_eq!(weeks("2026-01-19", "2026-02-15"), Some(("Spring 2026", 3, 6)));
        assert_eq!(
            weeks("2026-01-22", "2026-01-22"),
            Some(("Spring 2026", 3, 3)),
            "a day has the number of its week"
        );
        assert_eq!(weeks("2026-01-05", "2026-05-03"), Some(("Spring 2026", 1, 17)));
        assert_eq!(weeks("2025-12-29", "2026-01-11"), None, "two terms");
        assert_eq!(weeks("2025-04-01", "2025-04-30"), None, "before every term");
        assert_eq!(weeks("2026-08-31", "2026-09-06"), None, "after every term");
    }

    #[test]
    fn a_term_includes_the_whole_weeks_of_its_first_and_last_day() {
        let mut all = terms();
        for (id, from, to) in [("t5", "2026-09-02", "2026-12-15"), ("t6", "2026-12-16", "2027-02-04")] {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            all.push(Term { id: id.into(), name: id.into(), from, to, breaks: Breaks::default() });
        }
        let directory = directory(all);
        let weeks = |from, to| {
            let found = find_term_weeks(&directory, None, Range::parse(from, to).unwrap(), WeekStart::Monday);
            found.map(|it| (it.term.name.as_str(), it.first, it.last))
        };
        assert_eq!(weeks("2026-08-31", "2026-09-06"), Some(("t5", 1, 1)), "the term begins on Wednesday");
        assert_eq!(weeks("2026-12-07", "2026-12-13"), Some(("t5", 15, 15)));
        assert_eq!(
            weeks("2026-12-14", "2026-12-20"),
            Some(("t6", 1, 1)),
            "most of its days are in the next term"
        );
        assert_eq!(weeks("2027-02-01", "2027-02-07"), Some(("t6", 8, 8)), "the term ends on Thursday");
    }

    #[test]
    fn a_term_of_the_course_is_preferred_then_the_shortest() {
        let mut all = terms();
        let (from, to) = ("2025-09-01".parse().unwrap(), "2026-05-03".parse().unwrap());
        all.insert(1, Term { id: "y".into(), name: "Year 2025".into(), from, to, breaks: Breaks::default() });
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
            find_term_weeks(&directory, course, range, WeekStart::Monday)
                .map(|it| (it.term.name.as_str(), it.first))
        };
        let [upper, lower] = ["A", "b"].map(CourseId::from);
        assert_eq!(week(None), Some(("Spring 2026", 3)));
        assert_eq!(week(Some(&upper)), Some(("Year 2025", 21)));
        assert_eq!(week(Some(&lower)), Some(("Spring 2026", 3)), "the term of this course is another");
    }

    proptest! {
        #[test]
        fn consecutive_weeks_have_consecutive_numbers(day in 0u64..600, term in 0usize..4) {
            let all = terms();
            let term = all[term].clone();
            let directory = directory(vec![term.clone()]);
            let day = plus_days("2025-05-05".parse().unwrap(), day);
            let week = |day| find_term_weeks(&directory, None, Range::from_day(day), WeekStart::Monday).map(|it| (it.first, it.last));
            let is_within = |day: Day| monday(term.from) <= day && monday(day) <= monday(term.to);
            prop_assert_eq!(week(day).is_some(), is_within(day));
            if let (Some((first, last)), Some((next, _))) = (week(day), week(plus_days(day, 7))) {
                prop_assert!(first == last && next == first + 1 && first >= 1);
            }
        }
    }

    #[test]
    fn arrows_move_by_the_length_of_the_range_and_stop_at_today() {
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
