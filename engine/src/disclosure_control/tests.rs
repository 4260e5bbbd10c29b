use super::*;
use proptest::prelude::*;

/// A prime: what holds of fractions holds of remainders, but for one chance in 2^61.
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

/// The rows of a system of equations without those that follow from others.
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

/// Whether somebody who knows these sums can work out that one, whatever the numbers.
fn can_be_solved(known: &[Vec<u128>], wanted: &[u128]) -> bool {
    let with: Vec<Vec<u128>> = known.iter().cloned().chain([wanted.to_vec()]).collect();
    rank(with) == rank(known.to_vec())
}

/// Counted the slow way, apart from the rule.
fn is_told_safely(parts: &[&Amounts], smallest: u32) -> bool {
    let all: Vec<(&String, u64)> =
        parts.iter().flat_map(|part| part.iter().map(|(who, n)| (who, *n))).collect();
    let sum: u64 = all.iter().map(|(_, n)| n).sum();
    let people: BTreeSet<&String> = all.iter().filter(|(_, n)| *n > 0).map(|(who, _)| *who).collect();
    let of = |who: &String| all.iter().filter(|(other, _)| *other == who).map(|(_, n)| n).sum::<u64>();
    people.len() >= smallest as usize && people.iter().all(|who| 2 * of(who) <= sum)
}

fn plan(sections: &[SectionAmounts], nameless: &SectionAmounts, smallest: u32) -> SuppressionPlan {
    plan_sections(sections, nameless, [smallest]).next().unwrap().1
}

/// A course's week: some sections and what names none.
#[derive(Debug, Clone)]
struct Course {
    sections: Vec<SectionAmounts>,
    nameless: SectionAmounts,
}

impl Course {
    fn parts(&self) -> Vec<&SectionAmounts> {
        self.sections.iter().chain([&self.nameless]).collect()
    }

    /// What all shares of everybody say of this week: of each section that is shown, and of the course.
    fn published(&self, plan: &SuppressionPlan) -> Vec<Vec<u128>> {
        let width = self.sections.len() + 1;
        let unit = |place: usize| (0..width).map(|at| u128::from(at == place)).collect();
        let shown =
            plan.sections.iter().enumerate().filter(|(_, shown)| **shown).map(|(place, _)| unit(place));
        // Whoever reads the page knows which sections are there, not whether rows name none.
        shown.chain(plan.total.then(|| vec![1; width])).collect()
    }

