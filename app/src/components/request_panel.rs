//! A view's request: first its plan and the button that creates it, then its progress and what can be done
//! about it.

use crate::components::error_notice::ErrorNotice;
use crate::components::lazy::{Placeholder, render_lazy};
use crate::components::upstream_status::UpstreamStatus;
use crate::components::window_cells::WindowCells;
use crate::components::window_table::WindowTableInputs;
use crate::context::AppContext;
use crate::request_tracker::{self, RequestKey, RequestStatus, RequestTracker};
use crate::words;
use domain::api::{BuildTimes, RequestInfo, WindowInfo, WindowStatus};
use domain::problem::Problem;
use domain::report::Shape;
use domain::window::WindowKey;
use leptos::prelude::*;

/// The plan of a request, or its progress.
#[component]
pub fn RequestPanel(
    /// The report, days, zone and parameters of the view.
    request_key: RequestKey,
    /// The windows that it needs, or why it cannot be requested.
    plan: Result<Vec<WindowKey>, Problem>,
    /// The status of the request; `None` while it is looked up.
    status: Memo<Option<RequestStatus>>,
    /// The request to show: an actual one, or one made of windows that are all loaded already.
    request: Memo<Option<RequestInfo>>,
    /// Creates requests and follows them.
    tracker: RequestTracker,
    /// Whether the report has rows, sums or no days.
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let request_key = StoredValue::new(request_key);
    let plan = StoredValue::new(plan);
    let is_requested = Memo::new(move |_| request.with(Option::is_some));
    let error =
        Memo::new(move |_| status.with(|status| status.as_ref().and_then(|status| status.error.clone())));
    let pause = Memo::new(move |_| status.with(|status| status.as_ref()?.scheduler.as_ref()?.held.clone()));
    let usual = Memo::new(move |_| status.with(|status| status.as_ref()?.scheduler.as_ref()?.usual));
    let notice = move || {
        let again = Callback::new(move |()| tracker.track(request_key.get_value()));
        error.get().map(|error| view! { <ErrorNotice error again /> })
    };
    let body = move || {
        if is_requested.get() {
            return view! { <TrackedRequest request usual request_key tracker /> }.into_any();
        }
        match plan.get_value() {
            Err(problem) => view! {
                <p class="notice" role="status" data-code=words::problem_code(problem.code)>{problem.detail}</p>
            }
            .into_any(),
            Ok(windows) => {
                view! { <RequestPlan windows request_key status usual tracker shape /> }.into_any()
            }
        }
    };
    view! { <section class="progress">{body} <UpstreamStatus pause clock=context.clock retry=None /> {notice}</section> }
}

/// What a request would load, how long that may take, and the button that creates it.
#[component]
fn RequestPlan(
    windows: Vec<WindowKey>,
    request_key: StoredValue<RequestKey>,
    status: Memo<Option<RequestStatus>>,
    usual: Memo<Option<BuildTimes>>,
    tracker: RequestTracker,
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let clock = expect_context::<AppContext>().clock;
    let all = windows.len();
    // `None` until the status of the request is known.
    let loaded = Memo::new(move |_| {
        status.with(|status| {
            let status = status.as_ref()?;
            let today = clock.now().day();
            Some(
                windows
                    .iter()
                    .filter(|key| request_tracker::find_available(key, &status.windows, today).is_some())
                    .count(),
            )
        })
    });
    let plan = move || {
        loaded.get().map(|loaded| words::plan_sentence(shape.get().unwrap_or(Shape::Rows), all, loaded))
    };
    let expected_time = move || loaded.get().map(|loaded| words::expected_time(all - loaded, usual.get()));
    view! {
        <Show
            when=move || loaded.with(Option::is_some)
            fallback=|| view! { <p class="quiet" role="status">{words::LOADING}</p> }
        >
            <p>{plan} " " {expected_time}</p>
            <button type="button" class="main" disabled=move || tracker.is_busy()
                on:click=move |_| tracker.create_request(request_key.get_value())>
                {words::REQUEST}
            </button>
        </Show>
    }
}

/// A request's progress. Its elements are kept while numbers change, so that details that a reader opened
/// stay open.
#[component]
fn TrackedRequest(
    request: Memo<Option<RequestInfo>>,
    usual: Memo<Option<BuildTimes>>,
    request_key: StoredValue<RequestKey>,
    tracker: RequestTracker,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let clock = context.clock;
    let has_window = move |condition: fn(&WindowInfo) -> bool| {
        Memo::new(move |_| {
            request.with(|request| request.as_ref().is_some_and(|r| r.windows.iter().any(condition)))
        })
    };
    // Without an actual request, nobody has Lectern request provisional windows again.
    let is_stale = Memo::new(move |_| {
        let is_unrequested = |request: &RequestInfo| request.id.is_empty();
        let may_grow =
            |request: &RequestInfo| request.windows.iter().any(|w| w.state == WindowStatus::Provisional);
        request.with(|request| request.as_ref().is_some_and(|r| is_unrequested(r) && may_grow(r)))
    });
    let is_waiting = has_window(|window| window.state.is_under_way());
    let has_failed = has_window(|window| window.state == WindowStatus::Failed);
    let busy = Signal::derive(move || tracker.is_busy());
    let windows = Memo::new(move |_| request.get().map(|request| request.windows).unwrap_or_default());
    let coverage = Memo::new(move |_| request.with(|request| request.as_ref().map(words::coverage_sentence)));
    // Outside the status role: it changes every minute and would be announced each time.
    let progress = move || words::progress_sentence(&request.get()?, clock.now(), usual.get());
    let again = Callback::new(move |id: String| tracker.retry(request_key.get_value(), vec![id]));
    let table = context.components.window_table;
    let inputs = WindowTableInputs { windows: windows.into(), usual: usual.into(), clock, again, busy };
    let is_open = RwSignal::new(false);
    view! {
        <WindowCells windows clock />
        <p class="progress-far">
            <span role="status">{move || coverage.get()}</span>
            " "
            <span>{progress}</span>
        </p>
        <Show when=move || has_failed.get() || is_waiting.get() || is_stale.get()>
            <p class="actions">
                <Show when=move || is_stale.get()>
                    <button type="button" class="plain" disabled=busy
                        on:click=move |_| tracker.create_request(request_key.get_value())>
                        {words::REQUEST_REST}
                    </button>
                    <span class="small quiet">{words::WAS_NOT_FINAL}</span>
                </Show>
                <Show when=move || has_failed.get()>
                    <button type="button" disabled=busy
                        on:click=move |_| tracker.retry(request_key.get_value(), Vec::new())>
                        {words::TRY_AGAIN}
                    </button>
                </Show>
                <Show when=move || is_waiting.get()>
                    <button type="button" class="plain" disabled=busy
                        on:click=move |_| tracker.withdraw(request_key.get_value())>
                        {words::STOP_WAITING}
                    </button>
                    <span class="small quiet">{words::CAN_CLOSE_PAGE}</span>
                </Show>
            </p>
        </Show>
        <details open=has_failed on:toggle=move |_| is_open.set(true)>
            <summary>{words::DETAILS}</summary>
            <Show when=move || is_open.get()>{render_lazy(table, inputs, Placeholder::Line)}</Show>
        </details>
    }
}
