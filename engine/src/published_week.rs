//! The published numbers of a course's week or snapshot. Each has the largest `LECTERN_SMALLEST` under which
//! it is shown; numbers that are never shown are not stored.
//!
//! Only numbers of parts are stored: of sections, and of the rows without a section. The number of a course is the
//! sum over the parts that are shown, so it reveals no more than they do ([`crate::disclosure_control`]).

use crate::course_week::{AmountsBySection, ViewCounts};
use crate::disclosure_control::{
    Amounts, SectionAmounts, publication_threshold, round_sum, solution_threshold, total,
};
use domain::report::ReportName;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The version of the rules by which numbers are published. Numbers of an older version are never shown.
pub const RULE: u32 = 2;

/// A number that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumber {
    /// The number.
    pub value: f64,
    /// The largest `LECTERN_SMALLEST` under which it is shown.
    #[serde(rename = "most")]
    pub max_smallest: u32,
}

/// The published numbers of a week (amount, students, and for polls with a solution right and wrong answers) or of a
/// snapshot (videos, views), always in this order. `None`: never shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumbers {
    /// The version of the rules ([`RULE`]) by which they were published.
    #[serde(default)]
    pub rule: u32,
    /// Numbers of each part that is ever shown, by section UUID (or number, if the report has no UUIDs) in lower case.
    /// Rows without a section are under the empty text.
    pub sections: BTreeMap<String, Vec<Option<PublishedNumber>>>,
    /// Whether parts of a library are withheld since each has the views of a video that is in several of them: their
    /// sum would count these twice, and their difference could be the views of another video alone.
    #[serde(default, rename = "repeated", skip_serializing_if = "std::ops::Not::not")]
    pub is_repeated: bool,
    /// Numbers of the whole course, only under rules before version 1.
    #[serde(default, rename = "total", skip_serializing_if = "Vec::is_empty")]
    pub older_total: Vec<Option<PublishedNumber>>,
}

/// Numbers as they are shown under one `LECTERN_SMALLEST`.
#[derive(Debug, Clone, PartialEq)]
pub struct VisibleNumbers<'a> {
    /// The numbers of a week (amount, students, and for polls with a solution the percentage of right answers) or of a
    /// snapshot (videos, views). `None`: withheld.
    pub numbers: Vec<Option<f64>>,
    /// The parts of which they are the sum.
    pub parts: BTreeSet<&'a str>,
}

impl PublishedNumbers {
    /// Whether the numbers may be shown, since they were published by the current rules.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.rule == RULE
    }

    /// The numbers of one part; `None` if they are withheld.
    #[must_use]
    pub fn visible_section<'a>(&'a self, name: &str, smallest: u32) -> Option<VisibleNumbers<'a>> {
        self.add_up(self.visible_parts(smallest).filter(|(part, _)| *part == name))
    }

    /// The sum over the parts that are shown; `None` if none is.
    #[must_use]
    pub fn visible_total(&self, smallest: u32) -> Option<VisibleNumbers<'_>> {
        self.add_up(self.visible_parts(smallest))
    }

    /// The parts with a number that is shown.
    fn visible_parts(&self, smallest: u32) -> impl Iterator<Item = (&str, Vec<Option<f64>>)> {
        let parts = self.sections.iter().filter(|_| self.is_current());
        parts.filter_map(move |(name, numbers)| {
            let is_shown = |number: &PublishedNumber| smallest <= number.max_smallest;
            let visible: Vec<Option<f64>> =
                numbers.iter().map(|number| number.filter(is_shown).map(|number| number.value)).collect();
            visible.iter().any(Option::is_some).then_some((name.as_str(), visible))
        })
    }

    /// The sums over these parts. A number that some parts do not have, such as right answers where no poll has a
    /// solution, is the sum over the others; a number that is withheld in a part is withheld.
    fn add_up<'a>(
        &'a self,
        parts: impl Iterator<Item = (&'a str, Vec<Option<f64>>)>,
    ) -> Option<VisibleNumbers<'a>> {
        let (names, parts): (BTreeSet<&str>, Vec<Vec<Option<f64>>>) = parts.unzip();
        let count = parts.iter().map(Vec::len).max()?;
        let sum = |at: usize| parts.iter().filter_map(|part| part.get(at).copied()).sum::<Option<f64>>();
        let sums: Vec<Option<f64>> = (0..count).map(sum).collect();
        Some(VisibleNumbers { numbers: with_percentage(sums), parts: names })
    }

    /// Limits numbers by those that were published of the same rows under older rules, where a reader may have noted
    /// the total of the course. The sum of the parts that were withheld then can be inferred from the total and all
    /// other parts. So a part is shown only if it was then, under the same `LECTERN_SMALLEST`.
    #[must_use]
    pub fn limit_to_older(mut self, older: &Self) -> Self {
        if older.older_total.is_empty() {
            return self;
        }
        self.sections.retain(|name, _| older.sections.contains_key(name));
        for (name, numbers) in &mut self.sections {
            let older = older.sections.get(name).map_or(&[][..], Vec::as_slice);
            // The last number was the percentage of right answers, which has become two numbers.
            let limits = older.iter().copied().chain(std::iter::repeat(older.last().copied().flatten()));
            for (number, limit) in numbers.iter_mut().zip(limits) {
                *number = number.zip(limit).map(|(number, limit)| PublishedNumber {
                    max_smallest: number.max_smallest.min(limit.max_smallest),
                    ..number
                });
            }
        }
        self
    }
}

