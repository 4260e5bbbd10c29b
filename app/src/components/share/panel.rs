//! The panel that creates a share: what it would show, the form, and the created link. Loaded when it is first opened.

use super::link::ShareLink;
use super::subject::{NotShareable, parse_origins};
use super::{ShareDraft, SharePanelInputs};
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::words;
use crate::words::shares as text;
use domain::report::Shape;
use domain::shares::{
    CreateShareRequest, CreateShareResponse, DEFAULT_DAYS, MAX_DAYS, MAX_NAME_LENGTH, PanelOutline, Shares,
};
use domain::view::Page;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Lifetimes that can be chosen for a share, in days.
const LIFETIMES: [u32; 4] = [1, DEFAULT_DAYS, 30, MAX_DAYS];

/// What a share is, what this one would show, and the form that creates it.
#[component]
pub fn SharePanel(
    /// The view's share and the fields of the form.
    inputs: SharePanelInputs,
) -> impl IntoView {
    let SharePanelInputs { request, shares, draft } = inputs;
    let created = draft.created;
    let preview = RwSignal::new(None::<Result<CreateShareResponse, ApiError>>);
    Effect::new(move |_| {
        preview.set(None);
        let Ok(body) = request.get() else { return };
        spawn_local(async move {
            let response =
                api_client::shares::create_share(&CreateShareRequest { preview: true, ..body.clone() }).await;
            // The view may have changed meanwhile.
            if request.try_get_untracked() == Some(Ok(body)) {
                preview.try_set(Some(response));
            }
        });
    });
    let shown = move || match preview.get() {
        None => view! { <p class="quiet" role="status">{words::LOADING}</p> }.into_any(),
        Some(Err(error)) => view! { <ErrorNotice error /> }.into_any(),
        Some(Ok(CreateShareResponse { contents, .. })) => view! {
            <h2 class="small">{text::CONTENTS}</h2>
            <SharePreview contents />
            <ShareForm request draft shares />
        }
        .into_any(),
    };
    view! {
        <p>{text::SHARE_IS}</p>
        {move || match (request.get(), created.get()) {
            (Err(NotShareable::NoDays), _) => view! { <p>{text::CHOOSE_DAYS}</p> }.into_any(),
            (Err(_), _) => view! { <p>{text::CHOOSE_COURSE}</p> }.into_any(),
            (Ok(_), Some(link)) => view! {
                <ShareLink created=link />
                <button type="button" on:click=move |_| created.set(None)>{text::CREATE_ANOTHER}</button>
            }
            .into_any(),
            (Ok(_), None) => shown.into_any(),
        }}
        <p class="quiet small">
            {text::NOT_SHARED} " " {text::COPY_LINK_IS} " " <a href=Page::Shares.path()>{text::YOUR_SHARES}</a>
        </p>
    }
}

/// What the share would show, report by report.
#[component]
fn SharePreview(contents: Vec<PanelOutline>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let line = |it: PanelOutline| {
        let is_snapshot = it.report.known().is_some_and(|it| it.descriptor().shape == Shape::Snapshot);
        view! { <li>{text::outline(&context.report_title(it.report.as_str()), &it, is_snapshot)}</li> }
    };
    view! { <ul class="plain-list small" data-testid="contents">{contents.into_iter().map(line).collect_view()}</ul> }
}

/// The form that creates a share.
#[component]
fn ShareForm(
    request: Memo<Result<CreateShareRequest, NotShareable>>,
    draft: ShareDraft,
    shares: ApiSignal<Shares>,
) -> impl IntoView {
    let ShareDraft { name, days, sites, created } = draft;
    let error = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(body) = request.get_untracked() else { return };
        // A second press must not create a second share.
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        let name = name.get_untracked().trim().to_owned();
        let body = CreateShareRequest {
            name: (!name.is_empty()).then_some(name),
            days: Some(days.get_untracked()),
            origins: parse_origins(&sites.get_untracked()),
            ..body
        };
        let submitted = request.get_untracked();
        spawn_local(async move {
            match api_client::shares::create_share(&body).await {
                Ok(response) => {
                    shares.refetch();
                    draft.name.try_set(String::new());
                    // The view may have changed: the link would be taken for a link to the new one.
                    if request.try_get_untracked() == Some(submitted) {
                        created.try_set(Some(response));
                    }
                }
                Err(failure) => drop(error.try_set(Some(failure))),
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <form class="lines" on:submit=submit>
            <label>
                <span>{text::PUBLIC_NAME}</span>
                <input type="text" autocomplete="off" maxlength=MAX_NAME_LENGTH prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event)) />
            </label>
            <LifetimeSelect days />
            <details>
                <summary>{text::EMBED}</summary>
                <EmbedSites sites />
            </details>
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
            <button type="submit" class="main" disabled=move || is_busy.get()>
                {move || if is_busy.get() { text::CREATING } else { text::CREATE }}
            </button>
        </form>
    }
}

/// Selects the lifetime of a share.
#[component]
pub fn LifetimeSelect(
    /// The lifetime in days.
    days: RwSignal<u32>,
) -> impl IntoView {
    let option = move |count: u32| {
        view! { <option value=count.to_string() selected=move || days.get() == count>{text::lifetime(count)}</option> }
    };
    view! {
        <label>
            <span>{text::LIFETIME}</span>
            <select on:change=move |event| days.set(event_target_value(&event).parse().unwrap_or(DEFAULT_DAYS))>
                {LIFETIMES.map(option).into_iter().collect_view()}
            </select>
        </label>
    }
}

/// A field for the sites that may embed a share.
#[component]
pub fn EmbedSites(
    /// The text of the field: origins, one per line.
    sites: RwSignal<String>,
) -> impl IntoView {
    view! {
        <label>
            <span>{text::SITES}</span>
            <textarea rows="2" spellcheck="false" prop:value=move || sites.get()
                on:input=move |event| sites.set(event_target_value(&event))></textarea>
        </label>
        <p class="quiet small">{text::SITES_ARE}</p>
    }
}
