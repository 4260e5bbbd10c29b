//! Measures of all reports except `videoview`: pure functions from a dataset and a query.
//!
//! - [`selection`]: the rows that match a query; [`activity`]: events by day, hour and deck, shared by three
//!   reports; [`cell_text`]: readable text from a cell with JSON or HTML.
//! - [`groups`]: measures by section and by role; [`person_name`]: the name of the student of a query.
//! - [`presentation`], [`confused`], [`polling`], [`qanda`], [`notes`]: reports with a timestamp in each row.
//! - [`course`]: six reports of one course combined, for the whole course and for one student.
//! - [`library`]: `asset`, a snapshot; [`weekly`]: `assetbydate`, sums by window.
//! - [`listing`]: every row that a report's figures count.
//! - [`unknown`]: reports that Lectern does not know, described by the types of their columns.

pub mod activity;
pub mod cell_text;
pub mod confused;
pub mod course;
pub mod groups;
pub mod library;
pub mod listing;
pub mod notes;
pub mod person_name;
pub mod polling;
pub mod presentation;
pub mod qanda;
pub mod selection;
pub mod unknown;
pub mod weekly;

#[cfg(test)]
pub(crate) mod fixture;

/// The median; with an even count, the mean of the two middle numbers, rounded down. 0 for no numbers.
#[must_use]
pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
    match numbers.len() {
        0 => 0,
        n if n % 2 == 1 => at(n / 2),
        n => u64::midpoint(at(n / 2 - 1), at(n / 2)),
    }
}
