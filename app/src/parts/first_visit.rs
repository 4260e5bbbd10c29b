//! What this is, one button, and what will happen.

use crate::page::Ground;
use crate::parts::later::{Meanwhile, later};
use crate::{presets, words};
use leptos::prelude::*;

/// A first visit: nothing has been chosen.
#[component]
pub fn FirstVisit() -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let see = move |_| {
        let today = ground.zone(&address.view()).day_of(ground.clock.now());
        ground.note_asked();
        address.go(address.view().with_range(presets::FIRST.range(today)));
    };
    view! {
        <section class="first">
            <h1>{words::WELCOME}</h1>
            <p class="lead">{words::PURPOSE}</p>
            <button type="button" class="main" on:click=see>{words::SEE_FOUR_WEEKS}</button>
            <p class="quiet plan">{later(ground.chunks.plan, (), Meanwhile::Nothing)}</p>
        </section>
    }
}
