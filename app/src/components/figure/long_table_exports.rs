//! What is saved and printed of a long table, whose rows are requested for the purpose.

use crate::components::csv_files::CsvFiles;
use charts::model::{Row, Table};
use leptos::prelude::*;
use protocol::{ColumnContent, LongTable, LongTableColumn, LongTableRow, RowList};

/// The CSV files of the rows, as a Leptos context: a table of all rows links to them.
#[derive(Debug, Clone, Copy)]
pub struct RowFiles(pub Memo<Option<CsvFiles>>);

/// What the menu of a long table needs.
#[derive(Debug, Clone, Copy)]
pub struct LongTableExports {
    /// What the table lists.
    pub list: RowList,
    /// The table; `None` until it is loaded.
    pub table: Memo<Option<LongTable>>,
    /// The rows that are being printed.
    pub printed_rows: RwSignal<Option<Vec<LongTableRow>>>,
}

/// The number of a table's rows; 0 until it is loaded.
#[must_use]
pub fn row_count(table: &Option<LongTable>) -> usize {
    table.as_ref().map_or(0, |table| usize::try_from(table.count).unwrap_or(usize::MAX))
}

/// The columns that have texts, with their indices.
pub fn text_columns(columns: &[LongTableColumn]) -> impl Iterator<Item = (usize, &LongTableColumn)> {
    let has_text = |content| !matches!(content, ColumnContent::Sparkline | ColumnContent::Actions);
    columns.iter().enumerate().filter(move |(_, column)| has_text(column.content))
}

/// The exported table: by row, its name, its amount, and the values of its steps.
#[must_use]
pub fn build_export(table: &LongTable, rows: &[LongTableRow]) -> Table {
    let heads = text_columns(&table.columns).map(|(_, column)| column.head.clone());
    let row = |row: &LongTableRow| Row {
        name: row.cells.first().cloned().unwrap_or_default(),
        values: [row.amount].into_iter().chain(row.steps.iter().copied()).collect(),
        state: None,
    };
    Table {
        columns: heads.chain(table.steps.iter().cloned()).collect(),
        rows: rows.iter().map(row).collect(),
    }
}