/// Replaces right and wrong answers by the percentage of right ones.
fn with_percentage(numbers: Vec<Option<f64>>) -> Vec<Option<f64>> {
    match numbers.as_slice() {
        [amount, students, right, wrong] => {
            let percent = |(right, wrong): (f64, f64)| (100.0 * right / (right + wrong)).round();
            vec![*amount, *students, right.zip(*wrong).map(percent)]
        }
        _ => numbers,
    }
}

/// The numbers of a week that may be shown for a `LECTERN_SMALLEST` in `bounds`: the amount, the number of students
/// and, for polls with a solution, the right and the wrong answers. All are rounded.
#[must_use]
pub fn publish_week(
    report: &ReportName,
    amounts: &AmountsBySection,
    bounds: &RangeInclusive<u32>,
) -> PublishedNumbers {
    let divisor = report.known().map_or(1.0, |report| report.descriptor().unit.divisor());
    let publish = |section: &SectionAmounts| {
        let sum = |amounts: &Amounts| to_f64(total(amounts.values().copied()));
        let students = section.done.values().filter(|amount| **amount > 0).count() as u64;
        let max_smallest = limit_threshold(publication_threshold(&section.done), bounds)?;
        let mut numbers = vec![
            rounded(sum(&section.done) / divisor, Some(max_smallest)),
            rounded(to_f64(students), Some(max_smallest)),
        ];
        if !section.right.is_empty() || !section.wrong.is_empty() {
            let solutions = solution_threshold(section).min(max_smallest);
            let answers = |amounts| rounded(sum(amounts), limit_threshold(solutions, bounds));
            numbers.extend([answers(&section.right), answers(&section.wrong)]);
        }
        Some(numbers)
    };
    let sections = amounts.iter().filter_map(|(name, section)| Some((name.clone(), publish(section)?)));
    PublishedNumbers { rule: RULE, sections: sections.collect(), ..PublishedNumbers::default() }
}

/// The threshold to store, if the number is ever shown.
fn limit_threshold(threshold: u32, bounds: &RangeInclusive<u32>) -> Option<u32> {
    (*bounds.start() <= threshold).then(|| threshold.min(*bounds.end()))
}

fn rounded(sum: f64, max_smallest: Option<u32>) -> Option<PublishedNumber> {
    max_smallest.map(|max_smallest| PublishedNumber { value: round_sum(sum), max_smallest })
}

/// Students who watched videos before a snapshot of the library was taken, by section number in lower case. Of each,
/// the start of the last week in which they did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VideoViewers(BTreeMap<String, BTreeMap<String, Timestamp>>);

