//! What is kept of a course's week or snapshot once it is counted: numbers, each with how many people may be asked for until
//! it is withheld, and nothing of what never may be shown.

use crate::course_week::{AmountsBySection, ViewCounts};
use crate::disclosure_control::{PublicationThresholds, SectionAmounts, plan_sections, plan_sums};
use domain::report::ReportName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// A number that may be shown, and how many people may be asked for at most until it is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumber {
    /// The number.
    pub value: f64,
    /// It is shown while no more people are asked for.
    #[serde(rename = "most")]
    pub max_smallest: u32,
}

/// The numbers of a week or snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumbers {
    /// Those of each section that is shown, by its UUID or, where the report has none, its number, in small letters.
    pub sections: BTreeMap<String, Vec<Option<PublishedNumber>>>,
    /// Those of the whole course; none if they are never shown.
    pub total: Vec<Option<PublishedNumber>>,
}

/// What may be shown of what students did in a week, whoever from `bounds` on is asked for: the amount, the students and, of
/// polls that have a solution, the share of right answers in per cent. `taught` are the sections of the week, used or not: one
/// that nobody used is hidden like one that few used, and so has to be known.
#[must_use]
pub fn publish_week(
    report: &ReportName,
    mut parts: AmountsBySection,
    taught: impl IntoIterator<Item = String>,
    bounds: RangeInclusive<u32>,
) -> PublishedNumbers {
    let nameless = parts.remove("").unwrap_or_default();
    for section in taught {
        parts.entry(section).or_default();
    }
    let (names, parts): (Vec<String>, Vec<SectionAmounts>) = parts.into_iter().unzip();
    let thresholds = PublicationThresholds::from_plans(plan_sections(&parts, &nameless, bounds));
    let all: Vec<&SectionAmounts> = parts.iter().chain([&nameless]).collect();
    // Where no poll has a solution nothing is right or wrong, whoever answered: that is nobody's secret.
    let is_judged = all.iter().any(|part| !part.right.is_empty() || !part.wrong.is_empty());
    let shown = |parts: &[&SectionAmounts], limit: &Option<u32>| {
        let max_smallest = (*limit)?;
        let mut numbers = numbers(report, parts, max_smallest);
        if is_judged {
            let right = thresholds.right.map(|right| right.min(max_smallest));
            numbers.push(
                right_share(parts)
                    .zip(right)
                    .map(|(value, max_smallest)| PublishedNumber { value, max_smallest }),
            );
        }
        Some(numbers)
    };
    let of_each = names.into_iter().zip(&parts).zip(&thresholds.sections);
    PublishedNumbers {
        sections: of_each.filter_map(|((name, part), limit)| Some((name, shown(&[part], limit)?))).collect(),
        total: shown(&all, &thresholds.total).unwrap_or_default(),
    }
}

fn sum(parts: &[&SectionAmounts], of: fn(&SectionAmounts) -> u64) -> u64 {
    parts.iter().map(|part| of(part)).fold(0, u64::saturating_add)
}

/// The amount and the students of some parts together. Each student counts once in each section, so that the parts of a total
/// add up.
fn numbers(
    report: &ReportName,
    parts: &[&SectionAmounts],
    max_smallest: u32,
) -> Vec<Option<PublishedNumber>> {
    let done = sum(parts, |part| part.done.values().sum());
    let people = sum(parts, |part| part.done.values().filter(|amount| **amount > 0).count() as u64);
    let divisor = report.known().map_or(1.0, |report| report.descriptor().unit.divisor());
    let amount = count(done) / divisor;
    vec![
        Some(PublishedNumber { value: amount, max_smallest }),
        Some(PublishedNumber { value: count(people), max_smallest }),
    ]
}

/// How many answers of a hundred were right, of those of which that can be said.
fn right_share(parts: &[&SectionAmounts]) -> Option<f64> {
    let right = sum(parts, |part| part.right.values().sum());
    let judged = right + sum(parts, |part| part.wrong.values().sum());
    (judged > 0).then(|| (100.0 * count(right) / count(judged)).round())
}

/// The library as it stood at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedLibrary {
    /// Videos and views.
    pub shown: PublishedNumbers,
    /// The views of all sections, hidden ones too, against which the next snapshot is held: nobody's to see. What names no
    /// section stands under the empty text.
    pub views: BTreeMap<String, u64>,
}

