//! Adversaries who combine everything that is published of a week with what they know themselves: outsiders, students
//! who know their own contributions, and people who see the rows of any set of sections.

mod older_rule;

use super::*;
use crate::published_week::{PublishedNumbers, publish_week};
use domain::report::ReportName;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;

/// A prime. Equations over the rationals are solved modulo this prime; a wrong result has a probability of
/// about 2^-61.
const PRIME: u128 = (1 << 61) - 1;

fn power(mut base: u128, mut exponent: u128) -> u128 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        (base, exponent) = (base * base % PRIME, exponent >> 1);
    }
    result
}

/// The rank of a matrix modulo [`PRIME`].
fn rank(mut rows: Vec<Vec<u128>>) -> usize {
    let (width, mut rank) = (rows.first().map_or(0, Vec::len), 0);
    for column in 0..width {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, pivot);
        let inverse = power(rows[rank][column], PRIME - 2);
        for row in rank + 1..rows.len() {
            let factor = rows[row][column] * inverse % PRIME;
            let pivot = rows[rank].clone();
            for (cell, pivot) in rows[row].iter_mut().zip(pivot) {
                *cell = (*cell + PRIME - pivot * factor % PRIME) % PRIME;
            }
        }
        rank += 1;
    }
    rank
}

/// Whether the sum `target` can be inferred from the sums `known`, for any numbers. A sum is a row of
/// coefficients.
fn can_be_solved(known: &[Vec<u128>], target: &[u128]) -> bool {
    let with: Vec<Vec<u128>> = known.iter().cloned().chain([target.to_vec()]).collect();
    rank(with) == rank(known.to_vec())
}

/// What the numbers of these parts disclose to strangers, and to students who know what they did themselves.
fn disclosure(parts: &[Amounts], smallest: u32) -> Option<&'static str> {
    let mut people: BTreeMap<&str, Amounts> = BTreeMap::new();
    for (part, amounts) in parts.iter().enumerate() {
        for (person, amount) in amounts.iter().filter(|(_, amount)| **amount > 0) {
            people.entry(person).or_default().insert(part.to_string(), *amount);
        }
    }
    let did = |of: &Amounts| of.values().sum::<u64>();
    let sum: u64 = people.values().map(did).sum();
    if people.len() < smallest as usize {
        return Some("few people");
    }
    let is_estimated = |member: Option<&str>| {
        let bound = PublishedSums::of(parts).largest_possible(member.and_then(|member| people.get(member)));
        people.iter().any(|(person, amounts)| {
            let slack = bound - to_f64(did(amounts));
            Some(*person) != member && slack < 0.15 * to_f64(did(amounts))
        })
    };
    if people.keys().map(|member| Some(*member)).chain([None]).any(is_estimated) {
        return Some("a close estimate");
    }
    (sum < people.len() as u64 + u64::from(smallest)).then_some("one for each")
}

/// The numbers that are shown of some parts, added up.
struct PublishedSums {
    sum: f64,
    students: f64,
    parts: f64,
}

impl PublishedSums {
    fn of(parts: &[Amounts]) -> Self {
        let add_up = |number: &dyn Fn(&Amounts) -> u64| -> f64 {
            parts.iter().map(|part| round_sum(to_f64(number(part)))).sum()
        };
        Self {
            sum: add_up(&|part| part.values().sum()),
            students: add_up(&|part| part.values().filter(|amount| **amount > 0).count() as u64),
            parts: to_f64(parts.len() as u64),
        }
    }

    /// The most that one student can have done, as a member who knows their own amounts, or a stranger, computes it: the
    /// others did at least 1 each. Each number is rounded by 2.5 at most, and a student counts in each part.
    fn largest_possible(&self, own: Option<&Amounts>) -> f64 {
        let (own, counted) = own.map_or((0, 0), |own| (own.values().sum::<u64>(), own.len()));
        let sum = self.sum + 2.5 * self.parts - to_f64(own);
        let others = self.students - 2.5 * self.parts - self.parts - to_f64(counted as u64);
        sum - others.max(0.0)
    }
}

