//! A button that opens a panel of options above the page. Choosing one, which changes the label, closes it.

use crate::components::disclosure::{self, Disclosure};
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
    // A changed label means that an option was chosen. The first label does not.
    Effect::new(move |before: Option<(String, String)>| {
        let now = label.get();
        if before.is_some_and(|before| before != now) {
            disclosure::close(place);
        }
        now
    });
    let summary = view! {
        <summary>
            <span class="long">{move || label.get().0}</span>
            <span class="short">{move || label.get().1}</span>
        </summary>
    };
    view! { <Disclosure class="menu" panel_class="panel" place summary=summary.into_any() panel/> }
}
