//! Disclosure control: decides which numbers of a course and week are suppressed, so that no person can be identified
//! from what is published.
//!
//! Sections are the parts of a course. A number is shown only of a set of students that is *safe*: enough of them, and none
//! of them most of it. That alone would not do: a total less the parts that are shown is a number too. So what is not shown
//! of a total is safe together as well, or more is hidden until it is ([`plan_sections`]); whatever can be worked out from all that is
//! shown of a week is then a sum over safe sets. That holds for whoever teaches one of the sections, too, and sees its rows.
//!
//! One plan holds for all measures of a report: they are sums over the same students, each counted once in each section that
//! they were active in, so that the parts of a total add up and say nothing of who is in two of them.

use std::collections::{BTreeMap, BTreeSet};

/// Somebody's share in a sum, by who it is.
pub type Amounts = BTreeMap<String, u64>;

/// What students did in one section in one week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionAmounts {
    /// How much of it: half minutes, views, marks, notes, answers.
    pub done: Amounts,
    /// Answers that were the solution.
    pub right: Amounts,
    /// Answers that were not.
    pub wrong: Amounts,
}

impl SectionAmounts {
    /// Answers of which nobody can say whether they are right.
    #[must_use]
    pub fn unjudged(&self) -> Amounts {
        let judged = |person: &str| [&self.right, &self.wrong].iter().filter_map(|of| of.get(person)).sum();
        self.done.iter().map(|(person, all)| (person.clone(), all.saturating_sub(judged(person)))).collect()
    }
}

/// What is shown of a course and week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionPlan {
    /// Of each section, in the order in which they were given.
    pub sections: Vec<bool>,
    /// Of the course as a whole.
    pub total: bool,
    /// The share of right answers, of whatever else is shown.
    pub right: bool,
}

impl SuppressionPlan {
    /// The plan that withholds nothing.
    fn open(sections: usize) -> Self {
        Self { sections: vec![true; sections], total: true, right: true }
    }
}

/// How many people may be asked for until each is withheld; nothing of what is never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationThresholds {
    /// Of each section, in the order in which they were given.
    pub sections: Vec<Option<u32>>,
    /// Of the course as a whole.
    pub total: Option<u32>,
    /// Of the share of right answers, of whatever else is shown.
    pub right: Option<u32>,
}

impl PublicationThresholds {
    /// Those of plans for more and more people, each within the one before.
    #[must_use]
    pub fn from_plans(plans: impl Iterator<Item = (u32, SuppressionPlan)>) -> Self {
        let mut thresholds = Self { sections: Vec::new(), total: None, right: None };
        for (smallest, plan) in plans {
            thresholds.sections.resize(plan.sections.len(), None);
            let of_all = thresholds.sections.iter_mut().chain([&mut thresholds.total, &mut thresholds.right]);
            for (limit, is_shown) in of_all.zip(plan.sections.into_iter().chain([plan.total, plan.right])) {
                *limit = if is_shown { Some(smallest) } else { *limit };
            }
        }
        thresholds
    }
}

/// Whether a number over these amounts may be shown: `smallest` people have a part in it, and nobody more than half.
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

/// What may be shown of these sections, and of all of them with `nameless`, the rows that name no section: one plan for each
/// number of people that may be asked for, fewest first. A section without anybody is one of too few, and hidden like them.
///
/// No plan shows what one before it withholds. So whoever saw an earlier one learns nothing from a later one, and what is
/// kept of the rows of a week serves each.
pub fn plan_sections(
    sections: &[SectionAmounts],
    nameless: &SectionAmounts,
    bounds: impl IntoIterator<Item = u32>,
) -> impl Iterator<Item = (u32, SuppressionPlan)> {
    let size = |place: usize| {
        let done = sections.get(place).map(|part| &part.done);
        let people = done.map_or(0, |done| done.values().filter(|amount| **amount > 0).count());
        (people as u64, done.map_or(0, |done| done.values().sum::<u64>()))
    };
    let has_nameless = nameless.done.values().any(|amount| *amount > 0);
    let next = move |before: &SuppressionPlan, smallest: u32| {
        let done = |places: &[usize]| -> bool {
            is_safe(parts_of(sections, nameless, places).map(|part| &part.done), smallest)
        };
        let (shown, total) = suppress_complementary(before, has_nameless, &done, &size);
        let right = before.right && is_right_shown(sections, nameless, &shown, total, smallest);
        SuppressionPlan { sections: shown, total, right }
    };
    plan_each_bound(sections.len(), bounds, next)
}

/// The same of sums that have no people: views. Fewer than so many of them are withheld. A total that would count some of
/// them twice is not shown, and then links nothing.
pub fn plan_sums(
    sections: &[u64],
    nameless: u64,
    has_total: bool,
    bounds: impl IntoIterator<Item = u32>,
) -> impl Iterator<Item = (u32, SuppressionPlan)> {
    let known = move |place: usize| sections.get(place).copied().unwrap_or(nameless);
    let next = move |before: &SuppressionPlan, smallest: u32| {
        let is_safe = |places: &[usize]| {
            let sum = places.iter().map(|place| known(*place)).fold(0, u64::saturating_add);
            sum >= u64::from(smallest)
        };
        let before = SuppressionPlan { total: before.total && has_total, ..before.clone() };
        let (shown, total) =
            suppress_complementary(&before, nameless > 0, &is_safe, &|place| (known(place), 0));
        SuppressionPlan { sections: shown, total, right: false }
    };
    plan_each_bound(sections.len(), bounds, next)
}

