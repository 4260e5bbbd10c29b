//! Small charts on one axis, read out together: the same day in all of them.

use crate::components::figure::chart_cursor::ChartCursor;
use crate::components::figure::{Readout, observe_width};
use charts::small_multiples::SmallMultiples;
use leptos::html;
use leptos::prelude::*;

/// The charts.
#[component]
pub fn Stacked(
    /// What is read.
    label: String,
    /// The charts, once there are any.
    strips: Memo<Option<SmallMultiples>>,
    /// The place that is read.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let drawing =
        move || strips.with(|s| s.as_ref().map(|strips| strips.draw(width.get()))).unwrap_or_default();
    // Kept before there is anything to draw: nothing jumps.
    let height =
        move || strips.with(|s| s.as_ref().map(|strips| format!("{}px", strips.height(width.get()))));
    let count = Signal::derive(move || strips.with(|s| s.as_ref().map_or(0, |strips| strips.steps.len())));
    let name = Signal::derive(move || {
        readout(strips, at).map(|it| format!("{}: {}", it.name, it.text)).unwrap_or_default()
    });
    let spot = Signal::derive(move || {
        let place = at.get().filter(|place| *place < count.get())?;
        strips.with(|strips| {
            let lines = strips.as_ref()?.layout(width.get());
            let (left, right) = lines.bands.edges(place);
            Some((left, 0, (right - left).max(1), lines.bottom))
        })
    });
    let find = Callback::new(move |(x, _)| {
        strips.with_untracked(|strips| strips.as_ref()?.layout(width.get_untracked()).bands.band_at(x))
    });
    view! {
        <div class="drawing stacked" node_ref=place style:height=height>
            <div inner_html=drawing></div>
            <ChartCursor label count at name spot find />
        </div>
    }
}

/// The read-out of the place `at`.
pub fn readout(strips: Memo<Option<SmallMultiples>>, at: RwSignal<Option<usize>>) -> Option<Readout> {
    let place = at.get()?;
    strips.with(|strips| {
        let place = strips.as_ref()?.steps.get(place)?;
        Some(Readout { name: place.name.clone(), text: place.summary.clone() })
    })
}
