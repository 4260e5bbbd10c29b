//! What is kept of a course's week or snapshot once it is counted: numbers, each with how many people may be asked for until
//! it is withheld, and nothing of what never may be shown.

use crate::snapshot::{Parts, Views};
use crate::withheld::{Limits, Part, plans, plans_of_sums};
use domain::report::ReportName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// A number that may be shown, and how many people may be asked for at most until it is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// The number.
    pub value: f64,
    /// It is shown while no more people are asked for.
    pub most: u32,
}

/// The numbers of a week or snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Those of each section that is shown, by its UUID or, where the report has none, its number, in small letters.
    pub sections: BTreeMap<String, Vec<Option<Number>>>,
    /// Those of the whole course; none if they are never shown.
    pub total: Vec<Option<Number>>,
}

/// What may be shown of what students did in a week, whoever from `bounds` on is asked for: the amount, the students and, of
/// polls that have a solution, the share of right answers in per cent. `taught` are the sections of the week, used or not: one
/// that nobody used is hidden like one that few used, and so has to be known.
#[must_use]
pub fn week(
    report: &ReportName,
    mut parts: Parts,
    taught: impl IntoIterator<Item = String>,
    bounds: RangeInclusive<u32>,
) -> Shown {
    let nameless = parts.remove("").unwrap_or_default();
    for section in taught {
        parts.entry(section).or_default();
    }
    let (names, parts): (Vec<String>, Vec<Part>) = parts.into_iter().unzip();
    let limits = Limits::of(plans(&parts, &nameless, bounds));
    let all: Vec<&Part> = parts.iter().chain([&nameless]).collect();
    // Where no poll has a solution nothing is right or wrong, whoever answered: that is nobody's secret.
    let is_judged = all.iter().any(|part| !part.right.is_empty() || !part.wrong.is_empty());
    let shown = |parts: &[&Part], limit: &Option<u32>| {
        let most = (*limit)?;
        let mut numbers = numbers(report, parts, most);
        if is_judged {
            let right = limits.right.map(|right| right.min(most));
            numbers.push(right_share(parts).zip(right).map(|(value, most)| Number { value, most }));
        }
        Some(numbers)
    };
    let of_each = names.into_iter().zip(&parts).zip(&limits.sections);
    Shown {
        sections: of_each.filter_map(|((name, part), limit)| Some((name, shown(&[part], limit)?))).collect(),
        total: shown(&all, &limits.total).unwrap_or_default(),
    }
}

fn sum(parts: &[&Part], of: fn(&Part) -> u64) -> u64 {
    parts.iter().map(|part| of(part)).fold(0, u64::saturating_add)
}

/// The amount and the students of some parts together. Each student counts once in each section, so that the parts of a total
/// add up.
fn numbers(report: &ReportName, parts: &[&Part], most: u32) -> Vec<Option<Number>> {
    let done = sum(parts, |part| part.done.values().sum());
    let people = sum(parts, |part| part.done.values().filter(|amount| **amount > 0).count() as u64);
    let amount = if report.as_str() == "videoview" { count(done) / 2.0 } else { count(done) };
    vec![Some(Number { value: amount, most }), Some(Number { value: count(people), most })]
}

/// How many answers of a hundred were right, of those of which that can be said.
fn right_share(parts: &[&Part]) -> Option<f64> {
    let right = sum(parts, |part| part.right.values().sum());
    let judged = right + sum(parts, |part| part.wrong.values().sum());
    (judged > 0).then(|| (100.0 * count(right) / count(judged)).round())
}

/// The library as it stood at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    /// Videos and views.
    pub shown: Shown,
    /// The views of all sections, hidden ones too, against which the next snapshot is held: nobody's to see. What names no
    /// section stands under the empty text.
    pub views: BTreeMap<String, u64>,
}

/// What may be shown of the library's views, which have no people: fewer views than are asked for are withheld. `numbers` are
/// those of the course's sections.
#[must_use]
pub fn library(
    views: &Views,
    numbers: impl IntoIterator<Item = String>,
    bounds: RangeInclusive<u32>,
) -> Library {
    let mut sections = views.sections.clone();
    let nameless = sections.remove("").unwrap_or_default();
    for number in numbers.into_iter().filter(|number| !number.is_empty()) {
        sections.entry(number).or_default();
    }
    let sums: Vec<u64> = sections.values().map(|section| section.views).collect();
    let limits = Limits::of(plans_of_sums(&sums, nameless.views, !views.is_repeated, bounds));
    let shown = |views: u64, videos: u64, limit: &Option<u32>| {
        let number = |value: u64| limit.map(|most| Number { value: count(value), most });
        limit.map(|_| vec![number(videos), number(views)])
    };
    let of_each = sections.iter().zip(&limits.sections);
    let total = sums.iter().fold(nameless.views, |sum, views| sum.saturating_add(*views));
    let shown = Shown {
        sections: of_each
            .filter_map(|((name, section), limit)| {
                Some((name.clone(), shown(section.views, section.videos, limit)?))
            })
            .collect(),
        total: shown(total, views.videos, &limits.total).unwrap_or_default(),
    };
    let all = sections.iter().map(|(name, section)| (name.clone(), section.views));
    Library { shown, views: all.chain([(String::new(), nameless.views)]).collect() }
}

impl Library {
    /// What may be shown of it after others of the same course: nothing unless each section has moved by none or by at least
    /// `smallest` views since each of them, so that the difference of two says nothing of a few; and never a number that one
    /// of those withheld, which might be worked out from what it must have been.
    #[must_use]
    pub fn after(self, before: &[Library], smallest: u32) -> Option<Self> {
        let fewest = before.iter().filter_map(|before| before.fewest_moved(&self)).min();
        if fewest.is_some_and(|moved| moved < smallest) {
            return None;
        }
        let mut shown = self.shown;
        shown.up_to(fewest.unwrap_or(u32::MAX));
        before.iter().for_each(|before| shown.within(&before.shown));
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

impl Shown {
    /// Withholds everything where more than this are asked for.
    fn up_to(&mut self, most: u32) {
        for number in self.sections.values_mut().chain([&mut self.total]).flatten().flatten() {
            number.most = number.most.min(most);
        }
    }

    /// Withholds what another withholds.
    fn within(&mut self, before: &Self) {
        let meet = |numbers: &mut Vec<Option<Number>>, before: &[Option<Number>]| {
            numbers.truncate(before.len());
            for (number, before) in numbers.iter_mut().zip(before) {
                let most = before.map(|before| before.most);
                *number =
                    number.zip(most).map(|(number, most)| Number { most: number.most.min(most), ..number });
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
