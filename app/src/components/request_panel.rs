//! The plan before it is asked; then how far it is, and what can be done about it.

use crate::components::error_notice::ErrorNotice;
use crate::components::upstream_status::UpstreamStatus;
use crate::components::window_cells::WindowCells;
use crate::components::window_table::WindowTable;
use crate::context::AppContext;
use crate::request_tracker::{self, RequestKey, RequestStatus, RequestTracker};
use crate::words;
use domain::api::{BuildTimes, RequestInfo, WindowInfo, WindowStatus};
use domain::problem::Problem;
use domain::report::Shape;
use domain::window::WindowKey;
use leptos::prelude::*;

/// A request from its plan to its last window.
#[component]
pub fn RequestPanel(
    /// What is wished.
    request_key: RequestKey,
    /// The windows it needs, or why it cannot be asked.
    plan: Result<Vec<WindowKey>, Problem>,
    /// What is known of it.
    status: Memo<Option<RequestStatus>>,
    /// What is shown: its request, or what is here already without one.
    request: Memo<Option<RequestInfo>>,
    /// Asks, and follows what was asked.
    tracker: RequestTracker,
    /// How the report's range is cut.
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let request_key = StoredValue::new(request_key);
    let plan = StoredValue::new(plan);
    let is_shown = Memo::new(move |_| request.with(Option::is_some));
    let error =
        Memo::new(move |_| status.with(|status| status.as_ref().and_then(|status| status.error.clone())));
    let held = Memo::new(move |_| status.with(|status| status.as_ref()?.desk.as_ref()?.held.clone()));
    let usual = Memo::new(move |_| status.with(|status| status.as_ref()?.desk.as_ref()?.usual));
    let notice = move || {
        let again = Callback::new(move |()| tracker.track(request_key.get_value()));
        error.get().map(|error| view! { <ErrorNotice error again /> })
    };
    let body = move || {
        if is_shown.get() {
            return view! { <TrackedRequest request usual request_key tracker /> }.into_any();
        }
        match plan.get_value() {
            Err(problem) => view! {
                <p class="notice" role="status" data-code=words::code(problem.code)>{problem.detail}</p>
            }
            .into_any(),
            Ok(windows) => {
                view! { <RequestPlan windows request_key status usual tracker shape /> }.into_any()
            }
        }
    };
    view! { <section class="progress">{body} <UpstreamStatus held clock=context.clock /> {notice}</section> }
}

/// What will happen when somebody asks, and the button that does.
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
    // Whether it has been asked is not known before it was looked up.
    let here = Memo::new(move |_| {
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
    let said = move || here.get().map(|here| words::plan(shape.get().unwrap_or(Shape::Rows), all, here));
    let wait = move || here.get().map(|here| words::expectation(all - here, usual.get()));
    view! {
        <Show
            when=move || here.with(Option::is_some)
            fallback=|| view! { <p class="quiet" role="status">{words::LOADING}</p> }
        >
            <p>{said} " " {wait}</p>
            <button type="button" class="main" disabled=move || tracker.is_busy()
                on:click=move |_| tracker.create_request(request_key.get_value())>
                {words::ASK}
            </button>
        </Show>
    }
}

/// A request that has been asked. What stands here stays while its numbers change, so that what a reader has
/// opened stays open.
#[component]
fn TrackedRequest(
    request: Memo<Option<RequestInfo>>,
    usual: Memo<Option<BuildTimes>>,
    request_key: StoredValue<RequestKey>,
    tracker: RequestTracker,
) -> impl IntoView {
    let clock = expect_context::<AppContext>().clock;
    let has = move |wanted: fn(&WindowInfo) -> bool| {
        Memo::new(move |_| {
            request.with(|request| request.as_ref().is_some_and(|r| r.windows.iter().any(wanted)))
        })
    };
    // Shown without being asked: nobody has Lectern ask anew for what was not final.
    let is_stale = Memo::new(move |_| {
        let is_unasked = |request: &RequestInfo| request.id.is_empty();
        let may_grow =
            |request: &RequestInfo| request.windows.iter().any(|w| w.state == WindowStatus::Provisional);
        request.with(|request| request.as_ref().is_some_and(|r| is_unasked(r) && may_grow(r)))
    });
    let is_waiting = has(|window| window.state.is_under_way());
    let has_failed = has(|window| window.state == WindowStatus::Failed);
    let busy = Signal::derive(move || tracker.is_busy());
    let windows = Memo::new(move |_| request.get().map(|request| request.windows).unwrap_or_default());
    let progress = Memo::new(move |_| request.with(|request| request.as_ref().map(words::coverage)));
    // Not announced: it changes by the minute.
    let now = move || words::under_way(&request.get()?, clock.now(), usual.get());
    let again = Callback::new(move |id: String| tracker.retry(request_key.get_value(), vec![id]));
    view! {
        <WindowCells windows clock />
        <p class="progress-far">
            <span role="status">{move || progress.get()}</span>
            " "
            <span>{now}</span>
        </p>
        <Show when=move || has_failed.get() || is_waiting.get() || is_stale.get()>
            <p class="actions">
                <Show when=move || is_stale.get()>
                    <button type="button" class="plain" disabled=busy
                        on:click=move |_| tracker.create_request(request_key.get_value())>
                        {words::ASK_FOR_MORE}
                    </button>
                    <span class="small quiet">{words::MAY_HAVE_GROWN}</span>
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
                        {words::STOP}
                    </button>
                    <span class="small quiet">{words::MAY_CLOSE}</span>
                </Show>
            </p>
        </Show>
        <details open=has_failed>
            <summary>{words::DETAILS}</summary>
            <WindowTable windows usual clock again busy />
        </details>
    }
}
