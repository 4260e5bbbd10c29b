//! A notice while the Scheduler has paused its calls to Echo360: why, and what to do about it.

use crate::clock::Clock;
use crate::context::AppContext;
use crate::words;
use domain::api::Pause;
use domain::view::Page;
use leptos::prelude::*;

/// The notice; nothing without a pause.
#[component]
pub fn UpstreamStatus(
    /// The current pause.
    pause: Memo<Option<Pause>>,
    /// The clock that the time until the next try is computed with.
    clock: Clock,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let requests_link = move || {
        let view = navigation.view();
        let href = view.clone().with_page(Page::Requests).to_url();
        (view.page != Page::Requests).then(|| view! { " " <a href=href>{words::SEE_REQUESTS}</a> })
    };
    // The reason is announced once; the time until the next try is outside the status role and changes
    // silently.
    let reason = Memo::new(move |_| {
        pause.with(|pause| pause.as_ref().map(|pause| (pause.reason, pause.detail.clone())))
    });
    let next_try = move || pause.get().map(|pause| words::next_try_sentence(pause.until, clock.now()));
    move || {
        reason.get().map(|(reason, detail)| {
            view! {
                <section class="notice waits" data-code=words::pause_key(reason)>
                    <div role="status">
                        <h2>{words::pause_title(reason)}</h2>
                        <p>{detail} " " {words::pause_advice(reason)}</p>
                    </div>
                    <p class="quiet small">{next_try} {requests_link}</p>
                </section>
            }
        })
    }
}
