//! The menu `⋯` of a figure: save, print, and an explanation why its numbers may differ from others.
//!
//! [`items`]: the menu items, loaded when a menu is first opened.

pub mod items;

use crate::components::disclosure::Disclosure;
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
    let inputs = FigureMenuInputs { figure, title, exports, menu };
    let summary = view! { <summary aria-label=text::more(&title.get_value())>"⋯"</summary> };
    let panel = move |()| render_lazy(items, inputs, Placeholder::Line).into_any();
    view! {
        <Disclosure class="figure-menu" panel_class="figure-menu-items" place=menu
            summary=summary.into_any() panel=Callback::new(panel)/>
    }
}
