//! `/shares`: the shares that a person created, or all shares for an administrator. They can be renamed,
//! renewed, given a new link and revoked.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::components::share::link::ShareLink;
use crate::components::share::panel::{EmbedSites, LifetimeSelect};
use crate::components::share::subject::{parse_origins, shared_view};
use crate::components::share::{format_moment, subject_title};
use crate::context::AppContext;
use crate::locale;
use crate::pages::report::course_label;
use crate::words;
use crate::words::access::person_label;
use crate::words::shares as text;
use domain::api::Courses;
use domain::role::Role;
use domain::shares::{
    CreateShareResponse, DEFAULT_DAYS, MAX_NAME_LENGTH, Share, ShareState, Shares, UpdateShareRequest,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The page, below its heading.
#[component]
pub fn SharesPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let all: ApiSignal<Shares> = ApiSignal::new(api_client::shares::SHARES);
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let list = Memo::new(move |_| all.ok());
    let error = RwSignal::new(None::<ApiError>);
    let is_on = move || list.with(|list| list.as_ref().is_none_or(|list| list.on));
    let switch = move |event| {
        let on = event_target_checked(&event);
        error.set(None);
        spawn_local(async move {
            if let Err(failure) = api_client::shares::set_sharing_enabled(on).await {
                error.try_set(Some(failure));
            }
            all.refetch();
        });
    };
    let is_administrator = context.session().role == Role::Administrator;
    let ids = move || {
        list.with(|list| {
            let shares = list.iter().flat_map(|list| &list.shares);
            shares.map(|share| share.id.clone()).collect::<Vec<_>>()
        })
    };
    let renew = Callback::new(move |()| all.refetch());
    let item = move |id: String| {
        let share = Memo::new(move |_| {
            list.with(|list| list.as_ref()?.shares.iter().find(|share| share.id == id).cloned())
        });
        view! { <ShareItem share directory renew /> }
    };
    view! {
        <Show when=move || is_administrator && list.with(Option::is_some)>
            <label class="choice">
                <input type="checkbox" prop:checked=is_on on:change=switch />
                <span>{text::ENABLE_SHARES}</span>
            </label>
        </Show>
        <Show when=move || !is_on()><p role="status">{text::SHARES_DISABLED}</p></Show>
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        {move || all.error().map(|error| view! { <ErrorNotice error again=renew /> })}
        <Show when=move || list.with(|list| list.as_ref().is_some_and(|list| list.shares.is_empty()))>
            <p>{text::NO_SHARES}</p>
        </Show>
        <ul class="plain-list" data-testid="shares">
            <For each=ids key=Clone::clone children=item />
        </ul>
        <Show when=move || list.with(|list| list.as_ref().is_some_and(|list| !list.shares.is_empty()))>
            <p class="quiet small" data-testid="opened-is">{text::OPENED_IS}</p>
            <p class="quiet small" data-testid="embedding">{text::EMBEDDING}</p>
        </Show>
    }
}

