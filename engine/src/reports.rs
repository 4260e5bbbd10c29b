//! The measures of each report except `videoview`: pure functions over the tables that are present.
//!
//! - [`selection`]: the rows that a query is about; [`activity`]: events by day, hour and deck, which three
//!   reports share; [`cell_text`]: what a cell of JSON or HTML says to a person.
//! - [`groups`]: by section and by role; [`person_name`]: how a student is called whose rows alone are counted.
//! - [`presentation`], [`confused`], [`polling`], [`qanda`], [`notes`]: reports with a time in each row.
//! - [`course`]: six of them at once, of one course: what its people did, and what one of its students did.
//! - [`library`]: `asset`, a snapshot; [`weekly`]: `assetbydate`, sums by window.
//! - [`unknown`]: every report that is not known, by the kinds of its columns alone.

pub mod activity;
pub mod cell_text;
pub mod confused;
pub mod course;
pub mod groups;
pub mod library;
pub mod notes;
pub mod person_name;
pub mod polling;
pub mod presentation;
pub mod qanda;
pub mod selection;
pub mod unknown;
pub mod weekly;

#[cfg(test)]
mod fixture;

use crate::measures;
use domain::ids::PresentationId;
use domain::wire_struct;

/// What is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Range, zone, course, sections, roles, videos, today: as of every report.
    pub base: measures::Query,
    /// Only rows of these decks (UUIDs), if there are any.
    pub decks: Vec<PresentationId>,
    /// Whether what people wrote is wanted too: notes, questions, answers. Off at first, since few need it.
    pub contents: bool,
}

wire_struct!(Query { base, decks, contents });

impl Query {
    /// The same of another range, section or whatever `base` says.
    #[must_use]
    pub fn with_base(&self, base: measures::Query) -> Self {
        Self { base, ..self.clone() }
    }
}

/// What is known of a day or of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness<T> {
    /// Not all of it is here, so that no number of it would be true.
    Missing,
    /// It may still grow.
    Provisional(T),
    /// Final.
    Complete(T),
}

impl<T> Completeness<T> {
    /// What is known, if anything is.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Missing => None,
            Self::Provisional(value) | Self::Complete(value) => Some(value),
        }
    }

    /// The same of another number.
    pub fn map<U>(&self, of: impl FnOnce(&T) -> U) -> Completeness<U> {
        match self {
            Self::Missing => Completeness::Missing,
            Self::Provisional(value) => Completeness::Provisional(of(value)),
            Self::Complete(value) => Completeness::Complete(of(value)),
        }
    }
}

/// The number in the middle of `numbers`; of two, the mean of both, rounded down. 0 without any.
#[must_use]
pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    let middle = |place: usize| numbers.get(place).copied().unwrap_or(0);
    match numbers.len() {
        0 => 0,
        n if n % 2 == 1 => middle(n / 2),
        n => u64::midpoint(middle(n / 2 - 1), middle(n / 2)),
    }
}
