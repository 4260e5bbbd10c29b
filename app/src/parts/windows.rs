//! The windows of a request as a table: days, state, rows; and what to do about one that failed.

use crate::{spelling, words};
use domain::api::{State, Window};
use domain::time::Timestamp;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A row for each window, newest first.
#[component]
pub fn Windows(
    /// Oldest first.
    windows: Vec<Window>,
    /// For ages.
    now: Timestamp,
) -> impl IntoView {
    let rows = windows
        .into_iter()
        .rev()
        .map(|window| {
            let support =
                (window.state == State::Failed).then(|| window.upstream_request_id.clone()).flatten();
            view! {
                <tr data-state=words::state_key(window.state)>
                    <th scope="row">{words::window_days(&window)}</th>
                    <td>
                        <span class="sign" aria-hidden="true">{words::state_sign(window.state)}</span>
                        " "
                        {words::window_state(&window, now)}
                        {window.fault.clone().map(|fault| view! { <p class="small quiet">{fault}</p> })}
                        {support.map(|id| view! { <SupportId id /> })}
                    </td>
                    <td class="number">{window.copy.as_ref().map(|copy| spelling::count(copy.rows))}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="windows">
            <caption>{words::WINDOWS}</caption>
            <thead>
                <tr>
                    <th scope="col">{words::DAYS}</th>
                    <th scope="col">{words::STATE}</th>
                    <th scope="col" class="number">{words::ROWS}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// An id for Echo360's support, with a button that copies it.
#[component]
fn SupportId(id: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let text = id.clone();
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&text);
        spawn_local(async move {
            if JsFuture::from(promise).await.is_ok() {
                copied.try_set(true);
            }
        });
    };
    view! {
        <p class="small">
            {words::FOR_SUPPORT} ": " <code>{id}</code> " "
            <button type="button" class="plain" on:click=copy>
                {move || if copied.get() { words::COPIED } else { words::COPY_ID }}
            </button>
        </p>
    }
}
