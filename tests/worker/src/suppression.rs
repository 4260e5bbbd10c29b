//! Disclosure control, implemented independently of the Worker: which numbers of a course and week a share
//! must show, and which it must suppress.
//!
//! - Primary suppression: a number over a set of sections is *safe* if at least `smallest` people contribute to it and nobody
//!   contributes more than half.
//! - Secondary suppression: the total minus the shown sections gives away the sum of the hidden sections. So
//!   this sum must be safe as well, and stay safe without any one hidden section, whose teacher knows its
//!   rows. To achieve this, safe sections are hidden too: the smallest first, sections of equal size
//!   together, and no more than necessary. If even hiding every section does not suffice, the total is hidden
//!   and the safe sections are shown.
//! - The share of right answers is shown if, in every set of sections for which it is shown or can be derived, the right answers,
//!   the wrong answers and those that cannot be judged are each safe.

use std::collections::{BTreeMap, BTreeSet};

/// A sum by person.
pub type Amounts = BTreeMap<String, u64>;

/// What students did in one section in one week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// All contributions: half minutes, views, marks, notes or answers.
    pub done: Amounts,
    /// Answers equal to the solution.
    pub right: Amounts,
    /// Answers that differ from the solution.
    pub wrong: Amounts,
}

/// The numbers that must be shown; all others must be withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedParts {
    /// `sections[i]`: whether section `i` is shown.
    pub sections: Vec<bool>,
    /// Whether the course total is shown.
    pub total: bool,
    /// Whether the share of right answers is shown, for each shown section and total.
    pub right: bool,
}

/// Whether the sum over these sections is safe.
#[must_use]
pub fn is_safe(parts: &[&Amounts], smallest: usize) -> bool {
    let mut people: BTreeMap<&str, u64> = BTreeMap::new();
    for (person, amount) in parts.iter().copied().flatten().filter(|(_, amount)| **amount > 0) {
        *people.entry(person).or_default() += amount;
    }
    let sum: u64 = people.values().sum();
    people.len() >= smallest && people.values().all(|amount| 2 * amount <= sum)
}

/// Whether a shown total reveals nothing unsafe about the hidden sections. `is_safe` tests the sum over a set
/// of sections.
fn is_covered(hidden: &BTreeSet<usize>, is_safe: &dyn Fn(&BTreeSet<usize>) -> bool) -> bool {
    let without = |out: usize| hidden.iter().copied().filter(|place| *place != out).collect::<BTreeSet<_>>();
    let remainders = hidden.iter().map(|out| without(*out)).filter(|rest| !rest.is_empty());
    hidden.is_empty() || (is_safe(hidden) && remainders.into_iter().all(|rest| is_safe(&rest)))
}

/// Which sections must be shown, and whether the total must. `sizes[i]` are the number of people and the sum
/// of section `i`.
fn cover(sizes: &[(usize, u64)], is_safe: &dyn Fn(&BTreeSet<usize>) -> bool) -> (Vec<bool>, bool) {
    let all: BTreeSet<usize> = (0..sizes.len()).collect();
    let is_safe_alone = |place: &usize| is_safe(&BTreeSet::from([*place]));
    let (safe, unsafe_sections): (BTreeSet<usize>, BTreeSet<usize>) =
        all.iter().partition(|place| is_safe_alone(place));
    let shown = |hidden: &BTreeSet<usize>| all.iter().map(|place| !hidden.contains(place)).collect();
    if !is_safe(&all) || !is_covered(&all, is_safe) {
        return (shown(&unsafe_sections), false);
    }
    // Candidate `k` hides the unsafe sections and the safe ones of the `k` smallest sizes.
    let sizes_to_hide: BTreeSet<(usize, u64)> = safe.iter().map(|place| sizes[*place]).collect();
    let candidates = [None].into_iter().chain(sizes_to_hide.into_iter().map(Some));
    let hidden = candidates.map(|largest_hidden| {
        let hidden_safe =
            safe.iter().filter(|place| largest_hidden.is_some_and(|size| sizes[**place] <= size));
        unsafe_sections.iter().chain(hidden_safe).copied().collect::<BTreeSet<usize>>()
    });
    let hidden = hidden.into_iter().find(|hidden| is_covered(hidden, is_safe));
    (shown(&hidden.expect("hiding every section suffices")), true)
}

