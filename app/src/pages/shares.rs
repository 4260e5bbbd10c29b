//! `/shares`: one's links for people who cannot sign in, an administrator's everybody's; renamed, renewed, ended.

use crate::client::{self, Trouble};
use crate::fetched::Fetched;
use crate::page::Ground;
use crate::pages::report::chosen_course;
use crate::parts::notice::Notice;
use crate::parts::share::link::MadeLink;
use crate::parts::share::subject::{origins, view_of};
use crate::parts::share::{Lifetime, Sites, moment, title};
use crate::spelling;
use crate::words;
use crate::words::access::who;
use crate::words::shares as said;
use domain::api::Courses;
use domain::scope::Role;
use domain::shares::{
    CreateShareResponse, DEFAULT_DAYS, MAX_NAME_LENGTH, Share, ShareState, Shares, UpdateShareRequest,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The page, below its heading.
#[component]
pub fn SharesPage() -> impl IntoView {
    let ground = expect_context::<Ground>();
    let all: Fetched<Shares> = Fetched::new(client::shares::SHARES);
    let courses: Fetched<Courses> = Fetched::new(client::COURSES);
    let known = Memo::new(move |_| courses.ok().unwrap_or_default());
    let list = Memo::new(move |_| all.ok());
    let trouble = RwSignal::new(None::<Trouble>);
    let is_on = move || list.with(|list| list.as_ref().is_none_or(|list| list.on));
    let switch = move |event| {
        let on = event_target_checked(&event);
        trouble.set(None);
        spawn_local(async move {
            if let Err(what) = client::shares::switch(on).await {
                trouble.try_set(Some(what));
            }
            all.renew();
        });
    };
    let is_administrator = ground.session().role == Role::Administrator;
    let ids = move || {
        list.with(|list| {
            let shares = list.iter().flat_map(|list| &list.shares);
            shares.map(|share| share.id.clone()).collect::<Vec<_>>()
        })
    };
    let renew = Callback::new(move |()| all.renew());
    let one = move |id: String| {
        let share = Memo::new(move |_| {
            list.with(|list| list.as_ref()?.shares.iter().find(|share| share.id == id).cloned())
        });
        view! { <One share known renew /> }
    };
    view! {
        <Show when=move || is_administrator && list.with(Option::is_some)>
            <label class="choice">
                <input type="checkbox" prop:checked=is_on on:change=switch />
                <span>{said::SWITCH}</span>
            </label>
        </Show>
        <Show when=move || !is_on()><p role="status">{said::ARE_OFF}</p></Show>
        {move || trouble.get().map(|trouble| view! { <Notice trouble /> })}
        {move || all.trouble().map(|trouble| view! { <Notice trouble again=renew /> })}
        <Show when=move || list.with(|list| list.as_ref().is_some_and(|list| list.shares.is_empty()))>
            <p>{said::NONE}</p>
        </Show>
        <ul class="plain-list" data-testid="shares">
            <For each=ids key=Clone::clone children=one />
        </ul>
    }
}

/// One of them: what it is, and what can be done with it.
#[component]
fn One(share: Memo<Option<Share>>, known: Memo<Courses>, renew: Callback<()>) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let trouble = RwSignal::new(None::<Trouble>);
    let made = RwSignal::new(None::<CreateShareResponse>);
    let (named, days, sites) =
        (RwSignal::new(String::new()), RwSignal::new(DEFAULT_DAYS), RwSignal::new(String::new()));
    // What somebody is writing stays; what was changed elsewhere is there when nobody is.
    Effect::new(move |before: Option<(String, String)>| {
        let now = share.with(|share| {
            let share = share.as_ref()?;
            Some((share.name.clone(), share.origins.join("\n")))
        });
        let now = now.unwrap_or_default();
        if before.as_ref().is_none_or(|before| before.0 != now.0) {
            named.set(now.0.clone());
        }
        if before.as_ref().is_none_or(|before| before.1 != now.1) {
            sites.set(now.1.clone());
        }
        now
    });
    let id = move || share.with_untracked(|share| share.as_ref().map(|share| share.id.clone()));
    let change = Callback::new(move |wanted: UpdateShareRequest| {
        let Some(id) = id() else { return };
        trouble.set(None);
        spawn_local(async move {
            match client::shares::change(&id, &wanted).await {
                Ok(answer) => {
                    if answer.token.is_some() {
                        made.try_set(Some(answer));
                    }
                }
                Err(what) => drop(trouble.try_set(Some(what))),
            }
            renew.try_run(());
        });
    });
    let revoke = move |_| {
        let Some(id) = id() else { return };
        if !window().confirm_with_message(said::SURE).unwrap_or_default() {
            return;
        }
        trouble.set(None);
        spawn_local(async move {
            if let Err(what) = client::shares::revoke(&id).await {
                trouble.try_set(Some(what));
            }
            renew.try_run(());
        });
    };
    let name = move || share.with(|share| share.as_ref().map(|share| share.name.clone())).unwrap_or_default();
    let can_renew = move || {
        let state = share.with(|share| share.as_ref().map(|share| share.state));
        matches!(state, Some(ShareState::Open | ShareState::Expired))
    };
    let key = move || share.with(|share| share.as_ref().map(|share| said::state(share.state).0));
    view! {
        <li class="lines" data-state=key>
            <h2>{name}</h2>
            {move || share.get().map(|share| facts(ground, &known.get(), &share))}
            {move || made.get().map(|made| view! { <MadeLink made /> })}
            {move || trouble.get().map(|trouble| view! { <Notice trouble /> })}
            <details>
                <summary aria-label=move || said::change(&name())>{said::CHANGE}</summary>
                <div class="lines">
                    <div class="in-line">
                        <label>
                            <span>{said::NEW_NAME}</span>
                            <input type="text" autocomplete="off" maxlength=MAX_NAME_LENGTH
                                prop:value=move || named.get()
                                on:input=move |event| named.set(event_target_value(&event)) />
                        </label>
                        <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                            name: Some(named.get_untracked()), ..UpdateShareRequest::default()
                        })>{said::RENAME}</button>
                    </div>
                    <Show when=can_renew>
                        <div class="in-line">
                            <Lifetime days />
                            <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                                days: Some(days.get_untracked()), ..UpdateShareRequest::default()
                            })>{said::RENEW}</button>
                        </div>
                        <Sites sites />
                        <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                            origins: Some(origins(&sites.get_untracked())), ..UpdateShareRequest::default()
                        })>{said::SAVE_SITES}</button>
                        <button type="button" on:click=move |_| change.run(UpdateShareRequest {
                            rotate: true, ..UpdateShareRequest::default()
                        })>{said::ROTATE}</button>
                        <p class="quiet small">{said::ROTATE_IS}</p>
                    </Show>
                </div>
            </details>
            <button type="button" aria-label=move || said::revoke(&name()) on:click=revoke>{said::REVOKE}</button>
        </li>
    }
}

