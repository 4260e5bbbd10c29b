//! A table of any length: only the rows on the screen exist, asked of the data thread by number.
//!
//! Rows have one height, so a place in the scroll is a row's number. An element can only be so high before
//! browsers give up (Firefox at 17.8 million pixels), so above [`HIGHEST`] the scroll is a scale of the rows, and
//! keys still move by exactly one row or one page. Rows that have not come yet show a sign and keep their height.
//! Which rows are on the screen is said under the table, and read out when it changes.
//! Roles are written out: a table that is laid out as blocks loses them in some browsers.

use crate::loader::{Loader, Shown};
use crate::words::figures as said;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use thread::message::List;

/// Pixels down of one row.
pub const ROW: f64 = 36.0;
/// Rows on the screen.
const VISIBLE: usize = 12;
/// Pixels down of the window onto the table: the rows and the line of heads.
const HEIGHT: f64 = (VISIBLE as f64 + 1.0) * ROW;
/// The most pixels down that the whole scroll may have: under every browser's limit.
const HIGHEST: f64 = 15_000_000.0;
/// Rows in one piece: asked for when the scroll comes near it, three at a time.
const PIECE: usize = 40;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// What its width is found by in the style sheet.
    pub class: &'static str,
}

/// A table of any length.
#[component]
pub fn VirtualTable(
    /// What is listed.
    list: List,
    /// What it is called.
    title: &'static str,
    /// Its columns.
    columns: &'static [Column],
    /// How many rows there are.
    #[prop(into)]
    count: Signal<usize>,
    /// Rises when the rows become others.
    #[prop(into)]
    version: Signal<u32>,
    /// The cells of a row of a part, by its number in that part.
    cells: Callback<(Shown, usize), Vec<AnyView>>,
    /// The data thread.
    loader: Loader,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new(0.0);
    let length = move || rows(count.get()) * ROW;
    let room = Memo::new(move |_| (length() + ROW).clamp(HEIGHT, HIGHEST));
    // Rows between the first on the screen and the last that can be the first.
    let hidden = Memo::new(move |_| rows(count.get().saturating_sub(VISIBLE)));
    let exact = Memo::new(move |_| row_at(scrolled.get(), room.get(), hidden.get()));
    let first = Memo::new(move |_| whole(exact.get()));
    let asked = Memo::new(move |_| (first.get() / PIECE).saturating_sub(1) * PIECE);
    let is_empty = Memo::new(move |_| count.get() == 0);
    Effect::new(move |_| {
        version.track();
        let from = asked.get();
        if !is_empty.get() {
            loader.show(list, from, 3 * PIECE);
        }
    });
    let shown = loader.shown(list);
    let go = move |row: f64| {
        if let Some(element) = place.get_untracked() {
            let (room, hidden) = (room.get_untracked(), hidden.get_untracked());
            element.set_scroll_top(pixel(pixel_of(row.clamp(0.0, hidden), room, hidden)));
        }
    };
    let press = move |event: KeyboardEvent| {
        // A button in a row is pressed with the same key.
        if event.key() == " " && event.target() != event.current_target() {
            return;
        }
        // Where the scroll is by now: the last key may not have been drawn yet, and must not be lost.
        let Some(scrolled) = place.get_untracked().map(|it| f64::from(it.scroll_top())) else { return };
        let here = row_at(scrolled, room.get_untracked(), hidden.get_untracked()).round();
        let page = rows(VISIBLE - 1);
        let there = match event.key().as_str() {
            "ArrowDown" => here + 1.0,
            "ArrowUp" => here - 1.0,
            "PageDown" | " " => here + page,
            "PageUp" => here - page,
            "Home" => 0.0,
            "End" => f64::MAX,
            _ => return,
        };
        event.prevent_default();
        go(there);
    };
    let scroll = move |_| {
        if let Some(element) = place.get_untracked() {
            scrolled.set(f64::from(element.scroll_top()));
        }
    };
    let row = move |offset: usize| {
        let number = Memo::new(move |_| first.get() + offset);
        let exists = Memo::new(move |_| number.get() < count.get());
        let body = move || {
            let number = number.get();
            let cells = shown.with(|shown| {
                let shown = shown.as_ref()?;
                Some(cells.run((shown.clone(), number.checked_sub(shown.from)?)))
            });
            let cells = cells
                .filter(|cells| !cells.is_empty())
                .unwrap_or_else(|| columns.iter().map(|_| said::ON_ITS_WAY.into_any()).collect());
            cells
                .into_iter()
                .zip(columns)
                .map(|(cell, column)| view! { <td role="cell" class=column.class>{cell}</td> })
                .collect_view()
        };
        view! {
            <tr role="row" aria-rowindex=move || (number.get() + 2).to_string() hidden=move || !exists.get()>
                {move || exists.get().then_some(body)}
            </tr>
        }
    };
    let heads = columns
        .iter()
        .map(|column| view! { <th role="columnheader" scope="col" class=column.class>{column.head}</th> })
        .collect_view();
    let position = move || {
        let (from, all) = (exact.get().round(), count.get());
        (all > 0).then(|| said::position(whole(from) + 1, (whole(from) + VISIBLE).min(all), all))
    };
    view! {
        <div class="listing" node_ref=place tabindex="0" role="region" aria-label=said::numbers_of(title)
            on:scroll=scroll on:keydown=press>
            <div class="listing-room" style:height=move || format!("{}px", room.get())>
                <table role="table" aria-rowcount=move || (count.get() + 1).to_string()>
                    <caption class="unseen">{title}</caption>
                    <thead role="rowgroup"><tr role="row" aria-rowindex="1">{heads}</tr></thead>
                    <tbody role="rowgroup" style:transform=move || format!("translateY(-{}px)", exact.get().fract() * ROW)>
                        {(0..=VISIBLE).map(row).collect_view()}
                    </tbody>
                </table>
            </div>
        </div>
        <p class="listing-position quiet small" role="status">{position}</p>
    }
}

/// The first row at a place of the scroll: a whole number and a part of a row.
fn row_at(scrolled: f64, room: f64, hidden: f64) -> f64 {
    let most = room - HEIGHT;
    if most <= 0.0 { 0.0 } else { (scrolled / most).clamp(0.0, 1.0) * hidden }
}

/// The place of the scroll at which `row` is the first.
fn pixel_of(row: f64, room: f64, hidden: f64) -> f64 {
    if hidden <= 0.0 { 0.0 } else { row / hidden * (room - HEIGHT) }
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
fn whole(row: f64) -> usize {
    row as usize
}

#[expect(clippy::cast_possible_truncation, reason = "the scroll is lower than HIGHEST")]
fn pixel(place: f64) -> i32 {
    place.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_millions_can_be_reached_and_is_where_it_was_put() {
        for count in [0usize, 5, 12, 13, 1_000, 416_000, 1_000_000, 10_000_000] {
            let room = (rows(count) * ROW + ROW).clamp(HEIGHT, HIGHEST);
            let hidden = rows(count.saturating_sub(VISIBLE));
            assert!((row_at(room - HEIGHT, room, hidden) - hidden).abs() < 1e-6, "{count}: the end");
            for row in [0.0, 1.0, hidden / 2.0, hidden] {
                let row = row.floor().min(hidden);
                assert!((row_at(pixel_of(row, room, hidden), room, hidden) - row).abs() < 1e-6, "{count}");
            }
        }
    }
}
