//! The first visit, before days are chosen: what Lectern is, one button, and what the button will do.

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::{presets, words};
use leptos::prelude::*;

/// The introduction, and the button that requests and shows the last four weeks.
#[component]
pub fn FirstVisit() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let load = move |_| {
        let today = context.zone(&navigation.view()).day_of(context.clock.now());
        context.schedule_request();
        navigation.navigate(
            navigation.view().with_range(presets::DEFAULT_PRESET.range(today, context.week_start())),
        );
    };
    view! {
        <section class="first">
            <h1>{words::WELCOME}</h1>
            <p class="lead">{words::PURPOSE}</p>
            <button type="button" class="main" on:click=load>{words::LOAD_FOUR_WEEKS}</button>
            <p class="quiet plan">{render_lazy(context.components.request_estimate, (), Placeholder::Hidden)}</p>
        </section>
    }
}
