//! The way to the help: its button, the keys that are listened for, and what has been asked of it.
//!
//! What answers is fetched when it is first asked, so little stands here: which [`shortcuts`] there are and what they do is
//! not known, only their characters. [`dialog`]: what answers.

pub mod dialog;
pub mod shortcuts;

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, KeyboardEvent};

/// Every key that does something, alone or after another.
pub const KEYS: &str = "?[],.gcrqfnhy";

/// What is asked without a key: the list of keys.
const LIST: char = '≡';

/// What is asked without a key: why numbers differ.
const WHY: char = '≠';

/// Where a key is somebody else's: fields, lists of choices, open menus, whatever lies on top of the page; and all of a
/// document whose keys are switched off ([`dialog`] marks it, and `start.js` when the page is loaded).
const IGNORED_TARGETS: &str = "input:not([type=checkbox]),select,textarea,[contenteditable],dialog,.menu[open],.figure-menu[open],[data-keys=off]";

/// What has been asked of the help: the last two characters, 16 bits each. A number, since every type in a signal
/// weighs on the first view; two, since a second key may come before what answers is here.
#[derive(Debug, Clone, Copy)]
pub struct HelpRequests(RwSignal<u32>);

/// What the help can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelpRequest {
    /// Whatever a key does after another.
    Key(Option<char>, char),
    /// The list of keys.
    List,
    /// Why the numbers of what has the focus may differ from others.
    Why,
}

impl HelpRequests {
    /// Listens as long as the page lives. To be called once.
    #[must_use]
    pub fn new() -> Self {
        let new = Self(RwSignal::new(0));
        let press = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if let Some(key) = shortcut_key(&event) {
                // Or what gets the focus by it would have its letter typed into it.
                event.prevent_default();
                new.record(key);
            }
        });
        let _ = document().add_event_listener_with_callback("keydown", press.as_ref().unchecked_ref());
        press.forget();
        new
    }

    fn record(self, what: char) {
        self.0.update(|last| *last = *last << 16 | u32::from(what));
    }

    /// Asks why the numbers of what has the focus may differ from others.
    pub fn request_explanation(self) {
        self.record(WHY);
    }

    /// What has been asked last.
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

/// The key that was pressed, where it is one of [`KEYS`] and nobody else's. Shift is part of what `?` is.
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

/// The button, and what answers as soon as something has been asked.
#[component]
pub fn HelpButton() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let is_asked = Memo::new(move |_| context.help.0.get() > 0);
    view! {
        <button type="button" class="top-help" aria-label=words::HELP aria-haspopup="dialog"
            on:click=move |_| context.help.record(LIST)>"?"</button>
        <div class="help">
            {move || is_asked.get().then(|| render_lazy(context.components.help_dialog, (), Placeholder::Line))}
        </div>
    }
}
