//! Vertical bars over time or over categories, with their cursor and read-out.

use crate::components::figure::chart_cursor::ChartCursor;
use crate::components::figure::{Readout, observe_width};
use crate::words::figures as text;
use crate::{locale, words};
use charts::layout::{ChartLayout, Size};
use charts::model::{Chart, DataPoint};
use charts::svg;
use leptos::html;
use leptos::prelude::*;
use protocol::text::NOT_FINAL;

/// The height of the drawing in CSS pixels, reserved before there is anything to draw.
const HEIGHT: u32 = 240;

/// The read-out of the bar with the index `at`.
pub fn bar_readout(chart: Memo<Option<Chart>>, at: RwSignal<Option<usize>>) -> Signal<Option<Readout>> {
    Signal::derive(move || {
        let place = at.get()?;
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            let bar = chart.bars.get(place)?;
            let beside = chart.beside.iter().filter_map(|beside| {
                let value = beside.values.get(place).copied().flatten()?;
                Some(format!("{} {}", locale::format_number(value), beside.name.to_lowercase()))
            });
            let state = matches!(bar.level, DataPoint::Provisional(_)).then(|| NOT_FINAL.to_lowercase());
            let other = chart
                .other(place)
                .map(|other| words::comparison::compared_value(&locale::format_number(other)));
            let on_break = chart.breaks.contains(&place).then(|| chart.words.on_break.to_lowercase());
            let rest: Vec<String> = other.into_iter().chain(beside).chain(state).chain(on_break).collect();
            let numbers = text::mark_readout(bar.level.value(), &chart.unit, &rest);
            Some(Readout { name: bar.name.clone(), text: numbers })
        })
    })
}

/// The drawing of vertical bars, with its cursor.
#[component]
pub fn VerticalBars(
    /// The accessible name of the cursor.
    #[prop(into)]
    label: String,
    /// The chart; `None` until it is loaded.
    chart: Memo<Option<Chart>>,
    /// The index of the bar under the cursor.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let size = move || Size { width: width.get(), height: HEIGHT };
    let layout = Memo::new(move |_| {
        chart.with(|c| c.as_ref().map(|chart| ChartLayout::new(chart, size(), &locale::format_number)))
    });
    let drawing = Memo::new(move |_| {
        chart.with(|c| c.as_ref().map(|chart| svg::draw(chart, size(), &locale::format_number)))
    });
    let count = Signal::derive(move || chart.with(|chart| chart.as_ref().map_or(0, |c| c.bars.len())));
    let name = Signal::derive(move || {
        let bar = |chart: &Chart| Some(chart.bars.get(at.get()?)?.name.clone());
        chart.with(|chart| chart.as_ref().and_then(bar)).unwrap_or_default()
    });
    let spot = Signal::derive(move || {
        let place = at.get().filter(|place| *place < count.get())?;
        layout.with(|layout| {
            let layout = layout.as_ref()?;
            let (left, right) = layout.bands.edges(place);
            let top = layout.ticks.last().map_or(0, |tick| tick.y);
            Some((left, top, (right - left).max(1), layout.baseline - top))
        })
    });
    let find = Callback::new(move |(x, _)| {
        layout.with_untracked(|layout| layout.as_ref().and_then(|layout| layout.bands.band_at(x)))
    });
    view! {
        <div class="drawing upright" node_ref=place>
            <div inner_html=move || drawing.get().unwrap_or_default()></div>
            <ChartCursor label count at name spot find />
        </div>
    }
}
