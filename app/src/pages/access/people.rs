//! `/people`: everybody who has a role, and what they can see.

use super::grants::{self, GrantSelect};
use super::role_upload::RoleUpload;
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::words;
use crate::words::access as text;
use domain::api::{Courses, Person, RoleChange, Roles};
use domain::role::{Grant, Role};
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
    let remove = Callback::new(move |person: Person| {
        let is_confirmed = window()
            .confirm_with_message(&text::confirm_role_removal(person.email.as_str()))
            .unwrap_or_default();
        if !is_confirmed {
            return;
        }
        spawn_local(async move {
            match api_client::access::remove_role(&person.id).await {
                Ok(()) => renew.run(()),
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    });
    let rows = move || {
        let row = |person: Person| view! { <PersonRow person directory edited remove /> };
        people.get().unwrap_or_default().into_iter().map(row).collect_view()
    };
    view! {
        {move || roles.error().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| roles.refetch()) />
        })}
        <Show when=move || people.with(|people| people.as_ref().is_some_and(|people| !people.is_empty()))
            fallback=move || view! { {move || people.get().is_some().then(|| view! { <p>{text::NOBODY}</p> })} }>
            <div class="wide">
                <table data-testid="people">
                    <thead>
                        <tr>
                            <th scope="col">{text::EMAIL}</th>
                            <th scope="col">{text::ROLE}</th>
                            <th scope="col">{text::CAN_SEE}</th>
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

/// A person, with buttons that change and remove their role.
#[component]
fn PersonRow(
    person: Person,
    directory: Memo<Courses>,
    edited: RwSignal<Option<Person>>,
    remove: Callback<Person>,
) -> impl IntoView {
    let Person { email, role, grants, fixed, .. } = person.clone();
    let scope = move || match role {
        Role::Instructor => {
            text::list_courses(grants.iter().map(|grant| grants::grant_label(grant, &directory.get())))
        }
        Role::Administrator | Role::Analyst => text::EVERYTHING.to_owned(),
    };
    let buttons = if fixed {
        view! { <span class="quiet small">{text::FIXED}</span> }.into_any()
    } else {
        let (changed, removed) = (person.clone(), person);
        view! {
            <span class="actions">
                <button type="button" class="plain" aria-label=text::change_role_of(email.as_str())
                    on:click=move |_| edited.set(Some(changed.clone()))>{text::CHANGE}</button>
                <button type="button" class="plain" aria-label=text::remove_role_of(email.as_str())
                    on:click=move |_| remove.run(removed.clone())>{text::REMOVE}</button>
            </span>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{String::from(email)}</th>
            <td>{text::role(role)}</td>
            <td>{scope}</td>
            <td>{buttons}</td>
        </tr>
    }
}

/// The form that assigns a role, or changes the role of the person in `edited`.
#[component]
fn RoleForm(directory: Memo<Courses>, edited: Option<Person>, renew: Callback<()>) -> impl IntoView {
    let is_new = edited.is_none();
    let (email, role, grants) = match edited {
        Some(Person { email, role, grants, .. }) => (String::from(email), role, grants),
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
        // A course that is chosen but not added is meant to be added.
        add();
        let role = role.get_untracked();
        let grants = if role == Role::Instructor { grants.get_untracked() } else { Vec::new() };
        let change = RoleChange { email: email.get_untracked().trim().to_owned(), role, grants };
        spawn_local(async move {
            match api_client::access::assign_role(&change).await {
                Ok(_) => renew.run(()),
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    };
    let role_option = move |option: Role| {
        view! { <option value=option.slug() selected=move || role.get() == option>{text::role(option)}</option> }
    };
    let chip = move |grant: Grant| {
        let name = grants::grant_label(&grant, &directory.get());
        let remove = move |_| grants.update(|grants| grants.retain(|other| *other != grant));
        view! {
            <li>
                <span>{name.clone()}</span> " "
                <button type="button" class="plain" aria-label=text::remove_course(&name) on:click=remove>
                    {text::REMOVE}
                </button>
            </li>
        }
    };
    view! {
        <section class="lines" aria-label=if is_new { text::ASSIGN_ROLE } else { text::CHANGE_ROLE }>
            <h2>{if is_new { text::ASSIGN_ROLE } else { text::CHANGE_ROLE }}</h2>
            <form class="lines" on:submit=submit>
                <div class="in-line">
                    <label>
                        <span>{text::EMAIL}</span>
                        <input type="email" required=true autocomplete="off" readonly=!is_new
                            prop:value=move || email.get()
                            on:input=move |event| email.set(event_target_value(&event)) />
                    </label>
                    <label>
                        <span>{text::ROLE}</span>
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
                            on:click=move |_| add()>{text::ADD_COURSE}</button>
                    </div>
                </Show>
                <p class="actions">
                    <button type="submit" class="main">{text::SAVE}</button>
                    {(!is_new).then(|| view! {
                        <button type="button" on:click=move |_| renew.run(())>{text::CANCEL}</button>
                    })}
                </p>
            </form>
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        </section>
    }
}
