//! Disclosure control: decides which numbers of a course and week are suppressed, so that no person can be
//! identified from what is published.
//!
//! Primary suppression: a number is shown only if its set of students is *safe*: it has enough students, and
//! none of them contributes more than half. That is not sufficient, since a total minus the shown sections
//! gives the sum of the others. Complementary suppression: if a total is shown, the suppressed sections
//! together are safe as well, or more sections are suppressed until they are ([`plan_sections`]). Everything
//! that can be inferred from all shown numbers of a week is then a sum over safe sets. That also holds for
//! instructors, who see the rows of their own section.
//!
//! One plan applies to all measures of a report, since they are sums over the same students. A student counts
//! once in each section with activity, so that sections add up to the total, and nothing can be inferred
//! about who is in two sections.

use std::collections::{BTreeMap, BTreeSet};

/// Each student's contribution to a sum, by user id.
pub type Amounts = BTreeMap<String, u64>;

/// Activity of students in one section in one week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionAmounts {
    /// Amount of activity: half minutes, views, marks, note events or answers.
    pub done: Amounts,
    /// Answers equal to the solution.
    pub right: Amounts,
    /// Answers different from the solution.
    pub wrong: Amounts,
}

impl SectionAmounts {
    /// Answers that are neither right nor wrong, since there is no solution that can be compared.
    #[must_use]
    pub fn unjudged(&self) -> Amounts {
        let judged =
            |person: &str| [&self.right, &self.wrong].iter().filter_map(|amounts| amounts.get(person)).sum();
        self.done.iter().map(|(person, all)| (person.clone(), all.saturating_sub(judged(person)))).collect()
    }
}

/// Which numbers of a course and week are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionPlan {
    /// Whether each section is shown, in the order of the input.
    pub sections: Vec<bool>,
    /// Whether the total of the course is shown.
    pub total: bool,
    /// Whether the percentage of right answers is shown for everything that is shown.
    pub right: bool,
}

impl SuppressionPlan {
    /// The plan that suppresses nothing.
    fn without_suppression(sections: usize) -> Self {
        Self { sections: vec![true; sections], total: true, right: true }
    }
}

/// For each number, the largest `LECTERN_SMALLEST` under which it is shown; `None` if it never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationThresholds {
    /// Threshold of each section, in the order of the input.
    pub sections: Vec<Option<u32>>,
    /// Threshold of the total of the course.
    pub total: Option<u32>,
    /// Threshold of the percentage of right answers, for everything that is shown.
    pub right: Option<u32>,
}

impl PublicationThresholds {
    /// The thresholds of plans with rising `LECTERN_SMALLEST`, each of which shows no more than the one
    /// before.
    #[must_use]
    pub fn from_plans(plans: impl Iterator<Item = (u32, SuppressionPlan)>) -> Self {
        let mut thresholds = Self { sections: Vec::new(), total: None, right: None };
        for (smallest, plan) in plans {
            thresholds.sections.resize(plan.sections.len(), None);
            let all = thresholds.sections.iter_mut().chain([&mut thresholds.total, &mut thresholds.right]);
            for (threshold, is_shown) in all.zip(plan.sections.into_iter().chain([plan.total, plan.right])) {
                *threshold = if is_shown { Some(smallest) } else { *threshold };
            }
        }
        thresholds
    }
}

/// Whether a sum over these amounts may be shown: at least `smallest` people contribute, and nobody more than
/// half.
#[must_use]
pub fn is_safe<'a>(amounts: impl Iterator<Item = &'a Amounts>, smallest: u32) -> bool {
    let mut people: BTreeMap<&str, u64> = BTreeMap::new();
    for (person, amount) in amounts.flatten().filter(|(_, amount)| **amount > 0) {
        let sum = people.entry(person).or_default();
        *sum = sum.saturating_add(*amount);
    }
    let sum = people.values().fold(0u64, |sum, amount| sum.saturating_add(*amount));
    people.len() >= smallest as usize && people.values().all(|amount| *amount <= sum - amount)
}

