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
fn a_week_is_told_in_the_measures_of_its_report() {
    let part = SectionAmounts { done: amounts(0..12, 3), ..SectionAmounts::default() };
    let of = |name: &str| {
        publish_week(&report(name), AmountsBySection::from([("s".to_owned(), part.clone())]), [], 10..=30)
    };
    assert_eq!(values(&of("videoview").sections["s"]), [Some(18.0), Some(12.0)], "half minutes are minutes");
    assert_eq!(values(&of("notes").total), [Some(36.0), Some(12.0)]);
    assert!(of("notes").total.iter().flatten().all(|number| number.max_smallest == 12));
}

#[test]
fn a_section_that_nobody_used_hides_the_total() {
    let parts = || {
        AmountsBySection::from([(
            "s".to_owned(),
            SectionAmounts { done: amounts(0..20, 1), ..SectionAmounts::default() },
        )])
    };
    assert!(!publish_week(&report("notes"), parts(), ["s".to_owned()], 10..=30).total.is_empty());
    let shown = publish_week(&report("notes"), parts(), ["s".to_owned(), "idle".to_owned()], 10..=30);
    assert_eq!((shown.total.len(), shown.sections.len()), (0, 1));
}

#[test]
fn what_was_right_is_a_share_a_secret_or_no_question() {
    let of = |right: u32, wrong: u32, unjudged: u32| {
        let part = SectionAmounts {
            done: amounts(0..right + wrong + unjudged, 1),
            right: amounts(0..right, 1),
            wrong: amounts(right..right + wrong, 1),
        };
        values(
            &publish_week(&report("polling"), AmountsBySection::from([("s".to_owned(), part)]), [], 10..=30)
                .total,
        )
    };
    assert_eq!(of(10, 20, 0), [Some(30.0), Some(30.0), Some(33.0)]);
    assert_eq!(of(29, 1, 0), [Some(30.0), Some(30.0), None], "one was wrong");
    assert_eq!(of(0, 0, 30), [Some(30.0), Some(30.0)], "no poll has a solution");
}

/// The library with so many views in each section.
fn views(sections: &[u64]) -> ViewCounts {
    let viewed =
        |(place, views): (usize, &u64)| (place.to_string(), SectionViews { views: *views, videos: 3 });
    ViewCounts {
        sections: sections.iter().enumerate().map(viewed).collect(),
        videos: 5,
        ..ViewCounts::default()
    }
}

/// What is shown where so many are asked for: by section, the total under the empty text.
fn shown_to(library: &PublishedLibrary, asked: u32) -> BTreeMap<String, Vec<f64>> {
    let all = library.shown.sections.iter().map(|(name, numbers)| (name.clone(), numbers));
    let all = all.chain([(String::new(), &library.shown.total)]);
    let is_shown = |numbers: &Vec<Option<PublishedNumber>>| -> Vec<f64> {
        numbers
            .iter()
            .flatten()
            .filter(|number| asked <= number.max_smallest)
            .map(|number| number.value)
            .collect()
    };
    all.map(|(name, numbers)| (name, is_shown(numbers))).filter(|(_, shown)| !shown.is_empty()).collect()
}

proptest! {
    #[test]
    fn two_snapshots_differ_by_nothing_of_a_few(
        start in prop::collection::vec(0u64..40, 1..4),
        moves in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u64), 0u64..40], 4), 0..6),
        smallest in 5u32..12,
    ) {
        let mut sums = start;
        let mut kept: Vec<PublishedLibrary> = Vec::new();
        for moved in std::iter::once(&vec![0; 4]).chain(&moves) {
            sums.iter_mut().zip(moved).for_each(|(sum, moved)| *sum += moved);
            kept.extend(publish_library(&views(&sums), [], smallest..=30).limit_by_earlier(&kept, smallest));
        }
        for asked in smallest..=30 {
            for (at, later) in kept.iter().enumerate() {
                let after = shown_to(later, asked);
                for earlier in &kept[..at] {
                    let before = shown_to(earlier, asked);
                    for (section, numbers) in &after {
                        // What was withheld once stays so: else what it must have been is known.
                        let was = before.get(section);
                        prop_assert!(was.is_some(), "{section} is shown, and was not");
                        let moved = (numbers[1] - was.unwrap()[1]).abs();
                        prop_assert!(moved < 0.5 || moved >= f64::from(asked), "{section} moved by {moved}");
                    }
                    // Nor is a section that is hidden told by what the total has moved more than the others.
                    if let (Some(total), Some(was)) = (after.get(""), before.get("")) {
                        let others = |shown: &BTreeMap<String, Vec<f64>>| -> f64 {
                            after.keys().filter(|name| !name.is_empty()).map(|name| shown[name][1]).sum()
                        };
                        let moved = (total[1] - others(&after)) - (was[1] - others(&before));
                        prop_assert!(moved.abs() < 0.5 || moved.abs() >= f64::from(asked), "the rest moved by {moved}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_snapshot_that_moved_by_few_is_not_shown() {
    let first = publish_library(&views(&[40, 60]), [], 10..=30).limit_by_earlier(&[], 10).unwrap();
    let next = |sums: &[u64]| {
        publish_library(&views(sums), [], 10..=30).limit_by_earlier(std::slice::from_ref(&first), 10)
    };
    assert_eq!(next(&[41, 60]), None);
    assert_eq!(next(&[40, 69]), None);
    assert_eq!(next(&[40, 60]).as_ref(), Some(&first));
    let moved = next(&[52, 60]).unwrap();
    assert_eq!(shown_to(&moved, 12)["0"], [3.0, 52.0]);
    assert!(shown_to(&moved, 13).is_empty(), "twelve are the difference");
    // A section that came anew, and has few.
    assert_eq!(next(&[40, 60, 3]), None);
}
