//! `/you`: who one is, what one may see, and the way out.

use super::grants::{self, GrantSelect};
use super::sign_in::reload_page;
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::words;
use crate::words::access as said;
use domain::api::{AuthMethod, Courses, Impersonation, Scope, Session};
use domain::scope::{Grant, Role};
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

/// Who one is.
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
    let may_see = move || match grants.get_value() {
        None => view! { <p>{said::SEES_EVERYTHING}</p> }.into_any(),
        Some(grants) if grants.is_empty() => view! { <p>{said::SEES_NOTHING}</p> }.into_any(),
        Some(grants) => {
            let line = |grant: &Grant| view! { <li>{grants::grant_label(grant, &directory.get())}</li> };
            view! { <ul class="plain-list">{grants.iter().map(line).collect_view()}</ul> }.into_any()
        }
    };
    let leave = move |_| {
        let away = sign_out.clone();
        spawn_local(async move {
            match api_client::access::sign_out().await {
                Ok(()) => {
                    let _ = window().location().assign(away.as_deref().unwrap_or("/"));
                }
                Err(what) => {
                    error.try_set(Some(what));
                }
            }
        });
    };
    view! {
        <dl class="facts">
            <div><dt>{said::NAME}</dt><dd>{said::person(&person, auth_method)}</dd></div>
            <div><dt>{said::ROLE}</dt><dd>{said::role(role)}</dd></div>
            <div><dt>{said::WAY}</dt><dd>{said::way(auth_method)}</dd></div>
            <div><dt>{said::MAY_SEE}</dt><dd>{may_see}</dd></div>
        </dl>
        {(auth_method != AuthMethod::Local).then(|| view! {
            <p><button type="button" on:click=leave.clone()>{said::SIGN_OUT}</button></p>
        })}
        {local.then(|| view! { <ImpersonationForm directory is_impersonating=role != Role::Administrator error /> })}
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
    }
}

/// In local mode: the page as somebody else sees it.
#[component]
fn ImpersonationForm(
    directory: Memo<Courses>,
    is_impersonating: bool,
    error: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let chosen = RwSignal::new(None::<Grant>);
    let look = move |as_whom: Option<Impersonation>| {
        spawn_local(async move {
            match api_client::access::look_as(as_whom).await {
                Ok(()) => reload_page(),
                Err(what) => {
                    error.try_set(Some(what));
                }
            }
        });
    };
    let as_instructor = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let courses = chosen.get_untracked().into_iter().collect();
        look(Some(Impersonation { role: Role::Instructor, courses }));
    };
    view! {
        <section class="lines">
            <h2>{said::LOOK_AS}</h2>
            <p class="quiet">{said::LOOK_AS_IS}</p>
            {if is_impersonating {
                view! {
                    <p>
                        <button type="button" class="main" on:click=move |_| look(None)>{said::LOOK_AGAIN}</button>
                    </p>
                }
                .into_any()
            } else {
                view! {
                    <form class="in-line" on:submit=as_instructor>
                        <GrantSelect directory chosen />
                        <button type="submit" disabled=move || chosen.with(Option::is_none)>{said::LOOK}</button>
                    </form>
                }
                .into_any()
            }}
        </section>
    }
}
