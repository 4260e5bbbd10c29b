//! The numbers of a chart as a table.

use crate::locale;
use crate::words::figures as text;
use charts::model::Table;
use leptos::prelude::*;

/// The numbers of a figure.
#[derive(Debug, Clone, Copy)]
pub struct FigureNumbers {
    /// What the figure shows.
    pub title: StoredValue<String>,
    /// Its numbers; `None` until they are loaded.
    pub numbers: Signal<Option<Table>>,
}

/// The table, which changes with the figure.
#[component]
pub fn NumbersTable(
    /// The numbers.
    numbers: FigureNumbers,
) -> impl IntoView {
    let FigureNumbers { title, numbers } = numbers;
    move || numbers.get().map(|table| render_table(title.get_value(), table))
}

fn render_table(title: String, table: Table) -> impl IntoView {
    let has_state = table.rows.first().is_some_and(|row| row.state.is_some());
    let number_columns = 1..table.columns.len().saturating_sub(usize::from(has_state));
    let columns = table
        .columns
        .into_iter()
        .enumerate()
        .map(|(place, name)| view! { <th scope="col" class:number=number_columns.contains(&place)>{name}</th> })
        .collect_view();
    let rows = table
        .rows
        .into_iter()
        .map(|row| {
            let values = row
                .values
                .into_iter()
                .map(|value| view! { <td class="number">{value.map_or("–".to_owned(), locale::format_number)}</td> })
                .collect_view();
            let state = row.state.map(|state| view! { <td>{state}</td> });
            view! { <tr><th scope="row">{row.name}</th>{values}{state}</tr> }
        })
        .collect_view();
    let label = text::numbers_of(&title);
    // `tabindex` makes a table that is wider than the page scrollable by keyboard.
    view! {
        <div class="twin" tabindex="0" role="region" aria-label=label>
            <table>
                <caption>{title}</caption>
                <thead><tr>{columns}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
