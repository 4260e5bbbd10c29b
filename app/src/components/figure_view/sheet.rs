//! What surrounds texts and tables: a figure without a chart has no read-out, and its numbers need no second table.

use crate::components::figure::export::{self, ExportHeader};
use crate::components::figure::figure_menu::FigureMenu;
use crate::words::figures as text;
use leptos::html;
use leptos::prelude::*;

/// Headings and rows of cells, for a CSV file.
pub type CsvCells = (Vec<String>, Vec<Vec<String>>);

/// A figure without a chart.
#[component]
pub fn Sheet(
    /// The element's id in the document.
    id: String,
    /// What the figure shows.
    title: String,
    /// The unit, and the days or their zone.
    #[prop(into)]
    unit: Signal<String>,
    /// The main finding, in a sentence.
    #[prop(into)]
    sentence: Signal<String>,
    /// What limits the numbers; may be empty.
    #[prop(into)]
    caveat: Signal<String>,
    /// Its cells for a CSV file; `None` if it has none.
    cells: Option<Callback<(), CsvCells>>,
    /// Its contents below the sentence.
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
        view! { <button type="button" on:click=save>{text::SAVE_CSV}</button> }
    });
    view! {
        <section class="figure sheet" node_ref=place id=id aria-labelledby=labelled_by>
            <header>
                <h2 id=heading>{title.clone()}</h2>
                <p class="quiet small">{unit}</p>
                <FigureMenu title>
                    {csv}
                    <button type="button" on:click=print>{text::PRINT}</button>
                </FigureMenu>
            </header>
            <p class="sentence">{sentence}</p>
            {children.map(|children| children())}
            <p class="caveat quiet small">{caveat}</p>
        </section>
    }
}
