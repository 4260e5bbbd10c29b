//! A button with a panel of choices that lies on top of what follows; a choice of days closes it too.

use crate::components::disclosure;
use leptos::html;
use leptos::prelude::*;

/// The button and its panel.
#[component]
pub fn DropdownMenu(
    /// What the button says: in full, and where there is little room.
    label: Signal<(String, String)>,
    /// What the panel holds: made when it is about to be opened.
    panel: Callback<(), AnyView>,
) -> impl IntoView {
    let place = NodeRef::<html::Details>::new();
    let is_wanted = RwSignal::new(false);
    // Once: to be made anew would take away what has the focus.
    let want = move || {
        if !is_wanted.get_untracked() {
            is_wanted.set(true);
        }
    };
    disclosure::close_on_outside_event(place);
    // The view has moved on: what was chosen is behind the panel. The first label is no choice.
    Effect::new(move |before: Option<(String, String)>| {
        let now = label.get();
        if before.is_some_and(|before| before != now) {
            disclosure::close(place);
        }
        now
    });
    view! {
        <details class="menu" node_ref=place on:keydown=disclosure::close_on_escape(place)
            on:focusin=move |_| want() on:pointerenter=move |_| want() on:toggle=move |_| want()>
            <summary>
                <span class="long">{move || label.get().0}</span>
                <span class="short">{move || label.get().1}</span>
            </summary>
            <div class="panel">{move || is_wanted.get().then(|| panel.run(()))}</div>
        </details>
    }
}