/// What may be shown of the library's views, which have no people: fewer views than are asked for are withheld. `numbers` are
/// those of the course's sections.
#[must_use]
pub fn publish_library(
    views: &ViewCounts,
    numbers: impl IntoIterator<Item = String>,
    bounds: RangeInclusive<u32>,
) -> PublishedLibrary {
    let mut sections = views.sections.clone();
    let nameless = sections.remove("").unwrap_or_default();
    for number in numbers.into_iter().filter(|number| !number.is_empty()) {
        sections.entry(number).or_default();
    }
    let sums: Vec<u64> = sections.values().map(|section| section.views).collect();
    let thresholds =
        PublicationThresholds::from_plans(plan_sums(&sums, nameless.views, !views.is_repeated, bounds));
    let shown = |views: u64, videos: u64, limit: &Option<u32>| {
        let number =
            |value: u64| limit.map(|max_smallest| PublishedNumber { value: count(value), max_smallest });
        limit.map(|_| vec![number(videos), number(views)])
    };
    let of_each = sections.iter().zip(&thresholds.sections);
    let total = sums.iter().fold(nameless.views, |sum, views| sum.saturating_add(*views));
    let shown = PublishedNumbers {
        sections: of_each
            .filter_map(|((name, section), limit)| {
                Some((name.clone(), shown(section.views, section.videos, limit)?))
            })
            .collect(),
        total: shown(total, views.videos, &thresholds.total).unwrap_or_default(),
    };
    let all = sections.iter().map(|(name, section)| (name.clone(), section.views));
    PublishedLibrary { shown, views: all.chain([(String::new(), nameless.views)]).collect() }
}

impl PublishedLibrary {
    /// What may be shown of it after others of the same course: nothing unless each section has moved by none or by at least
    /// `smallest` views since each of them, so that the difference of two says nothing of a few; and never a number that one
    /// of those withheld, which might be worked out from what it must have been.
    #[must_use]
    pub fn limit_by_earlier(self, before: &[PublishedLibrary], smallest: u32) -> Option<Self> {
        let fewest = before.iter().filter_map(|before| before.fewest_moved(&self)).min();
        if fewest.is_some_and(|moved| moved < smallest) {
            return None;
        }
        let mut shown = self.shown;
        shown.cap_thresholds(fewest.unwrap_or(u32::MAX));
        before.iter().for_each(|before| shown.limit_to(&before.shown));
        Some(Self { shown, views: self.views })
    }

    /// The fewest views by which some section has moved, of those that have.
    fn fewest_moved(&self, after: &Self) -> Option<u32> {
        let of = |library: &Self, section: &String| library.views.get(section).copied().unwrap_or(0);
        let sections: BTreeSet<&String> = self.views.keys().chain(after.views.keys()).collect();
        let moved = sections.into_iter().map(|section| of(self, section).abs_diff(of(after, section)));
        moved.filter(|moved| *moved > 0).min().map(|moved| u32::try_from(moved).unwrap_or(u32::MAX))
    }
}

impl PublishedNumbers {
    /// Withholds everything where more than this are asked for.
    fn cap_thresholds(&mut self, max_smallest: u32) {
        for number in self.sections.values_mut().chain([&mut self.total]).flatten().flatten() {
            number.max_smallest = number.max_smallest.min(max_smallest);
        }
    }

    /// Withholds what another withholds.
    fn limit_to(&mut self, before: &Self) {
        let meet = |numbers: &mut Vec<Option<PublishedNumber>>, before: &[Option<PublishedNumber>]| {
            numbers.truncate(before.len());
            for (number, before) in numbers.iter_mut().zip(before) {
                let max_smallest = before.map(|before| before.max_smallest);
                *number = number.zip(max_smallest).map(|(number, max_smallest)| PublishedNumber {
                    max_smallest: number.max_smallest.min(max_smallest),
                    ..number
                });
            }
        };
        self.sections.retain(|name, _| before.sections.contains_key(name));
        for (name, numbers) in &mut self.sections {
            meet(numbers, before.sections.get(name).map_or(&[], Vec::as_slice));
        }
        meet(&mut self.total, &before.total);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows, exact below 2^53")]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