fn to_f64(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// A course's week: its sections, and last the rows without a section.
#[derive(Debug, Clone)]
struct Course {
    parts: Vec<SectionAmounts>,
}

/// Everything that is published of a week: which parts, and of which parts the sum is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Publication {
    parts: BTreeSet<usize>,
    total: BTreeSet<usize>,
    /// The parts of which right answers are published, too.
    solutions: BTreeSet<usize>,
}

impl Course {
    fn sections(&self) -> usize {
        self.parts.len() - 1
    }

    /// The name under which a part is stored.
    fn name(&self, part: usize) -> String {
        if part == self.sections() { String::new() } else { format!("s{part}") }
    }

    fn publish(&self, bounds: std::ops::RangeInclusive<u32>) -> PublishedNumbers {
        let amounts = self.parts.iter().enumerate().map(|(part, amounts)| (self.name(part), amounts.clone()));
        publish_week(&ReportName::parse("polling").unwrap(), &amounts.collect(), &bounds)
    }

    fn publication(&self, smallest: u32) -> Publication {
        let published = self.publish(smallest..=30);
        let find = |names: &BTreeSet<&str>| {
            (0..self.parts.len()).filter(|part| names.contains(self.name(*part).as_str())).collect()
        };
        let of_parts = (0..self.parts.len())
            .filter_map(|part| Some((part, published.visible_section(&self.name(part), smallest)?.numbers)));
        let of_parts: Vec<_> = of_parts.collect();
        Publication {
            parts: of_parts.iter().map(|(part, _)| *part).collect(),
            total: published.visible_total(smallest).map(|total| find(&total.parts)).unwrap_or_default(),
            solutions: of_parts
                .iter()
                .filter(|(_, numbers)| numbers.get(2).is_some_and(Option::is_some))
                .map(|(part, _)| *part)
                .collect(),
        }
    }

    /// The publication under the rule before.
    fn older_publication(&self, smallest: u32) -> Publication {
        let (shown, total) = older_rule::plan(&self.parts, smallest);
        Publication {
            parts: (0..self.sections()).filter(|section| shown[*section]).collect(),
            total: if total { (0..self.parts.len()).collect() } else { BTreeSet::new() },
            solutions: BTreeSet::new(),
        }
    }

    /// All that is disclosed to whoever sees the rows of the sections `seen`: sets of other parts whose sum can be
    /// inferred although it discloses something.
    fn disclosures_to(
        &self,
        seen: &BTreeSet<usize>,
        publication: &Publication,
        smallest: u32,
    ) -> Vec<(Vec<usize>, &'static str)> {
        let unseen: Vec<usize> = (0..self.parts.len()).filter(|part| !seen.contains(part)).collect();
        let row = |set: &BTreeSet<usize>| unseen.iter().map(|part| u128::from(set.contains(part))).collect();
        let known: Vec<Vec<u128>> = publication
            .parts
            .iter()
            .map(|part| row(&BTreeSet::from([*part])))
            .chain((!publication.total.is_empty()).then(|| row(&publication.total)))
            .collect();
        let mut disclosures = Vec::new();
        for bits in 1u32..1 << unseen.len() {
            let set: BTreeSet<usize> = unseen
                .iter()
                .enumerate()
                .filter(|(at, _)| bits >> at & 1 == 1)
                .map(|(_, part)| *part)
                .collect();
            // That there are no rows without a section is no disclosure.
            let is_nothing =
                set.iter().all(|part| *part == self.sections() && self.parts[*part].done.is_empty());
            if is_nothing || !can_be_solved(&known, &row(&set)) {
                continue;
            }
            let amounts = |of: fn(&SectionAmounts) -> Amounts| -> Vec<Amounts> {
                set.iter().map(|part| of(&self.parts[*part])).collect()
            };
            let mut sums = vec![amounts(|part| part.done.clone())];
            if set.is_subset(&publication.solutions) {
                sums.extend([amounts(|part| part.right.clone()), amounts(|part| part.wrong.clone())]);
                let unjudged = amounts(SectionAmounts::unjudged);
                sums.extend(unjudged.iter().any(|part| part.values().any(|n| *n > 0)).then_some(unjudged));
            }
            let found = sums.iter().filter_map(|sum| disclosure(sum, smallest));
            disclosures.extend(found.map(|what| (set.iter().copied().collect(), what)));
        }
        disclosures
    }