fn facts(ground: Ground, known: &Courses, share: &Share) -> impl IntoView + use<> {
    let view = view_of(share);
    let course = chosen_course(&known.courses, &view).unwrap_or_else(|| words::COURSE.to_owned());
    let days = view.range.map(|range| format!(", {}", spelling::range(range))).unwrap_or_default();
    let shown = format!("{}: {course}{days}", title(ground, &share.report));
    let spelt = |at| moment(ground, at);
    let last = share.last.map(spelt);
    let until = if share.state == ShareState::Expired { said::EXPIRED } else { said::EXPIRES };
    let owner = (!share.mine).then(|| who(&share.owner).to_owned());
    let sites = (!share.origins.is_empty()).then(|| share.origins.join(", "));
    let fact = |(term, text): (&'static str, String)| view! { <div><dt>{term}</dt><dd>{text}</dd></div> };
    view! {
        <p class="small">{said::state(share.state).1}</p>
        <dl class="facts small">
            {owner.map(|owner| fact((said::OWNER, owner)))}
            <div><dt>{said::SHOWS}</dt><dd><a href=view.to_url()>{shown}</a></dd></div>
            {fact((said::MADE, spelt(share.made)))}
            {fact((until, spelt(share.expires)))}
            {fact((said::OPENED, said::opened(share.opened, last.as_deref())))}
            {sites.map(|sites| fact((said::SITES, sites)))}
        </dl>
    }
}
