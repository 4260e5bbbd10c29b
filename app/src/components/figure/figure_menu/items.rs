//! The items of a figure's menu.

use crate::api_client::ApiError;
use crate::api_signal::ApiSignal;
use crate::components::csv_files::CsvFile;
use crate::components::disclosure;
use crate::components::figure::FigureExports;
use crate::components::figure::export::{self, ExportCourse, ExportHeader};
use crate::components::figure::long_table_exports::{self, LongTableExports, RowFiles};
use crate::components::figure::spreadsheet::{self, Rows, Sheet, WorkbookError};
use crate::context::AppContext;
use crate::data_worker::LoadedRows;
use crate::words;
use crate::words::figures as text;
use crate::words::why;
use charts::model::Table;
use charts::sortable_table::{RowAction, SortableTable};
use domain::api::RowCount;
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
    let notes = WorkbookNotes { header, course: use_context() };
    let files = use_context::<RowFiles>();
    let save_table = move |table: &Table| {
        title.with_value(|title| export::save_csv(table, &header.lines(title), title));
    };
    // The course page of a student is about a person, whatever a figure shows.
    let names_people = move || {
        let id = inputs.figure.get_untracked().map(|figure| figure.id());
        context.navigation.view().student.is_some() || id.is_some_and(|id| protocol::names_people(&id))
    };
    let save_sheet = move |sheet: Sheet, names_people: bool| {
        title.with_value(|title| {
            let about = notes.describe(title, names_people);
            spreadsheet::save_sheet(&sheet, &about, title, Callback::new(report_failure));
        });
    };
    let save_numbers_sheet = move |table: &Table| save_sheet(Sheet::from_numbers(table), names_people());
    let print_figure = move || inputs.with_figure(header, |figure, _, _| export::print(figure, || {}));
    let csv = move |save: Callback<()>| {
        view! { <button type="button" on:click=move |_| save.run(())>{text::SAVE_CSV}</button> }.into_any()
    };
    let xlsx = move |save: Callback<()>| {
        view! { <button type="button" on:click=move |_| save.run(())>{text::SAVE_XLSX}</button> }.into_any()
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
            let save_workbook = Callback::new(move |()| {
                if let Some(table) = numbers.get_untracked() {
                    save_numbers_sheet(&table);
                }
            });
            view! {
                <button type="button" on:click=save_svg>{text::SAVE_SVG}</button>
                <button type="button" on:click=save_png>{text::SAVE_PNG}</button>
                {csv(save_numbers)}
                {xlsx(save_workbook)}
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
            let save_workbook = Callback::new(move |()| {
                table.with_untracked(|table| {
                    let Some(table) = table else { return };
                    let zone = context.zone(&context.navigation.view());
                    save_sheet(Sheet::from_cells(table, &zone), names_people() || lists_people(table));
                });
            });
            view! { {csv(save)} {xlsx(save_workbook)} {print_here()} }.into_any()
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
            let save_rows_sheet = Callback::new(move |LoadedRows { rows, .. }: LoadedRows| {
                if let Some(table) = table.get_untracked() {
                    save_numbers_sheet(&long_table_exports::build_export(&table, &rows));
                }
            });
            let save_workbook =
                Callback::new(move |()| data_worker.request_rows(list, "", 0, usize::MAX, save_rows_sheet));
            let most_printed = match list {
                RowList::Students => usize::MAX,
                RowList::Rows => MAX_PRINTED_ROWS,
            };
            let request_print =
                Callback::new(move |()| data_worker.request_rows(list, "", 0, most_printed, print_rows));
            let is_empty =
                Signal::derive(move || table.with(|table| long_table_exports::row_count(table) == 0));
            let link = move |file: CsvFile| {
                let CsvFile { href, label, .. } = file.clone();
                view! { <a href=href download="">{label}</a> <SaveRows file notes /> }
            };
            let downloads = move || match (list, files) {
                (RowList::Students, _) => view! { {csv(save)} {xlsx(save_workbook)} }.into_any(),
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

/// The button that saves the rows of a CSV file as a workbook. It says so if they are too many.
#[component]
fn SaveRows(file: CsvFile, notes: WorkbookNotes) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let CsvFile { href, count_href, section, .. } = file;
    let count: ApiSignal<RowCount> = ApiSignal::new(&count_href);
    let label = text::save_rows_xlsx(section.as_deref());
    let save = move |_| {
        if count.ok().is_some_and(|count| count.rows > spreadsheet::MAX_ROWS) {
            report_failure(WorkbookError::TooManyRows);
            return;
        }
        let view = context.navigation.view();
        let known = context.report(view.report_name()).and_then(|info| info.name.known());
        let names_people = known.is_none_or(|report| !report.descriptor().personal_columns.is_empty());
        let [report, days, ..] = notes.header.0.run(());
        // Each section has a file of its own.
        let title: Vec<String> = [report, days].into_iter().chain(section.clone()).collect();
        let title = title.join(" ");
        let about = notes.describe_rows(&title, section.as_deref(), names_people);
        let separator = if href.contains('?') { '&' } else { '?' };
        let csv = format!("{href}{separator}cells=raw");
        let zone = context.zone(&view);
        let rows = Rows::new(known, &csv, zone.name());
        spreadsheet::save_rows(&rows, &about, &title, Callback::new(report_failure));
    };
    view! { <button type="button" on:click=save>{label}</button> }
}

/// What a workbook says about itself.
#[derive(Debug, Clone, Copy)]
struct WorkbookNotes {
    header: ExportHeader,
    course: Option<ExportCourse>,
}

impl WorkbookNotes {
    /// The lines of an export's header, the course, and whether people are named.
    fn describe(self, title: &str, names_people: bool) -> Vec<(String, String)> {
        let course = self.course.and_then(|ExportCourse(course)| course.get_untracked());
        let personal = if names_people { text::HAS_PERSONAL_DATA } else { text::NO_PERSONAL_DATA };
        let mut about = self.header.lines(title);
        about.extend(course.map(|course| (text::COURSE.to_owned(), course)));
        about.push((text::PERSONAL_DATA.to_owned(), personal.to_owned()));
        about
    }

    /// The same of a report's rows, which no filter applies to but the course and the section.
    fn describe_rows(self, title: &str, section: Option<&str>, names_people: bool) -> Vec<(String, String)> {
        let [.., filters, _] = text::EXPORT_HEADS;
        let mut about = self.describe(title, names_people);
        for (_, value) in about.iter_mut().filter(|(head, _)| head == filters) {
            text::ALL_ROWS.clone_into(value);
        }
        about.extend(section.map(|section| (text::SECTION.to_owned(), section.to_owned())));
        about
    }
}

/// Whether a table lists people: students, or the owners of videos.
fn lists_people(table: &SortableTable) -> bool {
    table.row_action == RowAction::Student
        || table.columns.iter().any(|column| column.head == protocol::text::OWNER)
}

/// Says why there is no workbook: the page's notice, if the whole page is interrupted, or a dialog, since the menu is
/// closed by then.
fn report_failure(error: WorkbookError) {
    let message = match error {
        WorkbookError::TooManyRows => text::too_many_rows_for_xlsx(spreadsheet::MAX_ROWS),
        WorkbookError::Failed(reason) => text::no_xlsx(&reason),
        WorkbookError::Fetch(error) => {
            let error = ApiError::from(error).interrupt_page();
            if error.interruption().is_some() {
                return;
            }
            format!("{}. {}", words::error_title(&error), words::error_detail(&error))
        }
    };
    let _ = window().alert_with_message(&message);
}
