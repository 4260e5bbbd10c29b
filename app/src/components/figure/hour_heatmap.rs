//! Minutes by weekday and hour: a heat map with its scale.

use crate::components::figure::chart_cursor::ChartCursor;
use crate::components::figure::{Figure, Readout, observe_width};
use crate::words::figures as said;
use crate::{locale, words};
use charts::heatmap::{Grid, Heatmap, HeatmapRow, ROW_HEIGHT};
use engine::measures::{self, Measures};
use leptos::html;
use leptos::prelude::*;

/// Hours of a line.
const HOURS: usize = 24;

/// The chart.
#[must_use]
pub fn build_heatmap(of: &Measures) -> Heatmap {
    let lines = (0u32..)
        .zip(&of.week)
        .map(|(place, weekday)| HeatmapRow {
            name: locale::format_weekday(place),
            short: locale::format_short_weekday(place),
            cells: weekday
                .hours
                .iter()
                .map(|rows| (weekday.known > 0).then(|| measures::minutes(*rows)))
                .collect(),
            state: said::weekday_state(weekday),
        })
        .collect();
    Heatmap {
        id: "hours".to_owned(),
        title: said::BY_HOUR.to_owned(),
        unit: words::MINUTES.to_owned(),
        sentence: said::hours_sentence(&of.week),
        head: said::WEEKDAY.to_owned(),
        state: words::DAYS.to_owned(),
        columns: (0..HOURS).map(|hour| format!("{hour:02}")).collect(),
        rows: lines,
    }
}

/// The heat map of the minutes.
#[component]
pub fn HourHeatmap(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
    /// The zone of the hours, as it is said.
    zone: Memo<String>,
) -> impl IntoView {
    let chart = Memo::new(move |_| measures.with(|measures| measures.as_ref().map(build_heatmap)));
    let at = RwSignal::new(None::<usize>);
    let coverage = move || measures.with(|m| m.as_ref().and_then(said::coverage)).unwrap_or_default();
    view! {
        <Figure id="hours" title=said::BY_HOUR
            unit=Signal::derive(move || said::minutes_by_hours_in(&zone.get()))
            sentence=Signal::derive(move || {
                chart.with(|chart| chart.as_ref().map(|c| c.sentence.clone()).unwrap_or_default())
            })
            readout=cell_readout(chart, at) caveat=Signal::derive(coverage)
            table=Signal::derive(move || chart.with(|chart| chart.as_ref().map(Heatmap::table)))>
            <HeatmapCells label=said::BY_HOUR chart at />
        </Figure>
    }
}

/// The read-out of the cell `at`.
pub fn cell_readout(chart: Memo<Option<Heatmap>>, at: RwSignal<Option<usize>>) -> Signal<Option<Readout>> {
    Signal::derive(move || {
        let place = at.get()?;
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            let line = chart.rows.get(place / HOURS)?;
            let value = line.cells.get(place % HOURS).copied().flatten();
            let rest = value.map(|_| said::over(&line.state));
            let text = said::told(value, &chart.unit, rest.as_slice());
            Some(Readout { name: said::hour(place / HOURS, place % HOURS), text })
        })
    })
}

/// The drawing of cells by weekday and hour, with what reads it out.
#[component]
pub fn HeatmapCells(
    /// What is read.
    #[prop(into)]
    label: String,
    /// The chart, once there is one.
    chart: Memo<Option<Heatmap>>,
    /// The cell that is read: Monday at midnight is the first.
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
        Signal::derive(move || at.get().map(|at| said::hour(at / HOURS, at % HOURS)).unwrap_or_default());
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
