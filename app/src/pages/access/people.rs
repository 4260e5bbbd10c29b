//! `/people`: everybody who has a role, and what they may see.

use super::grants::{self, GrantSelect};
use super::role_upload::RoleUpload;
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::words;
use crate::words::access as said;
use domain::api::{Courses, Person, RoleChange, Roles};
use domain::scope::{Grant, Role};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The page.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let roles: ApiSignal<Roles> = ApiSignal::new(api_client::access::ROLES);
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let people = Memo::new(move |_| roles.ok().map(|roles| roles.people));
    let edited = RwSignal::new(None::<Person>);
    let error = RwSignal::new(None::<ApiError>);
    let renew = Callback::new(move |()| {
        edited.set(None);
        roles.refetch();
    });
    let dismiss = Callback::new(move |person: Person| {
        let is_meant = window().confirm_with_message(&said::dismiss(&person.email)).unwrap_or_default();
        if !is_meant {
            return;
        }
        spawn_local(async move {
            match api_client::access::remove_role(&person.id).await {
                Ok(()) => renew.run(()),
                Err(what) => {
                    error.try_set(Some(what));
                }
            }
        });
    });
    let rows = move || {
        let row = |person: Person| view! { <PersonRow person directory edited dismiss /> };
        people.get().unwrap_or_default().into_iter().map(row).collect_view()
    };
    view! {
        {move || roles.error().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| roles.refetch()) />
        })}
        <Show when=move || people.with(|people| people.as_ref().is_some_and(|people| !people.is_empty()))
            fallback=move || view! { {move || people.get().is_some().then(|| view! { <p>{said::NOBODY}</p> })} }>
            <div class="wide">
                <table data-testid="people">
                    <thead>
                        <tr>
                            <th scope="col">{said::EMAIL}</th>
                            <th scope="col">{said::ROLE}</th>
                            <th scope="col">{said::MAY_SEE}</th>
                            <th scope="col">{words::ACTION}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Show>
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        {move || view! { <RoleForm directory edited=edited.get() renew /> }}
        <RoleUpload directory renew />
    }
}

/// One person.
#[component]
fn PersonRow(
    person: Person,
    directory: Memo<Courses>,
    edited: RwSignal<Option<Person>>,
    dismiss: Callback<Person>,
) -> impl IntoView {
    let Person { email, role, grants, fixed, .. } = person.clone();
    let names = move || match role {
        Role::Instructor => {
            said::list(grants.iter().map(|grant| grants::grant_label(grant, &directory.get())))
        }
        Role::Administrator | Role::Analyst => said::EVERYTHING.to_owned(),
    };
    let buttons = if fixed {
        view! { <span class="quiet small">{said::FIXED}</span> }.into_any()
    } else {
        let (change, take) = (person.clone(), person);
        view! {
            <span class="actions">
                <button type="button" class="plain" aria-label=said::change_of(&email)
                    on:click=move |_| edited.set(Some(change.clone()))>{said::CHANGE_IT}</button>
                <button type="button" class="plain" aria-label=said::take_from(&email)
                    on:click=move |_| dismiss.run(take.clone())>{said::TAKE}</button>
            </span>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{email}</th>
            <td>{said::role(role)}</td>
            <td>{names}</td>
            <td>{buttons}</td>
        </tr>
    }
}

/// Gives somebody a role, or another.
#[component]
fn RoleForm(directory: Memo<Courses>, edited: Option<Person>, renew: Callback<()>) -> impl IntoView {
    let is_new = edited.is_none();
    let (email, role, grants) = match edited {
        Some(Person { email, role, grants, .. }) => (email, role, grants),
        None => (String::new(), Role::Instructor, Vec::new()),
    };
    let (email, role, grants) = (RwSignal::new(email), RwSignal::new(role), RwSignal::new(grants));
    let chosen = RwSignal::new(None::<Grant>);
    let error = RwSignal::new(None::<ApiError>);
    let add = move || {
        if let Some(grant) = chosen.get_untracked() {
            grants.update(|grants| {
                if !grants.contains(&grant) {
                    grants.push(grant);
                }
            });
            chosen.set(None);
        }
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        // What was chosen and not added yet was meant.
        add();
        let role = role.get_untracked();
        let grants = if role == Role::Instructor { grants.get_untracked() } else { Vec::new() };
        let appointment = RoleChange { email: email.get_untracked().trim().to_owned(), role, grants };
        spawn_local(async move {
            match api_client::access::assign_role(&appointment).await {
                Ok(_) => renew.run(()),
                Err(what) => {
                    error.try_set(Some(what));
                }
            }
        });
    };
    let role_option = move |option: Role| {
        view! { <option value=option.slug() selected=move || role.get() == option>{said::role(option)}</option> }
    };
    let chip = move |grant: Grant| {
        let name = grants::grant_label(&grant, &directory.get());
        let away = move |_| grants.update(|grants| grants.retain(|other| *other != grant));
        view! {
            <li>
                <span>{name.clone()}</span> " "
                <button type="button" class="plain" aria-label=said::remove(&name) on:click=away>
                    {said::REMOVE}
                </button>
            </li>
        }
    };
    view! {
        <section class="lines" aria-label=if is_new { said::ADD } else { said::CHANGE }>
            <h2>{if is_new { said::ADD } else { said::CHANGE }}</h2>
            <form class="lines" on:submit=submit>
                <div class="in-line">
                    <label>
                        <span>{said::EMAIL}</span>
                        <input type="email" required=true autocomplete="off" readonly=!is_new
                            prop:value=move || email.get()
                            on:input=move |event| email.set(event_target_value(&event)) />
                    </label>
                    <label>
                        <span>{said::ROLE}</span>
                        <select on:change=move |event| {
                            role.set(Role::parse(&event_target_value(&event)).unwrap_or(Role::Instructor));
                        }>{Role::ALL.map(role_option).into_iter().collect_view()}</select>
                    </label>
                </div>
                <Show when=move || role.get() == Role::Instructor>
                    <ul class="plain-list">
                        {move || grants.get().into_iter().map(chip).collect_view()}
                    </ul>
                    <div class="in-line">
                        <GrantSelect directory chosen />
                        <button type="button" disabled=move || chosen.with(Option::is_none)
                            on:click=move |_| add()>{said::ADD_COURSE}</button>
                    </div>
                </Show>
                <p class="actions">
                    <button type="submit" class="main">{said::SAVE}</button>
                    {(!is_new).then(|| view! {
                        <button type="button" on:click=move |_| renew.run(())>{said::CANCEL}</button>
                    })}
                </p>
            </form>
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        </section>
    }
}
