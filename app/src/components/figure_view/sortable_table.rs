//! A table that is sorted by any of its headings. A click on a row filters the other figures by it, or opens a view of what
//! it is about. A table of people can be searched, and limited to flagged ones.

use crate::components::focus::focus;
use crate::context::AppContext;
use crate::locale;
use crate::words::figures as text;
use charts::layout::Size;
use charts::sortable_table::{Cell, Column, ColumnKind, Row, RowAction, SortableTable};
use charts::sparkline;
use domain::ids::{MediaId, PresentationId, UserId};
use domain::report::{KnownReport, ReportName};
use domain::view::{Choice, Page, View};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The size of a spark-line at the end of a row.
const SPARK: Size = Size { width: 168, height: 20 };

/// The size of one between numbers.
const SMALL_SPARK: Size = Size { width: 96, height: 20 };

/// Rows that are shown until somebody asks for more.
const INITIAL_COUNT: usize = 100;

/// The table.
#[component]
pub fn SortableTableView(
    /// The caption.
    title: String,
    /// The table; `None` until it is loaded.
    table: Memo<Option<SortableTable>>,
) -> impl IntoView {
    let listing = Memo::new(move |_| table.get().unwrap_or_else(empty_table));
    let by = RwSignal::new(None::<(usize, bool)>);
    let limit = RwSignal::new(INITIAL_COUNT);
    let place = NodeRef::<html::Div>::new();
    let (search, is_limited) = (RwSignal::new(String::new()), RwSignal::new(false));
    let sorted = Memo::new(move |_| {
        let mut listing = listing.get();
        let (search, is_limited) = (search.get().to_lowercase(), is_limited.get() && listing.flag.is_some());
        listing.rows.retain(|row| (row.is_flagged || !is_limited) && is_found(row, &search));
        if let Some((column, descending)) = by.get() {
            listing.sort(column, descending);
        }
        listing
    });
    let columns = Memo::new(move |_| listing.with(|listing| listing.columns.clone()));
    let shown = Memo::new(move |_| columns.with(|columns| number_place(columns)));
    let head = move |(place, column): (usize, Column)| {
        let order = move || match by.get() {
            Some((by, descending)) if by == place => {
                Some(if descending { "descending" } else { "ascending" })
            }
            _ => None,
        };
        let is_words = column.kind == ColumnKind::Text;
        let sort = move |_| {
            let next = match by.get_untracked() {
                Some((by, descending)) if by == place => (place, !descending),
                // Numbers and dates start with the largest, texts with A.
                _ => (place, !is_words),
            };
            by.set(Some(next));
        };
        let sign = move || match order() {
            Some("descending") => " ↓",
            Some(_) => " ↑",
            None => "",
        };
        view! {
            <th scope="col" class:number=is_number(column.kind)
                class:further=move || is_further(place, shown.get()) aria-sort=order>
                <button type="button" on:click=sort>{column.head} <span aria-hidden="true">{sign}</span></button>
            </th>
        }
    };
    let spark_head = move || listing.with(|listing| listing.spark.clone());
    let rows = move || {
        sorted.with(|listing| {
            let scale = listing.largest_spark();
            let name = listing.spark.clone();
            let shown = listing.rows.iter().take(limit.get());
            shown.map(|row| render_row(row, listing, name.as_deref(), scale)).collect_view()
        })
    };
    let rest = move || {
        let count = sorted.with(|listing| listing.rows.len());
        let show_all = move |_| {
            limit.set(usize::MAX);
            focus(place);
        };
        (count > limit.get()).then(|| {
            view! { <p><button type="button" on:click=show_all>{text::show_all(count)}</button></p> }
        })
    };
    let left_out = move || {
        listing.with(|listing| {
            let here = listing.rows.len() as u64;
            (listing.total > here).then(|| text::first_of(here, listing.total))
        })
    };
    let label = text::numbers_of(&title);
    let is_of_people = Memo::new(move |_| listing.with(|listing| listing.row_action == RowAction::Student));
    let found =
        move || sorted.with(|sorted| text::rows_of(sorted.rows.len(), listing.with(|l| l.rows.len())));
    let flag = move || {
        listing.with(|listing| {
            let count = listing.rows.iter().filter(|row| row.is_flagged).count();
            Some(text::flagged(listing.flag.as_ref()?, count))
        })
    };
    let search_line = move || {
        let flag = flag().map(|name| {
            let pressed = move || if is_limited.get() { "true" } else { "false" };
            let toggle_flag = move |_| is_limited.update(|is_limited| *is_limited = !*is_limited);
            view! { <button type="button" class="plain" aria-pressed=pressed on:click=toggle_flag>{name}</button> }
        });
        view! {
            <p class="seek">
                <label>
                    <span>{text::SEARCH}</span>
                    <input type="search" autocomplete="off" prop:value=move || search.get()
                        on:input=move |event| search.set(event_target_value(&event)) />
                </label>
                {flag}
                <span class="quiet small" role="status">{found}</span>
            </p>
        }
    };
    view! {
        <Show when=move || is_of_people.get()>{search_line}</Show>
        <div class="twin sorted" node_ref=place tabindex="0" role="region" aria-label=label>
            <table>
                <caption class="unseen">{title}</caption>
                <thead>
                    <tr>
                        {move || {
                            let mut heads: Vec<AnyView> =
                                columns.get().into_iter().enumerate().map(|column| head(column).into_any()).collect();
                            if let Some(spark) = spark_head() {
                                let place = listing.with(spark_place).min(heads.len());
                                heads.insert(place, view! { <th scope="col" class="line">{spark}</th> }.into_any());
                            }
                            heads
                        }}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {rest}
        <p class="quiet small">{left_out}</p>
    }
}