    /// The disclosures to anybody: to whoever sees no rows, and to whoever sees those of any set of sections.
    fn disclosures(&self, publication: &Publication, smallest: u32) -> Vec<(Vec<usize>, &'static str)> {
        let sets = (0u32..1 << self.sections())
            .map(|bits| (0..self.sections()).filter(|section| bits >> section & 1 == 1).collect());
        sets.flat_map(|seen| self.disclosures_to(&seen, publication, smallest)).collect()
    }
}

/// A part's amounts: right, wrong and unjudged answers of up to `people` students.
fn part(people: usize) -> impl Strategy<Value = SectionAmounts> {
    let answers = prop_oneof![
        6 => (0u64..6, 0u64..6, 0u64..2),
        1 => (30u64..60, 0u64..3, Just(0)),
        2 => (1u64..3, 1u64..3, Just(0)),
    ];
    prop::collection::btree_map(0usize..30, answers, 0..=people).prop_map(|people| {
        let mut part = SectionAmounts::default();
        for (person, (right, wrong, unjudged)) in people {
            let person = format!("u{person}");
            part.done.insert(person.clone(), right + wrong + unjudged);
            part.right.insert(person.clone(), right);
            part.wrong.insert(person, wrong);
        }
        part.done.retain(|_, n| *n > 0);
        part
    })
}

/// A part in which one student did most, and most others the least that is possible.
fn dominated_part() -> impl Strategy<Value = SectionAmounts> {
    (30u64..200, prop::collection::vec(prop_oneof![4 => Just(1u64), 1 => 1..4u64], 10..29))
        .prop_map(|(largest, others)| section(0, &[vec![largest], others].concat()))
}

fn any_part() -> impl Strategy<Value = SectionAmounts> {
    let parts =
        prop_oneof![1 => Just(0usize), 1 => Just(3), 1 => Just(12), 3 => Just(30)].prop_flat_map(part);
    prop_oneof![6 => parts, 1 => dominated_part()]
}

