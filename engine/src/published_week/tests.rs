use super::*;
use crate::course_week::SectionViews;
use crate::disclosure_control::Amounts;
use proptest::prelude::*;

fn report(name: &str) -> ReportName {
    ReportName::parse(name).unwrap()
}

fn amounts(people: std::ops::Range<u32>, each: u64) -> Amounts {
    people.map(|who| (format!("u{who}"), each)).collect()
}

fn values(numbers: &[Option<PublishedNumber>]) -> Vec<Option<f64>> {
    numbers.iter().map(|number| number.map(|number| number.value)).collect()
}

#[test]
fn amounts_are_in_the_unit_of_the_report() {
    let section = SectionAmounts { done: amounts(0..12, 3), ..SectionAmounts::default() };
    let publish = |name: &str| {
        publish_week(&report(name), AmountsBySection::from([("s".to_owned(), section.clone())]), [], 10..=30)
    };
    let minutes = publish("videoview");
    assert_eq!(values(&minutes.sections["s"]), [Some(18.0), Some(12.0)], "rows of half a minute are minutes");
    assert_eq!(values(&publish("notes").total), [Some(36.0), Some(12.0)]);
    assert!(publish("notes").total.iter().flatten().all(|number| number.max_smallest == 12));
}

#[test]
fn a_section_without_activity_suppresses_the_total() {
    let sections = || {
        AmountsBySection::from([(
            "s".to_owned(),
            SectionAmounts { done: amounts(0..20, 1), ..SectionAmounts::default() },
        )])
    };
    assert!(!publish_week(&report("notes"), sections(), ["s".to_owned()], 10..=30).total.is_empty());
    let shown = publish_week(&report("notes"), sections(), ["s".to_owned(), "idle".to_owned()], 10..=30);
    assert_eq!((shown.total.len(), shown.sections.len()), (0, 1));
}

#[test]
fn right_answers_are_a_percentage_or_suppressed_or_absent_without_a_solution() {
    let total = |right: u32, wrong: u32, unjudged: u32| {
        let section = SectionAmounts {
            done: amounts(0..right + wrong + unjudged, 1),
            right: amounts(0..right, 1),
            wrong: amounts(right..right + wrong, 1),
        };
        values(
            &publish_week(
                &report("polling"),
                AmountsBySection::from([("s".to_owned(), section)]),
                [],
                10..=30,
            )
            .total,
        )
    };
    assert_eq!(total(10, 20, 0), [Some(30.0), Some(30.0), Some(33.0)]);
    assert_eq!(total(29, 1, 0), [Some(30.0), Some(30.0), None], "one answer was wrong");
    assert_eq!(total(0, 0, 30), [Some(30.0), Some(30.0)], "no poll has a solution");
}

/// A library with these views of each section.
fn views(sections: &[u64]) -> ViewCounts {
    let section =
        |(index, views): (usize, &u64)| (index.to_string(), SectionViews { views: *views, videos: 3 });
    ViewCounts {
        sections: sections.iter().enumerate().map(section).collect(),
        videos: 5,
        ..ViewCounts::default()
    }
}

/// The numbers that are shown under this `LECTERN_SMALLEST`, by section; the total is under the empty text.
fn shown_under(library: &PublishedLibrary, smallest: u32) -> BTreeMap<String, Vec<f64>> {
    let all = library.shown.sections.iter().map(|(name, numbers)| (name.clone(), numbers));
    let all = all.chain([(String::new(), &library.shown.total)]);
    let shown_values = |numbers: &Vec<Option<PublishedNumber>>| -> Vec<f64> {
        numbers
            .iter()
            .flatten()
            .filter(|number| smallest <= number.max_smallest)
            .map(|number| number.value)
            .collect()
    };
    all.map(|(name, numbers)| (name, shown_values(numbers))).filter(|(_, shown)| !shown.is_empty()).collect()
}

proptest! {
    #[test]
    fn snapshots_never_differ_by_a_few_views(
        start in prop::collection::vec(0u64..40, 1..4),
        moves in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u64), 0u64..40], 4), 0..6),
        smallest in 5u32..12,
    ) {
        let mut sums = start;
        let mut published: Vec<PublishedLibrary> = Vec::new();
        for moved in std::iter::once(&vec![0; 4]).chain(&moves) {
            sums.iter_mut().zip(moved).for_each(|(sum, moved)| *sum += moved);
            let next = publish_library(&views(&sums), [], smallest..=30);
            published.extend(next.limit_by_earlier(&published, smallest));
        }
        for threshold in smallest..=30 {
            for (at, later) in published.iter().enumerate() {
                let after = shown_under(later, threshold);
                for earlier in &published[..at] {
                    let before = shown_under(earlier, threshold);
                    for (section, numbers) in &after {
                        // A number that was suppressed stays suppressed: otherwise its earlier value could be
                        // inferred.
                        let was = before.get(section);
                        prop_assert!(was.is_some(), "{section} is shown, but was suppressed before");
                        let moved = (numbers[1] - was.unwrap()[1]).abs();
                        prop_assert!(moved < 0.5 || moved >= f64::from(threshold), "{section} moved by {moved}");
                    }
                    // The change of a suppressed section cannot be inferred from the total and the other
                    // sections.
                    if let (Some(total), Some(was)) = (after.get(""), before.get("")) {
                        let others = |shown: &BTreeMap<String, Vec<f64>>| -> f64 {
                            after.keys().filter(|name| !name.is_empty()).map(|name| shown[name][1]).sum()
                        };
                        let moved = (total[1] - others(&after)) - (was[1] - others(&before));
                        prop_assert!(moved.abs() < 0.5 || moved.abs() >= f64::from(threshold), "the rest moved by {moved}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_snapshot_with_a_small_change_is_not_published() {
    let first = publish_library(&views(&[40, 60]), [], 10..=30).limit_by_earlier(&[], 10).unwrap();
    let next = |sums: &[u64]| {
        publish_library(&views(sums), [], 10..=30).limit_by_earlier(std::slice::from_ref(&first), 10)
    };
    assert_eq!(next(&[41, 60]), None);
    assert_eq!(next(&[40, 69]), None);
    assert_eq!(next(&[40, 60]).as_ref(), Some(&first));
    let moved = next(&[52, 60]).unwrap();
    assert_eq!(shown_under(&moved, 12)["0"], [3.0, 52.0]);
    assert!(shown_under(&moved, 13).is_empty(), "the difference is twelve views");
    // A new section with few views.
    assert_eq!(next(&[40, 60, 3]), None);
}
