//! The share bar below a view's heading: copies the view's link, and creates shares for people who cannot
//! sign in.
//!
//! [`panel`]: creates a share, loaded when it is first opened; [`link`]: a created link and copy buttons; [`subject`]: what of
//! a view can be shared.

pub mod link;
pub mod panel;
pub mod subject;

use crate::api_client;
use crate::api_signal::ApiSignal;
use crate::components::disclosure;
use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words;
use crate::words::shares as text;
use domain::shares::{
    CreateShareRequest, CreateShareResponse, DEFAULT_DAYS, Share, ShareState, ShareSubject, Shares,
};
use domain::time::{SECOND, Timestamp};
use domain::view::{Page, View};
use leptos::html;
use leptos::prelude::*;
use link::CopyButton;
use subject::{NotShareable, share_request};
use wasm_bindgen::JsCast;

/// The buttons, and a badge with the day until which the view is shared.
#[component]
pub fn ShareBar() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let shares: ApiSignal<Shares> = ApiSignal::new(api_client::shares::SHARES);
    let menu = NodeRef::<html::Details>::new();
    let is_open = RwSignal::new(false);
    disclosure::close_on_outside_event(menu);
    let request = Memo::new(move |_| share_request(&navigation.view()));
    let panel = context.components.share_panel;
    let draft = ShareDraft::default();
    let inputs = SharePanelInputs { request, shares, draft };
    Effect::new(move |_| {
        request.track();
        draft.created.set(None);
    });
    let badge = move || {
        let view = navigation.view();
        let is_own_and_open = |share: &Share| {
            share.mine && share.state == ShareState::Open && subject::covers_view(share, &view)
        };
        let share =
            shares.ok()?.shares.into_iter().filter(is_own_and_open).max_by_key(|share| share.expires)?;
        let until =
            text::shared_until(&crate::locale::format_short_day(to_local_time(context, share.expires).day()));
        Some(view! { <a class="small" data-testid="badge" href=Page::Shares.path()>{until}</a> })
    };
    let toggle = move |_| {
        let details = menu.get_untracked();
        is_open.set(details.is_some_and(|it| it.unchecked_ref::<web_sys::Element>().has_attribute("open")));
    };
    let url = Callback::new(move |()| format!("{}{}", link::page_origin(), navigation.view().to_url()));
    view! {
        <div class="share-bar">
            <Show when=move || request.with(|it| it != &Err(NotShareable::NotShared))>
                <details class="menu" node_ref=menu on:keydown=disclosure::close_on_escape(menu) on:toggle=toggle>
                    <summary>{text::SHARE}</summary>
                    <div class="panel"><Show when=move || is_open.get()>{render_lazy(panel, inputs, Placeholder::Line)}</Show></div>
                </details>
            </Show>
            <CopyButton text=url label=text::COPY_LINK />
            {badge}
        </div>
    }
}

/// What the panel needs of its view, and what it keeps there.
#[derive(Debug, Clone, Copy)]
pub struct SharePanelInputs {
    /// The share of the current view, or why it cannot be shared.
    pub request: Memo<Result<CreateShareRequest, NotShareable>>,
    /// All shares; fetched again when one is created.
    pub shares: ApiSignal<Shares>,
    /// The fields of the form.
    pub draft: ShareDraft,
}

/// The fields of the form and the created link. They outlive the panel: a press outside closes it, and must
/// not lose a link that is shown only once.
#[derive(Debug, Clone, Copy)]
pub struct ShareDraft {
    /// The name that readers see.
    pub name: RwSignal<String>,
    /// The lifetime in days.
    pub days: RwSignal<u32>,
    /// The sites that may embed the share, one per line.
    pub sites: RwSignal<String>,
    /// The created share, with its link.
    pub created: RwSignal<Option<CreateShareResponse>>,
}

impl Default for ShareDraft {
    fn default() -> Self {
        Self {
            name: RwSignal::default(),
            days: RwSignal::new(DEFAULT_DAYS),
            sites: RwSignal::default(),
            created: RwSignal::new(None),
        }
    }
}

/// A time in the institution's time zone: `3 Feb 2026, 14:05`.
#[must_use]
pub fn format_moment(context: AppContext, at: Timestamp) -> String {
    crate::locale::format_date_time(to_local_time(context, at))
}

/// A time shifted so that its UTC fields are those of the institution's time zone.
fn to_local_time(context: AppContext, at: Timestamp) -> Timestamp {
    let offset = context.zone(&View::default()).offset_at(at);
    at.plus(i64::from(offset) * SECOND)
}

/// The name of what a share shows.
#[must_use]
pub fn subject_title(context: AppContext, subject: ShareSubject) -> String {
    match subject {
        ShareSubject::Course => words::WHOLE_COURSE.to_owned(),
        ShareSubject::Report(report) => context.report_title(report.name()),
    }
}
