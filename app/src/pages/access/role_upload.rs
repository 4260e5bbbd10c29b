//! Assigning many roles from a CSV file: the changes are previewed, and applied only exactly as previewed.

use super::grants;
use crate::api_client::{self, ApiError};
use crate::components::error_notice::ErrorNotice;
use crate::words::access as text;
use domain::api::{Courses, Person, RoleUploadResult};
use domain::problem::LineError;
use domain::role::Role;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;

/// The file field, the preview, and the button that applies it.
#[component]
pub fn RoleUpload(
    /// Courses and terms.
    directory: Memo<Courses>,
    /// Fetches the roles again.
    renew: Callback<()>,
) -> impl IntoView {
    let csv = StoredValue::new(String::new());
    let preview = RwSignal::new(None::<RoleUploadResult>);
    let error = RwSignal::new(None::<(ApiError, Vec<LineError>)>);
    // With the digest of a preview it is applied; without one the file is previewed.
    let send = move |apply: Option<String>| {
        error.set(None);
        spawn_local(async move {
            match api_client::access::upload_roles(&csv.get_value(), apply.as_deref()).await {
                Ok(result) => {
                    if result.applied {
                        renew.run(());
                    }
                    preview.try_set(Some(result));
                }
                Err(failure) => {
                    preview.try_set(None);
                    error.try_set(Some(failure));
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
        let line = |LineError { line, detail }| view! { <li>{text::line_error(line, &detail)}</li> };
        (!lines.is_empty())
            .then(|| view! { <ul class="plain-list">{lines.into_iter().map(line).collect_view()}</ul> })
    };
    view! {
        <section class="lines" aria-label=text::UPLOAD>
            <h2>{text::UPLOAD}</h2>
            <p>{text::UPLOAD_IS}</p>
            <p><code>"email,role,course,section"</code></p>
            <label>
                <span>{text::FILE}</span>
                <input type="file" accept=".csv,text/csv" on:change=choose />
            </label>
            {move || error.get().map(|(error, _)| view! { <ErrorNotice error /> })}
            {lines}
            <div role="status">{move || preview.get().map(|preview| render_changes(&preview, directory))}</div>
            {move || {
                let has_changes = |it: &RoleUploadResult| !it.added.is_empty() || !it.changed.is_empty();
                preview.get().filter(|it| !it.applied && has_changes(it)).map(|it| view! {
                    <p>
                        <button type="button" class="main" on:click=move |_| send(Some(it.digest.clone()))>
                            {text::APPLY}
                        </button>
                    </p>
                })
            }}
        </section>
    }
}

fn render_changes(preview: &RoleUploadResult, directory: Memo<Courses>) -> impl IntoView + use<> {
    let assignment = move |person: &Person| match person.role {
        Role::Instructor => {
            let names = person.grants.iter().map(|grant| grants::grant_label(grant, &directory.get()));
            format!("{}: {}", text::role(person.role), text::list_courses(names))
        }
        Role::Administrator | Role::Analyst => text::role(person.role).to_owned(),
    };
    let added =
        preview.added.iter().map(|person| text::upload_addition(person.email.as_str(), &assignment(person)));
    let changed = preview.changed.iter().map(|it| {
        text::upload_change(it.after.email.as_str(), &assignment(&it.before), &assignment(&it.after))
    });
    let lines: Vec<String> = added.chain(changed).collect();
    view! {
        <p>{text::upload_summary(preview)}</p>
        <ul class="plain-list">{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
    }
}