/// Plans which sections are shown, and whether the total of all sections and `nameless` (rows without a
/// section) is: one plan for each `LECTERN_SMALLEST` in `bounds`, which rise. A section without activity is
/// suppressed like one with too few students.
///
/// A plan shows nothing that an earlier one suppresses. So a later plan reveals nothing to somebody who saw
/// an earlier one, and thresholds computed once serve every `LECTERN_SMALLEST`.
pub fn plan_sections(
    sections: &[SectionAmounts],
    nameless: &SectionAmounts,
    bounds: impl IntoIterator<Item = u32>,
) -> impl Iterator<Item = (u32, SuppressionPlan)> {
    let size = |index: usize| {
        let done = sections.get(index).map(|section| &section.done);
        let people = done.map_or(0, |done| done.values().filter(|amount| **amount > 0).count());
        (people as u64, done.map_or(0, |done| done.values().sum::<u64>()))
    };
    let has_nameless = nameless.done.values().any(|amount| *amount > 0);
    let next = move |before: &SuppressionPlan, smallest: u32| {
        let is_set_safe = |indexes: &[usize]| -> bool {
            is_safe(select_parts(sections, nameless, indexes).map(|part| &part.done), smallest)
        };
        let (shown, total) = suppress_complementary(before, has_nameless, &is_set_safe, &size);
        let right = before.right && is_right_shown(sections, nameless, &shown, total, smallest);
        SuppressionPlan { sections: shown, total, right }
    };
    plan_each_bound(sections.len(), bounds, next)
}

/// Like [`plan_sections`], for sums without people, such as views: a sum is safe if it is at least
/// `LECTERN_SMALLEST`. Without `has_total`, as when the total would count some views twice, the total is not
/// shown, so sections are independent.
pub fn plan_sums(
    sections: &[u64],
    nameless: u64,
    has_total: bool,
    bounds: impl IntoIterator<Item = u32>,
) -> impl Iterator<Item = (u32, SuppressionPlan)> {
    let sum_at = move |index: usize| sections.get(index).copied().unwrap_or(nameless);
    let next = move |before: &SuppressionPlan, smallest: u32| {
        let is_safe = |indexes: &[usize]| {
            let sum = indexes.iter().map(|index| sum_at(*index)).fold(0, u64::saturating_add);
            sum >= u64::from(smallest)
        };
        let before = SuppressionPlan { total: before.total && has_total, ..before.clone() };
        let (shown, total) =
            suppress_complementary(&before, nameless > 0, &is_safe, &|index| (sum_at(index), 0));
        SuppressionPlan { sections: shown, total, right: false }
    };
    plan_each_bound(sections.len(), bounds, next)
}

/// Computes the plan for each bound from the plan for the bound before.
fn plan_each_bound(
    sections: usize,
    bounds: impl IntoIterator<Item = u32>,
    next: impl Fn(&SuppressionPlan, u32) -> SuppressionPlan,
) -> impl Iterator<Item = (u32, SuppressionPlan)> {
    bounds.into_iter().scan(SuppressionPlan::without_suppression(sections), move |last, smallest| {
        *last = next(last, smallest);
        Some((smallest, last.clone()))
    })
}

/// The parts of a total at these indexes: sections, and after the last section the nameless part.
fn select_parts<'a>(
    sections: &'a [SectionAmounts],
    nameless: &'a SectionAmounts,
    indexes: &[usize],
) -> impl Iterator<Item = &'a SectionAmounts> {
    let indexes: BTreeSet<usize> = indexes.iter().copied().collect();
    sections
        .iter()
        .chain([nameless])
        .enumerate()
        .filter_map(move |(at, part)| indexes.contains(&at).then_some(part))
}

