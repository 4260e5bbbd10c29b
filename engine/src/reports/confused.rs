//! `confused`: confusion marks. The report has the deck of a mark, but not the slide.

use super::activity::{self, Activity};
use super::median;
use super::selection::{ColumnNames, Row, Selection};
use crate::dictionary::EMPTY;
use crate::ordering::sort_by;
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// An outlier has at least this many times the usual number of marks of its course.
const MIN_TIMES_USUAL: u64 = 3;
/// An outlier has at least this many marks: three instead of the usual one can be chance.
const MIN_MARKS: u64 = 5;
/// Number of days with marks that a course needs before outliers are detected.
const MIN_DAYS: usize = 4;

/// A day on which a course had far more marks than usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlier {
    /// The day.
    pub day: Day,
    /// The course as displayed; may be empty.
    pub course: String,
    /// The name of the deck with most of that day's marks; may be empty.
    pub deck: String,
    /// Number of marks on that day.
    pub marks: u64,
    /// The usual number: the median over the course's days with any marks.
    pub usual: u64,
    /// Distinct people with a mark on that day.
    pub people: u64,
}

/// Measures of `confused`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Marks by day, hour and deck.
    pub activity: Activity,
    /// Outliers, those with the largest ratio of marks to usual marks first.
    pub outliers: Vec<Outlier>,
}

/// Measures confusion marks and their outliers.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    let selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::Confused));
    let mut courses: BTreeMap<u32, BTreeMap<usize, Vec<&Row>>> = BTreeMap::new();
    for row in selection.chosen_rows() {
        courses.entry(row.course).or_default().entry(row.day).or_default().push(row);
    }
    let [deck_names, course_names] =
        [activity::DECK_NAME, activity::COURSE_NAME].map(|name| selection.column(name));
    let mut outliers = Vec::new();
    for days in courses.values().filter(|days| days.len() >= MIN_DAYS) {
        let usual = median(days.values().map(|rows| rows.len() as u64).collect());
        for (day, rows) in days {
            let marks = rows.len() as u64;
            let Some((day, _)) = selection.days.get(*day) else { continue };
            if marks < MIN_MARKS.max(MIN_TIMES_USUAL * usual) {
                continue;
            }
            let mut decks: BTreeMap<u32, usize> = BTreeMap::new();
            for row in rows {
                *decks.entry(row.deck).or_default() += 1;
            }
            let main_deck = decks.into_iter().max_by_key(|(_, marks)| *marks).map(|(deck, _)| deck);
            let rows_of_deck: Vec<&Row> =
                rows.iter().copied().filter(|row| Some(row.deck) == main_deck).collect();
            let people: BTreeSet<u32> =
                rows.iter().map(|row| row.user).filter(|user| *user != EMPTY).collect();
            outliers.push(Outlier {
                day: *day,
                course: selection.latest_text(rows, &course_names),
                deck: selection.latest_text(&rows_of_deck, &deck_names),
                marks,
                usual,
                people: people.len() as u64,
            });
        }
    }
    // Largest ratio first, in whole numbers: a/b > c/d if and only if a·d > c·b.
    sort_by(&mut outliers, |a, b| {
        (b.marks * a.usual).cmp(&(a.marks * b.usual)).then_with(|| a.day.cmp(&b.day))
    });
    Measures { activity: Activity::from_selection(&selection, activity::DECK_NAME, ""), outliers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, day, query, week};

    const HEADER: &str =
        "PresentationID,PresentationName,sectionId,courseId,courseIdentifier,event_timestamp,userid,role";

    fn marks(day: u32, deck: &str, count: usize) -> String {
        (0..count)
            .map(|n| format!("{deck},Deck {deck},s,c,BIO-101,2026-02-{day:02} 10:00:{n:02},u{n},Student\n"))
            .collect()
    }

    #[test]
    fn a_day_far_above_the_usual_marks_is_an_outlier_with_its_main_deck() {
        let csv = [marks(2, "a", 2), marks(3, "a", 2), marks(4, "a", 3), marks(5, "b", 9), marks(5, "a", 1)]
            .concat();
        let dataset = dataset(&[week("2026-02-02", HEADER, &csv)]);
        let measures = measure(&dataset, &query("2026-02-02", "2026-02-08"));
        let outlier = Outlier {
            day: day("2026-02-05"),
            course: "BIO-101".into(),
            deck: "Deck b".into(),
            marks: 10,
            usual: 2,
            people: 9,
        };
        assert_eq!(measures.outliers, [outlier]);
        assert_eq!(measures.activity.total.events, 17);
    }

    #[test]
    fn with_too_few_days_there_are_no_outliers() {
        let csv = [marks(2, "a", 1), marks(3, "a", 40)].concat();
        let dataset = dataset(&[week("2026-02-02", HEADER, &csv)]);
        assert!(measure(&dataset, &query("2026-02-02", "2026-02-08")).outliers.is_empty());
    }
}
