//! A table with several columns that the reader can sort.

use crate::model;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The type of a column's cells; decides their alignment and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnKind {
    /// Text, aligned to the left.
    Text,
    /// A number in the column's unit, aligned to the right.
    Number,
    /// A fraction, where 1 is 100%. May exceed 1 if the column's name says of what it is a fraction.
    Share,
    /// A day or a time.
    Date,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading, with its unit.
    pub head: String,
    /// The type of its cells.
    pub kind: ColumnKind,
}

/// The value of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// Unknown or undefined. Displayed as an empty cell, never as zero.
    None,
    /// A text.
    Text(String),
    /// A number, or a fraction in a [`ColumnKind::Share`] column.
    Number(f64),
    /// A day: its formatted date, and the seconds from 1970 to its midnight in UTC.
    Date(String, i64),
    /// An instant: formatted, and in seconds since 1970.
    Time(String, i64),
}

impl Cell {
    /// A text cell; [`Cell::None`] for an empty text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Some(text.into()).filter(|text| !text.is_empty()).map_or(Self::None, Self::Text)
    }

    /// A number cell; [`Cell::None`] without a finite number.
    #[must_use]
    pub fn number(number: Option<f64>) -> Self {
        number.filter(|number| number.is_finite()).map_or(Self::None, Self::Number)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Date(_, a), Self::Date(_, b)) | (Self::Time(_, a), Self::Time(_, b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

/// The effect of selecting a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RowAction {
    /// Filters by the row's deck.
    #[default]
    Filter,
    /// Opens the row's video.
    Video,
    /// Opens the row's deck.
    Deck,
    /// Opens the row's student.
    Student,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The id of its video, deck or student, if the row can be selected.
    pub id: Option<String>,
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// The numbers of its sparkline, first to last, with `None` for a step without data. Empty without a
    /// sparkline.
    pub spark: Vec<Option<f64>>,
    /// Whether a filter excludes it from all other figures.
    pub is_left_out: bool,
    /// Whether it remains when the table is reduced to flagged rows.
    pub is_flagged: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortableTable {
    /// Its columns, left to right.
    pub columns: Vec<Column>,
    /// Heading of the sparklines, if the rows have any.
    pub spark: Option<String>,
    /// Its rows, in their initial order.
    pub rows: Vec<Row>,
    /// Number of all rows: more than `rows.len()` if `rows` has only the first.
    pub total: u64,
    /// The effect of selecting a row with an id.
    pub row_action: RowAction,
    /// The name of the flagged rows, if the table can be reduced to them.
    pub flag: Option<String>,
}

impl SortableTable {
    /// Sorts the rows by a column, given by its index. [`Cell::None`] is last in either direction. The sort
    /// is stable.
    pub fn sort(&mut self, column: usize, descending: bool) {
        let cell = |row: &Row| row.cells.get(column).cloned().unwrap_or(Cell::None);
        self.rows.sort_by(|a, b| {
            let (a, b) = (cell(a), cell(b));
            let is_none = |cell: &Cell| *cell == Cell::None;
            let order = a.compare(&b);
            is_none(&a).cmp(&is_none(&b)).then(if descending { order.reverse() } else { order })
        });
    }

    /// The largest number of all sparklines: the end of their common scale.
    #[must_use]
    pub fn largest_spark(&self) -> f64 {
        let all = self.rows.iter().flat_map(|row| &row.spark).flatten();
        all.copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    /// Its numbers as the table of a chart: the first column names the rows, and other text columns are left
    /// out.
    #[must_use]
    pub fn table(&self) -> model::Table {
        let is_number = |column: &Column| matches!(column.kind, ColumnKind::Number | ColumnKind::Share);
        let numbers = || self.columns.iter().enumerate().skip(1).filter(|(_, column)| is_number(column));
        let first = self.columns.first().map(|column| column.head.clone());
        let columns = first.into_iter().chain(numbers().map(|(_, column)| column.head.clone())).collect();
        let rows = self.rows.iter().map(|row| model::Row {
            name: match row.cells.first() {
                Some(Cell::Text(text) | Cell::Date(text, _) | Cell::Time(text, _)) => text.clone(),
                Some(Cell::Number(number)) => number.to_string(),
                Some(Cell::None) | None => String::new(),
            },
            values: numbers()
                .map(|(index, _)| match row.cells.get(index) {
                    Some(Cell::Number(number)) => Some(*number),
                    _ => None,
                })
                .collect(),
            state: None,
        });
        model::Table { columns, rows: rows.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample_table(cells: &[(String, Option<f64>)]) -> SortableTable {
        let column = |head: &str, kind| Column { head: head.into(), kind };
        let row = |(name, number): &(String, Option<f64>)| Row {
            id: None,
            cells: vec![Cell::text(name.clone()), Cell::number(*number)],
            spark: vec![*number, None],
            is_left_out: false,
            is_flagged: false,
        };
        SortableTable {
            columns: vec![column("Deck", ColumnKind::Text), column("Views", ColumnKind::Number)],
            spark: None,
            rows: cells.iter().map(row).collect(),
            total: cells.len() as u64,
            row_action: RowAction::Filter,
            flag: None,
        }
    }

    proptest! {
        #[test]
        fn sorting_keeps_all_rows_and_puts_empty_cells_last(
            cells in prop::collection::vec(("[a-cA-C]{0,3}", prop::option::of(-9.0f64..9.0)), 0..30),
            column in 0usize..2,
            descending in any::<bool>(),
        ) {
            let before = sample_table(&cells);
            let mut after = before.clone();
            after.sort(column, descending);
            prop_assert_eq!(after.rows.len(), before.rows.len());
            prop_assert!(before.rows.iter().all(|row| after.rows.contains(row)));
            for (one, next) in after.rows.iter().zip(after.rows.iter().skip(1)) {
                let (one, next) = (&one.cells[column], &next.cells[column]);
                if *one == Cell::None {
                    prop_assert_eq!(next, &Cell::None);
                } else if *next != Cell::None {
                    let order = one.compare(next);
                    prop_assert_ne!(order, if descending { Ordering::Less } else { Ordering::Greater });
                }
            }
        }
    }

    #[test]
    fn the_table_of_numbers_has_the_row_names_and_empty_cells() {
        let table = sample_table(&[("Membranes".into(), Some(2.0)), ("Cells".into(), None)]).table();
        assert_eq!(table.columns, ["Deck", "Views"]);
        assert_eq!(table.rows[0].values, [Some(2.0)]);
        assert_eq!(
            (table.rows[1].name.as_str(), table.rows[1].values.as_slice()),
            ("Cells", [None].as_slice())
        );
    }
}
