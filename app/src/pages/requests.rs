//! `/requests`: all requests, newest first, with their progress and failures; for administrators, weeks that lost rows.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::components::shrunken_windows::ShrunkenWindowList;
use crate::components::support_id::SupportId;
use crate::components::upstream_status::UpstreamStatus;
use crate::components::window_cells::WindowCells;
use crate::context::AppContext;
use crate::{locale, words};
use domain::api::{
    BuildTimes, RequestInfo, Requests, RetryRequest, ShrunkenWindows, WindowInfo, WindowStatus,
};
use domain::range::Range;
use domain::role::Role;
use domain::view::{Page, ParameterValues, View, ZoneName};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// The time between two ticks.
const TICK: Duration = Duration::from_secs(2);
/// Ticks of the first minute: the list is fetched on each of them while a window is under way.
const FAST_TICKS: u32 = 30;
/// Otherwise the list is fetched once in this many ticks: 8 × 2 s = 16 s.
const SLOW_TICKS: u32 = 8;

/// The page.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let answer: ApiSignal<Requests> = ApiSignal::new(api_client::REQUESTS);
    let all = Memo::new(move |_| answer.ok());
    let is_any_under_way = move || {
        all.with_untracked(|all| {
            all.iter().flat_map(|all| &all.requests).flat_map(|request| &request.windows).any(is_under_way)
        })
    };
    let is_administrator = context.session().role == Role::Administrator;
    let shrunken: Option<ApiSignal<ShrunkenWindows>> =
        is_administrator.then(|| ApiSignal::new(api_client::SHRUNKEN));
    let ticks = StoredValue::new(0u32);
    let tick = move || {
        ticks.update_value(|ticks| *ticks = ticks.wrapping_add(1));
        let ticks = ticks.get_value();
        let is_fast = ticks <= FAST_TICKS && is_any_under_way() && !document().hidden();
        if is_fast || ticks.is_multiple_of(SLOW_TICKS) {
            answer.poll();
        }
        if let Some(shrunken) = shrunken.filter(|_| ticks.is_multiple_of(SLOW_TICKS)) {
            shrunken.poll();
        }
    };
    if let Ok(interval) = set_interval_with_handle(tick, TICK) {
        on_cleanup(move || interval.clear());
    }
    Effect::new(move |_| document().set_title(&format!("{} – {}", words::REQUESTS, words::NAME)));
    let error = Memo::new(move |_| answer.error());
    let pause = Memo::new(move |_| all.with(|all| all.as_ref()?.scheduler.held.clone()));
    let usual = Memo::new(move |_| all.with(|all| all.as_ref()?.scheduler.usual));
    let has_response = Memo::new(move |_| answer.get().is_some());
    let ids = move || request_ids(all.get());
    // Trying any request again ends the pause for all of them.
    let retry = is_administrator.then(|| {
        Callback::new(move |()| {
            let id = all.with_untracked(|all| Some(all.as_ref()?.requests.first()?.id.clone()));
            let Some(id) = id else { return };
            spawn_local(async move {
                // The answer shows whether there still is a pause.
                let _ = api_client::retry_request(&id, &RetryRequest::default()).await;
                answer.refetch();
            });
        })
    });
    let item = move |id: String| {
        let request = Memo::new(move |_| {
            all.with(|all| all.as_ref()?.requests.iter().find(|request| request.id == id).cloned())
        });
        view! { <RequestItem request usual renew=Callback::new(move |()| answer.refetch()) /> }
    };
    view! {
        <header class="heading">
            <h1>{words::REQUESTS}</h1>
            <p class="quiet">
                {move || if has_response.get() { all.get().map(|all| words::scheduler_sentence(&all.scheduler)) } else { Some(words::LOADING.to_owned()) }}
            </p>
        </header>
        {move || error.get().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| answer.refetch()) />
        })}
        <UpstreamStatus pause clock=context.clock retry />
        {shrunken.map(|all| view! {
            <ShrunkenWindowList all on_choice=Callback::new(move |()| answer.refetch()) />
        })}
        <Show when=move || all.with(|all| all.as_ref().is_some_and(|all| all.requests.is_empty()))>
            <p>{words::NO_REQUESTS} " " <a href="/">{words::SEE_OVERVIEW}</a></p>
        </Show>
        <ul class="board"><For each=ids key=String::clone children=item /></ul>
    }
}

