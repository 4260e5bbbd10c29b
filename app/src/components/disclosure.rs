//! Panels that a button opens. Escape closes them, and so does a press or the focus outside.
//!
//! A button and its panel are the browser's `details` element, which works by keyboard and with screen
//! readers.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, Node};

/// A button and its panel, which is created shortly before it is first opened.
#[component]
pub fn Disclosure(
    /// The class of the element around both.
    class: &'static str,
    /// The class of the panel.
    panel_class: &'static str,
    /// The element around both.
    place: NodeRef<html::Details>,
    /// The button: a `summary`.
    summary: AnyView,
    /// The panel's content.
    panel: Callback<(), AnyView>,
) -> impl IntoView {
    let is_needed = RwSignal::new(false);
    // Only once: creating the content anew would remove the element that has the focus.
    let create = move || {
        if !is_needed.get_untracked() {
            is_needed.set(true);
        }
    };
    close_on_outside_event(place);
    view! {
        <details class=class node_ref=place on:keydown=close_on_escape(place)
            on:focusin=move |_| create() on:pointerenter=move |_| create() on:toggle=move |_| create()>
            {summary}
            <div class=panel_class>{move || is_needed.get().then(|| panel.run(()))}</div>
        </details>
    }
}

/// Closes a panel and returns the focus to its button.
pub fn close(panel: NodeRef<html::Details>) {
    if let Some(details) = close_without_focus(panel) {
        let summary = details.query_selector("summary").ok().flatten();
        if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok()) {
            let _ = summary.focus();
        }
    }
}

/// Closes a panel without moving the focus; returns the panel if it was open.
fn close_without_focus(panel: NodeRef<html::Details>) -> Option<Element> {
    let details: Element = panel.try_get_untracked().flatten()?.unchecked_into();
    details.has_attribute("open").then(|| {
        let _ = details.remove_attribute("open");
        details
    })
}

/// Closes a panel on Escape.
pub fn close_on_escape(panel: NodeRef<html::Details>) -> impl Fn(KeyboardEvent) + Copy {
    move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close(panel);
        }
    }
}

/// Closes a panel when something outside it is pressed or gets the focus, until the component is unmounted.
pub fn close_on_outside_event(panel: NodeRef<html::Details>) {
    const EVENTS: [&str; 2] = ["pointerdown", "focusin"];
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        let details = panel.try_get_untracked().flatten();
        let is_inside = details.is_some_and(|it| it.unchecked_ref::<Element>().contains(target.as_ref()));
        if !is_inside {
            close_without_focus(panel);
        }
    });
    for event in EVENTS {
        let _ = document().add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    }
    let listener = StoredValue::new_local(listener);
    on_cleanup(move || {
        listener.with_value(|listener| {
            for event in EVENTS {
                let listener = listener.as_ref().unchecked_ref();
                let _ = document().remove_event_listener_with_callback(event, listener);
            }
        });
    });
}
