//! The published numbers of a course's week or snapshot. Each has the largest `LECTERN_SMALLEST` under which
//! it is shown; numbers that are never shown are not stored.

use crate::course_week::{AmountsBySection, ViewCounts};
use crate::disclosure_control::{PublicationThresholds, SectionAmounts, plan_sections, plan_sums};
use domain::report::ReportName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// A number that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumber {
    /// The number.
    pub value: f64,
    /// The largest `LECTERN_SMALLEST` under which it is shown.
    #[serde(rename = "most")]
    pub max_smallest: u32,
}

/// The published numbers of a week (amount, students, and percentage of right answers for polls with a
/// solution) or of a snapshot (videos, views), always in this order. `None`: never shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumbers {
    /// Numbers of each section that is ever shown, by section UUID (or number, if the report has no UUIDs) in
    /// lower case.
    pub sections: BTreeMap<String, Vec<Option<PublishedNumber>>>,
    /// Numbers of the whole course; empty if they are never shown.
    pub total: Vec<Option<PublishedNumber>>,
}

/// The numbers of a week that may be shown, for each possible `LECTERN_SMALLEST` in `bounds`: the amount, the
/// number of students and, for polls with a solution, the percentage of right answers.
///
/// `existing_sections` are the sections of the week, with or without activity. They are needed because a
/// section without activity is suppressed like one with little.
#[must_use]
pub fn publish_week(
    report: &ReportName,
    mut amounts: AmountsBySection,
    existing_sections: impl IntoIterator<Item = String>,
    bounds: RangeInclusive<u32>,
) -> PublishedNumbers {
    let nameless = amounts.remove("").unwrap_or_default();
    for section in existing_sections {
        amounts.entry(section).or_default();
    }
    let (names, sections): (Vec<String>, Vec<SectionAmounts>) = amounts.into_iter().unzip();
    let thresholds = PublicationThresholds::from_plans(plan_sections(&sections, &nameless, bounds));
    let all: Vec<&SectionAmounts> = sections.iter().chain([&nameless]).collect();
    // That no poll has a solution does not depend on anybody's answers, so it may be published.
    let has_solutions = all.iter().any(|section| !section.right.is_empty() || !section.wrong.is_empty());
    let publish = |sections: &[&SectionAmounts], threshold: &Option<u32>| {
        let max_smallest = (*threshold)?;
        let mut numbers = amount_and_students(report, sections, max_smallest);
        if has_solutions {
            let right = thresholds.right.map(|right| right.min(max_smallest));
            numbers.push(
                percent_right(sections)
                    .zip(right)
                    .map(|(value, max_smallest)| PublishedNumber { value, max_smallest }),
            );
        }
        Some(numbers)
    };
    let with_thresholds = names.into_iter().zip(&sections).zip(&thresholds.sections);
    PublishedNumbers {
        sections: with_thresholds
            .filter_map(|((name, section), threshold)| Some((name, publish(&[section], threshold)?)))
            .collect(),
        total: publish(&all, &thresholds.total).unwrap_or_default(),
    }
}

fn sum(sections: &[&SectionAmounts], number: fn(&SectionAmounts) -> u64) -> u64 {
    sections.iter().map(|section| number(section)).fold(0, u64::saturating_add)
}

/// The amount and the number of students of some sections together. A student counts once in each section, so
/// that sections add up to the total.
fn amount_and_students(
    report: &ReportName,
    sections: &[&SectionAmounts],
    max_smallest: u32,
) -> Vec<Option<PublishedNumber>> {
    let done = sum(sections, |section| section.done.values().sum());
    let students =
        sum(sections, |section| section.done.values().filter(|amount| **amount > 0).count() as u64);
    let divisor = report.known().map_or(1.0, |report| report.descriptor().unit.divisor());
    let amount = to_f64(done) / divisor;
    vec![
        Some(PublishedNumber { value: amount, max_smallest }),
        Some(PublishedNumber { value: to_f64(students), max_smallest }),
    ]
}

