//! A virtual table of any length: only the rows on the screen are elements, requested from the data worker by
//! index.
//!
//! All rows have the same height, so the scroll position gives the index of a row. Browsers limit the height
//! of an element (Firefox to 17.8 million pixels): above [`MAX_HEIGHT`] the scroll position is scaled, and
//! keys still move by exactly one row or one page. Rows that have not arrived show an ellipsis and keep their
//! height. The range of visible rows is shown under the table and announced when it changes. ARIA roles are
//! explicit: some browsers drop them from a table whose `display` is block.
//!
//! The data worker has all rows, so it searches them. Until it has, the rows of the previous search stay on the screen,
//! with their number.

use super::long_table_cell::{column_class, render_cell};
use crate::context::AppContext;
use crate::data_worker::LoadedRows;
use crate::words::figures as text;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use protocol::{LongTable, LongTableColumn, RowList};
use std::time::Duration;

/// The height of a row in pixels.
pub const ROW: f64 = 36.0;
/// The number of visible rows.
const VISIBLE: usize = 12;
/// The height of the scroll container in pixels: the visible rows and the header row.
const HEIGHT: f64 = (VISIBLE as f64 + 1.0) * ROW;
/// The maximum height of the scrolled content in pixels, below every browser's limit.
const MAX_HEIGHT: f64 = 15_000_000.0;
/// Rows per page of requests. The page of the first visible row and its neighbors are requested together.
const PAGE: usize = 40;

/// The pause in typing after which rows are searched.
const SEARCH_DELAY: Duration = Duration::from_millis(150);

/// The table.
#[component]
pub fn VirtualTable(
    /// What it lists.
    list: RowList,
    /// The caption.
    title: String,
    /// The table; `None` until it is loaded.
    table: Memo<Option<LongTable>>,
    /// The number of rows.
    #[prop(into)]
    count: Signal<usize>,
) -> impl IntoView {
    let all = count;
    let (typed, search) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let loaded = RwSignal::new(None::<LoadedRows>);
    let count = Memo::new(move |_| {
        let found =
            loaded.with(|loaded| loaded.as_ref().filter(|rows| rows.is_search).map(|rows| rows.found));
        let all = all.get();
        found.map_or(all, |found| found.min(all))
    });
    let container = NodeRef::<html::Div>::new();
    let scroll_top = RwSignal::new(0.0);
    let full_height = move || rows(count.get()) * ROW;
    let height = Memo::new(move |_| (full_height() + ROW).clamp(HEIGHT, MAX_HEIGHT));
    // The largest index that the first visible row can have.
    let last_first = Memo::new(move |_| rows(count.get().saturating_sub(VISIBLE)));
    let position = Memo::new(move |_| row_at(scroll_top.get(), height.get(), last_first.get()));
    let first = Memo::new(move |_| to_index(position.get()));
    let requested_from = Memo::new(move |_| (first.get() / PAGE).saturating_sub(1) * PAGE);
    let is_empty = Memo::new(move |_| all.get() == 0);
    let data_worker = expect_context::<AppContext>().data_worker();
    // Other figures may count other rows.
    let version = Memo::new(move |_| data_worker.answer().with(|answer| answer.version));
    let take_rows = Callback::new(move |rows: LoadedRows| {
        loaded.try_set(Some(rows));
    });
    Effect::new(move |_| {
        version.track();
        let from = requested_from.get();
        if !is_empty.get() {
            search.with(|search| data_worker.request_rows(list, search, from, 3 * PAGE, take_rows));
        }
    });
    // A query with contents has further columns, and a report that is not known may have others in each copy.
    let columns = Memo::new(move |_| {
        table.with(|table| table.as_ref().map(|table| table.columns.clone()).unwrap_or_default())
    });
    let scroll_to = move |row: f64| {
        if let Some(element) = container.get_untracked() {
            let (height, last_first) = (height.get_untracked(), last_first.get_untracked());
            let scroll_top = scroll_top_of(row.clamp(0.0, last_first), height, last_first);
            element.set_scroll_top(to_pixels(scroll_top));
        }
    };
    let press = move |event: KeyboardEvent| {
        // Space presses a button in a row.
        if event.key() == " " && event.target() != event.current_target() {
            return;
        }
        // The element's own position: the signal may not yet have the effect of the previous key.
        let Some(scroll_top) = container.get_untracked().map(|it| f64::from(it.scroll_top())) else { return };
        let current = row_at(scroll_top, height.get_untracked(), last_first.get_untracked()).round();
        let page = rows(VISIBLE - 1);
        let target = match event.key().as_str() {
            "ArrowDown" => current + 1.0,
            "ArrowUp" => current - 1.0,
            "PageDown" | " " => current + page,
            "PageUp" => current - page,
            "Home" => 0.0,
            "End" => f64::MAX,
            _ => return,
        };
        event.prevent_default();
        scroll_to(target);
    };
    let scroll = move |_| {
        if let Some(element) = container.get_untracked() {
            scroll_top.set(f64::from(element.scroll_top()));
        }
    };
    let row = move |offset: usize| {
        let index = Memo::new(move |_| first.get() + offset);
        let exists = Memo::new(move |_| index.get() < count.get());
        let body = move || {
            // The index is derived from the loaded rows, too, so these are read first.
            loaded.with(|loaded| {
                let index = index.get();
                columns.with(|columns| {
                    let row =
                        loaded.as_ref().and_then(|loaded| loaded.rows.get(index.checked_sub(loaded.start)?));
                    let cells = columns.iter().enumerate().map(|(place, column)| {
                        let cell = row.map_or_else(
                            || text::LOADING_CELL.into_any(),
                            |row| render_cell(row, place, column.content),
                        );
                        view! { <td role="cell" class=column_class(column.content)>{cell}</td> }
                    });
                    cells.collect_view()
                })
            })
        };
        view! {
            <tr role="row" aria-rowindex=move || (index.get() + 2).to_string() hidden=move || !exists.get()>
                {move || exists.get().then_some(body)}
            </tr>
        }
    };
    let heads = move || {
        let head = |column: &LongTableColumn| {
            let class = column_class(column.content);
            view! { <th role="columnheader" scope="col" class=class>{column.head.clone()}</th> }
        };
        columns.with(|columns| columns.iter().map(head).collect_view())
    };
    let visible_range = move || {
        let (from, all) = (to_index(position.get().round()), count.get());
        (all > 0).then(|| text::position(from + 1, (from + VISIBLE).min(all), all))
    };
    // A search reads all rows, so it waits for a pause in typing.
    let find = move |event| {
        let text = event_target_value(&event);
        typed.set(text.clone());
        let search_now = move || {
            if typed.with_untracked(|typed| *typed == text) {
                search.set(text);
                scroll_to(0.0);
            }
        };
        set_timeout(search_now, SEARCH_DELAY);
    };
    let found = move || text::rows_of(count.get(), all.get());
    let label = text::numbers_of(&title);
    view! {
        <p class="seek">
            <label>
                <span>{text::SEARCH}</span>
                <input type="search" autocomplete="off" prop:value=move || typed.get() on:input=find />
            </label>
            <span class="quiet small" role="status">{found}</span>
        </p>
        <div class="listing" node_ref=container tabindex="0" role="region" aria-label=label
            on:scroll=scroll on:keydown=press>
            <div class="listing-room" style:height=move || format!("{}px", height.get())>
                <table role="table" aria-rowcount=move || (count.get() + 1).to_string()>
                    <caption class="unseen">{title}</caption>
                    <thead role="rowgroup"><tr role="row" aria-rowindex="1">{heads}</tr></thead>
                    <tbody role="rowgroup" style:transform=move || format!("translateY(-{}px)", position.get().fract() * ROW)>
                        {(0..=VISIBLE).map(row).collect_view()}
                    </tbody>
                </table>
            </div>
        </div>
        <p class="listing-position quiet small" role="status">{visible_range}</p>
    }
}

