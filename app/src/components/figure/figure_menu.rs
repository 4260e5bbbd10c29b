//! The menu `⋯` of a figure: save, print, and an explanation why its numbers may differ from others.

use crate::components::disclosure;
use crate::context::AppContext;
use crate::words::figures as text;
use crate::words::why;
use leptos::html;
use leptos::prelude::*;

/// The button and its menu items.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it shows")]
pub fn FigureMenu(
    /// What the figure shows.
    #[prop(into)]
    title: String,
    /// The menu items before the explanation.
    children: Children,
) -> impl IntoView {
    let help = expect_context::<AppContext>().help;
    let place = NodeRef::<html::Details>::new();
    // Closes the menu first: the explanation is about the figure that has the focus, and returns the focus to
    // it.
    let ask_why = move |_| {
        disclosure::close(place);
        help.request_explanation();
    };
    disclosure::close_on_outside_event(place);
    view! {
        <details class="figure-menu" node_ref=place on:keydown=disclosure::close_on_escape(place)>
            <summary aria-label=text::more(&title)>"⋯"</summary>
            // A click on any item closes the menu.
            <div class="figure-menu-items" on:click=move |_| disclosure::close(place)>
                {children()}
                <button type="button" on:click=ask_why>{why::ITEM}</button>
            </div>
        </details>
    }
}
