//! What this is, one button, and what will happen.

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::{presets, words};
use leptos::prelude::*;

/// A first visit: nothing has been chosen.
#[component]
pub fn FirstVisit() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let see = move |_| {
        let today = context.zone(&navigation.view()).day_of(context.clock.now());
        context.schedule_request();
        navigation.navigate(navigation.view().with_range(presets::DEFAULT_PRESET.range(today)));
    };
    view! {
        <section class="first">
            <h1>{words::WELCOME}</h1>
            <p class="lead">{words::PURPOSE}</p>
            <button type="button" class="main" on:click=see>{words::SEE_FOUR_WEEKS}</button>
            <p class="quiet plan">{render_lazy(context.components.request_estimate, (), Placeholder::Hidden)}</p>
        </section>
    }
}