impl VideoViewers {
    /// Adds the students who watched in a section in the week that starts at `start`.
    pub fn add(&mut self, section: &str, start: Timestamp, students: impl IntoIterator<Item = String>) {
        let known = self.0.entry(section.to_owned()).or_default();
        for student in students {
            let last = known.entry(student).or_insert(start);
            *last = start.max(*last);
        }
    }

    /// The number of students who watched in weeks that start at `since` or later; `None`: in any week.
    fn count(&self, section: &str, since: Option<Timestamp>) -> u64 {
        let students = self.0.get(section).into_iter().flat_map(BTreeMap::values);
        students.filter(|last| since.is_none_or(|since| since <= **last)).count() as u64
    }
}

/// A snapshot of a course's library.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedLibrary {
    /// Numbers of videos and of views.
    pub shown: PublishedNumbers,
    /// When the snapshot was taken.
    pub taken: Timestamp,
    /// The exact views of all sections that are ever shown, for comparison with later snapshots. Never shown.
    pub views: BTreeMap<String, u64>,
}

/// The numbers of the library that may be shown. The report does not say whose views it counts, so `viewers` are the
/// students known to have watched: those in `videoview` over the same span. A snapshot counts views since each video
/// was published; its span is every week before it was `taken`. The difference to a snapshot in `before` counts the
/// views between them; its span is the weeks between them.
///
/// The numbers of a section are shown only if for its views, and for their difference to each snapshot in `before` that
/// has the section, at least `LECTERN_SMALLEST` students are known to have watched there in the same span, and the
/// views are as many more than twice these students ([`threshold_of_views`]). Views that became fewer, as when a video was
/// removed, are not shown. Nor is a section with a video that is in another one, too: the difference of both could be the
/// views of a single video.
#[must_use]
pub fn publish_library(
    views: &ViewCounts,
    taken: Timestamp,
    viewers: &VideoViewers,
    before: &[PublishedLibrary],
    bounds: &RangeInclusive<u32>,
) -> PublishedLibrary {
    let threshold = |name: &str, views: u64| {
        let change = |before: &PublishedLibrary| {
            let students = viewers.count(name, Some(before.taken));
            Some(match views.checked_sub(*before.views.get(name)?) {
                None => 0,
                // That nobody viewed anything may not be told of a few students either.
                Some(0) => u32::try_from(students).unwrap_or(u32::MAX),
                Some(change) => threshold_of_views(change, students),
            })
        };
        let since_published = threshold_of_views(views, viewers.count(name, None));
        let threshold = before.iter().filter_map(change).fold(since_published, u32::min);
        limit_threshold(threshold, bounds)
    };
    let shown: BTreeMap<&String, (u64, Vec<Option<PublishedNumber>>)> = views
        .sections
        .iter()
        .filter(|(_, section)| !section.is_repeated)
        .filter_map(|(name, section)| {
            let max_smallest = threshold(name, section.views)?;
            let videos = PublishedNumber { value: to_f64(section.videos), max_smallest };
            let numbers = vec![Some(videos), rounded(to_f64(section.views), Some(max_smallest))];
            Some((name, (section.views, numbers)))
        })
        .collect();
    PublishedLibrary {
        taken,
        views: shown.iter().map(|(name, (views, _))| ((*name).clone(), *views)).collect(),
        shown: PublishedNumbers {
            rule: RULE,
            sections: shown.into_iter().map(|(name, (_, numbers))| (name.clone(), numbers)).collect(),
            is_repeated: views.sections.values().any(|section| section.is_repeated),
            ..PublishedNumbers::default()
        },
    }
}

/// The largest `LECTERN_SMALLEST` for which views may be shown. Weeks that are not loaded or final may have further
/// students, who leave fewer views beyond one for each. So as many again are assumed.
fn threshold_of_views(views: u64, known_students: u64) -> u32 {
    let beyond = views.saturating_sub(known_students.saturating_mul(2));
    u32::try_from(known_students.min(beyond)).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows, exact below 2^53")]
fn to_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
