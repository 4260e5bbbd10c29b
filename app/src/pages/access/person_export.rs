//! Saves everything that is held about a person, for somebody who asks for access to it.

use crate::api_client::{self, ApiError};
use crate::components::error_notice::ErrorNotice;
use crate::downloads;
use crate::words::access as text;
use domain::erasure::PersonIdentifier;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The name of the file.
const FILE_NAME: &str = "lectern-person.zip";

/// A form with the person's address or id.
#[component]
pub fn PersonExport() -> impl IntoView {
    let name = RwSignal::new(String::new());
    let person = Memo::new(move |_| name.with(|name| PersonIdentifier::parse(name)));
    let (is_busy, is_saved) = (RwSignal::new(false), RwSignal::new(false));
    let error = RwSignal::new(None::<ApiError>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(person) = person.get_untracked().filter(|_| !is_busy.get_untracked()) else { return };
        is_busy.set(true);
        is_saved.set(false);
        error.set(None);
        spawn_local(async move {
            let result = api_client::access::export_person(&person).await;
            is_busy.try_set(false);
            match result {
                Ok(file) => {
                    downloads::save_bytes(&file, "application/zip", FILE_NAME);
                    is_saved.try_set(true);
                }
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    };
    let status = move || match (is_busy.get(), is_saved.get()) {
        (true, _) => text::EXPORTING_PERSON,
        (false, true) => text::PERSON_EXPORTED,
        (false, false) => "",
    };
    view! {
        <h2>{text::PERSON_EXPORT}</h2>
        <form class="lines" data-testid="person-export" on:submit=submit>
            <label>
                <span>{text::EMAIL_OR_ID}</span>
                <input type="text" autocomplete="off" size="40" prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event)) />
            </label>
            <p class="quiet small">{text::PERSON_EXPORT_CONTENT}</p>
            <p>
                <button type="submit" disabled=move || person.with(Option::is_none) || is_busy.get()>{text::EXPORT_PERSON}</button>
                " " <span role="status" class="quiet small">{status}</span>
            </p>
        </form>
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
    }
}
