//! What answers the help: does what keys do, and shows the list of them or why numbers differ. Fetched when first asked.

use super::HelpRequest;
use super::shortcuts::{self, ShortcutAction};
use crate::context::AppContext;
use crate::presets;
use crate::words;
use crate::words::keys as said;
use crate::words::why::{self, Of, Reason};
use domain::report::Shape;
use domain::view::{Page, View};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement};

/// Under which name this browser keeps whether keys do anything: `start.js` reads it.
const STORAGE_KEY: &str = "lectern-keys";
/// What marks a document whose keys do nothing.
const ATTRIBUTE: &str = "data-keys";
/// What is kept, and what it is marked with.
const DISABLED: &str = "off";

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Topic {
    /// The list of keys.
    Keys,
    /// Why the numbers of the figure of this title may differ from others.
    Why(String),
}

/// The dialog, and whatever is done without it.
#[component]
pub fn HelpDialog() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let place = NodeRef::<html::Dialog>::new();
    let topic = RwSignal::new(Topic::Keys);
    let noted = RwSignal::new("");
    let show = move |what: Topic| {
        topic.set(what);
        if let Some(dialog) = place.get_untracked() {
            let _ = dialog.show_modal();
        }
    };
    let answer = move |asked: HelpRequest| {
        if place.get_untracked().is_none_or(|dialog| dialog.open()) {
            return;
        }
        let act = match asked {
            HelpRequest::Why => return show(Topic::Why(focused_figure_title())),
            HelpRequest::List => Some(ShortcutAction::List),
            HelpRequest::Key(before, key) => shortcuts::find_action(before, key),
        };
        match act {
            Some(ShortcutAction::List) => show(Topic::Keys),
            Some(act) => noted.set(perform_action(act, context)),
            None => {}
        }
    };
    Effect::new(move |_| {
        if let Some(asked) = context.help.last_request() {
            untrack(|| answer(asked));
        }
    });
    let shut = move || {
        if let Some(dialog) = place.get_untracked() {
            dialog.close();
        }
    };
    // What is pressed is the dialog itself only where nothing of it is: beside it.
    let press = move |event: web_sys::MouseEvent| {
        if event.target().is_some_and(|target| target.has_type::<HtmlDialogElement>()) {
            shut();
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
        <p class="unseen" role="status">{move || noted.get()}</p>
        <dialog class="help-dialog" node_ref=place aria-labelledby="help-title" on:click=press>
            <div>
                <div class="help-head">
                    <h2 id="help-title">{title}</h2>
                    <button type="button" on:click=move |_| shut()>{said::CLOSE}</button>
                </div>
                {body}
            </div>
        </dialog>
    }
}

/// The list of keys, and the switch.
#[component]
fn ShortcutList() -> impl IntoView {
    let way = |way: Vec<char>| {
        let keys = way.into_iter().enumerate().map(|(place, key)| {
            view! { {(place > 0).then_some(said::THEN)} <kbd>{key.to_string()}</kbd> }
        });
        keys.collect_view()
    };
    let row = |(act, ways): (ShortcutAction, Vec<Vec<char>>)| {
        let ways = ways.into_iter().enumerate().map(|(place, keys)| {
            view! { {(place > 0).then_some(said::OR)} {way(keys)} }
        });
        view! { <tr><th scope="row">{ways.collect_view()}</th><td>{said::act(act)}</td></tr> }
    };
    let rows = shortcuts::list_shortcuts().into_iter().map(row).collect_view();
    let is_on = document().document_element().is_none_or(|page| !page.has_attribute(ATTRIBUTE));
    let switch = move |event| set_shortcuts_enabled(event_target_checked(&event));
    view! {
        <p>{said::WHEN}</p>
        <label class="written">
            <input type="checkbox" aria-describedby="help-switch" prop:checked=is_on on:change=switch />
            <span>{said::SWITCH}</span>
        </label>
        <p id="help-switch" class="quiet small">{said::SWITCH_IS}</p>
        <table>
            <caption class="unseen">{said::LIST}</caption>
            <thead><tr><th scope="col">{said::KEY}</th><th scope="col">{said::DOES}</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <p class="quiet small">{said::ELSEWHERE}</p>
        <p class="quiet small">{said::WHY_IS}</p>
    }
}

/// Why numbers of what is on the screen may differ from others.
#[component]
fn Reasons(figure: String, view: View) -> impl IntoView {
    let of = match view.page {
        Page::Course => Of::Course,
        _ => Of::Report(view.known_report()),
    };
    let reason = |Reason { head, told }: Reason| view! { <dt>{head}</dt> <dd>{told}</dd> };
    let reasons = why::reasons(of).into_iter().map(reason).collect_view();
    let of = (!figure.is_empty()).then(|| why::of(&figure));
    view! {
        <p class="quiet">{of}</p>
        <dl>{reasons}</dl>
    }
}

/// Lets keys do something, or nothing any more. A browser that keeps nothing has it until the page is left.
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

/// The title of the figure that has the focus.
fn focused_figure_title() -> String {
    let focused = document().active_element();
    let figure = focused.and_then(|focused| focused.closest(".figure").ok().flatten());
    let title = figure.and_then(|figure| figure.query_selector("h2").ok().flatten());
    title.and_then(|title| title.text_content()).unwrap_or_default()
}

/// Does what a key does, and gives what is to be said of it.
fn perform_action(act: ShortcutAction, context: AppContext) -> &'static str {
    let view = context.navigation.view();
    match act {
        ShortcutAction::List => "",
        ShortcutAction::Go(place) => {
            context.navigation.navigate(view.with_page(place));
            ""
        }
        ShortcutAction::Earlier | ShortcutAction::Later => {
            let range = view.range.filter(|_| has_days(context, &view)).and_then(|range| {
                let today = context.zone(&view).day_of(context.clock.now());
                if act == ShortcutAction::Earlier {
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
            if names_hidden { said::NAMES_HIDDEN } else { said::NAMES_SHOWN }
        }
        ShortcutAction::Names => "",
    }
}

/// Whether days can be chosen of what is on the screen.
fn has_days(context: AppContext, view: &View) -> bool {
    match view.page {
        Page::Course => true,
        Page::Overview => {
            context.report(view.report_name()).is_some_and(|info| info.shape != Shape::Snapshot)
        }
        _ => false,
    }
}

/// Opens the numbers of all figures, or shuts them where all are open.
fn toggle_numbers() -> &'static str {
    let Ok(found) = document().query_selector_all(".figure > .numbers") else { return "" };
    let numbers: Vec<Element> =
        (0..found.length()).filter_map(|place| found.get(place)?.dyn_into().ok()).collect();
    let is_open = |it: &Element| it.has_attribute("open");
    let are_open = numbers.iter().all(is_open);
    for it in &numbers {
        let _ = if are_open { it.remove_attribute("open") } else { it.set_attribute("open", "") };
    }
    match (numbers.is_empty(), are_open) {
        (true, _) => "",
        (false, true) => said::NUMBERS_SHUT,
        (false, false) => said::NUMBERS_OPEN,
    }
}
