use super::*;
use crate::course_week::SectionViews;
use domain::time::DAY;
use proptest::prelude::*;

const BOUNDS: RangeInclusive<u32> = 10..=30;

fn report(name: &str) -> ReportName {
    ReportName::parse(name).unwrap()
}

fn amounts(people: std::ops::Range<u32>, each: u64) -> Amounts {
    people.map(|who| (format!("u{who}"), each)).collect()
}

fn publish(name: &str, sections: &[(&str, SectionAmounts)]) -> PublishedNumbers {
    let sections = sections.iter().map(|(name, amounts)| ((*name).to_owned(), amounts.clone()));
    publish_week(&report(name), &sections.collect(), &BOUNDS)
}

fn done(done: Amounts) -> SectionAmounts {
    SectionAmounts { done, ..SectionAmounts::default() }
}

#[test]
fn amounts_are_in_the_unit_of_the_report_and_rounded() {
    let section = [("s", done(amounts(0..12, 3)))];
    let visible =
        |name: &str, smallest| Some(publish(name, &section).visible_section("s", smallest)?.numbers);
    assert_eq!(visible("videoview", 12), Some(vec![Some(20.0), Some(10.0)]), "18 minutes of 12 students");
    assert_eq!(visible("notes", 12), Some(vec![Some(35.0), Some(10.0)]), "36 notes");
    assert_eq!(visible("notes", 13), None);
}

#[test]
fn a_total_is_the_sum_of_what_is_shown_of_sections_and_of_rows_without_one() {
    let published = publish(
        "notes",
        &[
            ("a", done(amounts(0..12, 3))),
            ("b", done(amounts(0..21, 3))),
            ("c", done(amounts(50..51, 7))),
            ("", done(amounts(60..74, 3))),
        ],
    );
    let total = |smallest| {
        let total = published.visible_total(smallest)?;
        Some((total.numbers, total.parts.into_iter().collect::<Vec<_>>()))
    };
    assert_eq!(
        total(10),
        Some((vec![Some(35.0 + 65.0 + 40.0), Some(10.0 + 20.0 + 15.0)], vec!["", "a", "b"]))
    );
    assert_eq!(total(13), Some((vec![Some(65.0 + 40.0), Some(20.0 + 15.0)], vec!["", "b"])));
    assert_eq!(total(21), Some((vec![Some(65.0), Some(20.0)], vec!["b"])));
    assert_eq!(total(22), None);
    // A course with small sections only publishes nothing, however many students they have together.
    let small: Vec<(&str, SectionAmounts)> = ["a", "b", "c"]
        .into_iter()
        .zip([0, 10, 20])
        .map(|(name, first)| (name, done(amounts(first..first + 9, 5))))
        .collect();
    assert_eq!(publish("notes", &small).sections.len(), 0);
}

#[test]
fn right_answers_are_a_percentage_or_suppressed_or_absent_without_a_solution() {
    let section = |right: u32, wrong: u32, unjudged: u32| SectionAmounts {
        done: amounts(0..right + wrong + unjudged, 2),
        right: amounts(0..right, 2),
        wrong: amounts(right..right + wrong, 2),
    };
    let total =
        |sections: &[(&str, SectionAmounts)]| publish("polling", sections).visible_total(10).unwrap().numbers;
    let one = |right, wrong, unjudged| total(&[("s", section(right, wrong, unjudged))]);
    assert_eq!(one(10, 20, 0), [Some(60.0), Some(30.0), Some(33.0)]);
    assert_eq!(one(29, 1, 0), [Some(60.0), Some(30.0), None], "one student was wrong");
    assert_eq!(one(0, 0, 30), [Some(60.0), Some(30.0)], "no poll has a solution");
    // The percentage of a course is over all of its sections that have solutions, or withheld.
    let two = |other| total(&[("s", section(10, 20, 0)), ("t", other)]);
    assert_eq!(two(section(0, 0, 20)), [Some(100.0), Some(50.0), Some(33.0)]);
    assert_eq!(two(section(20, 10, 0)), [Some(120.0), Some(60.0), Some(50.0)]);
    assert_eq!(two(section(29, 1, 0)), [Some(120.0), Some(60.0), None]);
    assert_eq!(two(section(4, 4, 0)), [Some(60.0), Some(30.0), Some(33.0)], "the other section is withheld");
}

