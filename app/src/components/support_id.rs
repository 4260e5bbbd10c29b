//! The id of an upstream request, which Echo360's support asks for, with a copy button.

use crate::words;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// The id and the button.
#[component]
pub fn SupportId(
    /// Echo360's id of an upstream request.
    id: String,
) -> impl IntoView {
    let is_copied = RwSignal::new(false);
    let text = id.clone();
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&text);
        spawn_local(async move {
            if JsFuture::from(promise).await.is_ok() {
                is_copied.try_set(true);
            }
        });
    };
    view! {
        <p class="small support">
            {words::FOR_SUPPORT} ": " <code>{id}</code> " "
            <button type="button" class="plain" on:click=copy>{words::COPY_ID}</button>
            " "
            <span role="status">{move || is_copied.get().then_some(words::COPIED)}</span>
        </p>
    }
}
