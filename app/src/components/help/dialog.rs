//! The help dialog: performs shortcuts, lists them, and explains why numbers differ. Loaded on first use.

use super::HelpRequest;
use super::shortcuts::{self, ShortcutAction};
use crate::context::AppContext;
use crate::presets;
use crate::words;
use crate::words::keys as text;
use crate::words::why::{self, Reason, Subject};
use domain::report::Shape;
use domain::view::{Page, View};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement};

/// The `localStorage` key that stores whether shortcuts are off; `start.js` reads it.
const STORAGE_KEY: &str = "lectern-keys";
/// The attribute of the document element while shortcuts are off.
const ATTRIBUTE: &str = "data-keys";
/// The value of both.
const DISABLED: &str = "off";

/// The content of the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Topic {
    /// The list of shortcuts.
    Keys,
    /// Why the numbers of the figure with this title may differ from others.
    Why(String),
}

/// The dialog. Shortcuts are performed without opening it.
#[component]
pub fn HelpDialog() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let place = NodeRef::<html::Dialog>::new();
    let topic = RwSignal::new(Topic::Keys);
    let announcement = RwSignal::new("");
    let show = move |new_topic: Topic| {
        topic.set(new_topic);
        if let Some(dialog) = place.get_untracked() {
            let _ = dialog.show_modal();
        }
    };
    let handle = move |request: HelpRequest| {
        if place.get_untracked().is_none_or(|dialog| dialog.open()) {
            return;
        }
        let action = match request {
            HelpRequest::Why => return show(Topic::Why(focused_figure_title())),
            HelpRequest::List => Some(ShortcutAction::List),
            HelpRequest::Key(before, key) => shortcuts::find_action(before, key),
        };
        match action {
            Some(ShortcutAction::List) => show(Topic::Keys),
            Some(action) => announcement.set(perform_action(action, context)),
            None => {}
        }
    };
    Effect::new(move |_| {
        if let Some(request) = context.help.last_request() {
            untrack(|| handle(request));
        }
    });
    let close = move || {
        if let Some(dialog) = place.get_untracked() {
            dialog.close();
        }
    };
    // The dialog itself is the target only for a press on its backdrop: its content covers the rest.
    let press = move |event: web_sys::MouseEvent| {
        if event.target().is_some_and(|target| target.has_type::<HtmlDialogElement>()) {
            close();
        }
    };
    let title = move || topic.with(|topic| if *topic == Topic::Keys { words::HELP } else { why::TITLE });
    let body = move || match topic.get() {
        Topic::Keys => view! { <ShortcutList /> }.into_any(),
        Topic::Why(figure) => {
            let view = untrack(|| context.navigation.view());
            view! { <Reasons figure view /> }.into_any()
        }
    };
    view! {
        <p class="unseen" role="status">{move || announcement.get()}</p>
        <dialog class="help-dialog" node_ref=place aria-labelledby="help-title" on:click=press>
            <div>
                <div class="help-head">
                    <h2 id="help-title">{title}</h2>
                    <button type="button" on:click=move |_| close()>{text::CLOSE}</button>
                </div>
                {body}
            </div>
        </dialog>
    }
}

/// The list of shortcuts, and the switch that turns them off.
#[component]
fn ShortcutList() -> impl IntoView {
    let sequence = |keys: Vec<char>| {
        let keys = keys.into_iter().enumerate().map(|(index, key)| {
            view! { {(index > 0).then_some(text::THEN)} <kbd>{key.to_string()}</kbd> }
        });
        keys.collect_view()
    };
    let row = |(action, sequences): (ShortcutAction, Vec<Vec<char>>)| {
        let sequences = sequences.into_iter().enumerate().map(|(index, keys)| {
            view! { {(index > 0).then_some(text::OR)} {sequence(keys)} }
        });
        view! { <tr><th scope="row">{sequences.collect_view()}</th><td>{text::action(action)}</td></tr> }
    };
    let rows = shortcuts::list_shortcuts().into_iter().map(row).collect_view();
    let is_on = document().document_element().is_none_or(|page| !page.has_attribute(ATTRIBUTE));
    let switch = move |event| set_shortcuts_enabled(event_target_checked(&event));
    view! {
        <p>{text::WHEN}</p>
        <label class="written">
            <input type="checkbox" aria-describedby="help-switch" prop:checked=is_on on:change=switch />
            <span>{text::ENABLE}</span>
        </label>
        <p id="help-switch" class="quiet small">{text::ENABLE_IS}</p>
        <table>
            <caption class="unseen">{text::SHORTCUTS}</caption>
            <thead><tr><th scope="col">{text::KEY}</th><th scope="col">{text::ACTION}</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <p class="quiet small">{text::OTHER_KEYS}</p>
        <p class="quiet small">{text::WHERE_REASONS_ARE}</p>
    }
}

