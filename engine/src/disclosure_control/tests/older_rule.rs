//! The rule before parts were published by themselves: a number is shown if enough students contribute and nobody
//! more than half; then sections are withheld until what a total and the shown sections reveal about the others is
//! safe for outsiders and for whoever sees the rows of one section. Kept to show that the adversaries find what it
//! discloses.

use super::super::{Amounts, SectionAmounts};
use std::collections::BTreeMap;

/// Which parts are shown, and whether the total of all is. The last part has the rows without a section.
pub(super) fn plan(parts: &[SectionAmounts], smallest: u32) -> (Vec<bool>, bool) {
    let is_set_safe =
        |set: &[usize]| is_safe(&set.iter().map(|part| &parts[*part].done).collect::<Vec<_>>(), smallest);
    let sections = parts.len() - 1;
    let size = |part: usize| (parts[part].done.len(), parts[part].done.values().sum::<u64>());
    let all: Vec<usize> = (0..parts.len()).filter(|part| *part < sections || size(*part).0 > 0).collect();
    let safe: Vec<bool> = (0..sections).map(|section| is_set_safe(&[section])).collect();
    if !is_set_safe(&all) {
        return (safe, false);
    }
    let mut shown = safe.clone();
    loop {
        let hidden: Vec<usize> =
            all.iter().copied().filter(|part| !shown.get(*part).is_some_and(|is_shown| *is_shown)).collect();
        let without = |section: usize| hidden.iter().copied().filter(move |part| *part != section).collect();
        let mut rests = hidden.iter().filter(|part| **part < sections).map(|section| without(*section));
        if hidden.is_empty()
            || (is_set_safe(&hidden) && rests.all(|rest: Vec<usize>| rest.is_empty() || is_set_safe(&rest)))
        {
            return (shown, true);
        }
        let Some(smallest_size) = (0..sections).filter(|section| shown[*section]).map(size).min() else {
            return (safe, false);
        };
        for (section, is_shown) in shown.iter_mut().enumerate() {
            *is_shown = *is_shown && size(section) != smallest_size;
        }
    }
}

fn is_safe(parts: &[&Amounts], smallest: u32) -> bool {
    let mut people: BTreeMap<&str, u64> = BTreeMap::new();
    for (person, amount) in parts.iter().copied().flatten().filter(|(_, amount)| **amount > 0) {
        *people.entry(person).or_default() += amount;
    }
    let sum: u64 = people.values().sum();
    people.len() >= smallest as usize && people.values().all(|amount| 2 * amount <= sum)
}
