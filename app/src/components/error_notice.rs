//! An error with what to do about it.

use crate::api_client::ApiError;
use crate::components::support_id::SupportId;
use crate::interruption::reload_page;
use crate::interruption::{self, IsInterruptionShown};
use crate::words;
use leptos::prelude::*;

/// An error with its code and, if that can help, a button. Hidden if [`InterruptionNotice`] says the same.
#[component]
pub fn ErrorNotice(
    /// The error.
    error: ApiError,
    /// Loads again what could not be loaded. Called by the button, and once an interruption of the page has ended.
    #[prop(optional, into)]
    again: Option<Callback<()>>,
    /// Whether it is the only content of the page: its title is a first-level heading then.
    #[prop(optional)]
    is_all: bool,
) -> impl IntoView {
    let is_repeated = error.interruption().is_some()
        && use_context::<IsInterruptionShown>().is_some()
        && untrack(interruption::current).is_some();
    if is_repeated && let Some(again) = again {
        interruption::on_end(Box::new(move || again.run(())));
    }
    (!is_repeated).then(|| render_notice(error, again, is_all))
}

/// The page's interruption, if there is one: one notice at the lower edge of the window, over whatever is shown.
#[component]
pub fn InterruptionNotice() -> impl IntoView {
    move || {
        interruption::current().map(|interruption| {
            let notice = render_notice(interruption.into(), None, false);
            view! { <div class="interruption">{notice}</div> }
        })
    }
}

fn render_notice(error: ApiError, again: Option<Callback<()>>, is_all: bool) -> AnyView {
    let (title, detail) = (words::error_title(&error), words::error_detail(&error));
    let code = words::error_code(&error);
    let shown_code = code.clone();
    let interruption = error.interruption();
    let support = match error {
        ApiError::Problem(problem) => problem.upstream_request_id.map(String::from),
        _ => None,
    };
    let action = match (interruption, again) {
        // Trying again would fail in the same way.
        (Some(interruption), _) => {
            let label = words::interruption_action(interruption);
            let reload = |_| reload_page();
            Some(view! { <button type="button" class="main" on:click=reload>{label}</button> }.into_any())
        }
        (None, Some(again)) => {
            let retry = move |_| again.run(());
            Some(view! { <button type="button" on:click=retry>{words::TRY_AGAIN}</button> }.into_any())
        }
        (None, None) => None,
    };
    view! {
        <section class="notice" role="alert" data-code=code>
            {if is_all { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() }}
            <p>{detail}</p>
            {support.map(|id| view! { <SupportId id /> })}
            <p class="quiet small">{words::CODE} ": " <code>{shown_code}</code></p>
            {action}
        </section>
    }
    .into_any()
}
