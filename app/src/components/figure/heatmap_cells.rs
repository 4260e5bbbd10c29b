//! Cells by weekday and hour: a heat map with its cursor and read-out.

use crate::components::figure::chart_cursor::ChartCursor;
use crate::components::figure::{Readout, observe_width};
use crate::locale;
use crate::words::figures as text;
use charts::heatmap::{Grid, Heatmap, ROW_HEIGHT};
use leptos::html;
use leptos::prelude::*;

/// Hours in a row.
const HOURS: usize = 24;

/// The read-out of the cell `at`.
pub fn cell_readout(chart: Memo<Option<Heatmap>>, at: RwSignal<Option<usize>>) -> Signal<Option<Readout>> {
    Signal::derive(move || {
        let place = at.get()?;
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            let line = chart.rows.get(place / HOURS)?;
            let value = line.cells.get(place % HOURS).copied().flatten();
            let rest = value.map(|_| text::over(&line.state));
            let numbers = text::mark_readout(value, &chart.unit, rest.as_slice());
            Some(Readout { name: text::hour(place / HOURS, place % HOURS), text: numbers })
        })
    })
}

/// The drawing of the cells, with its cursor.
#[component]
pub fn HeatmapCells(
    /// The accessible name of the cursor.
    #[prop(into)]
    label: String,
    /// The chart; `None` until it is loaded.
    chart: Memo<Option<Heatmap>>,
    /// The index of the cell under the cursor: the first weekday at midnight is the first.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let grid: Memo<Option<Grid>> =
        Memo::new(move |_| chart.with(|chart| chart.as_ref().map(|chart| chart.grid(width.get()))));
    let drawing = Memo::new(move |_| {
        chart.with(|chart| chart.as_ref().map(|chart| chart.draw(width.get(), &locale::format_number)))
    });
    let name =
        Signal::derive(move || at.get().map(|at| text::hour(at / HOURS, at % HOURS)).unwrap_or_default());
    let spot = Signal::derive(move || {
        let place = at.get()?;
        let (left, right) = grid.with(|grid| grid.as_ref().map(|grid| grid.bands.edges(place % HOURS)))?;
        let line = i32::try_from(place / HOURS).ok()?;
        Some((left, line * ROW_HEIGHT, (right - left).max(1), ROW_HEIGHT))
    });
    let find = Callback::new(move |(x, y)| {
        let (column, line) = grid.with_untracked(|grid| grid.as_ref().and_then(|grid| grid.cell_at(x, y)))?;
        Some(line * HOURS + column)
    });
    view! {
        <div class="drawing heat" node_ref=place>
            <div inner_html=move || drawing.get().unwrap_or_default()></div>
            <ChartCursor label count=7 * HOURS at name spot find line=HOURS />
        </div>
    }
}
