//! Disclosure control: decides which sums over students may be published, so that nobody can be identified from
//! what is published.
//!
//! A course's rows are divided into *parts*: its sections, and the rows without a section. Each part is decided on
//! and rounded by itself, and the number of a course is the sum over the published parts. So whatever somebody
//! knows about some parts, even all of their rows, tells them nothing about another part beyond what is published
//! of it, and nothing has to be withheld to protect a total.
//!
//! A sum over the students of one part may be published if all of these hold:
//!
//! - *Threshold rule*: at least `LECTERN_SMALLEST` students contribute.
//! - *p% rule*: what all but the two largest contributors did beyond the 1 that each of them did at least is 15 % of
//!   the largest contribution or more. The number of contributors is published, so this is what the student with the
//!   second largest contribution, who knows their own, cannot tell from the largest. Others know even less. Contributions
//!   are rows, so 1 is the least also where the published unit is minutes (two rows each).
//! - *Count rule*: the sum is at least the number of contributors plus `LECTERN_SMALLEST`, since everybody contributes at
//!   least 1: a sum of 20 over 20 students would reveal what each of them did.
//!
//! Sums of parts that fulfill these rules fulfill them too, so nothing is disclosed by adding parts up.

use std::collections::BTreeMap;

/// Each student's contribution to a sum, by user id.
pub type Amounts = BTreeMap<String, u64>;

/// What the others than the two largest contributors did beyond 1 each is at least this percentage of the largest
/// contribution.
pub const MIN_PERCENT_OF_LARGEST: u64 = 15;

/// Published sums are multiples of this number.
pub const ROUNDING_BASE: f64 = 5.0;

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

/// The largest `LECTERN_SMALLEST` under which the sum of these amounts may be published; 0 if it never may.
#[must_use]
pub fn publication_threshold(amounts: &Amounts) -> u32 {
    let mut contributions: Vec<u64> = amounts.values().copied().filter(|amount| *amount > 0).collect();
    contributions.sort_unstable_by(|a, b| b.cmp(a));
    let (largest, unknown) = match contributions.as_slice() {
        [largest, _, rest @ ..] => (*largest, total(rest.iter().map(|amount| amount - 1))),
        _ => return 0,
    };
    if unknown.saturating_mul(100) < largest.saturating_mul(MIN_PERCENT_OF_LARGEST) {
        return 0;
    }
    threshold_of_count(total(contributions.iter().copied()), contributions.len() as u64)
}

/// Like [`publication_threshold`], for the right, wrong and unjudged answers of a section together: each of them can
/// be inferred from the others and all answers.
#[must_use]
pub fn solution_threshold(section: &SectionAmounts) -> u32 {
    let unjudged = section.unjudged();
    let judged = publication_threshold(&section.right).min(publication_threshold(&section.wrong));
    match total(unjudged.values().copied()) {
        0 => judged,
        _ => judged.min(publication_threshold(&unjudged)),
    }
}

/// The largest `LECTERN_SMALLEST` for which a sum fulfills the threshold rule and the count rule.
fn threshold_of_count(sum: u64, contributors: u64) -> u32 {
    u32::try_from(contributors.min(sum.saturating_sub(contributors))).unwrap_or(u32::MAX)
}

/// Rounds a sum to the nearest multiple of [`ROUNDING_BASE`].
#[must_use]
pub fn round_sum(sum: f64) -> f64 {
    (sum / ROUNDING_BASE).round() * ROUNDING_BASE
}

/// The sum of some amounts.
#[must_use]
pub fn total(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests;
