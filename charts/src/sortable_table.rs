//! A table with several columns that the reader can sort.

use crate::model;
use domain::{wire_enum, wire_struct};
use std::cmp::Ordering;

/// What a column holds, which decides how its cells are set and sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Words, from the left.
    Text,
    /// A number in the unit of its column, from the right.
    Number,
    /// A share: 1 is all of it. May pass 1 where the column's name says of what.
    Share,
    /// A day or a moment.
    Date,
}

wire_enum!(ColumnKind { 0 Text, 1 Number, 2 Share, 3 Date });

/// The head of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What it is, with its unit.
    pub head: String,
    /// What it holds.
    pub kind: ColumnKind,
}

wire_struct!(Column { head, kind });

/// What stands in one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing is known, or it cannot be said: an empty place, never a zero.
    None,
    /// Words.
    Text(String),
    /// A number or a share.
    Number(f64),
    /// A date as it is spelt, and seconds since 1970 to sort by.
    Date(String, i64),
}

wire_enum!(Cell { 0 None, 1 Text(text), 2 Number(number), 3 Date(text, at) });

impl Cell {
    /// Words; none are no cell.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Some(text.into()).filter(|text| !text.is_empty()).map_or(Self::None, Self::Text)
    }

    /// A number, where there is one.
    #[must_use]
    pub fn number(number: Option<f64>) -> Self {
        number.filter(|number| number.is_finite()).map_or(Self::None, Self::Number)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Date(_, a), Self::Date(_, b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

/// What choosing a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowAction {
    /// Filters by its deck.
    #[default]
    Filter,
    /// Shows its video alone.
    Video,
    /// Shows its deck alone.
    Deck,
    /// Shows its student alone.
    Student,
}

wire_enum!(RowAction { 0 Filter, 1 Video, 2 Deck, 3 Student });

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The id of what it is of, where rows can be chosen.
    pub id: Option<String>,
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// A small series over time, where rows have one; none where nothing is known.
    pub spark: Vec<Option<f64>>,
    /// Whether a filter leaves it out of everything else.
    pub is_left_out: bool,
    /// Whether it is one of those that the table can be cut down to.
    pub is_flagged: bool,
}

wire_struct!(Row { id, cells, spark, is_left_out, is_flagged });

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct SortableTable {
    /// Its columns.
    pub columns: Vec<Column>,
    /// What the small series of each row is; none where rows have none.
    pub spark: Option<String>,
    /// Its rows, in the order in which they are shown at first.
    pub rows: Vec<Row>,
    /// How many rows there are in all: more than are here, where only the first are.
    pub total: u64,
    /// What choosing a row does, where it has an id.
    pub row_action: RowAction,
    /// What rows are that are flagged, where the table can be cut down to them.
    pub flag: Option<String>,
}

wire_struct!(SortableTable { columns, spark, rows, total, row_action, flag });

impl SortableTable {
    /// Sorts the rows by a column; cells of nothing come last whichever way. Rows that are equal stay as they were.
    pub fn sort(&mut self, column: usize, descending: bool) {
        let cell = |row: &Row| row.cells.get(column).cloned().unwrap_or(Cell::None);
        self.rows.sort_by(|a, b| {
            let (a, b) = (cell(a), cell(b));
            let nothing = |cell: &Cell| *cell == Cell::None;
            let order = a.compare(&b);
            nothing(&a).cmp(&nothing(&b)).then(if descending { order.reverse() } else { order })
        });
    }

    /// The largest number of all small series: the end of the scale that they can share.
    #[must_use]
    pub fn largest_spark(&self) -> f64 {
        let all = self.rows.iter().flat_map(|row| &row.spark).flatten();
        all.copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    /// Its numbers as the table of a chart: the first column names the rows, further words are left out.
    #[must_use]
    pub fn table(&self) -> model::Table {
        let is_number = |column: &Column| matches!(column.kind, ColumnKind::Number | ColumnKind::Share);
        let numbers = || self.columns.iter().enumerate().skip(1).filter(|(_, column)| is_number(column));
        let first = self.columns.first().map(|column| column.head.clone());
        let columns = first.into_iter().chain(numbers().map(|(_, column)| column.head.clone())).collect();
        let rows = self.rows.iter().map(|row| model::Row {
            name: match row.cells.first() {
                Some(Cell::Text(text) | Cell::Date(text, _)) => text.clone(),
                Some(Cell::Number(number)) => number.to_string(),
                Some(Cell::None) | None => String::new(),
            },
            values: numbers()
                .map(|(place, _)| match row.cells.get(place) {
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

    fn listing(cells: &[(String, Option<f64>)]) -> SortableTable {
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
        fn sorted_rows_are_the_same_rows_in_order_with_nothing_last(
            cells in prop::collection::vec(("[a-cA-C]{0,3}", prop::option::of(-9.0f64..9.0)), 0..30),
            column in 0usize..2,
            descending in any::<bool>(),
        ) {
            let before = listing(&cells);
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

        #[test]
        fn a_listing_travels_there_and_back(
            cells in prop::collection::vec(("[a-c]{0,3}", prop::option::of((-9i8..9).prop_map(f64::from))), 0..9),
        ) {
            let listing = listing(&cells);
            prop_assert_eq!(domain::wire::read(&domain::wire::written(&listing)), Some(listing));
        }
    }

    #[test]
    fn its_table_has_its_numbers_and_leaves_nothing_empty() {
        let table = listing(&[("Membranes".into(), Some(2.0)), ("Cells".into(), None)]).table();
        assert_eq!(table.columns, ["Deck", "Views"]);
        assert_eq!(table.rows[0].values, [Some(2.0)]);
        assert_eq!(
            (table.rows[1].name.as_str(), table.rows[1].values.as_slice()),
            ("Cells", [None].as_slice())
        );
    }
}
