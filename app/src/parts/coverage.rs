//! One cell for each window, oldest first: its state by shape and by word.

use crate::words;
use domain::api::Window;
use domain::time::Timestamp;
use leptos::prelude::*;

/// The cells of some windows.
#[component]
pub fn Coverage(
    /// Oldest first.
    windows: Vec<Window>,
    /// For ages.
    now: Timestamp,
) -> impl IntoView {
    let cells = windows
        .into_iter()
        .map(|window| {
            let told = format!("{}: {}", words::window_days(&window), words::window_state(&window, now));
            let title = told.clone();
            view! {
                <li data-state=words::state_key(window.state) data-window=window.id title=title>
                    <span class="sign" aria-hidden="true">{words::state_sign(window.state)}</span>
                    <span class="unseen">{told}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="coverage">{cells}</ol> }
}
