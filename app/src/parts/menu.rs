//! A button with a panel that lies on top of what follows; Escape, a click elsewhere and a choice of days close it.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, KeyboardEvent, Node};

/// The button and its panel: the browser's own disclosure, so that it works by keyboard and is read out right.
#[component]
pub fn Menu(
    /// What the button says: in full, and where there is little room.
    label: Signal<(String, String)>,
    /// What the panel holds.
    children: Children,
) -> impl IntoView {
    let place = NodeRef::<html::Details>::new();
    let close = move |and_focus: bool| {
        let Some(details) = place.get_untracked() else { return };
        if !details.has_attribute("open") {
            return;
        }
        let _ = details.remove_attribute("open");
        let summary = details.query_selector("summary").ok().flatten();
        if let Some(summary) =
            summary.filter(|_| and_focus).and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = summary.focus();
        }
    };
    // The view has moved on: what was chosen is behind the panel. The first label is no choice.
    Effect::new(move |before: Option<(String, String)>| {
        let now = label.get();
        if before.is_some_and(|before| before != now) {
            close(true);
        }
        now
    });
    let elsewhere = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        let is_inside = place
            .try_get_untracked()
            .flatten()
            .is_some_and(|details| details.unchecked_ref::<Element>().contains(target.as_ref()));
        if !is_inside {
            close(false);
        }
    });
    for event in ["pointerdown", "focusin"] {
        let _ = document().add_event_listener_with_callback(event, elsewhere.as_ref().unchecked_ref());
    }
    let elsewhere = StoredValue::new_local(elsewhere);
    on_cleanup(move || {
        elsewhere.with_value(|elsewhere| {
            for event in ["pointerdown", "focusin"] {
                let _ =
                    document().remove_event_listener_with_callback(event, elsewhere.as_ref().unchecked_ref());
            }
        });
    });
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close(true);
        }
    };
    view! {
        <details class="menu" node_ref=place on:keydown=escape>
            <summary>
                <span class="long">{move || label.get().0}</span>
                <span class="short">{move || label.get().1}</span>
            </summary>
            <div class="panel">{children()}</div>
        </details>
    }
}
