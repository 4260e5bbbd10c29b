//! A table whose rows are loaded as it is scrolled: every student, or every row behind the figures.

use super::virtual_table::VirtualTable;
use crate::components::figure::long_table_exports::{LongTableExports, row_count, text_columns};
use crate::words::figures as text;
use leptos::prelude::*;
use protocol::{ColumnContent, LongTableColumn, LongTableRow, RowList};

/// The table, or a button that shows it; and the rows that are being printed.
#[component]
pub fn LongTableView(
    /// What it lists.
    title: String,
    /// The table and what is printed of it.
    exports: LongTableExports,
) -> impl IntoView {
    let LongTableExports { list, table, printed_rows } = exports;
    let count = Signal::derive(move || table.with(row_count));
    // A table of students replaces a list; a table of all rows is rarely needed, and listing them takes memory.
    let is_open = RwSignal::new(list == RowList::Students);
    let printed_table = move || {
        let rows = printed_rows.get()?;
        let columns = table.get_untracked()?.columns;
        let (printed, all) = (rows.len() as u64, count.get_untracked() as u64);
        let left_out = (printed < all).then(|| text::first_of(printed, all));
        Some(view! { <PrintTable columns rows /> <p class="on-paper quiet small">{left_out}</p> })
    };
    view! {
        <Show when=move || is_open.get()
            fallback=move || view! {
                // Disabled without rows rather than hidden, so that the layout does not jump when they
                // arrive.
                <p>
                    <button type="button" disabled=move || count.get() == 0
                        on:click=move |_| is_open.set(true)>
                        {text::SHOW_ROWS}
                    </button>
                </p>
            }>
            <VirtualTable list title=title.clone() table count />
        </Show>
        {printed_table}
    }
}

/// The table that is printed: all texts, no sparklines.
#[component]
fn PrintTable(columns: Vec<LongTableColumn>, rows: Vec<LongTableRow>) -> impl IntoView {
    let heads =
        text_columns(&columns).map(|(_, column)| view! { <th scope="col">{column.head.clone()}</th> });
    let heads = heads.collect_view();
    let row = |row: LongTableRow| {
        let cells = text_columns(&columns).map(|(index, column)| {
            let is_amount = column.content == ColumnContent::Amount;
            view! { <td class:number=is_amount>{row.cells.get(index).cloned()}</td> }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! { <table class="on-paper"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }
}
