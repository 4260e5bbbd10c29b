//! The items of a figure's menu.

use crate::components::csv_files::CsvFile;
use crate::components::disclosure;
use crate::components::figure::FigureExports;
use crate::components::figure::export::{self, ExportHeader};
use crate::components::figure::long_table_exports::{self, LongTableExports, RowFiles};
use crate::context::AppContext;
use crate::data_worker::LoadedRows;
use crate::words::figures as text;
use crate::words::why;
use charts::model::Table;
use leptos::html;
use leptos::prelude::*;
use protocol::{LongTableRow, RowList};

/// The most rows of [`RowList::Rows`] that are printed: some thirty sheets.
const MAX_PRINTED_ROWS: usize = 1_000;

/// What the menu is about.
#[derive(Debug, Clone, Copy)]
pub struct FigureMenuInputs {
    /// The figure's element.
    pub figure: NodeRef<html::Section>,
    /// What the figure shows.
    pub title: StoredValue<String>,
    /// What can be saved.
    pub exports: FigureExports,
    /// The menu.
    pub menu: NodeRef<html::Details>,
}

impl FigureMenuInputs {
    /// Calls `save` with the figure's element, the lines of an export's header, and the title.
    fn with_figure(
        self,
        header: ExportHeader,
        save: impl FnOnce(&web_sys::Element, &[(String, String)], &str),
    ) {
        if let Some(figure) = self.figure.get_untracked() {
            self.title.with_value(|title| save(&figure, &header.lines(title), title));
        }
    }
}

/// The items.
#[component]
pub fn FigureMenuItems(
    /// What the menu is about.
    inputs: FigureMenuInputs,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let FigureMenuInputs { title, exports, menu, .. } = inputs;
    let header = expect_context::<ExportHeader>();
    let files = use_context::<RowFiles>();
    let save_table = move |table: &Table| {
        title.with_value(|title| export::save_csv(table, &header.lines(title), title));
    };
    let print_figure = move || inputs.with_figure(header, |figure, _, _| export::print(figure, || {}));
    let csv = move |save: Callback<()>| {
        view! { <button type="button" on:click=move |_| save.run(())>{text::SAVE_CSV}</button> }.into_any()
    };
    let print = move |print: Callback<()>, is_disabled: Signal<bool>| {
        view! {
            <button type="button" disabled=is_disabled on:click=move |_| print.run(())>{text::PRINT}</button>
        }
        .into_any()
    };
    let print_here = || print(Callback::new(move |()| print_figure()), Signal::stored(false));
    let items = match exports {
        FigureExports::Chart(numbers) => {
            let save_svg = move |_| inputs.with_figure(header, export::save_svg);
            let save_png = move |_| inputs.with_figure(header, export::save_png);
            let save_numbers = Callback::new(move |()| {
                if let Some(table) = numbers.get_untracked() {
                    save_table(&table);
                }
            });
            view! {
                <button type="button" on:click=save_svg>{text::SAVE_SVG}</button>
                <button type="button" on:click=save_png>{text::SAVE_PNG}</button>
                {csv(save_numbers)}
                {print_here()}
            }
            .into_any()
        }
        FigureExports::Table(table) => {
            let save = Callback::new(move |()| {
                table.with_untracked(|table| {
                    let Some(table) = table else { return };
                    title.with_value(|title| export::save_cells(table, &header.lines(title), title));
                });
            });
            view! { {csv(save)} {print_here()} }.into_any()
        }
        FigureExports::Text => print_here(),
        FigureExports::LongTable(LongTableExports { list, table, printed_rows }) => {
            // The table on the screen holds some of the rows; an export requests its own, whatever is searched for.
            let save_rows = Callback::new(move |LoadedRows { rows, .. }: LoadedRows| {
                if let Some(table) = table.get_untracked() {
                    save_table(&long_table_exports::build_export(&table, &rows));
                }
            });
            let print_rows = Callback::new(move |LoadedRows { rows, .. }: LoadedRows| {
                printed_rows.set(Some(rows));
                request_animation_frame(move || {
                    inputs.with_figure(header, |figure, _, _| {
                        export::print(figure, move || {
                            printed_rows.try_set(None::<Vec<LongTableRow>>);
                        });
                    });
                });
            });
            let data_worker = context.data_worker();
            let save = Callback::new(move |()| data_worker.request_rows(list, "", 0, usize::MAX, save_rows));
            let most_printed = match list {
                RowList::Students => usize::MAX,
                RowList::Rows => MAX_PRINTED_ROWS,
            };
            let request_print =
                Callback::new(move |()| data_worker.request_rows(list, "", 0, most_printed, print_rows));
            let is_empty =
                Signal::derive(move || table.with(|table| long_table_exports::row_count(table) == 0));
            let link = |CsvFile { href, label, .. }: CsvFile| view! { <a href=href download="">{label}</a> };
            let downloads = move || match (list, files) {
                (RowList::Students, _) => csv(save),
                (RowList::Rows, Some(RowFiles(files))) => {
                    files.get().map(|files| files.files.into_iter().map(link).collect_view()).into_any()
                }
                (RowList::Rows, None) => ().into_any(),
            };
            view! { {downloads} {print(request_print, is_empty)} }.into_any()
        }
    };
    // Closes the menu first: the explanation is about the figure that has the focus, and returns the focus to
    // it.
    let ask_why = move |_| {
        disclosure::close(menu);
        context.help.request_explanation();
    };
    // A click on any item closes the menu.
    view! {
        <div class="figure-menu-list" on:click=move |_| disclosure::close(menu)>
            {items}
            <button type="button" on:click=ask_why>{why::ITEM}</button>
        </div>
    }
}