/// The index of the first visible row at a scroll position, with the hidden fraction of that row.
fn row_at(scroll_top: f64, height: f64, last_first: f64) -> f64 {
    let max_scroll_top = height - HEIGHT;
    if max_scroll_top <= 0.0 { 0.0 } else { (scroll_top / max_scroll_top).clamp(0.0, 1.0) * last_first }
}

/// The scroll position at which `row` is the first visible row.
fn scroll_top_of(row: f64, height: f64, last_first: f64) -> f64 {
    if last_first <= 0.0 { 0.0 } else { row / last_first * (height - HEIGHT) }
}

#[expect(clippy::cast_precision_loss, reason = "rows of a page are far below 2^53")]
fn rows(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows of a page, and a float cast saturates"
)]
fn to_index(row: f64) -> usize {
    row as usize
}

#[expect(clippy::cast_possible_truncation, reason = "scroll positions are below MAX_HEIGHT")]
fn to_pixels(scroll_top: f64) -> i32 {
    scroll_top.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_scroll_position_that_leads_back_to_it() {
        for count in [0usize, 5, 12, 13, 1_000, 416_000, 1_000_000, 10_000_000] {
            let height = (rows(count) * ROW + ROW).clamp(HEIGHT, MAX_HEIGHT);
            let last_first = rows(count.saturating_sub(VISIBLE));
            let end = row_at(height - HEIGHT, height, last_first);
            assert!((end - last_first).abs() < 1e-6, "{count}: the end");
            for row in [0.0, 1.0, last_first / 2.0, last_first] {
                let row = row.floor().min(last_first);
                let found = row_at(scroll_top_of(row, height, last_first), height, last_first);
                assert!((found - row).abs() < 1e-6, "{count}");
            }
        }
    }
}
