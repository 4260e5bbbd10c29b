//! `presentation`: slide views. Each row is one view of a deck by one person.
//!
//! `slide_count` is the number of slides of the deck, not the slide viewed, so reading progress is unknown.

use super::activity::{self, Activity};
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;

/// Measures views by day, hour and deck; [`activity::Deck::newest`] is the number of slides.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Activity {
    activity::measure_decks(dataset, query, "slide_count")
}
