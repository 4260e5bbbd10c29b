//! Beside a view's heading: its link, and a link for people who cannot sign in. Fetched when a view is shown.
//!
//! [`link`]: a link that has been made, and buttons that copy; [`subject`]: what of a view can be shared.

pub mod link;
pub mod subject;

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::disclosure;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::words;
use crate::words::shares as said;
use domain::report::Shape;
use domain::shares::{
    CreateShareRequest, CreateShareResponse, DEFAULT_DAYS, MAX_NAME_LENGTH, PanelOutline, Share, ShareState,
    ShareSubject, Shares,
};
use domain::time::{SECOND, Timestamp};
use domain::view::{Page, View};
use leptos::html;
use leptos::prelude::*;
use link::{CopyButton, ShareLink};
use subject::{NotShareable, parse_origins, share_request};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

/// For how many days a share can be made to open.
pub const LIFETIMES: [u32; 4] = [1, DEFAULT_DAYS, 30, domain::shares::MAX_DAYS];

/// The buttons, and until when the view is shared.
#[component]
pub fn ShareBar() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let shares: ApiSignal<Shares> = ApiSignal::new(api_client::shares::SHARES);
    let place = NodeRef::<html::Details>::new();
    let is_open = RwSignal::new(false);
    disclosure::close_on_outside_event(place);
    let wanted = Memo::new(move |_| share_request(&navigation.view()));
    let draft = ShareDraft::default();
    Effect::new(move |_| {
        wanted.track();
        draft.made.set(None);
    });
    let badge = move || {
        let view = navigation.view();
        let open = |share: &Share| {
            share.mine && share.state == ShareState::Open && subject::covers_view(share, &view)
        };
        let share = shares.ok()?.shares.into_iter().filter(open).max_by_key(|share| share.expires)?;
        let until =
            said::shared_until(&crate::locale::format_short_day(to_local_time(context, share.expires).day()));
        Some(view! { <a class="small" data-testid="badge" href=Page::Shares.path()>{until}</a> })
    };
    let toggle = move |_| {
        let details = place.get_untracked();
        is_open.set(details.is_some_and(|it| it.unchecked_ref::<web_sys::Element>().has_attribute("open")));
    };
    let url = Callback::new(move |()| format!("{}{}", link::page_origin(), navigation.view().to_url()));
    view! {
        <div class="share-bar">
            <Show when=move || wanted.with(|it| it != &Err(NotShareable::NotShared))>
                <details class="menu" node_ref=place on:keydown=disclosure::close_on_escape(place) on:toggle=toggle>
                    <summary>{said::SHARE}</summary>
                    <div class="panel"><Show when=move || is_open.get()><SharePanel wanted shares draft /></Show></div>
                </details>
            </Show>
            <CopyButton text=url label=said::COPY_LINK />
            {badge}
        </div>
    }
}

/// What somebody has written and made in the panel: a press beside it closes it, and must not lose a link that is shown once.
#[derive(Clone, Copy)]
struct ShareDraft {
    name: RwSignal<String>,
    days: RwSignal<u32>,
    sites: RwSignal<String>,
    made: RwSignal<Option<CreateShareResponse>>,
}

impl Default for ShareDraft {
    fn default() -> Self {
        Self {
            name: RwSignal::default(),
            days: RwSignal::new(DEFAULT_DAYS),
            sites: RwSignal::default(),
            made: RwSignal::new(None),
        }
    }
}

/// What a share is, what this one would show, and the button that makes it.
#[component]
fn SharePanel(
    wanted: Memo<Result<CreateShareRequest, NotShareable>>,
    shares: ApiSignal<Shares>,
    draft: ShareDraft,
) -> impl IntoView {
    let made = draft.made;
    let preview = RwSignal::new(None::<Result<CreateShareResponse, ApiError>>);
    Effect::new(move |_| {
        preview.set(None);
        let Ok(what) = wanted.get() else { return };
        spawn_local(async move {
            let response =
                api_client::shares::create_share(&CreateShareRequest { preview: true, ..what.clone() }).await;
            // The view may have moved on.
            if wanted.try_get_untracked() == Some(Ok(what)) {
                preview.try_set(Some(response));
            }
        });
    });
    let shown = move || match preview.get() {
        None => view! { <p class="quiet" role="status">{words::LOADING}</p> }.into_any(),
        Some(Err(error)) => view! { <ErrorNotice error /> }.into_any(),
        Some(Ok(CreateShareResponse { contents, .. })) => view! {
            <h2 class="small">{said::CONTENTS}</h2>
            <SharePreview contents />
            <ShareForm wanted draft shares />
        }
        .into_any(),
    };
    view! {
        <p>{said::SHARE_IS}</p>
        {move || match (wanted.get(), made.get()) {
            (Err(NotShareable::NoDays), _) => view! { <p>{said::CHOOSE_DAYS}</p> }.into_any(),
            (Err(_), _) => view! { <p>{said::CHOOSE_COURSE}</p> }.into_any(),
            (Ok(_), Some(link)) => view! {
                <ShareLink made=link />
                <button type="button" on:click=move |_| made.set(None)>{said::MAKE_ANOTHER}</button>
            }
            .into_any(),
            (Ok(_), None) => shown.into_any(),
        }}
        <p class="quiet small">
            {said::NOT_ALONG} " " {said::COPY_IS} " " <a href=Page::Shares.path()>{said::YOUR_SHARES}</a>
        </p>
    }
}

