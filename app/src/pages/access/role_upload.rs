//! Many roles at once, from a file: read whole, previewed, and changed only as previewed.

use super::grants;
use crate::api_client::{self, ApiError};
use crate::components::error_notice::ErrorNotice;
use crate::words::access as said;
use domain::api::{Courses, Person, RoleUploadResult};
use domain::problem::LineError;
use domain::scope::Role;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;

/// A file of roles, what it would change, and the button that changes it.
#[component]
pub fn RoleUpload(
    /// The courses that are known.
    directory: Memo<Courses>,
    /// Reads the roles anew.
    renew: Callback<()>,
) -> impl IntoView {
    let csv = StoredValue::new(String::new());
    let preview = RwSignal::new(None::<RoleUploadResult>);
    let error = RwSignal::new(None::<(ApiError, Vec<LineError>)>);
    let send = move |apply: Option<String>| {
        error.set(None);
        spawn_local(async move {
            match api_client::access::upload_roles(&csv.get_value(), apply.as_deref()).await {
                Ok(answer) => {
                    if answer.applied {
                        renew.run(());
                    }
                    preview.try_set(Some(answer));
                }
                Err(what) => {
                    preview.try_set(None);
                    error.try_set(Some(what));
                }
            }
        });
    };
    let choose = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            csv.try_set_value(text.unwrap_or_default());
            send(None);
        });
    };
    let lines = move || {
        let lines = error.get().map(|(_, lines)| lines).unwrap_or_default();
        let line = |LineError { line, detail }| view! { <li>{said::line(line, &detail)}</li> };
        (!lines.is_empty())
            .then(|| view! { <ul class="plain-list">{lines.into_iter().map(line).collect_view()}</ul> })
    };
    view! {
        <section class="lines" aria-label=said::UPLOAD>
            <h2>{said::UPLOAD}</h2>
            <p>{said::UPLOAD_IS}</p>
            <p><code>"email,role,course,section"</code></p>
            <label>
                <span>{said::FILE}</span>
                <input type="file" accept=".csv,text/csv" on:change=choose />
            </label>
            {move || error.get().map(|(error, _)| view! { <ErrorNotice error /> })}
            {lines}
            <div role="status">{move || preview.get().map(|preview| render_changes(&preview, directory))}</div>
            {move || {
                let to_do = |it: &RoleUploadResult| !it.added.is_empty() || !it.changed.is_empty();
                preview.get().filter(|it| !it.applied && to_do(it)).map(|it| view! {
                    <p>
                        <button type="button" class="main" on:click=move |_| send(Some(it.digest.clone()))>
                            {said::APPLY}
                        </button>
                    </p>
                })
            }}
        </section>
    }
}

fn render_changes(preview: &RoleUploadResult, directory: Memo<Courses>) -> impl IntoView + use<> {
    let standing = move |person: &Person| match person.role {
        Role::Instructor => {
            let names = person.grants.iter().map(|grant| grants::grant_label(grant, &directory.get()));
            format!("{}: {}", said::role(person.role), said::list(names))
        }
        Role::Administrator | Role::Analyst => said::role(person.role).to_owned(),
    };
    let added = preview.added.iter().map(|person| said::would_get(&person.email, &standing(person)));
    let changed = preview
        .changed
        .iter()
        .map(|it| said::would_change(&it.after.email, &standing(&it.before), &standing(&it.after)));
    let lines: Vec<String> = added.chain(changed).collect();
    view! {
        <p>{said::upload_sum(preview)}</p>
        <ul class="plain-list">{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
    }
}
