//! A block that says what is wrong and what to do.

use crate::api_client::ApiError;
use crate::components::support_id::SupportId;
use crate::words;
use domain::problem::Code;
use leptos::prelude::*;

/// An error, with its code and, where it fits, a button that tries again.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it shows")]
pub fn ErrorNotice(
    /// What is wrong.
    error: ApiError,
    /// Tries again.
    #[prop(optional, into)]
    again: Option<Callback<()>>,
    /// Whether there is nothing else on the page.
    #[prop(optional)]
    is_all: bool,
) -> impl IntoView {
    let (title, detail) = (words::error_title(&error), words::error_detail(&error));
    let code = words::error_code(&error);
    let support = match &error {
        ApiError::Problem(problem) => problem.upstream_request_id.as_deref().map(str::to_owned),
        ApiError::Unreachable | ApiError::InvalidResponse(_) => None,
    };
    view! {
        <section class="notice" role="alert" data-code=code>
            {if is_all { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() }}
            <p>{detail}</p>
            {error.has_code(Code::SignInNeeded).then(|| view! {
                // The same address, loaded anew: there the ways in are said.
                <a class="button" target="_self" href="">{words::access::SIGN_IN}</a>
            })}
            {support.map(|id| view! { <SupportId id /> })}
            <p class="quiet small">{words::CODE} ": " <code>{code.clone()}</code></p>
            {again.map(|again| view! {
                <button type="button" on:click=move |_| again.run(())>{words::TRY_AGAIN}</button>
            })}
        </section>
    }
}