fn empty_table() -> SortableTable {
    SortableTable {
        columns: Vec::new(),
        spark: None,
        rows: Vec::new(),
        total: 0,
        row_action: RowAction::Filter,
        flag: None,
    }
}

/// The column that a phone shows beside the name: the first of numbers, or of whatever there is.
fn number_place(columns: &[Column]) -> usize {
    let number = columns.iter().skip(1).position(|column| is_number(column.kind));
    number.map_or(1, |place| place + 1)
}

/// Whether a column is one of those that a phone shows once its row is opened.
fn is_further(place: usize, number: usize) -> bool {
    place > 0 && place != number
}

/// Pixels across of a window in which a row shows a part of itself until it is opened, as in the style sheet.
const NARROW: f64 = 480.0;

fn is_narrow() -> bool {
    window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= NARROW)
}

fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Number | ColumnKind::Share)
}

fn render_row(row: &Row, listing: &SortableTable, spark: Option<&str>, scale: f64) -> AnyView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let id = row.id.clone().filter(|id| UserId::parse(id).is_some());
    let opens = listing.row_action;
    let is_open = RwSignal::new(false);
    let toggle = move || is_open.update(|is_open| *is_open = !*is_open);
    let number = number_place(&listing.columns);
    let name = row.cells.first().zip(listing.columns.first());
    let name = name.map(|(cell, column)| format_cell(cell, column.kind)).unwrap_or_default();
    let opener = move |name: &str| {
        view! {
            <button type="button" class="opener" aria-label=text::rest_of(name)
                aria-expanded=move || is_open.get().to_string() on:click=move |_| toggle()></button>
        }
    };
    let cells = row.cells.iter().zip(&listing.columns).enumerate().map(|(place, (cell, column))| {
        let text = format_cell(cell, column.kind);
        if place > 0 {
            let is_further = is_further(place, number);
            return view! { <td class:number=is_number(column.kind) class:further=is_further>{text}</td> }.into_any();
        }
        match id.clone() {
            None => view! { <th scope="row">{opener(&name)} {text}</th> }.into_any(),
            Some(id) if opens == RowAction::Filter => {
                let choice = Choice::Deck(PresentationId::from(id));
                let pressed = choice.clone();
                let is_chosen = move || if navigation.view().contains(&pressed) { "true" } else { "false" };
                let choose = move |_| navigation.navigate(navigation.view().toggled(&choice));
                view! {
                    <th scope="row">
                        {opener(&name)}
                        <button type="button" class="plain" aria-pressed=is_chosen on:click=choose>{text}</button>
                    </th>
                }
                .into_any()
            }
            Some(id) => {
                let href = move || view_of_row(navigation.view(), opens, &id).to_url();
                view! { <th scope="row">{opener(&name)} <a href=href>{text}</a></th> }.into_any()
            }
        }
    });
    let line = spark.map(|name| {
        let size = if opens == RowAction::Filter { SPARK } else { SMALL_SPARK };
        let drawn = sparkline::draw(&row.spark, scale, size, name);
        view! { <td class="line" inner_html=drawn></td> }.into_any()
    });
    let mut cells: Vec<AnyView> = cells.collect();
    if let Some(line) = line {
        cells.insert(spark_place(listing).min(cells.len()), line);
    }
    let further = row.cells.iter().zip(&listing.columns).enumerate();
    let further = further.filter(|(place, _)| is_further(*place, number));
    let further: Vec<(String, String)> =
        further.map(|(_, (cell, column))| (column.head.clone(), format_cell(cell, column.kind))).collect();
    let width = if spark.is_some() { "3" } else { "2" };
    let rest = move || {
        let pair = |(head, text): (String, String)| view! { <div><dt>{head}</dt><dd>{text}</dd></div> };
        is_open.get().then(|| {
            let pairs = further.clone().into_iter().map(pair).collect_view();
            view! { <tr class="rest"><td colspan=width><dl>{pairs}</dl></td></tr> }
        })
    };
    // A link or button in the row has its own action.
    let tap = move |event: web_sys::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let is_pressed = target.is_some_and(|it| it.closest("a, button").is_ok_and(|found| found.is_some()));
        if !is_pressed && is_narrow() {
            toggle();
        }
    };
    view! { <tr class:left-out=row.is_left_out on:click=tap>{cells}</tr> {rest} }.into_any()
}

