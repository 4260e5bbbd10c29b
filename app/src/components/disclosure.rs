//! What every panel behind a button does: Escape and whatever happens outside close it.
//!
//! The button and its panel are the browser's own disclosure, so that they work by keyboard and are read out right.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, Node};

/// Closes a panel; the focus goes back to its button.
pub fn close(panel: NodeRef<html::Details>) {
    if let Some(details) = close_without_focus(panel) {
        let summary = details.query_selector("summary").ok().flatten();
        if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok()) {
            let _ = summary.focus();
        }
    }
}

/// Closes a panel and leaves the focus alone; gives the panel if it was open.
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

/// Closes a panel as soon as something outside is pressed or gets the focus.
pub fn close_on_outside_event(panel: NodeRef<html::Details>) {
    const EVENTS: [&str; 2] = ["pointerdown", "focusin"];
    let outside = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        let details = panel.try_get_untracked().flatten();
        let is_inside = details.is_some_and(|it| it.unchecked_ref::<Element>().contains(target.as_ref()));
        if !is_inside {
            close_without_focus(panel);
        }
    });
    for event in EVENTS {
        let _ = document().add_event_listener_with_callback(event, outside.as_ref().unchecked_ref());
    }
    let outside = StoredValue::new_local(outside);
    on_cleanup(move || {
        outside.with_value(|outside| {
            for event in EVENTS {
                let listener = outside.as_ref().unchecked_ref();
                let _ = document().remove_event_listener_with_callback(event, listener);
            }
        });
    });
}
