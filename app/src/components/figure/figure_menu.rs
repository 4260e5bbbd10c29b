//! The menu `⋯` of a figure: save, print, and an explanation why its numbers may differ from others.
//!
//! [`items`]: the menu items, loaded when a menu is first opened.

pub mod items;

use crate::components::disclosure;
use crate::components::figure::FigureExports;
use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words::figures as text;
use items::FigureMenuInputs;
use leptos::html;
use leptos::prelude::*;

/// The button and its menu.
#[component]
pub fn FigureMenu(
    /// The figure's element.
    figure: NodeRef<html::Section>,
    /// What the figure shows.
    title: StoredValue<String>,
    /// What can be saved.
    exports: FigureExports,
) -> impl IntoView {
    let items = expect_context::<AppContext>().components.figure_menu_items;
    let menu = NodeRef::<html::Details>::new();
    let is_needed = RwSignal::new(false);
    // Only once: creating the items anew would remove the one that has the focus.
    let create = move || {
        if !is_needed.get_untracked() {
            is_needed.set(true);
        }
    };
    disclosure::close_on_outside_event(menu);
    let inputs = FigureMenuInputs { figure, title, exports, menu };
    view! {
        <details class="figure-menu" node_ref=menu on:keydown=disclosure::close_on_escape(menu)
            on:focusin=move |_| create() on:pointerenter=move |_| create() on:toggle=move |_| create()>
            <summary aria-label=text::more(&title.get_value())>"⋯"</summary>
            <div class="figure-menu-items">
                {move || is_needed.get().then(|| render_lazy(items, inputs, Placeholder::Line))}
            </div>
        </details>
    }
}
