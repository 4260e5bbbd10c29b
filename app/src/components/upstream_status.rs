//! Notices about Echo360: why the Scheduler has paused its calls, and why an administrator has to act.

use crate::clock::Clock;
use crate::context::AppContext;
use crate::navigation::Navigation;
use crate::words;
use domain::api::Pause;
use domain::upstream_health::UpstreamFailure;
use domain::view::Page;
use leptos::prelude::*;

/// The banner of every page, for administrators: what is wrong, as of when the page was loaded, and what to do about it.
#[component]
pub fn UpstreamFailureBanner(
    /// Why the administrator has to act.
    failure: UpstreamFailure,
    /// The navigation, as the frame of the page has no context.
    navigation: Navigation,
) -> impl IntoView {
    view! {
        <div class="notice waits" data-testid="upstream-failure">
            <p>
                <strong>{words::upstream_failure_title(failure)}</strong> " " {words::upstream_failure_advice(failure)}
                {requests_link(navigation)}
            </p>
        </div>
    }
}

/// The notice about a pause; nothing without one.
#[component]
pub fn UpstreamStatus(
    /// The current pause.
    pause: Memo<Option<Pause>>,
    /// The clock that the time until the next try is computed with.
    clock: Clock,
    /// Tries again at once, for administrators.
    #[prop(optional_no_strip)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
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
                    <p class="quiet small">{next_try} {requests_link(navigation)}</p>
                    {retry.map(|retry| view! {
                        <button type="button" on:click=move |_| retry.run(())>{words::TRY_AGAIN}</button>
                    })}
                </section>
            }
        })
    }
}

/// The link to the page with all requests, on every other page.
fn requests_link(navigation: Navigation) -> impl IntoView {
    move || {
        let view = navigation.view();
        let href = view.clone().with_page(Page::Requests).to_url();
        (view.page != Page::Requests).then(|| view! { " " <a href=href>{words::SEE_REQUESTS}</a> })
    }
}