/// A course of an institution, with up to six sections.
fn course() -> impl Strategy<Value = Course> {
    let nameless = prop_oneof![Just(0usize), Just(0), Just(2), Just(25)].prop_flat_map(part);
    (prop::collection::vec(any_part(), 1..7), nameless).prop_map(|(mut parts, nameless)| {
        parts.push(nameless);
        Course { parts }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nobody_infers_anything_about_a_student_whatever_rows_they_see(course in course(), smallest in 5u32..12) {
        let publication = course.publication(smallest);
        prop_assert_eq!(&publication.total, &publication.parts);
        prop_assert_eq!(course.disclosures(&publication, smallest), vec![]);
    }

    #[test]
    fn the_rows_of_a_part_change_nothing_that_is_published_of_others(
        course in course(),
        other in any_part(),
        at in any::<prop::sample::Index>(),
        smallest in 5u32..12,
    ) {
        let at = at.index(course.parts.len());
        let mut changed = course.clone();
        changed.parts[at] = other;
        let name = course.name(at);
        let (mut before, mut after) = (course.publish(5..=30), changed.publish(5..=30));
        let are_hidden = [&before, &after].iter().all(|it| it.visible_section(&name, smallest).is_none());
        if are_hidden {
            prop_assert_eq!(before.visible_total(smallest), after.visible_total(smallest));
        }
        before.sections.remove(&name);
        after.sections.remove(&name);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn sums_are_rounded_and_totals_are_their_sums(course in course(), smallest in 5u32..12) {
        let published = course.publish(5..=30);
        let shown: Vec<Vec<Option<f64>>> = (0..course.parts.len())
            .filter_map(|part| Some(published.visible_section(&course.name(part), smallest)?.numbers))
            .collect();
        for number in shown.iter().flat_map(|numbers| &numbers[..2]) {
            prop_assert!(number.is_some_and(|number| number % ROUNDING_BASE == 0.0));
        }
        let total = published.visible_total(smallest);
        prop_assert_eq!(total.is_some(), !shown.is_empty());
        if let Some(total) = total {
            for at in 0..2 {
                let sum: f64 = shown.iter().filter_map(|numbers| numbers[at]).sum();
                prop_assert_eq!(total.numbers[at], Some(sum));
            }
            // The percentage of a course leaves no section out.
            let is_withheld = shown.iter().any(|numbers| numbers.get(2) == Some(&None));
            prop_assert_eq!(total.numbers.get(2) == Some(&None), is_withheld);
        }
    }

    #[test]
    fn a_larger_setting_shows_a_subset(course in course(), first in 5u32..12, more in 0u32..20) {
        let (published, larger) = (course.publish(first..=30), first + more);
        for part in 0..course.parts.len() {
            let (name, larger_alone) = (course.name(part), course.publish(larger..=30));
            let shown = published.visible_section(&name, larger);
            // Thresholds that are computed once serve every setting.
            prop_assert_eq!(&shown, &larger_alone.visible_section(&name, larger));
            let before = published.visible_section(&name, first);
            for (at, number) in shown.iter().flat_map(|shown| shown.numbers.iter().enumerate()) {
                prop_assert!(number.is_none() || before.as_ref().is_some_and(|before| before.numbers[at] == *number));
            }
        }
    }

    #[test]
    fn numbers_of_an_older_rule_are_published_anew_without_disclosing_more(course in course(), smallest in 5u32..12) {
        let older = course.older_publication(smallest);
        let number = |_: &usize| vec![Some(crate::published_week::PublishedNumber { value: 0.0, max_smallest: smallest }); 3];
        let stored = PublishedNumbers {
            sections: older.parts.iter().map(|part| (course.name(*part), number(part))).collect(),
            older_total: if older.total.is_empty() { Vec::new() } else { number(&0) },
            ..PublishedNumbers::default()
        };
        prop_assert_eq!(stored.visible_total(smallest), None);
        let published = course.publish(5..=30).limit_to_older(&stored);
        for smallest in 5..=30 {
            let is_shown = |part: &usize| published.visible_section(&course.name(*part), smallest).is_some();
            let shown: BTreeSet<usize> = (0..course.parts.len()).filter(is_shown).collect();
            // Where a total was shown, nothing is shown that was withheld.
            prop_assert!(older.total.is_empty() || shown.is_subset(&older.parts));
            // Otherwise sections can be shown in addition, each by itself.
            if older.total.is_empty() {
                let publication = course.publication(smallest);
                prop_assert_eq!(&shown, &publication.parts);
            }
        }
    }
}

#[test]
fn the_adversaries_beat_the_rule_before() {
    let mut runner = TestRunner::deterministic();
    let courses = (0..200).map(|_| course().new_tree(&mut runner).unwrap().current());
    let is_beaten = |course: &Course| !course.disclosures(&course.older_publication(10), 10).is_empty();
    let beaten = courses.filter(is_beaten).count();
    assert!(beaten > 20, "{beaten} of 200");
}

/// Students with these amounts. `first` numbers the first one.
fn section(first: usize, amounts: &[u64]) -> SectionAmounts {
    let done = amounts.iter().enumerate().map(|(at, amount)| (format!("u{}", first + at), *amount));
    SectionAmounts { done: done.collect(), ..SectionAmounts::default() }
}

#[test]
fn whoever_teaches_all_sections_but_one_learns_nothing_about_that_one() {
    let parts =
        vec![section(0, &[3; 20]), section(20, &[3; 20]), section(40, &[7]), SectionAmounts::default()];
    let course = Course { parts };
    let older = course.older_publication(10);
    assert_eq!((older.parts.len(), older.total.len()), (0, 4));
    let colleague = BTreeSet::from([0, 1]);
    assert_eq!(course.disclosures_to(&colleague, &older, 10), [(vec![2, 3], "few people")]);

    let publication = course.publication(10);
    assert_eq!(publication.parts, BTreeSet::from([0, 1]));
    assert_eq!(publication.total, publication.parts);
    assert_eq!(course.disclosures(&publication, 10), []);
}

#[test]
fn a_student_cannot_estimate_what_another_one_did() {
    // Half minutes: 490 minutes, 490 minutes, and eight times two.
    let mut amounts = vec![980, 980];
    amounts.extend([4; 8]);
    let course = Course { parts: vec![section(0, &amounts), SectionAmounts::default()] };
    let older = course.older_publication(10);
    assert_eq!(older.parts, BTreeSet::from([0]));
    assert_eq!(course.disclosures_to(&BTreeSet::new(), &older, 10)[0].1, "a close estimate");
    assert_eq!(course.publication(10).parts, BTreeSet::new());
}

#[test]
fn students_who_did_the_least_hide_nobody() {
    // The page would say "690 marks, 90 students": nobody did more than about 605.
    let amounts = [vec![600], vec![1; 91]].concat();
    let course = Course { parts: vec![section(0, &amounts), SectionAmounts::default()] };
    let shown =
        Publication { parts: BTreeSet::from([0]), total: BTreeSet::from([0]), solutions: BTreeSet::new() };
    assert_eq!(course.disclosures_to(&BTreeSet::new(), &shown, 10), [(vec![0], "a close estimate")]);
    assert_eq!(course.publication(10).parts, BTreeSet::new());
    // So it is with right and wrong answers, although nobody knows how many students they are of.
    let mut answers = section(0, &[vec![600], vec![5; 91]].concat());
    answers.right = section(0, &amounts).done;
    answers.wrong = section(1, &[4; 91]).done;
    assert_eq!((publication_threshold(&answers.done), solution_threshold(&answers)), (92, 0));
}

#[test]
fn a_sum_needs_enough_beside_its_two_largest_contributions() {
    let threshold = |largest: [u64; 2], others: &[u64]| {
        publication_threshold(&section(0, &[&largest[..], others].concat()).done)
    };
    // Of 100 it must be 15 beyond one for each, whatever the second largest is.
    assert_eq!(threshold([100, 2], &[2; 14]), 0);
    assert_eq!(threshold([100, 2], &[2; 15]), 17);
    assert_eq!(threshold([100, 100], &[2; 15]), 17);
    assert_eq!(threshold([100, 100], &[[2; 14], [1; 14]].concat()), 0);
    assert_eq!(
        [&[][..], &[5], &[5, 5]].map(|amounts| publication_threshold(&section(0, amounts).done)),
        [0; 3]
    );
    assert_eq!(publication_threshold(&section(0, &[0, 5, 5, 5, 0]).done), 3, "two did nothing");
}

#[test]
fn a_count_needs_more_events_than_one_for_each() {
    let threshold = |amounts: &[u64]| publication_threshold(&section(0, amounts).done);
    assert_eq!(threshold(&[1; 20]), 0);
    assert_eq!(threshold(&[[1; 11], [2; 11]].concat()), 11);
    assert_eq!(threshold(&[[1; 10], [2; 10]].concat()), 10);
    assert_eq!(threshold(&[2; 20]), 20);
}

#[test]
fn few_wrong_answers_suppress_the_percentage_like_few_right_ones() {
    let answers = |right: usize, wrong: usize, unjudged: usize| {
        let two_each =
            |people: std::ops::Range<usize>| people.map(|person| (format!("u{person}"), 2)).collect();
        SectionAmounts {
            done: two_each(0..right + wrong + unjudged),
            right: two_each(0..right),
            wrong: two_each(right..right + wrong),
        }
    };
    for (amounts, threshold) in [
        (answers(10, 10, 0), 10),
        (answers(30, 9, 0), 9),
        (answers(9, 30, 0), 9),
        (answers(30, 0, 0), 0),
        (answers(20, 20, 10), 10),
        (answers(20, 20, 1), 0),
    ] {
        assert_eq!(solution_threshold(&amounts), threshold, "{amounts:?}");
    }
    // Nearly all wrong answers are one student's.
    let mut section = answers(20, 20, 0);
    section.wrong.insert("u20".into(), 300);
    section.done.insert("u20".into(), 300);
    assert_eq!(solution_threshold(&section), 0);
}

#[test]
fn sums_are_rounded_to_the_nearest_multiple_of_five() {
    assert_eq!([0.0, 2.4, 2.5, 7.0, 12.5, 13.0].map(round_sum), [0.0, 0.0, 5.0, 5.0, 15.0, 15.0]);
}