fn request_ids(all: Option<Requests>) -> Vec<String> {
    all.map(|all| all.requests.into_iter().map(|request| request.id).collect()).unwrap_or_default()
}

/// Whether the window, or a newer copy of it, is under way.
fn is_under_way(window: &WindowInfo) -> bool {
    window.state.is_under_way() || window.again.is_some_and(WindowStatus::is_under_way)
}

/// One request. Its elements are kept while numbers change, so that they keep the focus.
#[component]
fn RequestItem(
    request: Memo<Option<RequestInfo>>,
    usual: Memo<Option<BuildTimes>>,
    renew: Callback<()>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let clock = context.clock;
    let title = Memo::new(move |_| {
        let request = request.get()?;
        let days = request_range(&request).map_or_else(|| words::ALL_TIME.to_owned(), locale::format_range);
        let default_zone = context.session().time_zone;
        let zone = if request.tz == default_zone { String::new() } else { format!(" ({})", request.tz) };
        Some((
            request_view(&request, &default_zone).to_url(),
            format!(
                "{}{}, {days}{zone}",
                context.report_title(request.report.as_str()),
                words::parameters_suffix(&request.parameters)
            ),
        ))
    });
    let windows = Memo::new(move |_| request.get().map(|request| request.windows).unwrap_or_default());
    let coverage = Memo::new(move |_| request.with(|request| request.as_ref().map(words::coverage_sentence)));
    let progress = move || words::progress_sentence(&request.get()?, clock.now(), usual.get());
    // The request's age, the most failed tries of a window, and the earliest next step.
    let facts = move || {
        let request = request.get()?;
        let window = request.windows.iter().filter(|w| is_under_way(w)).min_by_key(|w| w.next);
        let tries = request.windows.iter().max_by_key(|w| w.tries).and_then(words::tries_note);
        let next = window.and_then(|window| words::next_step_note(window, clock.now()));
        let parts: Vec<String> = [Some(words::requested_note(request.created, clock.now())), tries, next]
            .into_iter()
            .flatten()
            .collect();
        Some(parts.join("; "))
    };
    let failed = Memo::new(move |_| {
        request.with(|r| r.iter().flat_map(|r| &r.windows).find(|w| w.state == WindowStatus::Failed).cloned())
    });
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<ApiError>);
    let retry = move |_| {
        let Some(request) = request.get_untracked() else { return };
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            let result = api_client::retry_request(&request.id, &RetryRequest::default()).await;
            busy.try_set(false);
            error.try_set(result.err());
            renew.run(());
        });
    };
    let failure = move || {
        failed.get().map(|window| {
            view! {
                <div class="failure">
                    <p class="small">
                        {words::failure_sentence(&window)} " " {window.fault}
                    </p>
                    {window.upstream_request_id.map(|id| view! { <SupportId id /> })}
                    <button type="button" on:click=retry disabled=move || busy.get()>{words::TRY_AGAIN}</button>
                </div>
            }
        })
    };
    view! {
        <li class="board-line">
            <h2>{move || title.get().map(|(href, title)| view! { <a href=href>{title}</a> })}</h2>
            <p class="board-facts small quiet">{facts}</p>
            <WindowCells windows clock />
            <p class="board-far small">{move || coverage.get()} " " {progress}</p>
            {failure}
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        </li>
    }
}

fn request_range(request: &RequestInfo) -> Option<Range> {
    request.from.zip(request.to).and_then(|(from, to)| Range::new(from, to).ok())
}

/// The parameters of a request that the URL of a view allows. Others are left out.
fn link_parameters(request: &RequestInfo) -> ParameterValues {
    let mut values = ParameterValues::default();
    for (name, value) in &request.parameters {
        let _ = values.set(name, value);
    }
    values
}

/// The view that a request is for; `default_zone` is the institution's time zone.
fn request_view(request: &RequestInfo, default_zone: &str) -> View {
    View {
        page: Page::Overview,
        report: Some(request.report.clone()),
        range: request_range(request),
        zone: ZoneName::parse(&request.tz).filter(|zone| zone.as_str() != default_zone),
        parameters: link_parameters(request),
        ..View::default()
    }
}