    /// Sets of sections whose sum somebody can work out, and is not safe: strangers, and whoever sees the rows of one section.
    fn given_away(&self, plan: &SuppressionPlan, smallest: u32) -> Vec<(Vec<usize>, &'static str)> {
        let insiders = (0..self.sections.len()).map(Some);
        let given = std::iter::once(None).chain(insiders).flat_map(|own| self.given_to(own, plan, smallest));
        given.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn given_to(
        &self,
        own: Option<usize>,
        plan: &SuppressionPlan,
        smallest: u32,
    ) -> Vec<(Vec<usize>, &'static str)> {
        let (parts, mut published) = (self.parts(), self.published(plan));
        if let Some(own) = own {
            published.push((0..parts.len()).map(|at| u128::from(at == own)).collect());
        }
        let is_empty = |place: &usize| *place == self.sections.len() && self.nameless.done.is_empty();
        let mut given = Vec::new();
        for set in 1u32..1 << parts.len() {
            let places: Vec<usize> = (0..parts.len()).filter(|place| set >> place & 1 == 1).collect();
            let wanted: Vec<u128> = (0..parts.len()).map(|place| u128::from(set >> place & 1 == 1)).collect();
            let is_own = own.is_some_and(|own| places.contains(&own));
            if is_own || places.iter().all(is_empty) || !can_be_solved(&published, &wanted) {
                continue;
            }
            let of = |amounts: fn(&SectionAmounts) -> Amounts| -> Vec<Amounts> {
                places.iter().map(|place| amounts(parts[*place])).collect()
            };
            let tells = |amounts: &[Amounts]| is_told_safely(&amounts.iter().collect::<Vec<_>>(), smallest);
            if !tells(&of(|part| part.done.clone())) {
                given.push((places.clone(), "done"));
            }
            if plan.right {
                let unjudged = of(SectionAmounts::unjudged);
                if !tells(&of(|part| part.right.clone())) || !tells(&of(|part| part.wrong.clone())) {
                    given.push((places.clone(), "right"));
                }
                if unjudged.iter().any(|of| of.values().any(|n| *n > 0)) && !tells(&unjudged) {
                    given.push((places.clone(), "unjudged"));
                }
            }
        }
        // Nothing is below zero: a sum of nothing says that each of its parts is nothing.
        let hidden =
            parts.iter().enumerate().filter(|(place, _)| !plan.sections.get(*place).is_some_and(|is| *is));
        let hidden: Vec<usize> = hidden.map(|(place, _)| place).filter(|place| !is_empty(place)).collect();
        let sum: u64 = hidden.iter().flat_map(|place| parts[*place].done.values()).sum();
        if own.is_none() && plan.total && !hidden.is_empty() && sum == 0 {
            given.push((hidden, "nothing"));
        }
        given
    }
}

/// What hides the parts of few and no more.
fn naive(course: &Course, smallest: u32) -> SuppressionPlan {
    let is = |part: &SectionAmounts| is_told_safely(&[&part.done], smallest);
    let all: Vec<&Amounts> = course.parts().iter().map(|part| &part.done).collect();
    SuppressionPlan {
        sections: course.sections.iter().map(is).collect(),
        total: is_told_safely(&all, smallest),
        right: false,
    }
}

/// Somebody's answers: right, wrong, and those that nobody can judge.
fn part(people: usize) -> impl Strategy<Value = SectionAmounts> {
    let answers = prop_oneof![
        4 => (0u64..4, 0u64..4, 0u64..2),
        1 => Just((40, 0, 0)),
        2 => (1u64..3, 1u64..3, Just(0)),
    ];
    prop::collection::btree_map(0usize..24, answers, 0..=people).prop_map(|people| {
        let mut part = SectionAmounts::default();
        for (who, (right, wrong, unjudged)) in people {
            let who = format!("u{who}");
            part.done.insert(who.clone(), right + wrong + unjudged);
            part.right.insert(who.clone(), right);
            part.wrong.insert(who, wrong);
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
    fn from_all_that_is_shown_nobody_works_out_what_is_withheld(course in course(), smallest in 5u32..12) {
        let plan = plan(&course.sections, &course.nameless, smallest);
        prop_assert_eq!(course.given_away(&plan, smallest), vec![]);
    }

    #[test]
    fn whoever_asks_for_more_people_sees_no_more_and_works_out_nothing(
        course in course(),
        first in 5u32..12,
        more in 0u32..8,
    ) {
        let all = || plan_sections(&course.sections, &course.nameless, first..=first + more);
        let limits = PublicationThresholds::from_plans(all());
        let mut last = SuppressionPlan::open(course.sections.len());
        for (smallest, plan) in all() {
            let is_within = |limit: Option<u32>| limit.is_some_and(|most| smallest <= most);
            let sections = limits.sections.iter().map(|limit| is_within(*limit)).collect();
            let kept = SuppressionPlan { sections, total: is_within(limits.total), right: is_within(limits.right) };
            prop_assert_eq!(&kept, &plan);
            prop_assert_eq!(course.given_away(&plan, smallest), vec![]);
            let is_more = plan.sections.iter().zip(&last.sections).any(|(is, was)| *is && !was);
            prop_assert!(!is_more && plan.total <= last.total && plan.right <= last.right);
            last = plan;
        }
    }

    #[test]
    fn neither_order_nor_names_decide(course in course(), smallest in 5u32..12, by in 0usize..5) {
        let mut turned = course.clone();
        let by = by % course.sections.len();
        turned.sections.rotate_left(by);
        let mut of_turned = plan(&turned.sections, &turned.nameless, smallest);
        of_turned.sections.rotate_right(by);
        prop_assert_eq!(plan(&course.sections, &course.nameless, smallest), of_turned);
    }

    #[test]
    fn views_are_withheld_like_people(
        sections in prop::collection::vec(prop_oneof![Just(0u64), 0u64..30], 1..5),
        nameless in prop_oneof![Just(0u64), 0u64..30],
        has_total in any::<bool>(),
        first in 5u32..12,
        more in 0u32..8,
    ) {
        let mut last = SuppressionPlan::open(sections.len());
        for (smallest, plan) in plan_sums(&sections, nameless, has_total, first..=first + more) {
            let course = Course { sections: vec![SectionAmounts::default(); sections.len()], nameless: SectionAmounts::default() };
            let published = course.published(&plan);
            for set in 1u32..1 << (sections.len() + 1) {
                let is_in = |place: usize| set >> place & 1 == 1;
                let wanted: Vec<u128> = (0..=sections.len()).map(|place| u128::from(is_in(place))).collect();
                let all = sections.iter().chain([&nameless]).enumerate().filter(|(place, _)| is_in(*place));
                let sum: u64 = all.map(|(_, views)| views).sum();
                let is_of_nothing = set == 1 << sections.len() && nameless == 0;
                let is_few = !is_of_nothing && sum < u64::from(smallest);
                prop_assert!(!is_few || !can_be_solved(&published, &wanted));
            }
            let is_more = plan.sections.iter().zip(&last.sections).any(|(is, was)| *is && !was);
            prop_assert!(!is_more && plan.total <= last.total);
            last = plan;
        }
    }
}

/// Some people, each with as much.
fn of(people: std::ops::Range<usize>, amount: u64) -> SectionAmounts {
    SectionAmounts {
        done: people.map(|who| (format!("u{who}"), amount)).collect(),
        ..SectionAmounts::default()
    }
}

#[test]
fn the_adversary_finds_what_a_plan_without_complements_gives_away() {
    let course = Course {
        sections: vec![of(0..20, 3), of(20..40, 3), of(40..43, 3)],
        nameless: SectionAmounts::default(),
    };
    assert_eq!(course.given_away(&naive(&course, 10), 10), [(vec![2, 3], "done")]);
    let shown = plan(&course.sections, &course.nameless, 10);
    assert_eq!((shown.sections, shown.total), (vec![false, false, false], true));
    // A section without anybody is worked out from the rest as nothing.
    let course = Course {
        sections: vec![of(0..20, 3), SectionAmounts::default()],
        nameless: SectionAmounts::default(),
    };
    assert!(course.given_away(&naive(&course, 10), 10).iter().any(|(_, why)| *why == "nothing"));
    let shown = plan(&course.sections, &course.nameless, 10);
    assert_eq!((shown.sections, shown.total), (vec![true, false], false));
    // Whoever teaches the larger one of two has the smaller one's rest.
    let course = Course { sections: vec![of(0..14, 3), of(20..21, 3)], nameless: SectionAmounts::default() };
    let hidden = SuppressionPlan { sections: vec![false, false], total: true, right: false };
    assert_eq!(course.given_away(&hidden, 10), [(vec![1, 2], "done")]);
    assert!(!plan(&course.sections, &course.nameless, 10).total);
}

#[test]
fn one_who_makes_up_most_of_it_is_no_crowd() {
    let mut section = of(0..11, 1);
    section.done.insert("u0".into(), 11);
    assert!(!plan(&[section.clone()], &SectionAmounts::default(), 10).total);
    section.done.insert("u0".into(), 10);
    assert!(plan(&[section], &SectionAmounts::default(), 10).total);
}

#[test]
fn what_names_no_section_is_never_alone() {
    let sections = [of(0..30, 1), of(30..45, 1)];
    assert_eq!(plan(&sections, &SectionAmounts::default(), 10).sections, [true, true]);
    assert_eq!(plan(&sections, &of(50..52, 1), 10).sections, [false, false]);
    assert_eq!(plan(&sections, &of(50..62, 1), 10).sections, [true, true]);
}

#[test]
fn nearly_all_are_as_few_as_nearly_none() {
    let answers = |right: usize, wrong: usize| {
        let of =
            |people: std::ops::Range<usize>| people.map(|who| (format!("u{who}"), 1)).collect::<Amounts>();
        SectionAmounts { done: of(0..right + wrong), right: of(0..right), wrong: of(right..right + wrong) }
    };
    for ((right, wrong), shown) in [((10, 10), true), ((30, 9), false), ((9, 30), false), ((30, 0), false)] {
        let plan = plan(&[answers(right, wrong)], &SectionAmounts::default(), 10);
        assert_eq!((plan.total, plan.right), (true, shown), "{right} right, {wrong} wrong");
    }
}
