//! The view, derived from the URL; and the only way to change it.
//!
//! Two routes and one query codec need no router: this is the History API, a signal and one listener for
//! links, where `leptos_router` would add 45 KB and two ways to fight over the query in one frame.
//! Links are plain `<a href>`: they can be copied, opened in a new tab and read out, and without a modifier
//! key they change the view without a load.

use domain::view::{Page, View};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, MouseEvent};

/// The address bar and the browser's history, as a signal.
#[derive(Debug, Clone, Copy)]
pub struct Navigation {
    view: RwSignal<View>,
    /// Whether this frame has an entry in the history already.
    has_history_entry: StoredValue<bool>,
}

impl Navigation {
    /// Reads the address and keeps reading it. To be called once.
    #[must_use]
    pub fn new() -> Self {
        let new = Self { view: RwSignal::new(current_view()), has_history_entry: StoredValue::new(false) };
        let back = Closure::<dyn Fn(Event)>::new(move |_| new.view.set(current_view()));
        let link = Closure::<dyn Fn(Event)>::new(move |event| new.follow_link(&event));
        let _ = window().add_event_listener_with_callback("popstate", back.as_ref().unchecked_ref());
        let _ = document().add_event_listener_with_callback("click", link.as_ref().unchecked_ref());
        // Both listen as long as the page lives.
        back.forget();
        link.forget();
        new
    }

    /// What is on the screen.
    #[must_use]
    pub fn view(self) -> View {
        self.view.get()
    }

    /// Goes to another view. Several changes in one frame make one entry in the history; nothing scrolls.
    pub fn navigate(self, view: View) {
        if view == self.view.get_untracked() {
            return;
        }
        if let Ok(history) = window().history() {
            let url = view.to_url();
            let _ = if self.has_history_entry.get_value() {
                history.replace_state_with_url(&JsValue::NULL, "", Some(&url))
            } else {
                history.push_state_with_url(&JsValue::NULL, "", Some(&url))
            };
        }
        self.has_history_entry.set_value(true);
        request_animation_frame(move || self.has_history_entry.set_value(false));
        self.view.set(view);
    }

    fn follow_link(self, event: &Event) {
        let Some(mouse) = event.dyn_ref::<MouseEvent>() else { return };
        let modified = mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key() || mouse.alt_key();
        let link = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten());
        let Some(link) = link else { return };
        let href = link.get_attribute("href").unwrap_or_default();
        let elsewhere = link.has_attribute("download") || link.has_attribute("target");
        if modified || mouse.button() != 0 || elsewhere || event.default_prevented() {
            return;
        }
        let (path, query) = href.split_once('?').unwrap_or((&href, ""));
        if Page::ALL.iter().any(|place| place.path() == path) {
            event.prevent_default();
            self.navigate(View::parse(path, query));
        }
    }
}

impl Default for Navigation {
    fn default() -> Self {
        Self::new()
    }
}

/// The view in the address bar.
#[must_use]
pub fn current_view() -> View {
    let location = window().location();
    View::parse(&location.pathname().unwrap_or_default(), &location.search().unwrap_or_default())
}
