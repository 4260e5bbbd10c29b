//! The plan before it is asked; then how far it is, and what can be done about it.

use crate::follow::{self, Follower, Seen, Wish};
use crate::page::Ground;
use crate::parts::coverage::Coverage;
use crate::parts::held::Holding;
use crate::parts::notice::Notice;
use crate::parts::windows::Windows;
use crate::words;
use domain::api::{BuildTimes, RequestInfo, WindowInfo, WindowStatus};
use domain::problem::Problem;
use domain::report::Shape;
use domain::window::WindowKey;
use leptos::prelude::*;

/// A wish from its plan to its last window.
#[component]
pub fn Progress(
    /// What is wished.
    wish: Wish,
    /// The windows it needs, or why it cannot be asked.
    plan: Result<Vec<WindowKey>, Problem>,
    /// What is known of it.
    seen: Memo<Option<Seen>>,
    /// What is shown: its request, or what is here already without one.
    request: Memo<Option<RequestInfo>>,
    /// Asks, and follows what was asked.
    follower: Follower,
    /// How the report's range is cut.
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let wish = StoredValue::new(wish);
    let plan = StoredValue::new(plan);
    let is_shown = Memo::new(move |_| request.with(Option::is_some));
    let trouble = Memo::new(move |_| seen.with(|seen| seen.as_ref().and_then(|seen| seen.trouble.clone())));
    let held = Memo::new(move |_| seen.with(|seen| seen.as_ref()?.desk.as_ref()?.held.clone()));
    let usual = Memo::new(move |_| seen.with(|seen| seen.as_ref()?.desk.as_ref()?.usual));
    let notice = move || {
        let again = Callback::new(move |()| follower.follow(wish.get_value()));
        trouble.get().map(|trouble| view! { <Notice trouble again /> })
    };
    let body = move || {
        if is_shown.get() {
            return view! { <Followed request usual wish follower /> }.into_any();
        }
        match plan.get_value() {
            Err(problem) => view! {
                <p class="notice" role="status" data-code=words::code(problem.code)>{problem.detail}</p>
            }
            .into_any(),
            Ok(windows) => view! { <Plan windows wish seen usual follower shape /> }.into_any(),
        }
    };
    view! { <section class="progress">{body} <Holding held clock=ground.clock /> {notice}</section> }
}

/// What will happen when somebody asks, and the button that does.
#[component]
fn Plan(
    windows: Vec<WindowKey>,
    wish: StoredValue<Wish>,
    seen: Memo<Option<Seen>>,
    usual: Memo<Option<BuildTimes>>,
    follower: Follower,
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let clock = expect_context::<Ground>().clock;
    let all = windows.len();
    // Whether it has been asked is not known before it was looked up.
    let here = Memo::new(move |_| {
        seen.with(|seen| {
            let seen = seen.as_ref()?;
            let today = clock.now().day();
            Some(windows.iter().filter(|key| follow::here(key, &seen.known, today).is_some()).count())
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
            <button type="button" class="main" disabled=move || follower.is_busy()
                on:click=move |_| follower.ask(wish.get_value())>
                {words::ASK}
            </button>
        </Show>
    }
}

/// A request that has been asked. What stands here stays while its numbers change, so that what a reader has
/// opened stays open.
#[component]
fn Followed(
    request: Memo<Option<RequestInfo>>,
    usual: Memo<Option<BuildTimes>>,
    wish: StoredValue<Wish>,
    follower: Follower,
) -> impl IntoView {
    let clock = expect_context::<Ground>().clock;
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
    let busy = Signal::derive(move || follower.is_busy());
    let windows = Memo::new(move |_| request.get().map(|request| request.windows).unwrap_or_default());
    let far = Memo::new(move |_| request.with(|request| request.as_ref().map(words::coverage)));
    // Not announced: it changes by the minute.
    let now = move || words::under_way(&request.get()?, clock.now(), usual.get());
    let again = Callback::new(move |id: String| follower.retry(wish.get_value(), vec![id]));
    view! {
        <Coverage windows clock />
        <p class="progress-far">
            <span role="status">{move || far.get()}</span>
            " "
            <span>{now}</span>
        </p>
        <Show when=move || has_failed.get() || is_waiting.get() || is_stale.get()>
            <p class="actions">
                <Show when=move || is_stale.get()>
                    <button type="button" class="plain" disabled=busy
                        on:click=move |_| follower.ask(wish.get_value())>
                        {words::ASK_FOR_MORE}
                    </button>
                    <span class="small quiet">{words::MAY_HAVE_GROWN}</span>
                </Show>
                <Show when=move || has_failed.get()>
                    <button type="button" disabled=busy
                        on:click=move |_| follower.retry(wish.get_value(), Vec::new())>
                        {words::TRY_AGAIN}
                    </button>
                </Show>
                <Show when=move || is_waiting.get()>
                    <button type="button" class="plain" disabled=busy
                        on:click=move |_| follower.withdraw(wish.get_value())>
                        {words::STOP}
                    </button>
                    <span class="small quiet">{words::MAY_CLOSE}</span>
                </Show>
            </p>
        </Show>
        <details open=has_failed>
            <summary>{words::DETAILS}</summary>
            <Windows windows usual clock again busy />
        </details>
    }
}