fn plan_each_bound(
    sections: usize,
    bounds: impl IntoIterator<Item = u32>,
    next: impl Fn(&SuppressionPlan, u32) -> SuppressionPlan,
) -> impl Iterator<Item = (u32, SuppressionPlan)> {
    bounds.into_iter().scan(SuppressionPlan::open(sections), move |last, smallest| {
        *last = next(last, smallest);
        Some((smallest, last.clone()))
    })
}

/// The parts at these places; the one after the last section is the nameless one.
fn parts_of<'a>(
    sections: &'a [SectionAmounts],
    nameless: &'a SectionAmounts,
    places: &[usize],
) -> impl Iterator<Item = &'a SectionAmounts> {
    let places: BTreeSet<usize> = places.iter().copied().collect();
    sections
        .iter()
        .chain([nameless])
        .enumerate()
        .filter_map(move |(at, part)| places.contains(&at).then_some(part))
}

/// Which sections are shown of those that were `before`, and whether the total is.
fn suppress_complementary(
    before: &SuppressionPlan,
    has_nameless: bool,
    is_safe: &dyn Fn(&[usize]) -> bool,
    size: &dyn Fn(usize) -> (u64, u64),
) -> (Vec<bool>, bool) {
    let count = before.sections.len();
    let of_one = before.sections.iter().enumerate();
    let safe: Vec<bool> = of_one.map(|(place, was)| *was && is_safe(&[place])).collect();
    let all: Vec<usize> = (0..count).chain(has_nameless.then_some(count)).collect();
    // Without a total nothing links a section with another.
    if !before.total || !is_safe(&all) {
        return (safe, false);
    }
    let mut shown = safe.clone();
    loop {
        let hidden: Vec<usize> =
            all.iter().copied().filter(|place| !shown.get(*place).copied().unwrap_or(false)).collect();
        if hidden.is_empty() || (is_safe(&hidden) && leave_one_out(&hidden, count).all(|rest| is_safe(&rest)))
        {
            return (shown, true);
        }
        if !shown.contains(&true) {
            return (safe, false);
        }
        let least = shown.iter().enumerate().filter(|(_, shown)| **shown).map(|(place, _)| size(place)).min();
        // All of the same size at once: neither order nor name decides.
        for (place, shown) in shown.iter_mut().enumerate() {
            *shown = *shown && Some(size(place)) != least;
        }
    }
}

/// What is left of places without one section, for each: whoever teaches it sees its rows, and takes it off.
fn leave_one_out(places: &[usize], sections: usize) -> impl Iterator<Item = Vec<usize>> {
    let without = |out: usize| places.iter().copied().filter(|place| *place != out).collect::<Vec<_>>();
    let outs = places.iter().copied().filter(move |place| *place < sections);
    outs.map(without).filter(|rest| !rest.is_empty())
}

/// Whether the share of right answers can be shown with what is shown: in each part that it is known or can be worked out
/// of, those who are right are safe, those who are not, and those of whom nobody can say.
fn is_right_shown(
    sections: &[SectionAmounts],
    nameless: &SectionAmounts,
    shown: &[bool],
    total: bool,
    smallest: u32,
) -> bool {
    let is_judged = |places: &[usize]| {
        let of = |amounts: fn(&SectionAmounts) -> Amounts| -> Vec<Amounts> {
            parts_of(sections, nameless, places).map(amounts).collect()
        };
        let is = |amounts: fn(&SectionAmounts) -> Amounts| is_safe(of(amounts).iter(), smallest);
        let unjudged = of(SectionAmounts::unjudged);
        is(|part| part.right.clone())
            && is(|part| part.wrong.clone())
            && (unjudged.iter().all(|of| of.values().all(|amount| *amount == 0))
                || is_safe(unjudged.iter(), smallest))
    };
    let nameless_place = shown.len();
    let is_shown = |place: usize| shown.get(place).copied().unwrap_or(false);
    let has_nameless = nameless.done.values().any(|amount| *amount > 0);
    let all: Vec<usize> = (0..nameless_place).chain(has_nameless.then_some(nameless_place)).collect();
    let (open, hidden): (Vec<usize>, Vec<usize>) = all.iter().partition(|place| is_shown(**place));
    let is_hidden_judged = || {
        hidden.is_empty()
            || (is_judged(&hidden) && leave_one_out(&hidden, nameless_place).all(|rest| is_judged(&rest)))
    };
    (total || !open.is_empty())
        && open.iter().all(|place| is_judged(&[*place]))
        && (!total || (is_judged(&all) && is_hidden_judged()))
}

#[cfg(test)]
mod tests;