/// Which of the sections shown `before` are still shown, and whether the total is. `is_safe` and `size` take
/// indexes of parts: sections, and after the last section the nameless part.
fn suppress_complementary(
    before: &SuppressionPlan,
    has_nameless: bool,
    is_safe: &dyn Fn(&[usize]) -> bool,
    size: &dyn Fn(usize) -> (u64, u64),
) -> (Vec<bool>, bool) {
    let count = before.sections.len();
    let candidates = before.sections.iter().enumerate();
    let safe: Vec<bool> = candidates.map(|(index, was_shown)| *was_shown && is_safe(&[index])).collect();
    let all: Vec<usize> = (0..count).chain(has_nameless.then_some(count)).collect();
    // Without a total, nothing can be inferred about suppressed sections.
    if !before.total || !is_safe(&all) {
        return (safe, false);
    }
    let mut shown = safe.clone();
    loop {
        let suppressed: Vec<usize> =
            all.iter().copied().filter(|index| !shown.get(*index).copied().unwrap_or(false)).collect();
        if suppressed.is_empty()
            || (is_safe(&suppressed) && leave_one_out(&suppressed, count).all(|rest| is_safe(&rest)))
        {
            return (shown, true);
        }
        if !shown.contains(&true) {
            return (safe, false);
        }
        let smallest_size =
            shown.iter().enumerate().filter(|(_, shown)| **shown).map(|(index, _)| size(index)).min();
        // Suppresses all sections of this size, so that the result does not depend on order or names.
        for (index, shown) in shown.iter_mut().enumerate() {
            *shown = *shown && Some(size(index)) != smallest_size;
        }
    }
}

/// The set without each of its sections in turn: the instructor of a section sees its rows, and can subtract
/// them.
fn leave_one_out(indexes: &[usize], sections: usize) -> impl Iterator<Item = Vec<usize>> {
    let without =
        |section: usize| indexes.iter().copied().filter(|index| *index != section).collect::<Vec<_>>();
    let section_indexes = indexes.iter().copied().filter(move |index| *index < sections);
    section_indexes.map(without).filter(|rest| !rest.is_empty())
}

/// Whether the percentage of right answers can be shown together with the rest: in each set for which it is
/// shown or can be inferred, the right answers are safe, and so are the wrong and the unjudged ones.
fn is_right_shown(
    sections: &[SectionAmounts],
    nameless: &SectionAmounts,
    shown: &[bool],
    total: bool,
    smallest: u32,
) -> bool {
    let are_answers_safe = |indexes: &[usize]| {
        let collect = |amounts: fn(&SectionAmounts) -> Amounts| -> Vec<Amounts> {
            select_parts(sections, nameless, indexes).map(amounts).collect()
        };
        let are_safe = |amounts: fn(&SectionAmounts) -> Amounts| is_safe(collect(amounts).iter(), smallest);
        let unjudged = collect(SectionAmounts::unjudged);
        are_safe(|part| part.right.clone())
            && are_safe(|part| part.wrong.clone())
            && (unjudged.iter().all(|amounts| amounts.values().all(|amount| *amount == 0))
                || is_safe(unjudged.iter(), smallest))
    };
    let nameless_index = shown.len();
    let is_shown = |index: usize| shown.get(index).copied().unwrap_or(false);
    let has_nameless = nameless.done.values().any(|amount| *amount > 0);
    let all: Vec<usize> = (0..nameless_index).chain(has_nameless.then_some(nameless_index)).collect();
    let (visible, suppressed): (Vec<usize>, Vec<usize>) = all.iter().partition(|index| is_shown(**index));
    let are_hidden_answers_safe = || {
        suppressed.is_empty()
            || (are_answers_safe(&suppressed)
                && leave_one_out(&suppressed, nameless_index).all(|rest| are_answers_safe(&rest)))
    };
    (total || !visible.is_empty())
        && visible.iter().all(|index| are_answers_safe(&[*index]))
        && (!total || (are_answers_safe(&all) && are_hidden_answers_safe()))
}

#[cfg(test)]
mod tests;