/// The position of the sparkline: last, but in tables of a course after the name and the first number, so that a phone shows
/// these three.
fn spark_place(listing: &SortableTable) -> usize {
    if listing.row_action == RowAction::Filter { listing.columns.len() } else { 2 }
}

/// Whether the name of a row contains the search text.
fn is_found(row: &Row, search: &str) -> bool {
    match row.cells.first() {
        Some(Cell::Text(name)) => name.to_lowercase().contains(search),
        _ => true,
    }
}

/// The view of what a row is about.
fn view_of_row(view: View, opens: RowAction, id: &str) -> View {
    let report = |report: KnownReport, view: View| {
        view.with_page(Page::Overview).with_report(Some(ReportName::from(report)))
    };
    match opens {
        RowAction::Student => View { student: Some(UserId::from(id)), ..view },
        RowAction::Video => report(KnownReport::VideoView, view).toggled(&Choice::Video(MediaId::from(id))),
        RowAction::Deck => {
            report(KnownReport::Presentation, view).toggled(&Choice::Deck(PresentationId::from(id)))
        }
        RowAction::Filter => view,
    }
}

fn format_cell(cell: &Cell, kind: ColumnKind) -> String {
    match (cell, kind) {
        (Cell::None, _) => "–".to_owned(),
        (Cell::Text(text) | Cell::Date(text, _) | Cell::Time(text, _), _) => text.clone(),
        (Cell::Number(number), ColumnKind::Share) => locale::format_percent(*number),
        (Cell::Number(number), _) => locale::format_number(*number),
    }
}
