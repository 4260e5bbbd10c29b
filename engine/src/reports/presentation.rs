//! `presentation`: decks looked at. Each row is a person's look at a deck.
//!
//! `slide_count` is the deck's size, never the slide that was seen: no measure here says how far anybody read.

use super::Question;
use super::activity::{self, Activity};
use crate::table::held::Tables;

/// Looks by day, hour and deck; a deck's newest number is how many slides it has.
#[must_use]
pub fn measure(tables: &Tables, question: &Question) -> Activity {
    activity::measured(tables, question, "slide_count")
}
