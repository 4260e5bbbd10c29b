//! Every row behind the measures, and the files that hold them.

use crate::components::csv_files::{CsvFile, CsvFiles};
use crate::components::figure::export;
use crate::components::figure::figure_menu::FigureMenu;
use crate::components::virtual_table::{Column, VirtualTable};
use crate::context::AppContext;
use crate::loader::Shown;
use crate::words::figures as said;
use crate::{locale, words};
use domain::time::{SECOND, Timestamp};
use domain::zone::Zone;
use engine::measures::Measures;
use engine::row_list::RowDetails;
use leptos::html;
use leptos::prelude::*;
use thread::message::{List, Part};

const COLUMNS: &[Column] = &[
    Column { head: said::TIME, class: "cell-time" },
    Column { head: said::VIDEO, class: "cell-video" },
    Column { head: said::COURSE, class: "cell-course" },
    Column { head: said::SECTION, class: "cell-section" },
    Column { head: said::PERSON, class: "cell-person" },
    Column { head: said::ROLE, class: "cell-role" },
    Column { head: said::LENGTH, class: "cell-amount" },
];

/// Rows that are printed at most: some thirty sheets.
const MAX_PRINTED_ROWS: usize = 1_000;

/// Rows that the table has at hand, those on the screen among them.
const BUFFERED_ROWS: usize = 120;

/// Every row behind the measures: made when somebody wants to see it.
#[component]
pub fn RowTable(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
    /// The zone of the days, as it is said.
    zone: Memo<String>,
    /// The files of all rows, once they are whole.
    files: Memo<Option<CsvFiles>>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let version = Memo::new(move |_| context.loader().loaded().with(|loaded| loaded.version));
    let is_open = RwSignal::new(false);
    let count = Signal::derive(move || {
        measures.with(|m| m.as_ref().and_then(|m| usize::try_from(m.total.rows).ok()).unwrap_or(0))
    });
    let sentence = move || measures.with(|m| m.as_ref().map(said::rows_sentence)).unwrap_or_default();
    let traced: Memo<Zone> = Memo::new(move |_| context.zone(&context.navigation.view()));
    let cells = Callback::new(move |(shown, place): (Shown, usize)| {
        let Part::Rows(listed) = shown.part else { return Vec::new() };
        let Some(row) = listed.into_iter().nth(place) else { return Vec::new() };
        traced.with_untracked(|zone| format_row(row, zone)).into_iter().map(IntoAny::into_any).collect()
    });
    // The first rows are asked for when somebody wants them on paper; then the table has those again that it showed.
    let place = NodeRef::<html::Section>::new();
    let shown = context.loader().shown(List::Rows);
    let previous_from = StoredValue::new(None::<usize>);
    let on_paper = RwSignal::new(None::<Vec<RowDetails>>);
    let ask = move |_| {
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
            on_paper.set(Some(rows));
            request_animation_frame(move || {
                if let Some(figure) = place.get_untracked() {
                    export::print(&figure, move || {
                        on_paper.try_set(None);
                        context.loader().show(List::Rows, from, BUFFERED_ROWS);
                    });
                }
            });
        });
    });
    let paper = move || {
        on_paper.get().map(|rows| {
            let (here, all) = (rows.len() as u64, count.get_untracked() as u64);
            let rows =
                traced.with_untracked(|zone| rows.into_iter().map(|row| format_row(row, zone)).collect());
            let left_out = (here < all).then(|| said::first_of(here, all));
            view! { <PrintTable rows /> <p class="on-paper quiet small">{left_out}</p> }
        })
    };
    let link = |CsvFile { href, label }: CsvFile| view! { <a href=href download="">{label}</a> };
    let links = move || files.get().map(|files| files.files.into_iter().map(link).collect_view());
    view! {
        <section class="figure" node_ref=place id="rows" aria-labelledby="rows-title">
            <header>
                <h2 id="rows-title">{said::ALL_ROWS}</h2>
                <p class="quiet small">{move || words::days_in(&zone.get())}</p>
                <FigureMenu title=said::ALL_ROWS>
                    {links}
                    <button type="button" disabled=move || count.get() == 0 on:click=ask>{said::PRINT}</button>
                </FigureMenu>
            </header>
            <p class="sentence">{sentence}</p>
            <Show when=move || is_open.get()
                fallback=move || view! {
                    // Disabled and not gone while there are none: nothing jumps when the first arrive.
                    <p>
                        <button type="button" disabled=move || count.get() == 0
                            on:click=move |_| is_open.set(true)>
                            {said::SHOW_ROWS}
                        </button>
                    </p>
                }>
                <VirtualTable list=List::Rows title=said::ALL_ROWS columns=COLUMNS count version cells
                    loader=context.loader() />
            </Show>
            {paper}
        </section>
    }
}

/// What a row says, a text for each column.
fn format_row(row: RowDetails, zone: &Zone) -> [String; 7] {
    let time = Timestamp(i64::from(row.time) * SECOND);
    let local = time.plus(i64::from(zone.offset_at(time)) * SECOND);
    let person = if row.person.is_empty() { said::NOBODY.to_owned() } else { row.person };
    let length = row.length.map(|minutes| locale::format_count(u64::from(minutes))).unwrap_or_default();
    [locale::format_date_time(local), row.video, row.course, row.section, person, row.role, length]
}

/// Rows as they are printed.
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
