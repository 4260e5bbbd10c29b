//! What can be done with a figure, behind `⋯`: save it, print it, learn why its numbers differ from others.

use crate::components::disclosure;
use crate::context::AppContext;
use crate::words::figures as said;
use crate::words::why;
use leptos::html;
use leptos::prelude::*;

/// The button and its choices.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it shows")]
pub fn FigureMenu(
    /// What the figure shows.
    #[prop(into)]
    title: String,
    /// The choices.
    children: Children,
) -> impl IntoView {
    let help = expect_context::<AppContext>().help;
    let place = NodeRef::<html::Details>::new();
    // Closed before it is asked: what has the focus then is what is asked about, and gets it back.
    let ask_why = move |_| {
        disclosure::close(place);
        help.request_explanation();
    };
    disclosure::close_on_outside_event(place);
    view! {
        <details class="figure-menu" node_ref=place on:keydown=disclosure::close_on_escape(place)>
            <summary aria-label=said::more(&title)>"⋯"</summary>
            // Whatever is chosen closes it.
            <div class="figure-menu-items" on:click=move |_| disclosure::close(place)>
                {children()}
                <button type="button" on:click=ask_why>{why::ITEM}</button>
            </div>
        </details>
    }
}