/// What would be shown, report by report.
#[component]
fn SharePreview(contents: Vec<PanelOutline>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let line = |it: PanelOutline| {
        let is_snapshot = it.report.known().is_some_and(|it| it.descriptor().shape == Shape::Snapshot);
        view! { <li>{said::outline(&context.report_title(it.report.as_str()), &it, is_snapshot)}</li> }
    };
    view! { <ul class="plain-list small" data-testid="contents">{contents.into_iter().map(line).collect_view()}</ul> }
}

/// The choices, and the button.
#[component]
fn ShareForm(
    wanted: Memo<Result<CreateShareRequest, NotShareable>>,
    draft: ShareDraft,
    shares: ApiSignal<Shares>,
) -> impl IntoView {
    let ShareDraft { name, days, sites, made } = draft;
    let error = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(what) = wanted.get_untracked() else { return };
        // Twice pressed is one share.
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        let name = name.get_untracked().trim().to_owned();
        let what = CreateShareRequest {
            name: (!name.is_empty()).then_some(name),
            days: Some(days.get_untracked()),
            origins: parse_origins(&sites.get_untracked()),
            ..what
        };
        let of = wanted.get_untracked();
        spawn_local(async move {
            match api_client::shares::create_share(&what).await {
                Ok(answer) => {
                    shares.refetch();
                    draft.name.try_set(String::new());
                    // The view may have moved on: a link beside it would be taken for its own.
                    if wanted.try_get_untracked() == Some(of) {
                        made.try_set(Some(answer));
                    }
                }
                Err(what) => drop(error.try_set(Some(what))),
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <form class="lines" on:submit=submit>
            <label>
                <span>{said::NAME}</span>
                <input type="text" autocomplete="off" maxlength=MAX_NAME_LENGTH prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event)) />
            </label>
            <LifetimeSelect days />
            <details>
                <summary>{said::EMBED}</summary>
                <EmbedSites sites />
            </details>
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
            <button type="submit" class="main" disabled=move || is_busy.get()>
                {move || if is_busy.get() { said::MAKING } else { said::MAKE }}
            </button>
        </form>
    }
}

/// For how many days it opens.
#[component]
pub fn LifetimeSelect(
    /// How many.
    days: RwSignal<u32>,
) -> impl IntoView {
    let option = move |count: u32| {
        view! { <option value=count.to_string() selected=move || days.get() == count>{said::days(count)}</option> }
    };
    view! {
        <label>
            <span>{said::OPENS_FOR}</span>
            <select on:change=move |event| days.set(event_target_value(&event).parse().unwrap_or(DEFAULT_DAYS))>
                {LIFETIMES.map(option).into_iter().collect_view()}
            </select>
        </label>
    }
}

/// Whose pages may embed it.
#[component]
pub fn EmbedSites(
    /// As they are written.
    sites: RwSignal<String>,
) -> impl IntoView {
    view! {
        <label>
            <span>{said::ORIGINS}</span>
            <textarea rows="2" spellcheck="false" prop:value=move || sites.get()
                on:input=move |event| sites.set(event_target_value(&event))></textarea>
        </label>
        <p class="quiet small">{said::ORIGINS_ARE}</p>
    }
}

/// A moment as the institution's clocks show it.
#[must_use]
pub fn format_moment(context: AppContext, at: Timestamp) -> String {
    crate::locale::format_date_time(to_local_time(context, at))
}

/// A moment by the institution's clocks.
fn to_local_time(context: AppContext, at: Timestamp) -> Timestamp {
    let offset = context.zone(&View::default()).offset_at(at);
    at.plus(i64::from(offset) * SECOND)
}

/// What is shared, as it is called.
#[must_use]
pub fn subject_title(context: AppContext, subject: ShareSubject) -> String {
    match subject {
        ShareSubject::Course => said::WHOLE_COURSE.to_owned(),
        ShareSubject::Report(report) => context.report_title(report.name()),
    }
}
