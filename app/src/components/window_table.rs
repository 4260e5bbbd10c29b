//! The windows of a request as a table: days, state, tries, next look, rows; and what can be done about each.

use crate::clock::Clock;
use crate::components::state_icon::StateIcon;
use crate::components::support_id::SupportId;
use crate::{locale, words};
use domain::api::{BuildTimes, WindowInfo, WindowStatus};
use leptos::prelude::*;

/// A row for each window, newest first. A row stays while its numbers change, and the focus in it.
#[component]
pub fn WindowTable(
    /// Oldest first.
    #[prop(into)]
    windows: Signal<Vec<WindowInfo>>,
    /// How long Echo360 usually takes.
    #[prop(into)]
    usual: Signal<Option<BuildTimes>>,
    /// For ages.
    clock: Clock,
    /// Asks again for the window of this id.
    again: Callback<String>,
    /// Whether something that was clicked is being done.
    #[prop(into)]
    busy: Signal<bool>,
) -> impl IntoView {
    let ids =
        move || windows.with(|all| all.iter().rev().map(|window| window.id.clone()).collect::<Vec<_>>());
    let row = move |id: String| {
        let window = Memo::new(move |_| windows.with(|all| all.iter().find(|w| w.id == id).cloned()));
        move || window.with(Option::is_some).then(|| view! { <WindowRow window usual clock again busy /> })
    };
    view! {
        <table class="windows">
            <caption>{words::WINDOWS}</caption>
            <thead>
                <tr>
                    <th scope="col">{words::DAYS}</th>
                    <th scope="col">{words::STATE}</th>
                    <th scope="col" class="number">{words::ROWS}</th>
                    <th scope="col"><span class="unseen">{words::ACTION}</span></th>
                </tr>
            </thead>
            <tbody><For each=ids key=String::clone children=row /></tbody>
        </table>
    }
}

#[component]
fn WindowRow(
    window: Memo<Option<WindowInfo>>,
    usual: Signal<Option<BuildTimes>>,
    clock: Clock,
    again: Callback<String>,
    busy: Signal<bool>,
) -> impl IntoView {
    let of = move |read: fn(&WindowInfo) -> Option<String>| {
        Memo::new(move |_| window.with(|window| window.as_ref().and_then(read)))
    };
    let shape = Memo::new(move |_| {
        window.with(|w| w.as_ref().map(|w| (w.state, w.again.is_some_and(WindowStatus::is_under_way))))
    });
    let days = of(|window| Some(words::window_days(window)));
    let rows = of(|window| window.copy.as_ref().and_then(|copy| copy.rows).map(locale::format_count));
    let fault = of(|window| window.fault.clone());
    let support = of(|window| {
        let went_wrong = window.state == WindowStatus::Failed || window.fault.is_some();
        window.upstream_request_id.clone().filter(|_| went_wrong)
    });
    let state = move || window.get().map(|w| words::window_state(&w, clock.now(), usual.get()));
    // How often it was tried, and what comes next.
    let course = move || {
        let window = window.get()?;
        let parts: Vec<String> =
            [words::tried(&window), words::next(&window, clock.now())].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| view! { <p class="small quiet">{parts.join("; ")}</p> })
    };
    let action = Memo::new(move |_| match shape.get() {
        Some((WindowStatus::Failed, _)) => Some(words::TRY_AGAIN),
        Some((WindowStatus::Ready | WindowStatus::Provisional | WindowStatus::Forgotten, false)) => {
            Some(words::ASK_AGAIN)
        }
        _ => None,
    });
    let ask = move |_| {
        if let Some(window) = window.get_untracked() {
            again.run(window.id);
        }
    };
    view! {
        <tr data-state=move || shape.get().map(|(state, _)| words::state_key(state))>
            <th scope="row">{move || days.get()}</th>
            <td>
                <p>
                    {move || shape.get().map(|(state, is_renewed)| view! { <StateIcon state is_renewed /> })}
                    {state}
                </p>
                {course}
                {move || fault.get().map(|fault| view! { <p class="small quiet">{fault}</p> })}
                {move || support.get().map(|id| view! { <SupportId id /> })}
            </td>
            <td class="number">{move || rows.get()}</td>
            <td>
                {move || action.get().map(|word| view! {
                    <button type="button" class="plain" on:click=ask disabled=move || busy.get()>
                        {word} <span class="unseen">" (" {move || days.get()} ")"</span>
                    </button>
                })}
            </td>
        </tr>
    }
}
