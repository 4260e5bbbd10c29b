//! Small charts on one time axis, with one cursor: it reads out the same step in all of them.

use crate::components::figure::chart_cursor::ChartCursor;
use crate::components::figure::{Readout, observe_width};
use charts::small_multiples::SmallMultiples;
use leptos::html;
use leptos::prelude::*;

/// The drawing of small multiples, with its cursor.
#[component]
pub fn SmallMultiplesView(
    /// The accessible name of the cursor.
    label: String,
    /// The charts; `None` until they are loaded.
    panels: Memo<Option<SmallMultiples>>,
    /// The index of the step under the cursor.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let drawing =
        move || panels.with(|s| s.as_ref().map(|panels| panels.draw(width.get()))).unwrap_or_default();
    // Reserved before there is anything to draw, so that the layout does not jump.
    let height =
        move || panels.with(|s| s.as_ref().map(|panels| format!("{}px", panels.height(width.get()))));
    let count = Signal::derive(move || panels.with(|s| s.as_ref().map_or(0, |panels| panels.steps.len())));
    let name = Signal::derive(move || {
        step_readout(panels, at).map(|it| format!("{}: {}", it.name, it.text)).unwrap_or_default()
    });
    let spot = Signal::derive(move || {
        let place = at.get().filter(|place| *place < count.get())?;
        panels.with(|panels| {
            let lines = panels.as_ref()?.layout(width.get());
            let (left, right) = lines.bands.edges(place);
            Some((left, 0, (right - left).max(1), lines.bottom))
        })
    });
    let find = Callback::new(move |(x, _)| {
        panels.with_untracked(|panels| panels.as_ref()?.layout(width.get_untracked()).bands.band_at(x))
    });
    view! {
        <div class="drawing stacked" node_ref=place style:height=height>
            <div inner_html=drawing></div>
            <ChartCursor label count at name spot find />
        </div>
    }
}

/// The read-out of the step with the index `at`.
pub fn step_readout(panels: Memo<Option<SmallMultiples>>, at: RwSignal<Option<usize>>) -> Option<Readout> {
    let place = at.get()?;
    panels.with(|panels| {
        let place = panels.as_ref()?.steps.get(place)?;
        Some(Readout { name: place.name.clone(), text: place.summary.clone() })
    })
}
