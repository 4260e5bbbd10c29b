//! `/requests`: everything that has been asked for, newest first, as a departure board.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::components::support_id::SupportId;
use crate::components::upstream_status::UpstreamStatus;
use crate::components::window_cells::WindowCells;
use crate::context::AppContext;
use crate::{locale, words};
use domain::api::{BuildTimes, RequestInfo, Requests, RetryRequest, WindowInfo, WindowStatus};
use domain::range::Range;
use domain::view::{Page, ParameterValues, View, ZoneName};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// Between two ticks.
const TICK: Duration = Duration::from_secs(2);
/// Ticks in the first minute, in each of which the board is renewed while something is under way.
const FAST_TICKS: u32 = 30;
/// Afterwards it is renewed every so many ticks: 8 × 2 s = 16 s.
const SLOW_TICKS: u32 = 8;

/// The board.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let answer: ApiSignal<Requests> = ApiSignal::new(api_client::REQUESTS);
    let all = Memo::new(move |_| answer.ok());
    let moves = move || {
        all.with_untracked(|all| {
            all.iter().flat_map(|all| &all.requests).flat_map(|request| &request.windows).any(is_moving)
        })
    };
    let ticks = StoredValue::new(0u32);
    let tick = move || {
        ticks.update_value(|ticks| *ticks = ticks.wrapping_add(1));
        let ticks = ticks.get_value();
        let is_often = ticks <= FAST_TICKS && moves() && !document().hidden();
        if is_often || ticks.is_multiple_of(SLOW_TICKS) {
            answer.refetch();
        }
    };
    if let Ok(interval) = set_interval_with_handle(tick, TICK) {
        on_cleanup(move || interval.clear());
    }
    Effect::new(move |_| document().set_title(&format!("{} – {}", words::REQUESTS, words::NAME)));
    let error = Memo::new(move |_| answer.error());
    let held = Memo::new(move |_| all.with(|all| all.as_ref()?.scheduler.held.clone()));
    let usual = Memo::new(move |_| all.with(|all| all.as_ref()?.scheduler.usual));
    let is_known = Memo::new(move |_| answer.get().is_some());
    let ids = move || request_ids(all.get());
    let line = move |id: String| {
        let request = Memo::new(move |_| {
            all.with(|all| all.as_ref()?.requests.iter().find(|request| request.id == id).cloned())
        });
        view! { <RequestItem request usual renew=Callback::new(move |()| answer.refetch()) /> }
    };
    view! {
        <header class="heading">
            <h1>{words::REQUESTS}</h1>
            <p class="quiet">
                {move || if is_known.get() { all.get().map(|all| words::desk(&all.scheduler)) } else { Some(words::LOADING.to_owned()) }}
            </p>
        </header>
        {move || error.get().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| answer.refetch()) />
        })}
        <UpstreamStatus held clock=context.clock />
        <Show when=move || all.with(|all| all.as_ref().is_some_and(|all| all.requests.is_empty()))>
            <p>{words::NO_REQUESTS} " " <a href="/">{words::SEE_OVERVIEW}</a></p>
        </Show>
        <ul class="board"><For each=ids key=String::clone children=line /></ul>
    }
}

fn request_ids(all: Option<Requests>) -> Vec<String> {
    all.map(|all| all.requests.into_iter().map(|request| request.id).collect()).unwrap_or_default()
}

fn is_moving(window: &WindowInfo) -> bool {
    window.state.is_under_way() || window.again.is_some_and(WindowStatus::is_under_way)
}

/// One request. It stays while its numbers change, and the focus in it.
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
        let own = context.session().time_zone;
        let zone = if request.tz == own { String::new() } else { format!(" ({})", request.tz) };
        Some((
            request_view(&request, &own).to_url(),
            format!(
                "{}{}, {days}{zone}",
                context.report_title(request.report.as_str()),
                words::given(&request.parameters)
            ),
        ))
    });
    let windows = Memo::new(move |_| request.get().map(|request| request.windows).unwrap_or_default());
    let progress = Memo::new(move |_| request.with(|request| request.as_ref().map(words::coverage)));
    let now = move || words::under_way(&request.get()?, clock.now(), usual.get());
    // Age, tries and next look: of the window that is furthest along.
    let facts = move || {
        let request = request.get()?;
        let window = request.windows.iter().filter(|w| is_moving(w)).min_by_key(|w| w.next);
        let tries = request.windows.iter().max_by_key(|w| w.tries).and_then(words::tried);
        let next = window.and_then(|window| words::next(window, clock.now()));
        let parts: Vec<String> =
            [Some(words::asked(request.created, clock.now())), tries, next].into_iter().flatten().collect();
        Some(parts.join("; "))
    };
    let failed = Memo::new(move |_| {
        request.with(|r| r.iter().flat_map(|r| &r.windows).find(|w| w.state == WindowStatus::Failed).cloned())
    });
    let busy = RwSignal::new(false);
    let refused = RwSignal::new(None::<ApiError>);
    let retry = move |_| {
        let Some(request) = request.get_untracked() else { return };
        busy.set(true);
        refused.set(None);
        spawn_local(async move {
            let result = api_client::retry_request(&request.id, &RetryRequest::default()).await;
            busy.try_set(false);
            refused.try_set(result.err());
            renew.run(());
        });
    };
    let failure = move || {
        failed.get().map(|window| {
            view! {
                <div class="failure">
                    <p class="small">
                        {words::could_not_build(&window)} " " {window.fault}
                    </p>
                    {window.upstream_request_id.map(|id| view! { <SupportId id /> })}
                    <button type="button" on:click=retry disabled=move || busy.get()>{words::TRY_AGAIN}</button>
                </div>
            }
        })
    };
    view! {
        <li class="board-line">
            <h2>{move || title.get().map(|(to, text)| view! { <a href=to>{text}</a> })}</h2>
            <p class="board-facts small quiet">{facts}</p>
            <WindowCells windows clock />
            <p class="board-far small">{move || progress.get()} " " {now}</p>
            {failure}
            {move || refused.get().map(|error| view! { <ErrorNotice error /> })}
        </li>
    }
}

fn request_range(request: &RequestInfo) -> Option<Range> {
    request.from.zip(request.to).and_then(|(from, to)| Range::new(from, to).ok())
}

/// What a request was asked with, as far as a link can say it.
fn link_parameters(request: &RequestInfo) -> ParameterValues {
    let mut given = ParameterValues::default();
    for (name, value) in &request.parameters {
        // What no link can say is left out.
        let _ = given.set(name, value);
    }
    given
}

/// The view that a request is for; `own` is the institution's zone.
fn request_view(request: &RequestInfo, own: &str) -> View {
    View {
        page: Page::Overview,
        report: Some(request.report.clone()),
        range: request_range(request),
        zone: ZoneName::parse(&request.tz).filter(|zone| zone.as_str() != own),
        parameters: link_parameters(request),
        ..View::default()
    }
}
