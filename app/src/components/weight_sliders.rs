//! Sliders for the weights of the engagement score. The weights are part of the view and its URL.

use crate::context::AppContext;
use crate::words::course as text;
use domain::activity::{ActivityKind, MAX_WEIGHT, Weights};
use domain::view::View;
use leptos::prelude::*;

/// What the score is, and a slider for each kind of activity.
#[component]
pub fn WeightSliders() -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let weights = Memo::new(move |_| navigation.view().weights);
    let set = move |weights: Weights| navigation.navigate(View { weights, ..navigation.view() });
    let slider = move |kind: ActivityKind| {
        let weight = move || weights.get().get(kind).to_string();
        let slide = move |event| {
            if let Ok(weight) = event_target_value(&event).parse() {
                set(weights.get_untracked().with(kind, weight));
            }
        };
        view! {
            <label>
                <span>{text::weight_label(kind)}</span>
                <input type="range" min="0" max=MAX_WEIGHT.to_string() step="1" prop:value=weight on:change=slide />
                <output>{weight}</output>
            </label>
        }
    };
    let is_default = move || weights.get() == Weights::default();
    view! {
        <details class="weights">
            <summary>{text::WEIGHTS}</summary>
            <p>{text::SCORE_CAVEAT}</p>
            <div role="group" aria-label=text::WEIGHTS>{ActivityKind::ALL.map(slider).collect_view()}</div>
            <Show when=move || !is_default()>
                <p><button type="button" class="plain" on:click=move |_| set(Weights::default())>{text::RESET_WEIGHTS}</button></p>
            </Show>
        </details>
    }
}