#[test]
fn numbers_of_an_older_rule_are_not_shown() {
    let text = r#"{"sections":{"s":[{"value":12.5,"most":30},{"value":11.0,"most":30}]},"total":[{"value":40.0,"most":30}]}"#;
    let older: PublishedNumbers = serde_json::from_str(text).unwrap();
    assert_eq!((older.visible_section("s", 10), older.visible_total(10)), (None, None));
    // They are counted anew, but not beside a total that would then reveal a section that was withheld.
    let again = || publish("notes", &[("s", done(amounts(0..20, 3))), ("t", done(amounts(0..20, 3)))]);
    let limited = again().limit_to_older(&older);
    assert_eq!(limited.visible_total(10).unwrap().parts, BTreeSet::from(["s"]));
    let without_total = PublishedNumbers { older_total: Vec::new(), ..older };
    assert_eq!(again().limit_to_older(&without_total), again());
}

/// A library with these views of each section.
fn views(sections: &[u64]) -> ViewCounts {
    let section = |(index, views): (usize, &u64)| {
        (index.to_string(), SectionViews { views: *views, videos: 3, ..SectionViews::default() })
    };
    ViewCounts { sections: sections.iter().enumerate().map(section).collect(), ..ViewCounts::default() }
}

/// The start of a week.
fn week(number: usize) -> Timestamp {
    Timestamp(7 * DAY * i64::try_from(number).unwrap())
}

/// As many different students as given, of each week and section.
fn viewers(weeks: &[&[u32]]) -> VideoViewers {
    let mut viewers = VideoViewers::default();
    for (number, sections) in weeks.iter().enumerate() {
        for (section, students) in sections.iter().enumerate() {
            viewers.add(&section.to_string(), week(number), (0..*students).map(|who| format!("u{who}")));
        }
    }
    viewers
}

#[test]
fn views_are_shown_of_sections_in_which_enough_students_watched() {
    let shown = |sums: &[u64], watched: &[&[u32]]| {
        let library = publish_library(&views(sums), week(watched.len()), &viewers(watched), &[], &BOUNDS);
        library
            .shown
            .sections
            .into_iter()
            .map(|(name, numbers)| (name, numbers[1].unwrap()))
            .collect::<Vec<_>>()
    };
    let number = |value, max_smallest| PublishedNumber { value, max_smallest };
    assert_eq!(shown(&[200], &[]), [], "ten views may be one student's");
    assert_eq!(shown(&[200, 201], &[&[9, 12]]), [("1".to_owned(), number(200.0, 12))]);
    // The same students in two weeks are no more students.
    assert_eq!(shown(&[200], &[&[9], &[9]]), []);
    assert_eq!(
        shown(&[33, 32], &[&[11, 11]]),
        [("0".to_owned(), number(35.0, 11)), ("1".to_owned(), number(30.0, 10))]
    );
    assert_eq!(shown(&[20], &[&[11]]), [], "hardly more than one view for each");
    // 25 students have 30 views. Nothing is shown either if a week is missing that half of them watched in.
    assert_eq!(shown(&[30], &[&[25]]), []);
    assert_eq!(shown(&[30], &[&[13]]), []);
}

