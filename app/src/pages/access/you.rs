//! `/you`: who one is, what one may see, and the way out.

use super::grants::{self, GrantChoice};
use super::sign_in::reload;
use crate::client::{self, Trouble};
use crate::fetched::Fetched;
use crate::parts::notice::Notice;
use crate::words;
use crate::words::access as said;
use domain::api::{AuthMethod, Courses, Impersonation, Scope, Session};
use domain::scope::{Grant, Role};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The page.
#[component]
pub fn YouPage() -> impl IntoView {
    let session: Fetched<Session> = Fetched::new(client::SESSION);
    move || match session.get() {
        None => view! { <p class="quiet" role="status">{words::LOADING}</p> }.into_any(),
        Some(Err(trouble)) => view! { <Notice trouble /> }.into_any(),
        Some(Ok(session)) => view! { <You session /> }.into_any(),
    }
}

/// Who one is.
#[component]
fn You(session: Session) -> impl IntoView {
    let courses: Fetched<Courses> = Fetched::new(client::COURSES);
    let known = Memo::new(move |_| courses.ok().unwrap_or_default());
    let trouble = RwSignal::new(None::<Trouble>);
    let Session { person, role, scope, auth_method, local, sign_out, .. } = session;
    let grants = StoredValue::new(match scope {
        Scope::Everything => None,
        Scope::Courses(grants) => Some(grants),
    });
    let may_see = move || match grants.get_value() {
        None => view! { <p>{said::SEES_EVERYTHING}</p> }.into_any(),
        Some(grants) if grants.is_empty() => view! { <p>{said::SEES_NOTHING}</p> }.into_any(),
        Some(grants) => {
            let line = |grant: &Grant| view! { <li>{grants::name(grant, &known.get())}</li> };
            view! { <ul class="plain-list">{grants.iter().map(line).collect_view()}</ul> }.into_any()
        }
    };
    let leave = move |_| {
        let away = sign_out.clone();
        spawn_local(async move {
            match client::access::sign_out().await {
                Ok(()) => {
                    let _ = window().location().assign(away.as_deref().unwrap_or("/"));
                }
                Err(what) => {
                    trouble.try_set(Some(what));
                }
            }
        });
    };
    view! {
        <dl class="facts">
            <div><dt>{said::NAME}</dt><dd>{said::person(&person, way)}</dd></div>
            <div><dt>{said::ROLE}</dt><dd>{said::role(role)}</dd></div>
            <div><dt>{said::WAY}</dt><dd>{said::way(way)}</dd></div>
            <div><dt>{said::MAY_SEE}</dt><dd>{may_see}</dd></div>
        </dl>
        {(auth_method != AuthMethod::Local).then(|| view! {
            <p><button type="button" on:click=leave.clone()>{said::SIGN_OUT}</button></p>
        })}
        {local.then(|| view! { <LookingAs known is_looking=role != Role::Administrator trouble /> })}
        {move || trouble.get().map(|trouble| view! { <Notice trouble /> })}
    }
}

/// In local mode: the page as somebody else sees it.
#[component]
fn LookingAs(known: Memo<Courses>, is_looking: bool, trouble: RwSignal<Option<Trouble>>) -> impl IntoView {
    let chosen = RwSignal::new(None::<Grant>);
    let look = move |as_whom: Option<Impersonation>| {
        spawn_local(async move {
            match client::access::look_as(as_whom).await {
                Ok(()) => reload(),
                Err(what) => {
                    trouble.try_set(Some(what));
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
            {if is_looking {
                view! {
                    <p>
                        <button type="button" class="main" on:click=move |_| look(None)>{said::LOOK_AGAIN}</button>
                    </p>
                }
                .into_any()
            } else {
                view! {
                    <form class="in-line" on:submit=as_instructor>
                        <GrantChoice known chosen />
                        <button type="submit" disabled=move || chosen.with(Option::is_none)>{said::LOOK}</button>
                    </form>
                }
                .into_any()
            }}
        </section>
    }
}
