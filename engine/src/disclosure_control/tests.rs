use super::*;
use proptest::prelude::*;

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

/// [`is_safe`], implemented independently.
fn is_safe_naive(parts: &[&Amounts], smallest: u32) -> bool {
    let all: Vec<(&String, u64)> =
        parts.iter().flat_map(|part| part.iter().map(|(person, n)| (person, *n))).collect();
    let sum: u64 = all.iter().map(|(_, n)| n).sum();
    let people: BTreeSet<&String> = all.iter().filter(|(_, n)| *n > 0).map(|(person, _)| *person).collect();
    let amount =
        |person: &String| all.iter().filter(|(other, _)| *other == person).map(|(_, n)| n).sum::<u64>();
    people.len() >= smallest as usize && people.iter().all(|person| 2 * amount(person) <= sum)
}

fn plan(sections: &[SectionAmounts], nameless: &SectionAmounts, smallest: u32) -> SuppressionPlan {
    plan_sections(sections, nameless, [smallest]).next().unwrap().1
}

/// A course's week: its sections, and rows without a section.
#[derive(Debug, Clone)]
struct Course {
    sections: Vec<SectionAmounts>,
    nameless: SectionAmounts,
}

impl Course {
    fn parts(&self) -> Vec<&SectionAmounts> {
        self.sections.iter().chain([&self.nameless]).collect()
    }

    /// All sums that any shares publish for this week, as rows of coefficients: each shown section, and the
    /// total.
    fn published(&self, plan: &SuppressionPlan) -> Vec<Vec<u128>> {
        let width = self.sections.len() + 1;
        let unit = |index: usize| (0..width).map(|at| u128::from(at == index)).collect();
        let shown =
            plan.sections.iter().enumerate().filter(|(_, shown)| **shown).map(|(index, _)| unit(index));
        // Readers know which sections exist, but not whether there are rows without a section.
        shown.chain(plan.total.then(|| vec![1; width])).collect()
    }

