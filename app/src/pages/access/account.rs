//! `/you`: who is signed in, what they can see, the button that signs out, and the sessions.

use super::grants::{self, GrantSelect};
use super::sessions::SessionList;
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::interruption::reload_page;
use crate::words;
use crate::words::access as text;
use domain::api::{Courses, Impersonation, Scope, Session};
use domain::auth_method::AuthMethod;
use domain::role::{Grant, Role};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The page.
#[component]
pub fn AccountPage() -> impl IntoView {
    let session: ApiSignal<Session> = ApiSignal::new(api_client::SESSION);
    move || match session.get() {
        None => view! { <p class="quiet" role="status">{words::LOADING}</p> }.into_any(),
        Some(Err(error)) => view! { <ErrorNotice error /> }.into_any(),
        Some(Ok(session)) => view! { <Account session /> }.into_any(),
    }
}

/// The session, and the buttons.
#[component]
fn Account(session: Session) -> impl IntoView {
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let error = RwSignal::new(None::<ApiError>);
    let Session { person, role, scope, auth_method, local, sign_out, .. } = session;
    let grants = StoredValue::new(match scope {
        Scope::Everything => None,
        Scope::Courses(grants) => Some(grants),
    });
    let scope = move || match grants.get_value() {
        None => view! { <p>{text::SEES_EVERYTHING}</p> }.into_any(),
        Some(grants) if grants.is_empty() => view! { <p>{text::SEES_NOTHING}</p> }.into_any(),
        Some(grants) => {
            let line = |grant: &Grant| view! { <li>{grants::grant_label(grant, &directory.get())}</li> };
            view! { <ul class="plain-list">{grants.iter().map(line).collect_view()}</ul> }.into_any()
        }
    };
    let leave = move |_| {
        let sign_out_url = sign_out.clone();
        spawn_local(async move {
            match api_client::access::sign_out().await {
                Ok(()) => {
                    let _ = window().location().assign(sign_out_url.as_deref().unwrap_or("/"));
                }
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    };
    view! {
        <dl class="facts">
            <div><dt>{text::NAME}</dt><dd>{text::visitor_name(&person, auth_method)}</dd></div>
            <div><dt>{text::ROLE}</dt><dd>{text::role(role)}</dd></div>
            <div><dt>{text::AUTH_METHOD}</dt><dd>{text::auth_method(auth_method)}</dd></div>
            <div><dt>{text::CAN_SEE}</dt><dd>{scope}</dd></div>
        </dl>
        {(auth_method != AuthMethod::Local).then(|| view! {
            <p><button type="button" on:click=leave.clone()>{text::SIGN_OUT}</button></p>
            <SessionList />
        })}
        {local.then(|| view! { <ImpersonationForm directory is_impersonating=role != Role::Administrator error /> })}
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
    }
}

/// In local mode: shows Lectern as an instructor of a course sees it.
#[component]
fn ImpersonationForm(
    directory: Memo<Courses>,
    is_impersonating: bool,
    error: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let chosen = RwSignal::new(None::<Grant>);
    let impersonate = move |impersonation: Option<Impersonation>| {
        spawn_local(async move {
            match api_client::access::view_as(impersonation).await {
                Ok(()) => reload_page(),
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    };
    let as_instructor = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let courses = chosen.get_untracked().into_iter().collect();
        impersonate(Some(Impersonation { role: Role::Instructor, courses }));
    };
    view! {
        <section class="lines">
            <h2>{text::VIEW_AS}</h2>
            <p class="quiet">{text::VIEW_AS_IS}</p>
            {if is_impersonating {
                view! {
                    <p>
                        <button type="button" class="main" on:click=move |_| impersonate(None)>{text::VIEW_AS_ADMINISTRATOR}</button>
                    </p>
                }
                .into_any()
            } else {
                view! {
                    <form class="in-line" on:submit=as_instructor>
                        <GrantSelect directory chosen />
                        <button type="submit" disabled=move || chosen.with(Option::is_none)>{text::VIEW_AS_INSTRUCTOR}</button>
                    </form>
                }
                .into_any()
            }}
        </section>
    }
}
