//! The help button, and the listener for keyboard shortcuts.
//!
//! [`dialog`], which shows help and performs shortcuts, is loaded on first use. To keep the first load small,
//! this module knows only the characters of [`shortcuts`], not what they do.

pub mod dialog;
pub mod shortcuts;

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, KeyboardEvent};

/// The keys of all shortcuts, including the first keys of two-key shortcuts.
pub const KEYS: &str = "?[],.gcrqfnhy";

/// Recorded in place of a key: show the list of shortcuts.
const LIST: char = '≡';

/// Recorded in place of a key: show why numbers differ.
const WHY: char = '≠';

/// Elements that handle keys themselves: fields, lists of options, open menus, dialogs. Also the whole
/// document while shortcuts are off: [`dialog`] sets `data-keys`, and `start.js` does so when the page is
/// loaded.
const IGNORED_TARGETS: &str = "input:not([type=checkbox]),select,textarea,[contenteditable],dialog,.menu[open],.figure-menu[open],[data-keys=off]";

/// The last two recorded characters, 16 bits each, the latest in the low bits. A plain number, since every
/// further type in a signal adds to the first load; two characters, since a second key may be pressed before
/// the dialog is loaded.
#[derive(Debug, Clone, Copy)]
pub struct HelpRequests(RwSignal<u32>);

/// A request to the help dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelpRequest {
    /// Perform the shortcut of this key; the first value is the key that was pressed before it.
    Key(Option<char>, char),
    /// Show the list of shortcuts.
    List,
    /// Explain why the numbers of the focused figure may differ from others.
    Why,
}

impl HelpRequests {
    /// Starts listening for keys, for the lifetime of the page. Call it once.
    #[must_use]
    pub fn new() -> Self {
        let new = Self(RwSignal::new(0));
        let press = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if let Some(key) = shortcut_key(&event) {
                // Otherwise a field that the shortcut focuses would receive the letter.
                event.prevent_default();
                new.record(key);
            }
        });
        let _ = document().add_event_listener_with_callback("keydown", press.as_ref().unchecked_ref());
        press.forget();
        new
    }

    fn record(self, character: char) {
        self.0.update(|last| *last = *last << 16 | u32::from(character));
    }

    /// Requests an explanation of why the numbers of the focused figure may differ from others.
    pub fn request_explanation(self) {
        self.record(WHY);
    }

    /// The latest request.
    #[must_use]
    pub fn last_request(self) -> Option<HelpRequest> {
        let last = self.0.get();
        let character = |code: u32| char::from_u32(code).filter(|it| *it != '\0');
        match character(last & 0xffff)? {
            LIST => Some(HelpRequest::List),
            WHY => Some(HelpRequest::Why),
            key => Some(HelpRequest::Key(character(last >> 16), key)),
        }
    }
}

impl Default for HelpRequests {
    fn default() -> Self {
        Self::new()
    }
}

/// The pressed key, if it is one of [`KEYS`] and no element handles it itself. Shift is allowed: `?` needs
/// it.
fn shortcut_key(event: &KeyboardEvent) -> Option<char> {
    let is_ignored = event.ctrl_key()
        || event.alt_key()
        || event.meta_key()
        || event.repeat()
        || event.is_composing()
        || event.default_prevented();
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let key = event.key();
    if is_ignored || key.len() != 1 || target.closest(IGNORED_TARGETS).ok()?.is_some() {
        return None;
    }
    key.chars().next().filter(|key| KEYS.contains(*key))
}

/// The help button; the dialog is loaded on the first request.
#[component]
pub fn HelpButton() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let is_requested = Memo::new(move |_| context.help.0.get() > 0);
    view! {
        <button type="button" class="top-help" aria-label=words::HELP aria-haspopup="dialog"
            on:click=move |_| context.help.record(LIST)>"?"</button>
        <div class="help">
            {move || is_requested.get().then(|| render_lazy(context.components.help_dialog, (), Placeholder::Line))}
        </div>
    }
}
