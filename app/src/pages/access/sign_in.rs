//! The page for visitors who are not signed in, or who have no role.

use crate::api_client::{self, ApiError};
use crate::components::error_notice::ErrorNotice;
use crate::interruption::reload_page;
use crate::words;
use crate::words::access as text;
use domain::auth_method::AuthMethod;
use domain::problem::{Code, Problem, SignInOptions};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The sign-in methods; for a visitor who is signed in but has no role, the problem and a link that signs
/// out.
#[component]
pub fn SignInPage() -> impl IntoView {
    let sign_in = RwSignal::new(None::<Result<Problem, ApiError>>);
    spawn_local(async move {
        match api_client::access::fetch_sign_in_problem().await {
            Ok(None) => reload_page(),
            Ok(Some(problem)) => drop(sign_in.try_set(Some(Ok(problem)))),
            Err(error) => drop(sign_in.try_set(Some(Err(error)))),
        }
    });
    document().set_title(&format!("{} – {}", text::SIGN_IN, words::NAME));
    move || match sign_in.get() {
        None => view! { <p class="quiet" role="status">{words::LOADING}</p> }.into_any(),
        Some(Err(error)) => view! { <ErrorNotice error is_all=true /> }.into_any(),
        Some(Ok(problem)) if problem.code == Code::SignInNeeded => {
            view! { <SignInMethods sign_in=problem.sign_in.map(|it| *it).unwrap_or_default() /> }.into_any()
        }
        Some(Ok(problem)) => {
            let out = problem.sign_in.as_ref().and_then(|sign_in| sign_in.sign_out.clone());
            view! {
                <ErrorNotice error=ApiError::Problem(problem) is_all=true />
                {out.map(|out| view! {
                    <p><a class="button" href=out target="_self">{text::SIGN_OUT}</a></p>
                })}
            }
            .into_any()
        }
    }
}

/// The sign-in methods of this installation.
#[component]
fn SignInMethods(sign_in: SignInOptions) -> impl IntoView {
    let SignInOptions { auth_methods, sign_out } = sign_in;
    let access = auth_methods.contains(&AuthMethod::Access).then(|| match sign_out {
        // Cloudflare Access would sign this visitor in again at once.
        Some(out) => view! {
            <p>{text::STILL_SIGNED_IN}</p>
            <p><a class="button" href=out target="_self">{text::SIGN_OUT_THERE}</a></p>
        }
        .into_any(),
        None => view! {
            <p>{text::BY_ACCESS}</p>
            <p><button type="button" class="main" on:click=|_| reload_page()>{text::SIGN_IN}</button></p>
        }
        .into_any(),
    });
    view! {
        <section class="lines" data-code="sign-in-needed">
            <header class="heading">
                <h1>{text::SIGN_IN}</h1>
                <p class="lead">{words::PURPOSE}</p>
            </header>
            {access}
            {auth_methods.contains(&AuthMethod::Key).then(|| view! { <KeyForm /> })}
            {auth_methods.is_empty().then(|| view! { <p>{text::NO_SIGN_IN}</p> })}
            <p class="quiet small">{text::AUDIT_NOTICE}</p>
        </section>
    }
}

/// The form for the installation's key.
#[component]
fn KeyForm() -> impl IntoView {
    let key = RwSignal::new(String::new());
    let error = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        spawn_local(async move {
            match api_client::access::sign_in(key.get_untracked()).await {
                Ok(()) => reload_page(),
                Err(failure) => {
                    error.try_set(Some(failure));
                    is_busy.try_set(false);
                }
            }
        });
    };
    view! {
        <form class="lines" on:submit=submit>
            // Password managers need a user name to store the key under.
            <input type="text" name="username" autocomplete="username" value="key" hidden=true />
            <label>
                <span>{text::KEY}</span>
                <input type="password" name="key" autocomplete="current-password" required=true
                    prop:value=move || key.get() on:input=move |event| key.set(event_target_value(&event)) />
            </label>
            <p class="quiet small">{text::KEY_IS}</p>
            <p><button type="submit" class="main" disabled=move || is_busy.get()>{text::SIGN_IN}</button></p>
        </form>
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
    }
}
