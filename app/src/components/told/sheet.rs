//! What stands around words and tables: a figure without a drawing has nothing to point at and no twin.

use crate::components::figure::export::{self, ExportHeader};
use crate::components::figure::figure_menu::FigureMenu;
use crate::words::figures as said;
use leptos::html;
use leptos::prelude::*;

/// Heads and rows, as a file has them.
pub type Text = (Vec<String>, Vec<Vec<String>>);

/// A figure without a drawing.
#[component]
pub fn Sheet(
    /// What it is found by in the document.
    id: String,
    /// What it shows.
    title: String,
    /// In what, and of when.
    #[prop(into)]
    unit: Signal<String>,
    /// What it shows, in a sentence.
    #[prop(into)]
    sentence: Signal<String>,
    /// What a reader might take it for and should not.
    #[prop(into)]
    caveat: Signal<String>,
    /// Its cells for a file, where it has any.
    cells: Option<Callback<(), Text>>,
    /// What it shows below its sentence, if anything.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let place = NodeRef::<html::Section>::new();
    let about = expect_context::<ExportHeader>();
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let name = StoredValue::new(title.clone());
    let print = move |_| {
        if let Some(figure) = place.get_untracked() {
            export::print(&figure, || {});
        }
    };
    let csv = cells.map(|cells| {
        let save = move |_| {
            let (heads, rows) = cells.run(());
            name.with_value(|name| export::save_cells(heads, rows, &about.lines(name), name));
        };
        view! { <button type="button" on:click=save>{said::SAVE_CSV}</button> }
    });
    view! {
        <section class="figure sheet" node_ref=place id=id aria-labelledby=labelled_by>
            <header>
                <h2 id=heading>{title.clone()}</h2>
                <p class="quiet small">{unit}</p>
                <FigureMenu title>
                    {csv}
                    <button type="button" on:click=print>{said::PRINT}</button>
                </FigureMenu>
            </header>
            <p class="sentence">{sentence}</p>
            {children.map(|children| children())}
            <p class="caveat quiet small">{caveat}</p>
        </section>
    }
}