#[test]
fn a_later_snapshot_is_shown_if_enough_students_watched_in_between() {
    let publish = |sums: &[u64], watched: &[&[u32]], before: &[PublishedLibrary]| {
        publish_library(&views(sums), week(watched.len()), &viewers(watched), before, &BOUNDS)
    };
    let first = publish(&[60, 70, 80], &[&[12, 12, 2]], &[]);
    assert_eq!(first.views, BTreeMap::from([("0".to_owned(), 60), ("1".to_owned(), 70)]));
    let next = |sums: &[u64], between: &[u32]| {
        let library = publish(sums, &[&[12, 12, 2], between], std::slice::from_ref(&first));
        library.shown.sections.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(next(&[100, 110, 80], &[12, 12, 2]), ["0", "1"]);
    assert_eq!(next(&[100, 110, 80], &[12, 9, 2]), ["0"], "nine students watched in between");
    assert_eq!(next(&[100, 100, 80], &[12, 12, 2]), ["0"], "30 views of twelve students");
    assert_eq!(
        next(&[60, 70, 80], &[12, 0, 2]),
        ["0"],
        "that nothing changed is told of enough students only"
    );
    assert_eq!(next(&[100, 69, 80], &[12, 12, 2]), ["0"], "a video was removed");
    // What was never shown is not compared.
    assert_eq!(next(&[60, 70, 80], &[0, 0, 12]), ["2"]);
}

#[test]
fn sections_that_have_a_video_in_common_are_withheld() {
    let publish = |repeated: &[&str]| {
        let mut views = views(&[60, 72, 80]);
        for section in repeated {
            views.sections.get_mut(*section).unwrap().is_repeated = true;
        }
        publish_library(&views, week(1), &viewers(&[&[12, 12, 12]]), &[], &BOUNDS).shown
    };
    let total = |repeated: &[&str]| publish(repeated).visible_total(10).map(|total| total.numbers);
    assert_eq!(total(&[]), Some(vec![Some(9.0), Some(210.0)]));
    // Whoever subtracts one of them from the other gets the views of a video that is in only one.
    let shared = publish(&["0", "1"]);
    assert_eq!(["0", "1", "2"].map(|name| shared.visible_section(name, 10).is_some()), [false, false, true]);
    assert_eq!((shared.is_repeated, total(&["0", "1"])), (true, Some(vec![Some(3.0), Some(80.0)])));
    assert_eq!(total(&["0", "1", "2"]), None);
}

proptest! {
    #[test]
    fn snapshots_differ_by_the_views_of_enough_students(
        weeks in prop::collection::vec(prop::collection::vec((0u64..60, 0usize..20, 0usize..30), 3), 1..6),
        smallest in 5u32..12,
    ) {
        let mut sums = [0; 3];
        let (mut watched, mut viewers) = (Vec::new(), VideoViewers::default());
        let mut published: Vec<PublishedLibrary> = Vec::new();
        for (number, sections) in weeks.iter().enumerate() {
            let students = |first: usize, count: usize| (first..first + count).map(|who| format!("u{who}"));
            for (section, (viewed, first, count)) in sections.iter().enumerate() {
                sums[section] += viewed;
                viewers.add(&section.to_string(), week(number), students(*first, *count));
            }
            watched.push(sections.clone());
            let next = publish_library(&views(&sums), week(number + 1), &viewers, &published, &(smallest..=30));
            published.push(next);
        }
        // The students of a section in the weeks between two snapshots.
        let between = |section: usize, weeks: std::ops::Range<usize>| -> BTreeSet<usize> {
            watched[weeks].iter().flat_map(|sections| sections[section].1..sections[section].1 + sections[section].2).collect()
        };
        for threshold in smallest..=30 {
            for section in 0..3 {
                let shown = |library: &PublishedLibrary| library.shown.visible_section(&section.to_string(), threshold).is_some();
                for later in (0..published.len()).filter(|at| shown(&published[*at])) {
                    prop_assert!(between(section, 0..later + 1).len() >= threshold as usize);
                    for earlier in (0..later).filter(|at| shown(&published[*at])) {
                        let students = between(section, earlier + 1..later + 1).len();
                        let changed = weeks[earlier + 1..=later].iter().map(|sections| sections[section].0).sum::<u64>();
                        prop_assert!(students >= threshold as usize);
                        prop_assert!(changed == 0 || changed >= students as u64 + u64::from(threshold));
                    }
                }
            }
        }
    }
}
