//! Why Lectern asks Echo360 nothing for now, and what there is to do.

use crate::clock::Clock;
use crate::context::AppContext;
use crate::words;
use domain::api::Pause;
use domain::view::Page;
use leptos::prelude::*;

/// A hold, as long as there is one.
#[component]
pub fn UpstreamStatus(
    /// Why, if so.
    held: Memo<Option<Pause>>,
    /// For the time until the next try.
    clock: Clock,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let board = move || {
        let view = navigation.view();
        let to = view.clone().with_page(Page::Requests).to_url();
        (view.page != Page::Requests).then(|| view! { " " <a href=to>{words::SEE_REQUESTS}</a> })
    };
    // The kind is announced once; the time until the next try changes in silence.
    let why =
        Memo::new(move |_| held.with(|held| held.as_ref().map(|held| (held.reason, held.detail.clone()))));
    let until = move || held.get().map(|held| words::hold_until(held.until, clock.now()));
    move || {
        why.get().map(|(why, detail)| {
            view! {
                <section class="notice waits" data-code=words::hold_key(why)>
                    <div role="status">
                        <h2>{words::hold(why)}</h2>
                        <p>{detail} " " {words::hold_advice(why)}</p>
                    </div>
                    <p class="quiet small">{until} {board}</p>
                </section>
            }
        })
    }
}
