//! A table of every row behind the measures, with links to their CSV files.

use crate::components::csv_files::{CsvFile, CsvFiles};
use crate::components::figure::export;
use crate::components::figure::figure_menu::FigureMenu;
use crate::components::virtual_table::{Column, VirtualTable};
use crate::context::AppContext;
use crate::loader::Shown;
use crate::words::figures as text;
use crate::{locale, words};
use domain::time::{SECOND, Timestamp};
use domain::zone::Zone;
use engine::measures::Measures;
use engine::row_list::RowDetails;
use leptos::html;
use leptos::prelude::*;
use thread::message::{List, Part};

const COLUMNS: &[Column] = &[
    Column { head: text::TIME, class: "cell-time" },
    Column { head: text::VIDEO, class: "cell-video" },
    Column { head: text::COURSE, class: "cell-course" },
    Column { head: text::SECTION, class: "cell-section" },
    Column { head: text::PERSON, class: "cell-person" },
    Column { head: text::ROLE, class: "cell-role" },
    Column { head: text::LENGTH, class: "cell-amount" },
];

/// The most rows that are printed: some thirty sheets.
const MAX_PRINTED_ROWS: usize = 1_000;

/// Rows that the table requests at a time, including those on the screen.
const BUFFERED_ROWS: usize = 120;

/// The figure of all rows. Its table is created when somebody opens it.
#[component]
pub fn RowTable(
    /// The measures, once there are any.
    measures: Memo<Option<Measures>>,
    /// The label of the view's time zone.
    zone: Memo<String>,
    /// The CSV files, once every window has rows.
    files: Memo<Option<CsvFiles>>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let version = Memo::new(move |_| context.loader().loaded().with(|loaded| loaded.version));
    let is_open = RwSignal::new(false);
    let count = Signal::derive(move || {
        measures.with(|m| m.as_ref().and_then(|m| usize::try_from(m.total.rows).ok()).unwrap_or(0))
    });
    let sentence = move || measures.with(|m| m.as_ref().map(text::rows_sentence)).unwrap_or_default();
    let time_zone: Memo<Zone> = Memo::new(move |_| context.zone(&context.navigation.view()));
    let cells = Callback::new(move |(shown, index): (Shown, usize)| {
        let Part::Rows(listed) = shown.part else { return Vec::new() };
        let Some(row) = listed.into_iter().nth(index) else { return Vec::new() };
        time_zone.with_untracked(|zone| format_row(row, zone)).into_iter().map(IntoAny::into_any).collect()
    });
    // Printing requests the first rows; afterwards the table requests the rows again that it showed before.
    let figure = NodeRef::<html::Section>::new();
    let shown = context.loader().shown(List::Rows);
    let previous_from = StoredValue::new(None::<usize>);
    let printed_rows = RwSignal::new(None::<Vec<RowDetails>>);
    let request_print = move |_| {
        let from = shown.with_untracked(|shown| shown.as_ref().map_or(0, |shown| shown.from));
        previous_from.set_value(Some(from));
        context.loader().show(List::Rows, 0, MAX_PRINTED_ROWS);
    };
    Effect::new(move |_| {
        let rows = shown.with(|shown| match shown {
            Some(Shown { from: 0, part: Part::Rows(rows) })
                if rows.len() == count.get().min(MAX_PRINTED_ROWS) =>
            {
                Some(rows.clone())
            }
            _ => None,
        });
        let Some((from, rows)) = previous_from.get_value().zip(rows) else { return };
        previous_from.set_value(None);
        request_animation_frame(move || {
            printed_rows.set(Some(rows));
            request_animation_frame(move || {
                if let Some(figure) = figure.get_untracked() {
                    export::print(&figure, move || {
                        printed_rows.try_set(None);
                        context.loader().show(List::Rows, from, BUFFERED_ROWS);
                    });
                }
            });
        });
    });
    let print_table = move || {
        printed_rows.get().map(|rows| {
            let (printed, all) = (rows.len() as u64, count.get_untracked() as u64);
            let rows =
                time_zone.with_untracked(|zone| rows.into_iter().map(|row| format_row(row, zone)).collect());
            let left_out = (printed < all).then(|| text::first_of(printed, all));
            view! { <PrintTable rows /> <p class="on-paper quiet small">{left_out}</p> }
        })
    };
    let link = |CsvFile { href, label }: CsvFile| view! { <a href=href download="">{label}</a> };
    let links = move || files.get().map(|files| files.files.into_iter().map(link).collect_view());
    view! {
        <section class="figure" node_ref=figure id="rows" aria-labelledby="rows-title">
            <header>
                <h2 id="rows-title">{text::ALL_ROWS}</h2>
                <p class="quiet small">{move || words::days_in(&zone.get())}</p>
                <FigureMenu title=text::ALL_ROWS>
                    {links}
                    <button type="button" disabled=move || count.get() == 0 on:click=request_print>{text::PRINT}</button>
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
                <VirtualTable list=List::Rows title=text::ALL_ROWS columns=COLUMNS count version cells
                    loader=context.loader() />
            </Show>
            {print_table}
        </section>
    }
}

/// The cells of a row, one for each of [`COLUMNS`].
fn format_row(row: RowDetails, zone: &Zone) -> [String; 7] {
    let time = Timestamp(i64::from(row.time) * SECOND);
    let local = time.plus(i64::from(zone.offset_at(time)) * SECOND);
    let person = if row.person.is_empty() { text::NOBODY.to_owned() } else { row.person };
    let length = row.length.map(|minutes| locale::format_count(u64::from(minutes))).unwrap_or_default();
    [locale::format_date_time(local), row.video, row.course, row.section, person, row.role, length]
}

/// The table that is printed.
#[component]
fn PrintTable(rows: Vec<[String; 7]>) -> impl IntoView {
    let heads = COLUMNS.iter().map(|column| view! { <th scope="col">{column.head}</th> }).collect_view();
    let row = |cells: [String; 7]| {
        let cells = cells.map(|cell| view! { <td>{cell}</td> });
        view! { <tr>{cells.into_iter().collect_view()}</tr> }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! { <table class="on-paper"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }
}
