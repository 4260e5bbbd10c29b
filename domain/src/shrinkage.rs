//! Whether a newer copy of the same days has lost rows, so that it must not replace the fuller one by itself.
//!
//! Echo360 builds a report from what it has when it is requested: after a section was deleted or media were
//! archived, a week that was final has fewer rows. The rule: a newer copy has *shrunk* if it has at least
//! [`MIN_LOST_ROWS`] rows fewer, and these are more than 1 % or include all rows of a section with that many. A few
//! corrected rows are no loss, and neither are rows that moved to another section.

use crate::ids::CourseId;
use crate::time::Timestamp;
use crate::upstream::UpstreamId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer rows than this may be lost without a question.
pub const MIN_LOST_ROWS: u64 = 10;

/// How many sections that lost rows are listed, those that lost most.
const MAX_SECTIONS: usize = 50;

/// The data rows of a copy, by course and section as in its slices.
pub type SectionRows = BTreeMap<(String, String), u64>;

/// Says that a collected copy has to be compared with the one that it would replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShrinkageCheck {
    /// An administrator accepted a copy with so many rows.
    pub accepted_rows: Option<u64>,
}

/// What a newer copy has lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shrinkage {
    /// Its data rows. If the stored copy still has erased rows, those that were dropped here count, too.
    pub rows: u64,
    /// The sections that lost rows, those that lost most first. Not all of them, if they are many.
    pub sections: Vec<SectionLoss>,
}

/// A section with fewer rows in the newer copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionLoss {
    /// The course's id; empty in reports without courses.
    pub course: CourseId,
    /// The section's id, or its number in reports that have no id.
    pub section: String,
    /// Its rows in the stored copy.
    pub before: u64,
    /// Its rows in the newer copy.
    pub after: u64,
}

impl SectionLoss {
    fn lost(&self) -> u64 {
        self.before.saturating_sub(self.after)
    }
}

/// Compares the copy that is served, `before`, with a newer copy of the same days, `after`. `None` if the newer copy
/// may replace it.
///
/// `dropped`: how many rows of erased people and courses were dropped from the newer copy, if `before` still has them;
/// `erased` are these courses.
#[must_use]
pub fn find_shrinkage(
    check: ShrinkageCheck,
    before: &SectionRows,
    after: &SectionRows,
    dropped: u64,
    erased: &BTreeSet<CourseId>,
) -> Option<Shrinkage> {
    let stored: u64 = before.values().sum();
    let rows = after.values().sum::<u64>().saturating_add(dropped);
    if check.accepted_rows.is_some_and(|accepted| !has_shrunk(accepted, rows, &[])) {
        return None;
    }
    let losses = before.iter().filter_map(|((course, section), before)| {
        let after = after.get(&(course.clone(), section.clone())).copied().unwrap_or(0);
        let course = CourseId::from(course.clone());
        (after < *before && !erased.contains(&course)).then(|| SectionLoss {
            course,
            section: section.clone(),
            before: *before,
            after,
        })
    });
    let mut sections: Vec<SectionLoss> = losses.collect();
    sections.sort_by_key(|loss| std::cmp::Reverse(loss.lost()));
    sections.truncate(MAX_SECTIONS);
    has_shrunk(stored, rows, &sections).then_some(Shrinkage { rows, sections })
}

/// The rule of this module.
fn has_shrunk(before: u64, after: u64, sections: &[SectionLoss]) -> bool {
    let lost = before.saturating_sub(after);
    let is_section_gone = sections.iter().any(|loss| loss.after == 0 && loss.before >= MIN_LOST_ROWS);
    lost >= MIN_LOST_ROWS && (lost > before / 100 || is_section_gone)
}

/// A newer copy that was discarded, since it has shrunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShrunkenCopy {
    /// The upstream request that it was collected from.
    pub upstream: UpstreamId,
    /// When that was made.
    pub created: Timestamp,
    /// What it has lost.
    pub shrinkage: Shrinkage,
    /// The administrator's choice; `None` until somebody has chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<CopyChoice>,
}

/// Which of two copies of a window an administrator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CopyChoice {
    /// Keep the stored copy, which has more rows.
    Keep,
    /// Replace it by the newer one: it is collected once more, and may have as few rows as before.
    Replace,
}

