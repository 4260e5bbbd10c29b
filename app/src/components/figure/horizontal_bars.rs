//! Horizontal bars. Each is a button that toggles a filter, if its item has one.

use crate::components::figure::{Readout, observe_width};
use crate::context::AppContext;
use crate::locale;
use crate::words::figures as text;
use charts::ranking::Ranking;
use domain::view::Choice;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The read-out of the bar with the index `at`.
pub fn item_readout(chart: Memo<Option<Ranking>>, at: RwSignal<Option<usize>>) -> Signal<Option<Readout>> {
    Signal::derive(move || {
        let place = at.get()?;
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            let item = chart.items.get(place)?;
            let beside = item.beside.iter().zip(&chart.beside_units);
            let rest: Vec<String> = beside
                .filter_map(|(value, unit)| Some(format!("{} {unit}", locale::format_number((*value)?))))
                .collect();
            let numbers = text::mark_readout(Some(item.drawn()), &chart.unit, &rest);
            Some(Readout { name: item.name.clone(), text: numbers })
        })
    })
}

/// The drawing of horizontal bars, with a button over each.
#[component]
pub fn HorizontalBars(
    /// The value of `data-of`, by which style sheets find the drawing.
    #[prop(into)]
    id: String,
    /// The chart; `None` until it is loaded.
    chart: Memo<Option<Ranking>>,
    /// The filter that a click on each bar toggles; `None` if it has none.
    choices: Memo<Vec<Option<Choice>>>,
    /// The index of the bar under the pointer or with the focus.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let drawing = Memo::new(move |_| {
        chart.with(|chart| {
            chart.as_ref().map(|chart| chart.draw(width.get(), &locale::format_number)).unwrap_or_default()
        })
    });
    let count = Memo::new(move |_| chart.with(|chart| chart.as_ref().map_or(0, |chart| chart.items.len())));
    let title = move || chart.with(|chart| chart.as_ref().map(|chart| chart.title.clone()));
    view! {
        <div class="drawing ranking" data-of=id>
            <div class="bars" node_ref=place>
                <div inner_html=drawing></div>
                <div class="rows" role="toolbar" aria-orientation="vertical" aria-label=title
                    on:keydown=move |event| move_focus(&event, at, count.get_untracked())>
                    <For each=move || 0..count.get() key=|place| *place let:place>
                        <Bar place chart choices at />
                    </For>
                </div>
            </div>
        </div>
    }
}

/// The button over one bar. The element is kept when its bar changes, so that it keeps the focus.
#[component]
fn Bar(
    place: usize,
    chart: Memo<Option<Ranking>>,
    choices: Memo<Vec<Option<Choice>>>,
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let choice = Memo::new(move |_| choices.with(|choices| choices.get(place).cloned().flatten()));
    let name = move || chart.with(|chart| chart.as_ref()?.items.get(place).map(|item| item.name.clone()));
    let is_chosen =
        move || choice.get().map(|choice| if navigation.view().contains(&choice) { "true" } else { "false" });
    let choose = move |_| {
        if let Some(choice) = choice.get_untracked() {
            navigation.navigate(navigation.view().toggled(&choice));
        }
    };
    // There may be fewer bars now than when `at` was set.
    let last =
        move || chart.with(|chart| chart.as_ref().map_or(0, |chart| chart.items.len().saturating_sub(1)));
    let tab = move || if at.get().unwrap_or(0).min(last()) == place { "0" } else { "-1" };
    view! {
        <button type="button" class="row" tabindex=tab aria-pressed=is_chosen
            aria-disabled=move || choice.with(Option::is_none).then_some("true")
            on:click=choose
            on:focus=move |_| at.set(Some(place))
            on:pointerenter=move |_| at.set(Some(place))>
            <span class="unseen">{name}</span>
        </button>
    }
}

/// Moves the focus between the bars with arrow keys, Home and End: all bars are one tab stop.
fn move_focus(event: &KeyboardEvent, at: RwSignal<Option<usize>>, count: usize) {
    let Some(last) = count.checked_sub(1) else { return };
    let here = at.get_untracked().unwrap_or(0).min(last);
    let there = match event.key().as_str() {
        "ArrowDown" | "ArrowRight" => (here + 1).min(last),
        "ArrowUp" | "ArrowLeft" => here.saturating_sub(1),
        "Home" => 0,
        "End" => last,
        _ => return,
    };
    event.prevent_default();
    let rows = event.current_target().and_then(|rows| rows.dyn_into::<web_sys::Element>().ok());
    let button = rows.and_then(|rows| {
        let there = u32::try_from(there).ok()?;
        rows.query_selector_all("button").ok()?.item(there)?.dyn_into::<HtmlElement>().ok()
    });
    if let Some(button) = button {
        let _ = button.focus();
    }
}
