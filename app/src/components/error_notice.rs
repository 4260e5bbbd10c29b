//! An error with what to do about it.

use crate::api_client::ApiError;
use crate::components::support_id::SupportId;
use crate::words;
use domain::problem::Code;
use leptos::prelude::*;

/// An error with its code and, if retrying can help, a button.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "components own their properties")]
pub fn ErrorNotice(
    /// The error.
    error: ApiError,
    /// Called by the button.
    #[prop(optional, into)]
    again: Option<Callback<()>>,
    /// Whether it is the only content of the page: its title is a first-level heading then.
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
                // Reloads the page, which then shows the sign-in methods.
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
