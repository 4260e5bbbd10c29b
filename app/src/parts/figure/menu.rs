//! What can be done with a figure: save it as SVG, PNG or CSV, print it.

use crate::parts::figure::export::{self, About};
use crate::words::figures as said;
use charts::model::Table;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

/// The menu behind `⋯`.
#[component]
pub fn Menu(
    /// What the figure shows.
    title: &'static str,
    /// The figure.
    place: NodeRef<html::Section>,
    /// Its numbers.
    table: Signal<Option<Table>>,
) -> impl IntoView {
    let about = use_context::<About>();
    let menu = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    let lines = move || about.map(|about| about.lines(title)).unwrap_or_default();
    let act = move |act: fn(&web_sys::Element, &[(String, String)], &str)| {
        move |_| {
            close();
            if let Some(figure) = place.get_untracked() {
                act(&figure, &lines(), title);
            }
        }
    };
    let csv = move |_| {
        close();
        if let Some(table) = table.get_untracked() {
            export::save_csv(&table, &lines(), title);
        }
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    view! {
        <details class="figure-menu" node_ref=menu on:keydown=escape>
            <summary aria-label=said::more(title)>"⋯"</summary>
            <div class="figure-menu-items">
                <button type="button" on:click=act(export::save_svg)>{said::SAVE_SVG}</button>
                <button type="button" on:click=act(export::save_png)>{said::SAVE_PNG}</button>
                <button type="button" on:click=csv>{said::SAVE_CSV}</button>
                <button type="button" on:click=act(export::print)>{said::PRINT}</button>
            </div>
        </details>
    }
}
