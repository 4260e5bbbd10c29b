//! The windows of a request as a table: days, state, failed tries, next check, rows, and a button.

use crate::clock::Clock;
use crate::components::state_icon::StateIcon;
use crate::components::support_id::SupportId;
use crate::{locale, words};
use domain::api::{BuildTimes, WindowInfo, WindowStatus};
use leptos::prelude::*;

/// The windows, and what can be done about them.
#[derive(Debug, Clone, Copy)]
pub struct WindowTableInputs {
    /// The windows, oldest first.
    pub windows: Signal<Vec<WindowInfo>>,
    /// Echo360's usual build times.
    pub usual: Signal<Option<BuildTimes>>,
    /// The clock that ages are computed with.
    pub clock: Clock,
    /// Requests the window with this id again.
    pub again: Callback<String>,
    /// Whether an action is under way: the buttons are disabled then.
    pub busy: Signal<bool>,
}

/// A row for each window, newest first. Rows are kept while their numbers change, so that they keep the
/// focus.
#[component]
pub fn WindowTable(
    /// The windows.
    inputs: WindowTableInputs,
) -> impl IntoView {
    let WindowTableInputs { windows, usual, clock, again, busy } = inputs;
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
                    <th scope="col">{protocol::text::STATE}</th>
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
    let field = move |read: fn(&WindowInfo) -> Option<String>| {
        Memo::new(move |_| window.with(|window| window.as_ref().and_then(read)))
    };
    let icon = Memo::new(move |_| {
        window.with(|w| w.as_ref().map(|w| (w.state, w.again.is_some_and(WindowStatus::is_under_way))))
    });
    let days = field(|window| Some(words::window_days(window)));
    let rows = field(|window| window.copy.as_ref().and_then(|copy| copy.rows).map(locale::format_count));
    let fault = field(|window| window.fault.clone());
    let support = field(|window| {
        let has_failed_try = window.state == WindowStatus::Failed || window.fault.is_some();
        window.upstream_request_id.clone().filter(|_| has_failed_try)
    });
    let state = move || window.get().map(|w| words::window_state(&w, clock.now(), usual.get()));
    // Failed tries, and the next step.
    let attempts = move || {
        let window = window.get()?;
        let parts: Vec<String> = [words::tries_note(&window), words::next_step_note(&window, clock.now())]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| view! { <p class="small quiet">{parts.join("; ")}</p> })
    };
    let action = Memo::new(move |_| match icon.get() {
        Some((WindowStatus::Failed, _)) => Some(words::TRY_AGAIN),
        Some((WindowStatus::Ready | WindowStatus::Provisional | WindowStatus::Forgotten, false)) => {
            Some(words::REQUEST_AGAIN)
        }
        _ => None,
    });
    let request_again = move |_| {
        if let Some(window) = window.get_untracked() {
            again.run(window.id);
        }
    };
    view! {
        <tr data-state=move || icon.get().map(|(state, _)| words::state_key(state))>
            <th scope="row">{move || days.get()}</th>
            <td>
                <p>
                    {move || icon.get().map(|(state, is_renewed)| view! { <StateIcon state is_renewed /> })}
                    {state}
                </p>
                {attempts}
                {move || fault.get().map(|fault| view! { <p class="small quiet">{fault}</p> })}
                {move || support.get().map(|id| view! { <SupportId id /> })}
            </td>
            <td class="number">{move || rows.get()}</td>
            <td>
                {move || action.get().map(|label| view! {
                    <button type="button" class="plain" on:click=request_again disabled=move || busy.get()>
                        {label} <span class="unseen">" (" {move || days.get()} ")"</span>
                    </button>
                })}
            </td>
        </tr>
    }
}