/// The percentage of right answers, of all answers that can be compared with a solution; `None` without any.
fn percent_right(sections: &[&SectionAmounts]) -> Option<f64> {
    let right = sum(sections, |section| section.right.values().sum());
    let judged = right + sum(sections, |section| section.wrong.values().sum());
    (judged > 0).then(|| (100.0 * to_f64(right) / to_f64(judged)).round())
}

/// A snapshot of a course's library.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedLibrary {
    /// Numbers of videos and of views.
    pub shown: PublishedNumbers,
    /// The views of all sections, including suppressed ones, for comparison with later snapshots. Never
    /// shown. Rows without a section are under the empty text.
    pub views: BTreeMap<String, u64>,
}

/// The numbers of the library that may be shown. The report has no people, so a number below
/// `LECTERN_SMALLEST` views is suppressed. `numbers` are the numbers of the course's sections.
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
    let publish = |views: u64, videos: u64, threshold: &Option<u32>| {
        let number =
            |value: u64| threshold.map(|max_smallest| PublishedNumber { value: to_f64(value), max_smallest });
        threshold.map(|_| vec![number(videos), number(views)])
    };
    let with_thresholds = sections.iter().zip(&thresholds.sections);
    let total = sums.iter().fold(nameless.views, |sum, views| sum.saturating_add(*views));
    let shown = PublishedNumbers {
        sections: with_thresholds
            .filter_map(|((name, section), threshold)| {
                Some((name.clone(), publish(section.views, section.videos, threshold)?))
            })
            .collect(),
        total: publish(total, views.videos, &thresholds.total).unwrap_or_default(),
    };
    let all = sections.iter().map(|(name, section)| (name.clone(), section.views));
    PublishedLibrary { shown, views: all.chain([(String::new(), nameless.views)]).collect() }
}

impl PublishedLibrary {
    /// Limits a snapshot by the earlier ones of the same course. `None` if a section's views changed by fewer
    /// than `smallest`, but not zero, since one of them: the difference of two snapshots would be about a few
    /// views. Suppresses numbers that an earlier snapshot suppressed, since those could be inferred.
    #[must_use]
    pub fn limit_by_earlier(self, before: &[PublishedLibrary], smallest: u32) -> Option<Self> {
        let smallest_change = before.iter().filter_map(|before| before.smallest_change(&self)).min();
        if smallest_change.is_some_and(|change| change < smallest) {
            return None;
        }
        let mut shown = self.shown;
        shown.cap_thresholds(smallest_change.unwrap_or(u32::MAX));
        before.iter().for_each(|before| shown.limit_to(&before.shown));
        Some(Self { shown, views: self.views })
    }

    /// The smallest change of a section's views until `after`, over sections with a change.
    fn smallest_change(&self, after: &Self) -> Option<u32> {
        let views = |library: &Self, section: &String| library.views.get(section).copied().unwrap_or(0);
        let sections: BTreeSet<&String> = self.views.keys().chain(after.views.keys()).collect();
        let changes =
            sections.into_iter().map(|section| views(self, section).abs_diff(views(after, section)));
        changes.filter(|change| *change > 0).min().map(|change| u32::try_from(change).unwrap_or(u32::MAX))
    }
}

impl PublishedNumbers {
    /// Lowers the threshold of every number to at most `max_smallest`.
    fn cap_thresholds(&mut self, max_smallest: u32) {
        for number in self.sections.values_mut().chain([&mut self.total]).flatten().flatten() {
            number.max_smallest = number.max_smallest.min(max_smallest);
        }
    }

    /// Lowers every threshold to at most that of the same number in `before`; suppresses numbers that
    /// `before` lacks.
    fn limit_to(&mut self, before: &Self) {
        let limit = |numbers: &mut Vec<Option<PublishedNumber>>, before: &[Option<PublishedNumber>]| {
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
            limit(numbers, before.sections.get(name).map_or(&[], Vec::as_slice));
        }
        limit(&mut self.total, &before.total);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows, exact below 2^53")]
fn to_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
