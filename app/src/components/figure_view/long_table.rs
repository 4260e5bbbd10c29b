//! A table whose rows are loaded as it is scrolled: every student, or every row behind the figures.

use super::virtual_table::VirtualTable;
use crate::components::csv_files::{CsvFile, CsvFiles};
use crate::components::figure::export::{self, ExportHeader};
use crate::components::figure::figure_menu::FigureMenu;
use crate::context::AppContext;
use crate::data_worker::LoadedRows;
use crate::words::figures as text;
use charts::model::{Row, Table};
use leptos::html;
use leptos::prelude::*;
use protocol::{ColumnContent, LongTable, LongTableColumn, LongTableRow, RowList};

/// The most rows of [`RowList::Rows`] that are printed: some thirty sheets.
const MAX_PRINTED_ROWS: usize = 1_000;

/// The CSV files of the rows, as a Leptos context: a table of all rows links to them.
#[derive(Debug, Clone, Copy)]
pub struct RowFiles(pub Memo<Option<CsvFiles>>);

/// The figure of a long table.
#[component]
pub fn LongTableView(
    /// The element's id in the document.
    id: String,
    /// What the table lists.
    title: String,
    /// The unit, or the zone of the days.
    #[prop(into)]
    unit: Signal<String>,
    /// The main finding, in a sentence.
    #[prop(into)]
    sentence: Signal<String>,
    /// What limits the numbers; may be empty.
    #[prop(into)]
    caveat: Signal<String>,
    /// The table; `None` until it is loaded.
    table: Memo<Option<LongTable>>,
) -> impl IntoView {
    let data_worker = expect_context::<AppContext>().data_worker();
    let header = expect_context::<ExportHeader>();
    let files = use_context::<RowFiles>();
    let figure = NodeRef::<html::Section>::new();
    let count = Signal::derive(move || table.with(|table| table.as_ref().map_or(0, row_count)));
    let list = table.with_untracked(|table| table.as_ref().map_or(RowList::Rows, |table| table.list));
    let name = StoredValue::new(title.clone());
    // A table of students replaces a list; a table of all rows is rarely needed, and listing them takes memory.
    let is_open = RwSignal::new(list == RowList::Students);

    // The table on the screen holds some of the rows; an export requests its own.
    let save_rows = Callback::new(move |(_, rows): LoadedRows| {
        let Some(table) = table.get_untracked() else { return };
        name.with_value(|name| export::save_csv(&build_export(&table, &rows), &header.lines(name), name));
    });
    let printed_rows = RwSignal::new(None::<Vec<LongTableRow>>);
    let print_rows = Callback::new(move |(_, rows): LoadedRows| {
        printed_rows.set(Some(rows));
        request_animation_frame(move || {
            if let Some(figure) = figure.get_untracked() {
                export::print(&figure, move || {
                    printed_rows.try_set(None);
                });
            }
        });
    });
    let most_printed = match list {
        RowList::Students => usize::MAX,
        RowList::Rows => MAX_PRINTED_ROWS,
    };
    let save = move |_| data_worker.request_rows(list, 0, usize::MAX, save_rows);
    let print = move |_| data_worker.request_rows(list, 0, most_printed, print_rows);
    let link = |CsvFile { href, label }: CsvFile| view! { <a href=href download="">{label}</a> };
    let downloads = move || match (list, files) {
        (RowList::Students, _) => {
            view! { <button type="button" on:click=save>{text::SAVE_CSV}</button> }.into_any()
        }
        (RowList::Rows, Some(RowFiles(files))) => {
            files.get().map(|files| files.files.into_iter().map(link).collect_view()).into_any()
        }
        (RowList::Rows, None) => ().into_any(),
    };
    let printed_table = move || {
        let rows = printed_rows.get()?;
        let columns = table.get_untracked()?.columns;
        let (printed, all) = (rows.len() as u64, count.get_untracked() as u64);
        let left_out = (printed < all).then(|| text::first_of(printed, all));
        Some(view! { <PrintTable columns rows /> <p class="on-paper quiet small">{left_out}</p> })
    };
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let caption = title.clone();
    view! {
        <section class="figure" node_ref=figure id=id aria-labelledby=labelled_by>
            <header>
                <h2 id=heading>{title.clone()}</h2>
                <p class="quiet small">{unit}</p>
                <FigureMenu title>
                    {downloads}
                    <button type="button" disabled=move || count.get() == 0 on:click=print>{text::PRINT}</button>
                </FigureMenu>
            </header>
            <p class="sentence">{sentence}</p>
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
                <VirtualTable list title=caption.clone() table count />
            </Show>
            {printed_table}
            <p class="caveat quiet small">{caveat}</p>
        </section>
    }
}

fn row_count(table: &LongTable) -> usize {
    usize::try_from(table.count).unwrap_or(usize::MAX)
}

/// The columns that have texts, with their indices.
fn text_columns(columns: &[LongTableColumn]) -> impl Iterator<Item = (usize, &LongTableColumn)> {
    let has_text = |content| !matches!(content, ColumnContent::Sparkline | ColumnContent::Actions);
    columns.iter().enumerate().filter(move |(_, column)| has_text(column.content))
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

/// The exported table: by row, its name, its amount, and the values of its steps.
fn build_export(table: &LongTable, rows: &[LongTableRow]) -> Table {
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
