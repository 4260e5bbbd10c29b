//! The rows of an unknown report, with all of its columns.

use super::{Cell, Listing};
use crate::dictionary::EMPTY;
use crate::ordering::sort_by_cached_key;
use crate::reports::unknown;
use crate::table::cell_value::{self, ValueKind};
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::time::parse_day;
use std::collections::BTreeSet;

/// Every row with every column, in the order of the first column with days or times; without one, in the order of the
/// file.
#[must_use]
pub fn list_columns(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let texts = &dataset.texts;
    let names = unknown::column_names(dataset, query.base.range);
    let (mut rows, _) = unknown::filter_rows(dataset, query, &names);
    let cell = |row: &[u32], index: usize| row.get(index).copied().unwrap_or(EMPTY);
    let kind = |index: usize| {
        let codes: BTreeSet<u32> = rows.iter().map(|row| cell(row, index)).collect();
        ValueKind::infer(codes.into_iter().map(|code| texts.bytes_of(code)))
    };
    let kinds: Vec<ValueKind> = (0..names.len()).map(kind).collect();
    if let Some(index) = unknown::time_column(&kinds) {
        // A stable sort. Rows without a time come last.
        sort_by_cached_key(&mut rows, |row| {
            cell_value::parse_time(texts.bytes_of(cell(row, index))).map_or((true, 0), |time| (false, time))
        });
    }
    let mut listing = Listing::default();
    for row in &rows {
        listing.push(row.iter().zip(&kinds).map(|(code, kind)| {
            let text = texts.bytes_of(*code);
            match kind {
                ValueKind::Number => Cell::number(cell_value::parse_number(text)),
                ValueKind::Time => Cell::time(cell_value::parse_time(text)),
                ValueKind::Day => {
                    std::str::from_utf8(text).ok().and_then(parse_day).map_or(Cell::Empty, Cell::Day)
                }
                ValueKind::Text => Cell::Text(*code),
            }
        }));
    }
    listing
}