impl ShrunkenCopy {
    /// Records that `erased` rows were erased from the stored copy, among them all rows of `courses`, so that
    /// `remaining` are left. Other erased rows count as if the newer copy had had them, too. Returns whether the newer
    /// copy still has fewer rows.
    pub fn record_erasure(&mut self, erased: u64, remaining: u64, courses: &BTreeSet<CourseId>) -> bool {
        let Shrinkage { rows, sections } = &mut self.shrinkage;
        let is_erased = |loss: &SectionLoss| courses.contains(&loss.course);
        let lost: u64 = sections.iter().filter(|loss| is_erased(loss)).map(SectionLoss::lost).sum();
        sections.retain(|loss| !is_erased(loss));
        *rows = rows.saturating_sub(erased.saturating_sub(lost));
        has_shrunk(remaining, *rows, sections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHECK: ShrinkageCheck = ShrinkageCheck { accepted_rows: None };

    /// Rows of sections; the course is the first letter of the section.
    fn rows(sections: &[(&str, u64)]) -> SectionRows {
        let key = |section: &str| (section.chars().take(1).collect(), section.to_owned());
        sections.iter().map(|(section, rows)| (key(section), *rows)).collect()
    }

    fn compare(before: &SectionRows, after: &SectionRows) -> Option<Shrinkage> {
        find_shrinkage(CHECK, before, after, 0, &BTreeSet::new())
    }

    #[test]
    fn a_few_corrected_rows_are_no_loss() {
        let before = rows(&[("a1", 500), ("a2", 600)]);
        assert_eq!(compare(&before, &rows(&[("a1", 491), ("a2", 600)])), None, "nine rows");
        assert_eq!(compare(&before, &rows(&[("a1", 489), ("a2", 600)])), None, "1 %");
        let lost = compare(&before, &rows(&[("a1", 488), ("a2", 600)])).unwrap();
        assert_eq!(lost.rows, 1088);
        let sections = [SectionLoss { course: "a".into(), section: "a1".into(), before: 500, after: 488 }];
        assert_eq!(lost.sections, sections);
    }

    #[test]
    fn a_section_without_rows_is_a_loss_however_small_its_share_is() {
        let before = rows(&[("a1", 1_000_000), ("b1", 10), ("b2", 9)]);
        let lost = compare(&before, &rows(&[("a1", 1_000_000), ("b2", 9)])).unwrap();
        assert_eq!(lost.sections.iter().map(|loss| loss.section.as_str()).collect::<Vec<_>>(), ["b1"]);
        assert_eq!(compare(&before, &rows(&[("a1", 1_000_000), ("b1", 10)])), None, "nine rows");
        let moved = rows(&[("a1", 1_000_000), ("b2", 19)]);
        assert_eq!(compare(&before, &moved), None, "the rows moved to another section");
    }

    #[test]
    fn a_copy_that_was_accepted_may_have_as_few_rows_again_but_not_fewer() {
        let before = rows(&[("a1", 500), ("a2", 600)]);
        let accepted = ShrinkageCheck { accepted_rows: Some(600) };
        let find = |after| find_shrinkage(accepted, &before, &after, 0, &BTreeSet::new());
        assert_eq!(find(rows(&[("a2", 600)])), None);
        assert_eq!(find(rows(&[("a2", 595)])), None);
        assert_eq!(find(rows(&[("a2", 300)])).unwrap().rows, 300);
    }

    #[test]
    fn rows_that_are_being_erased_are_not_lost() {
        let before = rows(&[("a1", 500), ("b1", 600)]);
        let erased = BTreeSet::from(["b".into()]);
        assert_eq!(find_shrinkage(CHECK, &before, &rows(&[("a1", 500)]), 600, &erased), None);
        let lost = find_shrinkage(CHECK, &before, &rows(&[("a1", 400)]), 600, &erased).unwrap();
        assert_eq!((lost.rows, lost.sections.len()), (1000, 1));
    }

    fn shrunken(rows: u64, sections: Vec<SectionLoss>) -> ShrunkenCopy {
        let shrinkage = Shrinkage { rows, sections };
        let upstream = UpstreamId::parse("u").unwrap();
        ShrunkenCopy { upstream, created: Timestamp(0), shrinkage, choice: None }
    }

    #[test]
    fn erasing_what_was_lost_ends_the_loss_and_erasing_anything_else_does_not() {
        let loss = |course: &str, before| SectionLoss {
            course: course.into(),
            section: format!("{course}1"),
            before,
            after: 0,
        };
        let none = BTreeSet::new();
        // 1,000 rows are stored, 900 were collected: course `b` is gone.
        let mut copy = shrunken(900, vec![loss("b", 100)]);
        assert!(!copy.record_erasure(100, 900, &BTreeSet::from(["b".into()])));
        assert_eq!((copy.shrinkage.rows, copy.shrinkage.sections.len()), (900, 0));

        let mut copy = shrunken(900, vec![loss("b", 100)]);
        assert!(copy.record_erasure(200, 800, &BTreeSet::from(["a".into()])));
        assert_eq!(copy.shrinkage.rows, 700);
        assert!(copy.record_erasure(5, 795, &none), "a person");
        assert_eq!(copy.shrinkage.rows, 695);
    }

    proptest! {
        #[test]
        fn a_copy_with_as_many_rows_has_not_shrunk(
            before in prop::collection::btree_map("[ab][1-4]", 0u64..100, 0..6),
            after in prop::collection::btree_map("[ab][1-4]", 0u64..100, 0..6),
        ) {
            let to_rows = |map: &BTreeMap<String, u64>| {
                rows(&map.iter().map(|(section, rows)| (section.as_str(), *rows)).collect::<Vec<_>>())
            };
            let (before, after) = (to_rows(&before), to_rows(&after));
            let (stored, new): (u64, u64) = (before.values().sum(), after.values().sum());
            let shrinkage = compare(&before, &after);
            prop_assert!(new + MIN_LOST_ROWS <= stored || shrinkage.is_none());
            if let Some(Shrinkage { rows, sections }) = shrinkage {
                prop_assert_eq!(rows, new);
                prop_assert!(sections.iter().map(SectionLoss::lost).sum::<u64>() >= stored - new);
                prop_assert!(sections.windows(2).all(|pair| pair[0].lost() >= pair[1].lost()));
            }
        }

        #[test]
        fn the_same_erasure_in_both_copies_neither_makes_nor_hides_a_loss(
            before in 0u64..1000, lost in 0u64..100, erased in 0u64..1000,
        ) {
            // Erased people's rows are in both copies: those of the stored one are erased later.
            let (lost, erased) = (lost.min(before), erased.min(before.saturating_sub(lost)));
            let mut copy = shrunken(before - lost, Vec::new());
            let is_shrunken = copy.record_erasure(erased, before - erased, &BTreeSet::new());
            prop_assert_eq!(before - erased - copy.shrinkage.rows, lost);
            prop_assert_eq!(is_shrunken, has_shrunk(before - erased, before - erased - lost, &[]));
        }
    }
}
