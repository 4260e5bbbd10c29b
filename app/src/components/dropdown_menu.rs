//! A button that opens a panel of options above the page. Choosing one, which changes the label, closes it.

use crate::components::disclosure;
use leptos::html;
use leptos::prelude::*;

/// The button and its panel.
#[component]
pub fn DropdownMenu(
    /// The button's text: in full, and for narrow screens.
    label: Signal<(String, String)>,
    /// The panel's content, created shortly before it is first opened.
    panel: Callback<(), AnyView>,
) -> impl IntoView {
    let place = NodeRef::<html::Details>::new();
    let is_needed = RwSignal::new(false);
    // Only once: creating it anew would remove the element that has the focus.
    let create = move || {
        if !is_needed.get_untracked() {
            is_needed.set(true);
        }
    };
    disclosure::close_on_outside_event(place);
    // A changed label means that an option was chosen. The first label does not.
    Effect::new(move |before: Option<(String, String)>| {
        let now = label.get();
        if before.is_some_and(|before| before != now) {
            disclosure::close(place);
        }
        now
    });
    view! {
        <details class="menu" node_ref=place on:keydown=disclosure::close_on_escape(place)
            on:focusin=move |_| create() on:pointerenter=move |_| create() on:toggle=move |_| create()>
            <summary>
                <span class="long">{move || label.get().0}</span>
                <span class="short">{move || label.get().1}</span>
            </summary>
            <div class="panel">{move || is_needed.get().then(|| panel.run(()))}</div>
        </details>
    }
}
