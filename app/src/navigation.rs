//! Navigation: the current view is a signal derived from the URL, and changing the URL is the only way to
//! change it.
//!
//! The History API, a signal and one listener for links replace a router: `leptos_router` would add 45 KB,
//! and several changes of the query in one frame would overwrite each other. Links are plain `<a href>`,
//! which can be copied, opened in a new tab and announced; a click without a modifier key changes the view
//! without loading a page. A click on a link to a file of the API saves the file, whatever keys are held.

use crate::downloads;
use domain::view::{Page, View};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, MouseEvent};

/// The view in the address bar, as a signal, and the browser's history.
#[derive(Debug, Clone, Copy)]
pub struct Navigation {
    view: RwSignal<View>,
    /// Whether this animation frame has added a history entry already.
    has_history_entry: StoredValue<bool>,
}

impl Navigation {
    /// Reads the URL and starts listening for changes of it. Call it once.
    #[must_use]
    pub fn new() -> Self {
        let new = Self { view: RwSignal::new(current_view()), has_history_entry: StoredValue::new(false) };
        let back = Closure::<dyn Fn(Event)>::new(move |_| new.view.set(current_view()));
        let link = Closure::<dyn Fn(Event)>::new(move |event| new.follow_link(&event));
        let _ = window().add_event_listener_with_callback("popstate", back.as_ref().unchecked_ref());
        let _ = document().add_event_listener_with_callback("click", link.as_ref().unchecked_ref());
        // The listeners live as long as the page.
        back.forget();
        link.forget();
        new
    }

    /// The current view. Tracked.
    #[must_use]
    pub fn view(self) -> View {
        self.view.get()
    }

    /// Navigates to another view without scrolling. Several changes in one animation frame add one history
    /// entry.
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
        let link = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten());
        let Some(link) = link else { return };
        let href = link.get_attribute("href").unwrap_or_default();
        if mouse.button() != 0 || event.default_prevented() {
            return;
        }
        let is_file = link.has_attribute("download");
        if is_file && href.starts_with("/api/") {
            // With a modifier key, too: with Alt, Chromium saves what a link leads to.
            event.prevent_default();
            return downloads::save_api_file(href);
        }
        let has_modifier = mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key() || mouse.alt_key();
        if is_file || has_modifier || link.has_attribute("target") {
            return;
        }
        let (path, query) = href.split_once('?').unwrap_or((&href, ""));
        if Page::ALL.iter().any(|page| page.path() == path) {
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
