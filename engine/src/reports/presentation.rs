//! `presentation`: slide views. Each row is one view of a deck by one person.
//!
//! `slide_count` is the number of slides of the deck, not the slide viewed, so reading progress is unknown.

use super::activity::{self, Activity};
use super::selection::{ColumnNames, Selection};
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::report::KnownReport;

/// Measures views by day, hour and deck; [`activity::Deck::newest`] is the number of slides.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Activity {
    let selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::Presentation));
    Activity::from_selection(&selection, activity::DECK_NAME, "slide_count")
}
