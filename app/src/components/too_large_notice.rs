//! What is said where there is more than this device has memory for, before it is tried.

use crate::words;
use leptos::prelude::*;

/// The notice.
#[component]
pub fn TooLargeNotice(
    /// How much there is, how much fits, what can be done.
    words: String,
) -> impl IntoView {
    view! {
        <section class="notice waits" role="status" data-code="too-large">
            <h2>{words::TOO_LARGE}</h2>
            <p>{words}</p>
        </section>
    }
}
