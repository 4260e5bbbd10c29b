//! `presentation`: slide views. Each row is one view of a deck by one person.
//!
//! `slide_count` is the deck's size, never the slide that was seen: no measure here says how far anybody read.

use super::Query;
use super::activity::{self, Activity};
use crate::table::dataset::Dataset;

/// Looks by day, hour and deck; a deck's newest number is how many slides it has.
#[must_use]
pub fn measure(dataset: &Dataset, query: &Query) -> Activity {
    activity::measure_decks(dataset, query, "slide_count")
}
