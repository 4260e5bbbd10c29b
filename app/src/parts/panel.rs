//! What every panel behind a button does: Escape and whatever happens elsewhere close it.
//!
//! The button and its panel are the browser's own disclosure, so that they work by keyboard and are read out right.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, Node};

/// Closes a panel; the focus goes back to its button.
pub fn shut(panel: NodeRef<html::Details>) {
    if let Some(details) = shut_where_it_is(panel) {
        let summary = details.query_selector("summary").ok().flatten();
        if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok()) {
            let _ = summary.focus();
        }
    }
}

/// Closes a panel and leaves the focus alone; gives the panel if it was open.
fn shut_where_it_is(panel: NodeRef<html::Details>) -> Option<Element> {
    let details: Element = panel.try_get_untracked().flatten()?.unchecked_into();
    details.has_attribute("open").then(|| {
        let _ = details.remove_attribute("open");
        details
    })
}

/// Closes a panel on Escape.
pub fn on_escape(panel: NodeRef<html::Details>) -> impl Fn(KeyboardEvent) + Copy {
    move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            shut(panel);
        }
    }
}

/// Closes a panel as soon as something outside is pressed or gets the focus.
pub fn shut_elsewhere(panel: NodeRef<html::Details>) {
    const EVENTS: [&str; 2] = ["pointerdown", "focusin"];
    let elsewhere = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        let details = panel.try_get_untracked().flatten();
        let is_inside = details.is_some_and(|it| it.unchecked_ref::<Element>().contains(target.as_ref()));
        if !is_inside {
            shut_where_it_is(panel);
        }
    });
    for event in EVENTS {
        let _ = document().add_event_listener_with_callback(event, elsewhere.as_ref().unchecked_ref());
    }
    let elsewhere = StoredValue::new_local(elsewhere);
    on_cleanup(move || {
        elsewhere.with_value(|elsewhere| {
            for event in EVENTS {
                let hear = elsewhere.as_ref().unchecked_ref();
                let _ = document().remove_event_listener_with_callback(event, hear);
            }
        });
    });
}
