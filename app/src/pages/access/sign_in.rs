//! What a stranger meets: how one signs in here, and nothing else.

use crate::client::{self, Trouble};
use crate::parts::notice::Notice;
use crate::words;
use crate::words::access as said;
use domain::api::Way;
use domain::problem::SignIn;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// How one signs in here.
#[derive(Debug, Clone, Copy)]
pub struct Door(pub StoredValue<SignIn>);

/// The ways in.
#[component]
pub fn SignInPage(
    /// What the Worker says of them.
    door: Door,
) -> impl IntoView {
    let SignIn { ways, sign_out } = door.0.get_value();
    document().set_title(&format!("{} – {}", said::SIGN_IN, words::NAME));
    let access = ways.contains(&Way::Access).then(|| match sign_out {
        // Whoever has signed out of Lectern alone would be let in again at once.
        Some(out) => view! {
            <p>{said::SIGNED_OUT_HERE}</p>
            <p><a class="button" href=out target="_self">{said::SIGN_OUT_THERE}</a></p>
        }
        .into_any(),
        None => view! {
            <p>{said::BY_ACCESS}</p>
            <p><button type="button" class="main" on:click=|_| reload()>{said::SIGN_IN}</button></p>
        }
        .into_any(),
    });
    view! {
        <section class="lines" data-code="sign-in-needed">
            <header class="heading">
                <h1>{said::SIGN_IN}</h1>
                <p class="lead">{words::PURPOSE}</p>
            </header>
            {access}
            {ways.contains(&Way::Key).then(|| view! { <KeyForm /> })}
            {ways.is_empty().then(|| view! { <p>{said::NO_WAY_IN}</p> })}
            <p class="quiet small">{said::WHAT_IS_KEPT}</p>
        </section>
    }
}

/// The key, typed in.
#[component]
fn KeyForm() -> impl IntoView {
    let key = RwSignal::new(String::new());
    let trouble = RwSignal::new(None::<Trouble>);
    let is_busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        trouble.set(None);
        spawn_local(async move {
            match client::access::sign_in(key.get_untracked()).await {
                Ok(()) => reload(),
                Err(what) => {
                    trouble.try_set(Some(what));
                    is_busy.try_set(false);
                }
            }
        });
    };
    view! {
        <form class="lines" on:submit=submit>
            <label>
                <span>{said::KEY}</span>
                <input type="password" name="key" autocomplete="current-password" required=true
                    prop:value=move || key.get() on:input=move |event| key.set(event_target_value(&event)) />
            </label>
            <p class="quiet small">{said::KEY_IS}</p>
            <p><button type="submit" class="main" disabled=move || is_busy.get()>{said::SIGN_IN}</button></p>
        </form>
        {move || trouble.get().map(|trouble| view! { <Notice trouble /> })}
    }
}

/// Loads the page anew: nothing that one person saw stays for the next.
pub fn reload() {
    let _ = window().location().reload();
}