    /// Unsafe sets of parts whose sum can be inferred by an outsider, or by an instructor who sees the rows
    /// of one section. Each has the kind of amounts that is disclosed.
    fn disclosures(&self, plan: &SuppressionPlan, smallest: u32) -> Vec<(Vec<usize>, &'static str)> {
        let instructors = (0..self.sections.len()).map(Some);
        let disclosures =
            std::iter::once(None).chain(instructors).flat_map(|own| self.disclosures_to(own, plan, smallest));
        disclosures.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The disclosures to the instructor of the section `own`, or to an outsider.
    fn disclosures_to(
        &self,
        own: Option<usize>,
        plan: &SuppressionPlan,
        smallest: u32,
    ) -> Vec<(Vec<usize>, &'static str)> {
        let (parts, mut published) = (self.parts(), self.published(plan));
        if let Some(own) = own {
            published.push((0..parts.len()).map(|at| u128::from(at == own)).collect());
        }
        let is_empty = |index: &usize| *index == self.sections.len() && self.nameless.done.is_empty();
        let mut disclosures = Vec::new();
        for set in 1u32..1 << parts.len() {
            let indexes: Vec<usize> = (0..parts.len()).filter(|index| set >> index & 1 == 1).collect();
            let target: Vec<u128> = (0..parts.len()).map(|index| u128::from(set >> index & 1 == 1)).collect();
            let is_own = own.is_some_and(|own| indexes.contains(&own));
            if is_own || indexes.iter().all(is_empty) || !can_be_solved(&published, &target) {
                continue;
            }
            let collect = |amounts: fn(&SectionAmounts) -> Amounts| -> Vec<Amounts> {
                indexes.iter().map(|index| amounts(parts[*index])).collect()
            };
            let are_safe = |amounts: &[Amounts]| is_safe_naive(&amounts.iter().collect::<Vec<_>>(), smallest);
            if !are_safe(&collect(|part| part.done.clone())) {
                disclosures.push((indexes.clone(), "done"));
            }
            if plan.right {
                let unjudged = collect(SectionAmounts::unjudged);
                let (right, wrong) = (collect(|part| part.right.clone()), collect(|part| part.wrong.clone()));
                if !are_safe(&right) || !are_safe(&wrong) {
                    disclosures.push((indexes.clone(), "right"));
                }
                if unjudged.iter().any(|part| part.values().any(|n| *n > 0)) && !are_safe(&unjudged) {
                    disclosures.push((indexes.clone(), "unjudged"));
                }
            }
        }
        // Amounts are not negative, so a sum of zero discloses that each of its parts is zero.
        let hidden = parts
            .iter()
            .enumerate()
            .filter(|(index, _)| !plan.sections.get(*index).is_some_and(|shown| *shown));
        let hidden: Vec<usize> = hidden.map(|(index, _)| index).filter(|index| !is_empty(index)).collect();
        let sum: u64 = hidden.iter().flat_map(|index| parts[*index].done.values()).sum();
        if own.is_none() && plan.total && !hidden.is_empty() && sum == 0 {
            disclosures.push((hidden, "nothing"));
        }
        disclosures
    }
}

/// The plan with primary suppression only.
fn primary_suppression(course: &Course, smallest: u32) -> SuppressionPlan {
    let is_shown = |part: &SectionAmounts| is_safe_naive(&[&part.done], smallest);
    let all: Vec<&Amounts> = course.parts().iter().map(|part| &part.done).collect();
    SuppressionPlan {
        sections: course.sections.iter().map(is_shown).collect(),
        total: is_safe_naive(&all, smallest),
        right: false,
    }
}

/// A section's amounts: right, wrong and unjudged answers of up to `people` students.
fn part(people: usize) -> impl Strategy<Value = SectionAmounts> {
    let answers = prop_oneof![
        4 => (0u64..4, 0u64..4, 0u64..2),
        1 => Just((40, 0, 0)),
        2 => (1u64..3, 1u64..3, Just(0)),
    ];
    prop::collection::btree_map(0usize..24, answers, 0..=people).prop_map(|people| {
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

fn course() -> impl Strategy<Value = Course> {
    let size = || prop_oneof![Just(0usize), Just(3), Just(12), Just(22)];
    let sections = prop::collection::vec(size().prop_flat_map(part), 1..5);
    (sections, prop_oneof![Just(0usize), Just(0), Just(2), Just(20)].prop_flat_map(part))
        .prop_map(|(sections, nameless)| Course { sections, nameless })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn suppressed_numbers_cannot_be_inferred_from_published_ones(course in course(), smallest in 5u32..12) {
        let plan = plan(&course.sections, &course.nameless, smallest);
        prop_assert_eq!(course.disclosures(&plan, smallest), vec![]);
    }

    #[test]
    fn a_higher_threshold_shows_no_more_and_discloses_nothing(
        course in course(),
        first in 5u32..12,
        more in 0u32..8,
    ) {
        let all = || plan_sections(&course.sections, &course.nameless, first..=first + more);
        let thresholds = PublicationThresholds::from_plans(all());
        let mut last = SuppressionPlan::without_suppression(course.sections.len());
        for (smallest, plan) in all() {
            let is_shown = |threshold: Option<u32>| threshold.is_some_and(|threshold| smallest <= threshold);
            let sections = thresholds.sections.iter().map(|threshold| is_shown(*threshold)).collect();
            let (total, right) = (is_shown(thresholds.total), is_shown(thresholds.right));
            prop_assert_eq!(&SuppressionPlan { sections, total, right }, &plan);
            prop_assert_eq!(course.disclosures(&plan, smallest), vec![]);
            let is_more = plan.sections.iter().zip(&last.sections).any(|(is, was)| *is && !was);
            prop_assert!(!is_more && plan.total <= last.total && plan.right <= last.right);
            last = plan;
        }
    }

    #[test]
    fn plans_do_not_depend_on_the_order_of_sections(course in course(), smallest in 5u32..12, by in 0usize..5) {
        let mut rotated = course.clone();
        let by = by % course.sections.len();
        rotated.sections.rotate_left(by);
        let mut rotated_plan = plan(&rotated.sections, &rotated.nameless, smallest);
        rotated_plan.sections.rotate_right(by);
        prop_assert_eq!(plan(&course.sections, &course.nameless, smallest), rotated_plan);
    }

    #[test]
    fn suppressed_views_cannot_be_inferred_from_published_ones(
        sections in prop::collection::vec(prop_oneof![Just(0u64), 0u64..30], 1..5),
        nameless in prop_oneof![Just(0u64), 0u64..30],
        has_total in any::<bool>(),
        first in 5u32..12,
        more in 0u32..8,
    ) {
        let mut last = SuppressionPlan::without_suppression(sections.len());
        for (smallest, plan) in plan_sums(&sections, nameless, has_total, first..=first + more) {
            let course = Course { sections: vec![SectionAmounts::default(); sections.len()], nameless: SectionAmounts::default() };
            let published = course.published(&plan);
            for set in 1u32..1 << (sections.len() + 1) {
                let is_in = |index: usize| set >> index & 1 == 1;
                let target: Vec<u128> = (0..=sections.len()).map(|index| u128::from(is_in(index))).collect();
                let all = sections.iter().chain([&nameless]).enumerate().filter(|(index, _)| is_in(*index));
                let sum: u64 = all.map(|(_, views)| views).sum();
                let is_empty_nameless = set == 1 << sections.len() && nameless == 0;
                let is_unsafe = !is_empty_nameless && sum < u64::from(smallest);
                prop_assert!(!is_unsafe || !can_be_solved(&published, &target));
            }
            let is_more = plan.sections.iter().zip(&last.sections).any(|(is, was)| *is && !was);
            prop_assert!(!is_more && plan.total <= last.total);
            last = plan;
        }
    }
}

/// A section in which each of these people has the same amount.
fn section_of(people: std::ops::Range<usize>, amount: u64) -> SectionAmounts {
    SectionAmounts {
        done: people.map(|person| (format!("u{person}"), amount)).collect(),
        ..SectionAmounts::default()
    }
}

#[test]
fn primary_suppression_alone_discloses_numbers_and_the_plan_does_not() {
    let course = Course {
        sections: vec![section_of(0..20, 3), section_of(20..40, 3), section_of(40..43, 3)],
        nameless: SectionAmounts::default(),
    };
    assert_eq!(course.disclosures(&primary_suppression(&course, 10), 10), [(vec![2, 3], "done")]);
    let shown = plan(&course.sections, &course.nameless, 10);
    assert_eq!((shown.sections, shown.total), (vec![false, false, false], true));
    // A section without students can be inferred to be zero.
    let course = Course {
        sections: vec![section_of(0..20, 3), SectionAmounts::default()],
        nameless: SectionAmounts::default(),
    };
    assert!(
        course.disclosures(&primary_suppression(&course, 10), 10).iter().any(|(_, why)| *why == "nothing")
    );
    let shown = plan(&course.sections, &course.nameless, 10);
    assert_eq!((shown.sections, shown.total), (vec![true, false], false));
    // The instructor of the larger of two sections can infer the smaller one from the total.
    let course = Course {
        sections: vec![section_of(0..14, 3), section_of(20..21, 3)],
        nameless: SectionAmounts::default(),
    };
    let hidden = SuppressionPlan { sections: vec![false, false], total: true, right: false };
    assert_eq!(course.disclosures(&hidden, 10), [(vec![1, 2], "done")]);
    assert!(!plan(&course.sections, &course.nameless, 10).total);
}

#[test]
fn a_sum_dominated_by_one_person_is_suppressed() {
    let mut section = section_of(0..11, 1);
    section.done.insert("u0".into(), 11);
    assert!(!plan(&[section.clone()], &SectionAmounts::default(), 10).total);
    section.done.insert("u0".into(), 10);
    assert!(plan(&[section], &SectionAmounts::default(), 10).total);
}

#[test]
fn few_rows_without_a_section_suppress_other_sections() {
    let sections = [section_of(0..30, 1), section_of(30..45, 1)];
    assert_eq!(plan(&sections, &SectionAmounts::default(), 10).sections, [true, true]);
    assert_eq!(plan(&sections, &section_of(50..52, 1), 10).sections, [false, false]);
    assert_eq!(plan(&sections, &section_of(50..62, 1), 10).sections, [true, true]);
}

#[test]
fn few_wrong_answers_suppress_the_percentage_like_few_right_ones() {
    let answers = |right: usize, wrong: usize| {
        let one_each = |people: std::ops::Range<usize>| {
            people.map(|person| (format!("u{person}"), 1)).collect::<Amounts>()
        };
        let wrong_people = right..right + wrong;
        SectionAmounts {
            done: one_each(0..right + wrong),
            right: one_each(0..right),
            wrong: one_each(wrong_people),
        }
    };
    for ((right, wrong), shown) in [((10, 10), true), ((30, 9), false), ((9, 30), false), ((30, 0), false)] {
        let plan = plan(&[answers(right, wrong)], &SectionAmounts::default(), 10);
        assert_eq!((plan.total, plan.right), (true, shown), "{right} right, {wrong} wrong");
    }
}