/// Why the numbers of a view may differ from others.
#[component]
fn Reasons(figure: String, view: View) -> impl IntoView {
    let subject = match view.page {
        Page::Course => Subject::Course,
        _ => Subject::Report(view.known_report()),
    };
    let reason =
        |Reason { heading, explanation }: Reason| view! { <dt>{heading}</dt> <dd>{explanation}</dd> };
    let reasons = why::reasons(subject).into_iter().map(reason).collect_view();
    let about = (!figure.is_empty()).then(|| why::about_figure(&figure));
    view! {
        <p class="quiet">{about}</p>
        <dl>{reasons}</dl>
    }
}

/// Turns shortcuts on or off. Without `localStorage` the choice lasts until the page is left.
fn set_shortcuts_enabled(is_on: bool) {
    let page = document().document_element();
    let storage = window().local_storage().ok().flatten();
    if is_on {
        let _ = page.map(|page| page.remove_attribute(ATTRIBUTE));
        let _ = storage.map(|storage| storage.remove_item(STORAGE_KEY));
    } else {
        let _ = page.map(|page| page.set_attribute(ATTRIBUTE, DISABLED));
        let _ = storage.map(|storage| storage.set_item(STORAGE_KEY, DISABLED));
    }
}

/// The title of the figure that contains the focus; empty without one.
fn focused_figure_title() -> String {
    let focused = document().active_element();
    let figure = focused.and_then(|focused| focused.closest(".figure").ok().flatten());
    let title = figure.and_then(|figure| figure.query_selector("h2").ok().flatten());
    title.and_then(|title| title.text_content()).unwrap_or_default()
}

/// Performs a shortcut and returns its announcement for screen readers, which may be empty.
fn perform_action(action: ShortcutAction, context: AppContext) -> &'static str {
    let view = context.navigation.view();
    match action {
        ShortcutAction::List => "",
        ShortcutAction::Go(page) => {
            context.navigation.navigate(view.with_page(page));
            ""
        }
        ShortcutAction::Earlier | ShortcutAction::Later => {
            let range = view.range.filter(|_| has_days(context, &view)).and_then(|range| {
                let today = context.zone(&view).day_of(context.clock.now());
                if action == ShortcutAction::Earlier {
                    presets::step_back(range)
                } else {
                    presets::step_forward(range, today)
                }
            });
            if range.is_some() {
                context.navigation.navigate(view.with_range(range));
            }
            ""
        }
        ShortcutAction::Search => {
            let field = document().query_selector("#content input[type=search]").ok().flatten();
            if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
                let _ = field.focus();
            }
            ""
        }
        ShortcutAction::Numbers => toggle_numbers(),
        ShortcutAction::Names
            if view.page == Page::Course && view.course.is_some() && view.range.is_some() =>
        {
            let names_hidden = !view.names_hidden;
            context.navigation.navigate(View { names_hidden, ..view });
            if names_hidden { text::NAMES_HIDDEN } else { text::NAMES_SHOWN }
        }
        ShortcutAction::Names => "",
    }
}

/// Whether days can be chosen on this page.
fn has_days(context: AppContext, view: &View) -> bool {
    match view.page {
        Page::Course => true,
        Page::Overview => {
            context.report(view.report_name()).is_some_and(|info| info.shape != Shape::Snapshot)
        }
        _ => false,
    }
}

/// Opens the tables of numbers of all figures, or closes them if all are open.
fn toggle_numbers() -> &'static str {
    let Ok(found) = document().query_selector_all(".figure > .numbers") else { return "" };
    let numbers: Vec<Element> =
        (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect();
    let is_open = |it: &Element| it.has_attribute("open");
    let are_open = numbers.iter().all(is_open);
    for it in &numbers {
        let _ = if are_open { it.remove_attribute("open") } else { it.set_attribute("open", "") };
    }
    match (numbers.is_empty(), are_open) {
        (true, _) => "",
        (false, true) => text::NUMBERS_HIDDEN,
        (false, false) => text::NUMBERS_SHOWN,
    }
}
