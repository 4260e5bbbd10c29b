//! A notice for views with more rows than fit into the memory of this device. They are not loaded.

use crate::words;
use leptos::prelude::*;

/// The notice.
#[component]
pub fn TooLargeNotice(
    /// How many rows there are, how many fit, what can be done.
    detail: String,
) -> impl IntoView {
    view! {
        <section class="notice waits" role="status" data-code="too-large">
            <h2>{words::TOO_LARGE}</h2>
            <p>{detail}</p>
        </section>
    }
}
