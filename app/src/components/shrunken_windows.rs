//! Weeks whose newer copy has lost rows: an administrator compares the two and chooses.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::components::focus::focus;
use crate::context::AppContext;
use crate::{locale, words};
use domain::api::{CopyChoiceRequest, ShrunkenSection, ShrunkenWindow, ShrunkenWindows};
use domain::shrinkage::CopyChoice;
use domain::time::minus_days;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The section; nothing while there is no such week.
#[component]
pub fn ShrunkenWindowList(
    /// The weeks.
    all: ApiSignal<ShrunkenWindows>,
    /// Called after a choice: a request may have been added.
    on_choice: Callback<()>,
) -> impl IntoView {
    let windows = Memo::new(move |_| all.ok().map(|all| all.windows).unwrap_or_default());
    let outcome = RwSignal::new(None::<&'static str>);
    let error = RwSignal::new(None::<ApiError>);
    let busy = RwSignal::new(false);
    let status: NodeRef<html::Div> = NodeRef::new();
    let choose = Callback::new(move |(window, choice): (ShrunkenWindow, CopyChoice)| {
        let is_confirmed = choice == CopyChoice::Keep
            || leptos::prelude::window().confirm_with_message(words::CONFIRM_SMALLER).unwrap_or_default();
        if !is_confirmed {
            return;
        }
        busy.set(true);
        outcome.set(None);
        error.set(None);
        spawn_local(async move {
            let ShrunkenWindow { report, window, .. } = window;
            let result = api_client::choose_copy(&CopyChoiceRequest { report, window, choice }).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    outcome.try_set(Some(words::copy_choice_outcome(choice)));
                    // The button disappears, and the focus would be lost with it. An empty status cannot have it.
                    request_animation_frame(move || focus(status));
                }
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
            all.refetch();
            on_choice.run(());
        });
    });
    let is_shown = move || windows.with(|windows| !windows.is_empty()) || outcome.get().is_some();
    let items = move || {
        windows
            .get()
            .into_iter()
            .map(|window| view! { <ShrunkenWindowItem window busy choose /> })
            .collect_view()
    };
    view! {
        <Show when=is_shown>
            <section class="lines" data-testid="shrunken">
                <h2>{words::SHRUNKEN}</h2>
                <Show when=move || windows.with(|windows| !windows.is_empty())>
                    <p class="quiet">{words::SHRUNKEN_ARE}</p>
                </Show>
                <ul class="plain-list">{items}</ul>
                <div role="status" tabindex="-1" node_ref=status>{move || outcome.get()}</div>
                {move || error.get().map(|error| view! { <ErrorNotice error /> })}
            </section>
        </Show>
    }
}

#[component]
fn ShrunkenWindowItem(
    window: ShrunkenWindow,
    busy: RwSignal<bool>,
    choose: Callback<(ShrunkenWindow, CopyChoice)>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let days = match (window.start, window.end) {
        (Some(start), Some(end)) => locale::format_days(start, minus_days(end, 1).max(start)),
        _ => words::ALL_TIME.to_owned(),
    };
    let title = format!("{}, {days}", context.report_title(window.report.as_str()));
    let button = |choice: CopyChoice, label: &'static str| {
        let (name, window) = (format!("{label}: {title}"), window.clone());
        view! {
            <button type="button" aria-label=name disabled=move || busy.get()
                on:click=move |_| choose.run((window.clone(), choice))>{label}</button>
        }
    };
    let buttons =
        (button(CopyChoice::Keep, words::KEEP_FULLER), button(CopyChoice::Replace, words::USE_SMALLER));
    let section = |section: &ShrunkenSection| view! { <li>{words::section_loss(section)}</li> };
    view! {
        <li class="lines">
            <p><strong>{title.clone()}</strong></p>
            <p class="small">{words::row_loss(&window)}</p>
            <ul class="small">{window.sections.iter().map(section).collect_view()}</ul>
            <p class="in-line">{buttons.0} " " {buttons.1}</p>
        </li>
    }
}