/// A share, and the controls that change and revoke it.
#[component]
fn ShareItem(share: Memo<Option<Share>>, directory: Memo<Courses>, renew: Callback<()>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let error = RwSignal::new(None::<ApiError>);
    let created = RwSignal::new(None::<CreateShareResponse>);
    let (edited_name, days, sites) =
        (RwSignal::new(String::new()), RwSignal::new(DEFAULT_DAYS), RwSignal::new(String::new()));
    // A field follows a value that was changed elsewhere; otherwise it keeps what is being typed.
    Effect::new(move |before: Option<(String, String)>| {
        let now = share.with(|share| {
            let share = share.as_ref()?;
            Some((share.name.clone(), share.origins.join("\n")))
        });
        let now = now.unwrap_or_default();
        if before.as_ref().is_none_or(|before| before.0 != now.0) {
            edited_name.set(now.0.clone());
        }
        if before.as_ref().is_none_or(|before| before.1 != now.1) {
            sites.set(now.1.clone());
        }
        now
    });
    let id = move || share.with_untracked(|share| share.as_ref().map(|share| share.id.clone()));
    let change = Callback::new(move |request: UpdateShareRequest| {
        let Some(id) = id() else { return };
        error.set(None);
        spawn_local(async move {
            match api_client::shares::update_share(&id, &request).await {
                Ok(response) => {
                    if response.token.is_some() {
                        created.try_set(Some(response));
                    }
                }
                Err(failure) => drop(error.try_set(Some(failure))),
            }
            renew.try_run(());
        });
    });
    let revoke = move |_| {
        let Some(id) = id() else { return };
        if !window().confirm_with_message(text::CONFIRM_REVOCATION).unwrap_or_default() {
            return;
        }
        error.set(None);
        spawn_local(async move {
            if let Err(failure) = api_client::shares::revoke_share(&id).await {
                error.try_set(Some(failure));
            }
            renew.try_run(());
        });
    };
    let name = move || share.with(|share| share.as_ref().map(|share| share.name.clone())).unwrap_or_default();
    let can_renew = move || {
        let state = share.with(|share| share.as_ref().map(|share| share.state));
        matches!(state, Some(ShareState::Open | ShareState::Expired | ShareState::Outdated))
    };
    let state = move || share.with(|share| share.as_ref().map(|share| text::state(share.state).0));
    view! {
        <li class="lines" data-state=state>
            <h2>{name}</h2>
            {move || share.get().map(|share| share_facts(context, &directory.get(), &share))}
            {move || created.get().map(|created| view! { <ShareLink created /> })}
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
            <details>
                <summary aria-label=move || text::change_share(&name())>{text::CHANGE}</summary>
                <div class="lines">
                    <div class="in-line">
                        <label>
                            <span>{text::NAME}</span>
                            <input type="text" autocomplete="off" maxlength=MAX_NAME_LENGTH
                                prop:value=move || edited_name.get()
                                on:input=move |event| edited_name.set(event_target_value(&event)) />
                        </label>
                        <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                            name: Some(edited_name.get_untracked()), ..UpdateShareRequest::default()
                        })>{text::RENAME}</button>
                    </div>
                    <Show when=can_renew>
                        <div class="in-line">
                            <LifetimeSelect days />
                            <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                                days: Some(days.get_untracked()), ..UpdateShareRequest::default()
                            })>{text::RENEW}</button>
                        </div>
                        <EmbedSites sites />
                        <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                            origins: Some(parse_origins(&sites.get_untracked())), ..UpdateShareRequest::default()
                        })>{text::SAVE_SITES}</button>
                        <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                            rotate: true, ..UpdateShareRequest::default()
                        })>{text::REPLACE_LINK}</button>
                        <p class="quiet small">{text::REPLACE_LINK_IS}</p>
                    </Show>
                </div>
            </details>
            <button type="button" aria-label=move || text::revoke_share(&name()) on:click=revoke>{text::REVOKE}</button>
        </li>
    }
}

fn share_facts(context: AppContext, directory: &Courses, share: &Share) -> impl IntoView + use<> {
    let view = shared_view(share);
    let course = course_label(directory, &view).unwrap_or_else(|| words::COURSE.to_owned());
    let days = view.range.map(|range| format!(", {}", locale::format_range(range))).unwrap_or_default();
    let shown = format!("{}: {course}{days}", subject_title(context, share.report));
    let format_time = |at| format_moment(context, at);
    let last = share.last.map(format_time);
    let until = if share.state == ShareState::Expired { text::EXPIRED } else { text::EXPIRES };
    let owner = (!share.mine).then(|| person_label(&share.owner).to_owned());
    let sites = (!share.origins.is_empty()).then(|| share.origins.join(", "));
    let fact = |(term, text): (&'static str, String)| view! { <div><dt>{term}</dt><dd>{text}</dd></div> };
    view! {
        <p class="small">{text::state(share.state).1}</p>
        <dl class="facts small">
            {owner.map(|owner| fact((text::OWNER, owner)))}
            <div><dt>{text::SHOWS}</dt><dd><a href=view.to_url()>{shown}</a></dd></div>
            {fact((text::CREATED, format_time(share.made)))}
            {fact((until, format_time(share.expires)))}
            {fact((text::OPENED, text::times_opened(share.opened, last.as_deref())))}
            {sites.map(|sites| fact((text::EMBEDDED_BY, sites)))}
        </dl>
        {share.exposed.map(|_| view! { <p class="notice small" data-testid="exposed">{text::EXPOSED}</p> })}
    }
}
