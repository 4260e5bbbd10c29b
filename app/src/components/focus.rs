//! Where the keyboard focus goes.

use leptos::html;
use leptos::prelude::*;

/// Moves the focus to an element. A button that shows more disappears, and the focus would be lost with it.
pub fn focus(place: NodeRef<html::Div>) {
    if let Some(place) = place.get_untracked() {
        let _ = place.focus();
    }
}