/// What must be shown of these sections. `sections` must include those that are taught but have no activity.
#[must_use]
pub fn published_parts(sections: &[Section], smallest: usize) -> PublishedParts {
    let parts = |places: &BTreeSet<usize>, of: fn(&Section) -> Amounts| -> Vec<Amounts> {
        places.iter().map(|place| of(&sections[*place])).collect()
    };
    let safe = |amounts: &[Amounts]| is_safe(&amounts.iter().collect::<Vec<_>>(), smallest);
    let is_done_safe = |places: &BTreeSet<usize>| safe(&parts(places, |section| section.done.clone()));
    let size = |section: &Section| {
        (section.done.values().filter(|amount| **amount > 0).count(), section.done.values().sum())
    };
    let sizes: Vec<(usize, u64)> = sections.iter().map(size).collect();
    let (shown, total) = cover(&sizes, &is_done_safe);
    let is_right_safe = |places: &BTreeSet<usize>| {
        let unjudged = parts(places, unjudged);
        let is_all_judged = unjudged.iter().flat_map(|part| part.values()).all(|amount| *amount == 0);
        safe(&parts(places, |section| section.right.clone()))
            && safe(&parts(places, |section| section.wrong.clone()))
            && (is_all_judged || safe(&unjudged))
    };
    let all: BTreeSet<usize> = (0..sections.len()).collect();
    let (visible, hidden): (BTreeSet<usize>, BTreeSet<usize>) = all.iter().partition(|place| shown[**place]);
    let right = (total || !visible.is_empty())
        && visible.iter().all(|place| is_right_safe(&BTreeSet::from([*place])))
        && (!total || (is_right_safe(&all) && is_covered(&hidden, &is_right_safe)));
    PublishedParts { sections: shown, total, right }
}

fn unjudged(section: &Section) -> Amounts {
    let judged = |person: &String| -> u64 {
        [&section.right, &section.wrong].iter().filter_map(|amounts| amounts.get(person)).sum()
    };
    section.done.iter().map(|(person, all)| (person.clone(), all - judged(person))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: std::ops::Range<u32>, amount: u64) -> Amounts {
        names.map(|name| (format!("p{name}"), amount)).collect()
    }

    fn done(done: Amounts) -> Section {
        Section { done, ..Section::default() }
    }

    #[test]
    fn too_few_people_or_a_dominant_one_are_unsafe() {
        assert!(is_safe(&[&people(0..3, 1), &people(3..6, 1)], 6));
        assert!(
            !is_safe(&[&people(0..3, 1), &people(0..3, 1)], 6),
            "both sections have the same three people"
        );
        let mut most = people(0..6, 1);
        assert!(is_safe(&[&most], 6));
        most.insert("p0".into(), 6);
        assert!(!is_safe(&[&most], 6));
    }

    #[test]
    fn a_small_section_also_hides_the_smallest_safe_section_or_the_total() {
        let shown_of = |sections: &[Section]| {
            let PublishedParts { sections, total, .. } = published_parts(sections, 6);
            (sections, total)
        };
        let (small, large, larger) = (people(0..2, 5), people(10..20, 1), people(30..50, 1));
        let large_ones = [done(large.clone()), done(larger.clone())];
        assert_eq!(shown_of(&large_ones), (vec![true, true], true));
        // The teacher of the large section could subtract it and learn about the small one, so the larger one
        // is hidden too.
        let all = [done(small.clone()), done(large), done(larger)];
        assert_eq!(shown_of(&all), (vec![false, false, false], true));
        assert_eq!(shown_of(&all[..2]), (vec![false, true], false));
        assert_eq!(shown_of(&[done(small)]), (vec![false], false));
        assert_eq!(shown_of(&[]), (vec![], false));
    }

    #[test]
    fn right_and_wrong_answers_must_both_be_safe() {
        let section = |right: Amounts, wrong: Amounts| Section { done: people(0..12, 1), right, wrong };
        let is_right = |right, wrong| published_parts(&[section(right, wrong)], 6).right;
        assert!(is_right(people(0..6, 1), people(6..12, 1)));
        assert!(!is_right(people(0..7, 1), people(7..12, 1)));
        assert!(
            !is_right(people(0..6, 1), people(6..11, 1)),
            "five wrong answers, and one that cannot be judged"
        );
    }
}
